/*
 * grant.c - grants: see grant.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/grant.h"
#include "runtime/loop.h"
#include "xen/guest.h"
#include "xen/page.h"

#include <errno.h>
#include <stdlib.h>

#define ENTRIES    (XEN_PAGE / sizeof(grant_entry_v1_t)) /* of a frame */
#define FIRST      GNTTAB_NR_RESERVED_ENTRIES            /* those before are the tools' */
#define RETRY_TIME NS_PER_S

/* A grant that the other domain has not let go of. */
struct kept {
    struct list link;
    grant_ref_t ref;
    void (*done)(void *arg);
    void *arg;
};

static struct {
    grant_entry_v1_t *frames[GRANT_FRAMES_MAX];
    unsigned n_frames;
    grant_ref_t *free; /* a stack with room for all */
    size_t n_free;
    struct list kept;
    struct timer retry;
    struct grant_stats stats;
} grants;

static grant_entry_v1_t *entry_of(grant_ref_t ref)
{
    return &grants.frames[ref / ENTRIES][ref % ENTRIES];
}

/* One frame more. The one hypercall here. */
static bool grow(void)
{
    unsigned n = grants.n_frames;
    grant_ref_t *room = realloc(grants.free, (n + 1) * ENTRIES * sizeof *room), first;
    void *page = NULL;
    if (room)
        grants.free = room;
    if (room == NULL || n == GRANT_FRAMES_MAX || (page = page_alloc(1)) == NULL)
        return false;
    grants.stats.hypercalls++;
    if (guest.type->map_grants(n, page) != 0) {
        page_free(page);
        return false;
    }
    grants.frames[n] = page;
    grants.n_frames++;
    first = n > 0 ? n * (grant_ref_t)ENTRIES : FIRST;
    for (grant_ref_t ref = (n + 1) * (grant_ref_t)ENTRIES; ref-- > first;)
        grants.free[grants.n_free++] = ref;
    grants.stats.total = grants.n_frames * ENTRIES - FIRST;
    return true;
}

/* The rest of the entry must be there before the flags say that it is. */
void grant_again(grant_ref_t ref, domid_t to, const void *page, bool readonly)
{
    grant_entry_v1_t *entry = entry_of(ref);
    entry->frame = (uint32_t)guest.type->frame(page);
    entry->domid = to;
    xen_wmb();
    xen_write(entry->flags, (uint16_t)(GTF_permit_access | (readonly ? GTF_readonly : 0)));
}

grant_ref_t grant_page(domid_t to, const void *page, bool readonly)
{
    grant_ref_t ref;
    if (grants.n_free == 0 && !grow()) {
        grants.stats.refused++;
        return 0;
    }
    ref = grants.free[--grants.n_free];
    grant_again(ref, to, page, readonly);
    grants.stats.used++;
    return ref;
}

/* Xen sets GTF_reading and GTF_writing at any time until the flags are 0. */
bool grant_stop(grant_ref_t ref)
{
    grant_entry_v1_t *entry = entry_of(ref);
    uint16_t flags = xen_read(entry->flags);
    do {
        if (flags & (GTF_reading | GTF_writing))
            return false;
    } while (!__atomic_compare_exchange_n(&entry->flags, &flags, 0, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_SEQ_CST));
    return true;
}

bool grant_end(grant_ref_t ref)
{
    if (!grant_stop(ref))
        return false;
    grants.free[grants.n_free++] = ref;
    grants.stats.used--;
    return true;
}

/* --- Grants in use --------------------------------------------------------------------------- */

static void keep(grant_ref_t ref, void (*done)(void *arg), void *arg)
{
    struct kept *k = calloc(1, sizeof *k);
    grants.stats.kept++;
    if (k == NULL) /* then what is granted is lost: to use it would be worse */
        return;
    *k = (struct kept){.ref = ref, .done = done, .arg = arg};
    list_append(&grants.kept, &k->link);
    if (!timer_armed(&grants.retry))
        loop_timer_arm(&grants.retry, loop_now() + RETRY_TIME);
}

static void retry(void *user)
{
    struct list *l, *after;
    (void)user;
    list_each(l, after, &grants.kept)
    {
        struct kept *k = container_of(l, struct kept, link);
        if (!grant_end(k->ref))
            continue;
        list_remove(&k->link);
        k->done(k->arg);
        free(k);
        grants.stats.kept--;
    }
    if (!list_empty(&grants.kept))
        loop_timer_arm(&grants.retry, loop_now() + RETRY_TIME);
}

void grant_end_then(grant_ref_t ref, void (*done)(void *arg), void *arg)
{
    if (ref == 0 || grant_end(ref))
        done(arg);
    else
        keep(ref, done, arg);
}

/* --- Beginning and end ----------------------------------------------------------------------- */

int grant_open(void)
{
    memset(&grants, 0, sizeof grants);
    list_init(&grants.kept);
    timer_init(&grants.retry, retry, NULL);
    return grow() ? 0 : -ENOMEM;
}

int grant_suspend(void)
{
    int error = 0;
    for (unsigned i = 0; i < grants.n_frames && error == 0; i++)
        error = guest.type->unmap_grants(grants.frames[i]);
    return error;
}

int grant_resume(void)
{
    int error = 0;
    for (unsigned i = 0; i < grants.n_frames && error == 0; i++)
        error = guest.type->map_grants(i, grants.frames[i]);
    return error;
}

/* The table's pages stay what they are: the other domains may still look at them. */
void grant_close(void)
{
    struct list *l;
    timer_cancel(&grants.retry);
    while ((l = list_pop(&grants.kept)) != NULL)
        free(container_of(l, struct kept, link));
    free(grants.free);
    grants.free = NULL;
}

const struct grant_stats *grant_stats(void)
{
    return &grants.stats;
}
