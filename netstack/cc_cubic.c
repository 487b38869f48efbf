/*
 * cc_cubic.c - CUBIC, congestion avoidance of RFC 9438; see cc.h.
 *
 * The window is w_max + C (t - K)^3, t being the time since congestion avoidance began and K when
 * the curve reaches w_max, the window at which the last loss was met: fast towards it, slow around
 * it, fast again beyond. Where Reno would have a larger window, that is taken. The RFC counts
 * windows in segments and time in seconds; here they are bytes and milliseconds.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/cc.h"

#define NS_PER_MS 1000000ull
#define T_MAX_MS                                                                                   \
    50000 /* of |t - K|: the curve is not followed further, so that it fits in 64 bits */

/* Beta is 0.7 (section 4.6); C is 0.4 segments a cubic second (section 5.1). */
#define BETA(w)        ((uint32_t)((uint64_t)(w)*7 / 10))
#define CONVERGENCE(w) ((uint32_t)((uint64_t)(w)*17 / 20)) /* (1 + beta) / 2 (section 4.7) */
/* Alpha, 3 (1 - beta) / (1 + beta): so that w_est is as large as Reno's on the average. */
#define ALPHA_NUM 9
#define ALPHA_DEN 17

/* The largest r with r^3 <= n, bit by bit. */
static uint64_t cube_root(uint64_t n)
{
    uint64_t r = 0;
    for (uint64_t bit = 1u << 21; bit > 0; bit >>= 1) {
        uint64_t t = r | bit;
        if (t <= 2642245 && t * t * t <= n) /* the cube root of 2^64 */
            r = t;
    }
    return r;
}

/* Section 4.2: K = cbrt((w_max - cwnd) / C). */
static uint64_t time_to_w_max(const struct cc *cc)
{
    uint64_t below = cc->w.cubic.w_max - cc->w.cwnd;
    return cube_root(below * 2500000000ull / cc->mss) * NS_PER_MS;
}

static void begin_epoch(struct cc *cc, uint64_t now)
{
    struct cc_cubic_state *c = &cc->w.cubic;
    /* After a time-out, and if the loss came below what there is now, w_max is where it begins
     * (section 4.8). */
    if (c->after_timeout || c->w_max < cc->w.cwnd)
        c->w_max = cc->w.cwnd;
    c->after_timeout = false;
    c->epoch = now;
    c->rested = 0;
    c->k = time_to_w_max(cc);
    c->w_est = cc->w.cwnd;
    c->est_credit = 0;
}

/* Section 4.2, figure 1, in bytes. */
static uint32_t w_cubic(const struct cc *cc, uint64_t t)
{
    const struct cc_cubic_state *c = &cc->w.cubic;
    int64_t ms = ((int64_t)t - (int64_t)c->k) / (int64_t)NS_PER_MS, w;
    if (ms > T_MAX_MS)
        ms = T_MAX_MS;
    if (ms < -T_MAX_MS)
        ms = -T_MAX_MS;
    /* C mss ms^3 / 10^9, C being 4 / 10. */
    w = (int64_t)c->w_max + ms * ms * ms / 10000 * 4 * cc->mss / 1000000;
    if (w < 0)
        return 0;
    return w > UINT32_MAX ? UINT32_MAX : (uint32_t)w;
}

/* What Reno would have by now (section 4.3): alpha segments for each window acknowledged; once it
 * has reached what the window was before the loss, a whole one. */
static void grow_estimate(struct cc *cc, uint32_t acked)
{
    struct cc_cubic_state *c = &cc->w.cubic;
    uint32_t step = cc->mss;
    if (c->w_est < c->cwnd_prior)
        step = step * ALPHA_NUM / ALPHA_DEN;
    c->est_credit += acked;
    if (c->est_credit >= cc->w.cwnd) {
        c->est_credit -= cc->w.cwnd;
        c->w_est += step;
    }
}

/* Time without data to send is no time in which the path was tried: the curve waits (section 5.8).
 */
static bool rest(struct cc_cubic_state *c, const struct cc_ack *ack)
{
    if (!ack->limited) {
        if (c->rested == 0)
            c->rested = ack->now;
        return true;
    }
    if (c->rested != 0 && c->epoch != 0)
        c->epoch += ack->now - c->rested;
    c->rested = 0;
    return false;
}

/* Sections 4.4 and 4.5: towards where the curve is a round trip from now, by at most half a window
 * each round trip. */
static void follow_curve(struct cc *cc, const struct cc_ack *ack, uint64_t t)
{
    uint32_t cwnd = cc->w.cwnd, target = w_cubic(cc, t + ack->srtt);
    if (target > cwnd + cwnd / 2)
        target = cwnd + cwnd / 2;
    if (target > cwnd)
        cc->w.cwnd += (uint32_t)((uint64_t)(target - cwnd) * ack->acked / cwnd);
}

static void cubic_avoid(struct cc *cc, const struct cc_ack *ack)
{
    struct cc_cubic_state *c = &cc->w.cubic;
    uint64_t t;

    if (rest(c, ack))
        return;
    if (c->epoch == 0)
        begin_epoch(cc, ack->now);
    t = ack->now - c->epoch;
    grow_estimate(cc, ack->acked);
    if (w_cubic(cc, t) >= c->w_est)
        follow_curve(cc, ack, t);
    else if (c->w_est > cc->w.cwnd)
        cc->w.cwnd = c->w_est;
}

/* Sections 4.6 and 4.7. */
static uint32_t cubic_reduce(struct cc *cc, uint32_t flight)
{
    struct cc_cubic_state *c = &cc->w.cubic;
    uint32_t cwnd = cc->w.cwnd;
    /* A window smaller than at the loss before makes room for others. */
    c->w_max = cwnd < c->w_max ? CONVERGENCE(cwnd) : cwnd;
    c->cwnd_prior = cwnd;
    c->epoch = 0;
    return BETA(flight < cwnd ? flight : cwnd);
}

const struct cc_kind cc_cubic = {"cubic", cubic_avoid, cubic_reduce};
