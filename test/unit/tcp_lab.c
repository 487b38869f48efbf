/*
 * tcp_lab.c - one instance of TCP and a peer written by hand: see tcp_lab.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/tcp_lab.h"

#include <stdlib.h>
#include <string.h>

/* --- Below and above
 * ------------------------------------------------------------------------------ */

static int keep_segment(void *user, uint32_t src, uint32_t dst, struct pkt *p)
{
    struct lab *l = user;
    struct tcp_segment s;
    if (!tcp_segment_read(&s, src, dst, p))
        abort();
    if (s.flags & TCP_SYN && s.dport == LAB_REMOTE_PORT)
        l->our_iss = s.seq;
    if (l->n_sent < LAB_KEPT)
        l->sent[l->n_sent++] = s; /* but not its text */
    l->sent_all++;
    pkt_unref(p);
    return 0;
}

static int find_route(void *user, uint32_t dst, struct tcp_route *r)
{
    struct lab *l = user;
    (void)dst;
    *r = l->route;
    return 0;
}

static void on_opened(void *user)
{
    struct lab *l = user;
    l->opened = true;
}

static void on_readable(void *user)
{
    struct lab *l = user;
    l->readable = tcp_readable(l->conn);
    l->ended = tcp_ended(l->conn);
}

static void on_peek(void *user, size_t offset, uint8_t *to, size_t n)
{
    struct lab *l = user;
    if (offset + n > l->pushed - l->acked)
        abort();
    memset(to, 'x', n);
}

static void on_acked(void *user, size_t n)
{
    struct lab *l = user;
    l->acked += n;
    if (l->acked > l->pushed)
        abort();
}

static void on_closed(void *user, int error)
{
    struct lab *l = user;
    if (l->closed)
        abort();
    l->closed = true;
    l->error = error;
}

static const struct tcp_events events = {on_opened, on_readable, on_peek, on_acked, on_closed};

static void on_ready(void *user)
{
    struct lab *l = user;
    struct tcp_conn *c = tcp_accept(l->listener);
    if (l->conn) {
        tcp_abort(c, l->now);
        return;
    }
    l->conn = c;
    tcp_own(l->conn, &events, l);
    l->opened = true;
}

/* --- Beginning and end
 * ---------------------------------------------------------------------------- */

static const struct tcp_lower lower = {.send = keep_segment, .route = find_route};

void lab_begin(struct lab *l, const struct tcp_config *given, tcp_seq iss)
{
    struct tcp_config config;
    if (given)
        config = *given;
    else
        tcp_defaults(&config);
    memset(l, 0, sizeof *l);
    l->now = 1000 * NS_PER_S;
    l->large = pkt_pool_new(4, PKT_LARGE, NULL);
    l->pool = pkt_pool_new(256, PKT_SMALL, l->large);
    l->route = (struct tcp_route){.src = LAB_LOCAL, .mtu = 1500, .link_mtu = 1500};
    l->seq = l->iss = iss;
    l->window = 65535;
    l->options = (struct tcp_parsed_options){.wscale = TCP_NO_WSCALE, .mss = LAB_MSS};
    config.lower = &lower;
    config.lower_user = l;
    config.pool = l->pool;
    l->tcp = tcp_new(&config, l->now);
}

void lab_end(struct lab *l)
{
    tcp_free(l->tcp);
    pkt_pool_free(l->pool);
    pkt_pool_free(l->large);
}

/* --- The peer
 * -------------------------------------------------------------------------------------- */

void lab_say_bytes(struct lab *l, const void *bytes, size_t n, uint16_t offload)
{
    struct pkt *p = pkt_new_for(l->pool, n);
    memcpy(pkt_append(p, n), bytes, n);
    p->offload = offload;
    tcp_input(l->tcp, LAB_REMOTE, LAB_LOCAL, p, l->now);
    pkt_unref(p);
}

