/*
 * task_switch.h - from one stack to another: the one part of tasks that is not C.
 *
 * Called by task.c. For x86-64 (System V ABI), where Morgana's domUs run.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_TASK_SWITCH_H
#define MORGANA_RUNTIME_TASK_SWITCH_H

#include <stddef.h>

/* Go on where `to` stopped; *from is where this stack is gone on with later. Saved are the
 * registers that a callee must keep; the floating-point control words are nobody's to change. */
void task_switch(void **from, void *to);

/* What task_switch() goes to in order to begin run() on a stack that reaches from `bottom` to `top`
 * (aligned to 16 bytes), whatever was on it before. run() must not return. */
void *task_switch_prepare(void *bottom, void *top, void (*run)(void));

/* Tell AddressSanitizer, if this is built with it, that the stack will change to [bottom, bottom +
 * size) and, on arrival, that it has. `fake` is kept for the stack that is left; NULL: it is left
 * for ever. */
void task_switch_announce(void **fake, const void *bottom, size_t size);
void task_switch_arrived(void *fake, const void **bottom, size_t *size);

#endif
