/*
 * frames.c - see frames.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/bench/frames.h"
#include "runtime/device.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "tools/bench/arrivals.h"
#include "tools/bench/search.h"
#include <errno.h>
#include <string.h>

LOG_MODULE(bench);

#define N_PKTS 16384 /* AF_XDP devices keep some thousands of them */

enum phase { OPENING, SENDING, DRAINING, ENDED };

struct frames_run;

struct end {
    struct frames_run *run;
    const char *name;
    struct device_watch *watch;
    struct netdev *dev; /* NULL: not there */
};

struct frames_run {
    const struct frames_config *config;
    struct frames_result *result; /* of the trial that counts */
    void (*trial)(const struct frames_result *r);
    int error;
    struct pkt_pool *pool;
    struct end from, to;
    struct probes probes;
    struct arrivals arrivals;
    struct search search;
    enum phase phase;
    uint16_t trials;
    bool warming;              /* this trial does not count */
    struct frames_result now;  /* of this trial */
    struct netdev_stats begun; /* of `from` when it began */
    uint64_t missed_before;    /* of `to` */
    uint64_t began, offered;   /* when it began; frames given to `from` since */
    struct loop_work look;
    struct timer timer;
};

double frames_rate(const struct frames_result *r, uint64_t count)
{
    return r->elapsed > 0 ? (double)count * NS_PER_S / (double)r->elapsed : 0;
}

/* --- Sending --------------------------------------------------------------------------------- */

/* How many frames are to be sent now. What could not be sent on time is sent late, so that a rate
 * is kept, but not more than a batch at a time, so that what comes is seen. */
static size_t due(const struct frames_run *r)
{
    uint64_t rate = r->now.rate, passed = loop_now() - r->began, until_now;
    if (rate == 0)
        return NETDEV_BATCH;
    until_now = (uint64_t)((double)passed * (double)rate / NS_PER_S) + 1;
    if (until_now <= r->offered)
        return 0;
    return until_now - r->offered < NETDEV_BATCH ? (size_t)(until_now - r->offered) : NETDEV_BATCH;
}

static void send_probes(struct frames_run *r, size_t n)
{
    struct pkt *batch[NETDEV_BATCH];
    size_t made = 0;
    while (made < n && (batch[made] = pkt_new(r->pool)) != NULL)
        probes_put(&r->probes, batch[made++], loop_now());
    if (made > 0)
        netdev_send(r->from.dev, batch, made);
    r->now.not_sent += n - made;
    r->offered += n;
}

static void send_hellos(struct frames_run *r)
{
    for (uint32_t i = 0; i < r->probes.pairs; i++) {
        struct pkt *p = pkt_new(r->pool);
        if (p == NULL)
            return;
        probes_put_hello(p, i);
        netdev_send(r->to.dev, &p, 1);
    }
}

/* --- Trials ---------------------------------------------------------------------------------- */

/* Have look() called again: at once, or when the wheel has turned on. */
static void look_again(struct frames_run *r)
{
    if (r->config->spin)
        loop_defer(&r->look);
    else
        loop_timer_arm(&r->timer, loop_now() + 1);
}

static void begin_trial(struct frames_run *r, uint64_t rate)
{
    r->now = (struct frames_result){.rate = rate};
    r->begun = r->from.dev->stats;
    r->missed_before = r->to.dev->stats.rx_dropped;
    r->began = loop_now();
    r->offered = 0;
    r->phase = SENDING;
    probes_begin(&r->probes, ++r->trials);
    arrivals_begin(&r->arrivals);
    look_again(r);
}

static void end(struct frames_run *r, int error)
{
    r->error = error;
    r->phase = ENDED;
    timer_cancel(&r->timer);
    loop_work_cancel(&r->look);
    loop_stop(0);
}

static void count_sent(struct frames_run *r)
{
    const struct netdev_stats *s = &r->from.dev->stats;
    r->now.sent = s->tx_packets - r->begun.tx_packets;
    r->now.not_sent += s->tx_dropped - r->begun.tx_dropped + s->tx_errors - r->begun.tx_errors;
}

static void count_received(struct frames_run *r)
{
    struct frames_result *now = &r->now;
    now->received = r->arrivals.received;
    now->reordered = r->arrivals.reordered;
    now->latency = r->arrivals.latency;
    now->lost = now->sent > now->received ? now->sent - now->received : 0;
    now->missed = r->to.dev->stats.rx_dropped - r->missed_before;
    now->good = search_is_good(now->sent, now->lost, r->config->loss);
}

/* The trial that is over goes into the result if none so good was before. */
static void keep(struct frames_run *r)
{
    const struct frames_result *now = &r->now;
    if (!r->result->good || (now->good && now->sent > r->result->sent))
        *r->result = *now;
    r->trial(now);
}

static void next_trial(struct frames_run *r)
{
    const struct frames_result *now = &r->now;
    uint64_t rate = 0;
    if (r->warming) {
        r->warming = false;
        begin_trial(r, r->config->rate);
        return;
    }
    keep(r);
    if (r->config->search)
        rate = search_next(&r->search, (uint64_t)frames_rate(now, now->sent),
                           (uint64_t)frames_rate(now, now->in_time), now->good);
    if (rate > 0)
        begin_trial(r, rate);
    else
        end(r, 0);
}

