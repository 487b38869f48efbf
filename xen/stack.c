/*
 * stack.c - stacks of tasks, each with a guard page below: see runtime/stack.h.
 *
 * One that was given back waits for the next task, guard and all.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/stack.h"
#include "xen/guest.h"
#include "xen/page.h"

#define GUARD PAGE_SIZE

struct free_stack {
    struct free_stack *next;
};

static struct free_stack *free_stacks;

/* Without a guard, if there is no memory to cut a large page for it, it works all the same. */
static void *add_stack(void)
{
    uint8_t *place = page_alloc((GUARD + STACK_SIZE) / PAGE_SIZE);
    if (place == NULL)
        return NULL;
    (void)guest.type->protect((uintptr_t)place, (uintptr_t)place + GUARD, PAGE_NONE);
    return place + GUARD;
}

void *task_stack_new(void)
{
    struct free_stack *s = free_stacks;
    if (s == NULL)
        return add_stack();
    free_stacks = s->next;
    return s;
}

void task_stack_free(void *stack)
{
    struct free_stack *s = stack;
    s->next = free_stacks;
    free_stacks = s;
}
