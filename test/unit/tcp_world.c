/*
 * tcp_world.c - two instances of TCP and a wire between them: see tcp_world.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/tcp_world.h"
#include "netstack/tcp_segment.h"

#include <stdlib.h>
#include <string.h>

/* --- The wire ------------------------------------------------------------------------------------
 */

/* A segment on its way, or one that ICMP tells its sender of, in a heap by time, then by the order
 * of sending. */
struct flight {
    uint64_t at, order;
    struct host *to;
    uint32_t src, dst;
    uint16_t too_big; /* ICMP: for a path of this MTU; 0: a segment */
    struct pkt *p;
};

static bool is_earlier(const struct flight *a, const struct flight *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void swap(struct flight *a, struct flight *b)
{
    struct flight c = *a;
    *a = *b;
    *b = c;
}

static void heap_push(struct world *w, struct flight f)
{
    uint32_t i = w->n_flights++;
    if (i == w->room) {
        w->room = w->room ? 2 * w->room : 64;
        w->flights = realloc(w->flights, w->room * sizeof f);
    }
    w->flights[i] = f;
    for (; i > 0 && is_earlier(&w->flights[i], &w->flights[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&w->flights[i], &w->flights[(i - 1) / 2]);
}

static struct flight heap_pop(struct world *w)
{
    struct flight top = w->flights[0];
    uint32_t i = 0, child;
    w->flights[0] = w->flights[--w->n_flights];
    while ((child = 2 * i + 1) < w->n_flights) {
        if (child + 1 < w->n_flights && is_earlier(&w->flights[child + 1], &w->flights[child]))
            child++;
        if (!is_earlier(&w->flights[child], &w->flights[i]))
            break;
        swap(&w->flights[i], &w->flights[child]);
        i = child;
    }
    return top;
}

static bool chance(struct world *w, uint32_t per_million)
{
    return per_million > 0 && random_below(&w->random, 1000000) < per_million;
}

static struct pkt *copy_of(struct host *h, const struct pkt *p)
{
    struct pkt *copy = pkt_new_for(h->pool, p->len);
    if (copy == NULL)
        return NULL;
    memcpy(pkt_append(copy, p->len), p->data, p->len);
    copy->offload = p->offload;
    copy->csum_start = p->csum_start;
    copy->csum_offset = p->csum_offset;
    return copy;
}

/* Do as many bytes wait for their turn as may (drop-tail)? */
static bool is_full(const struct world *w, const struct wire *wire)
{
    return wire->rate > 0 && wire->queue > 0 && wire->free_at > w->now &&
           (wire->free_at - w->now) * wire->rate / NS_PER_S > wire->queue;
}

/* When the wire's other end has it. */
static uint64_t arrival(struct world *w, struct wire *wire, uint32_t len)
{
    uint64_t begin = wire->free_at > w->now ? wire->free_at : w->now;
    if (wire->rate > 0) {
        begin += len * NS_PER_S / wire->rate;
        wire->free_at = begin;
    }
    return begin + wire->delay + (wire->jitter ? random_below(&w->random, wire->jitter) : 0);
}

static void damage(struct world *w, struct pkt *p)
{
    pkt_finish_checksum(p);
    p->offload = 0;
    p->data[random_below(&w->random, p->len)] ^= (uint8_t)(1u << random_below(&w->random, 8));
}

static void fly(struct host *from, uint32_t src, uint32_t dst, struct pkt *p)
{
    struct world *w = from->world;
    struct host *to = &w->host[from == &w->host[0]];
    heap_push(w, (struct flight){.at = arrival(w, &from->wire, p->len + 34),
                                 .order = w->order++,
                                 .to = to,
                                 .src = src,
                                 .dst = dst,
                                 .p = p});
}

/* ICMP tells the sender that `p` was too big for the wire. */
static void tell(struct host *from, uint32_t src, uint32_t dst, const struct pkt *p)
{
    struct world *w = from->world;
    heap_push(w, (struct flight){.at = w->now + from->wire.delay,
                                 .order = w->order++,
                                 .to = from,
                                 .src = src,
                                 .dst = dst,
                                 .too_big = (uint16_t)from->wire.mtu,
                                 .p = pkt_ref((struct pkt *)p)});
}

/* Fill the options that the wire strips with the option that means nothing (RFC 9293 section 3.2).
 */
static void strip(const struct wire *wire, struct pkt *p)
{
    static const uint8_t kinds[] = {
        [3] = WIRE_STRIP_WSCALE, [4] = WIRE_STRIP_SACK, [8] = WIRE_STRIP_TIMESTAMPS};
    uint32_t header = (uint32_t)(p->data[12] >> 4) * 4, n;
    for (uint32_t at = 20; at + 1 < header; at += n) {
        uint8_t kind = p->data[at];
        n = kind < 2 ? 1 : p->data[at + 1];
        if (kind < sizeof kinds && kinds[kind] & wire->strip)
            memset(p->data + at, 1, n);
    }
}

static bool is_too_big(const struct wire *wire, const struct pkt *p)
{
    return wire->mtu && p->len + 20 > wire->mtu;
}

/* One segment of the wire's. */
static void transmit(struct host *from, uint32_t src, uint32_t dst, struct pkt *p)
{
    struct wire *wire = &from->wire;
    struct world *w = from->world;
    wire->segments++;
    wire->bytes += p->len;
    if (is_too_big(wire, p) && wire->tells)
        tell(from, src, dst, p);
    if (is_full(w, wire) || is_too_big(wire, p) || chance(w, wire->lose_per_million) ||
        (wire->drop && wire->drop(wire->user, p))) {
        wire->dropped++;
        pkt_unref(p);
        return;
    }
    if (wire->strip && p->data[13] & TCP_SYN)
        strip(wire, p);
    if (chance(w, wire->repeat_per_million)) {
        struct pkt *again = copy_of(from, p);
        if (again)
            fly(from, src, dst, again);
    }
    if (chance(w, wire->damage_per_million))
        damage(w, p);
    fly(from, src, dst, p);
}

/* The segment of a super-segment whose text begins at `at`. */
static struct pkt *piece_of(struct host *h, const struct pkt *p, uint32_t header, uint32_t at)
{
    uint32_t n = p->len - at < p->gso_size ? p->len - at : p->gso_size;
    struct pkt *piece = pkt_new_for(h->pool, header + n);
    struct hdr_tcp tcp;
    if (piece == NULL)
        return NULL;
    memcpy(pkt_append(piece, header), p->data, header);
    memcpy(pkt_append(piece, n), p->data + at, n);
    memcpy(&tcp, p->data, sizeof tcp);
    tcp.seq = be32_of(be32_get(tcp.seq) + at - header);
    if (at + n < p->len)
        tcp.flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
    memcpy(piece->data, &tcp, sizeof tcp);
    piece->offload = PKT_CSUM_VALID;
    return piece;
}

static int send_segment(void *user, uint32_t src, uint32_t dst, struct pkt *p)
{
    struct host *h = user;
    uint32_t header = (uint32_t)(p->data[12] >> 4) * 4;
    if (!(p->offload & PKT_GSO_TCP4)) {
        transmit(h, src, dst, p);
        return 0;
    }
    for (uint32_t at = header; at < p->len; at += p->gso_size) {
        struct pkt *piece = piece_of(h, p, header, at);
        if (piece)
            transmit(h, src, dst, piece);
    }
    pkt_unref(p);
    return 0;
}

static int route(void *user, uint32_t dst, struct tcp_route *r)
{
    struct host *h = user;
    (void)dst;
    *r = h->route;
    r->src = h->addr;
    return 0;
}

/* --- The world -----------------------------------------------------------------------------------
 */

static const struct tcp_lower lower = {.send = send_segment, .route = route};

static void host_begin(struct world *w, int i, const struct tcp_config *given, uint32_t buffers)
{
    struct host *h = &w->host[i];
    struct tcp_config config;
    if (given)
        config = *given;
    else
        tcp_defaults(&config);
    h->world = w;
    h->addr = 0x0a000001 + (uint32_t)i;
    h->route = (struct tcp_route){.gso_max = 65535, .mtu = 1500, .link_mtu = 1500};
    h->large = pkt_pool_new(64, PKT_LARGE, NULL);
    h->pool = pkt_pool_new(buffers, PKT_SMALL, h->large);
    config.lower = &lower;
    config.lower_user = h;
    config.pool = h->pool;
    for (size_t at = 0; at < sizeof config.secret; at += 8) {
        uint64_t r = random_u64(&w->random);
        memcpy(config.secret + at, &r, 8);
    }
    h->tcp = tcp_new(&config, w->now);
}

void world_begin_sized(struct world *w, uint64_t seed, const struct tcp_config *config,
                       uint32_t buffers)
{
    *w = (struct world){.random = seed};
    w->now = random_below(&w->random, 1ull << 50);
    host_begin(w, 0, config, buffers);
    host_begin(w, 1, config, buffers);
}

void world_begin(struct world *w, uint64_t seed, const struct tcp_config *config)
{
    world_begin_sized(w, seed, config, WORLD_BUFFERS);
}

void world_end(struct world *w)
{
    while (w->n_flights > 0)
        pkt_unref(heap_pop(w).p);
    free(w->flights);
    for (int i = 0; i < 2; i++) {
        tcp_free(w->host[i].tcp);
    }
    for (int i = 0; i < 2; i++) {
        pkt_pool_free(w->host[i].pool);
        pkt_pool_free(w->host[i].large);
    }
}

static void digest(struct world *w, const struct flight *f)
{
    uint64_t what = f->at ^ f->order << 1 ^ (uint64_t)f->p->len << 48;
    for (uint32_t i = 0; i < 16; i++) /* ports and numbers */
        what = what * 31 + f->p->data[i];
    w->digest = (w->digest ^ what) * 0x9e3779b97f4a7c15;
    w->digest ^= w->digest >> 32;
}

static void deliver(struct world *w)
{
    struct flight f = heap_pop(w);
    w->now = f.at > w->now ? f.at : w->now;
    digest(w, &f);
    if (f.too_big)
        tcp_mtu_changed(f.to->tcp, f.src, f.dst, span_of(f.p->data, f.p->len), f.too_big, w->now);
    else
        tcp_input(f.to->tcp, f.src, f.dst, f.p, w->now);
    pkt_unref(f.p);
}

bool world_step(struct world *w, uint64_t until)
{
    uint64_t next = w->n_flights > 0 ? w->flights[0].at : UINT64_MAX;
    int turn = -1;
    for (int i = 0; i < 2; i++) {
        uint64_t due = tcp_due(w->host[i].tcp);
        if (due < next) {
            next = due;
            turn = i;
        }
    }
    if (next > until)
        return false;
    if (turn < 0) {
        deliver(w);
        return true;
    }
    w->now = next > w->now ? next : w->now;
    tcp_turn(w->host[turn].tcp, w->now);
    return true;
}

void world_run(struct world *w, uint64_t until)
{
    while (world_step(w, until))
        ;
    w->now = until > w->now ? until : w->now;
}

/* --- Parties
 * --------------------------------------------------------------------------------------- */

static void shut_if_sent(struct party *p)
{
    if (p->shut_when_sent)
        tcp_shutdown(p->conn, p->host->world->now);
}

static void on_opened(void *user)
{
    struct party *p = user;
    p->opened = true;
    shut_if_sent(p);
}

static void check(struct party *p, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n && !p->plain; i++)
        if (bytes[i] != stream_byte(p->salt_in, p->received + i))
            p->wrong = true;
    p->received += n;
}

void party_read(struct party *p, uint64_t n)
{
    struct span piece;
    while (n > 0 && tcp_peek(p->conn, &piece, 1) == 1) {
        size_t taken = piece.len < n ? piece.len : (size_t)n;
        check(p, piece.data, taken);
        tcp_consume(p->conn, taken, p->host->world->now);
        n -= taken;
    }
    p->ended |= tcp_ended(p->conn);
}

static void on_readable(void *user)
{
    struct party *p = user;
    if (p->on_readable)
        p->on_readable(p);
    else if (!p->paused)
        party_read(p, UINT64_MAX);
}

static void on_peek(void *user, size_t offset, uint8_t *to, size_t n)
{
    struct party *p = user;
    for (size_t i = 0; i < n && !p->plain; i++)
        to[i] = stream_byte(p->salt, p->acked + offset + i);
    if (p->acked + offset + n > p->to_send)
        abort();
}

static void on_acked(void *user, size_t n)
{
    struct party *p = user;
    p->acked += n;
    if (p->acked > p->to_send)
        abort();
}

static void on_closed(void *user, int error)
{
    struct party *p = user;
    if (p->closed)
        abort();
    p->closed = true;
    p->error = error;
    p->closed_at = p->host->world->now;
}

static const struct tcp_events events = {on_opened, on_readable, on_peek, on_acked, on_closed};

void party_send(struct party *p, uint64_t n)
{
    p->to_send += n;
    tcp_push(p->conn, p->to_send - p->acked, p->host->world->now);
}

void party_connect(struct party *p, struct host *from, uint16_t port,
                   const struct tcp_options *options)
{
    struct host *to = &from->world->host[from == &from->world->host[0]];
    p->host = from;
    if (tcp_connect(from->tcp, 0, p->sport, to->addr, port, options, &events, p, from->world->now,
                    &p->conn) != 0)
        abort();
    if (p->to_send > 0)
        tcp_push(p->conn, p->to_send, from->world->now);
}

void party_own(struct party *p, struct host *at, struct tcp_conn *c)
{
    p->host = at;
    p->conn = c;
    p->opened = true;
    tcp_own(c, &events, p);
    if (p->to_send > 0)
        tcp_push(c, p->to_send, at->world->now);
    shut_if_sent(p);
}

bool party_accept(struct party *p, struct host *at, struct tcp_listener *l)
{
    struct tcp_conn *c = tcp_accept(l);
    if (c)
        party_own(p, at, c);
    return c != NULL;
}

void party_shut(struct party *p)
{
    p->shut = true;
    tcp_shutdown(p->conn, p->host->world->now);
}

void party_end(struct party *p)
{
    if (p->conn)
        tcp_abort(p->conn, p->host->world->now);
    p->conn = NULL;
}
