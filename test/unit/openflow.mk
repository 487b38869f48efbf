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

check_PROGRAMS += test/unit/test_frame
TESTS += test/unit/test_frame
test_unit_test_frame_SOURCES = test/unit/test_frame.c test/unit/corpus.c test/unit/corpus.h
test_unit_test_frame_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_frame_LDADD = libmorgana-openflow.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_action
TESTS += test/unit/test_action
test_unit_test_action_SOURCES = test/unit/test_action.c test/unit/corpus.c test/unit/corpus.h
test_unit_test_action_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_action_LDADD = libmorgana-openflow.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_msg
TESTS += test/unit/test_msg
test_unit_test_msg_SOURCES = test/unit/test_msg.c test/unit/corpus.c test/unit/corpus.h
test_unit_test_msg_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_msg_LDADD = libmorgana-openflow.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_channel
TESTS += test/unit/test_channel
test_unit_test_channel_SOURCES = test/unit/test_channel.c test/unit/corpus.c test/unit/corpus.h
test_unit_test_channel_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_channel_LDADD = libmorgana-openflow.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_validate
TESTS += test/unit/test_validate
test_unit_test_validate_SOURCES = test/unit/test_validate.c test/unit/walk.h \
	test/unit/faults.c test/unit/faults.h test/unit/corpus.c test/unit/corpus.h
test_unit_test_validate_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_validate_LDADD = libmorgana-openflow.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_parse
TESTS += test/unit/test_parse
test_unit_test_parse_SOURCES = test/unit/test_parse.c
test_unit_test_parse_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_parse_LDADD = libmorgana-openflow.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_print
TESTS += test/unit/test_print
test_unit_test_print_SOURCES = test/unit/test_print.c test/unit/random.h \
	test/unit/corpus.c test/unit/corpus.h
test_unit_test_print_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_print_LDADD = libmorgana-openflow.a $(CHECK_LIBS)
