/*
 * test_validate.c - each fault gets the error that the specification asks for, and whatever passes
 * is safe to read.
 *
 * First the cases of faults.c, then every truncation and every single-byte change of every message.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include <stdlib.h>
#include <string.h>

#include "openflow/msg.h"
#include "test/unit/faults.h"
#include "test/unit/unit.h"
#include "test/unit/walk.h"

#define GOOD                                                                                       \
    {                                                                                              \
        FAULT_NONE, FAULT_NONE                                                                     \
    }

/* `bytes` cut or filled up to `len`, in memory of exactly that size; the caller frees it. */
static uint8_t *resized(struct span bytes, size_t len)
{
    uint8_t *copy = calloc(1, len ? len : 1);
    bytes_copy(copy, bytes.data, len < bytes.len ? len : bytes.len);
    return copy;
}

static void set_length(uint8_t *message, size_t len)
{
    message[2] = (uint8_t)(len >> 8);
    message[3] = (uint8_t)len;
}

START_TEST(each_fault_gets_its_error)
{
    size_t n;
    const struct fault_case *c = fault_cases(&n);
    for (; n > 0; n--, c++) {
        struct span message = fault_message(c);
        struct ofp_fault fault = GOOD;
        bool good = c->expected.type == FAULT_NONE;
        ck_assert_msg(ofp_validate(message, c->receiver, &fault) == good &&
                          fault.type == c->expected.type && fault.code == c->expected.code,
                      "%s (%s): %d, %d", c->why, c->item, fault.type, fault.code);
        free((void *)message.data);
    }
}
END_TEST

START_TEST(the_corpus_is_good)
{
    size_t n;
    const struct corpus_item *item = corpus_all(&n);
    for (; n > 0; n--, item++) {
        struct ofp_fault fault = GOOD;
        ck_assert_msg(ofp_validate(item->bytes, item->receiver, &fault), "%s: %d, %d", item->name,
                      fault.type, fault.code);
        ck_assert_msg(ofp_validate(item->bytes, OFP_AT_EITHER, &fault), "%s", item->name);
    }
}
END_TEST

START_TEST(each_type_has_a_receiver)
{
    static const uint8_t at_switch_only[] = {
        OFPT_FEATURES_REQUEST, OFPT_GET_CONFIG_REQUEST, OFPT_SET_CONFIG,
        OFPT_PACKET_OUT,       OFPT_FLOW_MOD,           OFPT_PORT_MOD,
        OFPT_STATS_REQUEST,    OFPT_BARRIER_REQUEST,    OFPT_QUEUE_GET_CONFIG_REQUEST,
    };
    static const uint8_t at_either[] = {OFPT_HELLO, OFPT_ERROR, OFPT_ECHO_REQUEST, OFPT_ECHO_REPLY,
                                        OFPT_VENDOR};
    for (uint8_t type = 0; type < OFPT_N_TYPES; type++) {
        struct ofp_header h = {1, type, be16_of(8), be32_of(1)};
        struct ofp_fault s = GOOD, c = GOOD;
        bool symmetric = memchr(at_either, type, sizeof at_either) != NULL;
        bool of_switch = memchr(at_switch_only, type, sizeof at_switch_only) != NULL;
        ofp_validate(span_of(&h, sizeof h), OFP_AT_SWITCH, &s);
        ofp_validate(span_of(&h, sizeof h), OFP_AT_CONTROLLER, &c);
        ck_assert_int_eq(s.code == OFPBRC_BAD_TYPE, !symmetric && !of_switch);
        ck_assert_int_eq(c.code == OFPBRC_BAD_TYPE, !symmetric && of_switch);
    }
}
END_TEST

START_TEST(types_have_the_names_of_the_specification)
{
    ck_assert_str_eq(ofp_type_name(OFPT_HELLO), "OFPT_HELLO");
    ck_assert_str_eq(ofp_type_name(OFPT_PACKET_IN), "OFPT_PACKET_IN");
    ck_assert_str_eq(ofp_type_name(OFPT_QUEUE_GET_CONFIG_REPLY), "OFPT_QUEUE_GET_CONFIG_REPLY");
    ck_assert_ptr_null(ofp_type_name(OFPT_N_TYPES));
    ck_assert_ptr_null(ofp_type_name(255));
}
END_TEST

