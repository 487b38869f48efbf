/*
 * typed.h - lines that an operator types to a running program, and what they are answered.
 *
 * Supplied by a platform on which a program has an operator's terminal to itself: xen/console.c, a
 * domain's console. On UNIX a program of ours runs without one.
 *
 * Called by appctl/console.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_TYPED_H
#define MORGANA_RUNTIME_TYPED_H

#include <stddef.h>

/* Call fn(user, line) in a turn of the loop for each line that is typed, without its newline, which
 * fn may write to until it returns. NULL: the program hears of none, and the answer that is being
 * written ends where it is. */
void typed_on_line(void (*fn)(void *user, char *line), void *user);

/* In fn: answer with `n` bytes of text, whose lines are written as the operator's end reads them;
 * the log's may come between. No line is heard before it has been written: then done(user) is
 * called, in a turn, and until then `text` is borrowed. */
void typed_answer(const char *text, size_t n, void (*done)(void *user), void *user);

#endif
