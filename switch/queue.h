/*
 * queue.h - the queues of a port, each with a minimum rate that it is guaranteed.
 *
 * OpenFlow 1.0 section 5.2.2: a queue's minimum rate is given in tenths of a per cent of what its
 * port can send. The idea: the port is paced at its rate by a bucket of tokens, so that what is too
 * much waits here and not in the device. Each queue earns credit at its minimum rate. While the
 * port has tokens, a queue with credit goes first; what the guarantees leave over is shared by all
 * queues that have something to send, byte for byte. What is output to the port without a queue
 * goes by a queue of its own that has no guarantee.
 *
 * A queue holds at most QUEUE_LEN packets; what does not fit is dropped and counted. A packet that
 * nothing hinders is passed on at once.
 *
 * Called by port.c for ports that have queues. Time is the loop's.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_QUEUE_H
#define MORGANA_SWITCH_QUEUE_H

#include "runtime/pkt.h"
#include "switch/dp.h"

#define QUEUE_LEN  256
#define QUEUES_MAX 16 /* of a port */

/* Plain output to a port that has queues. */
#define QUEUE_NONE OFPQ_ALL

struct queues;

/* Queues of a port that sends `rate` bytes a second; what may leave is given to pass(user, p), with
 * its reference; done(user) follows if that happens in a turn of its own. NULL: no memory. */
struct queues *queues_new(uint64_t rate, void (*pass)(void *user, struct pkt *p),
                          void (*done)(void *user), void *user);

/* Free them and what they hold. NULL is allowed. */
void queues_free(struct queues *qs);

void queues_set_rate(struct queues *qs, uint64_t rate);

/* 0, -EEXIST, -ENOSPC, -ENOMEM; 0 or -ENOENT. */
int queues_add(struct queues *qs, uint32_t id, uint16_t min_rate);
int queues_remove(struct queues *qs, uint32_t id);

/* The i-th in ascending order of ids; false past the last. */
bool queues_get(const struct queues *qs, size_t i, struct dp_queue *queue);

bool queues_have(const struct queues *qs, uint32_t id);

/* Send `p` (whose reference is taken over) by the queue `id`, or by none if there is none such. */
void queues_put(struct queues *qs, uint32_t id, struct pkt *p);

#endif