static void send_or_stop(struct frames_run *r)
{
    uint64_t passed = loop_now() - r->began;
    size_t n = due(r);
    if (passed < (r->warming ? r->config->warmup : r->config->duration)) {
        if (n > 0)
            send_probes(r, n);
        return;
    }
    r->now.elapsed = passed;
    r->now.in_time = r->arrivals.received;
    r->phase = DRAINING;
    count_sent(r);
}

static void wait_for_late(struct frames_run *r)
{
    uint64_t waited = loop_now() - r->began - r->now.elapsed;
    if (r->arrivals.received < r->now.sent && waited < r->config->lost_after)
        return;
    count_received(r);
    next_trial(r);
}

static void look(void *user)
{
    struct frames_run *r = user;
    if (r->phase == SENDING)
        send_or_stop(r);
    else if (r->phase == DRAINING)
        wait_for_late(r);
    if (r->phase == SENDING || r->phase == DRAINING)
        look_again(r);
}

/* --- Devices --------------------------------------------------------------------------------- */

static void on_receive(void *user, struct pkt *const *batch, size_t n)
{
    const struct end *e = user;
    struct frames_run *r = e->run;
    uint64_t now = loop_now();
    for (size_t i = 0; i < n && e == &r->to; i++) {
        const struct probe_stamp *stamp = probes_read(&r->probes, batch[i]);
        if (stamp != NULL)
            arrivals_add(&r->arrivals, be16_get(stamp->flow), be32_get(stamp->number),
                         now - be64_get(stamp->sent));
        else
            r->now.foreign++;
    }
}

static bool is_up(const struct end *e)
{
    return e->dev != NULL && e->dev->link_up;
}

static void on_link(void *user)
{
    struct frames_run *r = ((struct end *)user)->run;
    if (r->phase != OPENING || !is_up(&r->from) || !is_up(&r->to))
        return;
    timer_cancel(&r->timer);
    send_hellos(r);
    r->warming = r->config->warmup > 0;
    begin_trial(r, r->config->rate);
}

static void on_appeared(void *user, struct netdev *dev)
{
    static const struct netdev_events events = {.receive = on_receive, .link = on_link};
    struct end *e = user;
    e->dev = dev;
    netdev_own(dev, &events, e);
    on_link(e);
}

static void on_gone(void *user, struct netdev *dev)
{
    struct end *e = user;
    (void)dev;
    e->dev = NULL;
    log_error("%s is gone", e->name);
    if (e->run->phase != ENDED)
        end(e->run, -ENODEV);
}

static void on_absent(void *user, int error)
{
    const struct end *e = user;
    log_warn("%s: %s", e->name, strerror(-error));
}

static int open_end(struct end *e, struct frames_run *r, const char *name)
{
    static const struct device_events events = {
        .appeared = on_appeared, .gone = on_gone, .absent = on_absent};
    int error = device_watch(name, r->pool, &events, e, &e->watch);
    if (error != 0)
        log_error("%s: %s", name, error == -EINVAL ? "not a device" : strerror(-error));
    return error;
}

/* --- The run --------------------------------------------------------------------------------- */

static void on_timer(void *user)
{
    struct frames_run *r = user;
    if (r->phase != OPENING) {
        look(r);
        return;
    }
    log_error("%s is not up", is_up(&r->from) ? r->to.name : r->from.name);
    end(r, -ENETDOWN);
}

static void on_terminate(void *user)
{
    end(user, -EINTR);
}

static int init(struct frames_run *r)
{
    const struct frames_config *c = r->config;
    int error;
    loop_work_init(&r->look, look, r);
    timer_init(&r->timer, on_timer, r);
    r->from = (struct end){.run = r, .name = c->from};
    r->to = (struct end){.run = r, .name = c->to};
    r->pool = pkt_pool_new(N_PKTS, PKT_SMALL, NULL);
    error = r->pool ? probes_init(&r->probes, (uint32_t)c->flows, (uint32_t)c->pairs,
                                  (uint32_t)c->frame)
                    : -ENOMEM;
    return error ? error : arrivals_init(&r->arrivals, (uint32_t)c->flows);
}

static int turn(struct frames_run *r)
{
    int error = open_end(&r->from, r, r->config->from);
    if (error == 0)
        error = open_end(&r->to, r, r->config->to);
    if (error != 0)
        return error;
    loop_on_signal(LOOP_TERMINATE, on_terminate, r);
    loop_timer_arm(&r->timer, loop_now() + r->config->connect_time);
    loop_run();
    loop_on_signal(LOOP_TERMINATE, NULL, NULL);
    return r->error;
}

static void finish(struct frames_run *r)
{
    timer_cancel(&r->timer);
    loop_work_cancel(&r->look);
    device_unwatch(r->from.watch);
    device_unwatch(r->to.watch);
    probes_free(&r->probes);
    arrivals_free(&r->arrivals);
    pkt_pool_free(r->pool);
}

int frames_run(const struct frames_config *config, struct frames_result *result,
               void (*trial)(const struct frames_result *r))
{
    static struct frames_run r; /* two histograms: too large for a stack */
    int error;
    *result = (struct frames_result){0};
    r = (struct frames_run){.config = config, .result = result, .trial = trial};
    error = init(&r);
    if (error == 0)
        error = turn(&r);
    finish(&r);
    return error;
}
