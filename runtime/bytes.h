/*
 * bytes.h - big-endian integers as they lie on the wire, and spans of bytes.
 *
 * Every wire format of the house is a struct of these types. They are arrays of bytes, so
 * they have alignment 1: a struct of them has no padding and may lie at any address. Reading
 * one without its _get() does not compile. Used by every folder; needs no libc (the builtins
 * may still call memcpy, memmove, memset and memcmp, which any freestanding target supplies).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_BYTES_H
#define MORGANA_RUNTIME_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Integers in network byte order. They have alignment 1 and may lie anywhere. */
typedef struct {
    uint8_t b[2];
} be16;
typedef struct {
    uint8_t b[4];
} be32;
typedef struct {
    uint8_t b[8];
} be64;

_Static_assert(sizeof(be16) == 2 && sizeof(be32) == 4 && sizeof(be64) == 8, "big-endian types");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the host is little-endian");

/* The host's value of a big-endian integer. */
static inline uint16_t be16_get(be16 v)
{
    uint16_t n;
    __builtin_memcpy(&n, v.b, sizeof n);
    return __builtin_bswap16(n);
}

/* The same of 32 bits. */
static inline uint32_t be32_get(be32 v)
{
    uint32_t n;
    __builtin_memcpy(&n, v.b, sizeof n);
    return __builtin_bswap32(n);
}

/* The same of 64 bits. */
static inline uint64_t be64_get(be64 v)
{
    uint64_t n;
    __builtin_memcpy(&n, v.b, sizeof n);
    return __builtin_bswap64(n);
}

/* A big-endian integer of a host value. */
static inline be16 be16_of(uint16_t n)
{
    be16 v;
    n = __builtin_bswap16(n);
    __builtin_memcpy(v.b, &n, sizeof n);
    return v;
}

/* The same of 32 bits. */
static inline be32 be32_of(uint32_t n)
{
    be32 v;
    n = __builtin_bswap32(n);
    __builtin_memcpy(v.b, &n, sizeof n);
    return v;
}

/* The same of 64 bits. */
static inline be64 be64_of(uint64_t n)
{
    be64 v;
    n = __builtin_bswap64(n);
    __builtin_memcpy(v.b, &n, sizeof n);
    return v;
}

/* libc's four memory functions, for code that is compiled freestanding; with n = 0 the pointers may
 * be anything. memcpy(): the areas do not overlap. */
static inline void bytes_copy(void *to, const void *from, size_t n)
{
    if (n)
        __builtin_memcpy(to, from, n);
}

/* memmove(): they may. */
static inline void bytes_move(void *to, const void *from, size_t n)
{
    if (n)
        __builtin_memmove(to, from, n);
}

/* memset() to zero. */
static inline void bytes_zero(void *to, size_t n)
{
    if (n)
        __builtin_memset(to, 0, n);
}

/* memcmp(), for who wants to know just that. */
static inline bool bytes_equal(const void *a, const void *b, size_t n)
{
    return n == 0 || __builtin_memcmp(a, b, n) == 0;
}

/* A view of `len` bytes that somebody else owns; it never outlives them. */
struct span {
    const uint8_t *data;
    size_t len;
};

/* The view of these bytes. */
static inline struct span span_of(const void *data, size_t len)
{
    return (struct span){.data = data, .len = len};
}

/* Take the first `n` bytes off `s`. NULL, and `s` untouched, if it has fewer. */
static inline const void *span_take(struct span *s, size_t n)
{
    const uint8_t *p = s->data;
    if (s->len < n)
        return NULL;
    s->data += n;
    s->len -= n;
    return p;
}

#endif
