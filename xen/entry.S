/*
 * entry.S - where Xen enters the guest: at its start (PV, PVH), at an exception, at an event; and
 * where the guest enters Xen: hypercall().
 *
 * One ELF file has both starts, told to Xen's tools by notes (xen/include/public/elfnote.h). A PV
 * guest starts in 64-bit mode on page tables that the domain's builder made
 * (xen/include/public/xen.h, "Start-of-day memory layout"). A PVH guest starts in 32-bit mode
 * without paging (docs/misc/pvh.pandoc) and makes its first page tables here: 4 GiB, address for
 * address; pvh.c refines them.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/interface.h"
#include <xen/elfnote.h>
#include <xen/xen.h>

#define NOTE(type, desc...) \
    .pushsection .note.Xen, "a", @note; \
    .align 4; \
    .long 4; .long 2f - 1f; .long type; .asciz "Xen"; \
    1: desc; 2: \
    .align 4; \
    .popsection

NOTE(XEN_ELFNOTE_GUEST_OS, .asciz "Morgana")
NOTE(XEN_ELFNOTE_GUEST_VERSION, .asciz MORGANA_VERSION)
NOTE(XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0") /* the interface's; no other is known */
NOTE(XEN_ELFNOTE_LOADER, .asciz "generic")
NOTE(XEN_ELFNOTE_VIRT_BASE, .quad 0)    /* an address is the same in the file, */
NOTE(XEN_ELFNOTE_PADDR_OFFSET, .quad 0) /* in the domain's memory and in its page tables */
NOTE(XEN_ELFNOTE_ENTRY, .quad pv_entry)
NOTE(XEN_ELFNOTE_PHYS32_ENTRY, .long pvh_entry)
NOTE(XEN_ELFNOTE_SUSPEND_CANCEL, .long 1) /* see guest.h, suspend() */
NOTE(XEN_ELFNOTE_FEATURES, .asciz "!writable_page_tables|pae_pgdir_above_4gb")

#define CR0_PE 0x00000001
#define CR0_MP 0x00000002
#define CR0_EM 0x00000004
#define CR0_NE 0x00000020
#define CR0_WP 0x00010000
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define CR4_OSFXSR 0x200
#define CR4_OSXMMEXCPT 0x400
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define EFER_NXE 0x800
#define RFLAGS_IF 0x200

#define SCHEDOP_BLOCK 1 /* xen/sched.h, which is for C */

#define PVH_CODE 8 /* in pvh_gdt */
#define PVH_DATA 16

#define PTE_TABLE 0x3   /* present, writable */
#define PTE_LARGE 0x83  /* the same, 2 MiB */

    .section .text.entry, "ax"

/* --- Start ----------------------------------------------------------------------------------- */

    .code64
    .globl pv_entry
pv_entry: /* rsi: start_info */
    rdtsc
    mov %eax, guest_first_tsc
    mov %edx, guest_first_tsc + 4
    cld
    lea kernel_stack_top(%rip), %rsp
    xor %ebp, %ebp
    mov %rsi, %rdi
    call boot_pv
    ud2

    .code32
pvh_entry: /* ebx: hvm_start_info; flat segments, no paging */
    rdtsc
    mov %eax, guest_first_tsc
    mov %edx, guest_first_tsc + 4
    cld
    mov $kernel_stack_top, %esp
    /* pvh_l4[0] -> pvh_l3[0..3] -> pvh_l2[0..2047] -> 2 MiB each */
    movl $pvh_l3 + PTE_TABLE, pvh_l4
    mov $pvh_l3, %edi
    mov $pvh_l2 + PTE_TABLE, %eax
    mov $4, %ecx
1:  mov %eax, (%edi)
    add $0x1000, %eax
    add $8, %edi
    loop 1b
    mov $pvh_l2, %edi
    mov $PTE_LARGE, %eax
    mov $2048, %ecx
2:  mov %eax, (%edi)
    add $0x200000, %eax
    add $8, %edi
    loop 2b
    /* Long mode: Intel SDM 3A, 9.8.5. The compiler uses SSE, hence OSFXSR and no EM. */
    mov %cr4, %eax
    or $(CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT), %eax
    mov %eax, %cr4
    mov $pvh_l4, %eax
    mov %eax, %cr3
    mov $MSR_EFER, %ecx
    rdmsr
    or $(EFER_LME | EFER_NXE), %eax
    wrmsr
    mov %cr0, %eax
    and $~CR0_EM, %eax
    or $(CR0_PG | CR0_WP | CR0_NE | CR0_MP | CR0_PE), %eax
    mov %eax, %cr0
    lgdt pvh_gdt_at
    ljmp $PVH_CODE, $3f
    .code64
3:  mov $PVH_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
    xor %ebp, %ebp
    mov %ebx, %edi
    call boot_pvh
    ud2

/* --- Exceptions ------------------------------------------------------------------------------ */

