/*
 * reassembly.c - IPv4 fragments put together: see reassembly.h. RFC 791 section 3.2.
 *
 * A datagram's fragments are kept in the buffers in which they came, in a list sorted by where they
 * begin; when there is no gap left they are copied together. Datagrams are kept in the order in
 * which they began to come, which is also that in which they time out.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/reassembly.h"

#include "openflow/frame_headers.h"
#include "runtime/checksum.h"
#include "runtime/counter.h"
#include "runtime/loop.h"
#include "switch/packet.h"

#include <stdlib.h>

#define DATAGRAM_MAX 65535

/* --- Counters -------------------------------------------------------------------------------- */

static struct {
    uint64_t fragments, datagrams, repeated, bad, overlaps, timed_out, evicted, no_memory;
} counters;

static const char *const counter_names[] = {
    "fragments", "datagrams", "repeated", "bad", "overlaps", "timed_out", "evicted", "no_memory",
};

static struct counter_set counter_set = {
    .module = "reassembly",
    .names = counter_names,
    .values = (const uint64_t *)&counters,
    .n = sizeof counter_names / sizeof counter_names[0],
};

/* --- State ----------------------------------------------------------------------------------- */

struct fragment {
    struct list link; /* in its datagram's, or among the free */
    struct pkt *p;
    const uint8_t *payload;
    uint32_t begin, end; /* of the datagram's payload */
    uint32_t len;        /* with its header */
    bool last;
};

/* RFC 791: fragments of one datagram agree in these. Ports and VLANs are networks apart. */
struct identity {
    be32 src, dst;
    be16 id;
    uint8_t proto;
    uint16_t in_port, vlan;
};

struct datagram {
    struct list link;      /* in r->waiting, or among the free */
    struct list fragments; /* sorted; empty: it is spoilt, and what still comes is dropped */
    struct identity identity;
    uint32_t got, end; /* bytes of payload; of the whole payload, 0: not known yet */
    uint32_t longest;  /* of the fragments, with their headers */
    uint64_t due;
};

struct reassembly {
    struct reassembly_limits limits;
    struct pkt_pool *pool;
    struct list waiting, free_datagrams, free_fragments;
    uint64_t bytes;
    struct timer timer; /* when the first of `waiting` is due */
    struct datagram *datagram;
    struct fragment *fragment;
};

/* What a fragment costs: the buffer that it lies in. */
static uint64_t cost(const struct pkt *p)
{
    return (uint64_t)(p->data - p->buf) + p->len + pkt_room(p);
}

/* --- Forgetting ------------------------------------------------------------------------------ */

static void drop_fragments(struct reassembly *r, struct datagram *d)
{
    struct list *l;
    while ((l = list_pop(&d->fragments)) != NULL) {
        struct fragment *f = container_of(l, struct fragment, link);
        r->bytes -= cost(f->p);
        pkt_unref(f->p);
        list_append(&r->free_fragments, &f->link);
    }
}

static void forget(struct reassembly *r, struct datagram *d)
{
    drop_fragments(r, d);
    list_remove(&d->link);
    list_append(&r->free_datagrams, &d->link);
}

/* Drop it, and know it again until it times out. */
static void spoil(struct reassembly *r, struct datagram *d)
{
    counters.overlaps++;
    drop_fragments(r, d);
}

static bool is_spoilt(const struct datagram *d)
{
    return list_empty(&d->fragments);
}

static struct datagram *oldest(const struct reassembly *r)
{
    return container_of(r->waiting.next, struct datagram, link);
}

static void arm(struct reassembly *r)
{
    if (!list_empty(&r->waiting))
        loop_timer_arm(&r->timer, oldest(r)->due);
}

static void on_timer(void *user)
{
    struct reassembly *r = user;
    while (!list_empty(&r->waiting) && oldest(r)->due <= loop_now()) {
        counters.timed_out += !is_spoilt(oldest(r));
        forget(r, oldest(r));
    }
    arm(r);
}

/* --- Datagrams ------------------------------------------------------------------------------- */

static bool same(const struct identity *a, const struct identity *b)
{
    return be32_get(a->src) == be32_get(b->src) && be32_get(a->dst) == be32_get(b->dst) &&
           be16_get(a->id) == be16_get(b->id) && a->proto == b->proto && a->in_port == b->in_port &&
           a->vlan == b->vlan;
}

