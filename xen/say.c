/*
 * say.c - where the log's lines go in a domain, and what its program says: both to its console.
 *
 * With --log=boot:debug each line of the log says besides how long after the domain's first
 * instruction it was written, and how much of that the domain was running, by Xen's own account
 * (VCPUOP_get_runstate_info): the rest it waited, for others or for the processor. So the log is
 * the timeline of the boot: main(), the first frame sent, the address, the OpenFlow handshake.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/say.h"
#include "runtime/log.h"
#include "xen/clock.h"
#include "xen/console.h"
#include "xen/guest.h"
#include "xen/hypercall.h"

#include <inttypes.h>
#include <stdio.h>
#include <xen/vcpu.h>

LOG_MODULE(boot);

#define TIMED_LINE 1200
#define NS_PER_US  1000

static uint64_t ran_for(void)
{
    struct vcpu_runstate_info info = {0};
    hypercall(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 0, (unsigned long)&info, 0, 0);
    return info.time[RUNSTATE_running];
}

static void write_timed(const char *line)
{
    char timed[TIMED_LINE];
    snprintf(timed, sizeof timed, "%s [%" PRIu64 " us, ran %" PRIu64 " us]", line,
             clock_since(guest_first_tsc) / NS_PER_US, ran_for() / NS_PER_US);
    console_write(timed);
}

void log_platform_write(const char *line)
{
    bool is_text = line[0] != '{'; /* --log-format=json */
    if (is_text && log_enabled(&log_this_module, LOG_DEBUG))
        write_timed(line);
    else
        console_write(line);
}

void say_platform_write(bool error, const char *line)
{
    (void)error;
    console_write(line);
}
