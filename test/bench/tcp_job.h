/*
 * tcp_job.h - what the clients of tcp_bench.py do alike: tcp_morgana.c, tcp_lwip.c, tcp_kernel.c.
 *
 *     CLIENT ADDRESS PORT SECONDS CONNECTIONS JOB...
 *
 * does one job after the other, each on a connection of its own to tcp_kernel's server, and prints
 * a line of JSON for each. The first byte that a client sends names the job. The jobs:
 *     send     bytes for SECONDS, then the end; the server answers how many came
 *     receive  bytes for SECONDS
 *     turns    a byte there and one back, for SECONDS
 *     hold     CONNECTIONS of them opened and left idle: what one costs. The last job
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_TCP_JOB_H
#define MORGANA_TEST_TCP_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOB_PIECE 65536 /* written at once, where that can be chosen */

enum job_kind { JOB_SEND, JOB_RECEIVE, JOB_TURNS, JOB_HOLD, JOB_KINDS };

struct job {
    const char *address;
    uint16_t port;
    uint64_t duration; /* ns */
    unsigned connections;
    enum job_kind kind;
    uint64_t begun; /* when its connection was open; 0: it is not */
    double cpu;     /* seconds of CPU time at that time */
    uint64_t given; /* bytes to be sent */
    uint64_t bytes; /* that the server says it got, or that were received */
    uint64_t turns;
    unsigned open;
    size_t heap; /* bytes in use when the first connection was open */
};

/* A client's state, of which there is one. */
extern struct job job;

/* What `send` sends, JOB_PIECE bytes of it. */
extern uint8_t job_bytes[JOB_PIECE];

/* Read the words of the command line, which ends in NULL. False: they are no good, and that has
 * been said. */
bool job_read(char **words, int n);

/* Take up the next job. False: there is none. */
bool job_next(void);

/* A connection is open: the time runs. Returns the byte to be sent first. */
uint8_t job_begin(void);

/* Is the time over? */
bool job_is_over(void);

/* It is done: print the result. */
void job_report(void);

#endif
