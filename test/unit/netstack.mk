# Unit tests of netstack/: one program per module.
NETSTACK_LIBS = libmorgana-netstack.a $(SIM_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_cc
TESTS += test/unit/test_cc
test_unit_test_cc_SOURCES = test/unit/test_cc.c
test_unit_test_cc_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_cc_LDADD = $(NETSTACK_LIBS)
