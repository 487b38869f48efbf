/*
 * link.c - simulated links: the device `link:NAME`, opened twice, is the two ends of one.
 *
 * A frame that is sent becomes an arrival at the other end, in memory of the link's own, so that
 * neither end's pool is held by what is under way. Arrivals lie in the order of their times; one
 * event stands for the first. What is due together comes in one batch.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/device.h"
#include "runtime/sim/internal.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define GRAIN       (1ull << 14)    /* delays are multiples of it, so that frames coincide */
#define STRAGGLE    (1 * NS_PER_MS) /* how much later at most one comes that others overtake */
#define MILLION     1000000
#define DEFAULT_MTU 1500
#define HEADER_MAX  18u /* of Ethernet with one VLAN tag: not counted in the MTU */

struct arrival {
    struct list link;
    uint64_t at;
    uint16_t csum_start, csum_offset, gso_size, offload;
    uint32_t len;
    uint8_t bytes[];
};

struct link_end {
    struct netdev dev;
    struct sim_link *link;
    struct list arrivals;   /* under way to this end, soonest first */
    uint64_t last;          /* when the last of them comes that keeps to its place */
    struct sim_event event; /* the first */
    struct loop_work tell;  /* to tell the owner of the link's state */
};

struct sim_link {
    struct list link;
    struct sim_link_config config;
    struct link_end *ends[2]; /* NULL: not open */
    bool plugged, up;
    char name[NETDEV_NAME_MAX];
};

static int link_open(const char *arg, struct pkt_pool *pool, struct netdev **dev);
static void link_each(void (*fn)(void *user, const char *arg), void *user);

static struct list links = {&links, &links};
static struct device_driver driver = {.kind = "link", .open = link_open, .each = link_each};

static struct link_end *end_of(struct netdev *dev)
{
    return container_of(dev, struct link_end, dev);
}

static struct link_end *other_end(const struct link_end *e)
{
    return e->link->ends[e->link->ends[0] == e];
}

static bool is_up(const struct sim_link *l)
{
    return l->plugged && l->up && l->ends[0] && l->ends[1];
}

/* The link of this name, made when it is first named. */
static struct sim_link *find_link(const char *name)
{
    struct list *l, *after;
    struct sim_link *new;
    list_each(l, after, &links)
    {
        struct sim_link *old = container_of(l, struct sim_link, link);
        if (strcmp(old->name, name) == 0)
            return old;
    }
    new = calloc(1, sizeof *new);
    if (new == NULL)
        abort();
    *new = (struct sim_link){.plugged = true, .up = true};
    snprintf(new->name, sizeof new->name, "%s", name);
    list_append(&links, &new->link);
    return new;
}

static void link_each(void (*fn)(void *user, const char *arg), void *user)
{
    struct list *l, *after;
    list_each(l, after, &links)
    {
        const struct sim_link *link = container_of(l, struct sim_link, link);
        if (link->plugged)
            fn(user, link->name);
    }
}

/* --- Arriving -------------------------------------------------------------------------------- */

static struct arrival *first_arrival(const struct link_end *e)
{
    return list_empty(&e->arrivals) ? NULL : container_of(e->arrivals.next, struct arrival, link);
}

/* Have the event happen when the first arrival is due. */
static void expect(struct link_end *e)
{
    const struct arrival *a = first_arrival(e);
    sim_event_cancel(&e->event);
    if (a)
        sim_event_set(&e->event, a->at);
}

static void note(const struct link_end *e, const struct arrival *a)
{
    uint64_t when = loop_now();
    sim_digest_add(e->dev.mac, sizeof e->dev.mac);
    sim_digest_add(&when, sizeof when);
    sim_digest_add(a->bytes, a->len);
}

/* An arrival as a packet of the receiver's; NULL if its pool is empty. */
static struct pkt *unpack(struct link_end *e, const struct arrival *a)
{
    struct pkt *p = pkt_new_for(e->dev.pool, a->len);
    note(e, a);
    if (p == NULL) {
        e->dev.stats.rx_dropped++;
        return NULL;
    }
    bytes_copy(pkt_append(p, a->len), a->bytes, a->len);
    p->csum_start = a->csum_start;
    p->csum_offset = a->csum_offset;
    p->gso_size = a->gso_size;
    p->offload = a->offload;
    return p;
}

/* What is due now, at most a batch. */
static size_t take_due(struct link_end *e, struct pkt *batch[NETDEV_BATCH])
{
    size_t n = 0;
    struct arrival *a;
    while (n < NETDEV_BATCH && (a = first_arrival(e)) != NULL && a->at <= loop_now()) {
        struct pkt *p = unpack(e, a);
        if (p)
            batch[n++] = p;
        list_remove(&a->link);
        free(a);
    }
    return n;
}

static void on_arrival(void *user)
{
    struct link_end *e = user;
    struct pkt *batch[NETDEV_BATCH];
    size_t n = take_due(e, batch);
    if (n == 0 || netdev_receive(&e->dev, batch, n))
        expect(e);
}

/* --- Sending --------------------------------------------------------------------------------- */

static bool happens(uint32_t per_million)
{
    return per_million > 0 && sim_random(MILLION) < per_million;
}

/* One bit of the frame changes on its way. */
static void damage(struct arrival *a)
{
    uint64_t bit = a->len > 0 ? sim_random(8ull * a->len) : 0;
    if (a->len > 0)
        a->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    a->offload &= (uint16_t)~PKT_CSUM_VALID;
}

