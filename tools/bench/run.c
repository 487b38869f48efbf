/*
 * run.c - see run.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/bench/run.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

LOG_MODULE(bench);

static struct log_limit ended_limit;

enum phase { CONNECTING, WARMING_UP, COUNTING, ENDED };

struct run {
    const struct run_config *config;
    struct net *net;
    struct run_result *result;
    void (*second)(double rate, const struct run_result *result);
    struct fleet fleet;
    struct eswitch *switches;
    uint32_t n; /* switches that were opened */
    enum phase phase;
    uint32_t waiting;                 /* neither ready nor gone yet */
    uint64_t opened, began;           /* when connecting began, when counting */
    uint64_t last_tick, last_answers; /* when a second was counted last */
    struct timer next_phase, tick, sweep;
};

void run_defaults(struct run_config *config)
{
    *config = (struct run_config){
        .controller = "tcp:127.0.0.1:6653",
        .mode = "throughput",
        .switches = 16,
        .hosts = 100,
        .ports = 48,
        .frame = 64,
        .pipeline = 1024,
        .duration = 10 * NS_PER_S,
        .warmup = 2 * NS_PER_S,
        .connect_time = 10 * NS_PER_S,
        .lost_after = NS_PER_S,
        .seed = 1,
    };
}

/* --- Phases ---------------------------------------------------------------------------------- */

/* A second has passed, or most of one. */
static void count_second(struct run *r)
{
    uint64_t now = loop_now(), answers = r->fleet.tally.answers;
    double rate = (double)(answers - r->last_answers) * NS_PER_S / (double)(now - r->last_tick);
    if (r->result->seconds < RUN_SECONDS_MAX)
        r->result->rates[r->result->seconds++] = rate;
    r->last_tick = now;
    r->last_answers = answers;
    r->result->tally = r->fleet.tally;
    r->second(rate, r->result);
}

static void end(struct run *r)
{
    if (r->phase == COUNTING) {
        r->result->elapsed = loop_now() - r->began;
        if (loop_now() - r->last_tick > NS_PER_S / 2)
            count_second(r);
    }
    r->phase = ENDED;
    timer_cancel(&r->tick);
    loop_stop(0);
}

static void send_all(struct run *r, uint64_t allowance)
{
    r->fleet.allowance = allowance;
    for (uint32_t i = 0; i < r->n; i++)
        eswitch_send(&r->switches[i]);
}

static void start_counting(struct run *r)
{
    uint64_t unheard = r->fleet.tally.unheard;
    r->phase = COUNTING;
    r->fleet.tally = (struct tally){.unheard = unheard};
    r->began = r->last_tick = loop_now();
    r->last_answers = 0;
    loop_timer_arm(&r->tick, r->began + NS_PER_S);
    if (r->config->count == 0)
        loop_timer_arm(&r->next_phase, r->began + r->config->duration);
}

static void start_sending(struct run *r)
{
    if (r->config->count > 0 || r->config->warmup == 0) {
        start_counting(r);
    } else {
        r->phase = WARMING_UP;
        loop_timer_arm(&r->next_phase, loop_now() + r->config->warmup);
    }
    send_all(r, r->config->count > 0 ? r->config->count : UINT64_MAX);
}

/* Connecting is over: with what there is. */
static void connected(struct run *r)
{
    timer_cancel(&r->next_phase);
    if (r->result->served == 0 || r->config->connect_burst)
        end(r);
    else
        start_sending(r);
}

static void on_next_phase(void *user)
{
    struct run *r = user;
    if (r->phase == CONNECTING)
        connected(r);
    else if (r->phase == WARMING_UP)
        start_counting(r);
    else
        end(r);
}

/* --- What happens meanwhile ------------------------------------------------------------------ */

static void on_changed(void *user, struct eswitch *sw, enum eswitch_state before)
{
    struct run *r = user;
    r->waiting -= before != ESWITCH_READY;
    if (sw->state == ESWITCH_READY) {
        r->result->served++;
        histogram_add(&r->result->serve_time, loop_now() - r->opened);
    } else {
        r->result->dropped++;
        log_warn_limited(&ended_limit, "switch %u: the session ended: %s", sw->persona.index + 1,
                         sw->error ? strerror(-sw->error) : "closed by the controller");
    }
    if (r->result->dropped == r->n)
        end(r);
    else if (r->phase == CONNECTING && r->waiting == 0)
        connected(r);
}

