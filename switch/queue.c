/*
 * queue.c - queues with a guaranteed minimum rate: see queue.h.
 *
 * Tokens and credit are in units of 1/UNITS byte, so that what a few nanoseconds yield is not lost.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/queue.h"

#include "runtime/loop.h"

#include <errno.h>
#include <stdlib.h>

#define UNITS ((int64_t)NS_PER_S) /* of a byte: a rate in bytes a second is one in units a ns */

/* Unused tokens and credit are worth no more than what comes in this time, or than a super-frame.
 */
#define BURST_TIME  (2 * NS_PER_MS)
#define BURST_BYTES 65536

#define EARN_MAX ((uint64_t)INT64_MAX / 2) /* units at once */
#define RATE_MAX (1ull << 34)              /* bytes a second */

struct queue {
    struct dp_queue is;
    int64_t credit; /* what it may still send under its guarantee */
    uint64_t extra; /* bytes sent beyond that, for fair shares of what is left over */
    struct pkt *waiting[QUEUE_LEN];
    uint32_t first, n;
};

struct queues {
    uint64_t rate; /* bytes a second */
    uint64_t then; /* until when tokens have been given out */
    int64_t tokens;
    struct timer timer; /* when there will be tokens again */
    void (*pass)(void *user, struct pkt *p);
    void (*done)(void *user);
    void *user;
    size_t n;
    uint32_t waiting;                    /* packets in all queues */
    struct queue *queue[QUEUES_MAX + 1]; /* ascending; the last is QUEUE_NONE */
};

/* --- Tokens and credit ----------------------------------------------------------------------- */

static uint64_t guaranteed(const struct queues *qs, const struct queue *q)
{
    return q->is.min_rate <= 1000 ? qs->rate * q->is.min_rate / 1000 : 0;
}

static int64_t burst(uint64_t rate)
{
    int64_t units = (int64_t)(rate * BURST_TIME);
    return units > BURST_BYTES * UNITS ? units : BURST_BYTES * UNITS;
}

static int64_t earn(int64_t had, uint64_t rate, uint64_t ns)
{
    uint64_t most = rate > 0 ? EARN_MAX / rate : 0; /* ns */
    int64_t n = had + (int64_t)(rate * (ns < most ? ns : most));
    return n < burst(rate) ? n : burst(rate);
}

static void give_tokens(struct queues *qs)
{
    uint64_t ns = loop_now() - qs->then;
    qs->then += ns;
    qs->tokens = earn(qs->tokens, qs->rate, ns);
    for (size_t i = 0; i < qs->n; i++)
        qs->queue[i]->credit = earn(qs->queue[i]->credit, guaranteed(qs, qs->queue[i]), ns);
}

/* --- Whose turn it is ------------------------------------------------------------------------- */

/* Guarantees first; without one it is the turn of who has had least of what is left over. */
static bool goes_before(const struct queues *qs, const struct queue *a, const struct queue *b)
{
    bool a_owed = a->credit > 0 && guaranteed(qs, a) > 0;
    bool b_owed = b->credit > 0 && guaranteed(qs, b) > 0;
    if (a_owed != b_owed)
        return a_owed;
    return a_owed ? a->credit > b->credit : a->extra < b->extra;
}

static struct queue *next_queue(const struct queues *qs)
{
    struct queue *best = NULL;
    for (size_t i = 0; i < qs->n; i++)
        if (qs->queue[i]->n > 0 && (best == NULL || goes_before(qs, qs->queue[i], best)))
            best = qs->queue[i];
    return best;
}

static struct pkt *take(struct queue *q)
{
    struct pkt *p = q->waiting[q->first];
    q->first = (q->first + 1) % QUEUE_LEN;
    q->n--;
    return p;
}

static void pass_one(struct queues *qs, struct queue *q)
{
    struct pkt *p = take(q);
    int64_t cost = (int64_t)p->len * UNITS;
    qs->waiting--;
    qs->tokens -= cost;
    if (q->credit > 0 && guaranteed(qs, q) > 0)
        q->credit -= cost;
    else
        q->extra += p->len;
    q->is.tx_packets++;
    q->is.tx_bytes += p->len;
    qs->pass(qs->user, p);
}

