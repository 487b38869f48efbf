/*
 * reassembly.c - datagrams from their fragments: see reassembly.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/icmp.h"
#include "netstack/ip.h"
#include "runtime/checksum.h"

#define TIME_LIMIT (60 * NS_PER_S) /* RFC 1122 section 3.3.2: 60 to 120 seconds */
#define LEN_MAX    (65535 - sizeof(struct hdr_ipv4))

static const struct hdr_ipv4 *header_of(const struct pkt *p)
{
    return (const struct hdr_ipv4 *)p->data;
}

/* --- Datagrams that are not whole ------------------------------------------------------------ */

static void drop_fragments(struct datagram *d)
{
    for (unsigned i = 0; i < d->n; i++)
        pkt_unref(d->fragments[i].p);
    d->ip->reassembly.n -= d->n;
    d->n = 0;
}

static void datagram_free(struct datagram *d)
{
    drop_fragments(d);
    timer_cancel(&d->timer);
    d->used = false;
}

/* RFC 792: time exceeded, code 1, only if fragment zero is there. */
static void on_timer(void *user)
{
    struct datagram *d = user;
    d->ip->counters.reassembly_timeout++;
    if (d->n > 0 && d->fragments[0].begin == 0)
        icmp_send_error(d->ip, d->fragments[0].p, ICMP_TIME_EXCEEDED, ICMP_REASSEMBLY_TIME, 0);
    datagram_free(d);
}

static void spoil(struct datagram *d)
{
    drop_fragments(d);
    d->bad = true;
    d->ip->counters.reassembly_failed++;
}

static bool is_of(const struct datagram *d, const struct hdr_ipv4 *h)
{
    return d->used && d->id == be16_get(h->id) && d->src == be32_get(h->src) &&
           d->dst == be32_get(h->dst) && d->protocol == h->proto;
}

/* The datagram that has waited longest, in whose place another goes; all places are used. */
static struct datagram *evict(struct reassembly *r)
{
    struct datagram *oldest = &r->datagrams[0];
    for (size_t i = 1; i < REASSEMBLY_DATAGRAMS; i++)
        if (r->datagrams[i].timer.deadline < oldest->timer.deadline)
            oldest = &r->datagrams[i];
    oldest->ip->counters.reassembly_evicted++;
    datagram_free(oldest);
    return oldest;
}

static struct datagram *find_free(struct reassembly *r)
{
    for (size_t i = 0; i < REASSEMBLY_DATAGRAMS; i++)
        if (!r->datagrams[i].used)
            return &r->datagrams[i];
    return evict(r);
}

static struct datagram *find(struct ip *ip, const struct hdr_ipv4 *h)
{
    struct reassembly *r = &ip->reassembly;
    struct datagram *d;
    for (size_t i = 0; i < REASSEMBLY_DATAGRAMS; i++)
        if (is_of(&r->datagrams[i], h))
            return &r->datagrams[i];
    d = find_free(r);
    d->used = true;
    d->bad = false;
    d->src = be32_get(h->src);
    d->dst = be32_get(h->dst);
    d->id = be16_get(h->id);
    d->protocol = h->proto;
    d->len = d->have = 0;
    wheel_arm(&ip->wheel, &d->timer, ip->now + TIME_LIMIT);
    return d;
}

void ip_reassembly_init(struct ip *ip)
{
    ip->reassembly.n = 0;
    for (size_t i = 0; i < REASSEMBLY_DATAGRAMS; i++) {
        struct datagram *d = &ip->reassembly.datagrams[i];
        d->ip = ip;
        d->used = false;
        d->n = 0;
        timer_init(&d->timer, on_timer, d);
    }
}

void ip_reassembly_clear(struct ip *ip)
{
    for (size_t i = 0; i < REASSEMBLY_DATAGRAMS; i++)
        if (ip->reassembly.datagrams[i].used)
            datagram_free(&ip->reassembly.datagrams[i]);
}

/* --- Fragments ------------------------------------------------------------------------------- */

