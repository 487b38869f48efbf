/*
 * tcp_demux.c - the table of connections, and to whom an arriving segment goes.
 *
 * The table is chained and does not grow: it has at least as many chains as there may be
 * connections and TIME-WAIT entries. Its hash is XXH3 with a secret seed, so that nobody outside
 * can aim connections at one chain. Called from IP; RFC 9293 section 3.10.7.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(sizeof(struct tcp_name) == 12, "no padding, for it is hashed and compared as bytes");

/* --- The table -------------------------------------------------------------------------------- */

static struct tcp_node **chain_of(const struct tcp *t, const struct tcp_name *name)
{
    uint64_t hash = XXH3_64bits_withSeed(name, sizeof *name, t->table_seed);
    return &t->table[hash & t->table_mask];
}

struct tcp_node *tcp_find(const struct tcp *t, const struct tcp_name *name)
{
    struct tcp_node *n = *chain_of(t, name);
    while (n && !bytes_equal(&n->name, name, sizeof *name))
        n = n->next;
    return n;
}

void tcp_node_add(struct tcp *t, struct tcp_node *node)
{
    struct tcp_node **chain = chain_of(t, &node->name);
    node->next = *chain;
    *chain = node;
}

void tcp_node_remove(struct tcp *t, struct tcp_node *node)
{
    struct tcp_node **at = chain_of(t, &node->name);
    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
}

void tcp_name_of(struct tcp_name *name, const struct tcp_segment *s)
{
    *name = (struct tcp_name){
        .local = s->dst, .remote = s->src, .local_port = s->dport, .remote_port = s->sport};
}

/* --- An arriving segment ---------------------------------------------------------------------- */

/* What may not be a TCP peer's address: this host, multicast, reserved (RFC 9293 MUST-63, RFC 1122
 * section 3.2.1.3). */
static bool is_unicast(uint32_t addr)
{
    return addr >> 24 != 0 && addr < 0xe0000000;
}

/* A segment that belongs to no connection. */
static void to_listener(struct tcp *t, const struct tcp_segment *s)
{
    struct tcp_listener *l = tcp_find_listener(t, s->dst, s->dport);
    if (l) {
        tcp_listen_segment(l, s);
        return;
    }
    t->counters.no_connection++;
    tcp_emit_refusal(t, s);
}

static void to_conn(struct tcp_conn *c, struct tcp_segment *s)
{
    tcp_conn_enter(c);
    tcp_conn_segment(c, s);
    tcp_conn_leave(c);
}

static bool read_segment(struct tcp *t, struct tcp_segment *s, uint32_t src, uint32_t dst,
                         struct pkt *p)
{
    if (!tcp_segment_read(s, src, dst, p) || !is_unicast(src) || !is_unicast(dst)) {
        t->counters.bad_header++;
        return false;
    }
    if (!tcp_segment_checked(s)) {
        t->counters.bad_checksum++;
        return false;
    }
    t->counters.segments_in++;
    return true;
}

void tcp_input(struct tcp *t, uint32_t src, uint32_t dst, struct pkt *p, uint64_t now)
{
    struct tcp_segment s;
    struct tcp_name name;
    struct tcp_node *node;

    t->now = now;
    if (!read_segment(t, &s, src, dst, p))
        return;
    tcp_name_of(&name, &s);
    node = tcp_find(t, &name);
    if (node && !node->is_time_wait)
        to_conn(container_of(node, struct tcp_conn, node), &s);
    else if (node == NULL ||
             tcp_time_wait_segment(t, container_of(node, struct tcp_time_wait, node), &s))
        to_listener(t, &s);
}