START_TEST(a_list_of_actions_is_judged_by_itself)
{
    struct span actions = corpus_actions();
    struct ofp_fault fault;
    for (size_t len = 0; len <= actions.len; len++) {
        uint8_t *copy = resized(actions, len);
        bool whole = len == 0 || len == 8 || len == 16 || len == 24 || len == 32 || len == 48 ||
                     (len >= 64 && len <= 104 && len % 8 == 0) || len == 120 || len == 136;
        fault = (struct ofp_fault)GOOD;
        ck_assert_int_eq(ofp_validate_actions(span_of(copy, len), &fault), whole);
        ck_assert(whole || (fault.type == OFPET_BAD_ACTION && fault.code == OFPBAC_BAD_LEN));
        free(copy);
    }
}
END_TEST

/* How many codes each type of error has, section 5.4.4. */
static bool is_defined(struct ofp_fault fault)
{
    static const uint16_t codes[] = {2, 9, 9, 6, 2, 3};
    return fault.type < sizeof codes / sizeof codes[0] && fault.code < codes[fault.type];
}

/* Fail without asking Check at every one of millions of looks: it writes a line each time. */
static void must(bool holds, const char *name, const char *what)
{
    if (!holds)
        ck_abort_msg("%s: %s", name, what);
}

/* Good bytes can be read to the end, and come back from encoding: the second time, exactly. */
static void check_readable(struct span bytes, const char *name)
{
    static uint8_t once[4096], twice[4096];
    struct buf first = buf_of(once, sizeof once), second = buf_of(twice, sizeof twice);
    struct ofp_msg msg;
    unsigned sum = 0;
    ofp_decode(&msg, bytes);
    must(walk_msg(&msg, &sum), name, "a list does not end");
    must(ofp_encode(&first, &msg) && first.len == bytes.len, name, "encodes otherwise");
    ofp_decode(&msg, span_of(once, first.len));
    must(ofp_encode(&second, &msg) && second.len == first.len, name, "encodes otherwise again");
    must(memcmp(twice, once, first.len) == 0, name, "is not stable");
}

static bool judged_good(struct span bytes, enum ofp_receiver receiver, const char *name)
{
    struct ofp_fault fault = GOOD;
    bool good = ofp_validate(bytes, receiver, &fault);
    must(good || is_defined(fault), name, "the error is none of the specification's");
    return good;
}

/* Whatever `bytes` are, everybody refuses them with an error that exists, or can read them. */
static void check_any(struct span bytes, const char *name)
{
    bool at_switch = judged_good(bytes, OFP_AT_SWITCH, name);
    bool at_controller = judged_good(bytes, OFP_AT_CONTROLLER, name);
    bool at_either = judged_good(bytes, OFP_AT_EITHER, name);
    must(at_either || !(at_switch || at_controller), name, "who looks on is stricter");
    if (at_either)
        check_readable(bytes, name);
}

START_TEST(every_truncation_is_refused_or_safe)
{
    size_t n;
    const struct corpus_item *item = corpus_all(&n);
    for (; n > 0; n--, item++)
        for (size_t len = 0; len < item->bytes.len; len++) {
            uint8_t *bytes = resized(item->bytes, len);
            check_any(span_of(bytes, len), item->name);
            if (len >= 4)
                set_length(bytes, len); /* cut, and the header agrees */
            check_any(span_of(bytes, len), item->name);
            free(bytes);
        }
}
END_TEST

START_TEST(every_single_byte_change_is_refused_or_safe)
{
    size_t n;
    const struct corpus_item *item = corpus_all(&n);
    for (; n > 0; n--, item++) {
        uint8_t *bytes = resized(item->bytes, item->bytes.len);
        for (size_t i = 0; i < item->bytes.len; i++) {
            for (int j = 0; j < 255; j++) {
                bytes[i]++;
                check_any(span_of(bytes, item->bytes.len), item->name);
            }
            bytes[i]++;
        }
        ck_assert_mem_eq(bytes, item->bytes.data, item->bytes.len);
        free(bytes);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_fault_gets_its_error,
        the_corpus_is_good,
        each_type_has_a_receiver,
        types_have_the_names_of_the_specification,
        a_list_of_actions_is_judged_by_itself,
        every_truncation_is_refused_or_safe,
        every_single_byte_change_is_refused_or_safe,
        NULL,
    };
    return unit_main(unit_suite("validate", tests));
}
