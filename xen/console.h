/*
 * console.h - the domain's console: lines out, lines in (xen/include/public/io/console.h).
 *
 * What the ring has no room for waits in a buffer, which goes on when the console's owner has read;
 * what that has no room for is dropped and counted: a guest does not stand still because nobody
 * reads its console.
 *
 * What is typed is shown by us, as a terminal is told nothing else (line.h), and shown again below
 * the log's lines that come meanwhile. A line goes to the program if that hears lines
 * (runtime/typed.h, which this supplies). An answer loses nothing, however long: it is moved into
 * the buffer, a part of it at a time, when that is empty, and until then nothing that is typed is
 * looked at.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_CONSOLE_H
#define MORGANA_XEN_CONSOLE_H

#include "xen/evtchn.h"

#include <xen/io/console.h>

struct console_stats {
    uint64_t lines, dropped; /* lines written; those that there was no room for */
};

/* Begin to write to `ring`, whose other end is told through `port`. */
void console_begin(struct xencons_interface *ring, evtchn_port_t port);

/* Hear of room and of input. While the program hears no lines, fn(user, line) is called for each,
 * without its newline. 0 or a negative errno. */
int console_open(void (*fn)(void *user, char *line), void *user);

void console_close(void);

/* After console_open(), in another domain: its console. What waits goes there. 0 or a negative
 * errno. */
int console_resume(struct xencons_interface *ring, evtchn_port_t port);

/* Write a line, given without its newline. */
void console_write(const char *line);

/* The same without a loop, and with what waits before it: for the last words of a guest. Waits for
 * the reader, but not for ever. */
void console_write_now(const char *line);

/* Wait until all is read, but not for ever. */
void console_flush(void);

const struct console_stats *console_stats(void);

#endif
