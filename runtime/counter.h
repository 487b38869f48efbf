/*
 * counter.h - counters: each module has a set, and a program shows them all.
 *
 * A module declares a struct of uint64_t and the names of its members in the same order, and
 * registers it once. Counting is `my_counters.thing++`.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_COUNTER_H
#define MORGANA_RUNTIME_COUNTER_H

#include <stddef.h>
#include <stdint.h>

struct counter_set {
    const char *module;       /* "ctl" */
    const char *const *names; /* n of them */
    const uint64_t *values;   /* n of them */
    size_t n;
    struct counter_set *next; /* counter.c's */
};

/* Make `set` one of those shown. Again: nothing. */
void counter_register(struct counter_set *set);

/* Call show() for every counter of every set, in the order of registration. */
void counter_each(void (*show)(void *user, const char *module, const char *name, uint64_t value),
                  void *user);

/* Call line() with every counter that is not zero, a module a line ("ctl: rx_hello=2"; several
 * lines if they are many), and then with a line that says that this was all. */
void counter_lines(void (*line)(void *user, const char *text), void *user);

/* Log these lines: what SIGUSR1 does. */
void counter_log(void);

#endif
