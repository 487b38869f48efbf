/*
 * probe.c - see probe.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/bench/probe.h"
#include "openflow/frame_headers.h"
#include "runtime/checksum.h"
#include <errno.h>
#include <stdlib.h>

#define MAGIC        0x6d6f
#define PORT_DISCARD 9          /* RFC 863 */
#define SOURCES      0xc6120000 /* 198.18.0.0: RFC 2544 appendix C */
#define DESTINATIONS 0xc6130000 /* 198.19.0.0 */
#define PORTS        49152      /* RFC 6335 section 6: those that nobody has by name */
#define PORTS_N      16384

#define ETH_EXPERIMENT 0x88b5 /* IEEE 802 section 9.2.3: for local experiments */

struct headers {
    struct hdr_eth eth;
    struct hdr_ipv4 ip;
    struct hdr_udp udp;
};
_Static_assert(sizeof(struct headers) == PROBE_HEADERS, "as in probe.h");

enum side { SOURCE = 1, DESTINATION = 2 };

static void put_mac(uint8_t mac[6], enum side side, uint32_t pair)
{
    be16 words[3] = {be16_of(0x0200), be16_of((uint16_t)side), be16_of((uint16_t)pair)};
    bytes_copy(mac, words, sizeof words);
}

static void init_flow(const struct probes *probes, uint32_t i)
{
    uint32_t pair = i % probes->pairs;
    uint16_t ip_len = (uint16_t)(probes->frame - sizeof(struct hdr_eth));
    struct headers h = {
        .eth = {.type = be16_of(HDR_ETH_IPV4)},
        .ip = {.ver_ihl = 0x45,
               .total_len = be16_of(ip_len),
               .ttl = 64,
               .proto = HDR_IP_UDP,
               .src = be32_of(SOURCES + i),
               .dst = be32_of(DESTINATIONS + pair)},
        .udp = {.src = be16_of((uint16_t)(PORTS + i % PORTS_N)),
                .dst = be16_of(PORT_DISCARD),
                .len = be16_of((uint16_t)(ip_len - sizeof(struct hdr_ipv4)))},
    };
    put_mac(h.eth.src, SOURCE, pair);
    put_mac(h.eth.dst, DESTINATION, pair);
    h.ip.checksum = checksum_finish(checksum_add(0, &h.ip, sizeof h.ip));
    bytes_copy(probes->flow[i].headers, &h, sizeof h);
}

int probes_init(struct probes *probes, uint32_t flows, uint32_t pairs, uint32_t frame)
{
    *probes = (struct probes){.flows = flows, .pairs = pairs, .frame = frame};
    probes->flow = calloc(flows, sizeof probes->flow[0]);
    if (probes->flow == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < flows; i++)
        init_flow(probes, i);
    return 0;
}

void probes_free(struct probes *probes)
{
    free(probes->flow);
    probes->flow = NULL;
}

void probes_begin(struct probes *probes, uint16_t trial)
{
    probes->trial = trial;
    probes->next = 0;
    for (uint32_t i = 0; i < probes->flows; i++)
        probes->flow[i].number = 0;
}

void probes_put(struct probes *probes, struct pkt *p, uint64_t now)
{
    uint32_t i = probes->next;
    struct probe_flow *flow = &probes->flow[i];
    const struct probe_stamp stamp = {.magic = be16_of(MAGIC),
                                      .trial = be16_of(probes->trial),
                                      .flow = be16_of((uint16_t)i),
                                      .number = be32_of(flow->number++),
                                      .sent = be64_of(now)};
    uint8_t *to = pkt_append(p, probes->frame);
    bytes_copy(to, flow->headers, PROBE_HEADERS);
    bytes_copy(to + PROBE_HEADERS, &stamp, sizeof stamp);
    bytes_zero(to + PROBE_FRAME_MIN, probes->frame - PROBE_FRAME_MIN);
    probes->next = i + 1 < probes->flows ? i + 1 : 0;
}

void probes_put_hello(struct pkt *p, uint32_t pair)
{
    struct hdr_eth eth = {.dst = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
                          .type = be16_of(ETH_EXPERIMENT)};
    uint8_t *to = pkt_append(p, PROBE_FRAME_MIN);
    put_mac(eth.src, DESTINATION, pair);
    bytes_zero(to, PROBE_FRAME_MIN);
    bytes_copy(to, &eth, sizeof eth);
}

const struct probe_stamp *probes_read(const struct probes *probes, const struct pkt *p)
{
    const struct probe_stamp *stamp = (const void *)(p->data + PROBE_HEADERS);
    if (p->len != probes->frame || be16_get(stamp->magic) != MAGIC ||
        be16_get(stamp->trial) != probes->trial || be16_get(stamp->flow) >= probes->flows)
        return NULL;
    return stamp;
}