static void run(struct queues *qs)
{
    give_tokens(qs);
    while (qs->waiting > 0 && qs->tokens > 0)
        pass_one(qs, next_queue(qs));
    if (qs->waiting > 0)
        loop_timer_arm(&qs->timer, loop_now() + (uint64_t)-qs->tokens / qs->rate + 1);
}

static void on_timer(void *user)
{
    struct queues *qs = user;
    run(qs);
    qs->done(qs->user);
}

/* --- Putting --------------------------------------------------------------------------------- */

static size_t position(const struct queues *qs, uint32_t id)
{
    size_t i = 0;
    while (i < qs->n && qs->queue[i]->is.id < id)
        i++;
    return i;
}

static struct queue *find(const struct queues *qs, uint32_t id)
{
    size_t i = position(qs, id);
    return i < qs->n && qs->queue[i]->is.id == id ? qs->queue[i] : qs->queue[qs->n - 1];
}

/* Who was silent has no claim to what others had of the rest meanwhile. */
static void join(const struct queues *qs, struct queue *q)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < qs->n; i++)
        if (qs->queue[i]->n > 0 && qs->queue[i]->extra < least)
            least = qs->queue[i]->extra;
    if (least != UINT64_MAX && q->extra < least)
        q->extra = least;
}

void queues_put(struct queues *qs, uint32_t id, struct pkt *p)
{
    struct queue *q = find(qs, id);
    if (q->n == QUEUE_LEN) {
        q->is.tx_errors++;
        pkt_unref(p);
        return;
    }
    if (q->n == 0)
        join(qs, q);
    q->waiting[(q->first + q->n++) % QUEUE_LEN] = p;
    qs->waiting++;
    run(qs);
}

/* --- Configuration --------------------------------------------------------------------------- */

void queues_set_rate(struct queues *qs, uint64_t rate)
{
    rate = rate > 0 ? rate : 1;
    qs->rate = rate < RATE_MAX ? rate : RATE_MAX;
}

int queues_add(struct queues *qs, uint32_t id, uint16_t min_rate)
{
    size_t i = position(qs, id);
    struct queue *q;
    if (qs->n == QUEUES_MAX + 1)
        return -ENOSPC;
    if (i < qs->n && qs->queue[i]->is.id == id)
        return -EEXIST;
    q = calloc(1, sizeof *q);
    if (q == NULL)
        return -ENOMEM;
    q->is = (struct dp_queue){.id = id, .min_rate = min_rate};
    bytes_move(&qs->queue[i + 1], &qs->queue[i], (qs->n - i) * sizeof qs->queue[0]);
    qs->queue[i] = q;
    qs->n++;
    return 0;
}

static void free_queue(struct queues *qs, struct queue *q)
{
    while (q->n > 0) {
        pkt_unref(take(q));
        qs->waiting--;
    }
    free(q);
}

int queues_remove(struct queues *qs, uint32_t id)
{
    size_t i = position(qs, id);
    if (i >= qs->n - 1 || qs->queue[i]->is.id != id)
        return -ENOENT;
    free_queue(qs, qs->queue[i]);
    qs->n--;
    bytes_move(&qs->queue[i], &qs->queue[i + 1], (qs->n - i) * sizeof qs->queue[0]);
    return 0;
}

bool queues_get(const struct queues *qs, size_t i, struct dp_queue *queue)
{
    if (i >= qs->n - 1)
        return false;
    *queue = qs->queue[i]->is;
    return true;
}

bool queues_have(const struct queues *qs, uint32_t id)
{
    return find(qs, id)->is.id == id && id != QUEUE_NONE;
}

struct queues *queues_new(uint64_t rate, void (*pass)(void *user, struct pkt *p),
                          void (*done)(void *user), void *user)
{
    struct queues *qs = calloc(1, sizeof *qs);
    if (qs == NULL)
        return NULL;
    *qs = (struct queues){.pass = pass, .done = done, .user = user, .then = loop_now()};
    timer_init(&qs->timer, on_timer, qs);
    queues_set_rate(qs, rate);
    qs->tokens = burst(qs->rate);
    if (queues_add(qs, QUEUE_NONE, OFPQ_MIN_RATE_UNCFG) != 0) {
        free(qs);
        return NULL;
    }
    return qs;
}

void queues_free(struct queues *qs)
{
    if (qs == NULL)
        return;
    timer_cancel(&qs->timer);
    while (qs->n > 0)
        free_queue(qs, qs->queue[--qs->n]);
    free(qs);
}
