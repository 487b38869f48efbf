/*
 * tcp_cookie.c - SYN cookies (RFC 4987 section 3.6): while a listener's half-open connections are
 * at their limit, SYNs are answered without keeping anything, and what the SYN said is read from
 * the acknowledgment.
 *
 * The cookie is our initial sequence number: 26 bits of a keyed function of the connection's name,
 * the peer's sequence number and the rest of the cookie; 3 bits of the minute in which it was made;
 * 3 bits that stand for the MSS. Window scale and SACK are in the lowest bits of our timestamp,
 * which comes back in the acknowledgment; without timestamps there are neither.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

#define PERIOD    (64 * NS_PER_S)
#define LOW_BITS  6 /* minute and MSS */
#define LOW_MASK  ((1u << LOW_BITS) - 1)
#define MAX_AGE   1 /* periods: a cookie lives 64 to 128 s */
#define TS_BITS   5 /* of the timestamp: 4 for the scale, 1 for SACK */
#define TS_MASK   ((1u << TS_BITS) - 1)
#define TS_SACK   16u
#define TS_WSCALE 15u /* 15: none */

/* What is told apart of the peer's MSS: the next smaller one of these. */
static const uint16_t mss_of[8] = {216, 536, 1200, 1360, 1400, 1440, 1460, 8960};

static uint32_t mss_index(uint16_t mss)
{
    uint32_t i = 7;
    while (i > 0 && mss_of[i] > mss)
        i--;
    return i;
}

static tcp_seq cookie(const struct tcp *t, const struct tcp_name *name, tcp_seq irs, uint32_t low)
{
    struct tcp_secret_input in = {name->local, name->remote, name->local_port, name->remote_port,
                                  irs};
    uint64_t value = tcp_secret_value(&t->secret, TCP_SECRET_COOKIE, &in);
    struct tcp_secret_input again = {(uint32_t)value, (uint32_t)(value >> 32), 0, 0, low};
    value = tcp_secret_value(&t->secret, TCP_SECRET_COOKIE, &again);
    return (tcp_seq)value << LOW_BITS | (low & LOW_MASK);
}

/* The number of the period goes in whole; its lowest bits go into the cookie. */
static tcp_seq cookie_of_period(const struct tcp *t, const struct tcp_name *name, tcp_seq irs,
                                uint32_t period, uint32_t index)
{
    return cookie(t, name, irs, period << 3 | index);
}

static uint32_t period_now(const struct tcp *t)
{
    return (uint32_t)(t->now / PERIOD) & (UINT32_MAX >> 3);
}

/* Our timestamp with the options in its lowest bits, and not in the future. */
static uint32_t timestamp_with(const struct tcp *t, const struct tcp_name *name,
                               const struct tcp_parsed_options *o)
{
    uint32_t now = tcp_ts_now(t, tcp_ts_offset(t, name));
    uint32_t bits =
        (o->wscale == TCP_NO_WSCALE ? TS_WSCALE : o->wscale) | (o->sack_permitted ? TS_SACK : 0);
    uint32_t ts = (now & ~TS_MASK) | bits;
    return seq_gt(ts, now) ? ts - (TS_MASK + 1) : ts;
}

static void read_timestamp(struct tcp_parsed_options *o)
{
    o->sack_permitted = o->tsecr & TS_SACK;
    o->wscale = (o->tsecr & TS_WSCALE) == TS_WSCALE ? TCP_NO_WSCALE : o->tsecr & TS_WSCALE;
}

/* The scale that every connection of this listener offers. */
static uint8_t our_wscale(const struct tcp_listener *l)
{
    uint8_t scale = 0;
    while (scale < TCP_WSCALE_MAX && l->options.receive_max >> scale > UINT16_MAX)
        scale++;
    return scale;
}

void tcp_cookie_send(struct tcp_listener *l, const struct tcp_segment *s)
{
    struct tcp *t = l->t;
    struct tcp_parsed_options o = {.wscale = TCP_NO_WSCALE};
    struct tcp_route route;
    struct tcp_name name;
    tcp_seq iss;

    tcp_name_of(&name, s);
    if (t->config.lower->route(t->config.lower_user, name.remote, &route) != 0)
        return;
    iss = cookie_of_period(t, &name, s->seq, period_now(t), mss_index(s->options.mss));
    o.mss = tcp_own_mss(route.link_mtu, &l->options);
    if (s->options.timestamps) {
        o.timestamps = true;
        o.tsecr = s->options.tsval;
        o.tsval = timestamp_with(t, &name, &s->options);
        o.sack_permitted = s->options.sack_permitted;
        o.wscale = s->options.wscale == TCP_NO_WSCALE ? TCP_NO_WSCALE : our_wscale(l);
    }
    l->cookie_sent = t->now ? t->now : 1;
    t->counters.cookies_sent++;
    tcp_emit_bare(t, &name, iss, s->seq + 1, TCP_SYN | TCP_ACK, UINT16_MAX, &o);
}

/* None is believed when none was sent lately: that leaves no time for guessing at 26 bits. */
static bool any_sent(const struct tcp_listener *l)
{
    return l->cookie_sent && l->t->now - l->cookie_sent < (MAX_AGE + 1) * PERIOD;
}

static bool is_ours(const struct tcp *t, const struct tcp_segment *s)
{
    tcp_seq got = s->ack - 1;
    uint32_t age = ((period_now(t) & 7) - (got >> 3 & 7)) & 7;
    struct tcp_name name;
    tcp_name_of(&name, s);
    return age <= MAX_AGE &&
           got == cookie_of_period(t, &name, s->seq - 1, period_now(t) - age, got & 7);
}

bool tcp_cookie_check(const struct tcp_listener *l, const struct tcp_segment *s,
                      struct tcp_parsed_options *o)
{
    struct tcp *t = l->t;
    if (!any_sent(l))
        return false;
    if (!is_ours(t, s)) {
        t->counters.cookies_bad++;
        return false;
    }
    t->counters.cookies_good++;
    *o = (struct tcp_parsed_options){.wscale = TCP_NO_WSCALE, .mss = mss_of[(s->ack - 1) & 7]};
    if (s->options.timestamps) {
        o->timestamps = true;
        o->tsval = s->options.tsval;
        o->tsecr = s->options.tsecr;
        read_timestamp(o);
    }
    return true;
}

bool tcp_cookie_refuses(const struct tcp_listener *l, const struct tcp_segment *s)
{
    return s->flags & TCP_SYN || tcp_segment_len(s) == 0 || !any_sent(l);
}
