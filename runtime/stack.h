/*
 * stack.h - memory for the stacks of tasks, from the platform.
 *
 * Called by task.c; chosen when a program is linked: mapped pages on UNIX, pages of the domain's on
 * Xen.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_STACK_H
#define MORGANA_RUNTIME_STACK_H

#include <stddef.h>

#define STACK_SIZE (16 * 1024)

/* STACK_SIZE bytes, aligned to a page, below which a guard page lies as long as the platform has
 * any left: who runs off the stack then dies at once. Pages that were never touched cost nothing.
 * NULL: no memory. */
void *task_stack_new(void);

/* Give it back. */
void task_stack_free(void *stack);

#endif
