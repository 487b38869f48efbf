/*
 * frame.c - where a JSON message ends that arrives in pieces, with no mark behind it.
 *
 * A message is an object (JSON-RPC 1.0), so it ends where its first brace is closed: braces and
 * brackets are counted, strings passed over (RFC 8259). Whether it is good JSON is for message.c to
 * judge, once. Each byte is looked at once, however small the pieces are; and what could make a
 * parser recurse deeply is refused before one sees it.
 *
 * Called by peer.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "appctl/rpc/rpc.h"

#define DEPTH_MAX 16

size_t appctl_blanks(struct span bytes)
{
    size_t n = 0;
    while (n < bytes.len && (bytes.data[n] == ' ' || bytes.data[n] == '\t' ||
                             bytes.data[n] == '\r' || bytes.data[n] == '\n'))
        n++;
    return n;
}

static void in_string(struct appctl_frame *f, uint8_t c)
{
    f->in_string = f->escaped || c != '"';
    f->escaped = !f->escaped && c == '\\';
}

static void outside(struct appctl_frame *f, uint8_t c)
{
    if (c == '"')
        f->in_string = true;
    else if (c == '{' || c == '[')
        f->depth++;
    else if (c == '}' || c == ']')
        f->depth--;
}

long appctl_frame(struct appctl_frame *f, struct span bytes)
{
    if (bytes.len > 0 && bytes.data[0] != '{')
        return APPCTL_FRAME_BROKEN;
    while (f->seen < bytes.len) {
        uint8_t c = bytes.data[f->seen++];
        if (f->in_string)
            in_string(f, c);
        else
            outside(f, c);
        if (f->depth == 0) {
            long length = (long)f->seen;
            *f = (struct appctl_frame){0};
            return length;
        }
        if (f->depth > DEPTH_MAX || f->seen >= APPCTL_REQUEST_MAX)
            return APPCTL_FRAME_BROKEN;
    }
    return 0;
}
