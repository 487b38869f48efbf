/*
 * ip.h - the Internet protocol of one host, with all below and beside it but TCP: Ethernet, ARP,
 * routes, fragments, ICMP, UDP.
 *
 * RFC 791, RFC 1122 section 3. A struct ip is one host with several interfaces. Frames go in by
 * ip_receive(), come out by ops->send(); what is for TCP leaves by ops->tcp(). Nothing here reads a
 * clock or draws randomness: each call that may need the time is given it, and notes it for what
 * lies below (ip->now); timers are on a wheel that the owner turns. So the same code runs over a
 * tap, in a guest, in a simulation and under a fuzzer.
 *
 *     frame -> ip_input.c -> ip_fragments.c -> icmp.c, udp.c, ops->tcp()
 *     icmp.c, udp.c, TCP -> ip_output.c -> arp.c -> frame
 *
 * As a host it forwards nothing. It takes only what is addressed to the interface that it came in
 * by (the strong model of RFC 1122 section 3.3.4.2). Multicast is not received (level 1 of RFC
 * 1112).
 *
 * Called by stack.c; the other modules of netstack/ use it from inside.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_IP_H
#define MORGANA_NETSTACK_IP_H

#include "netstack/acd.h"
#include "netstack/address.h"
#include "netstack/arp.h"
#include "netstack/pmtu.h"
#include "netstack/route.h"
#include "netstack/udp.h"
#include "netstack/wire.h"
#include "runtime/pkt.h"
#include "runtime/reassembly.h"
#include "runtime/timer.h"

#define IP_INTERFACES 8
#define IP_TTL        64
#define IP_LOOPED_MAX 1024 /* packets to ourselves that are under way */
#define IP_IDS        64   /* counters of identifications: a power of two */
#define IP_MIN_MTU    576  /* what every host takes (RFC 1122 section 3.3.2); no device has less */
#define IP_ROOM       48   /* for the headers of Ethernet and IPv4 in front of a packet */

/* What waits to be put together at most: datagrams, fragments, the buffers that these lie in. */
#define IP_DATAGRAMS      32
#define IP_FRAGMENTS      256
#define IP_FRAGMENT_BYTES (1 << 20)

struct icmp_error;

/* What a host stands on, and who lives above it. */
struct ip_ops {
    /* Send a frame by an interface. Takes it over. */
    void (*send)(void *user, unsigned interface, struct pkt *p);
    uint64_t (*random)(void *user);
    /* There are packets to ourselves: call ip_turn_looped() soon, not now. */
    void (*looped)(void *user);
    /* A TCP segment to us; `p` begins at its header and is lent. */
    void (*tcp)(void *user, uint32_t src, uint32_t dst, struct pkt *p);
    /* Something of TCP's did not arrive (icmp.h). */
    void (*tcp_error)(void *user, const struct icmp_error *e);
    /* An answer to icmp_echo(). */
    void (*echo_reply)(void *user, uint32_t from, uint16_t id, uint16_t seq, struct span payload);
};

struct ip_counters {
    uint64_t frames_in, frames_out;
    uint64_t frames_other; /* of a kind that is not understood, or not to us */
    uint64_t in, in_bad_header, in_bad_checksum, in_martian, in_not_ours, in_source_route,
        in_bad_options, in_no_protocol;
    uint64_t out, out_no_route, out_no_memory, out_too_long, out_fragmented, out_looped,
        out_loop_full;
    uint64_t arp_requests, arp_replies, arp_bad, arp_refused, arp_changed, arp_dropped, arp_failed,
        arp_evicted;
    uint64_t address_conflicts;
    uint64_t icmp_in, icmp_bad, icmp_out, icmp_limited, echo_requests, redirects_ignored;
    uint64_t udp_in, udp_out, udp_bad, udp_no_port;
    uint64_t pmtu_lowered, pmtu_evicted;
};

struct ip_config {
    uint32_t address; /* 0: none yet */
    unsigned prefix;
};

struct ip_interface {
    struct ip *ip;
    unsigned index;
    bool up;
    bool configuring; /* has no address and takes unicast to the DHCP client (RFC 2131 section 4.1)
                       */
    bool segments;    /* the device takes super-segments of TCP */
    uint8_t mac[HDR_ETH_ALEN];
    uint16_t mtu;
    struct ip_config config;
    struct acd acd;
    struct arp arp;
};

/* Errors of ICMP leave at a bounded rate (RFC 1812 section 4.3.2.8): a bucket. */
struct ip_rate {
    uint64_t next;
};

struct ip {
    const struct ip_ops *ops;
    void *user;
    struct pkt_pool *pool; /* for what is sent and reassembled; its larger one for datagrams */
    uint64_t now;          /* of the call that is under way */
    struct wheel wheel;
    struct route_table routes;
    struct pmtu_cache pmtu;
    struct reassembly *reassembly;
    struct timer late_fragments; /* when the first datagram of these is given up */
    struct udp udp;
    struct ip_rate icmp_rate, echo_rate;
    struct pkt *looped_first, **looped_last;
    unsigned n_looped;
    uint64_t id_seed;
    uint16_t ids[IP_IDS];
    unsigned n_interfaces;
    struct ip_interface interfaces[IP_INTERFACES];
    struct ip_counters counters;
    struct reassembly_counters fragment_counters;
};

