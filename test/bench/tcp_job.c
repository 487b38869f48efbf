/*
 * tcp_job.c - what the clients of tcp_bench.py do alike: see tcp_job.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/bench/tcp_job.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>

struct job job;
uint8_t job_bytes[JOB_PIECE];
static char **waiting; /* the names of the jobs that are left */
static const char *const names[JOB_KINDS] = {"send", "receive", "turns", "hold"};

static uint64_t now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* CPU time of this process, with what the kernel did for it. */
static double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static size_t heap(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

bool job_read(char **words, int n)
{
    if (n < 5) {
        fprintf(stderr, "ADDRESS PORT SECONDS CONNECTIONS send|receive|turns|hold...\n");
        return false;
    }
    job.address = words[0];
    job.port = (uint16_t)strtoul(words[1], NULL, 10);
    job.duration = (uint64_t)(strtod(words[2], NULL) * 1e9);
    job.connections = (unsigned)strtoul(words[3], NULL, 10);
    waiting = words + 4;
    memset(job_bytes, 'm', sizeof job_bytes);
    return true;
}

static bool kind_read(const char *word)
{
    for (unsigned i = 0; i < JOB_KINDS; i++)
        if (strcmp(names[i], word) == 0) {
            job.kind = (enum job_kind)i;
            return true;
        }
    return false;
}

bool job_next(void)
{
    job.begun = job.given = job.bytes = job.turns = job.open = 0;
    return *waiting && kind_read(*waiting++);
}

uint8_t job_begin(void)
{
    if (job.open++ == 0)
        job.heap = heap();
    job.begun = now();
    job.cpu = cpu_seconds();
    return (uint8_t)job.kind;
}

bool job_is_over(void)
{
    return now() - job.begun >= job.duration;
}

void job_report(void)
{
    double seconds = (double)(now() - job.begun) / 1e9;
    printf("{\"job\": \"%s\", \"given\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"turns\": %" PRIu64
           ", \"seconds\": %.6f, \"cpu_seconds\": %.6f, \"connections\": %u, \"heap\": %zd}\n",
           names[job.kind], job.given, job.bytes, job.turns, seconds, cpu_seconds() - job.cpu,
           job.open, (ssize_t)(heap() - job.heap));
}
