/*
 * fuzz_world.h - what the fuzz targets with a datapath share: a small one between simulated links,
 * and what may happen to it by a byte of the input.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_FUZZ_WORLD_H
#define MORGANA_TEST_FUZZ_WORLD_H

#include "switch/dp.h"

#define FUZZ_HOSTS 3
#define FUZZ_FLOWS 100 /* at most */

extern struct dp *fuzz_dp;

/* A loop in virtual time, a datapath (its id is 1) with ports 1 to FUZZ_HOSTS and a host at each.
 * The links of ports 1 and 3 take unfinished frames and super-frames, port 2's does not. */
void fuzz_begin(void);

/* Traps if a packet was lost. */
void fuzz_end(void);

/* Read all of it, for the sanitizers to see. */
void fuzz_read(struct span s);

/* Take the steps of an input: each is a byte that says what kind, two that say how long, and so
 * many bytes; it takes a millisecond, and check() follows if there is one. */
void fuzz_steps(struct span input, void (*step)(uint8_t kind, struct span bytes),
                void (*check)(void));

/* Let a millisecond pass. */
void fuzz_rest(void);

/* Called for each frame that a host gets (from 0 on), if it is not NULL. */
extern void (*fuzz_on_frame)(unsigned host, struct span frame);

/* A frame from a host, behind six bytes of what may be untrue metadata. */
void fuzz_frame(uint8_t host, struct span s);

/* Links go up and down, devices and ports and queues come and go, the mode changes. */
void fuzz_change(uint8_t n);

/* Let up to 2.5 s pass. */
void fuzz_wait(uint8_t n);

#endif
