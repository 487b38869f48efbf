/*
 * files.c - a domain's files: see files.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/files.h"
#include "runtime/log.h"
#include "xen/tar.h"

#include <errno.h>
#include <string.h>

LOG_MODULE(files);

static struct tar files; /* at its beginning; nothing is wrong with it */

void files_begin(const void *archive, size_t size)
{
    struct tar t;
    struct tar_file file;
    unsigned n = 0;
    files = (struct tar){0};
    if (size == 0)
        return;
    tar_begin(&t, archive, size);
    while (tar_next(&t, &file))
        n++;
    if (t.wrong) {
        log_error("ramdisk=: at byte %zu: %s", t.at, t.wrong);
        return;
    }
    log_info("%u from ramdisk=", n);
    tar_begin(&files, archive, size);
}

static const char *skip_root(const char *name)
{
    while (name[0] == '/' || (name[0] == '.' && name[1] == '/'))
        name++;
    return name;
}

static bool find(const char *name, struct tar_file *found)
{
    struct tar t = files;
    struct tar_file file;
    bool is_there = false;
    while (t.size > 0 && tar_next(&t, &file)) {
        if (strcmp(skip_root(file.name), skip_root(name)) == 0) {
            *found = file;
            is_there = true;
        }
    }
    return is_there;
}

FILE *files_open(const char *name, const char *mode)
{
    struct tar_file file;
    if (mode[0] != 'r' || strchr(mode, '+') != NULL) {
        errno = EROFS;
        return NULL;
    }
    if (!find(name, &file)) {
        errno = ENOENT;
        return NULL;
    }
    return fmemopen((void *)(uintptr_t)file.data, file.size, mode);
}
