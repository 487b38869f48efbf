/*
 * grant.h - grants: pages of ours that another domain may read or write
 * (xen/include/public/grant_table.h, version 1).
 *
 * A grant is an entry in a table that Xen shares with us, so that to give one and to end it are
 * writes to memory; a hypercall is made only when the table must grow. A page whose grant is still
 * in use by the other domain cannot be used for anything else: grant_end_then() waits until the
 * other domain has let go, and a domain that never does costs that page.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_GRANT_H
#define MORGANA_XEN_GRANT_H

#include "xen/interface.h"

#include <stdbool.h>

#define GRANT_FRAMES_MAX 256 /* of the table: 512 grants each */

struct grant_stats {
    uint64_t total, used; /* entries of the table as it is, those that are given */
    uint64_t kept;        /* pages that wait for the other domain to let go */
    uint64_t refused;     /* no room in the table */
    uint64_t hypercalls;  /* to let the table grow: none on the steady path */
};

/* Begin with an empty table; after loop_open(). 0 or a negative errno. */
int grant_open(void);

/* Wait for no more pages. */
void grant_close(void);

/* Before the domain is saved: the table is no part of our memory any more. 0 or a negative errno.
 */
int grant_suspend(void);

/* When it goes on: the table is there again. In another domain it is empty, so that who had given
 * grants can end them all, and must. 0 or a negative errno. */
int grant_resume(void);

/* Let domain `to` use `page`. The reference, or 0, which is none: the table is full. */
grant_ref_t grant_page(domid_t to, const void *page, bool readonly);

/* End a grant. False: it is in use, and still there. */
bool grant_end(grant_ref_t ref);

/* End a grant and call done(arg), with what was granted: now, or as soon as it is no more in use.
 * If `ref` is 0, which is none, at once. */
void grant_end_then(grant_ref_t ref, void (*done)(void *arg), void *arg);

/* Take the page back but keep the reference: until grant_again() nobody may use what it stands for.
 * False: it is in use, and still granted. */
bool grant_stop(grant_ref_t ref);

/* Let domain `to` use `page` by a reference that is stopped. */
void grant_again(grant_ref_t ref, domid_t to, const void *page, bool readonly);

const struct grant_stats *grant_stats(void);

#endif
