/*
 * reassembly.c - IPv4 datagrams from their fragments: see reassembly.h.
 *
 * A datagram's fragments are in a list sorted by where they begin; when there is no gap left (RFC
 * 815's holes are what lies between two of them) they are copied together. Datagrams are in the
 * order in which they began to come, which is also that in which they time out.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/reassembly.h"

#include "runtime/checksum.h"
#include "runtime/headers.h"
#include "runtime/list.h"
#include "runtime/timer.h"

#include <stdlib.h>

#define DATAGRAM_MAX 65535

const char *const reassembly_counter_names[REASSEMBLY_N_COUNTERS] = {
    "fragments",       "datagrams", "repeated", "bad",       "overlaps",
    "too_many_pieces", "timed_out", "evicted",  "no_memory",
};

/* --- State ----------------------------------------------------------------------------------- */

struct fragment {
    struct list link; /* in its datagram's, or among the free */
    struct pkt *p;
    uint32_t network, header; /* where IP's header begins in `p`, and its length */
    uint32_t begin, end;      /* of the datagram's payload */
    bool last;
};

/* RFC 791: fragments of one datagram agree in these. */
struct identity {
    be32 src, dst;
    be16 id;
    uint8_t proto;
    uint32_t where;
};

struct datagram {
    struct list link;      /* in r->waiting, or among the free */
    struct list fragments; /* sorted; empty: it is spoilt, and what still comes is dropped */
    struct identity identity;
    uint32_t n;        /* fragments */
    uint32_t got, end; /* bytes of payload; of the whole payload, 0: not known yet */
    uint32_t longest;  /* of the fragments, with their headers */
    uint64_t due;
};

struct reassembly {
    struct reassembly_config config;
    struct reassembly_counters *counters;
    struct list waiting, free_datagrams, free_fragments;
    uint64_t bytes;
    struct datagram *datagram;
    struct fragment *fragment;
};

static struct datagram *oldest(const struct reassembly *r)
{
    return container_of(r->waiting.next, struct datagram, link);
}

static struct fragment *first_of(const struct datagram *d)
{
    return container_of(d->fragments.next, struct fragment, link);
}

static const uint8_t *payload(const struct fragment *f)
{
    return f->p->data + f->network + f->header;
}

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

/* From now on it is dropped, and known again until it times out. */
static bool is_spoilt(const struct datagram *d)
{
    return list_empty(&d->fragments);
}

static void evict_oldest(struct reassembly *r)
{
    r->counters->evicted += !is_spoilt(oldest(r));
    forget(r, oldest(r));
}

static void give_up(struct reassembly *r, struct datagram *d)
{
    if (!is_spoilt(d)) {
        r->counters->timed_out++;
        if (r->config.late && first_of(d)->begin == 0)
            r->config.late(r->config.user, first_of(d)->p);
    }
    forget(r, d);
}

uint64_t reassembly_due(const struct reassembly *r)
{
    return list_empty(&r->waiting) ? TIMER_NEVER : oldest(r)->due;
}

void reassembly_turn(struct reassembly *r, uint64_t now)
{
    while (reassembly_due(r) <= now)
        give_up(r, oldest(r));
}

void reassembly_clear(struct reassembly *r)
{
    while (!list_empty(&r->waiting))
        forget(r, oldest(r));
}

/* --- Datagrams ------------------------------------------------------------------------------- */

