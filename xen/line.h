/*
 * line.h - a line that is typed at a terminal which shows only what it is sent, such as a domain's
 * console: what is shown of it, what takes it back, when it is whole.
 *
 * A terminal sends a byte a key, and sequences that begin with ESC for keys that stand for no
 * character (ECMA-48 sections 5.3 and 5.4); those are passed over.
 *
 * Called by console.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_LINE_H
#define MORGANA_XEN_LINE_H

#include <stdbool.h>
#include <stddef.h>

#define LINE_SIZE 4096 /* with its NUL */
#define LINE_ECHO 8
#define LINE_ERASE                                                                                 \
    "\r\033[K" /* back to its beginning, and nothing stands in it (8.3.15, 8.3.41)                 \
                */

struct line {
    char bytes[LINE_SIZE];
    size_t len;
    bool too_long; /* bytes have been typed for which there was no room */
    enum { LINE_NO_KEY, LINE_ESCAPE, LINE_CONTROL, LINE_SHIFT } key; /* within such a sequence */
};

/* Take a byte, and say in `echo` what to show of it. True: with it the line is whole, and ends in a
 * NUL; it is the caller's to set its length to 0. */
bool line_take(struct line *l, char c, char echo[LINE_ECHO]);

/* How a character of it is shown: as a dot, if a terminal should not see it. */
char line_shown(char c);

#endif
