/*
 * acd.c - address conflict detection: see acd.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/acd.h"
#include "netstack/ip.h"

/* RFC 5227 section 1.1. */
#define PROBE_WAIT        NS_PER_S
#define PROBE_NUM         3
#define PROBE_MIN         NS_PER_S
#define PROBE_MAX         (2 * NS_PER_S)
#define ANNOUNCE_WAIT     (2 * NS_PER_S)
#define ANNOUNCE_NUM      2
#define ANNOUNCE_INTERVAL (2 * NS_PER_S)
#define DEFEND_INTERVAL   (10 * NS_PER_S)

static void arm(struct acd *acd, uint64_t after)
{
    struct ip *ip = acd->interface->ip;
    wheel_arm(&ip->wheel, &acd->timer, ip->now + after);
}

static void probe(struct acd *acd)
{
    struct ip *ip = acd->interface->ip;
    arp_ask(&acd->interface->arp, 0, acd->address);
    if (++acd->sent < PROBE_NUM)
        arm(acd, PROBE_MIN + ip_random(ip) % (PROBE_MAX - PROBE_MIN));
    else
        arm(acd, ANNOUNCE_WAIT);
}

static void announce(struct acd *acd)
{
    arp_ask(&acd->interface->arp, acd->address, acd->address);
    if (++acd->sent < ANNOUNCE_NUM)
        arm(acd, ANNOUNCE_INTERVAL);
    else
        acd->state = ACD_WATCHING;
}

static void on_timer(void *user)
{
    struct acd *acd = user;
    if (acd->state == ACD_PROBING && acd->sent < PROBE_NUM) {
        probe(acd);
    } else if (acd->state == ACD_PROBING) {
        acd->state = ACD_ANNOUNCING;
        acd->sent = 0;
        if (!(acd->how & ACD_AT_ONCE))
            acd->events->claimed(acd->user);
        if (acd->state == ACD_ANNOUNCING)
            announce(acd);
    } else {
        announce(acd);
    }
}

void acd_init(struct acd *acd, struct ip_interface *interface)
{
    *acd = (struct acd){.interface = interface};
    timer_init(&acd->timer, on_timer, acd);
}

void acd_begin(struct acd *acd, uint32_t address, unsigned how, const struct acd_events *events,
               void *user)
{
    acd_end(acd);
    acd->events = events;
    acd->user = user;
    acd->address = address;
    acd->how = how;
    acd->sent = 0;
    acd->next_defence = 0;
    acd->state = ACD_PROBING;
    arm(acd, ip_random(acd->interface->ip) % PROBE_WAIT);
    if (how & ACD_AT_ONCE)
        events->claimed(user);
}

void acd_end(struct acd *acd)
{
    timer_cancel(&acd->timer);
    acd->state = ACD_IDLE;
}

void acd_announce(struct acd *acd)
{
    if (acd->state != ACD_ANNOUNCING && acd->state != ACD_WATCHING)
        return; /* it is not ours, or announced when the probes are over */
    acd->state = ACD_ANNOUNCING;
    acd->sent = 0;
    announce(acd);
}

static void lose(struct acd *acd)
{
    acd_end(acd);
    acd->events->taken(acd->user);
}

/* Somebody uses our address (section 2.4). */
static void defend(struct acd *acd)
{
    struct ip *ip = acd->interface->ip;
    bool in_time = ip->now >= acd->next_defence;
    if (!in_time && !(acd->how & ACD_KEEP)) {
        lose(acd);
        return;
    }
    if (!in_time)
        return;
    acd->next_defence = ip->now + DEFEND_INTERVAL;
    arp_ask(&acd->interface->arp, acd->address, acd->address);
}

void acd_receive(struct acd *acd, uint32_t sender, uint32_t target)
{
    bool uses = sender == acd->address, wants = sender == 0 && target == acd->address;
    if (acd->state == ACD_IDLE || !(uses || (wants && acd->state == ACD_PROBING)))
        return;
    acd->interface->ip->counters.address_conflicts++;
    if (acd->state == ACD_PROBING)
        lose(acd);
    else
        defend(acd);
}
