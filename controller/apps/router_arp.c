/*
 * router_arp.c - a router's ARP (RFC 826): it answers for its own addresses, and asks for its
 * neighbours.
 *
 * Called by router.c and, through the table, by neighbours.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/arp.h"
#include "controller/apps/router.h"

#include <inttypes.h>

LOG_MODULE(router);

static const uint8_t to_all[OFP_ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

void router_arp_ask(void *user, const struct neighbour *n)
{
    struct router *r = user;
    const struct router_interface *i = router_interface(r, n->interface);
    struct arp arp = {.opcode = ARP_REQUEST, .address = i->address, .to_address = n->address};
    bytes_copy(arp.mac, i->mac, sizeof arp.mac);
    arp_write(r->frame, &arp);
    router_counters.asked++;
    router_emit(r, n->interface, n->known ? n->port : OFPP_ALL, n->known ? n->mac : to_all,
                HDR_ETH_ARP, sizeof(struct hdr_arp));
}

/* RFC 826, "Packet Reception": who is known is brought up to date by whatever it says, who asks for
 * us is remembered. A sender without an address probes for its own (RFC 5227 section 2.1.1). */
static void learn(struct router *r, const struct router_arrival *a, const struct arp *arp)
{
    const struct router_interface *i = router_interface(r, a->interface);
    if (arp->address == i->address && !bytes_equal(arp->mac, i->mac, sizeof arp->mac)) {
        router_counters.arp_conflicts++;
        log_warn_limited(&r->noise,
                         "datapath %016" PRIx64 ": somebody else has address %08x of ours",
                         ctl_dp_id(r->dp), arp->address);
    } else if (arp->address != i->address && arp->address != 0 &&
               router_is_neighbour(i, arp->address)) {
        neighbours_hear(&r->neighbours, a->interface, arp->address, arp->mac,
                        a->packet->in->in_port, arp->to_address == i->address);
    }
}

static void answer(struct router *r, const struct router_arrival *a, const struct arp *arp)
{
    bytes_copy(router_payload(r), a->payload.data, sizeof(struct hdr_arp));
    if (forward_answer_arp((struct hdr_arp *)router_payload(r),
                           router_interface(r, a->interface)->mac))
        router_emit(r, a->interface, a->packet->in->in_port, arp->mac, HDR_ETH_ARP,
                    sizeof(struct hdr_arp));
}

void router_arp_input(struct router *r, const struct router_arrival *a)
{
    struct arp arp;
    router_counters.arp++;
    if (!arp_read_packet(a->payload, &arp)) {
        router_counters.arp_bad++;
        return;
    }
    learn(r, a, &arp);
    if (arp.opcode == ARP_REQUEST && arp.to_address == router_interface(r, a->interface)->address)
        answer(r, a, &arp);
}