static struct datagram *find(struct reassembly *r, const struct identity *identity)
{
    struct list *l, *after;
    list_each(l, after, &r->waiting)
    {
        struct datagram *d = container_of(l, struct datagram, link);
        if (same(&d->identity, identity))
            return d;
    }
    return NULL;
}

static void evict_oldest(struct reassembly *r)
{
    counters.evicted += !is_spoilt(oldest(r));
    forget(r, oldest(r));
}

static struct datagram *begin(struct reassembly *r, const struct identity *identity)
{
    struct datagram *d;
    if (list_empty(&r->free_datagrams))
        evict_oldest(r);
    d = container_of(list_pop(&r->free_datagrams), struct datagram, link);
    *d = (struct datagram){.identity = *identity, .due = loop_now() + r->limits.time};
    list_init(&d->link);
    list_init(&d->fragments);
    list_append(&r->waiting, &d->link);
    arm(r);
    return d;
}

/* --- Fragments ------------------------------------------------------------------------------- */

/* Is it a fragment that may be of a datagram? RFC 791: all but the last have a multiple of 8 bytes,
 * and no datagram is longer than 65535. */
static bool read_fragment(struct pkt *p, uint16_t in_port, struct fragment *f,
                          struct identity *identity)
{
    size_t len;
    const struct hdr_ipv4 *ip = packet_find_ipv4(p, &len);
    size_t header = (size_t)(ip->ver_ihl & 0x0f) * 4;
    uint16_t frag = be16_get(ip->frag);
    uint32_t n = (uint32_t)(len - header);

    f->p = p;
    f->payload = (const uint8_t *)ip + header;
    f->begin = (uint32_t)(frag & HDR_IP_OFFSET) * 8;
    f->end = f->begin + n;
    f->len = (uint32_t)len;
    f->last = !(frag & HDR_IP_MF);
    *identity = (struct identity){.src = ip->src,
                                  .dst = ip->dst,
                                  .id = ip->id,
                                  .proto = ip->proto,
                                  .in_port = in_port,
                                  .vlan = packet_vlan(p)};
    return n > 0 && (f->last || n % 8 == 0) && header + f->end <= DATAGRAM_MAX &&
           len == be16_get(ip->total_len) && !(p->offload & ~PKT_CSUM_VALID) && !packet_is_8023(p);
}

enum place { PLACE_FREE, PLACE_TAKEN, PLACE_REPEATED };

/* Where `f` belongs: behind `*before`. Most come in order, so it is looked for from the end. */
static enum place find_place(struct datagram *d, const struct fragment *f, struct list **before)
{
    struct list *l = d->fragments.prev;
    for (; l != &d->fragments; l = l->prev) {
        const struct fragment *other = container_of(l, struct fragment, link);
        if (other->begin == f->begin && other->end == f->end)
            return PLACE_REPEATED;
        if (other->end <= f->begin)
            break;
        if (other->begin < f->end)
            return PLACE_TAKEN;
    }
    *before = l;
    return PLACE_FREE;
}

/* Does `f` agree with where the datagram ends, by what has come of it? */
static bool end_agrees(const struct datagram *d, const struct fragment *f)
{
    const struct fragment *furthest;
    if (d->end > 0)
        return !f->last && f->end <= d->end;
    if (!f->last || list_empty(&d->fragments))
        return true;
    furthest = container_of(d->fragments.prev, struct fragment, link);
    return furthest->end <= f->begin;
}

/* Make room for `f`, at the cost of the oldest. False: of its own datagram. */
static bool make_room(struct reassembly *r, const struct datagram *d, const struct fragment *f)
{
    while (list_empty(&r->free_fragments) || r->bytes + cost(f->p) > r->limits.bytes) {
        bool own = oldest(r) == d;
        evict_oldest(r);
        if (own)
            return false;
    }
    return true;
}

static void keep(struct reassembly *r, struct datagram *d, const struct fragment *f,
                 struct list *before)
{
    struct fragment *own = container_of(list_pop(&r->free_fragments), struct fragment, link);
    *own = *f;
    pkt_ref(own->p);
    list_init(&own->link);
    list_append(before->next, &own->link); /* in front of what follows */
    r->bytes += cost(own->p);
    d->got += own->end - own->begin;
    if (own->last)
        d->end = own->end;
    if (own->len > d->longest)
        d->longest = own->len;
}

