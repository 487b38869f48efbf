# Unit tests of openflow/: check_PROGRAMS and TESTS, one program per module.

check_PROGRAMS += test/unit/test_text
TESTS += test/unit/test_text
test_unit_test_text_SOURCES = test/unit/test_text.c
test_unit_test_text_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_text_LDADD = libmorgana-openflow.a $(CHECK_LIBS)