static bool same(const struct identity *a, const struct identity *b)
{
    return be32_get(a->src) == be32_get(b->src) && be32_get(a->dst) == be32_get(b->dst) &&
           be16_get(a->id) == be16_get(b->id) && a->proto == b->proto && a->where == b->where;
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

static struct datagram *begin(struct reassembly *r, const struct identity *identity, uint64_t now)
{
    struct datagram *d;
    if (list_empty(&r->free_datagrams))
        evict_oldest(r);
    d = container_of(list_pop(&r->free_datagrams), struct datagram, link);
    *d = (struct datagram){.identity = *identity, .due = now + r->config.time};
    list_init(&d->link);
    list_init(&d->fragments);
    list_append(&r->waiting, &d->link);
    return d;
}

/* --- Fragments ------------------------------------------------------------------------------- */

/* Can it be a fragment of a datagram? */
static bool is_possible(const struct fragment *f, size_t total)
{
    return f->header >= sizeof(struct hdr_ipv4) && f->network + total <= f->p->len &&
           f->end > f->begin && f->header + f->end <= DATAGRAM_MAX &&
           (f->last || f->end % 8 == 0) && !(f->p->offload & ~PKT_CSUM_VALID);
}

static bool read_fragment(struct pkt *p, size_t network, uint32_t where, struct fragment *f,
                          struct identity *identity)
{
    const struct hdr_ipv4 *ip = (const struct hdr_ipv4 *)(p->data + network);
    size_t header, total;
    uint16_t frag;
    if (p->len < network + sizeof *ip)
        return false;
    header = hdr_ipv4_len(ip);
    total = be16_get(ip->total_len);
    frag = be16_get(ip->frag);
    *f = (struct fragment){.p = p,
                           .network = (uint32_t)network,
                           .header = (uint32_t)header,
                           .begin = (uint32_t)(frag & HDR_IP_OFFSET) * 8,
                           .last = !(frag & HDR_IP_MF)};
    f->end = f->begin + (uint32_t)(total > header ? total - header : 0);
    *identity = (struct identity){ip->src, ip->dst, ip->id, ip->proto, where};
    return is_possible(f, total);
}

enum place { PLACE_FREE, PLACE_TAKEN, PLACE_REPEATED };

static bool is_repeated(const struct fragment *a, const struct fragment *b)
{
    return a->begin == b->begin && a->end == b->end && a->last == b->last &&
           bytes_equal(payload(a), payload(b), a->end - a->begin);
}

/* Where `f` belongs: behind `*before`. Most come in order, so it is looked for from the end. */
static enum place find_place(struct datagram *d, const struct fragment *f, struct list **before)
{
    struct list *l = d->fragments.prev;
    for (; l != &d->fragments; l = l->prev) {
        const struct fragment *other = container_of(l, struct fragment, link);
        if (other->end <= f->begin)
            break;
        if (other->begin < f->end)
            return is_repeated(other, f) ? PLACE_REPEATED : PLACE_TAKEN;
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
    while (list_empty(&r->free_fragments) || r->bytes + cost(f->p) > r->config.bytes) {
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
    uint32_t n = f->end - f->begin;
    *own = *f;
    pkt_ref(own->p);
    list_init(&own->link);
    list_append(before->next, &own->link); /* in front of what follows */
    r->bytes += cost(own->p);
    d->n++;
    d->got += n;
    if (own->last)
        d->end = own->end;
    if (own->header + n > d->longest)
        d->longest = own->header + n;
}

/* --- The whole ------------------------------------------------------------------------------- */

/* The header of the first fragment, now of a datagram that is none. */
static void write_header(struct hdr_ipv4 *ip, size_t header, size_t total)
{
    ip->total_len = be16_of((uint16_t)total);
    ip->frag = be16_of((uint16_t)(be16_get(ip->frag) & ~HDR_IP_FRAGMENT));
    ip->checksum = be16_of(0);
    ip->checksum = checksum_finish(checksum_add(0, ip, header));
}

static struct pkt *join(struct reassembly *r, struct datagram *d)
{
    const struct fragment *first = first_of(d);
    size_t front = first->network + first->header;
    struct pkt *whole = pkt_new_for(r->config.pool, front + d->end);
    struct list *l, *after;
    if (whole == NULL)
        return NULL;
    bytes_copy(pkt_append(whole, front), first->p->data, front);
    list_each(l, after, &d->fragments)
    {
        const struct fragment *f = container_of(l, struct fragment, link);
        bytes_copy(pkt_append(whole, f->end - f->begin), payload(f), f->end - f->begin);
    }
    write_header((struct hdr_ipv4 *)(whole->data + first->network), first->header,
                 first->header + d->end);
    whole->gso_size = (uint16_t)((d->longest - first->header) / 8 * 8);
    return whole;
}

static struct pkt *finish(struct reassembly *r, struct datagram *d)
{
    struct pkt *whole = NULL;
    if (first_of(d)->header + d->end > DATAGRAM_MAX) { /* its options are one byte too many */
        r->counters->bad++;
    } else {
        whole = join(r, d);
        r->counters->datagrams += whole != NULL;
        r->counters->no_memory += whole == NULL;
    }
    forget(r, d);
    return whole;
}

/* --- For the owner --------------------------------------------------------------------------- */

static struct pkt *add(struct reassembly *r, struct datagram *d, const struct fragment *f)
{
    struct list *before;
    enum place place = find_place(d, f, &before);
    if (place == PLACE_REPEATED) {
        r->counters->repeated++;
    } else if (place == PLACE_TAKEN || !end_agrees(d, f)) {
        r->counters->overlaps++;
        drop_fragments(r, d);
    } else if (d->n == REASSEMBLY_PIECES) {
        r->counters->too_many_pieces++;
        drop_fragments(r, d);
    } else if (make_room(r, d, f)) {
        keep(r, d, f, before);
        if (d->got == d->end)
            return finish(r, d);
    }
    return NULL;
}

struct pkt *reassembly_put(struct reassembly *r, struct pkt *p, size_t network, uint32_t where,
                           uint64_t now)
{
    struct identity identity;
    struct datagram *d;
    struct fragment f;
    r->counters->fragments++;
    if (!read_fragment(p, network, where, &f, &identity)) {
        r->counters->bad++;
        return NULL;
    }
    d = find(r, &identity);
    if (d && is_spoilt(d))
        return NULL;
    return add(r, d ? d : begin(r, &identity, now), &f);
}

struct reassembly *reassembly_new(const struct reassembly_config *config)
{
    struct reassembly *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    *r = (struct reassembly){.config = *config, .counters = config->counters};
    list_init(&r->waiting);
    list_init(&r->free_datagrams);
    list_init(&r->free_fragments);
    r->datagram = calloc(config->datagrams, sizeof r->datagram[0]);
    r->fragment = calloc(config->fragments, sizeof r->fragment[0]);
    if (r->datagram == NULL || r->fragment == NULL) {
        reassembly_free(r);
        return NULL;
    }
    for (uint32_t i = 0; i < config->datagrams; i++)
        list_append(&r->free_datagrams, &r->datagram[i].link);
    for (uint32_t i = 0; i < config->fragments; i++)
        list_append(&r->free_fragments, &r->fragment[i].link);
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
