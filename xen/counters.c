/*
 * counters.c - the counters of this folder's parts: see counters.h.
 *
 * Each part counts in a struct of its own; here are the names, in the order of its members.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/counters.h"
#include "runtime/counter.h"
#include "xen/console.h"
#include "xen/evtchn.h"
#include "xen/grant.h"
#include "xen/heap.h"
#include "xen/netfront.h"
#include "xen/page.h"
#include "xen/xenstore.h"

static const char *const page_names[] = {"total", "used", "top", "limit", "refused"};
static const char *const heap_names[] = {"pieces", "bytes", "refused"};
static const char *const evtchn_names[] = {"delivered", "stray", "sent"};
static const char *const grant_names[] = {"total", "used", "kept", "refused", "hypercalls"};
static const char *const xenstore_names[] = {"calls", "errors", "events", "stray", "refused"};
static const char *const console_names[] = {"lines", "dropped"};
static const char *const vif_names[] = {
    "rx_frames",    "tx_frames",   "rx_lent",    "rx_bad", "rx_no_packet",
    "tx_ring_full", "tx_too_long", "tx_refused", "broken",
};

#define IS_WHOLE(names, type)                                                                      \
    _Static_assert(sizeof names / sizeof *names * sizeof(uint64_t) == sizeof(type),                \
                   "a name for each counter")
IS_WHOLE(page_names, struct page_stats);
IS_WHOLE(heap_names, struct heap_stats);
IS_WHOLE(evtchn_names, struct evtchn_stats);
IS_WHOLE(grant_names, struct grant_stats);
IS_WHOLE(xenstore_names, struct xenstore_stats);
IS_WHOLE(console_names, struct console_stats);
IS_WHOLE(vif_names, struct netfront_stats);

#define SET(part, list)                                                                            \
    {                                                                                              \
        .module = (part), .names = (list), .n = sizeof(list) / sizeof *(list)                      \
    }
enum { PAGE, HEAP, EVTCHN, GRANT, XENSTORE, CONSOLE, VIF };
static struct counter_set sets[] = {
    [PAGE] = SET("page", page_names),
    [HEAP] = SET("heap", heap_names),
    [EVTCHN] = SET("evtchn", evtchn_names),
    [GRANT] = SET("grant", grant_names),
    [XENSTORE] = SET("xenstore", xenstore_names),
    [CONSOLE] = SET("console", console_names),
    [VIF] = SET("vif", vif_names),
};

static void add(struct counter_set *set, const void *stats)
{
    set->values = stats;
    counter_register(set);
}

void xen_counters_register(void)
{
    add(&sets[PAGE], page_stats());
    add(&sets[HEAP], heap_stats());
    add(&sets[EVTCHN], evtchn_stats());
    add(&sets[GRANT], grant_stats());
    add(&sets[XENSTORE], xenstore_stats());
    add(&sets[CONSOLE], console_stats());
    add(&sets[VIF], netfront_stats());
}
