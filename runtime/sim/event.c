/*
 * event.c - what will happen in the simulated world: a binary heap, soonest first.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/sim/internal.h"
#include <assert.h>
#include <stdlib.h>

static struct sim_event **heap; /* from 1 on: the children of n are 2n and 2n + 1 */
static size_t used, room;

void sim_event_init(struct sim_event *e, void (*run)(void *user), void *user)
{
    *e = (struct sim_event){.run = run, .user = user};
}

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    if (a->at != b->at)
        return a->at < b->at;
    if (a->turn != b->turn)
        return a->turn < b->turn;
    return a->order < b->order;
}

static void put(struct sim_event *e, size_t place)
{
    heap[place] = e;
    e->place = place;
}

/* Let `e` rise from the free `place` to where it belongs. */
static void rise(struct sim_event *e, size_t place)
{
    while (place > 1 && before(e, heap[place / 2])) {
        put(heap[place / 2], place);
        place /= 2;
    }
    put(e, place);
}

/* Let `e` sink from the free `place` to where it belongs. */
static void sink(struct sim_event *e, size_t place)
{
    for (size_t child; (child = 2 * place) <= used; place = child) {
        if (child < used && before(heap[child + 1], heap[child]))
            child++;
        if (!before(heap[child], e))
            break;
        put(heap[child], place);
    }
    put(e, place);
}

/* A simulation that is out of memory cannot go on and has nobody to tell. */
static void grow(void)
{
    room = room ? 2 * room : 64;
    heap = realloc(heap, room * sizeof(struct sim_event *));
    if (heap == NULL)
        abort();
}

void sim_event_set(struct sim_event *e, uint64_t at)
{
    assert(!sim_event_waits(e));
    e->at = at;
    e->turn = sim_turn();
    e->order = sim_random(UINT64_MAX);
    if (used + 1 >= room)
        grow();
    rise(e, ++used);
}

void sim_event_cancel(struct sim_event *e)
{
    size_t place = e->place;
    if (place == 0)
        return;
    struct sim_event *last = heap[used--];
    e->place = 0;
    if (last == e)
        return;
    if (place > 1 && before(last, heap[place / 2]))
        rise(last, place);
    else
        sink(last, place);
}

uint64_t sim_event_next(void)
{
    return used > 0 ? heap[1]->at : TIMER_NEVER;
}

bool sim_events_run(uint64_t now, uint64_t turn)
{
    bool any = false;
    while (used > 0 && heap[1]->at <= now && heap[1]->turn < turn) {
        struct sim_event *e = heap[1];
        sim_event_cancel(e);
        e->run(e->user);
        any = true;
    }
    return any;
}

void sim_events_free(void)
{
    assert(used == 0);
    free(heap);
    heap = NULL;
    room = 0;
}
