/*
 * relay.c - for tests of Morgana's own TCP/IP: joins each stream that comes with one that it opens,
 * so that programs which know the kernel's sockets only (iperf3) talk through our TCP.
 *
 *     relay LISTEN CONNECT [option ...]     relay ptcp:5201 tcp:10.9.0.1:5201 --net=direct:tap:t0
 *
 * What comes from one end goes to the other as fast as that takes it: the end of its bytes and a
 * reset, too. The options are those of runtime/platform.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/list.h"
#include "runtime/platform.h"
#include "runtime/program.h"

#include <stdio.h>
#include <stdlib.h>

#define PIECE 65536

struct end {
    struct stream *stream;
    struct pair *pair;
};

struct pair {
    struct list link; /* in `pairs` */
    struct end ends[2];
};

static struct list pairs;
static struct endpoint target;

static struct end *other(struct end *e)
{
    return &e->pair->ends[e == &e->pair->ends[0]];
}

/* As much as the other end has room for; what it has not is shown again when it has. */
static size_t on_data(void *end, const uint8_t *bytes, size_t n)
{
    struct end *e = end;
    size_t done = 0;
    while (done < n) {
        size_t part = n - done < PIECE ? n - done : PIECE;
        if (stream_write(other(e)->stream, bytes + done, part) != 0) {
            stream_pause(e->stream, true);
            break;
        }
        done += part;
    }
    return done;
}

static void on_drained(void *end)
{
    stream_pause(other(end)->stream, false);
}

static void on_ended(void *end)
{
    stream_finish(other(end)->stream);
}

static void pair_free(struct pair *p)
{
    list_remove(&p->link);
    free(p);
}

static void on_closed(void *end, int error)
{
    struct end *e = end;
    if (error)
        stream_abort(other(e)->stream);
    else
        stream_close(other(e)->stream);
    pair_free(e->pair);
}

static const struct stream_events events = {
    .data = on_data, .drained = on_drained, .ended = on_ended, .closed = on_closed};

static void on_accept(void *user, struct stream *s)
{
    struct pair *p = calloc(1, sizeof *p);
    (void)user;
    if (p == NULL ||
        net_connect(platform_net(), &target, &events, &p->ends[1], &p->ends[1].stream) != 0) {
        free(p);
        stream_abort(s);
        return;
    }
    p->ends[0] = (struct end){.stream = s, .pair = p};
    p->ends[1].pair = p;
    list_append(&pairs, &p->link);
    stream_own(s, &events, &p->ends[0]);
}

static void end_pairs(void)
{
    while (!list_empty(&pairs)) {
        struct pair *p = container_of(pairs.next, struct pair, link);
        stream_abort(p->ends[0].stream);
        stream_abort(p->ends[1].stream);
        pair_free(p);
    }
}

static int run(const struct endpoint *at)
{
    struct listener *listener = NULL;
    int status = EXIT_FAILURE;
    if (platform_open() != 0)
        return status;
    program_begin();
    list_init(&pairs);
    if (net_listen(platform_net(), at, on_accept, NULL, &listener) == 0)
        status = program_run();
    net_listener_close(listener);
    end_pairs();
    platform_close();
    return status;
}

int main(int argc, char **argv)
{
    static const struct config_option *const tables[] = {platform_options, NULL};
    const struct config config = {.program = "relay",
                                  .synopsis = "LISTEN CONNECT [OPTION]...",
                                  .about = "Joins streams.",
                                  .tables = tables};
    char error[CONFIG_ERROR];
    struct endpoint at;
    int rest;
    if (config_parse(&config, argc, argv, &rest, error) != 0 || rest != 2 ||
        endpoint_parse(&at, argv[1], 0) != 0 || endpoint_parse(&target, argv[2], 0) != 0) {
        fprintf(stderr, "relay: %s\n", rest == 2 ? error : "LISTEN, CONNECT and options");
        return EXIT_FAILURE;
    }
    return run(&at);
}
