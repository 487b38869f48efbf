/*
 * cc.h - congestion control: how much a sender may have in flight.
 *
 * A connection keeps a struct cc and tells it what happens: new data acknowledged, a loss found, a
 * retransmission time-out, a time-out that was none, a rest. It reads cwnd and ssthresh. What is in
 * between - when to send again, how to spread a reduction over a round trip - is TCP's own.
 *
 * Slow start is the same for all kinds: RFC 5681 section 3.1 with HyStart++ (RFC 9406), which ends
 * the first slow start when round trips grow longer, before the bottleneck's queue overflows. The
 * kinds differ in congestion avoidance and in how far they back off:
 *   cubic   RFC 9438: the window is a cubic function of the time since the last reduction
 *   reno    RFC 5681 and 6582: one segment more each round trip, half of it after a loss
 *
 * Windows are in bytes, times in nanoseconds. No clock, no heap, integers only.
 * Called by the TCP of this folder; cc.c has what all kinds share.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_CC_H
#define MORGANA_NETSTACK_CC_H

#include <stdbool.h>
#include <stdint.h>

struct cc;

/* What an acknowledgement of new data says. */
struct cc_ack {
    uint64_t now;
    uint32_t acked;    /* bytes that it delivered: cumulatively or, new, by SACK */
    uint32_t una, nxt; /* SND.UNA behind it, and SND.NXT: by these rounds are told apart */
    uint64_t rtt;      /* the round-trip time that it measured; 0: none */
    uint64_t srtt;     /* smoothed */
    bool limited;      /* the window was what held the sender back, not a lack of data */
};

/* A kind of congestion control. */
struct cc_kind {
    const char *name;
    /* Congestion avoidance: grow cwnd. */
    void (*avoid)(struct cc *cc, const struct cc_ack *ack);
    /* Congestion was met with `flight` bytes in flight: note it, say the new ssthresh. */
    uint32_t (*reduce)(struct cc *cc, uint32_t flight);
};

extern const struct cc_kind cc_cubic, cc_reno;

/* CUBIC's variables (RFC 9438 section 4.1.2). */
struct cc_cubic_state {
    uint64_t epoch;      /* when this congestion avoidance began; 0: not yet */
    uint64_t k;          /* ns from then to w_max */
    uint64_t rested;     /* when growth was last held back by a lack of data; 0: not now */
    uint32_t w_max;      /* bytes, as cwnd before the last reduction */
    uint32_t w_est;      /* what Reno would have */
    uint32_t cwnd_prior; /* cwnd when it was last reduced */
    uint32_t est_credit; /* bytes acknowledged that w_est has not yet grown by */
    bool after_timeout;  /* the next epoch begins at its own w_max */
};

/* HyStart++'s (RFC 9406 section 4.2). */
struct cc_hystart {
    uint32_t round_end;           /* SND.NXT when the round began */
    uint32_t samples;             /* round-trip times measured in this round */
    uint64_t last_min, round_min; /* least of the last and of this round; UINT64_MAX: none */
    uint64_t baseline;            /* in conservative slow start: what it was entered at */
    uint32_t css_rounds;          /* rounds begun in it; 0: not in it */
    bool begun;
};

/* What a spurious reduction must put back. */
struct cc_window {
    uint32_t cwnd;     /* bytes that may be in flight */
    uint32_t ssthresh; /* slow start below it; UINT32_MAX: no congestion met yet */
    uint32_t credit;   /* Reno: bytes acknowledged that cwnd has not yet grown by */
    struct cc_cubic_state cubic;
};

struct cc {
    const struct cc_kind *kind;
    uint32_t mss; /* bytes of payload in a full segment */
    uint32_t cwnd_max;
    struct cc_window w;
    struct cc_window before; /* the last reduction */
    struct cc_hystart hystart;
};

/* A new connection: the initial window of RFC 6928 for this mss. cwnd never exceeds `cwnd_max`. */
void cc_init(struct cc *cc, const struct cc_kind *kind, uint32_t mss, uint32_t cwnd_max);

/* The kind of this name ("cubic", "reno"); NULL if there is none. */
const struct cc_kind *cc_kind_by_name(const char *name);

/* New data was acknowledged, outside of recovery. */
void cc_ack(struct cc *cc, const struct cc_ack *ack);

/* A loss was found: once for each recovery, when it begins. cwnd becomes the new ssthresh. */
void cc_loss(struct cc *cc, uint32_t flight);

/* The retransmission timer went off: once for each row of time-outs (RFC 5681 section 3.1: a
 * segment that is sent again and again reduces ssthresh but once). cwnd becomes one segment. */
void cc_timeout(struct cc *cc, uint32_t flight);

/* It went off again for the same segment: cwnd is one segment. */
void cc_timeout_again(struct cc *cc);

/* The last loss or time-out was none (RFC 4015, 5682, RFC 9438 section 4.9): as it was before. */
void cc_undo(struct cc *cc);

/* Nothing was sent for longer than the retransmission time-out: begin with no more than the
 * initial window (RFC 5681 section 4.1). */
void cc_idle(struct cc *cc);

/* The path takes segments of another size. cwnd keeps its number of segments if they are smaller
 * (RFC 1191 section 6.4: a smaller one is no sign of congestion). */
void cc_set_mss(struct cc *cc, uint32_t mss);

/* The initial window in bytes for segments of `mss` (RFC 6928 section 2). */
uint32_t cc_initial_window(uint32_t mss);

#endif
