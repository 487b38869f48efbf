/*
 * cc.c - what all kinds of congestion control share: slow start, reductions, rests; see cc.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/cc.h"
#include "netstack/minmax.h"

#include <stddef.h>
#include <string.h>

/* RFC 9406 section 4.3. */
#define RTT_THRESH_MIN   4000000ull
#define RTT_THRESH_MAX   16000000ull
#define RTT_DIVISOR      8
#define RTT_SAMPLES      8
#define CSS_GROWTH       4
#define CSS_ROUNDS       5
#define SLOW_START_LIMIT 8 /* segments that one acknowledgement may add */

static const struct cc_kind *const kinds[] = {&cc_cubic, &cc_reno};

const struct cc_kind *cc_kind_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

uint32_t cc_initial_window(uint32_t mss)
{
    return min32(10 * mss, max32(2 * mss, 14600));
}

void cc_init(struct cc *cc, const struct cc_kind *kind, uint32_t mss, uint32_t cwnd_max)
{
    *cc = (struct cc){
        .kind = kind,
        .mss = mss,
        .cwnd_max = max32(cwnd_max, 2 * mss),
        .w = {.cwnd = cc_initial_window(mss), .ssthresh = UINT32_MAX},
        .hystart = {.last_min = UINT64_MAX, .round_min = UINT64_MAX},
    };
    cc->before = cc->w;
}

/* --- Slow start, with HyStart++ -------------------------------------------------------------- */

/* RFC 9406 is for the first slow start: later ones have an ssthresh that was measured. */
static bool hystart_applies(const struct cc *cc)
{
    return cc->w.ssthresh == UINT32_MAX;
}

/* A round ends when what was sent at its beginning is acknowledged. */
static void begin_round(struct cc_hystart *h, uint32_t nxt)
{
    h->begun = true;
    h->round_end = nxt;
    h->last_min = h->round_min;
    h->round_min = UINT64_MAX;
    h->samples = 0;
    if (h->css_rounds > 0)
        h->css_rounds++;
}

static void measure(struct cc_hystart *h, const struct cc_ack *ack)
{
    if (!h->begun || (int32_t)(ack->una - h->round_end) > 0)
        begin_round(h, ack->nxt);
    if (ack->rtt == 0)
        return;
    h->round_min = min64(h->round_min, ack->rtt);
    h->samples++;
}

static bool round_trips_grew(const struct cc_hystart *h)
{
    uint64_t thresh;
    if (h->last_min == UINT64_MAX)
        return false;
    thresh = max64(RTT_THRESH_MIN, min64(h->last_min / RTT_DIVISOR, RTT_THRESH_MAX));
    return h->round_min >= h->last_min + thresh;
}

/* Into conservative slow start, back out of it if round trips were not longer after all, or on to
 * congestion avoidance (RFC 9406 section 4.2). */
static void judge_round(struct cc *cc)
{
    struct cc_hystart *h = &cc->hystart;
    if (h->css_rounds > CSS_ROUNDS) {
        cc->w.ssthresh = cc->w.cwnd;
    } else if (h->samples < RTT_SAMPLES) {
        return;
    } else if (h->css_rounds > 0) {
        if (h->round_min < h->baseline)
            h->css_rounds = 0;
    } else if (round_trips_grew(h)) {
        h->baseline = h->round_min;
        h->css_rounds = 1;
    }
}

static void slow_start(struct cc *cc, const struct cc_ack *ack)
{
    uint32_t more = min32(ack->acked, SLOW_START_LIMIT * cc->mss);
    if (hystart_applies(cc)) {
        measure(&cc->hystart, ack);
        judge_round(cc);
        if (cc->hystart.css_rounds > 0)
            more /= CSS_GROWTH;
    }
    cc->w.cwnd += more;
}

/* --- What happens ---------------------------------------------------------------------------- */

void cc_ack(struct cc *cc, const struct cc_ack *ack)
{
    if (cc->w.cwnd >= cc->w.ssthresh)
        cc->kind->avoid(cc, ack);
    else if (ack->limited)
        slow_start(cc, ack);
    cc->w.cwnd = min32(cc->w.cwnd, cc->cwnd_max);
}

/* RFC 5681 section 3.1 (4): two segments at the least. */
static void reduce(struct cc *cc, uint32_t flight)
{
    cc->before = cc->w;
    cc->w.ssthresh = max32(cc->kind->reduce(cc, flight), 2 * cc->mss);
    cc->w.credit = 0;
}

void cc_loss(struct cc *cc, uint32_t flight)
{
    reduce(cc, flight);
    cc->w.cwnd = cc->w.ssthresh;
}

void cc_timeout(struct cc *cc, uint32_t flight)
{
    reduce(cc, flight);
    cc->w.cubic.after_timeout = true;
    cc_timeout_again(cc);
}

void cc_timeout_again(struct cc *cc)
{
    cc->w.cwnd = cc->mss;
}

void cc_undo(struct cc *cc)
{
    uint32_t cwnd = max32(cc->w.cwnd, cc->before.cwnd);
    cc->w = cc->before;
    cc->w.cwnd = cwnd;
}

void cc_idle(struct cc *cc)
{
    cc->w.cwnd = min32(cc->w.cwnd, cc_initial_window(cc->mss));
    cc->w.cubic.epoch = 0;
}

void cc_set_mss(struct cc *cc, uint32_t mss)
{
    if (mss < cc->mss)
        cc->w.cwnd = max32((uint32_t)((uint64_t)cc->w.cwnd * mss / cc->mss), mss);
    cc->mss = mss;
}
