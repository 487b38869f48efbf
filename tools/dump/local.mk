# tools/dump/: morgana-dump.
bin_PROGRAMS += morgana-dump
morgana_dump_SOURCES = \
	tools/dump/capture.c tools/dump/capture.h \
	tools/dump/main.c \
	tools/dump/messages.c tools/dump/messages.h \
	tools/dump/tcp.c tools/dump/tcp.h
morgana_dump_CFLAGS = $(AM_CFLAGS) $(PCAP_CFLAGS) $(XXHASH_CFLAGS)
morgana_dump_LDADD = libmorgana-openflow.a libruntime.a $(PCAP_LIBS) $(XXHASH_LIBS)
