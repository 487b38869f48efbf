/*
 * pvh.c - a PVH guest: a physical memory and page tables of its own.
 *
 * entry.S has mapped 4 GiB, address for address, in pieces of 2 MiB; here what is memory above is
 * mapped as well, and a piece is cut into pages when one of them needs another access than the
 * rest.
 *
 * See docs/misc/pvh.pandoc of Xen, xen/include/public/hvm/, Intel SDM 3A chapters 4 and 6.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/guest.h"
#include "xen/hypercall.h"
#include "xen/page.h"
#include "xen/trap.h"

#include <cpuid.h>
#include <errno.h>
#include <xen/arch-x86/hvm/start_info.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/sched.h>

#define PTE_PRESENT 0x1ull
#define PTE_WRITE   0x2ull
#define PTE_LARGE   0x80ull
#define PTE_NX      (1ull << 63)
#define PTE_FRAME   0x000ffffffffff000ull

#define ENTRIES    512
#define SPAN       (XEN_PAGE * (uintptr_t)ENTRIES) /* of a piece */
#define TABLE_SPAN (SPAN * ENTRIES)                /* of a table of pieces: 1 GiB */
#define LOW_END    (4 * TABLE_SPAN)                /* of what entry.S has mapped */
#define MEMORY_MAX (256 * TABLE_SPAN)              /* as of a PV guest */

#define MSR_FS_BASE 0xc0000100

static const uint64_t leaf_flags[] = {
    [PAGE_NONE] = 0,
    [PAGE_READ] = PTE_PRESENT | PTE_NX,
    [PAGE_EXECUTE] = PTE_PRESENT,
    [PAGE_WRITE] = PTE_PRESENT | PTE_WRITE | PTE_NX,
};

extern uint64_t pvh_l4[], pvh_l3[], pvh_l2[], pvh_gdt[];
extern void pvh_upcall(void), pvh_wait(void), hypercall_vmcall(void), hypercall_vmmcall(void);
extern void (*hypercall_by)(void);

void boot_pvh(const struct hvm_start_info *info) __attribute__((noreturn));

/* --- Page tables ----------------------------------------------------------------------------- */

static void flush_tlb(void)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(pvh_l4) : "memory");
}

/* The entry of the piece at `address`. */
static uint64_t *piece_at(uintptr_t address)
{
    uint64_t *pieces = (uint64_t *)(pvh_l3[address / TABLE_SPAN] & PTE_FRAME);
    return &pieces[address / SPAN % ENTRIES];
}

/* The table of the pages at `address`: a piece of 2 MiB is cut into pages with the same access when
 * one of them is first to have another. NULL: no memory. */
static uint64_t *pages_at(uintptr_t address)
{
    uint64_t *entry = piece_at(address), *table;
    if (!(*entry & PTE_LARGE))
        return (uint64_t *)(*entry & PTE_FRAME);
    table = page_alloc(1);
    if (table == NULL)
        return NULL;
    for (size_t i = 0; i < ENTRIES; i++)
        table[i] = (*entry & ~PTE_LARGE) + i * XEN_PAGE;
    *entry = (uintptr_t)table | PTE_PRESENT | PTE_WRITE;
    return table;
}

static int pvh_protect(uintptr_t from, uintptr_t to, enum page_access access)
{
    for (; from < to; from += XEN_PAGE) {
        uint64_t *table = pages_at(from), flags = leaf_flags[access];
        if (table == NULL)
            return -ENOMEM;
        table[from / XEN_PAGE % ENTRIES] = flags ? from | flags : 0;
    }
    flush_tlb();
    return 0;
}

/* Nothing is executed behind the image. */
static void protect_large(void)
{
    for (uintptr_t i = ((uintptr_t)kernel_end + SPAN - 1) / SPAN; i < LOW_END / SPAN; i++)
        pvh_l2[i] = i * SPAN | PTE_LARGE | leaf_flags[PAGE_WRITE];
    flush_tlb();
}

/* Map what lies above LOW_END up to `end`, by tables from the memory below. */
static int map_high(uintptr_t end)
{
    for (uintptr_t at = LOW_END; at < end; at += TABLE_SPAN) {
        uint64_t *pieces = page_alloc(1);
        if (pieces == NULL)
            return -ENOMEM;
        for (size_t i = 0; i < ENTRIES; i++)
            pieces[i] = (at + i * SPAN) | PTE_LARGE | leaf_flags[PAGE_WRITE];
        pvh_l3[at / TABLE_SPAN] = (uintptr_t)pieces | PTE_PRESENT | PTE_WRITE;
    }
    return 0;
}

