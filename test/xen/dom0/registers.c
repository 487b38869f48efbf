/*
 * registers.c - a program of dom0 that finds out whether its SSE registers are kept while it runs:
 * ROUNDS times it fills some, lets time pass, and looks.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Fill xmm0, pass some milliseconds of an emulated machine, and tell what it holds then. */
static uint64_t keep(uint64_t value)
{
    uint64_t found;
    __asm__ volatile("movq %1, %%xmm0\n\t"
                     "mov $200000, %%ecx\n"
                     "1:\n\t"
                     "dec %%ecx\n\t"
                     "jnz 1b\n\t"
                     "movq %%xmm0, %0"
                     : "=&r"(found)
                     : "r"(value)
                     : "ecx", "cc", "xmm0");
    return found;
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, lost = 0;
    uint64_t value = (uint64_t)getpid() << 32 | 0x5a5a5a5a; /* no other process has it */
    for (unsigned long i = 0; i < rounds; i++)
        lost += keep(value) != value;
    printf("lost %lu times\n", lost);
    return lost ? EXIT_FAILURE : EXIT_SUCCESS;
}
