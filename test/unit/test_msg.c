/*
 * test_msg.c - decoding and encoding are each other's inverse, for every message.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include <stdlib.h>
#include <string.h>

#include "openflow/action.h"
#include "openflow/msg.h"
#include "test/unit/corpus.h"
#include "test/unit/unit.h"

static struct ofp_msg decoded(const char *name)
{
    struct ofp_msg msg;
    ofp_decode(&msg, corpus_find(name)->bytes);
    return msg;
}

/* Encode what `bytes` decode to, over an area of 0xee; the result lies in `area`. */
static size_t recode(struct span bytes, uint8_t *area, size_t cap)
{
    struct ofp_msg msg;
    struct buf out = buf_of(area, cap);
    memset(area, 0xee, cap);
    ofp_decode(&msg, bytes);
    ck_assert(ofp_encode(&out, &msg));
    return out.len;
}

START_TEST(every_message_survives_decoding_and_encoding)
{
    size_t n;
    const struct corpus_item *item = corpus_all(&n);
    static uint8_t area[4096];
    for (; n > 0; n--, item++) {
        size_t len = recode(item->bytes, area, sizeof area);
        ck_assert_msg(len == item->bytes.len, "%s", item->name);
        area[0] = item->bytes.data[0]; /* a hello of another version */
        ck_assert_msg(memcmp(area, item->bytes.data, len) == 0, "%s", item->name);
    }
}
END_TEST

START_TEST(the_corpus_has_every_type)
{
    size_t n;
    const struct corpus_item *item = corpus_all(&n);
    bool types[OFPT_N_TYPES] = {false}, requests[OFPST_N_TYPES + 1] = {false};
    bool replies[OFPST_N_TYPES + 1] = {false};
    for (; n > 0; n--, item++) {
        struct ofp_msg msg;
        ofp_decode(&msg, item->bytes);
        types[msg.type] = true;
        if (msg.type == OFPT_STATS_REQUEST)
            requests[msg.stats.type == OFPST_VENDOR ? OFPST_N_TYPES : msg.stats.type] = true;
        if (msg.type == OFPT_STATS_REPLY)
            replies[msg.stats.type == OFPST_VENDOR ? OFPST_N_TYPES : msg.stats.type] = true;
    }
    for (int i = 0; i < OFPT_N_TYPES; i++)
        ck_assert_msg(types[i], "type %d", i);
    for (int i = 0; i <= OFPST_N_TYPES; i++)
        ck_assert_msg(requests[i] && replies[i], "stats %d", i);
}
END_TEST

/* Bytes of a message's fixed part that are no field. All others must come back as they were. */
static const struct pad {
    const char *name;
    size_t from, n;
} pads[] = {
    {"features_reply", offsetof(struct ofp_switch_features, pad), 3},
    {"features_reply_no_ports", offsetof(struct ofp_switch_features, pad), 3},
    {"packet_in", offsetof(struct ofp_packet_in, pad), 1},
    {"packet_in_buffered", offsetof(struct ofp_packet_in, pad), 1},
    {"packet_in_total_len_lies", offsetof(struct ofp_packet_in, pad), 1},
    {"packet_in_empty", offsetof(struct ofp_packet_in, pad), 1},
    {"flow_removed", offsetof(struct ofp_flow_removed, pad), 1},
    {"flow_removed", offsetof(struct ofp_flow_removed, pad2), 2},
    {"port_status", offsetof(struct ofp_port_status, pad), 7},
    {"port_mod", offsetof(struct ofp_port_mod, pad), 4},
    {"queue_get_config_request", offsetof(struct ofp_queue_get_config_request, pad), 2},
    {"queue_get_config_reply", offsetof(struct ofp_queue_get_config_reply, pad), 6},
    {"queue_get_config_reply_empty", offsetof(struct ofp_queue_get_config_reply, pad), 6},
    {"stats_request_flow", 12 + offsetof(struct ofp_flow_stats_request, pad), 1},
    {"stats_request_aggregate", 12 + offsetof(struct ofp_flow_stats_request, pad), 1},
    {"stats_request_port", 12 + offsetof(struct ofp_port_stats_request, pad), 6},
    {"stats_request_queue", 12 + offsetof(struct ofp_queue_stats_request, pad), 2},
    {"stats_reply_aggregate", 12 + offsetof(struct ofp_aggregate_stats_reply, pad), 4},
};