/* An entry each 16 bytes: trap_entries[vector]. Those without an error code push 0. */
    .macro trap_entry vector
    .balign 16
    .if !(\vector == 8 || (\vector >= 10 && \vector <= 14) || \vector == 17 || \vector == 21)
    push $0
    .endif
    push $\vector
    jmp trap_common
    .endm

/* Xen pushes rcx and r11, which its `syscall` has used, on top of what a processor does. */
    .macro pv_trap_entry vector
    .balign 16
    pop %rcx
    pop %r11
    jmp trap_entries + 16 * \vector
    .endm

    .balign 16
    .globl trap_entries, pv_trap_entries
trap_entries:
    .set vector, 0
    .rept 32
    trap_entry vector
    .set vector, vector + 1
    .endr

    .balign 16
pv_trap_entries:
    .set vector, 0
    .rept 32
    pv_trap_entry vector
    .set vector, vector + 1
    .endr

/* Build a struct trap_frame (trap.h). There is no way back. */
trap_common:
    cld
    push %rax
    push %rbx
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %rbp
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, %rdi
    and $-16, %rsp
    call trap
    ud2

/* --- Events ---------------------------------------------------------------------------------- */

/* Wait until an event is pending. Events come as interrupts, and those are on for one instruction
 * only, the one that waits:
 *
 *   1. The loop has seen no event and calls this with interrupts off.
 *   2. An event that comes now is kept pending by Xen.
 *   3. Interrupts go on and the guest waits, as one step: nothing comes between them. If an event is
 *      pending Xen delivers it at once, else when it comes.
 *   4. The handler goes on after the instruction that waited, with interrupts off.
 *
 * So an event cannot be lost between 1 and 3, the handler needs to do nothing (the loop looks at the
 * event channels itself) and it interrupts no code whose registers or red zone it could spoil.
 */

/* PV: SCHEDOP_block takes both steps of 3; Xen masks upcalls when it delivers one. */
    .globl pv_wait, pv_upcall, pv_failsafe
pv_wait:
    mov $__HYPERVISOR_sched_op, %eax
    mov $SCHEDOP_BLOCK, %edi
    xor %esi, %esi
    syscall
    ret

pv_upcall:
    pop %rcx
    pop %r11
    orb $3, 8(%rsp)  /* Xen shows ring 3's selectors as those of a kernel */
    orb $3, 32(%rsp)
    iretq

/* A segment or an iret of ours was bad: rcx, r11, ds, es, fs, gs lie on the stack. */
pv_failsafe:
    add $48, %rsp
    push $0
    push $13 /* as a general protection fault */
    jmp trap_common

/* PVH: `sti` takes effect after the instruction that follows it. An emulator may forget that when it
 * is left between the two; to `hlt` then, with interrupts off, would end the domain. So from here on
 * the handler ends the wait.
 *
 * QEMU now and then delivers an event twice, the second time where it happens to be, interrupts off
 * or not: helper_vmrun() leaves the vector in exception_index, and when something else has QEMU's
 * loop look there it is delivered again. So the handler has a stack of its own, for the C library has
 * a red zone, and goes back to where it came from. That may be itself, at its first instruction, and
 * then the first frame lies under the second: but the first of two is the one that ended the wait,
 * whose stack pointer is known. */
    .globl pvh_wait, pvh_upcall
pvh_wait:
    mov %rsp, pvh_waiting
    sti
pvh_halt:
    hlt
    cli
    ret

pvh_upcall:
    cmpq $pvh_halt, (%rsp)
    jb 1f
    cmpq $.Lpvh_upcall_end, (%rsp)
    jae 1f
    mov pvh_waiting, %rsp
    ret
1:  andl $~RFLAGS_IF, 16(%rsp)
    iretq
.Lpvh_upcall_end:

/* --- Hypercalls ------------------------------------------------------------------------------ */

/* long hypercall(op, a, b, c, d, e): C's registers to Xen's (xen/arch-x86/xen-x86_64.h). */
    .globl hypercall, hypercall_syscall, hypercall_vmcall, hypercall_vmmcall
hypercall:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    jmp *hypercall_by(%rip)

hypercall_syscall:
    syscall
    ret
hypercall_vmcall:
    vmcall
    ret
hypercall_vmmcall:
    vmmcall
    ret

/* --- Tables ---------------------------------------------------------------------------------- */

    .data
    .balign 8
    .globl pvh_gdt, hypercall_by
hypercall_by: /* which of the three; set before the first call */
    .quad hypercall_vmcall
pvh_gdt: /* null, 64-bit code, data, and room for the task state segment (two slots) */
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0, 0
pvh_gdt_at:
    .word . - pvh_gdt - 1
    .quad pvh_gdt

    .bss
    .balign 4096
    .globl pvh_l4, pvh_l3, pvh_l2
pvh_l4: .skip 4096
pvh_l3: .skip 4096
pvh_l2: .skip 4 * 4096
    .balign 8
pvh_waiting: .skip 8 /* the stack pointer of who waits */

    .section .note.GNU-stack, "", @progbits
