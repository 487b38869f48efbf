/*
 * timer.c - the hierarchical timer wheel of timer.h.
 *
 * Where a timer lies follows from its tick and the wheel's alone: written in base 64, the highest
 * digit in which the two differ is the level, and the timer's digit there is the slot. Hence every
 * used slot lies ahead of the wheel's own digit on its level, a lower level's timers all come
 * before a higher one's, and the first used slot of the lowest used level is the next thing to
 * happen. The one exception is the slot of the wheel's own tick on level 0: it holds what is
 * overdue.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/timer.h"
#include <assert.h>

#define TICK_SHIFT 20
#define TICK_NEVER (1ull << (64 - TICK_SHIFT)) /* no time comes to it */
#define DIGIT_BITS 6
#define LOOK_MAX   16 /* timers of a slot that are looked at to find the first */

_Static_assert(WHEEL_SLOTS == 1 << DIGIT_BITS, "a slot for each value of a digit");
_Static_assert(WHEEL_LEVELS *DIGIT_BITS > 64 - TICK_SHIFT, "every tick has a place");

void timer_init(struct timer *t, void (*fire)(void *user), void *user)
{
    *t = (struct timer){.fire = fire, .user = user};
    list_init(&t->link);
}

/* The first tick at which `deadline` has passed. */
static uint64_t tick_of(uint64_t deadline)
{
    return (deadline >> TICK_SHIFT) + ((deadline & ((1ull << TICK_SHIFT) - 1)) != 0);
}

/* Put `t` into the slot that its deadline and the wheel's tick ask for. */
static void place(struct wheel *w, struct timer *t)
{
    uint64_t tick = tick_of(t->deadline);
    if (tick < w->tick)
        tick = w->tick;
    unsigned level = (63 - (unsigned)__builtin_clzll((tick ^ w->tick) | 1)) / DIGIT_BITS;
    unsigned index = (tick >> (level * DIGIT_BITS)) % WHEEL_SLOTS;
    list_append(&w->slot[level][index], &t->link);
    w->used[level] |= 1ull << index;
}

/* The list `head` has become empty: if it is a slot's, its bit goes. A timer that is due but has
 * not yet fired lies on a list that is no slot's. A timer need not know where it lies: who is alone
 * on a list has its head for a neighbour. (It is one of a million in a flow table: each byte
 * counts.) */
static void emptied(struct wheel *w, const struct list *head)
{
    uintptr_t n = ((uintptr_t)head - (uintptr_t)w->slot) / sizeof *head;
    if (n < WHEEL_LEVELS * WHEEL_SLOTS)
        w->used[n / WHEEL_SLOTS] &= ~(1ull << n % WHEEL_SLOTS);
}

void timer_cancel(struct timer *t)
{
    struct wheel *w = t->wheel;
    struct list *neighbour = t->link.next;
    if (w == NULL)
        return;
    list_remove(&t->link);
    if (list_empty(neighbour))
        emptied(w, neighbour);
    w->armed--;
    t->wheel = NULL;
}

void wheel_init(struct wheel *w, uint64_t now)
{
    *w = (struct wheel){.tick = now >> TICK_SHIFT};
    for (int level = 0; level < WHEEL_LEVELS; level++)
        for (int index = 0; index < WHEEL_SLOTS; index++)
            list_init(&w->slot[level][index]);
}

void wheel_arm(struct wheel *w, struct timer *t, uint64_t deadline)
{
    assert(t->fire != NULL);
    timer_cancel(t);
    t->wheel = w;
    t->deadline = deadline;
    w->armed++;
    place(w, t);
}

/* The level of the slot that comes first; *tick is where that slot begins. WHEEL_LEVELS if the
 * wheel is empty. */
static unsigned first_slot(const struct wheel *w, uint64_t *tick)
{
    unsigned level = 0;
    while (level < WHEEL_LEVELS && w->used[level] == 0)
        level++;
    if (level < WHEEL_LEVELS) {
        unsigned shift = level * DIGIT_BITS;
        uint64_t index = (uint64_t)__builtin_ctzll(w->used[level]);
        uint64_t above = w->tick >> (shift + DIGIT_BITS) << (shift + DIGIT_BITS);
        *tick = above | index << shift;
    }
    return level;
}

/* The tick of the first timer of `slot`; where the slot begins, `tick`, if there are too many to
 * look at. */
static uint64_t first_timer(const struct list *slot, uint64_t tick)
{
    uint64_t first = TICK_NEVER;
    int looked = 0;
    for (struct list *l = slot->next; l != slot; l = l->next) {
        uint64_t fires = tick_of(container_of(l, struct timer, link)->deadline);
        if (++looked > LOOK_MAX)
            return tick;
        first = fires < first ? fires : first;
    }
    return first;
}

uint64_t wheel_next(const struct wheel *w)
{
    uint64_t tick;
    unsigned level = first_slot(w, &tick);
    if (level == WHEEL_LEVELS)
        return TIMER_NEVER;
    if (level > 0)
        tick = first_timer(&w->slot[level][__builtin_ctzll(w->used[level])], tick);
    return tick < TICK_NEVER ? tick << TICK_SHIFT : TIMER_NEVER;
}

/* Spread the timers of `slot`, which begins at the wheel's tick, over the levels below. */
static void move_down(struct wheel *w, struct list *slot)
{
    struct list moving, *l;
    list_init(&moving);
    list_splice(&moving, slot);
    while ((l = list_pop(&moving)) != NULL)
        place(w, container_of(l, struct timer, link));
}

/* Turn to tick `target`, taking off whatever is due by then, in the order of its ticks. */
static void collect(struct wheel *w, uint64_t target, struct list *due)
{
    unsigned level;
    uint64_t tick;
    while ((level = first_slot(w, &tick)) < WHEEL_LEVELS && tick <= target) {
        struct list *slot = &w->slot[level][__builtin_ctzll(w->used[level])];
        w->tick = tick;
        w->used[level] &= w->used[level] - 1;
        if (level == 0)
            list_splice(due, slot);
        else
            move_down(w, slot);
    }
    w->tick = target;
}

size_t wheel_turn(struct wheel *w, uint64_t now)
{
    uint64_t target = now >> TICK_SHIFT;
    struct list due, *l;
    size_t fired = 0;
    list_init(&due);
    collect(w, target > w->tick ? target : w->tick, &due);
    while ((l = list_pop(&due)) != NULL) {
        struct timer *t = container_of(l, struct timer, link);
        t->wheel = NULL;
        w->armed--;
        fired++;
        t->fire(t->user);
    }
    return fired;
}