void lab_say(struct lab *l, uint8_t flags, tcp_seq seq, tcp_seq ack, uint32_t n)
{
    static uint8_t bytes[TCP_HEADER_MAX + 65536];
    struct tcp_parsed_options o = l->options;
    struct hdr_tcp h = {
        .src = be16_of(LAB_REMOTE_PORT),
        .dst = be16_of(LAB_PORT),
        .seq = be32_of(seq),
        .ack = be32_of(ack),
        .flags = flags,
        .window = be16_of(l->window),
    };
    size_t len;
    if (!(flags & TCP_SYN)) {
        o.mss = 0;
        o.wscale = TCP_NO_WSCALE;
        o.sack_permitted = false;
    }
    len = sizeof h + tcp_options_write(&o, bytes + sizeof h);
    h.offset = (uint8_t)(len / 4 << 4);
    memcpy(bytes, &h, sizeof h);
    memset(bytes + len, 'y', n);
    lab_say_bytes(l, bytes, len + n, PKT_CSUM_VALID);
}

void lab_wait(struct lab *l, uint64_t ns)
{
    uint64_t until = l->now + ns;
    while (tcp_due(l->tcp) <= until) {
        uint64_t due = tcp_due(l->tcp);
        l->now = due > l->now ? due : l->now;
        tcp_turn(l->tcp, l->now);
    }
    l->now = until;
}

/* --- States
 * ----------------------------------------------------------------------------------------- */

static void listen_here(struct lab *l)
{
    if (tcp_listen(l->tcp, 0, LAB_PORT, 4, on_ready, l, &l->listener) != 0)
        abort();
}

static void connect_there(struct lab *l)
{
    if (tcp_connect(l->tcp, 0, LAB_PORT, LAB_REMOTE, LAB_REMOTE_PORT, NULL, &events, l, l->now,
                    &l->conn) != 0)
        abort();
}

static void establish(struct lab *l)
{
    connect_there(l);
    lab_say(l, TCP_SYN | TCP_ACK, l->seq++, l->our_iss + 1, 0);
}

static void shut_down(struct lab *l)
{
    tcp_shutdown(l->conn, l->now);
}

static void peer_fin(struct lab *l)
{
    lab_say(l, TCP_FIN | TCP_ACK, l->seq++, l->our_iss + 1, 0);
}

/* FIN-WAIT-1 and on. */
static void enter_closing(struct lab *l, enum tcp_state state)
{
    shut_down(l);
    if (state == TCP_CLOSING)
        peer_fin(l);
    if (state == TCP_FIN_WAIT_2 || state == TCP_TIME_WAIT)
        lab_say(l, TCP_ACK, l->seq, l->our_iss + 2, 0);
    if (state == TCP_TIME_WAIT)
        lab_say(l, TCP_FIN | TCP_ACK, l->seq++, l->our_iss + 2, 0);
}

static void enter_open(struct lab *l, enum tcp_state state)
{
    establish(l);
    if (state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK)
        peer_fin(l);
    if (state == TCP_LAST_ACK)
        shut_down(l);
    else if (state > TCP_ESTABLISHED && state != TCP_CLOSE_WAIT)
        enter_closing(l, state);
}

void lab_enter(struct lab *l, enum tcp_state state)
{
    if (state == TCP_LISTEN || state == TCP_SYN_RECEIVED)
        listen_here(l);
    if (state == TCP_SYN_RECEIVED)
        lab_say(l, TCP_SYN, l->seq++, 0, 0);
    else if (state == TCP_SYN_SENT)
        connect_there(l);
    else if (state >= TCP_ESTABLISHED)
        enter_open(l, state);
    lab_forget(l);
}

enum tcp_state lab_state(const struct lab *l)
{
    struct tcp_usage usage;
    tcp_usage(l->tcp, &usage);
    if (usage.time_wait > 0)
        return TCP_TIME_WAIT;
    if (l->conn)
        return tcp_state_of(l->conn);
    if (usage.half_open > 0)
        return TCP_SYN_RECEIVED;
    return l->listener ? TCP_LISTEN : TCP_CLOSED;
}

void lab_forget(struct lab *l)
{
    l->n_sent = l->sent_all = 0;
}

const struct tcp_segment *lab_last(const struct lab *l)
{
    return l->n_sent > 0 ? &l->sent[l->n_sent - 1] : NULL;
}

void lab_push(struct lab *l, uint32_t n)
{
    l->pushed += n;
    tcp_push(l->conn, l->pushed - l->acked, l->now);
}

void lab_read(struct lab *l)
{
    tcp_consume(l->conn, tcp_readable(l->conn), l->now);
}
