/*
 * cc_reno.c - congestion avoidance of RFC 5681, as NewReno (RFC 6582) has it; see cc.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/cc.h"

/* RFC 5681 section 3.1: a segment for each window's worth of bytes acknowledged (the form that
 * counts bytes, so that delayed acknowledgements do not slow it down). */
static void reno_avoid(struct cc *cc, const struct cc_ack *ack)
{
    if (!ack->limited)
        return;
    cc->w.credit += ack->acked;
    if (cc->w.credit >= cc->w.cwnd) {
        cc->w.credit -= cc->w.cwnd;
        cc->w.cwnd += cc->mss;
    }
}

/* RFC 5681 section 3.1, equation (4). What limited transmit has sent beyond the window does not
 * count (section 3.2 step 2). */
static uint32_t reno_reduce(struct cc *cc, uint32_t flight)
{
    return (flight < cc->w.cwnd ? flight : cc->w.cwnd) / 2;
}

const struct cc_kind cc_reno = {"reno", reno_avoid, reno_reduce};