/* --- Memory ---------------------------------------------------------------------------------- */

#define MAP_MAX 32

/* An entry of the memory map (ACPI 6.4, table 15.3). */
struct e820 {
    uint64_t address, size;
    uint32_t type;
} __attribute__((packed));

enum { E820_RAM = 1 };

#define SPECIAL_PAGES 64 /* at most, of the domain's own that are not in the map: rings, ACPI */

static uint64_t ram_pages(const struct e820 *map, size_t n)
{
    uint64_t pages = 0;
    for (; n > 0; n--, map++)
        pages += map->type == E820_RAM ? map->size >> XEN_PAGE_SHIFT : 0;
    return pages;
}

/* The map of a domain whose maxmem is more than its memory shows all that it could have. Xen gives
 * it a page when it first touches one, and ends it when it touches more than it has: so the map is
 * cut to that. */
static void leave_what_is_not_there(struct e820 *map, size_t n)
{
    domid_t self = DOMID_SELF;
    int64_t has = hypercall_memory(XENMEM_current_reservation, &self), left;
    if (has <= SPECIAL_PAGES || ram_pages(map, n) <= (uint64_t)has)
        return;
    left = (has - SPECIAL_PAGES) << XEN_PAGE_SHIFT;
    for (; n > 0; n--, map++) {
        if (map->type != E820_RAM)
            continue;
        map->size = map->size < (uint64_t)left ? map->size : (uint64_t)left;
        left -= (int64_t)map->size;
    }
}

static bool in_region(const struct e820 *e, uint64_t from, uint64_t to)
{
    return e->type == E820_RAM && e->address <= from && to <= e->address + e->size;
}

static bool in_a_region(const struct e820 *map, size_t n, uint64_t from, uint64_t to)
{
    for (; n > 0; n--, map++)
        if (in_region(map, from, to))
            return true;
    return false;
}

/* The end of what is memory; what lies above MEMORY_MAX is not used. */
static uintptr_t ram_end(const struct e820 *map, size_t n)
{
    uintptr_t end = 0;
    for (; n > 0; n--, map++)
        if (map->type == E820_RAM && map->address + map->size > end)
            end = map->address + map->size;
    return end < MEMORY_MAX ? end : MEMORY_MAX;
}

/* Add what of from..to is memory. */
static void add_memory(const struct e820 *map, size_t n, uintptr_t from, uintptr_t to)
{
    for (; n > 0; n--, map++) {
        uintptr_t begin = map->address > from ? map->address : from;
        uintptr_t end = map->address + map->size < to ? map->address + map->size : to;
        if (map->type == E820_RAM && begin < end)
            page_add((void *)begin, (void *)end);
    }
}

static uintptr_t page_up(uintptr_t address)
{
    return (address + XEN_PAGE - 1) & ~(uintptr_t)(XEN_PAGE - 1);
}

/* The end of what the domain's builder has loaded for us: the image and, behind it, the ramdisk. 0:
 * that is where it cannot be. */
static uintptr_t loaded_end(void)
{
    uintptr_t from = (uintptr_t)guest.ramdisk;
    if (guest.ramdisk_size == 0)
        return (uintptr_t)kernel_end;
    if (from % XEN_PAGE != 0 || from < (uintptr_t)kernel_end || from > LOW_END ||
        guest.ramdisk_size > LOW_END - from)
        return 0;
    return page_up(from + guest.ramdisk_size);
}

static int protect_loaded(uintptr_t end)
{
    uintptr_t image_end = (uintptr_t)kernel_end, span_end = (image_end + SPAN - 1) & ~(SPAN - 1);
    int error = pvh_protect(image_end, span_end, PAGE_WRITE);
    return error || guest.ramdisk_size == 0 ? error
                                            : pvh_protect((uintptr_t)guest.ramdisk, end, PAGE_READ);
}

