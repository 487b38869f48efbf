/*
 * udp.h - the user datagram protocol: a few ports for DHCP, DNS and whoever asks.
 *
 * RFC 768, RFC 1122 section 4.1. A socket lies inside its owner. One that names a peer hears only
 * that peer, and of errors about what was sent to it. A datagram to a port where nobody is brings
 * its sender an ICMP error. Ports that are chosen are random (RFC 6056), for an answer's port is
 * half of what a forger has to guess (RFC 5452 section 9.2).
 *
 * Called by dns.c, by stack.c and addressing.c for DHCP, and by ip_input.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_UDP_H
#define MORGANA_NETSTACK_UDP_H

#include "netstack/wire.h"
#include "runtime/list.h"
#include "runtime/pkt.h"

#define UDP_SOCKETS_MAX 256

struct icmp_error;
struct ip;

/* Where a datagram came from. */
struct udp_from {
    uint32_t src, dst;
    uint16_t port;
    unsigned interface; /* by which it came */
};

/* Lies inside its owner. */
struct udp_socket {
    struct list link;
    struct ip *ip; /* NULL: it is not open */
    uint16_t port;
    uint32_t peer; /* 0: anybody */
    uint16_t peer_port;
    void (*receive)(void *user, const struct udp_from *from, struct span payload);
    void (*error)(void *user, int error); /* a negative errno; NULL: ignore it */
    void *user;
};

struct udp {
    struct list sockets;
    unsigned n;
};

void udp_init(struct ip *ip);

/* Open a socket, whose other members are set, at `port`; 0: a random one of RFC 6335's dynamic
 * ports. 0, or -EADDRINUSE, -ENOBUFS (too many). */
int udp_open(struct ip *ip, struct udp_socket *s, uint16_t port);

/* Nothing if it is not open. */
void udp_close(struct udp_socket *s);

/* Send a copy of `payload`. 0, or a negative errno as ip_send(). */
int udp_send(struct udp_socket *s, uint32_t dst, uint16_t port, struct span payload, uint64_t now);

/* The same to all on an interface, from an address that need not be ours (0 too): for DHCP. */
int udp_broadcast(struct udp_socket *s, unsigned interface, uint32_t src, uint16_t port,
                  struct span payload, uint64_t now);

/* A datagram has come; `p`, lent, begins at its header, and `header` is the whole packet's. */
void udp_input(struct ip *ip, unsigned interface, const struct hdr_ipv4 *header, struct pkt *p);

/* Something that was sent did not arrive. */
void udp_error(struct ip *ip, const struct icmp_error *e);

#endif
