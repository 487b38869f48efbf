# Unit tests of runtime/: check_PROGRAMS and TESTS, one program per module.

check_PROGRAMS += test/unit/test_timer
TESTS += test/unit/test_timer
test_unit_test_timer_SOURCES = test/unit/test_timer.c
test_unit_test_timer_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_timer_LDADD = libruntime.a $(CHECK_LIBS)
