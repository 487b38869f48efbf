/*
 * stack.c - stacks of tasks in mapped pages; see runtime/stack.h.
 *
 * Stacks are mapped a slab at a time and stay mapped; a free one gives its pages back. A guard page
 * makes two mappings of one, and the kernel lets a process have 65,530 by default
 * (vm.max_map_count), so only the first SLABS_GUARDED slabs have guards. Behind those, the mark
 * that task.c keeps at a stack's end must do.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/stack.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Valgrind cannot tell a change of stacks from a large frame unless it knows them. */
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(start, end) 0
#endif

#define GUARD         ((size_t)4096)
#define PLACE         (GUARD + STACK_SIZE)
#define SLAB_STACKS   64
#define SLABS_GUARDED 128

static void **free_stacks; /* room for all that are mapped */
static size_t n_free, n_slabs;

static void *map_slab(void)
{
    void *slab = mmap(NULL, SLAB_STACKS * PLACE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return slab != MAP_FAILED ? slab : NULL;
}

static void add_stack(uint8_t *place, bool guarded)
{
    if (guarded)
        (void)mprotect(place, GUARD, PROT_NONE);
    (void)VALGRIND_STACK_REGISTER(place + GUARD, place + PLACE);
    free_stacks[n_free++] = place + GUARD;
}

/* The highest address is used first, as the kernel maps downwards. */
static bool add_slab(void)
{
    void **room = realloc(free_stacks, (n_slabs + 1) * SLAB_STACKS * sizeof *room);
    uint8_t *slab = room != NULL ? map_slab() : NULL;

    if (room != NULL)
        free_stacks = room;
    if (slab == NULL)
        return false;
    for (size_t i = 0; i < SLAB_STACKS; i++)
        add_stack(slab + i * PLACE, n_slabs < SLABS_GUARDED);
    n_slabs++;
    return true;
}

void *task_stack_new(void)
{
    return n_free > 0 || add_slab() ? free_stacks[--n_free] : NULL;
}

void task_stack_free(void *stack)
{
    (void)madvise(stack, STACK_SIZE, MADV_DONTNEED);
    free_stacks[n_free++] = stack;
}
