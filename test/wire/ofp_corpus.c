/*
 * ofp_corpus.c - the corpus of the unit tests as lines "NAME HEX", for the tests beside it.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/corpus.h"

#include <stdio.h>

int main(void)
{
    size_t n;
    const struct corpus_item *items = corpus_all(&n);
    for (size_t i = 0; i < n; i++) {
        printf("%s ", items[i].name);
        for (size_t j = 0; j < items[i].bytes.len; j++)
            printf("%02x", items[i].bytes.data[j]);
        printf("\n");
    }
    return 0;
}
