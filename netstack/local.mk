# netstack/: Morgana's own TCP/IP.
noinst_LIBRARIES += libmorgana-netstack.a
NETSTACK_TCP = \
	netstack/cc.c \
	netstack/cc.h \
	netstack/cc_cubic.c \
	netstack/cc_reno.c \
	netstack/tcp.c \
	netstack/tcp.h \
	netstack/tcp_ack.c \
	netstack/tcp_conn.h \
	netstack/tcp_cookie.c \
	netstack/tcp_demux.c \
	netstack/tcp_emit.c \
	netstack/tcp_icmp.c \
	netstack/tcp_info.c \
	netstack/tcp_listen.c \
	netstack/tcp_open.c \
	netstack/tcp_output.c \
	netstack/tcp_owner.c \
	netstack/tcp_rack.c \
	netstack/tcp_rcv.c \
	netstack/tcp_record.c \
	netstack/tcp_recovery.c \
	netstack/tcp_secret.c \
	netstack/tcp_secret.h \
	netstack/tcp_segment.c \
	netstack/tcp_segment.h \
	netstack/tcp_seq.h \
	netstack/tcp_size.c \
	netstack/tcp_state.c \
	netstack/tcp_time_wait.c \
	netstack/tcp_timer.c
libmorgana_netstack_a_SOURCES = $(NETSTACK_TCP)
libmorgana_netstack_a_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS)

EXTRA_DIST += netstack/README.md

# All but TCP, and what joins it to runtime/.
libmorgana_netstack_a_SOURCES += \
	netstack/acd.c \
	netstack/acd.h \
	netstack/address.c \
	netstack/address.h \
	netstack/addressing.c \
	netstack/addressing.h \
	netstack/arp.c \
	netstack/arp.h \
	netstack/dhcp.c \
	netstack/dhcp.h \
	netstack/dhcp_message.c \
	netstack/dhcp_message.h \
	netstack/dns.c \
	netstack/dns.h \
	netstack/dns_message.c \
	netstack/dns_message.h \
	netstack/icmp.c \
	netstack/icmp.h \
	netstack/icmp_errno.c \
	netstack/internal.h \
	netstack/ip.c \
	netstack/ip.h \
	netstack/ip_fragments.c \
	netstack/ip_input.c \
	netstack/ip_output.c \
	netstack/minmax.h \
	netstack/pmtu.c \
	netstack/pmtu.h \
	netstack/route.c \
	netstack/route.h \
	netstack/stack.c \
	netstack/stack.h \
	netstack/stack_net.c \
	netstack/stack_stream.c \
	netstack/stack_stream.h \
	netstack/udp.c \
	netstack/udp.h \
	netstack/wire.h
