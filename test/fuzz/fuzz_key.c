/*
 * fuzz_key.c - any bytes as a frame: the key is the slow reference's, and it is a match for itself.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/reference_key.h"
#include "openflow/match.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ofp_key key, want = reference_key(span_of(data, size), 7), flow, mask;
    ofp_key_extract(&key, span_of(data, size), 7);
    ofp_match_canonical(&key.match, &flow, &mask);
    if (!ofp_key_equal(&key, &want) || !ofp_key_matches(&key, &flow, &mask))
        abort();
    return 0;
}
