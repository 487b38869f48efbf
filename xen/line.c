/*
 * line.c - a line that is typed: see line.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/line.h"

#include <string.h>

#define BELL      "\a"
#define BACKSPACE 0x08
#define CTRL_U    0x15
#define ESC       0x1b
#define DELETE    0x7f /* what the key Backspace sends, as a rule */

char line_shown(char c)
{
    return c >= ' ' && c <= '~' ? c : '.';
}

static void add(struct line *l, char c, char *echo)
{
    if (l->len == LINE_SIZE - 1) {
        l->too_long = true;
        strcpy(echo, BELL);
        return;
    }
    l->bytes[l->len++] = c;
    echo[0] = line_shown(c);
    echo[1] = '\0';
}

static void take_back(struct line *l, char *echo)
{
    if (l->len == 0)
        return;
    l->len--;
    strcpy(echo, "\b \b");
}

static void take_back_all(struct line *l, char *echo)
{
    l->len = 0;
    l->too_long = false;
    strcpy(echo, LINE_ERASE);
}

static bool end(struct line *l, char *echo)
{
    l->bytes[l->len] = '\0';
    l->key = LINE_NO_KEY;
    strcpy(echo, "\r\n");
    return true;
}

/* A byte of a key that stands for no character: ESC and one more, ESC O and one more, or ESC [ and
 * all up to one from @ to ~. */
static void pass_over(struct line *l, char c)
{
    if (l->key == LINE_ESCAPE && c == '[')
        l->key = LINE_CONTROL;
    else if (l->key == LINE_ESCAPE && c == 'O')
        l->key = LINE_SHIFT;
    else if (l->key != LINE_CONTROL || (c >= '@' && c <= '~'))
        l->key = LINE_NO_KEY;
}

bool line_take(struct line *l, char c, char echo[LINE_ECHO])
{
    echo[0] = '\0';
    if (c == '\r' || c == '\n')
        return end(l, echo);
    if (c == ESC)
        l->key = LINE_ESCAPE;
    else if (l->key != LINE_NO_KEY)
        pass_over(l, c);
    else if (c == BACKSPACE || c == DELETE)
        take_back(l, echo);
    else if (c == CTRL_U)
        take_back_all(l, echo);
    else if (c == '\t')
        add(l, ' ', echo);
    else if (c < 0 || c >= ' ')
        add(l, c, echo);
    return false;
}
