/*
 * tcp_size.c - segments whose size may be why they vanish: a path that drops large packets and
 * tells nobody.
 *
 * RFC 4821 section 7.7: when the threshold R1 has passed (three retransmissions, RFC 9293 section
 * 3.8.3) the next smaller of the usual sizes is tried.
 * That a small segment then comes is no proof, for where much is lost one of any size may. So the
 * full size is taken up again when it has, as a probe (section 7.4), and only when large segments
 * have vanished three times over and not one has come between is the smaller size kept. One full
 * segment that comes acquits them all; and when the smallest vanish too it is not the size. What is
 * kept is kept for ten minutes (RFC 8899 section 5.1.1, PMTU_RAISE_TIMER).
 *
 * Called by tcp_timer.c with timeouts, by tcp_record.c and tcp_ack.c with what has come, by
 * tcp_icmp.c with what routers say.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

#define TIMEOUTS                                                                                   \
    4             /* in a row, so that three retransmissions have vanished: the size is suspected */
#define STRIKES 3 /* times that it was, after which the smaller one is kept (MAX_PROBES) */
#define KEEP    (600 * NS_PER_S)
#define HEADERS 40u
#define MOST    80u /* with all options that there may be */

static const uint16_t sizes[] = {1280, TCP_MTU_MIN};

static bool is_suspected(const struct tcp_conn *c)
{
    return c->size.full != 0;
}

static bool is_lowered(const struct tcp_conn *c)
{
    return is_suspected(c) && c->mtu < c->size.full;
}

static void change(struct tcp_conn *c, uint16_t mtu)
{
    c->size.changed = c->sent_number;
    tcp_conn_set_mtu(c, mtu);
}

static void acquit(struct tcp_conn *c)
{
    uint16_t full = c->size.full;
    bool lowered = is_lowered(c);
    c->size = (struct tcp_size){0};
    if (lowered)
        change(c, full);
}

static void begin_cycle(struct tcp_conn *c)
{
    c->size.full = c->mtu;
    c->size.strikes += c->size.strikes < STRIKES;
    c->size.keep_until = c->t->now + KEEP;
}

/* The next size below that of what vanished; 0: there is none. */
static uint16_t smaller(const struct tcp_conn *c, const struct tcp_record *r)
{
    uint32_t text = min32(r->end - r->begin, c->snd_mss);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (sizes[i] < text + HEADERS)
            return sizes[i];
    return 0;
}

static void lower(struct tcp_conn *c, uint16_t to)
{
    if (!is_lowered(c))
        begin_cycle(c);
    c->t->counters.black_holes++;
    change(c, to);
}

void tcp_size_timeout(struct tcp_conn *c)
{
    const struct tcp_record *r = tcp_record_first(c);
    uint16_t to;
    if (c->backoff < TIMEOUTS || r == NULL)
        return;
    to = smaller(c, r);
    if (to > 0)
        lower(c, to);
    else if (is_lowered(c))
        acquit(c);
}

bool tcp_size_is_large(const struct tcp_conn *c, const struct tcp_record *r, uint32_t n)
{
    bool before = (int32_t)(r->number - c->size.changed) <= 0;
    return is_suspected(c) && n >= c->size.full - MOST && before == is_lowered(c);
}

void tcp_size_acked(struct tcp_conn *c, const struct tcp_delivery *d)
{
    if (!is_suspected(c))
        return;
    if (d->large)
        acquit(c);
    else if (is_lowered(c) && d->acked > 0 &&
             (c->size.strikes < STRIKES || c->t->now >= c->size.keep_until))
        change(c, c->size.full);
}

bool tcp_size_told(struct tcp_conn *c, uint16_t mtu)
{
    if (mtu >= (is_suspected(c) ? c->size.full : c->mtu))
        return false;
    c->size = (struct tcp_size){0};
    tcp_conn_set_mtu(c, mtu);
    return true;
}
