/*
 * tcp_icmp.c - what ICMP tells TCP: a smaller MTU, a host that cannot be reached.
 *
 * RFC 1191 section 6.3, RFC 9293 section 3.9.2.2; how far it is believed: RFC 5927 sections 4.1
 * (the quoted sequence number must be in flight), 5.2 (no error ends an open connection) and 7
 * (MTU); RFC 5461. Called by ICMP.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

/* What every router quotes at least (RFC 792): ports and sequence number. */
struct quoted {
    be16 src, dst;
    be32 seq;
};
_Static_assert(sizeof(struct quoted) == 8, "RFC 792");

/* RFC 1191 section 7.1: what to try when the router does not say. */
static uint16_t next_plateau(uint16_t mtu)
{
    static const uint16_t plateaus[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006};
    for (size_t i = 0; i < sizeof plateaus / sizeof plateaus[0]; i++)
        if (plateaus[i] < mtu)
            return plateaus[i];
    return TCP_MTU_MIN;
}

/* The connection that `quoted` was sent on, if its sequence number is one that is in flight. */
static struct tcp_conn *find_quoted(struct tcp *t, uint32_t local, uint32_t remote,
                                    struct span quoted)
{
    const struct quoted *q = span_take(&quoted, sizeof *q);
    struct tcp_node *node = NULL;
    struct tcp_conn *c;
    if (q) {
        struct tcp_name name = {local, remote, be16_get(q->src), be16_get(q->dst)};
        node = tcp_find(t, &name);
    }
    if (node && !node->is_time_wait) {
        c = container_of(node, struct tcp_conn, node);
        if (seq_in(be32_get(q->seq), c->snd_una, c->snd_nxt))
            return c;
    }
    t->counters.icmp_ignored++;
    return NULL;
}

/* What was sent in larger segments is lost, and says nothing of congestion (RFC 1191 section 6.4).
 */
static void send_smaller(struct tcp_conn *c)
{
    struct tcp_record *r = tcp_record_first(c);
    if (tcp_is_open(c) && r)
        tcp_record_mark_lost(c, r);
}

void tcp_mtu_changed(struct tcp *t, uint32_t local, uint32_t remote, struct span quoted,
                     uint16_t mtu, uint64_t now)
{
    struct tcp_conn *c;
    t->now = now;
    c = find_quoted(t, local, remote, quoted);
    if (c == NULL)
        return;
    if (mtu == 0)
        mtu = next_plateau(c->mtu);
    mtu = (uint16_t)max32(mtu, TCP_MTU_MIN);
    tcp_conn_enter(c);
    if (tcp_size_told(c, mtu)) {
        t->counters.mtu_lowered++;
        send_smaller(c);
    }
    tcp_conn_leave(c);
}

void tcp_unreachable(struct tcp *t, uint32_t local, uint32_t remote, struct span quoted, int error,
                     bool hard, uint64_t now)
{
    struct tcp_conn *c;
    t->now = now;
    c = find_quoted(t, local, remote, quoted);
    if (c == NULL)
        return;
    tcp_conn_enter(c);
    c->soft_error = error;
    if (hard && (c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED))
        tcp_conn_over(c, error);
    tcp_conn_leave(c);
}
