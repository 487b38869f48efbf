# test/wire/: recorded messages and the peers' opinion of ours.
noinst_PROGRAMS += test/wire/ofp_corpus test/wire/ofp_roundtrip
test_wire_ofp_corpus_SOURCES = test/wire/ofp_corpus.c test/unit/corpus.c test/unit/corpus.h
test_wire_ofp_corpus_LDADD = libmorgana-openflow.a
test_wire_ofp_roundtrip_SOURCES = test/wire/ofp_roundtrip.c
test_wire_ofp_roundtrip_LDADD = libmorgana-openflow.a
EXTRA_DIST += \
	test/wire/dump_test.py test/wire/messages.py test/wire/messages.txt \
	test/wire/oracle.py test/wire/peers/peers_test.py test/wire/pcap.py \
	test/wire/print_test.py test/wire/tshark_test.py

noinst_PROGRAMS += test/wire/ofp_text
test_wire_ofp_text_SOURCES = test/wire/ofp_text.c
test_wire_ofp_text_LDADD = libmorgana-openflow.a
EXTRA_DIST += test/wire/constants_test.py test/wire/freestanding_test.sh \
	test/wire/install_test.sh test/wire/parse_test.py
