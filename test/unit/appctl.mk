# Unit tests of appctl/: check_PROGRAMS and TESTS, one program per module.

check_PROGRAMS += test/unit/test_appctl
TESTS += test/unit/test_appctl
test_unit_test_appctl_SOURCES = test/unit/test_appctl.c test/unit/appctl_client.h
test_unit_test_appctl_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
test_unit_test_appctl_LDADD = libmorgana-appctl.a $(SIM_LIBS) $(JANSSON_LIBS) $(CHECK_LIBS)