/* What part of the datagram it is. False: it cannot be one. */
static bool read_bounds(const struct pkt *p, struct fragment *f, bool *last)
{
    const struct hdr_ipv4 *h = header_of(p);
    uint16_t word = be16_get(h->frag);
    uint32_t len = p->len - (uint32_t)hdr_ipv4_len(h);
    f->begin = 8u * (word & HDR_IP_OFFSET);
    f->end = f->begin + len;
    *last = !(word & HDR_IP_MF);
    return len > 0 && f->end <= LEN_MAX && (*last || len % 8 == 0);
}

/* Where among those that came it goes; -1: it is there already, -2: it contradicts them. */
static int find_place(const struct datagram *d, const struct fragment *f)
{
    unsigned i = 0;
    while (i < d->n && d->fragments[i].begin < f->begin)
        i++;
    if (i < d->n && d->fragments[i].begin == f->begin && d->fragments[i].end == f->end)
        return -1;
    if ((i > 0 && d->fragments[i - 1].end > f->begin) ||
        (i < d->n && f->end > d->fragments[i].begin))
        return -2;
    return (int)i;
}

/* Does it agree with where the datagram ends, as far as that is known? */
static bool end_agrees(const struct datagram *d, const struct fragment *f, bool last)
{
    if (d->len > 0)
        return last ? f->end == d->len : f->end <= d->len;
    return !last || d->n == 0 || d->fragments[d->n - 1].end <= f->end;
}

static void insert(struct datagram *d, unsigned at, const struct fragment *f)
{
    bytes_move(&d->fragments[at + 1], &d->fragments[at], (d->n - at) * sizeof *f);
    d->fragments[at] = *f;
    d->n++;
    d->have += f->end - f->begin;
    d->ip->reassembly.n++;
}

/* The datagram as one packet; NULL: there is no room for it. */
static struct pkt *join(const struct datagram *d)
{
    uint32_t total = (uint32_t)sizeof(struct hdr_ipv4) + d->len;
    struct pkt *p = pkt_new_for(d->ip->pool, total);
    struct hdr_ipv4 *h;
    if (p == NULL)
        return NULL;
    h = (struct hdr_ipv4 *)pkt_append(p, sizeof *h);
    *h = *header_of(d->fragments[0].p);
    for (unsigned i = 0; i < d->n; i++) {
        const struct fragment *f = &d->fragments[i];
        size_t skip = hdr_ipv4_len(header_of(f->p));
        bytes_copy(pkt_append(p, f->end - f->begin), f->p->data + skip, f->end - f->begin);
    }
    h->ver_ihl = 0x45;
    h->total_len = be16_of((uint16_t)total);
    h->frag = h->checksum = be16_of(0);
    h->checksum = checksum_finish(checksum_add(0, h, sizeof *h));
    return p;
}

static void make_room(struct ip *ip, const struct datagram *but)
{
    while (ip->reassembly.n >= REASSEMBLY_ALL) {
        struct datagram *oldest = evict(&ip->reassembly);
        if (oldest == but)
            return;
    }
}

struct pkt *ip_reassembly_add(struct ip *ip, struct pkt *p)
{
    struct fragment f = {.p = p};
    bool last;
    struct datagram *d = find(ip, header_of(p));
    struct pkt *whole = NULL;
    int place;
    ip->counters.fragments++;
    if (d->bad)
        return NULL;
    place = read_bounds(p, &f, &last) ? find_place(d, &f) : -2;
    if (place == -1)
        return NULL;
    if (place < 0 || !end_agrees(d, &f, last) || d->n == REASSEMBLY_FRAGMENTS) {
        spoil(d);
        return NULL;
    }
    make_room(ip, d);
    if (!d->used) /* it was the oldest itself */
        return NULL;
    pkt_ref(p);
    insert(d, (unsigned)place, &f);
    if (last)
        d->len = f.end;
    if (d->len == 0 || d->have < d->len)
        return NULL;
    whole = join(d);
    ip->counters.reassembled += whole != NULL;
    ip->counters.out_no_memory += whole == NULL;
    datagram_free(d);
    return whole;
}
