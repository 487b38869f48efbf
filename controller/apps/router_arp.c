/*
 * router_arp.c - a router's ARP (RFC 826): it answers for its own addresses, and asks for its
 * neighbours.
 *
 * Called by router.c and, through the table, by neighbours.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/router.h"

#include <inttypes.h>

LOG_MODULE(router);

enum { ARP_ETHERNET = 1, ARP_REQUEST = 1 };

static const uint8_t to_all[OFP_ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

void router_arp_ask(void *user, const struct neighbour *n)
{
    struct router *r = user;
    const struct router_interface *i = router_interface(r, n->interface);
    struct hdr_arp arp = {.hardware = be16_of(ARP_ETHERNET),
                          .protocol = be16_of(HDR_ETH_IPV4),
                          .hardware_len = sizeof arp.sha,
                          .protocol_len = sizeof arp.spa,
                          .opcode = be16_of(ARP_REQUEST),
                          .spa = be32_of(i->address),
                          .tpa = be32_of(n->address)};
    bytes_copy(arp.sha, i->mac, sizeof arp.sha);
    bytes_copy(router_payload(r), &arp, sizeof arp);
    router_counters.asked++;
    router_emit(r, n->interface, n->known ? n->port : OFPP_ALL, n->known ? n->mac : to_all,
                HDR_ETH_ARP, sizeof arp);
}

static bool is_good(const struct hdr_arp *arp)
{
    static const uint8_t nobody[OFP_ETH_ALEN];
    return be16_get(arp->hardware) == ARP_ETHERNET && be16_get(arp->protocol) == HDR_ETH_IPV4 &&
           arp->hardware_len == sizeof arp->sha && arp->protocol_len == sizeof arp->spa &&
           (arp->sha[0] & 1) == 0 && !bytes_equal(arp->sha, nobody, sizeof nobody);
}

/* RFC 826, "Packet Reception": who is known is brought up to date by whatever it says, who asks for
 * us is remembered. A sender without an address probes for its own (RFC 5227 section 2.1.1). */
static void learn(struct router *r, const struct router_arrival *a, const struct hdr_arp *arp)
{
    const struct router_interface *i = router_interface(r, a->interface);
    uint32_t sender = be32_get(arp->spa);
    if (sender == i->address && !bytes_equal(arp->sha, i->mac, sizeof arp->sha)) {
        router_counters.arp_conflicts++;
        log_warn_limited(&r->noise,
                         "datapath %016" PRIx64 ": somebody else has address %08x of ours",
                         ctl_dp_id(r->dp), sender);
    } else if (sender != i->address && sender != 0 && router_is_neighbour(i, sender)) {
        neighbours_hear(&r->neighbours, a->interface, sender, arp->sha, a->packet->in->in_port,
                        be32_get(arp->tpa) == i->address);
    }
}

static void answer(struct router *r, const struct router_arrival *a, const struct hdr_arp *arp)
{
    uint8_t asker[OFP_ETH_ALEN];
    bytes_copy(asker, arp->sha, sizeof asker);
    bytes_copy(router_payload(r), arp, sizeof *arp);
    if (forward_answer_arp((struct hdr_arp *)router_payload(r),
                           router_interface(r, a->interface)->mac))
        router_emit(r, a->interface, a->packet->in->in_port, asker, HDR_ETH_ARP, sizeof *arp);
}

void router_arp_input(struct router *r, const struct router_arrival *a)
{
    const struct hdr_arp *arp = (const struct hdr_arp *)a->payload.data;
    router_counters.arp++;
    if (a->payload.len < sizeof *arp || !is_good(arp)) {
        router_counters.arp_bad++;
        return;
    }
    learn(r, a, arp);
    if (be16_get(arp->opcode) == ARP_REQUEST &&
        be32_get(arp->tpa) == router_interface(r, a->interface)->address)
        answer(r, a, arp);
}
