/*
 * ip_fragments.c - datagrams to us that came in fragments, by runtime/reassembly.h. See ip.h.
 *
 * RFC 791 section 3.2, RFC 1122 section 3.3.2.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/icmp.h"
#include "netstack/ip.h"

#include <errno.h>

#define TIME_LIMIT (60 * NS_PER_S) /* RFC 1122 section 3.3.2: 60 to 120 seconds */

/* RFC 792: time exceeded, code 1, only if fragment zero is there. */
static void on_late(void *user, const struct pkt *first)
{
    icmp_send_error(user, first, ICMP_TIME_EXCEEDED, ICMP_REASSEMBLY_TIME, 0);
}

static void arm(struct ip *ip)
{
    uint64_t due = reassembly_due(ip->reassembly);
    if (due == TIMER_NEVER)
        timer_cancel(&ip->late_fragments);
    else
        wheel_arm(&ip->wheel, &ip->late_fragments, due);
}

static void on_timer(void *user)
{
    struct ip *ip = user;
    reassembly_turn(ip->reassembly, ip->now);
    arm(ip);
}

int ip_fragments_init(struct ip *ip)
{
    const struct reassembly_config config = {
        .pool = ip->pool,
        .datagrams = IP_DATAGRAMS,
        .fragments = IP_FRAGMENTS,
        .bytes = IP_FRAGMENT_BYTES,
        .time = TIME_LIMIT,
        .counters = &ip->fragment_counters,
        .late = on_late,
        .user = ip,
    };
    timer_init(&ip->late_fragments, on_timer, ip);
    ip->reassembly = reassembly_new(&config);
    return ip->reassembly ? 0 : -ENOMEM;
}

void ip_fragments_end(struct ip *ip)
{
    timer_cancel(&ip->late_fragments);
    reassembly_free(ip->reassembly);
    ip->reassembly = NULL;
}

struct pkt *ip_fragments_take(struct ip *ip, struct pkt *p)
{
    struct pkt *whole = reassembly_put(ip->reassembly, p, 0, 0, ip->now);
    arm(ip);
    return whole;
}
