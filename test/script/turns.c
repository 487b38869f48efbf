/*
 * turns.c - two threads take turns at one host: see turns.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/script/turns.h"

#include <time.h>

#define PATIENCE 1 /* s of real time that the first waits for the other: a bound, never needed */

void turns_init(struct turns *t)
{
    *t = (struct turns){.first = pthread_self()};
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->turned, NULL);
}

void turns_free(struct turns *t)
{
    pthread_cond_destroy(&t->turned);
    pthread_mutex_destroy(&t->lock);
}

void turns_begin(struct turns *t)
{
    pthread_mutex_lock(&t->lock);
}

void turns_end(struct turns *t)
{
    pthread_mutex_unlock(&t->lock);
}

bool turns_is_first(const struct turns *t)
{
    return pthread_equal(t->first, pthread_self());
}

static void turn_to(struct turns *t, enum turns_other other)
{
    t->other = other;
    pthread_cond_broadcast(&t->turned);
}

void turns_wait(struct turns *t)
{
    turn_to(t, TURNS_WAITS);
    while (t->other == TURNS_WAITS)
        pthread_cond_wait(&t->turned, &t->lock);
}

void turns_changed(struct turns *t)
{
    struct timespec until;
    if (t->other != TURNS_WAITS || !turns_is_first(t))
        return;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE;
    turn_to(t, TURNS_LOOKS);
    while (t->other == TURNS_LOOKS)
        if (pthread_cond_timedwait(&t->turned, &t->lock, &until) != 0)
            t->other = TURNS_ALONE;
}

void turns_over(struct turns *t)
{
    if (t->other == TURNS_LOOKS && !turns_is_first(t))
        turn_to(t, TURNS_ALONE);
}