static bool is_pad(const char *name, size_t at)
{
    for (size_t i = 0; i < sizeof pads / sizeof pads[0]; i++)
        if (strcmp(pads[i].name, name) == 0 && at >= pads[i].from && at < pads[i].from + pads[i].n)
            return true;
    return false;
}

/* Set one bit that is clear or clear one that is set, wherever the message stays good. */
START_TEST(every_byte_comes_back_but_pads_which_are_zeroed)
{
    size_t n;
    const struct corpus_item *item = corpus_all(&n);
    static uint8_t area[4096], bytes[4096];
    for (; n > 0; n--, item++)
        for (size_t i = 1; i < item->bytes.len; i++)
            for (uint8_t bit = 1; bit != 0; bit = (uint8_t)(bit << 1)) {
                struct ofp_fault fault;
                struct span changed = span_of(bytes, item->bytes.len);
                memcpy(bytes, item->bytes.data, item->bytes.len);
                bytes[i] ^= bit;
                if (!ofp_validate(changed, item->receiver, &fault))
                    continue;
                ck_assert_uint_eq(recode(changed, area, sizeof area), changed.len);
                ck_assert_msg(area[i] == (is_pad(item->name, i) ? 0 : bytes[i]), "%s, byte %zu",
                              item->name, i);
            }
}
END_TEST

START_TEST(a_message_that_does_not_fit_leaves_the_output_alone)
{
    size_t n;
    const struct corpus_item *item = corpus_all(&n);
    static uint8_t area[4096], before[4096];
    memset(before, 0xee, sizeof before);
    for (; n > 0; n--, item++) {
        struct ofp_msg msg;
        ofp_decode(&msg, item->bytes);
        for (size_t room = 0; room < item->bytes.len; room++) {
            struct buf out = {.data = area, .len = 5, .cap = 5 + room};
            memset(area, 0xee, sizeof area);
            ck_assert(!ofp_encode(&out, &msg));
            ck_assert_uint_eq(out.len, 5);
            ck_assert_mem_eq(area, before, sizeof area);
        }
    }
}
END_TEST

START_TEST(a_message_is_at_most_65535_bytes)
{
    static uint8_t area[80000], data[70000];
    for (size_t len = 65500; len < 65550; len++) {
        struct buf out = buf_of(area, sizeof area);
        struct ofp_msg echo = {.type = OFPT_ECHO_REPLY, .data = span_of(data, len)};
        struct ofp_msg packet_out = {
            .type = OFPT_PACKET_OUT,
            .packet_out = {.actions = span_of(data, 65496), .data = span_of(data, len - 65496)}};
        ck_assert_int_eq(ofp_encode(&out, &echo), len + 8 <= 65535);
        ck_assert_int_eq(ofp_encode(&out, &packet_out), len + 16 <= 65535 && out.len < 14000);
    }
}
END_TEST

START_TEST(what_is_no_message_is_not_encoded)
{
    uint8_t area[2000];
    for (unsigned type = OFPT_N_TYPES; type < 256; type++) {
        struct buf out = buf_of(area, sizeof area);
        struct ofp_msg msg = {.type = (uint8_t)type};
        ck_assert(!ofp_encode(&out, &msg));
    }
    for (unsigned stat = OFPST_N_TYPES; stat < OFPST_VENDOR; stat++) {
        struct buf out = buf_of(area, sizeof area);
        struct ofp_msg msg = {.type = OFPT_STATS_REQUEST, .stats = {.type = (uint16_t)stat}};
        ck_assert(!ofp_encode(&out, &msg));
        msg.type = OFPT_STATS_REPLY;
        ck_assert(!ofp_encode(&out, &msg));
        ck_assert_uint_eq(out.len, 0);
    }
}
END_TEST

