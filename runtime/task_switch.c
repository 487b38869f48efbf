/*
 * task_switch.c - changing stacks; see task_switch.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/task_switch.h"

#include <stdint.h>

#ifndef __x86_64__
#error "tasks need a task_switch() for this processor"
#endif

/* System V ABI for x86-64, section 3.2.1: rbx, rbp and r12 to r15 belong to the caller. */
__asm__(".text\n"
        ".globl task_switch\n"
        ".type task_switch, @function\n"
        "task_switch:\n"
        "    push %rbp\n"
        "    push %rbx\n"
        "    push %r12\n"
        "    push %r13\n"
        "    push %r14\n"
        "    push %r15\n"
        "    mov %rsp, (%rdi)\n"
        "    mov %rsi, %rsp\n"
        "    pop %r15\n"
        "    pop %r14\n"
        "    pop %r13\n"
        "    pop %r12\n"
        "    pop %rbx\n"
        "    pop %rbp\n"
        "    ret\n"
        ".size task_switch, . - task_switch\n");

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

#ifdef WITH_ASAN
void __sanitizer_start_switch_fiber(void **fake, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake, const void **bottom, size_t *size);
void __asan_unpoison_memory_region(const volatile void *at, size_t size);

/* Who was on it before may have left in the middle of its frames. */
static void forget_frames(const uint8_t *bottom, const uint8_t *top)
{
    __asan_unpoison_memory_region(bottom, (size_t)(top - bottom));
}

void task_switch_announce(void **fake, const void *bottom, size_t size)
{
    __sanitizer_start_switch_fiber(fake, bottom, size);
}

void task_switch_arrived(void *fake, const void **bottom, size_t *size)
{
    __sanitizer_finish_switch_fiber(fake, bottom, size);
}
#else
static void forget_frames(const uint8_t *bottom, const uint8_t *top)
{
    (void)bottom;
    (void)top;
}

void task_switch_announce(void **fake, const void *bottom, size_t size)
{
    (void)fake;
    (void)bottom;
    (void)size;
}

void task_switch_arrived(void *fake, const void **bottom, size_t *size)
{
    (void)fake;
    (void)bottom;
    (void)size;
}
#endif

/* Six registers, all 0, then where to go. At a function's entry rsp + 8 is a multiple of 16, as
 * behind a call (section 3.2.2); the 0 above is the return address at which debuggers stop. */
void *task_switch_prepare(void *bottom, void *top, void (*run)(void))
{
    uint64_t *sp = top;
    forget_frames(bottom, top);
    *--sp = 0;
    *--sp = (uint64_t)(uintptr_t)run;
    for (int i = 0; i < 6; i++)
        *--sp = 0;
    return sp;
}
