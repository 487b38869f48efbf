/*
 * seeds.h - the main() of what runs simulations: which seeds are asked for, how many ended well,
 * and whether they met all that they are there for.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_SIM_SEEDS_H
#define MORGANA_TEST_SIM_SEEDS_H

#include "runtime/config.h"

#include <stdbool.h>

struct simulation {
    const char *name, *help;
    const char *seeds;                   /* which it runs unless it is told, as in "1-50" */
    const struct config_option *options; /* its own, besides --seed, --seeds and --help */
    /* What is wrong with these, or NULL. The member may be NULL. */
    const char *(*refuse)(void);
    /* Run a seed (`alone`: it is the only one). False, and it is reported with the command of
     * `program` that replays it: something was wrong. */
    bool (*run)(const char *program, uint64_t seed, bool alone);
    /* After `many` seeds or more: how many things never happened that have to. May be NULL. */
    unsigned (*never_happened)(void);
    uint64_t many;
};

/* Run what the options say. Returns main()'s status, after "N passed, N failed". */
int seeds_main(const struct simulation *s, int argc, char **argv);

#endif
