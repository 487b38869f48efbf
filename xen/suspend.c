/*
 * suspend.c - the domain is saved and goes on: see suspend.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/suspend.h"
#include "runtime/log.h"
#include "xen/clock.h"
#include "xen/console.h"
#include "xen/evtchn.h"
#include "xen/grant.h"
#include "xen/guest.h"
#include "xen/vif.h"
#include "xen/xen_loop.h"
#include "xen/xenstore.h"

LOG_MODULE(suspend);

static void must(const char *what, int error)
{
    if (error)
        guest_panic("after suspending: %s: error %d", what, error);
}

/* Rings go before any port is bound: their ports had numbers that others have now. Their grants end
 * in the new table, which has none. */
static void rebuild(void)
{
    evtchn_begin(guest.shared);
    clock_begin(guest.shared);
    xenstore_suspended();
    vif_suspended();
    must("console", console_resume(guest.console, guest.console_port));
    must("timer", xen_loop_resume());
    must("xenstore", xenstore_resume(guest.store, guest.store_port));
    vif_resume();
}

void suspend(void)
{
    int result;
    log_info("suspending");
    console_flush(); /* its ring may be another one then */
    clock_now();     /* it goes on from here */
    must("grants", grant_suspend());
    result = guest.type->suspend();
    must("grants", grant_resume());
    if (result == 0)
        rebuild();
    if (result < 0)
        log_error("cannot suspend: error %d", -result);
    else
        log_info(result == 0 ? "resumed" : "as before: it was called off, or copied");
}
