/*
 * tar.c - reads a tar archive that lies in memory: see tar.h.
 *
 * Sections cited are of IEEE Std 1003.1, pax, "ustar Interchange Format".
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/tar.h"

#include <stdio.h>
#include <string.h>

#define BLOCK 512 /* an archive is a row of these; a file's last one is filled up */

/* What comes before each file. Numbers are octal digits; text ends at a NUL or fills its field. */
struct header {
    char name[100];
    char mode[8], uid[8], gid[8];
    char size[12];
    char mtime[12];
    char checksum[8]; /* the sum of all bytes, these taken for blanks */
    char type;
    char link[100];
    char magic[6]; /* "ustar" and a NUL; a blank in GNU's */
    char version[2];
    char user[32], group[32];
    char device_major[8], device_minor[8];
    char prefix[155]; /* of the name, with a slash between */
    char padding[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

void tar_begin(struct tar *t, const void *archive, size_t size)
{
    *t = (struct tar){.archive = archive, .size = size};
}

/* Digits up to the field's end, or up to a NUL or a blank. */
static bool read_octal(const char *field, size_t width, uint64_t *value)
{
    size_t i = 0;
    *value = 0;
    for (; i < width && field[i] >= '0' && field[i] <= '7'; i++)
        *value = *value * 8 + (uint64_t)(field[i] - '0');
    return i > 0 && (i == width || field[i] == '\0' || field[i] == ' ');
}

static uint64_t sum(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += p[i];
    return total;
}

static bool checksum_is_right(const struct header *h)
{
    uint64_t told, is = sum(h, sizeof *h) - sum(h->checksum, sizeof h->checksum);
    return read_octal(h->checksum, sizeof h->checksum, &told) &&
           told == is + sizeof h->checksum * ' ';
}

static bool is_regular(const struct header *h)
{
    return h->type == '0' || h->type == '\0';
}

/* Links, devices, folders and pipes have none, whatever their size says. */
static bool has_data(const struct header *h)
{
    return h->type < '1' || h->type > '6';
}

static void read_name(const struct header *h, char name[TAR_NAME])
{
    const char *prefix = memcmp(h->magic, "ustar", 6) == 0 ? h->prefix : "";
    snprintf(name, TAR_NAME, "%.*s%s%.*s", (int)sizeof h->prefix, prefix, *prefix ? "/" : "",
             (int)sizeof h->name, h->name);
}

/* NULL, or what is wrong with a header behind which `left` blocks lie; else its file's size. */
static const char *read_header(const struct header *h, size_t left, size_t *size)
{
    uint64_t told = 0;
    if (memcmp(h->magic, "ustar", 5) != 0)
        return "this is no header of an uncompressed tar archive";
    if (!checksum_is_right(h))
        return "the header's checksum is wrong";
    if (has_data(h) && !read_octal(h->size, sizeof h->size, &told))
        return "the header's size is no octal number";
    if (told > left * BLOCK)
        return "the file is longer than the archive, which is cut off";
    *size = (size_t)told;
    return NULL;
}

/* Behind the last file is a block of zeros. */
static bool is_end(const uint8_t *block)
{
    return block[0] == 0 && memcmp(block, block + 1, BLOCK - 1) == 0;
}

/* Look at the header at t->at, and go to the next. NULL: there is none, or something is wrong. */
static const struct header *next_header(struct tar *t, size_t *size)
{
    const uint8_t *block = t->archive + t->at;
    size_t left = (t->size - t->at) / BLOCK;
    if (left == 0) {
        t->wrong = "the end is missing: the archive is cut off";
        return NULL;
    }
    if (is_end(block))
        return NULL;
    t->wrong = read_header((const struct header *)block, left - 1, size);
    if (t->wrong)
        return NULL;
    t->at += (1 + (*size + BLOCK - 1) / BLOCK) * BLOCK;
    return (const struct header *)block;
}

bool tar_next(struct tar *t, struct tar_file *file)
{
    const struct header *h;
    do {
        h = next_header(t, &file->size);
        if (h == NULL)
            return false;
    } while (!is_regular(h));
    read_name(h, file->name);
    file->data = (const uint8_t *)(h + 1);
    return true;
}
