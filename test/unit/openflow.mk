# Unit tests of openflow/: check_PROGRAMS and TESTS, one program per module.

check_PROGRAMS += test/unit/test_text
TESTS += test/unit/test_text
test_unit_test_text_SOURCES = test/unit/test_text.c
test_unit_test_text_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_text_LDADD = libmorgana-openflow.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_key
TESTS += test/unit/test_key
test_unit_test_key_SOURCES = test/unit/test_key.c test/unit/reference_key.h
test_unit_test_key_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_key_LDADD = libmorgana-openflow.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_match
TESTS += test/unit/test_match
test_unit_test_match_SOURCES = test/unit/test_match.c
test_unit_test_match_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_match_LDADD = libmorgana-openflow.a $(CHECK_LIBS)
