# Unit tests of tools/: check_PROGRAMS and TESTS, one program per module.

check_PROGRAMS += test/unit/test_histogram
TESTS += test/unit/test_histogram
test_unit_test_histogram_SOURCES = test/unit/test_histogram.c
test_unit_test_histogram_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_histogram_LDADD = libmorgana-bench.a libmorgana-openflow.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_pending
TESTS += test/unit/test_pending
test_unit_test_pending_SOURCES = test/unit/test_pending.c
test_unit_test_pending_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_pending_LDADD = libmorgana-bench.a libmorgana-openflow.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_traffic
TESTS += test/unit/test_traffic
test_unit_test_traffic_SOURCES = test/unit/test_traffic.c
test_unit_test_traffic_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_traffic_LDADD = libmorgana-bench.a libmorgana-openflow.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_run
TESTS += test/unit/test_run
test_unit_test_run_SOURCES = test/unit/test_run.c
test_unit_test_run_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_run_LDADD = libmorgana-bench.a libmorgana-openflow.a $(SIM_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_probe
TESTS += test/unit/test_probe
test_unit_test_probe_SOURCES = test/unit/test_probe.c
test_unit_test_probe_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_probe_LDADD = libmorgana-bench.a libmorgana-openflow.a $(SIM_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_frames_run
TESTS += test/unit/test_frames_run
test_unit_test_frames_run_SOURCES = test/unit/test_frames_run.c
test_unit_test_frames_run_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_frames_run_LDADD = libmorgana-bench.a libmorgana-openflow.a $(SIM_LIBS) $(CHECK_LIBS)
