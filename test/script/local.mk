# test/script/: TCP behind socket calls in a shared object, for packet scripts. Its sources are compiled once more, as
# position-independent code.
check_PROGRAMS += test/script/morgana-tcp.so
test_script_morgana_tcp_so_SOURCES = \
	test/script/host.c test/script/host.h test/script/packetdrill.h test/script/plugin.c \
	test/script/sock.c test/script/sock.h test/script/sockopt.c \
	test/script/turns.c test/script/turns.h \
	netstack/icmp_errno.c netstack/pmtu.c runtime/checksum.c runtime/pkt.c runtime/timer.c $(NETSTACK_TCP)
test_script_morgana_tcp_so_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS) -fPIC -fvisibility=hidden
test_script_morgana_tcp_so_LDFLAGS = -shared
test_script_morgana_tcp_so_LDADD = $(XXHASH_LIBS)

EXTRA_DIST += \
	test/script/README.md test/script/broken test/script/calls.py test/script/host.py test/script/language.py \
	test/script/packet.py test/script/pkt test/script/run_scripts test/script/runner.py
