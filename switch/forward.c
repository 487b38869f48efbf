/*
 * forward.c - packets from a port through the flow table: OpenFlow 1.0 section 3.4.
 *
 * Called by port.c for each batch that a device received, and by execute.c for OFPP_TABLE.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/loop.h"
#include "switch/datapath.h"
#include "switch/packet.h"

/* --- A miss ---------------------------------------------------------------------------------- */

/* Section 5.2.1: a port may be barred from sending misses to the controller. */
static bool may_ask(const struct dp *dp, uint16_t in_port)
{
    const struct dp_port *port = ports_find(&dp->ports, in_port);
    return port == NULL || !(port->config & OFPPC_NO_PACKET_IN);
}

static void miss(struct dp *dp, struct pkt *p, const struct ofp_key *key)
{
    uint16_t in_port = be16_get(key->match.in_port);
    dp_counters.misses++;
    if (dp->hooks.miss)
        dp->hooks.miss(dp->hooks_user, p, key);
    else if (dp->mode == DP_STANDALONE)
        execute_normal(dp, p, in_port);
    else if (may_ask(dp, in_port))
        packet_in(dp, p, in_port, OFPR_NO_MATCH, dp->miss_send_len);
    else
        dp_counters.dropped_no_packet_in++;
}

/* --- A packet whose flow is known ------------------------------------------------------------ */

/* `flow` is NULL for a miss. The key says by which port the packet came. */
static void follow(struct dp *dp, struct pkt *p, const struct ofp_key *key, struct flow *flow)
{
    if (flow == NULL) {
        miss(dp, p, key);
        return;
    }
    dp_counters.hits++;
    flow->packets++;
    flow->bytes += p->len;
    flow->used = loop_now();
    execute(dp, p, be16_get(key->match.in_port), flow_actions(flow));
}

/* --- Hooks ----------------------------------------------------------------------------------- */

static bool has_hooks(const struct dp *dp)
{
    return dp->hooks.before_lookup != NULL || dp->hooks.after_lookup != NULL;
}

/* A hook's verdict counts, and so does what it made of the packet. */
static bool goes_on(enum dp_verdict verdict)
{
    dp_counters.dropped_by_hook += verdict == DP_CONSUMED;
    return verdict == DP_GO_ON;
}

static bool before_lookup(struct dp *dp, struct pkt **p, struct ofp_key *key)
{
    const struct pkt *was = *p;
    if (dp->hooks.before_lookup == NULL)
        return true;
    if (!goes_on(dp->hooks.before_lookup(dp->hooks_user, p, key)))
        return false;
    if (*p != was)
        ofp_key_extract(key, pkt_span(*p), be16_get(key->match.in_port));
    return true;
}

static bool after_lookup(struct dp *dp, struct pkt **p, const struct ofp_key *key, bool matched)
{
    return dp->hooks.after_lookup == NULL ||
           goes_on(dp->hooks.after_lookup(dp->hooks_user, p, key, matched));
}

/* The hooks are given a reference of their own, so that whatever they change is a copy. */
static void forward_by_hooks(struct dp *dp, struct pkt *p, struct ofp_key *key)
{
    struct pkt *own = pkt_ref(p);
    if (before_lookup(dp, &own, key)) {
        struct flow *flow = table_lookup(dp->current, key);
        if (after_lookup(dp, &own, key, flow != NULL))
            follow(dp, own, key, flow);
    }
    pkt_unref(own);
}

/* --- Batches --------------------------------------------------------------------------------- */

/* What goes on of a batch. */
struct kept {
    struct pkt *p[NETDEV_BATCH];
    struct ofp_key key[NETDEV_BATCH];
    struct pkt
        *whole[NETDEV_BATCH]; /* those of them that were put together: ours, the others lent */
    size_t n, n_whole;
};

/* Section 5.3.2: fragments are dropped or put together if the controllers say so. Both bits say
 * neither. Returns what goes on now, or NULL. */
static struct pkt *take_fragment(struct dp *dp, struct pkt *p, uint16_t in_port, struct kept *k)
{
    struct pkt *whole;
    if (dp->fragments == OFPC_FRAG_DROP) {
        dp_counters.dropped_fragments++;
        return NULL;
    }
    if (dp->fragments == OFPC_FRAG_MASK)
        return p;
    whole = fragments_put(dp, p, in_port);
    if (whole)
        k->whole[k->n_whole++] = whole;
    return whole;
}

static void take(struct dp *dp, uint16_t in_port, struct pkt *const *batch, size_t n,
                 struct kept *k)
{
    k->n = k->n_whole = 0;
    for (size_t i = 0; i < n; i++) {
        struct pkt *p = batch[i];
        if (dp->fragments != OFPC_FRAG_NORMAL && packet_is_fragment(p))
            p = take_fragment(dp, p, in_port, k);
        if (p == NULL)
            continue;
        ofp_key_extract(&k->key[k->n], pkt_span(p), in_port);
        k->p[k->n++] = p;
    }
}

/* Flows are looked up for the whole batch at once. Should a hook change the table on the way, they
 * are looked up again for those that follow. */
static void forward_all(struct dp *dp, struct pkt *const *batch, const struct ofp_key *keys,
                        size_t n)
{
    struct flow *flows[NETDEV_BATCH];
    uint64_t version = table_version(dp->current);
    table_lookup_batch(dp->current, keys, n, flows);
    for (size_t i = 0; i < n; i++) {
        if (table_version(dp->current) != version)
            flows[i] = table_lookup(dp->current, &keys[i]);
        follow(dp, batch[i], &keys[i], flows[i]);
    }
}

void forward_batch(struct dp *dp, uint16_t in_port, struct pkt *const *batch, size_t n)
{
    struct kept k;
    take(dp, in_port, batch, n, &k);
    if (has_hooks(dp))
        for (size_t i = 0; i < k.n; i++)
            forward_by_hooks(dp, k.p[i], &k.key[i]);
    else
        forward_all(dp, k.p, k.key, k.n);
    for (size_t i = 0; i < k.n_whole; i++)
        pkt_unref(k.whole[i]);
}

void forward(struct dp *dp, struct pkt *p, uint16_t in_port)
{
    struct ofp_key key;
    ofp_key_extract(&key, pkt_span(p), in_port);
    if (has_hooks(dp))
        forward_by_hooks(dp, p, &key);
    else
        follow(dp, p, &key, table_lookup(dp->current, &key));
}
