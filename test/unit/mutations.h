/*
 * mutations.h - every truncation and every changed byte of every message of the corpus, for a live
 * peer to be sent.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_MUTATIONS_H
#define MORGANA_TEST_UNIT_MUTATIONS_H

#include "test/unit/corpus.h"
#include "test/unit/fake_peer.h"

#include <check.h>
#include <string.h>

#define MUTATION_MAX 2048 /* the longest message of the corpus */

typedef void mutation_fn(const uint8_t *bytes, size_t n);

/* Each message cut to each length from a header's on, which its header says. */
static inline void each_truncation(mutation_fn *try)
{
    size_t n_items;
    const struct corpus_item *items = corpus_all(&n_items);
    uint8_t bytes[MUTATION_MAX];

    for (size_t i = 0; i < n_items; i++) {
        ck_assert_uint_le(items[i].bytes.len, sizeof bytes);
        for (size_t n = sizeof(struct ofp_header); n <= items[i].bytes.len; n++) {
            memcpy(bytes, items[i].bytes.data, n);
            ((struct ofp_header *)bytes)->length = be16_of((uint16_t)n);
            try(bytes, n);
        }
    }
}

/* Three other values for each byte: one bit away, all bits away, zero or all ones. */
static inline void each_changed_byte(mutation_fn *try)
{
    size_t n_items;
    const struct corpus_item *items = corpus_all(&n_items);
    uint8_t bytes[MUTATION_MAX];

    for (size_t i = 0; i < n_items; i++) {
        struct span good = items[i].bytes;
        for (size_t at = 0; at < good.len; at++) {
            const uint8_t old = good.data[at];
            const uint8_t values[] = {old ^ 1, old ^ 0x80, old ? 0 : 0xff};
            for (size_t v = 0; v < sizeof values; v++) {
                memcpy(bytes, good.data, good.len);
                bytes[at] = values[v];
                try(bytes, good.len);
            }
        }
    }
}

/* Each message cut to some length, and then the end of the stream. sound() may put another peer in
 * the place of *peer. */
static inline void each_cut(struct fake_peer **peer, void (*sound)(void))
{
    size_t n_items;
    const struct corpus_item *items = corpus_all(&n_items);

    for (size_t i = 0; i < n_items; i++)
        for (size_t n = 1; n < items[i].bytes.len; n += 1 + n / 8) {
            fake_send_bytes(*peer, items[i].bytes.data, n);
            stream_finish((*peer)->stream);
            fake_settle();
            ck_assert_ptr_null((*peer)->stream);
            sound();
        }
}

/* What came back, if anything: for a bad message exactly the error that validation names. */
static inline void mutation_answered(struct fake_peer *peer, struct span sent,
                                     enum ofp_receiver receiver)
{
    struct ofp_fault fault;
    struct ofp_msg answer;
    bool good = ofp_validate(sent, receiver, &fault);

    if (good || sent.data[1] == OFPT_ERROR)
        return;
    answer = fake_expect(peer, OFPT_ERROR);
    ck_assert_uint_eq(answer.error.type, fault.type);
    ck_assert_uint_eq(answer.error.code, fault.code);
    ck_assert_mem_eq(answer.error.data.data, sent.data, answer.error.data.len);
    ck_assert_uint_eq(answer.error.data.len, sent.len < 64 ? sent.len : 64);
    fake_expect_nothing(peer);
}

/* Send bytes whose length in the header may be anything. What a message lacks of the length that it
 * claims is filled up with zeros, so that the stream stays in step; what lies behind a length made
 * shorter is not sent: it would be another message. A length that cannot be true ends the stream.
 */
static inline void mutation_send(struct fake_peer *peer, const uint8_t *bytes, size_t n,
                                 enum ofp_receiver receiver)
{
    static uint8_t area[2 * OFP_MAX_MESSAGE];
    size_t claimed = be16_get(((const struct ofp_header *)bytes)->length);

    memset(area, 0, claimed > n ? claimed : n);
    memcpy(area, bytes, n);
    if (claimed < sizeof(struct ofp_header)) {
        fake_send_bytes(peer, area, n);
        ck_assert_ptr_null(peer->stream);
    } else {
        fake_send_bytes(peer, area, claimed);
        mutation_answered(peer, span_of(area, claimed), receiver);
    }
}

#endif