START_TEST(a_flow_mod_is_as_the_specification_draws_it)
{
    static const uint8_t drawn[] = {
        0x01, 14,   0,    80,   0x01, 0x02, 0x03, 0x04,                         /* header */
        0,    0x10, 0,    0x02, 0,    3,                                        /* match */
        0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, /* MACs */
        0,    5,    6,    0,    0x08, 0x00, 0xfc, 17,   0,    0,                /* VLAN to proto */
        10,   0,    0,    1,    10,   0,    0,    2,    0,    53,   0,    54,   /* addresses */
        1,    2,    3,    4,    5,    6,    7,    8,                            /* cookie */
        0,    4,    0,    10,   0,    20,   0x80, 0, /* command to prio */
        0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0,    1, /* buffer to flags */
        0,    0,    0,    8,    0,    2,    0,    0, /* output:2 */
    };
    struct ofp_match match = {
        .wildcards = be32_of(OFPFW_DL_VLAN_PCP | OFPFW_DL_VLAN),
        .in_port = be16_of(3),
        .dl_src = {0x11, 0x12, 0x13, 0x14, 0x15, 0x16},
        .dl_dst = {0x21, 0x22, 0x23, 0x24, 0x25, 0x26},
        .dl_vlan = be16_of(5),
        .dl_vlan_pcp = 6,
        .dl_type = be16_of(0x0800),
        .nw_tos = 0xfc,
        .nw_proto = 17,
        .nw_src = be32_of(0x0a000001),
        .nw_dst = be32_of(0x0a000002),
        .tp_src = be16_of(53),
        .tp_dst = be16_of(54),
    };
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD,
                          .xid = 0x01020304,
                          .flow_mod = {.match = &match,
                                       .cookie = 0x0102030405060708,
                                       .command = OFPFC_DELETE_STRICT,
                                       .idle_timeout = 10,
                                       .hard_timeout = 20,
                                       .priority = OFP_DEFAULT_PRIORITY,
                                       .buffer_id = OFP_NO_BUFFER,
                                       .out_port = OFPP_LOCAL,
                                       .flags = OFPFF_SEND_FLOW_REM}};
    uint8_t list[8], area[80];
    struct buf actions = buf_of(list, sizeof list), out = buf_of(area, sizeof area);
    ck_assert(ofp_put_output(&actions, 2, 0));
    msg.flow_mod.actions = span_of(list, actions.len);
    ck_assert(ofp_encode(&out, &msg));
    ck_assert_uint_eq(out.len, sizeof drawn);
    ck_assert_mem_eq(area, drawn, sizeof drawn);
}
END_TEST

START_TEST(a_packet_out_is_as_the_specification_draws_it)
{
    static const uint8_t drawn[] = {
        0x01, 13,   0,    27,   0, 0,    0, 9,                /* header */
        0xff, 0xff, 0xff, 0xff, 0, 7,    0, 8,                /* buffer, port, actions' length */
        0,    0,    0,    8,    0, 0xff, 0, 0, 'a', 'b', 'c', /* output:255, the frame */
    };
    uint8_t list[8], area[64];
    struct buf actions = buf_of(list, sizeof list), out = buf_of(area, sizeof area);
    struct ofp_msg msg = {
        .type = OFPT_PACKET_OUT,
        .xid = 9,
        .packet_out = {.buffer_id = OFP_NO_BUFFER, .in_port = 7, .data = span_of("abc", 3)}};
    ck_assert(ofp_put_output(&actions, 255, 0));
    msg.packet_out.actions = span_of(list, actions.len);
    ck_assert(ofp_encode(&out, &msg));
    ck_assert_uint_eq(out.len, sizeof drawn);
    ck_assert_mem_eq(area, drawn, sizeof drawn);
}
END_TEST

START_TEST(a_packet_in_shows_its_fields_and_the_frame_in_place)
{
    const struct corpus_item *item = corpus_find("packet_in_buffered");
    struct ofp_msg msg = decoded("packet_in_buffered");
    ck_assert_uint_eq(msg.packet_in.buffer_id, 0x100);
    ck_assert_uint_eq(msg.packet_in.total_len, 1500);
    ck_assert_uint_eq(msg.packet_in.in_port, 3);
    ck_assert_uint_eq(msg.packet_in.reason, OFPR_ACTION);
    ck_assert_ptr_eq(msg.packet_in.data.data, item->bytes.data + 18);
    ck_assert_uint_eq(msg.packet_in.data.len, corpus_frame().len);
}
END_TEST

