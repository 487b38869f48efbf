/*
 * seed.c - write the messages of the unit tests' corpus as files, for fuzz_msg to begin with.
 *
 *     test/fuzz/seed test/fuzz/corpus/msg
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include <stdio.h>

#include "test/unit/corpus.h"

static bool write_file(const char *folder, const struct corpus_item *item)
{
    char path[512];
    FILE *f;
    size_t n;
    snprintf(path, sizeof path, "%s/%s", folder, item->name);
    f = fopen(path, "wb");
    if (f == NULL) {
        perror(path);
        return false;
    }
    n = fwrite(item->bytes.data, 1, item->bytes.len, f);
    return fclose(f) == 0 && n == item->bytes.len;
}

int main(int argc, char **argv)
{
    size_t n;
    const struct corpus_item *item = corpus_all(&n);
    if (argc != 2) {
        fprintf(stderr, "usage: seed FOLDER\n");
        return 2;
    }
    for (; n > 0; n--, item++)
        if (!write_file(argv[1], item))
            return 1;
    return 0;
}
