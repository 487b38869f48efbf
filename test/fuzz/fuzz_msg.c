/*
 * fuzz_msg.c - any bytes at all, as a stream of OpenFlow messages.
 *
 * What framing finds is judged for both ends; what is good is decoded, read to its last byte and
 * encoded again, twice to the same; good or bad, it is printed. The sanitizers watch, and what the
 * headers promise is trapped on.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include <stdlib.h>

#include "openflow/frame.h"
#include "openflow/print.h"
#include "openflow/validate.h"
#include "test/unit/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_good(struct span message)
{
    static uint8_t once[OFP_MAX_MESSAGE], twice[OFP_MAX_MESSAGE];
    struct buf first = buf_of(once, sizeof once), second = buf_of(twice, sizeof twice);
    struct ofp_msg msg;
    unsigned sum = 0;
    ofp_decode(&msg, message);
    must(walk_msg(&msg, &sum));
    must(ofp_encode(&first, &msg) && first.len == message.len);
    ofp_decode(&msg, span_of(once, first.len));
    must(ofp_encode(&second, &msg) && second.len == first.len);
    must(bytes_equal(once, twice, first.len));
}

static void check_refused(struct span message, struct ofp_fault fault)
{
    uint8_t area[128];
    struct buf out = buf_of(area, sizeof area);
    must(ofp_error_name(fault.type, fault.code) != NULL);
    must(ofp_encode_error(&out, fault.type, fault.code, message));
    must(ofp_validate(span_of(area, out.len), OFP_AT_EITHER, &fault));
}

/* What a small array keeps is the beginning of the whole text, NUL-terminated. */
static void check_print(struct span message)
{
    static char whole[1 << 16], cut[100];
    for (int verbosity = 0; verbosity <= 2; verbosity++) {
        struct text t = text_of(whole, sizeof whole), small = text_of(cut, sizeof cut);
        size_t kept;
        ofp_print(&t, message, verbosity);
        ofp_print(&small, message, verbosity);
        must(t.need == small.need);
        kept = text_fits(&small) ? small.need : sizeof cut - 1;
        must(cut[kept] == '\0' && bytes_equal(whole, cut, kept));
    }
}

static void check_message(struct span message)
{
    static const enum ofp_receiver receivers[] = {OFP_AT_SWITCH, OFP_AT_CONTROLLER, OFP_AT_EITHER};
    for (int i = 0; i < 3; i++) {
        struct ofp_fault fault;
        if (ofp_validate(message, receivers[i], &fault))
            check_good(message);
        else
            check_refused(message, fault);
    }
    check_print(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = span_of(data, size);
    long n;
    check_message(rest); /* as if framing had been asked nothing */
    while ((n = ofp_frame(rest)) > 0)
        check_message(span_of(span_take(&rest, (size_t)n), (size_t)n));
    must(n == 0 || n == OFP_FRAME_BROKEN);
    return 0;
}
