/*
 * pv.c - a PV guest: machine frames, and page tables that Xen checks.
 *
 * The domain's builder has mapped the kernel's image and what it tells us (page tables, start_info,
 * the list of machine frames), all at addresses that are page number times 4096, and a bit more.
 * The rest we map here. Page tables may be read but never written: a new one is filled in as an
 * ordinary page, made read-only, and then hung into the table above it by Xen, which checks each
 * entry.
 *
 * See xen/include/public/xen.h ("Start-of-day memory layout", mmu_update) and
 * xen/include/public/arch-x86/xen-x86_64.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/guest.h"
#include "xen/hypercall.h"
#include "xen/page.h"
#include "xen/trap.h"

#include <errno.h>
#include <xen/callback.h>
#include <xen/sched.h>

#define PTE_PRESENT  0x1ull
#define PTE_WRITE    0x2ull
#define PTE_USER     0x4ull
#define PTE_ACCESSED 0x20ull
#define PTE_DIRTY    0x40ull
#define PTE_NX       (1ull << 63)
#define PTE_FRAME    0x000ffffffffff000ull

#define PTE_TABLE (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)
#define PTE_LEAF  (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY)

#define ENTRIES    512
#define SPAN       (XEN_PAGE * (uintptr_t)ENTRIES) /* that one table of the lowest level maps */
#define MEMORY_MAX (1ull << 38) /* addresses below 256 GiB: one entry at the top */
#define BATCH      64           /* updates a hypercall */

static const uint64_t leaf_flags[] = {
    [PAGE_NONE] = 0,
    [PAGE_READ] = PTE_LEAF | PTE_NX,
    [PAGE_EXECUTE] = PTE_LEAF,
    [PAGE_WRITE] = PTE_LEAF | PTE_WRITE | PTE_NX,
};

extern void pv_upcall(void), pv_failsafe(void), pv_wait(void), hypercall_syscall(void);
extern void (*hypercall_by)(void);

void boot_pv(start_info_t *info) __attribute__((noreturn));

static start_info_t *start;
static uintptr_t mapped_end; /* everything below is mapped */
static uintptr_t next_free;  /* the first page that nobody uses yet */

/* --- Frames ---------------------------------------------------------------------------------- */

static unsigned long pv_frame(const void *page)
{
    const unsigned long *frames = (const unsigned long *)start->mfn_list;
    return frames[(uintptr_t)page >> XEN_PAGE_SHIFT];
}

/* Our page that a machine frame is. */
static void *page_of(unsigned long frame)
{
    return (void *)(machine_to_phys_mapping[frame] << XEN_PAGE_SHIFT);
}

static uint64_t machine_address(const void *p)
{
    return ((uint64_t)pv_frame(p) << XEN_PAGE_SHIFT) | ((uintptr_t)p % XEN_PAGE);
}

/* --- Page tables ----------------------------------------------------------------------------- */

static int map(const void *at, uint64_t machine, uint64_t flags)
{
    return (int)hypercall(__HYPERVISOR_update_va_mapping, (unsigned long)at, machine | flags,
                          UVMF_INVLPG | UVMF_LOCAL, 0, 0);
}

static int update(mmu_update_t *updates, unsigned n)
{
    return (int)hypercall(__HYPERVISOR_mmu_update, (unsigned long)updates, n, 0, DOMID_SELF, 0);
}

static uint64_t *entry_in(uint64_t *table, uintptr_t address, unsigned level)
{
    return &table[(address >> (XEN_PAGE_SHIFT + 9 * (level - 1))) % ENTRIES];
}

static uint64_t *table_below(const uint64_t *entry)
{
    return page_of((*entry & PTE_FRAME) >> XEN_PAGE_SHIFT);
}

/* The entry for `address` at `level` (1: a page's own). NULL: a table above it is missing. */
static uint64_t *find_entry(uintptr_t address, unsigned level)
{
    uint64_t *table = (uint64_t *)start->pt_base;
    for (unsigned above = 4; above > level; above--) {
        const uint64_t *entry = entry_in(table, address, above);
        if (!(*entry & PTE_PRESENT))
            return NULL;
        table = table_below(entry);
    }
    return entry_in(table, address, level);
}

/* Hang `table`, which is filled in, below the entry for `address` at `level`. */
static int hang(uint64_t *table, uintptr_t address, unsigned level)
{
    uint64_t frame = machine_address(table);
    mmu_update_t u = {.ptr = machine_address(find_entry(address, level)) | MMU_NORMAL_PT_UPDATE,
                      .val = frame | PTE_TABLE};
    int error = map(table, frame, leaf_flags[PAGE_READ]);
    return error ? error : update(&u, 1);
}

/* A page for a table. There is always one that is mapped: the builder leaves half a megabyte. */
static uint64_t *new_table(void)
{
    uint64_t *table = (uint64_t *)next_free;
    next_free += XEN_PAGE;
    memset(table, 0, XEN_PAGE);
    return table;
}

