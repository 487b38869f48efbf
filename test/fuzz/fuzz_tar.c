/*
 * fuzz_tar.c - any archive as a domain's ramdisk: what is found lies in it, and each name that is
 * in it can be opened.
 *
 * Unless the first byte of the input is 0, what looks like a header gets the checksum that it
 * should have: by chance few would.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/log.h"
#include "xen/files.h"
#include "xen/tar.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK    512
#define CHECKSUM 148
#define MAGIC    257

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void keep_no_log(void *user, enum log_level level, const char *line)
{
    (void)user;
    (void)level;
    (void)line;
}

static void set_checksum(uint8_t *header)
{
    unsigned sum = 0;
    memset(header + CHECKSUM, ' ', 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += header[i];
    snprintf((char *)header + CHECKSUM, 8, "%06o", sum);
}

static void set_checksums(uint8_t *archive, size_t size)
{
    for (size_t at = 0; at + BLOCK <= size; at += BLOCK)
        if (memcmp(archive + at + MAGIC, "ustar", 5) == 0)
            set_checksum(archive + at);
}

/* Returns whether all of the archive is right. */
static bool walk(const uint8_t *archive, size_t size)
{
    struct tar t;
    struct tar_file file;
    size_t before = 0;
    tar_begin(&t, archive, size);
    while (tar_next(&t, &file)) {
        if (t.at <= before || t.at > size || file.data < archive || file.size > size ||
            file.data + file.size > archive + t.at || strlen(file.name) >= TAR_NAME)
            abort();
        before = t.at;
    }
    return t.wrong == NULL;
}

static void open_each(const uint8_t *archive, size_t size, bool right)
{
    struct tar t;
    struct tar_file in;
    uint8_t first;
    tar_begin(&t, archive, size);
    while (tar_next(&t, &in)) {
        FILE *file = files_open(in.name, "r");
        if ((file != NULL) != right)
            abort();
        if (file == NULL)
            continue;
        (void)!fread(&first, 1, 1, file);
        fclose(file);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *archive;
    bool right;
    if (size == 0)
        return 0;
    archive = malloc(size - 1);
    if (archive == NULL)
        abort();
    memcpy(archive, data + 1, size - 1);
    if (data[0] != 0)
        set_checksums(archive, size - 1);
    log_set_sink(keep_no_log, NULL);
    right = walk(archive, size - 1);
    files_begin(archive, size - 1);
    open_each(archive, size - 1, right);
    files_begin(NULL, 0);
    free(archive);
    return 0;
}
