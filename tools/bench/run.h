/*
 * run.h - a run of the benchmark: from the first connect to the last figure.
 *
 * All switches connect at once and introduce their hosts. When all are ready (or time for that is
 * up) they begin to send; after the warm-up the counting begins; it ends with the duration, or with
 * the wanted number of answers. With connect_burst it ends when all are served: each has had an
 * answer to a first packet-in. Called by the program's entry file.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_BENCH_RUN_H
#define MORGANA_TOOLS_BENCH_RUN_H

#include "tools/bench/eswitch.h"

#define RUN_SWITCHES_MAX 65534
#define RUN_SECONDS_MAX  86400

/* What to do; times in ns. */
struct run_config {
    const char *controller; /* an endpoint */
    const char *mode;       /* "latency" or "throughput" */
    uint64_t switches, hosts, ports, frame;
    uint64_t pipeline; /* packet-ins outstanding per switch in throughput mode */
    uint64_t duration, warmup;
    uint64_t count;        /* end after so many answers (then there is no warm-up); 0: by time */
    uint64_t connect_time; /* until all must be ready */
    uint64_t lost_after;   /* an answer that has not come by then is lost */
    uint64_t seed;
    bool connect_burst;
};

/* What came of it. */
struct run_result {
    struct tally tally;          /* of the time that counts */
    uint64_t elapsed;            /* ns that count */
    uint32_t outstanding;        /* packet-ins that each switch could have waiting */
    uint32_t served, dropped;    /* switches that became ready; those whose session ended */
    struct histogram serve_time; /* ns from the first connect to each switch's being ready */
    double *rates;               /* answers/s in each second that counts, `seconds` of them */
    uint32_t seconds;
};

/* The defaults. */
void run_defaults(struct run_config *config);

/* Run; the loop must be open. Calls second(answers/s, result so far) after each second that counts.
 * 0 with `result` filled in, to be given to run_free(); or a negative errno with a logged reason if
 * nothing could be measured. */
int run_bench(const struct run_config *config, struct net *net, struct run_result *result,
              void (*second)(double rate, const struct run_result *result));
void run_free(struct run_result *result);

#endif