/* Map what one table of the lowest level maps, as far as the domain has memory there. */
static int map_span(uintptr_t from, uintptr_t memory_end)
{
    uint64_t *table;
    if (find_entry(from, 2) == NULL) {
        int error = hang(new_table(), from, 3);
        if (error)
            return error;
    }
    table = new_table();
    for (size_t i = 0; i < ENTRIES && from + i * XEN_PAGE < memory_end; i++)
        table[i] = machine_address((void *)(from + i * XEN_PAGE)) | leaf_flags[PAGE_WRITE];
    return hang(table, from, 2);
}

static int flush_tlb(void)
{
    struct mmuext_op op = {.cmd = MMUEXT_TLB_FLUSH_LOCAL};
    return (int)hypercall(__HYPERVISOR_mmuext_op, (unsigned long)&op, 1, 0, DOMID_SELF, 0);
}

static int pv_protect(uintptr_t from, uintptr_t to, enum page_access access)
{
    mmu_update_t updates[BATCH];
    while (from < to) {
        unsigned n = 0;
        int error;
        for (; n < BATCH && from < to; n++, from += XEN_PAGE) {
            uint64_t value = machine_address((void *)from) | leaf_flags[access];
            updates[n].ptr = machine_address(find_entry(from, 1)) | MMU_NORMAL_PT_UPDATE;
            updates[n].val = access == PAGE_NONE ? 0 : value;
        }
        error = update(updates, n);
        if (error)
            return error;
    }
    return flush_tlb();
}

/* --- Memory ---------------------------------------------------------------------------------- */

/* The builder's mapping ends with the first entry that is missing. */
static uintptr_t find_mapped_end(uintptr_t at)
{
    const uint64_t *entry;
    while ((entry = find_entry(at, 1)) != NULL && (*entry & PTE_PRESENT))
        at += XEN_PAGE;
    return at;
}

/* What the builder has mapped may be written and executed: take away the one or the other. Its page
 * tables we may only read. */
static int protect_boot_pages(uintptr_t tables, uintptr_t tables_end, uintptr_t ours)
{
    int error = pv_protect((uintptr_t)kernel_end, tables, PAGE_WRITE);
    if (error == 0)
        error = pv_protect(tables, tables_end, PAGE_READ);
    if (error == 0)
        error = pv_protect(tables_end, ours, PAGE_WRITE);
    if (error == 0)
        error = pv_protect(next_free, mapped_end, PAGE_WRITE);
    return error;
}

/* The ramdisk lies behind the image and before the list of frames, on pages of its own: among those
 * that nobody is given. */
static int open_ramdisk(void)
{
    uintptr_t from = start->mod_start, to = from + start->mod_len;
    if (start->mod_len == 0)
        return 0;
    if ((start->flags & SIF_MOD_START_PFN) || from % XEN_PAGE != 0 ||
        from < (uintptr_t)kernel_end || to < from || to > start->mfn_list)
        return -EFAULT;
    guest.ramdisk = (const void *)from;
    guest.ramdisk_size = start->mod_len;
    return pv_protect(from, to, PAGE_READ);
}

static int pv_open_memory(void)
{
    uintptr_t end = start->nr_pages < MEMORY_MAX >> XEN_PAGE_SHIFT
                        ? start->nr_pages << XEN_PAGE_SHIFT
                        : MEMORY_MAX;
    uintptr_t tables = start->pt_base, tables_end = tables + start->nr_pt_frames * XEN_PAGE;
    uintptr_t ours = tables_end + XEN_PAGE; /* behind the builder's stack */
    size_t table_bytes = (end >> XEN_PAGE_SHIFT) * sizeof(uint32_t);
    uintptr_t builders_end = find_mapped_end(ours);
    int error;

    if (builders_end % SPAN != 0 && builders_end < end)
        return -EFAULT;
    next_free = ours;
    mapped_end = builders_end;
    for (; mapped_end < end; mapped_end += SPAN) {
        error = map_span(mapped_end, end);
        if (error)
            return error;
    }
    mapped_end = builders_end;
    error = protect_boot_pages(tables, tables_end, ours);
    if (error == 0)
        error = open_ramdisk();
    if (error)
        return error;
    page_begin(NULL, end >> XEN_PAGE_SHIFT, (uint32_t *)next_free);
    page_add((void *)XEN_PAGE, kernel_text);
    page_add((void *)(next_free + table_bytes), (void *)end);
    return 0;
}

static int pv_map_grants(unsigned index, void *page)
{
    xen_pfn_t frames[64];
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = index + 1};
    int error;
    if (index >= sizeof frames / sizeof *frames)
        return -ENOSPC;
    set_xen_guest_handle(setup.frame_list, frames);
    error = hypercall_grant(GNTTABOP_setup_table, &setup, 1);
    if (error == 0 && setup.status != GNTST_okay)
        error = -ENOSPC;
    return error ? error
                 : map(page, (uint64_t)frames[index] << XEN_PAGE_SHIFT, leaf_flags[PAGE_WRITE]);
}

