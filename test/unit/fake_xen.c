/*
 * fake_xen.c - see fake_xen.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/fake_xen.h"
#include "runtime/sim/sim.h"
#include "xen/evtchn.h"
#include "xen/grant.h"
#include "xen/hypercall.h"
#include "xen/page.h"
#include "xen/xen_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <xen/sched.h>

struct fake_xen fake;
struct guest guest;

/* --- Event channels -------------------------------------------------------------------------- */

static long give_port(evtchn_port_t *port)
{
    if (fake.next_port == FAKE_PORTS)
        return -ENOSPC;
    *port = fake.next_port++;
    fake.open[*port] = true;
    return 0;
}

static long event_channel(unsigned long command, void *arg)
{
    struct evtchn_alloc_unbound *alloc = arg;
    struct evtchn_bind_virq *virq = arg;
    struct evtchn_close *close = arg;
    struct evtchn_send *send = arg;
    switch (command) {
    case EVTCHNOP_alloc_unbound:
        return give_port(&alloc->port);
    case EVTCHNOP_bind_virq:
        return give_port(&virq->port);
    case EVTCHNOP_close:
        fake.open[close->port] = false;
        return 0;
    case EVTCHNOP_send:
        fake.sent[send->port]++;
        return 0;
    default:
        return -ENOSYS;
    }
}

static bool set_bit(xen_ulong_t *words, unsigned bit)
{
    xen_ulong_t mask = 1ul << bit % 64, old = words[bit / 64];
    words[bit / 64] = old | mask;
    return old & mask;
}

void fake_raise_steps(struct fake_event *e, int from, int to)
{
    struct vcpu_info *vcpu = &fake.shared.vcpu_info[0];
    for (int step = from; step <= to && !e->over; step++) {
        if (step == 1)
            e->over = set_bit(fake.shared.evtchn_pending, e->port);
        else if (step == 2)
            e->over = fake.shared.evtchn_mask[e->port / 64] >> e->port % 64 & 1;
        else if (step == 3)
            e->over = set_bit(&vcpu->evtchn_pending_sel, e->port / 64);
        else
            vcpu->evtchn_upcall_pending = 1;
    }
}

void fake_raise(evtchn_port_t port)
{
    struct fake_event e = {.port = port};
    fake_raise_steps(&e, 1, 4);
}

/* --- The guest ------------------------------------------------------------------------------- */

/* A process has more frames than an entry has bits: they are numbered as they come. Where a page's
 * number is kept follows from its address, or is the next place that is free. */
static const void *frames[FAKE_PAGES];
static size_t n_frames;
static uint16_t places[2 * FAKE_PAGES]; /* numbers, from 1 on; 0: none */

static unsigned long frame(const void *page)
{
    size_t at = (uintptr_t)page / XEN_PAGE % (2 * FAKE_PAGES);
    while (places[at] != 0 && frames[places[at] - 1] != page)
        at = (at + 1) % (2 * FAKE_PAGES);
    if (places[at] == 0) {
        if (n_frames == FAKE_PAGES)
            abort();
        frames[n_frames++] = page;
        places[at] = (uint16_t)n_frames;
    }
    return places[at] - 1u;
}

uint8_t *fake_page(unsigned long number)
{
    if (number >= n_frames)
        abort();
    return (uint8_t *)(uintptr_t)frames[number];
}

/* The grant table while the guest does not see it. */
static uint8_t table[FAKE_GRANT_FRAMES][XEN_PAGE];

static int map_grants(unsigned index, void *page)
{
    if (index >= fake.grant_frames)
        return -ENOSPC;
    memcpy(page, table[index], XEN_PAGE);
    fake.grants[index] = page;
    return 0;
}

/* The guest's own memory has something else. */
static int unmap_grants(void *page)
{
    for (unsigned i = 0; i < FAKE_GRANT_FRAMES; i++) {
        if (fake.grants[i] != page)
            continue;
        memcpy(table[i], page, XEN_PAGE);
        memset(page, 0xee, XEN_PAGE);
        fake.grants[i] = NULL;
        return 0;
    }
    return -EINVAL;
}

/* Nothing of the table may be seen meanwhile. */
static int suspend_guest(void)
{
    for (unsigned i = 0; i < FAKE_GRANT_FRAMES; i++)
        if (fake.grants[i])
            return -EBUSY;
    return fake.on_suspend();
}

void fake_xen_new_domain(uint32_t port)
{
    memset(&fake.shared, 0, sizeof fake.shared);
    memset(fake.open, 0, sizeof fake.open);
    memset(table, 0, sizeof table);
    fake.next_port = port;
}

/* xen/loop.c's: tests have another loop. */
int xen_loop_resume(void)
{
    fake.timers++;
    return 0;
}

void guest_panic(const char *format, ...)
{
    (void)format;
    abort();
}

static const struct guest_type type = {.name = "fake",
                                       .frame = frame,
                                       .map_grants = map_grants,
                                       .unmap_grants = unmap_grants,
                                       .suspend = suspend_guest};

grant_entry_v1_t *fake_grant(grant_ref_t ref)
{
    size_t each = XEN_PAGE / sizeof(grant_entry_v1_t);
    return &fake.grants[ref / each][ref % each];
}

void fake_xen_begin(void)
{
    memset(&fake, 0, sizeof fake);
    memset(table, 0, sizeof table);
    memset(places, 0, sizeof places);
    n_frames = 0;
    fake.next_port = 1;
    fake.grant_frames = FAKE_GRANT_FRAMES;
    guest = (struct guest){.type = &type, .shared = &fake.shared};
}

/* --- Calls ----------------------------------------------------------------------------------- */

static long schedule(unsigned long command)
{
    if (command != SCHEDOP_yield)
        return -ENOSYS;
    fake.yields++;
    if (fake.on_yield)
        fake.on_yield();
    return 0;
}

long hypercall(unsigned long op, unsigned long a, unsigned long b, unsigned long c, unsigned long d,
               unsigned long e)
{
    (void)c;
    (void)d;
    (void)e;
    fake.calls++;
    if (fake.refuse)
        return -ENOMEM;
    if (op == __HYPERVISOR_event_channel_op)
        return event_channel(a, (void *)b);
    return op == __HYPERVISOR_sched_op ? schedule(a) : -ENOSYS;
}

/* --- A guest ---------------------------------------------------------------------------------- */

static uint8_t *memory;
static uint32_t *page_table;
static size_t n_pages;

static void make_room(size_t pages)
{
    if (pages <= n_pages)
        return;
    free(memory);
    free(page_table);
    memory = aligned_alloc(PAGE_SIZE, pages * PAGE_SIZE);
    page_table = calloc(pages, sizeof page_table[0]);
    n_pages = pages;
    if (memory == NULL || page_table == NULL)
        abort();
}

void fake_guest_begin(size_t pages)
{
    sim_start(1, &(struct sim_faults){0});
    if (loop_open() != 0)
        abort();
    fake_xen_begin();
    evtchn_begin(&fake.shared);
    make_room(pages);
    page_begin(memory, pages, page_table);
    page_add(memory, memory + pages * PAGE_SIZE);
    if (grant_open() != 0)
        abort();
}

uint64_t fake_guest_end(void)
{
    uint64_t used = grant_stats()->used;
    grant_close();
    evtchn_begin(&fake.shared);
    loop_close();
    return used;
}
