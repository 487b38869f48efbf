/*
 * print_text.c - pieces of text that several kinds of messages have in common. See print_parts.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/print_parts.h"

void ofp_print_bits(struct text *t, uint32_t bits, const char *const *names, size_t n)
{
    const char *between = "";
    for (size_t i = 0; i < n; i++) {
        if (!(bits >> i & 1) || names[i] == NULL)
            continue;
        text_put(t, between);
        text_put(t, names[i]);
        between = " ";
        bits &= ~(1u << i);
    }
    if (bits != 0) {
        text_put(t, between);
        text_put_0x(t, bits);
    } else if (*between == '\0') {
        text_put_char(t, '0');
    }
}

void ofp_print_duration(struct text *t, uint32_t sec, uint32_t nsec)
{
    unsigned digits = 9;
    text_put_u64(t, sec);
    if (nsec > 0) {
        for (; digits > 3 && nsec % 10 == 0; digits--)
            nsec /= 10;
        text_put_char(t, '.');
        text_put_digits(t, nsec, digits);
    }
    text_put_char(t, 's');
}

#define DUMP_LINE 16

/* A blank between bytes, a dash in the middle of a full line. */
static void dump_hex(struct text *t, struct span line)
{
    for (size_t i = 0; i < DUMP_LINE; i++) {
        if (i < line.len) {
            text_put_hex(t, line.data[i], 2);
            text_put_char(t, i == DUMP_LINE / 2 - 1 ? '-' : ' ');
        } else {
            text_put(t, "   ");
        }
    }
}

static void dump_ascii(struct text *t, struct span line)
{
    text_put_char(t, '|');
    for (size_t i = 0; i < DUMP_LINE; i++) {
        char c = i < line.len ? (char)line.data[i] : ' ';
        text_put_char(t, c >= ' ' && c <= '~' ? c : '.');
    }
    text_put_char(t, '|');
}

void ofp_print_hex_dump(struct text *t, struct span bytes)
{
    for (size_t at = 0; at < bytes.len; at += DUMP_LINE) {
        size_t n = bytes.len - at < DUMP_LINE ? bytes.len - at : DUMP_LINE;
        struct span line = span_of(bytes.data + at, n);
        text_put_char(t, '\n');
        text_put_hex(t, at, 8);
        text_put(t, "  ");
        dump_hex(t, line);
        dump_ascii(t, line);
    }
}

void ofp_print_member(struct text *t, size_t start, const char *name)
{
    if (t->need != start)
        text_put_char(t, ',');
    text_put(t, name);
}