/* --- The whole ------------------------------------------------------------------------------- */

/* The headers of the first fragment, now of a datagram that is none. */
static void write_header(struct pkt *whole, size_t header, size_t network)
{
    struct hdr_ipv4 *ip = (struct hdr_ipv4 *)(whole->data + network);
    ip->total_len = be16_of((uint16_t)(whole->len - network));
    ip->frag = be16_of((uint16_t)(be16_get(ip->frag) & ~HDR_IP_FRAGMENT));
    ip->checksum = be16_of(0);
    ip->checksum = checksum_finish(checksum_add(0, ip, header - network));
}

static struct pkt *join(struct reassembly *r, struct datagram *d)
{
    const struct fragment *first = container_of(d->fragments.next, struct fragment, link);
    size_t len, header = (size_t)(first->payload - first->p->data);
    size_t network = (size_t)((const uint8_t *)packet_find_ipv4(first->p, &len) - first->p->data);
    struct pkt *whole = NULL;
    struct list *l, *after;
    if (header - network + d->end <= DATAGRAM_MAX)
        whole = pkt_new_for(r->pool, header + d->end);
    if (whole == NULL)
        return NULL;
    bytes_copy(pkt_append(whole, header), first->p->data, header);
    list_each(l, after, &d->fragments)
    {
        const struct fragment *f = container_of(l, struct fragment, link);
        bytes_copy(pkt_append(whole, f->end - f->begin), f->payload, f->end - f->begin);
    }
    write_header(whole, header, network);
    whole->offload = PKT_GSO_FRAGMENTS;
    whole->gso_size = (uint16_t)((d->longest - (header - network)) / 8 * 8);
    return whole;
}

static struct pkt *finish(struct reassembly *r, struct datagram *d)
{
    struct pkt *whole = join(r, d);
    counters.datagrams += whole != NULL;
    counters.no_memory += whole == NULL;
    forget(r, d);
    return whole;
}

/* --- For the datapath ------------------------------------------------------------------------ */

static struct pkt *add(struct reassembly *r, struct datagram *d, const struct fragment *f)
{
    struct list *before;
    enum place place = find_place(d, f, &before);
    if (place == PLACE_REPEATED) {
        counters.repeated++;
    } else if (place == PLACE_TAKEN || !end_agrees(d, f)) {
        spoil(r, d);
    } else if (make_room(r, d, f)) {
        keep(r, d, f, before);
        if (d->got == d->end)
            return finish(r, d);
    }
    return NULL;
}

struct pkt *reassembly_put(struct reassembly *r, struct pkt *p, uint16_t in_port)
{
    struct identity identity;
    struct datagram *d;
    struct fragment f;
    counters.fragments++;
    if (!read_fragment(p, in_port, &f, &identity)) {
        counters.bad++;
        return NULL;
    }
    d = find(r, &identity);
    if (d && is_spoilt(d))
        return NULL;
    return add(r, d ? d : begin(r, &identity), &f);
}

void reassembly_clear(struct reassembly *r)
{
    while (!list_empty(&r->waiting))
        forget(r, oldest(r));
    timer_cancel(&r->timer);
}

/* --- Beginning and end ----------------------------------------------------------------------- */

struct reassembly *reassembly_new(const struct reassembly_limits *limits, struct pkt_pool *pool)
{
    struct reassembly *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    *r = (struct reassembly){.limits = *limits, .pool = pool};
    list_init(&r->waiting);
    list_init(&r->free_datagrams);
    list_init(&r->free_fragments);
    timer_init(&r->timer, on_timer, r);
    r->datagram = calloc(limits->datagrams, sizeof r->datagram[0]);
    r->fragment = calloc(limits->fragments, sizeof r->fragment[0]);
    if (r->datagram == NULL || r->fragment == NULL) {
        reassembly_free(r);
        return NULL;
    }
    for (uint32_t i = 0; i < limits->datagrams; i++)
        list_append(&r->free_datagrams, &r->datagram[i].link);
    for (uint32_t i = 0; i < limits->fragments; i++)
        list_append(&r->free_fragments, &r->fragment[i].link);
    counter_register(&counter_set);
    return r;
}

void reassembly_free(struct reassembly *r)
{
    if (r == NULL)
        return;
    reassembly_clear(r);
    free(r->datagram);
    free(r->fragment);
    free(r);
}
