/*
 * fake_xen.h - Xen as the files of xen/ see it, played in a UNIX process: hypercall(), the shared
 * page, and a guest.
 *
 * Event channels, grant tables and suspending work; a test plays the other end. Anything else is
 * refused.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_FAKE_XEN_H
#define MORGANA_TEST_UNIT_FAKE_XEN_H

#include "xen/guest.h"

#define FAKE_PORTS        4096
#define FAKE_GRANT_FRAMES 8
#define FAKE_PAGES        4096 /* that can be granted in all */

struct fake_xen {
    shared_info_t shared;
    uint32_t next_port;                          /* that is given out next */
    uint64_t sent[FAKE_PORTS];                   /* EVTCHNOP_send by port */
    bool open[FAKE_PORTS];                       /* given out, and not closed */
    uint64_t calls;                              /* hypercalls in all */
    uint64_t yields;                             /* of them, SCHEDOP_yield */
    void (*on_yield)(void);                      /* what the world does meanwhile; NULL: nothing */
    grant_entry_v1_t *grants[FAKE_GRANT_FRAMES]; /* where the guest wants to see the table */
    unsigned grant_frames;                       /* how many frames it may have */
    bool refuse;                                 /* every hypercall fails with -ENOMEM */
    uint64_t timers;                             /* xen_loop_resume() */
    int (*on_suspend)(void); /* what the world does meanwhile, and what guest.suspend() says */
};

extern struct fake_xen fake;

/* Begin anew: everything masked and closed, the first port is 1. */
void fake_xen_begin(void);

/* A loop in virtual time, Xen begun anew, and a guest with so many pages, whose memory is as it was
 * left by another; then events, pages and grants work. And the end of it, which says how many
 * grants are still in use: none should be. */
void fake_guest_begin(size_t pages);
uint64_t fake_guest_end(void);

/* In on_suspend: the guest goes on as another domain, with nothing but its memory. Its next ports
 * begin at `port`. */
void fake_xen_new_domain(uint32_t port);

/* What Xen does when an event comes (see evtchn.c), whole or its steps from X`from` to X`to`. What
 * a step finds that ends it ends the later calls, too. */
void fake_raise(evtchn_port_t port);
struct fake_event {
    evtchn_port_t port;
    bool over;
};
void fake_raise_steps(struct fake_event *e, int from, int to);

/* The page that a frame is. Pages have the frames in which they were asked for. */
uint8_t *fake_page(unsigned long frame);

/* The entry of a reference. */
grant_entry_v1_t *fake_grant(grant_ref_t ref);

#endif