/* When a frame sent now is there: behind those before it, unless it straggles. */
static uint64_t arrival_time(struct link_end *to)
{
    const struct sim_link_config *c = &to->link->config;
    uint64_t at = loop_now() + c->delay_min;
    if (c->delay_max > c->delay_min)
        at += sim_random(c->delay_max - c->delay_min + 1);
    if (at > loop_now())
        at = (at + GRAIN - 1) / GRAIN * GRAIN;
    if (happens(c->reorder_per_million))
        return at + sim_random(STRAGGLE);
    return to->last = at > to->last ? at : to->last;
}

static void insert(struct link_end *to, struct arrival *a)
{
    struct list *before = to->arrivals.prev;
    while (before != &to->arrivals && container_of(before, struct arrival, link)->at > a->at)
        before = before->prev;
    list_append(before->next, &a->link);
    if (first_arrival(to) == a)
        expect(to);
}

static void carry(struct link_end *to, const struct pkt *p)
{
    struct arrival *a = malloc(sizeof *a + p->len);
    if (a == NULL)
        abort();
    *a = (struct arrival){.at = arrival_time(to),
                          .csum_start = p->csum_start,
                          .csum_offset = p->csum_offset,
                          .gso_size = p->gso_size,
                          .offload = p->offload,
                          .len = p->len};
    bytes_copy(a->bytes, p->data, p->len);
    if (happens(to->link->config.damage_per_million))
        damage(a);
    insert(to, a);
}

static bool is_too_long(const struct netdev *dev, const struct pkt *p)
{
    return !(p->offload & PKT_GSO) && p->len > dev->mtu + HEADER_MAX;
}

static void send_one(struct link_end *e, const struct pkt *p)
{
    const struct sim_link_config *c = &e->link->config;
    if (is_too_long(&e->dev, p)) {
        e->dev.stats.tx_errors++;
        return;
    }
    if (!is_up(e->link)) {
        e->dev.stats.tx_dropped++;
        return;
    }
    e->dev.stats.tx_packets++;
    e->dev.stats.tx_bytes += p->len;
    if (happens(c->lose_per_million))
        return;
    carry(other_end(e), p);
    if (happens(c->repeat_per_million))
        carry(other_end(e), p);
}

static void link_send(struct netdev *dev, struct pkt *const *batch, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        send_one(end_of(dev), batch[i]);
        pkt_unref(batch[i]);
    }
}

/* --- Coming and going ------------------------------------------------------------------------ */

static void tell(void *user)
{
    struct link_end *e = user;
    (void)!netdev_set_link(&e->dev, is_up(e->link)); /* nothing of `e` is needed after it */
}

/* The link's state may be another now: both owners are told at the end of the turn. */
static void changed(struct sim_link *l)
{
    for (int i = 0; i < 2; i++)
        if (l->ends[i])
            loop_defer(&l->ends[i]->tell);
}

static void lose_arrivals(struct link_end *e)
{
    struct list *l;
    sim_event_cancel(&e->event);
    while ((l = list_pop(&e->arrivals)) != NULL)
        free(container_of(l, struct arrival, link));
}

static void link_close(struct netdev *dev)
{
    struct link_end *e = end_of(dev);
    lose_arrivals(e);
    loop_work_cancel(&e->tell);
    e->link->ends[e->link->ends[1] == e] = NULL;
    changed(e->link);
}

static const struct netdev_ops ops = {.send = link_send, .close = link_close};

/* 02 (locally administered), a digest of the link's name, the end's number. */
static void make_mac(struct link_end *e, uint8_t number)
{
    uint64_t hash = XXH3_64bits(e->link->name, strlen(e->link->name));
    e->dev.mac[0] = 0x02;
    bytes_copy(e->dev.mac + 1, &hash, 4);
    e->dev.mac[5] = number;
}

static int link_open(const char *arg, struct pkt_pool *pool, struct netdev **dev)
{
    struct sim_link *l = find_link(arg);
    uint8_t free_end = l->ends[0] != NULL;
    struct link_end *e;
    if (!l->plugged)
        return -ENODEV;
    if (l->ends[free_end])
        return -EBUSY;
    *dev = netdev_new(sizeof *e, &ops, pool);
    if (*dev == NULL)
        return -ENOMEM;
    e = end_of(*dev);
    e->link = l;
    list_init(&e->arrivals);
    sim_event_init(&e->event, on_arrival, e);
    loop_work_init(&e->tell, tell, e);
    make_mac(e, free_end);
    e->dev.mtu = l->config.mtu ? l->config.mtu : DEFAULT_MTU;
    e->dev.features = l->config.features;
    l->ends[free_end] = e;
    changed(l);
    return 0;
}

/* --- What a test does to links --------------------------------------------------------------- */

void sim_link_configure(const char *name, const struct sim_link_config *config)
{
    find_link(name)->config = *config;
}

void sim_link_set_up(const char *name, bool up)
{
    struct sim_link *l = find_link(name);
    l->up = up;
    changed(l);
}

void sim_link_plug(const char *name, bool in)
{
    struct sim_link *l = find_link(name);
    l->plugged = in;
    if (in)
        device_came(&driver, name);
    for (int i = 0; i < 2 && !in; i++)
        if (l->ends[i])
            device_went(&l->ends[i]->dev);
}

void sim_link_start(void)
{
    device_register(&driver);
}

void sim_link_close(void)
{
    struct list *l;
    while ((l = list_pop(&links)) != NULL) {
        struct sim_link *old = container_of(l, struct sim_link, link);
        for (int i = 0; i < 2; i++)
            netdev_close(old->ends[i] ? &old->ends[i]->dev : NULL);
        free(old);
    }
}
