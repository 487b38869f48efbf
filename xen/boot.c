/*
 * boot.c - from what Xen has given to the program's main(), and to the end of the domain.
 *
 * pv.c and pvh.c call boot() when they know where the console and the shared page are.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/config.h"
#include "xen/clock.h"
#include "xen/console.h"
#include "xen/evtchn.h"
#include "xen/files.h"
#include "xen/guest.h"
#include "xen/heap.h"
#include "xen/hypercall.h"

#include <locale.h>
#include <stdlib.h>
#include <xen/sched.h>

int main(int argc, char **argv);

struct guest guest;
uint64_t guest_first_tsc;
uint8_t guest_shared_page[XEN_PAGE] __attribute__((aligned(XEN_PAGE)));

void guest_set_command_line(const char *line, size_t max)
{
    size_t n = strnlen(line, max);
    guest.command_line_cut = n >= GUEST_COMMAND_LINE;
    n = guest.command_line_cut ? GUEST_COMMAND_LINE - 1 : n;
    memcpy(guest.command_line, line, n);
    guest.command_line[n] = '\0';
}

/* Nothing may be written and executed, the page below the stack nothing at all; nor page 0, so that
 * a NULL that is followed is seen. */
static int protect_image(void)
{
    int (*protect)(uintptr_t, uintptr_t, enum page_access) = guest.type->protect;
    uintptr_t text = (uintptr_t)kernel_text, rodata = (uintptr_t)kernel_rodata;
    uintptr_t data = (uintptr_t)kernel_data, guard = (uintptr_t)kernel_guard;
    uintptr_t shared = (uintptr_t)guest_shared_page;
    int error = protect(0, XEN_PAGE, PAGE_NONE);
    if (error == 0)
        error = protect(XEN_PAGE, text, PAGE_WRITE);
    if (error == 0)
        error = protect(text, rodata, PAGE_EXECUTE);
    if (error == 0)
        error = protect(rodata, data, PAGE_READ);
    if (error == 0)
        error = protect(data, shared, PAGE_WRITE);
    if (error == 0)
        error = protect(shared + XEN_PAGE, guard, PAGE_WRITE);
    if (error == 0)
        error = protect(guard, guard + XEN_PAGE, PAGE_NONE);
    return error ? error : protect(guard + XEN_PAGE, (uintptr_t)kernel_end, PAGE_WRITE);
}

static void must(const char *what, int error)
{
    if (error)
        guest_panic("%s: error %d", what, error);
}

static int run_main(void)
{
    static char *argv[CONFIG_WORDS_MAX + 1];
    static const struct config config = {.program = "morgana"};
    int argc;
    if (guest.command_line_cut)
        guest_panic("extra= is too long: at most %d characters", GUEST_COMMAND_LINE - 1);
    argc = config_split(&config, guest.command_line, argv);
    if (argc < 0)
        guest_panic("extra= has a quote left open, or more than %d words", CONFIG_WORDS_MAX - 1);
    return main(argc, argv);
}

void boot(void)
{
    memcpy(guest_thread, &(uintptr_t){(uintptr_t)guest_thread}, sizeof(uintptr_t));
    uselocale(LC_GLOBAL_LOCALE);
    console_begin(guest.console, guest.console_port);
    must("traps", guest.type->open_traps());
    must("memory", guest.type->open_memory());
    must("protection", protect_image());
    heap_begin();
    evtchn_begin(guest.shared);
    clock_begin(guest.shared);
    files_begin(guest.ramdisk, guest.ramdisk_size);
    exit(run_main());
}

void guest_shutdown(unsigned reason)
{
    struct sched_shutdown op = {.reason = reason};
    console_flush();
    for (;;)
        hypercall_sched(SCHEDOP_shutdown, &op);
}
