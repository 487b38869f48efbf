/*
 * offload.c - what a vif must find in a frame's headers: see offload.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/offload.h"
#include "runtime/headers.h"
#include "xen/interface.h"

#define XXH_INLINE_ALL
#include <xen/io/netif.h>
#include <xxhash.h>

enum { ETHERNET_LEN = 14, VLAN_LEN = 4, IPV4_LEN = 20, IPV6_LEN = 40, OPTIONS_LEN = 8 };
enum { TCP_CHECKSUM = 16, UDP_CHECKSUM = 6, NO_CHECKSUM = 0 }; /* where these lie */

/* What was found in a frame. */
struct headers {
    uint32_t network, transport; /* where these begin */
    uint16_t type;
    uint8_t protocol;
};

static uint16_t get16(const struct pkt *p, uint32_t at)
{
    be16 v;
    memcpy(&v, p->data + at, sizeof v);
    return be16_get(v);
}

/* The type behind any VLAN tags, and where what it names begins. 0: there is none. */
static uint16_t find_network(const struct pkt *p, uint32_t *at)
{
    uint16_t type;
    *at = ETHERNET_LEN;
    if (p->len < ETHERNET_LEN)
        return 0;
    type = get16(p, ETHERNET_LEN - 2);
    while (type == HDR_ETH_VLAN || type == HDR_ETH_QINQ) {
        *at += VLAN_LEN;
        if (p->len < *at)
            return 0;
        type = get16(p, *at - 2);
    }
    return type;
}

/* Whether what follows in IPv6 is options or a route, which say what follows them and how long they
 * are (RFC 8200, sections 4.3, 4.4 and 4.6). */
static bool has_options(const struct headers *h)
{
    return h->protocol == HDR_IP_HOPOPTS || h->protocol == HDR_IP_ROUTING ||
           h->protocol == HDR_IP_DSTOPTS;
}

static bool skip_options(const struct pkt *p, struct headers *h)
{
    while (has_options(h)) {
        if (p->len < h->transport + OPTIONS_LEN)
            return false;
        h->protocol = p->data[h->transport];
        h->transport += OPTIONS_LEN * (1u + p->data[h->transport + 1]);
    }
    return true;
}

static bool find_transport(const struct pkt *p, struct headers *h)
{
    uint32_t at;
    h->type = find_network(p, &at);
    h->network = at;
    if (h->type == HDR_ETH_IPV4 && p->len >= at + IPV4_LEN) {
        h->protocol = p->data[at + 9];
        h->transport = at + 4u * (p->data[at] & 0xf);
        return h->transport >= at + IPV4_LEN;
    }
    if (h->type == HDR_ETH_IPV6 && p->len >= at + IPV6_LEN) {
        h->protocol = p->data[at + 6];
        h->transport = at + IPV6_LEN;
        return skip_options(p, h);
    }
    return false;
}

static bool is_fragment(const struct pkt *p, const struct headers *h)
{
    return h->type == HDR_ETH_IPV4 && get16(p, h->network + 6) & HDR_IP_FRAGMENT;
}

/* Where the checksum lies in the transport's header. */
static uint16_t checksum_of(uint8_t protocol)
{
    if (protocol == HDR_IP_TCP)
        return TCP_CHECKSUM;
    return protocol == HDR_IP_UDP ? UDP_CHECKSUM : NO_CHECKSUM;
}

/* --- Received frames ------------------------------------------------------------------------- */

/* The checksum is still to be made, from the transport's header on. */
static bool set_partial(struct pkt *p, const struct headers *h)
{
    uint16_t offset = checksum_of(h->protocol);
    if (offset == NO_CHECKSUM || h->transport > UINT16_MAX || is_fragment(p, h))
        return false;
    p->csum_offset = offset;
    p->csum_start = (uint16_t)h->transport;
    p->offload |= PKT_CSUM_PARTIAL;
    return h->transport + offset + 2 <= p->len;
}

static bool set_gso(struct pkt *p, const struct headers *h, uint16_t type, uint16_t size)
{
    bool ipv4 = type == XEN_NETIF_GSO_TYPE_TCPV4 && h->type == HDR_ETH_IPV4;
    bool ipv6 = type == XEN_NETIF_GSO_TYPE_TCPV6 && h->type == HDR_ETH_IPV6;
    p->offload |= ipv4 ? PKT_GSO_TCP4 : PKT_GSO_TCP6;
    p->gso_size = size;
    return (ipv4 || ipv6) && size > 0 && h->protocol == HDR_IP_TCP;
}

bool offload_received(struct pkt *p, uint16_t flags, uint16_t gso_type, uint16_t gso_size)
{
    struct headers h = {0};
    if (flags & NETRXF_csum_blank || gso_type) {
        if (!find_transport(p, &h) || !set_partial(p, &h))
            return false;
        return gso_type == 0 || set_gso(p, &h, gso_type, gso_size);
    }
    if (flags & NETRXF_data_validated)
        p->offload |= PKT_CSUM_VALID;
    return true;
}

/* --- Frames to be sent ----------------------------------------------------------------------- */

bool offload_can_send(const struct pkt *p, bool ipv6)
{
    struct headers h = {0};
    if (!find_transport(p, &h) || h.network != ETHERNET_LEN || is_fragment(p, &h))
        return false;
    return (ipv6 || h.type == HDR_ETH_IPV4) && p->csum_start == h.transport &&
           p->csum_offset == checksum_of(h.protocol);
}

/* What tells one flow from another; all bytes are written. */
struct flow {
    uint8_t addresses[32], ports[4];
    uint32_t protocol;
};

static void take_ip(struct flow *flow, const struct pkt *p, const struct headers *h)
{
    bool ipv4 = h->type == HDR_ETH_IPV4;
    memcpy(flow->addresses, p->data + h->network + (ipv4 ? 12 : 8), ipv4 ? 8 : 32);
    flow->protocol = h->protocol;
    if (checksum_of(h->protocol) != NO_CHECKSUM && !is_fragment(p, h) && p->len >= h->transport + 4)
        memcpy(flow->ports, p->data + h->transport, 4);
}

uint32_t offload_flow_hash(const struct pkt *p)
{
    struct headers h = {0};
    struct flow flow = {0};
    if (find_transport(p, &h))
        take_ip(&flow, p, &h);
    else if (p->len >= ETHERNET_LEN)
        memcpy(flow.addresses, p->data, ETHERNET_LEN - 2);
    return (uint32_t)XXH3_64bits(&flow, sizeof flow);
}