/* All packet-ins that were wanted have come to their end. */
static void on_progress(void *user)
{
    struct run *r = user;
    const struct tally *t = &r->fleet.tally;
    if (r->phase == COUNTING && r->config->count > 0 && t->answers + t->lost >= r->config->count)
        end(r);
}

static void on_tick(void *user)
{
    struct run *r = user;
    count_second(r);
    loop_timer_arm(&r->tick, r->last_tick + NS_PER_S);
}

static void on_sweep(void *user)
{
    struct run *r = user;
    uint64_t now = loop_now();
    if (now > r->config->lost_after) {
        for (uint32_t i = 0; i < r->n; i++)
            eswitch_expire(&r->switches[i], now - r->config->lost_after);
    }
    on_progress(r);
    loop_timer_arm(&r->sweep, now + r->config->lost_after / 4 + NS_PER_MS);
}

static void on_terminate(void *user)
{
    end(user);
}

/* --- Setting up ------------------------------------------------------------------------------ */

static void init_fleet(struct run *r)
{
    const struct run_config *c = r->config;
    traffic_init(&r->fleet.traffic, (uint32_t)c->hosts, (uint32_t)c->ports, (uint32_t)c->frame);
    r->fleet.outstanding = strcmp(c->mode, "latency") == 0 ? 1 : (uint32_t)c->pipeline;
    r->fleet.introduced = c->connect_burst ? 1 : (uint32_t)c->hosts;
    r->fleet.changed = on_changed;
    r->fleet.progress = on_progress;
    r->fleet.user = r;
}

static int init(struct run *r)
{
    init_fleet(r);
    timer_init(&r->next_phase, on_next_phase, r);
    timer_init(&r->tick, on_tick, r);
    timer_init(&r->sweep, on_sweep, r);
    loop_on_signal(LOOP_TERMINATE, on_terminate, r);
    r->result->outstanding = r->fleet.outstanding;
    r->result->rates = calloc(RUN_SECONDS_MAX, sizeof *r->result->rates);
    r->switches = calloc(r->config->switches, sizeof *r->switches);
    return r->switches != NULL && r->result->rates != NULL ? 0 : -ENOMEM;
}

/* Begin to connect all switches. */
static int connect_all(struct run *r)
{
    struct endpoint controller;
    int error = endpoint_parse(&controller, r->config->controller, OFP_TCP_PORT);
    while (error == 0 && r->n < r->config->switches) {
        error = eswitch_open(&r->switches[r->n], &r->fleet, r->n,
                             r->config->seed * r->config->switches + r->n, r->net, &controller);
        if (error == 0)
            r->n++;
    }
    return error;
}

static void finish(struct run *r)
{
    loop_on_signal(LOOP_TERMINATE, NULL, NULL);
    timer_cancel(&r->next_phase);
    timer_cancel(&r->tick);
    timer_cancel(&r->sweep);
    for (uint32_t i = 0; i < r->n; i++)
        eswitch_close(&r->switches[i]);
    free(r->switches);
    r->result->tally = r->fleet.tally;
}

/* Connect, and turn the loop until the end. */
static int turn(struct run *r)
{
    int error = connect_all(r);
    if (error != 0) {
        log_error("cannot connect to %s: %s", r->config->controller, strerror(-error));
        return error;
    }
    r->opened = loop_now();
    r->waiting = r->n;
    loop_timer_arm(&r->next_phase, r->opened + r->config->connect_time);
    loop_timer_arm(&r->sweep, r->opened + r->config->lost_after);
    loop_run();
    if (r->result->served > 0)
        return 0;
    log_error("no switch was served by %s", r->config->controller);
    return -ECONNREFUSED;
}

int run_bench(const struct run_config *config, struct net *net, struct run_result *result,
              void (*second)(double rate, const struct run_result *result))
{
    struct run r = {.config = config, .net = net, .result = result, .second = second};
    int error;
    *result = (struct run_result){0};
    error = init(&r);
    if (error == 0)
        error = turn(&r);
    finish(&r);
    if (error != 0)
        run_free(result);
    return error;
}

void run_free(struct run_result *result)
{
    free(result->rates);
    result->rates = NULL;
}
