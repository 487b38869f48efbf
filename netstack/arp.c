/*
 * arp.c - the ARP cache and its packets: see arp.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/acd.h"
#include "netstack/ip.h"
#include <errno.h>

/* RFC 1122 section 2.3.2.1: at most one request a second for an address. */
#define ASK_INTERVAL   NS_PER_S
#define ASK_MAX        3
#define REACHABLE_TIME (30 * NS_PER_S) /* RFC 4861 section 10, and so DELAY_TIME; +- half of it */
#define DELAY_TIME     (5 * NS_PER_S)
#define FAILED_TIME    NS_PER_S
#define LOCK_TIME      NS_PER_S /* a MAC address learned so recently stays */

static const uint8_t broadcast_mac[HDR_ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static struct ip *ip_of(const struct arp *arp)
{
    return arp->interface->ip;
}

/* --- The table ------------------------------------------------------------------------------- */

static size_t bucket_of(const struct arp *arp, uint32_t address)
{
    uint64_t h = (uint64_t)(address ^ arp->seed) * 0x9e3779b97f4a7c15u;
    return h >> 56;
}

_Static_assert(ARP_BUCKETS == 256, "what bucket_of() answers");

static struct arp_entry *find(const struct arp *arp, uint32_t address)
{
    const struct list *head = &arp->buckets[bucket_of(arp, address)];
    for (struct list *l = head->next; l != head; l = l->next) {
        struct arp_entry *e = container_of(l, struct arp_entry, chain);
        if (e->address == address)
            return e;
    }
    return NULL;
}

const struct arp_entry *arp_find(const struct arp *arp, uint32_t address)
{
    return find(arp, address);
}

static void drop_waiting(struct arp_entry *e)
{
    ip_of(e->arp)->counters.arp_dropped += e->n_waiting;
    for (; e->n_waiting > 0; e->n_waiting--)
        pkt_unref(e->waiting[e->n_waiting - 1]);
}

static void entry_free(struct arp_entry *e)
{
    drop_waiting(e);
    timer_cancel(&e->timer);
    list_remove(&e->chain);
    list_remove(&e->age);
    e->state = ARP_FREE;
    list_append(&e->arp->free, &e->age);
}

/* The entry that is missed least: the longest unused of those that no answer vouches for, else of
 * all; so that who makes us ask for many addresses does not push out the neighbours in use. */
static struct arp_entry *victim(struct arp *arp)
{
    struct list *l, *after;
    list_each(l, after, &arp->used)
    {
        struct arp_entry *e = container_of(l, struct arp_entry, age);
        if (e->state == ARP_INCOMPLETE || e->state == ARP_STALE || e->state == ARP_FAILED)
            return e;
    }
    return container_of(arp->used.next, struct arp_entry, age);
}

static void on_timer(void *user);

static struct arp_entry *entry_new(struct arp *arp, uint32_t address)
{
    struct arp_entry *e;
    if (list_empty(&arp->free)) {
        entry_free(victim(arp));
        ip_of(arp)->counters.arp_evicted++;
    }
    e = container_of(list_pop(&arp->free), struct arp_entry, age);
    *e = (struct arp_entry){.arp = arp, .address = address};
    timer_init(&e->timer, on_timer, e);
    list_init(&e->age);
    list_append(&arp->used, &e->age);
    list_init(&e->chain);
    list_append(&arp->buckets[bucket_of(arp, address)], &e->chain);
    return e;
}

static void touch(struct arp_entry *e)
{
    list_remove(&e->age);
    list_append(&e->arp->used, &e->age);
}

void arp_init(struct arp *arp, struct ip_interface *interface)
{
    arp->interface = interface;
    arp->seed = (uint32_t)ip_random(interface->ip);
    list_init(&arp->used);
    list_init(&arp->free);
    for (size_t i = 0; i < ARP_BUCKETS; i++)
        list_init(&arp->buckets[i]);
    for (size_t i = 0; i < ARP_ENTRIES; i++) {
        list_init(&arp->entries[i].age);
        list_append(&arp->free, &arp->entries[i].age);
    }
}

void arp_clear(struct arp *arp)
{
    while (!list_empty(&arp->used))
        entry_free(container_of(arp->used.next, struct arp_entry, age));
}

/* --- Sending --------------------------------------------------------------------------------- */

/* Send an ARP packet to a MAC address. */
static void send_arp(struct arp *arp, const uint8_t to[HDR_ETH_ALEN], const struct hdr_arp *a)
{
    struct pkt *p = pkt_new(ip_of(arp)->pool);
    if (p == NULL)
        return;
    bytes_copy(pkt_append(p, sizeof *a), a, sizeof *a);
    ip_send_frame(arp->interface, to, HDR_ETH_ARP, p);
}

static struct hdr_arp packet_of(const struct arp *arp, enum arp_op op, uint32_t sender,
                                uint32_t target)
{
    struct hdr_arp a = {.hardware = be16_of(ARP_ETHERNET),
                        .protocol = be16_of(HDR_ETH_IPV4),
                        .hardware_len = HDR_ETH_ALEN,
                        .protocol_len = sizeof(be32),
                        .opcode = be16_of(op),
                        .spa = be32_of(sender),
                        .tpa = be32_of(target)};
    bytes_copy(a.sha, arp->interface->mac, HDR_ETH_ALEN);
    return a;
}

void arp_ask(struct arp *arp, uint32_t sender, uint32_t target)
{
    struct hdr_arp a = packet_of(arp, ARP_REQUEST, sender, target);
    ip_of(arp)->counters.arp_requests++;
    send_arp(arp, broadcast_mac, &a);
}

/* Ask for the entry's address: its last owner alone while there is one, else everybody. */
static void ask_for(struct arp_entry *e)
{
    struct hdr_arp a =
        packet_of(e->arp, ARP_REQUEST, e->arp->interface->config.address, e->address);
    ip_of(e->arp)->counters.arp_requests++;
    e->asked++;
    send_arp(e->arp, e->state == ARP_PROBE ? e->mac : broadcast_mac, &a);
    wheel_arm(&ip_of(e->arp)->wheel, &e->timer, ip_of(e->arp)->now + ASK_INTERVAL);
}

/* Keep the packet; if there are many the oldest is lost (RFC 1122 section 2.3.2.2). */
static void wait_with(struct arp_entry *e, struct pkt *p)
{
    if (e->n_waiting == ARP_WAITING) {
        ip_of(e->arp)->counters.arp_dropped++;
        pkt_unref(e->waiting[0]);
        bytes_move(e->waiting, e->waiting + 1, (ARP_WAITING - 1) * sizeof e->waiting[0]);
        e->n_waiting--;
    }
    e->waiting[e->n_waiting++] = p;
}

static void begin_asking(struct arp_entry *e)
{
    e->state = ARP_INCOMPLETE;
    e->asked = 0;
    ask_for(e);
}

/* What is known of an address, or a new entry that is asked for. */
static struct arp_entry *find_or_ask(struct arp *arp, uint32_t address)
{
    struct arp_entry *e = find(arp, address);
    if (e == NULL) {
        e = entry_new(arp, address);
        begin_asking(e);
    }
    touch(e);
    return e;
}

void arp_resolve(struct arp *arp, uint32_t address)
{
    find_or_ask(arp, address);
}

int arp_send(struct arp *arp, uint32_t address, struct pkt *p)
{
    struct arp_entry *e = find_or_ask(arp, address);
    switch (e->state) {
    case ARP_INCOMPLETE:
        wait_with(e, p);
        return 0;
    case ARP_FAILED:
        pkt_unref(p);
        return -EHOSTUNREACH;
    case ARP_STALE: /* in use again: it is asked if nobody vouches for it soon */
        e->state = ARP_DELAY;
        wheel_arm(&ip_of(arp)->wheel, &e->timer, ip_of(arp)->now + DELAY_TIME);
        break;
    default:
        break;
    }
    ip_send_frame(arp->interface, e->mac, HDR_ETH_IPV4, p);
    return 0;
}

/* --- Time ------------------------------------------------------------------------------------ */

/* Nobody has answered: those who wait hear so, those who come within a moment too. */
static void give_up(struct arp_entry *e)
{
    struct ip *ip = ip_of(e->arp);
    struct pkt *waiting[ARP_WAITING];
    size_t n = e->n_waiting;
    bytes_copy(waiting, e->waiting, n * sizeof waiting[0]);
    e->n_waiting = 0;
    e->state = ARP_FAILED;
    ip->counters.arp_failed++;
    wheel_arm(&ip->wheel, &e->timer, ip->now + FAILED_TIME);
    for (size_t i = 0; i < n; i++) { /* any of them may change this table */
        ip_neighbour_unreachable(ip, waiting[i]);
        pkt_unref(waiting[i]);
    }
}

static void ask_again(struct arp_entry *e)
{
    if (e->asked < ASK_MAX)
        ask_for(e);
    else if (e->state == ARP_PROBE)
        begin_asking(e); /* whoever has the address now may have another MAC address */
    else
        give_up(e);
}

static void on_timer(void *user)
{
    struct arp_entry *e = user;
    switch (e->state) {
    case ARP_INCOMPLETE:
    case ARP_PROBE:
        ask_again(e);
        break;
    case ARP_REACHABLE:
        e->state = ARP_STALE;
        break;
    case ARP_DELAY:
        e->state = ARP_PROBE;
        e->asked = 0;
        ask_for(e);
        break;
    default: /* ARP_FAILED: the next packet begins anew */
        entry_free(e);
        break;
    }
}

/* --- Learning -------------------------------------------------------------------------------- */

static void set_mac(struct arp_entry *e, const uint8_t mac[HDR_ETH_ALEN])
{
    struct ip *ip = ip_of(e->arp);
    if (!bytes_equal(e->mac, mac, HDR_ETH_ALEN))
        e->learned = ip->now;
    bytes_copy(e->mac, mac, HDR_ETH_ALEN);
}

static void send_waiting(struct arp_entry *e)
{
    size_t n = e->n_waiting;
    e->n_waiting = 0;
    for (size_t i = 0; i < n; i++)
        ip_send_frame(e->arp->interface, e->mac, HDR_ETH_IPV4, e->waiting[i]);
}

/* It has answered us. */
static void make_reachable(struct arp_entry *e)
{
    struct ip *ip = ip_of(e->arp);
    uint64_t time = REACHABLE_TIME / 2 + ip_random(ip) % REACHABLE_TIME;
    e->state = ARP_REACHABLE;
    wheel_arm(&ip->wheel, &e->timer, ip->now + time);
}

/* It has said something without being asked. */
static void make_stale(struct arp_entry *e)
{
    timer_cancel(&e->timer);
    e->state = ARP_STALE;
}

/* May the entry's MAC address become this one? */
static bool may_change(const struct arp_entry *e, const uint8_t mac[HDR_ETH_ALEN])
{
    struct ip *ip = ip_of(e->arp);
    if (e->state == ARP_INCOMPLETE || e->state == ARP_FAILED ||
        bytes_equal(e->mac, mac, HDR_ETH_ALEN))
        return true;
    if (ip->now < e->learned + LOCK_TIME) {
        ip->counters.arp_refused++;
        return false;
    }
    ip->counters.arp_changed++;
    return true;
}

/* Take over what a packet says of an entry that there is (RFC 826: "Merge_flag"). */
static void merge(struct arp_entry *e, const struct hdr_arp *a)
{
    bool changes = !bytes_equal(e->mac, a->sha, HDR_ETH_ALEN);
    bool answers =
        be16_get(a->opcode) == ARP_REPLY && be32_get(a->tpa) == e->arp->interface->config.address;
    bool asked = e->state == ARP_INCOMPLETE || e->state == ARP_PROBE;
    if (!may_change(e, a->sha))
        return;
    set_mac(e, a->sha);
    if (answers && asked)
        make_reachable(e);
    else if (changes || asked || e->state == ARP_FAILED)
        make_stale(e);
    send_waiting(e);
}

/* Is the sender somebody whom it makes sense to know here? */
static bool is_neighbour(const struct arp *arp, const struct hdr_arp *a)
{
    const struct ip_interface *i = arp->interface;
    uint32_t sender = be32_get(a->spa);
    return i->config.address != 0 && ip_is_on_link(i, sender) &&
           address_is_host(sender, i->config.prefix) && sender != i->config.address;
}

static void learn(struct arp *arp, const struct hdr_arp *a)
{
    struct arp_entry *e = find(arp, be32_get(a->spa));
    bool asks_us =
        be16_get(a->opcode) == ARP_REQUEST && be32_get(a->tpa) == arp->interface->config.address;
    if (!is_neighbour(arp, a))
        return;
    if (e) {
        merge(e, a);
    } else if (asks_us) { /* whoever asks for us is about to send us something */
        e = entry_new(arp, be32_get(a->spa));
        set_mac(e, a->sha);
        make_stale(e);
    }
}

static void answer(struct arp *arp, const struct hdr_arp *a)
{
    uint32_t target = be32_get(a->tpa);
    struct hdr_arp reply = packet_of(arp, ARP_REPLY, target, be32_get(a->spa));
    bytes_copy(reply.tha, a->sha, HDR_ETH_ALEN);
    ip_of(arp)->counters.arp_replies++;
    send_arp(arp, a->sha, &reply);
}

/* A well-formed packet for Ethernet and IPv4 whose sender can be (RFC 826); NULL: it is not. */
static const struct hdr_arp *check(const struct arp *arp, const uint8_t frame_src[HDR_ETH_ALEN],
                                   const struct pkt *p)
{
    const struct hdr_arp *a = (const struct hdr_arp *)p->data;
    if (p->len < sizeof *a || be16_get(a->hardware) != ARP_ETHERNET ||
        be16_get(a->protocol) != HDR_ETH_IPV4 || a->hardware_len != HDR_ETH_ALEN ||
        a->protocol_len != sizeof(be32))
        return NULL;
    if (be16_get(a->opcode) != ARP_REQUEST && be16_get(a->opcode) != ARP_REPLY)
        return NULL;
    if (a->sha[0] & 1 || !bytes_equal(a->sha, frame_src, HDR_ETH_ALEN))
        return NULL;
    return bytes_equal(a->sha, arp->interface->mac, HDR_ETH_ALEN) ? NULL : a;
}

void arp_receive(struct arp *arp, const uint8_t frame_src[HDR_ETH_ALEN], const struct pkt *p)
{
    const struct hdr_arp *a = check(arp, frame_src, p);
    uint32_t ours = arp->interface->config.address;
    if (a == NULL) {
        ip_of(arp)->counters.arp_bad++;
        return;
    }
    acd_receive(&arp->interface->acd, be32_get(a->spa), be32_get(a->tpa));
    learn(arp, a);
    if (ours != 0 && be16_get(a->opcode) == ARP_REQUEST && be32_get(a->tpa) == ours &&
        be32_get(a->spa) != ours)
        answer(arp, a);
}
