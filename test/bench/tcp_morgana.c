/*
 * tcp_morgana.c - for tcp_bench.py: a client over Morgana's streams, as its programs are.
 *
 *     tcp_morgana --net=direct:tap:t0 --ip=10.9.0.2/24 ADDRESS PORT SECONDS CONNECTIONS JOB...
 *
 * See tcp_job.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/loop.h"
#include "runtime/platform.h"
#include "test/bench/tcp_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_MAX 4096
#define AGAIN_AFTER     (10 * NS_PER_MS)
#define HOLD_FOR        NS_PER_S /* so that what a new connection has in hand is given back */

static struct stream *streams[CONNECTIONS_MAX];
static struct timer timer;
static bool ended;

static void call(void);

/* --- What there is to do --------------------------------------------------------------------- */

static void begin_job(void)
{
    ended = false;
    if (job_next())
        call();
    else
        loop_stop(EXIT_SUCCESS);
}

static void end_job(void)
{
    job_report();
    for (unsigned i = 0; i < job.open; i++)
        stream_abort(streams[i]);
    begin_job();
}

static void send_more(void)
{
    while (!ended && !job_is_over()) {
        if (stream_write(streams[0], job_bytes, JOB_PIECE) != 0)
            return;
        job.given += JOB_PIECE;
    }
    if (!ended)
        stream_finish(streams[0]);
    ended = true;
}

static void do_turn(void)
{
    if (job_is_over())
        end_job();
    else
        stream_write(streams[0], job_bytes, 1);
}

static void held(void *user)
{
    (void)user;
    end_job();
}

static void hold(void)
{
    if (job.open < job.connections) {
        call();
        return;
    }
    timer_init(&timer, held, NULL);
    loop_timer_arm(&timer, loop_now() + HOLD_FOR);
}

/* --- Streams --------------------------------------------------------------------------------- */

static void on_opened(void *user)
{
    struct stream **s = user;
    uint8_t kind = job_begin();
    stream_write(*s, &kind, 1);
    if (job.kind == JOB_SEND)
        send_more();
    else if (job.kind == JOB_TURNS)
        do_turn();
    else if (job.kind == JOB_HOLD)
        hold();
}

static size_t take_answer(const uint8_t *bytes, size_t n)
{
    if (n < sizeof job.bytes)
        return 0;
    memcpy(&job.bytes, bytes, sizeof job.bytes);
    end_job();
    return n;
}

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    (void)user;
    if (job.kind == JOB_SEND)
        return take_answer(bytes, n);
    if (job.kind == JOB_TURNS) {
        job.turns++;
        do_turn();
        return n;
    }
    job.bytes += n;
    if (job_is_over())
        end_job();
    return n;
}

static void on_drained(void *user)
{
    (void)user;
    send_more();
}

static void on_again(void *user)
{
    (void)user;
    call();
}

/* Until the device has its address there is no way to anywhere. */
static void on_closed(void *user, int error)
{
    struct stream **s = user;
    *s = NULL;
    if (job.begun != 0) {
        fprintf(stderr, "closed: %s\n", strerror(-error));
        loop_stop(EXIT_FAILURE);
        return;
    }
    timer_init(&timer, on_again, NULL);
    loop_timer_arm(&timer, loop_now() + AGAIN_AFTER);
}

static const struct stream_events events = {
    .opened = on_opened, .data = on_data, .drained = on_drained, .closed = on_closed};

/* One connection more. */
static void call(void)
{
    struct stream **s = &streams[job.open];
    struct endpoint to = {.kind = ENDPOINT_TCP, .port = job.port};
    snprintf(to.host, sizeof to.host, "%s", job.address);
    if (net_connect(platform_net(), &to, &events, s, s) != 0)
        loop_stop(EXIT_FAILURE);
}

/* --- The program ----------------------------------------------------------------------------- */

static int run(void)
{
    int status;
    begin_job();
    status = loop_run();
    timer_cancel(&timer);
    platform_close();
    return status;
}

int main(int argc, char **argv)
{
    static const struct config_option *const tables[] = {platform_options, NULL};
    const struct config config = {.program = "tcp_morgana",
                                  .synopsis = "[OPTION]... ADDRESS PORT SECONDS CONNECTIONS JOB...",
                                  .about = "A client of tcp_bench.py.",
                                  .tables = tables};
    char error[CONFIG_ERROR];
    int rest;
    timer_init(&timer, on_again, NULL);
    if (config_parse(&config, argc, argv, &rest, error) != 0) {
        fprintf(stderr, "tcp_morgana: %s\n", error);
        return EXIT_FAILURE;
    }
    if (platform_open() != 0)
        return EXIT_FAILURE;
    if (!job_read(argv + 1, rest) || job.connections > CONNECTIONS_MAX)
        return EXIT_FAILURE;
    return run();
}