START_TEST(a_packet_out_splits_into_actions_and_frame)
{
    struct ofp_msg msg = decoded("packet_out");
    ck_assert_uint_eq(msg.packet_out.buffer_id, OFP_NO_BUFFER);
    ck_assert_uint_eq(msg.packet_out.in_port, OFPP_NONE);
    ck_assert_uint_eq(msg.packet_out.actions.len, corpus_actions().len);
    ck_assert_mem_eq(msg.packet_out.data.data, corpus_frame().data, corpus_frame().len);
    ck_assert_uint_eq(msg.packet_out.data.len, corpus_frame().len);
}
END_TEST

START_TEST(a_flow_removed_shows_its_fields)
{
    struct ofp_msg msg = decoded("flow_removed");
    ck_assert_uint_eq(be16_get(msg.flow_removed.match->in_port), 4);
    ck_assert_uint_eq(msg.flow_removed.cookie, 0x1112131415161718);
    ck_assert_uint_eq(msg.flow_removed.priority, 0x2122);
    ck_assert_uint_eq(msg.flow_removed.reason, OFPRR_HARD_TIMEOUT);
    ck_assert_uint_eq(msg.flow_removed.duration_sec, 0x31323334);
    ck_assert_uint_eq(msg.flow_removed.duration_nsec, 999999999);
    ck_assert_uint_eq(msg.flow_removed.idle_timeout, 0x4142);
    ck_assert_uint_eq(msg.flow_removed.packet_count, 0x5152535455565758);
    ck_assert_uint_eq(msg.flow_removed.byte_count, 0x6162636465666768);
}
END_TEST

START_TEST(features_and_their_ports_are_read)
{
    struct ofp_msg msg = decoded("features_reply");
    struct span ports = msg.features.ports;
    ck_assert_uint_eq(msg.features.datapath_id, 0x0102030405060708);
    ck_assert_uint_eq(msg.features.n_buffers, 256);
    ck_assert_uint_eq(msg.features.n_tables, 2);
    ck_assert_uint_eq(msg.features.actions, 0xfff);
    ck_assert_uint_eq(be16_get(ofp_next_port(&ports)->port_no), 1);
    ck_assert_str_eq(ofp_next_port(&ports)->name, "a-name-of-15-ch");
    ck_assert_uint_eq(be16_get(ofp_next_port(&ports)->port_no), OFPP_LOCAL);
    ck_assert_ptr_null(ofp_next_port(&ports));
}
END_TEST

START_TEST(flow_statistics_are_walked_with_their_actions)
{
    struct ofp_msg msg = decoded("stats_reply_flow");
    struct span entries = msg.stats.entries, actions;
    ck_assert_uint_eq(ofp_next_flow_stats(&entries, &actions)->table_id, 0);
    ck_assert_uint_eq(actions.len, 0);
    ck_assert_uint_eq(ofp_next_flow_stats(&entries, &actions)->table_id, 1);
    ck_assert_uint_eq(actions.len, corpus_actions().len);
    ck_assert_mem_eq(actions.data, corpus_actions().data, actions.len);
    ck_assert_uint_eq(ofp_next_flow_stats(&entries, &actions)->table_id, 2);
    ck_assert_ptr_null(ofp_next_flow_stats(&entries, &actions));
    ck_assert_uint_eq(entries.len, 0);
}
END_TEST

START_TEST(queues_are_walked_with_their_properties)
{
    struct ofp_msg msg = decoded("queue_get_config_reply");
    struct span queues = msg.queue_config.queues, props;
    ck_assert_uint_eq(msg.queue_config.port, 6);
    ck_assert_uint_eq(be32_get(ofp_next_queue(&queues, &props)->queue_id), 0x51);
    ck_assert_uint_eq(be16_get(ofp_next_queue_prop(&props)->property), OFPQT_MIN_RATE);
    ck_assert_uint_eq(be16_get(ofp_next_queue_prop(&props)->property), OFPQT_NONE);
    ck_assert_uint_eq(be16_get(ofp_next_queue_prop(&props)->property), 0x1234);
    ck_assert_ptr_null(ofp_next_queue_prop(&props));
    ck_assert_uint_eq(be32_get(ofp_next_queue(&queues, &props)->queue_id), 0x52);
    ck_assert_uint_eq(props.len, 0);
    ck_assert_ptr_null(ofp_next_queue(&queues, &props));
}
END_TEST

