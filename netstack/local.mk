# netstack/: Morgana's own TCP/IP.
noinst_LIBRARIES += libmorgana-netstack.a
libmorgana_netstack_a_SOURCES = \
	netstack/cc.c \
	netstack/cc.h \
	netstack/cc_cubic.c \
	netstack/cc_reno.c \
	netstack/tcp.h
libmorgana_netstack_a_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS)

EXTRA_DIST += netstack/README.md
