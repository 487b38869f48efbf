/*
 * idle.c - a kernel with a timer that rings every second for as long as it is told (seconds), and
 * how often it woke. "for ever": nothing but orders end it.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/log.h"
#include "runtime/program.h"
#include "runtime/loop.h"
#include "xen/xen_loop.h"

#include <inttypes.h>
#include <stdlib.h>

LOG_MODULE(idle);

static struct timer timer;
static uint64_t left, rings, begun, waits;

static void ring(void *user)
{
    uint64_t ms;
    (void)user;
    if (rings == 0) { /* what opening has caused is over */
        begun = loop_now();
        waits = xen_loop_waits();
    }
    if (rings++ < left) {
        loop_timer_arm(&timer, loop_now() + NS_PER_S);
        return;
    }
    ms = (loop_now() - begun) / NS_PER_MS;
    log_info("rang %" PRIu64 " times in %" PRIu64 " ms, waited %" PRIu64 " times", rings - 1, ms,
             xen_loop_waits() - waits);
    loop_stop(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
    int status;
    if (loop_open() != 0)
        return EXIT_FAILURE;
    program_begin();
    timer_init(&timer, ring, NULL);
    left = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    if (left > 0)
        loop_timer_arm(&timer, loop_now() + NS_PER_S);
    log_info("idle");
    status = program_run();
    log_info("ended");
    timer_cancel(&timer);
    loop_close();
    return status;
}
