/*
 * turns.h - two threads take turns at one host.
 *
 * packetdrill makes each call of a script from its first thread, but one that the script says will
 * wait from a second: meanwhile the first goes on with the script, gives packets and lets time
 * pass. Whenever it has changed something the other looks whether that is what it waits for. If so
 * it returns to the tool, which asks for the time (its end_syscall() does that first of all); until
 * it has, the first thread stands still, so that the time is the right one.
 *
 * Called by host.c, for which the two differ, and by plugin.c, whose calls come from both.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_SCRIPT_TURNS_H
#define MORGANA_TEST_SCRIPT_TURNS_H

#include <pthread.h>
#include <stdbool.h>

enum turns_other {
    TURNS_ALONE, /* the other thread makes no call that waits */
    TURNS_WAITS, /* it does */
    TURNS_LOOKS, /* it looks whether it has waited enough; the first waits for it */
};

struct turns {
    pthread_mutex_t lock;
    pthread_cond_t turned; /* `other` has changed */
    pthread_t first;
    enum turns_other other;
};

/* The thread that calls is the first. */
void turns_init(struct turns *t);
void turns_free(struct turns *t);

/* Around each call of either thread. */
void turns_begin(struct turns *t);
void turns_end(struct turns *t);

bool turns_is_first(const struct turns *t);

/* The other thread waits until the first has changed something. */
void turns_wait(struct turns *t);

/* The first thread has changed something. From the other: nothing. */
void turns_changed(struct turns *t);

/* Who calls has looked at the clock: the other thread's call is over. From the first: nothing. */
void turns_over(struct turns *t);

#endif