/* A walker, on `size` bytes of which the entry's length field says `len`. */
static void check_claim(size_t size, unsigned len, size_t fixed, size_t len_at,
                        const void *(*next)(struct span *rest))
{
    uint8_t *bytes = malloc(size ? size : 1);
    struct span rest = span_of(bytes, size);
    bool good = size >= fixed && len >= fixed && len <= size;
    memset(bytes, 0, size);
    if (size >= len_at + 2) {
        bytes[len_at] = (uint8_t)(len >> 8);
        bytes[len_at + 1] = (uint8_t)len;
    }
    ck_assert_ptr_eq(next(&rest), good ? bytes : NULL);
    ck_assert_uint_eq(rest.len, good ? size - len : size);
    free(bytes);
}

static const void *next_flow(struct span *rest)
{
    struct span actions;
    return ofp_next_flow_stats(rest, &actions);
}

static const void *next_queue(struct span *rest)
{
    struct span props;
    return ofp_next_queue(rest, &props);
}

static const void *next_prop(struct span *rest)
{
    return ofp_next_queue_prop(rest);
}

START_TEST(walkers_believe_no_length)
{
    for (size_t size = 0; size <= 100; size++)
        for (unsigned len = 0; len <= 65535; len += len < 120 ? 1 : 997) {
            check_claim(size, len, sizeof(struct ofp_flow_stats), 0, next_flow);
            check_claim(size, len, sizeof(struct ofp_packet_queue), 4, next_queue);
            check_claim(size, len, sizeof(struct ofp_queue_prop_header), 2, next_prop);
        }
}
END_TEST

/* Section 5.4.4: "at least 64 bytes of the failed request". */
START_TEST(an_error_carries_64_bytes_of_its_request_and_its_xid)
{
    uint8_t request[100] = {1, 14, 0, 100, 0xde, 0xad, 0xbe, 0xef};
    for (size_t len = 0; len <= sizeof request; len++) {
        uint8_t area[200];
        size_t carried = len < 64 ? len : 64;
        struct buf out = buf_of(area, sizeof area);
        struct ofp_msg msg;
        ck_assert(ofp_encode_error(&out, OFPET_BAD_ACTION, OFPBAC_EPERM, span_of(request, len)));
        ofp_decode(&msg, span_of(area, out.len));
        ck_assert_uint_eq(out.len, 12 + carried);
        ck_assert_uint_eq(msg.type, OFPT_ERROR);
        ck_assert_uint_eq(msg.xid, len < 8 ? 0 : 0xdeadbeef);
        ck_assert_uint_eq(msg.error.type, OFPET_BAD_ACTION);
        ck_assert_uint_eq(msg.error.code, OFPBAC_EPERM);
        ck_assert_mem_eq(msg.error.data.data, request, carried);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_message_survives_decoding_and_encoding,
        the_corpus_has_every_type,
        every_byte_comes_back_but_pads_which_are_zeroed,
        a_message_that_does_not_fit_leaves_the_output_alone,
        a_message_is_at_most_65535_bytes,
        what_is_no_message_is_not_encoded,
        a_flow_mod_is_as_the_specification_draws_it,
        a_packet_out_is_as_the_specification_draws_it,
        a_packet_in_shows_its_fields_and_the_frame_in_place,
        a_packet_out_splits_into_actions_and_frame,
        a_flow_removed_shows_its_fields,
        features_and_their_ports_are_read,
        flow_statistics_are_walked_with_their_actions,
        queues_are_walked_with_their_properties,
        walkers_believe_no_length,
        an_error_carries_64_bytes_of_its_request_and_its_xid,
        NULL,
    };
    return unit_main(unit_suite("msg", tests));
}
