/*
 * trap.h - exceptions: each is a mistake of ours and ends the domain, after saying where.
 *
 * entry.S saves the registers and calls trap(); pv.c and pvh.c have the processor come there.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_TRAP_H
#define MORGANA_XEN_TRAP_H

#include <stdint.h>

#define TRAP_VECTORS 32

/* The registers as entry.S saves them; from `error` on as the processor does (Intel SDM 3A,
 * 6.14.2). */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector;
    uint64_t error; /* 0 where there is none */
    uint64_t rip, cs, rflags, rsp, ss;
};

#define TRAP_ENTRY_SIZE 16

/* Where the processor (PVH) and Xen (PV) come at each vector: TRAP_ENTRY_SIZE bytes each. */
extern uint8_t trap_entries[], pv_trap_entries[];

/* Print the registers and the calls that led here, and crash the domain. */
void trap(const struct trap_frame *frame) __attribute__((noreturn));

#endif