static int pv_unmap_grants(void *page)
{
    return map(page, machine_address(page), leaf_flags[PAGE_WRITE]);
}

/* --- What Xen gives -------------------------------------------------------------------------- */

/* Where the tools that save us find the list of our frames (struct arch_shared_info). */
static void show_frames(struct arch_shared_info *arch)
{
    arch->max_pfn = start->nr_pages;
    arch->p2m_vaddr = start->mfn_list;
    arch->p2m_cr3 = pv_frame((void *)start->pt_base) << XEN_PAGE_SHIFT;
}

static int take_start_info(void)
{
    int error = map(guest_shared_page, start->shared_info, leaf_flags[PAGE_WRITE]);
    guest.console = page_of(start->console.domU.mfn);
    guest.console_port = start->console.domU.evtchn;
    guest.store = page_of(start->store_mfn);
    guest.store_port = start->store_evtchn;
    guest.shared = (shared_info_t *)guest_shared_page;
    if (error == 0)
        show_frames(&guest.shared->arch);
    return error;
}

/* --- Suspending ------------------------------------------------------------------------------ */

/* While we are away frames are named by our own numbers: the tools put those of another machine in
 * their place, in page tables, in the list of frames and in start_info, which a PV guest names in
 * the call's third argument (xen/sched.h). A frame that is not ours they could not name: the page
 * that is shared with Xen must not be mapped. */
static int pv_suspend(void)
{
    struct sched_shutdown op = {.reason = SHUTDOWN_suspend};
    unsigned long store = start->store_mfn, console = start->console.domU.mfn;
    int result = map(guest_shared_page, machine_address(guest_shared_page), leaf_flags[PAGE_WRITE]);
    int error;
    if (result != 0)
        return result;
    start->store_mfn = (uintptr_t)guest.store >> XEN_PAGE_SHIFT;
    start->console.domU.mfn = (uint32_t)((uintptr_t)guest.console >> XEN_PAGE_SHIFT);
    result = (int)hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (unsigned long)&op,
                            pv_frame(start), 0, 0);
    if (result != 0) {
        start->store_mfn = store;
        start->console.domU.mfn = (uint32_t)console;
    }
    error = take_start_info();
    if (error)
        guest_panic("the shared page cannot be mapped again: error %d", error);
    return result;
}

/* --- Traps ----------------------------------------------------------------------------------- */

#define TRAP_MASK_EVENTS 4 /* in trap_info.flags: no events while it is handled */

static int set_callback(uint16_t type, void (*handler)(void))
{
    struct callback_register c = {.type = type, .address = (unsigned long)handler};
    return (int)hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, (unsigned long)&c, 0, 0,
                          0);
}

static int pv_open_traps(void)
{
    struct trap_info traps[TRAP_VECTORS + 1] = {0};
    int error;
    for (unsigned i = 0; i < TRAP_VECTORS; i++)
        traps[i] = (struct trap_info){
            .vector = (uint8_t)i,
            .flags = TRAP_MASK_EVENTS,
            .cs = FLAT_KERNEL_CS,
            .address = (unsigned long)(pv_trap_entries + i * TRAP_ENTRY_SIZE),
        };
    error = (int)hypercall(__HYPERVISOR_set_trap_table, (unsigned long)traps, 0, 0, 0, 0);
    if (error == 0)
        error = set_callback(CALLBACKTYPE_event, pv_upcall);
    return error ? error : set_callback(CALLBACKTYPE_failsafe, pv_failsafe);
}

static uintptr_t pv_fault_address(void)
{
    return guest.shared->vcpu_info[0].arch.cr2;
}

/* --- Boot ------------------------------------------------------------------------------------ */

const struct guest_type guest_pv = {
    .name = "PV",
    .open_traps = pv_open_traps,
    .open_memory = pv_open_memory,
    .protect = pv_protect,
    .frame = pv_frame,
    .map_grants = pv_map_grants,
    .unmap_grants = pv_unmap_grants,
    .suspend = pv_suspend,
    .fault_address = pv_fault_address,
    .wait = pv_wait,
};

void boot_pv(start_info_t *info)
{
    start = info;
    hypercall_by = hypercall_syscall;
    guest.type = &guest_pv;
    hypercall(__HYPERVISOR_set_segment_base, SEGBASE_FS, (unsigned long)guest_thread, 0, 0, 0);
    if (take_start_info() != 0)
        hypercall_sched(SCHEDOP_shutdown, &(struct sched_shutdown){.reason = SHUTDOWN_crash});
    guest_set_command_line((const char *)info->cmd_line, sizeof info->cmd_line);
    boot();
}
