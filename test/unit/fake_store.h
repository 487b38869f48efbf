/*
 * fake_store.h - xenstored as a guest sees it through its ring: a small tree, watches, transactions
 * that may fail, and answers that a test spoils.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_FAKE_STORE_H
#define MORGANA_TEST_UNIT_FAKE_STORE_H

#include "runtime/bytes.h"

#include <stdbool.h>
#include <xen/io/xs_wire.h>

#define FAKE_STORE_PORT 2

struct fake_store {
    struct xenstore_domain_interface ring;
    uint64_t requests;
    unsigned unknown;   /* watches that were ended though there were none */
    bool held;          /* what it has to say waits, as when the guest's ring is full */
    int refuse_commits; /* so many transactions end in EAGAIN */
};

extern struct fake_store fake_store;

/* Begin with an empty tree; after fake_xen_begin(). */
void fake_store_begin(void);

/* Read what the guest has asked and answer it, until there is no more; the guest is called. */
void fake_store_run(void);

/* Answer one question. False: there is no more to do. */
bool fake_store_step(void);

/* Change the tree as another domain does: watches hear of it. NULL: remove. */
void fake_store_set(const char *path, const char *value);

/* The same of what lies in a folder. */
void fake_store_set_in(const char *folder, const char *key, const char *value);

/* What the tools write for device/vif/3, whose backend is `folder` in domain 0. */
void fake_store_set_vif(const char *folder);

/* Let it and the loop do what they have to do, in so many turns. */
void fake_store_settle(int turns);

/* The value at `path`; NULL: there is none. */
const char *fake_store_get(const char *path);

/* Bytes into the guest's ring as they are, and the event. At most a ring full. */
void fake_store_send(const void *bytes, size_t n);

/* A message. */
void fake_store_message(uint32_t type, uint32_t id, const void *payload, uint32_t n);

#endif
