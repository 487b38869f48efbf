/*
 * hello.c - a kernel that says what it is and what it was given, checks its memory, and ends.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/entropy.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "xen/guest.h"
#include "xen/page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_MODULE(hello);

#define LARGE (1 << 16) /* pages: to write to more would take a minute */

/* Take all memory in pieces that grow, write to each byte, give all back, and see that it is all
 * there again. */
static bool memory_is_whole(void)
{
    size_t used = page_stats()->used, n = 0;
    void *first = NULL;
    for (size_t size = 5000;; size += 5000) {
        void **piece = malloc(size);
        if (piece == NULL)
            break;
        memset(piece, 0xa5, size);
        *piece = first;
        first = piece;
        n++;
    }
    while (first) {
        void *next = *(void **)first;
        free(first);
        first = next;
    }
    log_info("%zu pieces", n);
    return n > 50 && page_stats()->used == used;
}

/* What can be read of a file; with all memory written over before, it must still be there. */
static void show_file(const char *name)
{
    char text[100] = "";
    FILE *file = fopen(name, "r");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    log_info("file %s: %s", name, file ? text : strerror(errno));
    if (file) {
        log_info("%zu bytes", n);
        fclose(file);
    }
    if (fopen(name, "w") == NULL)
        log_info("to write it: %s", strerror(errno));
}

int main(int argc, char **argv)
{
    double half = argc / 2.0; /* the processor's floating point works */
    if (loop_open() != 0)
        return EXIT_FAILURE;
    log_info("%s guest, %zu pages, %d words, half of them %d.%d", guest.type->name,
             page_stats()->total, argc, (int)half, (int)(half * 10) % 10);
    for (int i = 1; i < argc; i++)
        log_info("word %d: %s", i, argv[i]);
    log_info("random %016" PRIx64 ", again %016" PRIx64, entropy_u64(), entropy_u64());
    if (page_stats()->total < LARGE && !memory_is_whole())
        return EXIT_FAILURE;
    show_file("hello.txt");
    show_file("/empty");
    log_info("ended well");
    loop_close();
    return EXIT_SUCCESS;
}
