/*
 * normal.c - forwarding as a learning bridge: see normal.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/normal.h"

#include "runtime/entropy.h"

/* The table's ticks are 2^20 ns. */
#define TICK_SHIFT 20

/* Who is learned pays for a look at this many others, which may be too old. */
#define SWEEP_SLOTS 4

int normal_init(struct normal *n, uint32_t max, uint64_t age)
{
    uint64_t ticks = age >> TICK_SHIFT;
    *n = (struct normal){.learned = 0};
    return mac_table_init(&n->hosts, max, ticks < UINT32_MAX / 2 ? (uint32_t)ticks : UINT32_MAX / 2,
                          entropy_u64());
}

void normal_free(struct normal *n)
{
    mac_table_free(&n->hosts);
}

/* A tag with VLAN id 0 only carries a priority (IEEE 802.1Q section 9.6): the packet is in the same
 * VLAN as one without a tag. */
static be16 vlan_of(const struct ofp_key *key)
{
    return be16_get(key->match.dl_vlan) == 0 ? be16_of(OFP_VLAN_NONE) : key->match.dl_vlan;
}

static bool may_learn(mac_addr source, uint16_t port)
{
    return !mac_addr_is_group(source) && !mac_addr_is_zero(source) &&
           ((port > 0 && port < OFPP_MAX) || port == OFPP_LOCAL);
}

static void learn(struct normal *n, mac_addr source, uint16_t port, uint32_t now)
{
    switch (mac_table_learn(&n->hosts, source, port, now)) {
    case MAC_KNOWN:
        return;
    case MAC_NEW:
        n->learned++;
        break;
    case MAC_MOVED:
        n->moved++;
        break;
    case MAC_REFUSED:
        n->refused++;
        break;
    }
    n->aged += mac_table_sweep(&n->hosts, SWEEP_SLOTS, now);
}

uint16_t normal_forward(struct normal *n, const struct ofp_key *key, uint64_t now)
{
    uint16_t in_port = be16_get(key->match.in_port);
    mac_addr source = mac_addr_of(key->match.dl_src, vlan_of(key));
    mac_addr target = mac_addr_of(key->match.dl_dst, vlan_of(key));
    uint32_t tick = (uint32_t)(now >> TICK_SHIFT);
    const struct mac_entry *host;
    if (mac_addr_is_link_local(target))
        return OFPP_NONE;
    if (may_learn(source, in_port))
        learn(n, source, in_port, tick);
    host = mac_addr_is_group(target) ? NULL : mac_table_find(&n->hosts, target, tick);
    if (host == NULL)
        return OFPP_FLOOD;
    return host->port == in_port ? OFPP_NONE : host->port;
}

void normal_forget_port(struct normal *n, uint16_t port)
{
    mac_table_forget_port(&n->hosts, port);
}