/* --- For its owner --------------------------------------------------------------------------- */

/* A host without interfaces, in memory of the caller's. `pool` must outlive it. 0 or -ENOMEM. */
int ip_init(struct ip *ip, const struct ip_ops *ops, void *user, struct pkt_pool *pool,
            uint64_t now);

/* Drop everything that it holds; allowed if ip_init() failed. UDP sockets must be closed. */
void ip_end(struct ip *ip);

/* One more interface, down and without an address. Its index, or -ENOSPC. */
int ip_add_interface(struct ip *ip);

/* It has come up with these properties of its device, or changed them. */
void ip_interface_up(struct ip *ip, unsigned interface, const uint8_t mac[HDR_ETH_ALEN],
                     uint16_t mtu, uint64_t now);

/* It is down: what ARP knows is forgotten, the address stays. */
void ip_interface_down(struct ip *ip, unsigned interface, uint64_t now);

/* Give it an address, or none (0); its routes are removed, and if the address is another one what
 * ARP knows is forgotten. */
void ip_set_address(struct ip *ip, unsigned interface, uint32_t address, unsigned prefix,
                    uint64_t now);

/* A frame has come; `p` is lent, and may be changed if nobody else holds it. */
void ip_receive(struct ip *ip, unsigned interface, struct pkt *p, uint64_t now);

/* When ip_turn() is due at the latest; TIMER_NEVER: not at all. */
uint64_t ip_due(const struct ip *ip);
void ip_turn(struct ip *ip, uint64_t now);

/* Deliver what was sent to ourselves. */
void ip_turn_looped(struct ip *ip, uint64_t now);

/* --- For what lies above --------------------------------------------------------------------- */

struct ip_send {
    uint32_t src, dst; /* src 0: the interface's */
    uint8_t protocol, ttl, tos;
    bool dont_fragment;
};

/* Send `p`, which begins at the transport's header and has IP_ROOM in front. Takes it over. 0, or
 * -ENETUNREACH, -EHOSTUNREACH, -EMSGSIZE (may not be fragmented, or is longer than a datagram can
 * be), -ENOBUFS. */
int ip_send(struct ip *ip, const struct ip_send *how, struct pkt *p, uint64_t now);

/* The same by an interface, whatever the routes say, to everybody there: for DHCP. */
int ip_send_broadcast(struct ip *ip, unsigned interface, const struct ip_send *how, struct pkt *p,
                      uint64_t now);

/* The sum of the pseudo-header that TCP's and UDP's checksums begin with (RFC 9293 section 3.1);
 * `len`: the transport's header and payload. */
uint64_t ip_pseudo_sum(uint32_t src, uint32_t dst, uint8_t protocol, size_t len);

/* --- Between the modules of ip --------------------------------------------------------------- */

static inline uint64_t ip_random(struct ip *ip)
{
    return ip->ops->random(ip->user);
}

/* Is it up with an address? */
static inline bool ip_is_ready(const struct ip_interface *i)
{
    return i->up && i->config.address != 0;
}

/* Is `a` in the network of the interface? */
static inline bool ip_is_on_link(const struct ip_interface *i, uint32_t a)
{
    return ((a ^ i->config.address) & address_mask(i->config.prefix)) == 0;
}

/* Is it the address of one of our interfaces? */
bool ip_is_ours(const struct ip *ip, uint32_t a);

/* Send `p` in a frame. Takes it over. */
void ip_send_frame(struct ip_interface *i, const uint8_t dst[HDR_ETH_ALEN], enum hdr_eth_type type,
                   struct pkt *p);

/* An IPv4 packet of ours, lent, was for a neighbour who does not answer. */
void ip_neighbour_unreachable(struct ip *ip, const struct pkt *p);

/* What puts fragments together: 0 or -ENOMEM; free it. Done by ip_init() and ip_end(). */
int ip_fragments_init(struct ip *ip);
void ip_fragments_end(struct ip *ip);

/* A fragment to us, lent, whose header is good. Returns the whole datagram, the caller's, beginning
 * at its IP header, if that was the last of it; else NULL. */
struct pkt *ip_fragments_take(struct ip *ip, struct pkt *p);

/* Keep what was sent to ourselves for ip_turn_looped(). Takes it over. 0 or -ENOBUFS. */
int ip_loop(struct ip *ip, struct pkt *p);

/* Take from a rate of `per_second`, in bursts of `burst`. False: it is used up. */
bool ip_rate_take(struct ip_rate *r, uint64_t now, unsigned per_second, unsigned burst);

#endif
