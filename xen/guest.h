/*
 * guest.h - what kind of guest this is, what Xen has given it, and what its kinds do differently.
 *
 * A PV guest (pv.c) knows the machine's frames and has Xen change its page tables; a PVH guest
 * (pvh.c) has a physical memory and page tables of its own. All other files of xen/ ask here and
 * are the same for both.
 *
 * An address is the same number in the kernel's file, in the domain's memory and in its page
 * tables: page n of the domain lies at n * 4096.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_GUEST_H
#define MORGANA_XEN_GUEST_H

#include "xen/interface.h"

#include <stdbool.h>
#include <xen/io/console.h>
#include <xen/io/xs_wire.h>

/* Room for extra="..." with its NUL; what is longer is refused. (A PV guest's is 1023 long.) */
#define GUEST_COMMAND_LINE 1024

/* What may be done with a page; nothing may be both written and executed. */
enum page_access { PAGE_NONE, PAGE_READ, PAGE_EXECUTE, PAGE_WRITE };

struct guest_type {
    const char *name; /* "PV" */
    /* Have exceptions and events come to entry.S. 0 or a negative errno. */
    int (*open_traps)(void);
    /* Map all of the domain's memory and give what is free of it to page.h. 0 or a negative errno.
     */
    int (*open_memory)(void);
    /* Set the access to the pages of from..to (multiples of XEN_PAGE). 0 or a negative errno. */
    int (*protect)(uintptr_t from, uintptr_t to, enum page_access access);
    /* What Xen calls the frame behind one of our pages: in grants, in page tables. */
    unsigned long (*frame)(const void *page);
    /* Have `page`, which is ours, show the grant table's frame `index` from now on. 0 or a negative
     * errno. */
    int (*map_grants)(unsigned index, void *page);
    /* Have such a page be an ordinary one of ours again: what is Xen's cannot be saved with the
     * domain. 0 or a negative errno. */
    int (*unmap_grants)(void *page);
    /* Tell Xen that we may be saved, and come back when we go on. 0: as another domain, what Xen
     * has given to it is in `guest`. 1: as the same one, nothing has changed (the tools had called
     * it off, or only wanted a copy). Or a negative errno: as 1. */
    int (*suspend)(void);
    /* Why the last page fault came: the address. */
    uintptr_t (*fault_address)(void);
    /* Wait until an event is pending (entry.S). */
    void (*wait)(void);
};

extern const struct guest_type guest_pv, guest_pvh;

/* What Xen has given to this domain; filled in by boot_pv() or boot_pvh(), and again by suspend()
 * but for the last ones, which stay. */
struct guest {
    const struct guest_type *type;
    shared_info_t *shared;
    struct xencons_interface *console;
    evtchn_port_t console_port;
    struct xenstore_domain_interface *store;
    evtchn_port_t store_port;
    const void *ramdisk; /* what ramdisk= names, on pages of its own that stay, only to be read */
    size_t ramdisk_size; /* 0: nothing */
    bool command_line_cut;
    char command_line[GUEST_COMMAND_LINE];
};

extern struct guest guest;

/* The time stamp counter at the domain's first instruction (entry.S). */
extern uint64_t guest_first_tsc;

/* The parts of the kernel's image (kernel.lds), each from a page's beginning on. */
extern uint8_t kernel_text[], kernel_rodata[], kernel_data[], kernel_guard[], kernel_stack[],
    kernel_stack_top[], kernel_end[];

/* What %fs points at: the C library's thread (libc.c). */
extern uint8_t guest_thread[];

/* A page that Xen's shared information takes the place of. */
extern uint8_t guest_shared_page[XEN_PAGE];

/* Keep the command line, up to its NUL or `max` bytes. */
void guest_set_command_line(const char *line, size_t max);

/* Everything from here on is the same for both kinds: see boot.c. Does not return. */
void boot(void) __attribute__((noreturn));

/* Give up: say why and crash the domain. (trap.c) */
void guest_panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* End the domain: SHUTDOWN_poweroff, SHUTDOWN_reboot, SHUTDOWN_crash. What waits to be written to
 * the console is written first. (boot.c) */
void guest_shutdown(unsigned reason) __attribute__((noreturn));

#endif
