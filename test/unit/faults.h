/*
 * faults.h - messages with one thing wrong, and what must come of it.
 *
 * Each takes a good message of the corpus and changes it in one way. Used by test_validate.c, and
 * by the interop test that asks Open vSwitch for its opinion.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_FAULTS_H
#define MORGANA_TEST_UNIT_FAULTS_H

#include "test/unit/corpus.h"

#define FAULT_NONE 0xffff /* the type and code that stand for a good message */

/* The message `item`, made `len` bytes long with its header saying so (0: as it is; cut, or filled
 * up with zeros), `bytes` (in hexadecimal) put at `at`; received by `receiver`. */
struct fault_case {
    const char *why; /* with the section that says so */
    const char *item;
    enum ofp_receiver receiver;
    size_t len;
    size_t at;
    const char *bytes;
    struct ofp_fault expected;
};

/* All cases; `*n` gets their number. */
const struct fault_case *fault_cases(size_t *n);

/* The case's message, in memory of exactly its size, which the caller frees. */
struct span fault_message(const struct fault_case *c);

#endif
