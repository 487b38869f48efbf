/*
 * tar.h - reads a tar archive that lies in memory, file by file.
 *
 * The format is IEEE Std 1003.1's (pax, "ustar Interchange Format") and what GNU tar makes of it
 * unless told otherwise, which differs in the magic and has no prefix. Names may be as long as the
 * header has room for: 100 characters, in ustar 155 more before a slash. What extends the format
 * (pax's and GNU's headers for longer names) is passed over, as is all else that is no regular
 * file: folders, links, devices.
 *
 * Nothing is allocated or copied but a name. Called by files.c; the archive may be anything.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_TAR_H
#define MORGANA_XEN_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAR_NAME 257 /* the longest name, with its NUL */

/* Where the reading of an archive is. */
struct tar {
    const uint8_t *archive;
    size_t size;       /* bytes of it; what lies behind its end does not matter */
    size_t at;         /* the next header; or that which something is wrong with */
    const char *wrong; /* what, in words; NULL: nothing */
};

/* A regular file in an archive. */
struct tar_file {
    char name[TAR_NAME];
    const uint8_t *data; /* in the archive */
    size_t size;
};

/* Begin with the `size` bytes at `archive`. */
void tar_begin(struct tar *t, const void *archive, size_t size);

/* The next regular file. False: there is none, or something is wrong, which t->wrong then says. */
bool tar_next(struct tar *t, struct tar_file *file);

#endif
