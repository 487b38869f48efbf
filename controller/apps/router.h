/*
 * router.h - a router: what the files of the app `router` share.
 *
 * A datapath that the operator has made a router of is one. Its switch has flows that sort what
 * comes in (router_flows.c): what is for the router's MAC addresses and what is ARP come here; what
 * hosts of an interface with several ports say to each other stays in the switch. The first packet
 * to an address finds its route and its neighbour (router_ip.c, router_arp.c, neighbours.h) and
 * lays a flow by which the switch forwards those behind it by itself: it decrements the TTL and
 * rewrites the MAC addresses.
 *
 * A switch can do so if it knows Nicira's dec_ttl and sends us packets whose TTL ends
 * (OFPC_INVALID_TTL_TO_CONTROLLER): both are Open vSwitch's, OpenFlow 1.0 has neither. On other
 * switches each packet goes through the controller.
 *
 * What a switch forwards by a flow is not looked at: an IP option in it has no effect, nor has its
 * length, which OpenFlow 1.0 cannot match. So into a network with a smaller MTU than that which a
 * packet comes from no flow is laid: the controller forwards each packet, in fragments if it is too
 * long, or tells its sender, if it may not be cut, how long it may be (RFC 1191). A datagram for
 * the router itself is not put together out of fragments.
 *
 * RFC 1812 says what a router must do; sections are cited where it is done.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_ROUTER_H
#define MORGANA_CONTROLLER_APPS_ROUTER_H

#include "controller/apps/neighbours.h"
#include "controller/apps/router_file.h"
#include "controller/ctl.h"
#include "runtime/log.h"
#include "runtime/pkt.h"

#define ROUTER_PACKET_MAX 65000 /* bytes of a frame's payload that we write ourselves */

struct router {
    struct list link; /* in the app's list */
    struct ctl_dp *dp;
    struct pkt_pool *pool; /* the app's, to cut packets in */
    const struct router_config *config;
    struct forward_route route[ROUTER_ROUTES]; /* the config's, with `usable` kept true */
    struct neighbours neighbours;
    bool in_switch;      /* flows may forward */
    uint64_t idle;       /* ns, of these flows */
    uint64_t error_rate; /* ICMP errors a second */
    uint64_t errors_due; /* when the next one would be due at this rate */
    uint16_t ip_id;
    struct log_limit noise;
    uint8_t frame[sizeof(struct hdr_eth) + ROUTER_PACKET_MAX]; /* a frame of ours is made here */
};

static inline uint8_t *router_payload(struct router *r)
{
    return r->frame + sizeof(struct hdr_eth);
}

/* A frame that has come in. */
struct router_arrival {
    const struct ctl_packet *packet;
    unsigned interface;
    struct span payload; /* behind the Ethernet header and the tag */
    bool sent;           /* the switch has sent it on: it is not in a buffer any more */
};

static inline const struct router_interface *router_interface(const struct router *r, unsigned i)
{
    return &r->config->interface[i];
}

struct router_counters {
    uint64_t arp, arp_bad, arp_conflicts, asked, neighbours_refused, unanswered;
    uint64_t bad_header, martians, not_for_us, broadcasts, source_routed, bad_options;
    uint64_t flows, by_hand, waited, dropped, flows_refused, cut, too_long;
    uint64_t echoes, fragments_for_us, errors, errors_withheld, no_route, ttl_ended, redirects;
    uint64_t reloads, bad_files;
};
extern struct router_counters router_counters;

/* --- router.c -------------------------------------------------------------------------------- */

/* Send what lies at router_payload(), `len` bytes of it, out of a port of an interface, or with
 * OFPP_ALL out of all of them. */
void router_emit(struct router *r, unsigned interface, uint16_t port,
                 const uint8_t dst[OFP_ETH_ALEN], uint16_t type, size_t len);

/* Is this an address of one of the interfaces? */
bool router_is_own(const struct router *r, uint32_t address);

/* --- router_flows.c -------------------------------------------------------------------------- */

/* The flows that sort what comes in by an interface; first what was there is deleted. And delete
 * all. */
void router_flows_begin(struct router *r, const struct router_interface *i);
void router_flows_end(struct router *r, const struct router_interface *i);

/* Lay the flow by which packets to this one's destination go on to a neighbour, and this one with
 * it. False: it could not be made. */
bool router_flows_add(struct router *r, struct router_arrival *a, const struct neighbour *n);

/* Delete the flows that forward to a port, or all that forward. */
void router_flows_forget(struct router *r, uint16_t port);
void router_flows_forget_all(struct router *r);

/* --- router_arp.c ---------------------------------------------------------------------------- */

void router_arp_input(struct router *r, const struct router_arrival *a);

/* Ask a neighbour who it is; struct neighbours_owner's. */
void router_arp_ask(void *router, const struct neighbour *n);

/* --- router_ip.c ----------------------------------------------------------------------------- */

void router_ip_input(struct router *r, struct router_arrival *a);

/* What becomes of a packet that has waited; struct neighbours_owner's. */
void router_ip_found(void *router, const struct neighbour *n, struct span packet, bool forwarded);
void router_ip_failed(void *router, const struct neighbour *n, struct span packet, bool forwarded);

#endif
