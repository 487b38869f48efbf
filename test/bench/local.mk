# test/bench/: figures beside a peer's; never a pass or a fail.
EXTRA_DIST += test/bench/controller_bench.py test/bench/peers.py test/bench/switch_bench.py \
	test/bench/switches.py test/bench/tables.py test/bench/flood.py
CLEANFILES += controller-bench.json controller-bench.png

bench: bench-controller bench-table bench-task
bench-controller: morgana-controller morgana-bench
	MORGANA_BUILD=$(abs_builddir) python3 $(srcdir)/test/bench/controller_bench.py $(BENCHFLAGS)
# Needs root: it makes network namespaces.
bench-switch: morgana-switch morgana-bench test/bench/flood
	MORGANA_BUILD=$(abs_builddir) python3 $(srcdir)/test/bench/switch_bench.py $(BENCHFLAGS)
.PHONY: bench bench-controller bench-switch

noinst_PROGRAMS += test/bench/flood
test_bench_flood_SOURCES = test/bench/flood.c
test_bench_flood_CPPFLAGS = $(AM_CPPFLAGS) $(XDP_CFLAGS)
test_bench_flood_LDADD = $(XDP_LIBS)

check_PROGRAMS += test/bench/table_bench
test_bench_table_bench_SOURCES = test/bench/table_bench.c
test_bench_table_bench_LDADD = libmorgana-switch.a libmorgana-openflow.a $(UNIX_LIBS) $(XXHASH_LIBS)
bench-table: test/bench/table_bench
	$(abs_builddir)/test/bench/table_bench $(TABLEBENCHFLAGS)
.PHONY: bench-table

check_PROGRAMS += test/bench/task_bench
test_bench_task_bench_SOURCES = test/bench/task_bench.c
test_bench_task_bench_LDADD = $(SIM_LIBS)
bench-task: test/bench/task_bench
	$(abs_builddir)/test/bench/task_bench
.PHONY: bench-task
