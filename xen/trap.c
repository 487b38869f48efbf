/*
 * trap.c - what the domain says before it crashes: see trap.h.
 *
 * It stands on the console alone, written to without waiting for the loop, and says each thing
 * once: a mistake that is met while an earlier one is being told ends the domain without a word.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/trap.h"
#include "xen/console.h"
#include "xen/guest.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <xen/sched.h>

#define CALLS_MAX 16
#define LINE_SIZE 256

/* Intel SDM 3A, table 6-1. */
static const char *const names[TRAP_VECTORS] = {
    [0] = "divide error",        [1] = "debug",          [2] = "NMI",
    [3] = "breakpoint",          [4] = "overflow",       [5] = "bound range exceeded",
    [6] = "invalid opcode",      [7] = "no FPU",         [8] = "double fault",
    [10] = "invalid TSS",        [11] = "no segment",    [12] = "stack segment fault",
    [13] = "general protection", [14] = "page fault",    [16] = "x87 error",
    [17] = "alignment check",    [18] = "machine check", [19] = "SIMD error",
};

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    char line[LINE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    console_write_now(line);
}

/* The second time we are here something needed for telling is broken. */
static void enter_once(void)
{
    static bool entered;
    if (entered)
        guest_shutdown(SHUTDOWN_crash);
    entered = true;
}

static void say_registers(const struct trap_frame *f)
{
    say("rip %016" PRIx64 "  rsp %016" PRIx64 "  rflags %08" PRIx64, f->rip, f->rsp, f->rflags);
    say("rax %016" PRIx64 "  rbx %016" PRIx64 "  rcx %016" PRIx64, f->rax, f->rbx, f->rcx);
    say("rdx %016" PRIx64 "  rsi %016" PRIx64 "  rdi %016" PRIx64, f->rdx, f->rsi, f->rdi);
    say("rbp %016" PRIx64 "  r8  %016" PRIx64 "  r9  %016" PRIx64, f->rbp, f->r8, f->r9);
    say("r10 %016" PRIx64 "  r11 %016" PRIx64 "  r12 %016" PRIx64, f->r10, f->r11, f->r12);
    say("r13 %016" PRIx64 "  r14 %016" PRIx64 "  r15 %016" PRIx64, f->r13, f->r14, f->r15);
}

static bool on_stack(uintptr_t at)
{
    return at % sizeof(uint64_t) == 0 && at >= (uintptr_t)kernel_stack &&
           at + 2 * sizeof(uint64_t) <= (uintptr_t)kernel_stack_top;
}

/* Each frame begins with the caller's rbp and the address to return to. */
static void say_calls(uint64_t rbp)
{
    for (int i = 0; i < CALLS_MAX && on_stack(rbp); i++) {
        const uint64_t *frame = (const uint64_t *)rbp;
        say("called from %016" PRIx64, frame[1]);
        if (frame[0] <= rbp)
            return;
        rbp = frame[0];
    }
}

void trap(const struct trap_frame *f)
{
    const char *name = f->vector < TRAP_VECTORS ? names[f->vector] : NULL;
    enter_once();
    say("crash: %s (vector %u, error %" PRIx64 ", address %" PRIxPTR ")", name ? name : "exception",
        (unsigned)f->vector, f->error, guest.type->fault_address());
    say_registers(f);
    say_calls(f->rbp);
    guest_shutdown(SHUTDOWN_crash);
}

void guest_panic(const char *format, ...)
{
    char line[LINE_SIZE];
    va_list args;
    enter_once();
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    say("crash: %s", line);
    say_calls((uintptr_t)__builtin_frame_address(0));
    guest_shutdown(SHUTDOWN_crash);
}
