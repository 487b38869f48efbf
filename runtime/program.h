/*
 * program.h - what the programs that run until they are told to end do alike: the options that all
 * of them have, the signals that all of them hear.
 *
 * Called by entry files.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_PROGRAM_H
#define MORGANA_RUNTIME_PROGRAM_H

#include "runtime/config.h"

#include <stdbool.h>

/* --log, --help, --help-all and --version: to be one of the program's tables. */
extern const struct config_option program_options[];

/* Read the options. What --help says is followed by more_help(), if that is not NULL. Returns -1 to
 * go on, else the exit status: something was said instead. */
int program_read(const struct config *config, int argc, char **argv, void (*more_help)(void));

/* Does --echo-limit leave time for --echo-interval? A limit that comes first would drop each idle
 * peer without having asked it for an echo. If not that has been said. */
bool program_echo_agrees(const char *program, uint64_t interval, uint64_t limit);

/* What an operator says from here on waits for program_run(). Once the loop is open, and before
 * anybody is told that the program is there: who hears it may say something. */
void program_begin(void);

/* Turn the loop until an operator ends it; show all counters when asked. Returns the exit status.
 */
int program_run(void);

/* Why a name (runtime/serve.h) is not served, in words that tell what to do. */
const char *program_serve_error(int error);

#endif
