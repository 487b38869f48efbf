/*
 * crash.c - a kernel that makes the mistake that its command line names.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/say.h"
#include "xen/guest.h"

#include <assert.h>
#include <stdlib.h>

static void follow_null(void)
{
    static uint8_t *volatile null; /* where the compiler does not see it */
    null[8] = 1;
}

static void write_text(void)
{
    *(volatile uint8_t *)kernel_text = 0;
}

static void write_constant(void)
{
    *(volatile uint8_t *)kernel_rodata = 0;
}

static void write_ramdisk(void)
{
    *(volatile uint8_t *)(uintptr_t)guest.ramdisk = 0;
}

static void run_data(void)
{
    static uint8_t code[] = {0xc3}; /* ret */
    ((void (*)(void))(uintptr_t)code)();
}

static void run_heap(void)
{
    uint8_t *code = malloc(16);
    code[0] = 0xc3;
    ((void (*)(void))(uintptr_t)code)();
}

static int fill_stack(int depth)
{
    volatile int here[64] = {depth};
    return depth < 1000000 ? fill_stack(depth + 1) + here[0] : 0;
}

static void overflow_stack(void)
{
    fill_stack(0);
}

static void break_assertion(void)
{
    int one = 1;
    assert(one == 2);
}

static void run_nothing(void)
{
    __asm__ volatile("ud2");
}

static const struct {
    const char *name;
    void (*make)(void);
} mistakes[] = {
    {"null", follow_null},
    {"write-text", write_text},
    {"write-constant", write_constant},
    {"write-ramdisk", write_ramdisk},
    {"run-data", run_data},
    {"run-heap", run_heap},
    {"stack", overflow_stack},
    {"assert", break_assertion},
    {"opcode", run_nothing},
    {"abort", abort},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof mistakes / sizeof *mistakes; i++) {
        if (strcmp(mistakes[i].name, argv[1]) == 0) {
            say("now: %s", argv[1]);
            mistakes[i].make();
            say("survived: %s", argv[1]);
        }
    }
    return EXIT_SUCCESS;
}
