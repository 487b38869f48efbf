/*
 * frames.h - frames through any switch between two devices: rate, loss, order, latency.
 *
 *     from --> the switch --> to
 *
 * Both devices are opened through the device manager. When both links are up, `to` introduces the
 * frames' destinations, for switches that learn; then come the trials: one that does not count, to
 * warm up, and the one that does; or those of a search (search.h). A trial sends for a time, as
 * fast as can be or at a rate, flow after flow, and then waits until all has come, or for what is
 * late. A frame that `from` itself could not send was not sent; one that `to` itself had no room
 * for is lost like any other, and counted besides: then it is the generator that is too slow.
 *
 * Time is read once per turn of the loop, so a latency is exact to a turn.
 *
 * Called by the program's entry file.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_BENCH_FRAMES_H
#define MORGANA_TOOLS_BENCH_FRAMES_H

#include "tools/bench/histogram.h"
#include "tools/bench/probe.h"

/* What to do; times in ns. */
struct frames_config {
    const char *from, *to; /* devices (runtime/device.h) */
    uint64_t flows, pairs, frame;
    uint64_t rate; /* frames a second; 0: as fast as can be */
    bool search;   /* the highest rate at which `loss` frames of a million are lost at most */
    uint64_t loss;
    uint64_t duration, warmup; /* of the trial that counts, and of the one before */
    uint64_t connect_time;     /* until both links must be up */
    uint64_t lost_after;       /* a frame that has not come so long after the last was sent */
    bool spin; /* turn the loop without waiting, to send on time; else the wheel's tick will do */
};

/* What came of a trial. */
struct frames_result {
    uint64_t rate;              /* frames a second that were asked for; 0: as fast as can be */
    uint64_t elapsed;           /* ns of sending */
    uint64_t sent;              /* frames that left */
    uint64_t not_sent;          /* those that `from` could not send */
    uint64_t received, in_time; /* those that came; those that came while sending */
    uint64_t lost, reordered;
    uint64_t missed;          /* frames that `to` had no room for */
    uint64_t foreign;         /* frames that are none of the trial's */
    bool good;                /* no more lost than allowed */
    struct histogram latency; /* ns */
};

/* Frames a second, of `count` in a trial's time. */
double frames_rate(const struct frames_result *r, uint64_t count);

/* Run; the loop must be open, and the platform's devices. trial(r) is called after each trial that
 * counts. 0 with *result: the trial that counts; of a search the fastest good one (if there was
 * none: the last, not good). Or a negative errno with a logged reason if nothing was measured. */
int frames_run(const struct frames_config *config, struct frames_result *result,
               void (*trial)(const struct frames_result *r));

#endif