static int pvh_open_memory(void)
{
    struct e820 map[MAP_MAX];
    struct xen_memory_map ask = {.nr_entries = MAP_MAX};
    uintptr_t image = (uintptr_t)kernel_text, loaded = loaded_end(), image_end, end;
    int error;
    set_xen_guest_handle(ask.buffer, map);
    error = hypercall_memory(XENMEM_memory_map, &ask);
    if (error)
        return error;
    leave_what_is_not_there(map, ask.nr_entries);
    end = ram_end(map, ask.nr_entries);
    image_end = page_up(loaded + (end >> XEN_PAGE_SHIFT) * sizeof(uint32_t));
    if (loaded == 0 || !in_a_region(map, ask.nr_entries, image, image_end))
        return -EFAULT;
    page_begin(NULL, end >> XEN_PAGE_SHIFT, (uint32_t *)loaded);
    add_memory(map, ask.nr_entries, XEN_PAGE, image);
    add_memory(map, ask.nr_entries, image_end, LOW_END);
    error = protect_loaded(loaded);
    if (error == 0)
        error = map_high(end);
    if (error == 0)
        add_memory(map, ask.nr_entries, LOW_END, end);
    return error;
}

static unsigned long pvh_frame(const void *page)
{
    return (uintptr_t)page >> XEN_PAGE_SHIFT;
}

/* Have a page of ours be another one; the memory that was there is lost. */
static int replace(void *page, unsigned space, unsigned index)
{
    struct xen_add_to_physmap add = {
        .domid = DOMID_SELF, .space = space, .idx = index, .gpfn = pvh_frame(page)};
    return hypercall_memory(XENMEM_add_to_physmap, &add);
}

static int pvh_map_grants(unsigned index, void *page)
{
    return replace(page, XENMAPSPACE_grant_table, index);
}

/* --- Traps ----------------------------------------------------------------------------------- */

#define EVENT_VECTOR 32
#define VECTORS      (EVENT_VECTOR + 1)
#define CODE         8
#define TSS          24
#define GATE         0x8e /* present, for interrupts: they are off in the handler */
#define TRAP_STACK   1    /* in the TSS: not ours, which may be full or have a red zone */

/* Intel SDM 3A, figure 6-8. */
struct gate {
    uint16_t offset_low, selector;
    uint8_t stack, type;
    uint16_t offset_middle;
    uint32_t offset_high, zero;
};

/* Intel SDM 3A, figure 7-11. */
struct tss {
    uint32_t zero0;
    uint64_t rsp[3], zero1, ist[7], zero2;
    uint16_t zero3, io_map;
} __attribute__((packed));

