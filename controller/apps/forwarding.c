/*
 * forwarding.c - what a router does with a packet; see forwarding.h. This is also the solution of
 * exercise 7 of the course.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/forwarding.h"
#include "controller/apps/arp.h"
#include "openflow/action.h"
#include "runtime/checksum.h"

/* RFC 826, "Packet Reception": swap, put ours in, and send it back to where it came from. */
bool forward_answer_arp(struct hdr_arp *arp, const uint8_t mac[OFP_ETH_ALEN])
{
    be32 ours = arp->tpa;
    arp->opcode = be16_of(ARP_REPLY);
    bytes_copy(arp->tha, arp->sha, sizeof arp->tha);
    arp->tpa = arp->spa;
    bytes_copy(arp->sha, mac, sizeof arp->sha);
    arp->spa = ours;
    return true;
}

/* RFC 792, page 14: the same, of another type. */
bool forward_answer_echo(struct hdr_icmp *icmp, size_t len)
{
    icmp->type = FORWARD_ECHO_REPLY;
    icmp->checksum = be16_of(0);
    icmp->checksum = checksum_finish(checksum_add(0, icmp, len));
    return true;
}

const struct forward_route *forward_find_route(const struct forward_route *routes, size_t n,
                                               uint32_t address)
{
    const struct forward_route *best = NULL;
    for (const struct forward_route *r = routes; r < routes + n; r++)
        if (r->usable && (address & forward_mask(r->prefix)) == r->network &&
            (best == NULL || r->prefix > best->prefix))
            best = r;
    return best;
}

/* RFC 1812 section 5.3.1. */
bool forward_age(struct hdr_ipv4 *ip)
{
    size_t len = (size_t)(ip->ver_ihl & 15) * 4;
    ip->ttl--;
    ip->checksum = be16_of(0);
    ip->checksum = checksum_finish(checksum_add(0, ip, len));
    return true;
}

bool forward_rewrite(struct buf *actions, const uint8_t src[OFP_ETH_ALEN],
                     const uint8_t dst[OFP_ETH_ALEN])
{
    return ofp_put_dec_ttl(actions) && ofp_put_set_dl_src(actions, src) &&
           ofp_put_set_dl_dst(actions, dst);
}

size_t forward_write_error(uint8_t message[FORWARD_ERROR_MAX], uint8_t type, uint8_t code,
                           be32 rest, struct span about)
{
    struct hdr_icmp icmp = {.type = type, .code = code, .u.rest = rest};
    size_t most = FORWARD_ERROR_MAX - sizeof icmp, n = about.len < most ? about.len : most;
    bytes_copy(message, &icmp, sizeof icmp);
    bytes_copy(message + sizeof icmp, about.data, n);
    icmp.checksum = checksum_finish(checksum_add(0, message, sizeof icmp + n));
    bytes_copy(message, &icmp, sizeof icmp);
    return sizeof icmp + n;
}
