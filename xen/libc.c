/*
 * libc.c - what the C library (musl's libc.a) finds below itself: no kernel, but this.
 *
 * Of the library only what makes no system call is used: strings, formatting, conversion, sorting.
 * What would make one is defined here instead, so that the linker does not take the library's; what
 * is not, kernel.lds refuses.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/control.h"
#include "xen/files.h"
#include "xen/guest.h"
#include "xen/heap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The library's thread, at %fs: its own address comes first; errno, the stack canary (at 0x28) and
 * the locale lie in it, and the library knows where. */
uint8_t guest_thread[1024] __attribute__((aligned(16))) = {0};

void *malloc(size_t n)
{
    void *p = heap_alloc(n);
    if (p == NULL)
        errno = ENOMEM;
    return p;
}

void free(void *p)
{
    heap_free(p);
}

void *calloc(size_t count, size_t size)
{
    size_t n;
    void *p = __builtin_mul_overflow(count, size, &n) ? NULL : malloc(n);
    return p ? memset(p, 0, n) : NULL;
}

void *realloc(void *old, size_t n)
{
    size_t had = old ? heap_size(old) : 0;
    void *p;
    if (old && n <= had && n > had / 2)
        return old;
    p = malloc(n);
    if (p == NULL)
        return NULL;
    if (old)
        memcpy(p, old, had < n ? had : n);
    heap_free(old);
    return p;
}

void *aligned_alloc(size_t align, size_t n)
{
    return heap_alloc_aligned(align, n);
}

void abort(void)
{
    guest_panic("abort() called from %p", __builtin_return_address(0));
}

void exit(int status)
{
    guest_shutdown(control_shutdown_reason(status));
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
    return files_open(path, mode);
}

/* What assert() calls (assert.h). */
void __assert_fail(const char *condition, const char *file, int line, const char *function)
    __attribute__((noreturn));

void __assert_fail(const char *condition, const char *file, int line, const char *function)
{
    guest_panic("%s:%d: %s: assertion \"%s\" failed", file, line, function, condition);
}