struct table_register {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

static struct gate idt[VECTORS];
static struct tss tss = {.io_map = sizeof tss};
static uint8_t trap_stack[2 * XEN_PAGE] __attribute__((aligned(16)));

static void set_gate(unsigned vector, const void *handler, uint8_t stack)
{
    uintptr_t at = (uintptr_t)handler;
    idt[vector] = (struct gate){.offset_low = (uint16_t)at,
                                .selector = CODE,
                                .stack = stack,
                                .type = GATE,
                                .offset_middle = (uint16_t)(at >> 16),
                                .offset_high = (uint32_t)(at >> 32)};
}

/* A descriptor of two slots (Intel SDM 3A, figure 7-4), then the register. */
static void load_tss(void)
{
    uint64_t base = (uintptr_t)&tss;
    tss.ist[TRAP_STACK - 1] = (uintptr_t)trap_stack + sizeof trap_stack;
    pvh_gdt[TSS / 8] =
        (sizeof tss - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
    pvh_gdt[TSS / 8 + 1] = base >> 32;
    __asm__ volatile("ltr %w0" : : "r"(TSS));
}

static int set_param(uint32_t index, uint64_t value)
{
    struct xen_hvm_param p = {.domid = DOMID_SELF, .index = index, .value = value};
    return (int)hypercall(__HYPERVISOR_hvm_op, HVMOP_set_param, (unsigned long)&p, 0, 0, 0);
}

/* Have events come to EVENT_VECTOR. */
static int set_callback(void)
{
    return set_param(HVM_PARAM_CALLBACK_IRQ,
                     (uint64_t)HVM_PARAM_CALLBACK_TYPE_VECTOR << 56 | EVENT_VECTOR);
}

static int pvh_open_traps(void)
{
    struct table_register at = {.limit = sizeof idt - 1, .base = (uintptr_t)idt};
    for (unsigned i = 0; i < TRAP_VECTORS; i++)
        set_gate(i, trap_entries + i * TRAP_ENTRY_SIZE, TRAP_STACK);
    set_gate(EVENT_VECTOR, (const void *)(uintptr_t)pvh_upcall, TRAP_STACK);
    load_tss();
    __asm__ volatile("lidt %0" : : "m"(at));
    return set_callback();
}

static uintptr_t pvh_fault_address(void)
{
    uintptr_t address;
    __asm__("mov %%cr2, %0" : "=r"(address));
    return address;
}

/* --- What Xen gives -------------------------------------------------------------------------- */

static uint64_t get_param(uint32_t index)
{
    struct xen_hvm_param p = {.domid = DOMID_SELF, .index = index};
    hypercall(__HYPERVISOR_hvm_op, HVMOP_get_param, (unsigned long)&p, 0, 0, 0);
    return p.value;
}

static int take_params(void)
{
    guest.console = (void *)(get_param(HVM_PARAM_CONSOLE_PFN) << XEN_PAGE_SHIFT);
    guest.console_port = (evtchn_port_t)get_param(HVM_PARAM_CONSOLE_EVTCHN);
    guest.store = (void *)(get_param(HVM_PARAM_STORE_PFN) << XEN_PAGE_SHIFT);
    guest.store_port = (evtchn_port_t)get_param(HVM_PARAM_STORE_EVTCHN);
    guest.shared = (shared_info_t *)guest_shared_page;
    return replace(guest_shared_page, XENMAPSPACE_shared_info, 0);
}

/* --- Suspending ------------------------------------------------------------------------------ */

/* What is Xen's in our memory is not saved: it leaves holes there. */
static int pvh_unmap_grants(void *page)
{
    (void)page;
    return 0;
}

static int pvh_suspend(void)
{
    struct sched_shutdown op = {.reason = SHUTDOWN_suspend};
    int result = hypercall_sched(SCHEDOP_shutdown, &op), error;
    if (result != 0)
        return result;
    error = take_params();
    if (error == 0)
        error = set_callback();
    if (error)
        guest_panic("the shared page cannot be mapped again: error %d", error);
    return 0;
}

/* --- Boot ------------------------------------------------------------------------------------ */

const struct guest_type guest_pvh = {
    .name = "PVH",
    .open_traps = pvh_open_traps,
    .open_memory = pvh_open_memory,
    .protect = pvh_protect,
    .frame = pvh_frame,
    .map_grants = pvh_map_grants,
    .unmap_grants = pvh_unmap_grants,
    .suspend = pvh_suspend,
    .fault_address = pvh_fault_address,
    .wait = pvh_wait,
};

/* The instruction for hypercalls is the processor vendor's (AMD's and Hygon's is `vmmcall`). */
static void choose_hypercall(void)
{
    unsigned a, b, c, d;
    __cpuid(0, a, b, c, d);
    hypercall_by = b == signature_AMD_ebx || b == 0x6f677948 ? hypercall_vmmcall : hypercall_vmcall;
}

static void set_thread(void)
{
    uintptr_t at = (uintptr_t)guest_thread;
    __asm__ volatile("wrmsr" : : "c"(MSR_FS_BASE), "a"((uint32_t)at), "d"((uint32_t)(at >> 32)));
}

/* The first of the modules. */
static void take_ramdisk(const struct hvm_start_info *info)
{
    const struct hvm_modlist_entry *module = (const void *)info->modlist_paddr;
    if (info->nr_modules == 0)
        return;
    guest.ramdisk = (const void *)module->paddr;
    guest.ramdisk_size = module->size;
}

static void take_start_info(const struct hvm_start_info *info)
{
    if (info->magic != XEN_HVM_START_MAGIC_VALUE)
        return;
    if (info->cmdline_paddr != 0)
        guest_set_command_line((const char *)info->cmdline_paddr, GUEST_COMMAND_LINE);
    take_ramdisk(info);
}

void boot_pvh(const struct hvm_start_info *info)
{
    set_thread();
    choose_hypercall();
    protect_large();
    guest.type = &guest_pvh;
    if (take_params() != 0)
        hypercall_sched(SCHEDOP_shutdown, &(struct sched_shutdown){.reason = SHUTDOWN_crash});
    take_start_info(info);
    boot();
}
