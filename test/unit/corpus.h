/*
 * corpus.h - at least one good message of every kind, for tests that try things on all of them.
 *
 * Built from the wire's structs, not by the encoder, so that it can judge the encoder. Every field
 * has a value of its own and every pad is zero. Used by the tests of openflow/ and by the fuzz
 * targets' kept corpus.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_CORPUS_H
#define MORGANA_TEST_UNIT_CORPUS_H

#include "openflow/validate.h"

struct corpus_item {
    const char *name;           /* "flow_mod_add": also a file's name */
    enum ofp_receiver receiver; /* at whom the message is good */
    struct span bytes;
};

/* All items; `*n` gets their number. Built at the first call, valid to the end of the program. */
const struct corpus_item *corpus_all(size_t *n);

/* The item of this name. It must exist. */
const struct corpus_item *corpus_find(const char *name);

/* A TCP frame of 58 bytes, as the packets in the corpus carry. */
struct span corpus_frame(void);

/* One of each of the twelve actions and Nicira's dec_ttl: 136 bytes. */
struct span corpus_actions(void);

#endif
