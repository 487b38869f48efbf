/*
 * arp.c - reading and writing ARP; see arp.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/arp.h"

#include <string.h>

/* "Packet Generation": Ethernet and IPv4, and how long their addresses are. */
static const uint8_t ethernet_ipv4[6] = {0, 1, 0x08, 0x00, OFP_ETH_ALEN, 4};

static const uint8_t nobody[OFP_ETH_ALEN];
static const uint8_t everybody[OFP_ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

bool arp_read(struct span frame, struct arp *arp)
{
    const struct hdr_eth *eth = span_take(&frame, sizeof *eth);
    return eth != NULL && be16_get(eth->type) == HDR_ETH_ARP && arp_read_packet(frame, arp);
}

bool arp_read_packet(struct span packet, struct arp *arp)
{
    const struct hdr_arp *h = span_take(&packet, sizeof *h);
    if (h == NULL || memcmp(h, ethernet_ipv4, sizeof ethernet_ipv4) != 0)
        return false;
    *arp = (struct arp){
        .opcode = be16_get(h->opcode), .address = be32_get(h->spa), .to_address = be32_get(h->tpa)};
    bytes_copy(arp->mac, h->sha, sizeof arp->mac);
    bytes_copy(arp->to_mac, h->tha, sizeof arp->to_mac);
    return (h->sha[0] & 1) == 0 && memcmp(h->sha, nobody, sizeof nobody) != 0;
}

void arp_write(uint8_t frame[ARP_FRAME], const struct arp *arp)
{
    struct hdr_eth eth = {.type = be16_of(HDR_ETH_ARP)};
    struct hdr_arp h = {.opcode = be16_of(arp->opcode),
                        .spa = be32_of(arp->address),
                        .tpa = be32_of(arp->to_address)};
    bool to_all = memcmp(arp->to_mac, nobody, sizeof nobody) == 0;
    bytes_copy(&h, ethernet_ipv4, sizeof ethernet_ipv4);
    bytes_copy(h.sha, arp->mac, sizeof h.sha);
    bytes_copy(h.tha, arp->to_mac, sizeof h.tha);
    bytes_copy(eth.src, arp->mac, sizeof eth.src);
    bytes_copy(eth.dst, to_all ? everybody : arp->to_mac, sizeof eth.dst);
    bytes_copy(frame, &eth, sizeof eth);
    bytes_copy(frame + sizeof eth, &h, sizeof h);
}
