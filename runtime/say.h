/*
 * say.h - what a program says to who has started it, apart from the log: its help, its version,
 * what is wrong with its options.
 *
 * Where lines go is chosen when a program is linked: standard output and standard error on UNIX,
 * the console on Xen.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_SAY_H
#define MORGANA_RUNTIME_SAY_H

#include <stdbool.h>

/* Say a line, printf-like, without its newline; what is longer than SAY_MAX is cut. */
#define SAY_MAX 1000
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same of something that is wrong. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The platform's part: write a line, given without its newline. */
void say_platform_write(bool error, const char *line);

#endif
