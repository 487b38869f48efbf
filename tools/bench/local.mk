# tools/bench/: morgana-bench.
noinst_LIBRARIES += libmorgana-bench.a
libmorgana_bench_a_SOURCES = \
	tools/bench/arrivals.c tools/bench/arrivals.h \
	tools/bench/eswitch.c tools/bench/eswitch.h \
	tools/bench/figures.c tools/bench/figures.h \
	tools/bench/flow_mods.c tools/bench/flow_mods.h \
	tools/bench/frames.c tools/bench/frames.h \
	tools/bench/histogram.c tools/bench/histogram.h \
	tools/bench/pending.c tools/bench/pending.h \
	tools/bench/persona.c tools/bench/persona.h \
	tools/bench/probe.c tools/bench/probe.h \
	tools/bench/report.c tools/bench/report.h \
	tools/bench/run.c tools/bench/run.h \
	tools/bench/search.c tools/bench/search.h \
	tools/bench/switch_report.c tools/bench/switch_report.h \
	tools/bench/traffic.c tools/bench/traffic.h
libmorgana_bench_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)

bin_PROGRAMS += morgana-bench
morgana_bench_SOURCES = tools/bench/main.c
morgana_bench_LDADD = libmorgana-bench.a libmorgana-openflow.a $(UNIX_DEVICE_LIBS) $(JANSSON_LIBS)
