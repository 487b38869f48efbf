/*
 * files.h - a domain's files: those of the tar archive that its configuration names as ramdisk=.
 *
 * The domain's builder puts the archive into the domain's memory, where it stays: opening a file
 * reads it there, and it is the same each time. libc.c calls this for fopen(), boot.c at the start.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_FILES_H
#define MORGANA_XEN_FILES_H

#include <stddef.h>
#include <stdio.h>

/* From now on the files are those of the archive of `size` bytes at `archive`, which must stay; 0:
 * there is none. One that is not whole and right (tar.h) is said on the log, and gives no file. */
void files_begin(const void *archive, size_t size);

/* Open the file of this name, which may begin with "/" or "./", here and in the archive; of several
 * the last, as tar has it. As fopen() of the C library, for reading: else NULL with errno EROFS; or
 * ENOENT: there is none of this name. */
FILE *files_open(const char *name, const char *mode);

#endif
