/*
 * text.h - writing text into a bounded array, without libc.
 *
 * The printer's output: what does not fit is cut off, the text is always NUL-terminated, and `need`
 * says how long it would have been. No locale, no heap.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_TEXT_H
#define MORGANA_OPENFLOW_TEXT_H

#include "openflow/wire.h"

/* A text that grows in an array of the caller's. What does not fit is counted, and dropped. */
struct text {
    char *data;  /* the array, not owned; NUL-terminated as long as cap > 0 */
    size_t cap;  /* its size, the NUL included */
    size_t need; /* characters put so far, whether they fit or not */
};

/* An empty text in `data`, of `cap` bytes. */
struct text text_of(char *data, size_t cap);

/* Was everything put so far kept? */
static inline bool text_fits(const struct text *t)
{
    return t->need < t->cap;
}

/* A character; a text; each of these appends. */
void text_put_char(struct text *t, char c);
void text_put(struct text *t, const char *s);
/* At most `n` characters of `s`, up to its NUL; unprintable ones as '.'. */
void text_put_field(struct text *t, const char *s, size_t n);
/* Decimal; decimal with a fixed number of digits, zero-filled. */
void text_put_u64(struct text *t, uint64_t n);
void text_put_i64(struct text *t, int64_t n);
void text_put_digits(struct text *t, uint64_t n, unsigned width);
/* Hexadecimal without prefix, at least `width` digits, zero-filled; with "0x" in front. */
void text_put_hex(struct text *t, uint64_t n, unsigned width);
void text_put_0x(struct text *t, uint64_t n);
void text_put_mac(struct text *t, const uint8_t mac[OFP_ETH_ALEN]);
/* Dotted quad of an address in the host's order. */
void text_put_ipv4(struct text *t, uint32_t addr);
/* An address of 16 bytes, as inet_ntop() writes it (RFC 5952). */
void text_put_ipv6(struct text *t, const uint8_t addr[16]);

#endif
