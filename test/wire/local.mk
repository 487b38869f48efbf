# test/wire/: recorded messages and the peers' opinion of ours.
check_PROGRAMS += test/wire/ofp_roundtrip
test_wire_ofp_roundtrip_SOURCES = test/wire/ofp_roundtrip.c
test_wire_ofp_roundtrip_LDADD = libmorgana-openflow.a

noinst_PROGRAMS += test/wire/ofp_text
test_wire_ofp_text_SOURCES = test/wire/ofp_text.c
test_wire_ofp_text_LDADD = libmorgana-openflow.a
EXTRA_DIST += test/wire/constants_test.py test/wire/freestanding_test.sh \
	test/wire/install_test.sh test/wire/parse_test.py
