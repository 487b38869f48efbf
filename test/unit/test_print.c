/*
 * test_print.c - messages and their parts as text.
 *
 * A few texts of each kind, fixed; that all others equal ovs-ofctl's is test/wire/print_test.py's.
 * And what that test cannot see: that no text is written beyond its array, and no message read
 * beyond its end.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/action.h"
#include "openflow/match.h"
#include "openflow/print.h"
#include "test/unit/corpus.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"

#include <string.h>

#define TEXT_MAX 8192

static char area[TEXT_MAX];

static struct text empty(void)
{
    return text_of(area, sizeof area);
}

#define MATCH                                                                                      \
    "tcp,in_port=4,vlan_tci=0x0000,dl_src=02:00:00:00:00:0a,dl_dst=02:00:00:00:00:0b,"             \
    "nw_src=10.0.0.1,nw_dst=10.0.2.0/24,nw_tos=32,tp_src=40000,tp_dst=80"
#define ACTIONS                                                                                    \
    "CONTROLLER:128,mod_vlan_vid:291,mod_vlan_pcp:5,strip_vlan,mod_dl_src:02:00:00:00:00:0a,"      \
    "mod_dl_dst:02:00:00:00:00:0b,mod_nw_src:10.0.0.1,mod_nw_dst:10.0.0.2,mod_nw_tos:184,"         \
    "mod_tp_src:1234,mod_tp_dst:80,enqueue:3:7,dec_ttl"
#define FRAME                                                                                      \
    "tcp,vlan_tci=0x0000,dl_src=02:00:00:00:00:0a,dl_dst=02:00:00:00:00:0b,nw_src=10.0.0.1,"       \
    "nw_dst=10.0.0.2,nw_tos=0,nw_ecn=0,nw_ttl=64,nw_frag=no,tp_src=40000,tp_dst=80,tcp_flags=syn"  \
    " tcp_csum:0"

static const struct {
    const char *name;
    int verbosity;
    const char *text; /* behind the xid */
} texts[] = {
    {"hello", 1, "\n version bitmap: 0x01\n"},
    {"echo_request", 1, " 0 bytes of payload\n"},
    {"error_hello_failed", 1, " OFPHFC_INCOMPATIBLE\nwe speak 1.3\n"},
    {"vendor_role_request", 1, " role=primary\n"},
    {"vendor_unknown_body", 1, " vendor=0x00abcdef 21 bytes of payload\n"},
    {"features_request", 1, "\n"},
    {"features_reply_no_ports", 1,
     " dpid:0000000000000001\nn_tables:0, n_buffers:0\ncapabilities: 0\n"},
    {"get_config_reply", 1, " frags=drop miss_send_len=128\n"},
    {"packet_in", 0, " total_len=58 in_port=3 (via action) data_len=58 (unbuffered)\n"},
    {"packet_in", 1, " total_len=58 in_port=3 (via action) data_len=58 (unbuffered)\n" FRAME "\n"},
    {"packet_in_total_len_lies", 0,
     " total_len=5 in_port=3 (via action) data_len=58 (unbuffered) (***total_len != "
     "data_len***)\n"},
    {"flow_removed", 1,
     " priority=8482," MATCH " reason=hard cookie:0x1112131415161718 duration825373492.999999999s"
     " idle16706 pkts5859837686836516696 bytes7017280452245743464\n"},
    {"packet_out", 0, " in_port=ANY actions=" ACTIONS " data_len=58\n"},
    {"packet_out_drop", 1, " in_port=ANY actions=drop buffer=0x00000100\n"},
    {"flow_mod_add", 1,
     " ADD priority=14393," MATCH " cookie:0x7172737475767778 idle:6169 hard:10281 buf:0x48494a4b"
     " send_flow_rem check_overlap actions=" ACTIONS "\n"},
    {"port_mod", 1,
     " port: 5: addr:02:00:00:00:00:0b\n     config: PORT_DOWN\n"
     "     mask:   PORT_DOWN NO_FLOOD\n     advertise: 10GB-FD\n"},
    {"queue_get_config_reply", 1, " port=6\nqueue 81: min_rate:50.0%\nqueue 82:\n"},
    {"stats_request_flow", 1, " " MATCH "\n"},
    {"stats_request_queue", 1, " port=ANY queue=ALL\n"},
    {"stats_reply_desc", 1,
     "\nManufacturer: the makers\nHardware: some hardware\nSoftware: 1.2.3\n"
     "Serial Num: 99999999999999999999999999999999\nDP Description: in the attic\n"},
    {"stats_reply_port", 0, " 2 ports\n"},
    {"stats_reply_queue", 1,
     " 2 queues\n  port 1 queue 2: bytes=3, pkts=4, errors=5, duration=?\n"
     "  port 6 queue 7: bytes=8, pkts=9, errors=10, duration=?\n"},
};

START_TEST(messages_have_the_text_that_ovs_ofctl_gives_them)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct text t = empty();
        ofp_print(&t, corpus_find(texts[i].name)->bytes, texts[i].verbosity);
        ck_assert(text_fits(&t));
        ck_assert_str_eq(strchr(area, ')') + 2, texts[i].text);
    }
}
END_TEST

START_TEST(every_good_message_is_printed_without_a_fault)
{
    size_t n;
    const struct corpus_item *items = corpus_all(&n);
    for (size_t i = 0; i < n; i++) {
        struct text t = empty();
        ofp_print(&t, items[i].bytes, 2);
        ck_assert_int_eq(area[t.need - 1], '\n');
        ck_assert_msg(strstr(area, "decode error") == NULL, "%s: %s", items[i].name, area);
    }
}
END_TEST

/* With exact copies, so that the sanitizers see whoever reads on. */
static void print_copy(const uint8_t *bytes, size_t n)
{
    uint8_t *copy = malloc(n + 1);
    struct text t = empty();
    memcpy(copy + 1, bytes, n); /* at an odd address, too */
    ofp_print(&t, span_of(copy + 1, n), 2);
    ck_assert_uint_gt(t.need, 0);
    free(copy);
}

START_TEST(no_message_is_read_beyond_its_end)
{
    size_t n;
    const struct corpus_item *items = corpus_all(&n);
    for (size_t i = 0; i < n; i++) {
        uint8_t copy[2048];
        struct ofp_header *h = (struct ofp_header *)copy;
        for (size_t len = 0; len <= items[i].bytes.len; len++) {
            memcpy(copy, items[i].bytes.data, items[i].bytes.len);
            print_copy(copy, len);
            h->length = be16_of((uint16_t)len);
            print_copy(copy, len);
        }
    }
}
END_TEST

START_TEST(no_changed_message_harms_the_printer)
{
    size_t n;
    const struct corpus_item *items = corpus_all(&n);
    uint64_t random = 1;
    for (unsigned round = 0; round < 50; round++) {
        for (size_t i = 0; i < n; i++) {
            uint8_t copy[2048];
            memcpy(copy, items[i].bytes.data, items[i].bytes.len);
            for (unsigned j = 0; j <= round % 3; j++)
                copy[random_below(&random, items[i].bytes.len)] = (uint8_t)random_u64(&random);
            print_copy(copy, items[i].bytes.len);
        }
    }
}
END_TEST

/* At sizes all along the text: a prefix of it, and nothing behind the array touched. */
START_TEST(text_that_does_not_fit_is_cut_off)
{
    static char whole[TEXT_MAX];
    size_t n;
    const struct corpus_item *items = corpus_all(&n);
    for (size_t i = 0; i < n; i++) {
        struct text t = text_of(whole, sizeof whole);
        ofp_print(&t, items[i].bytes, 2);
        size_t len = t.need;
        for (size_t cap = 1; cap <= len; cap += 1 + len / 20) {
            memset(area, '#', sizeof area);
            t = text_of(area, cap);
            ofp_print(&t, items[i].bytes, 2);
            ck_assert_uint_eq(t.need, len);
            ck_assert_mem_eq(area, whole, cap - 1);
            ck_assert_int_eq(area[cap - 1], '\0');
            ck_assert_int_eq(area[cap], '#');
        }
    }
}
END_TEST

/* An error that quotes an error that quotes ... as deep as a message can be. */
START_TEST(errors_within_errors_end)
{
    static uint8_t bytes[OFP_MAX_MESSAGE];
    struct text t = empty();
    for (size_t at = 0; at + sizeof(struct ofp_error_msg) <= sizeof bytes;
         at += sizeof(struct ofp_error_msg)) {
        struct ofp_error_msg *e = (struct ofp_error_msg *)(bytes + at);
        e->header = (struct ofp_header){.version = OFP_VERSION, .type = OFPT_ERROR};
        e->header.length = be16_of((uint16_t)(sizeof bytes - at));
        e->type = be16_of(OFPET_BAD_REQUEST);
    }
    ofp_print(&t, span_of(bytes, sizeof bytes), 0);
    ck_assert_uint_gt(t.need, sizeof bytes);
}
END_TEST

static void check_match(const struct ofp_match *match, uint16_t priority, const char *expected)
{
    struct text t = empty();
    ofp_print_match(&t, match, priority);
    ck_assert_str_eq(area, expected);
}

START_TEST(matches_print_what_they_compare)
{
    struct ofp_match m = ofp_match_any();
    check_match(&m, OFP_DEFAULT_PRIORITY, "");
    check_match(&m, 0, "priority=0");
    m.wildcards = be32_of(OFPFW_ALL & ~(OFPFW_DL_VLAN | OFPFW_DL_VLAN_PCP));
    m.dl_vlan = be16_of(7);
    m.dl_vlan_pcp = 3;
    check_match(&m, OFP_DEFAULT_PRIORITY, "dl_vlan=7,dl_vlan_pcp=3");
    m.wildcards =
        be32_of(OFPFW_ALL & ~(OFPFW_DL_TYPE | OFPFW_NW_PROTO | (63 << OFPFW_NW_DST_SHIFT)));
    m.dl_type = be16_of(0x0806);
    m.nw_proto = 1;
    m.nw_dst = be32_of(0x0a010203);
    check_match(&m, 5, "priority=5,arp,arp_tpa=10.1.2.3,arp_op=1");
    m.dl_type = be16_of(0x88cc);
    check_match(&m, OFP_DEFAULT_PRIORITY, "dl_type=0x88cc,nw_dst=10.1.2.3,nw_proto=1");
}
END_TEST

START_TEST(keys_print_the_fields_that_their_frame_has)
{
    struct ofp_key key;
    struct text t = empty();
    ofp_key_extract(&key, corpus_frame(), 4);
    ofp_print_key(&t, &key);
    ck_assert_str_eq(area, "tcp,in_port=4,vlan_tci=0x0000,dl_src=02:00:00:00:00:0a,"
                           "dl_dst=02:00:00:00:00:0b,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_tos=0,"
                           "tp_src=40000,tp_dst=80");
    t = empty();
    ofp_key_extract(&key, span_of("\1\2\3\4\5\6\1\2\3\4\5\6\x88\xcc", 14), OFPP_LOCAL);
    ofp_print_key(&t, &key);
    ck_assert_str_eq(area, "in_port=LOCAL,vlan_tci=0x0000,dl_src=01:02:03:04:05:06,"
                           "dl_dst=01:02:03:04:05:06,dl_type=0x88cc");
    t = empty();
    ofp_print_frame(&t, corpus_frame());
    ck_assert_str_eq(area, FRAME);
}
END_TEST

START_TEST(actions_print_as_they_are_typed)
{
    uint8_t bytes[64];
    struct buf list = buf_of(bytes, sizeof bytes);
    struct text t = empty();
    ofp_print_actions(&t, corpus_actions());
    ck_assert_str_eq(area, ACTIONS);
    t = empty();
    ofp_print_actions(&t, span_of(NULL, 0));
    ck_assert_str_eq(area, "drop");
    t = empty();
    ck_assert(ofp_put_output(&list, 7, 0) && ofp_put_output(&list, OFPP_FLOOD, 0) &&
              ofp_put_enqueue(&list, OFPP_IN_PORT, 9) && ofp_put_vendor_action(&list, 5, "ab", 2));
    ofp_print_actions(&t, span_of(bytes, list.len));
    ck_assert_str_eq(area,
                     "output:7,FLOOD,enqueue:IN_PORT:9,unknown:ffff0010000000056162000000000000");
}
END_TEST

START_TEST(ports_and_errors_have_names)
{
    static const struct {
        uint16_t port_no;
        const char *name;
    } ports[] = {{1, "1"},
                 {OFPP_MAX, "65280"},
                 {OFPP_IN_PORT, "IN_PORT"},
                 {OFPP_CONTROLLER, "CONTROLLER"},
                 {OFPP_LOCAL, "LOCAL"},
                 {OFPP_NONE, "ANY"}};
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        struct text t = empty();
        ofp_print_port(&t, ports[i].port_no);
        ck_assert_str_eq(area, ports[i].name);
    }
    ck_assert_str_eq(ofp_error_name(OFPET_BAD_REQUEST, OFPBRC_BAD_LEN), "OFPBRC_BAD_LEN");
    ck_assert_str_eq(ofp_error_name(OFPET_QUEUE_OP_FAILED, OFPQOFC_EPERM), "OFPQOFC_EPERM");
    ck_assert_str_eq(ofp_error_type_name(OFPET_BAD_ACTION), "OFPET_BAD_ACTION");
    ck_assert_ptr_null(ofp_error_name(OFPET_QUEUE_OP_FAILED, OFPQOFC_EPERM + 1));
    ck_assert_ptr_null(ofp_error_name(OFPET_QUEUE_OP_FAILED + 1, 0));
    ck_assert_ptr_null(ofp_error_type_name(OFPET_QUEUE_OP_FAILED + 1));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {messages_have_the_text_that_ovs_ofctl_gives_them,
                                  every_good_message_is_printed_without_a_fault,
                                  no_message_is_read_beyond_its_end,
                                  no_changed_message_harms_the_printer,
                                  text_that_does_not_fit_is_cut_off,
                                  errors_within_errors_end,
                                  matches_print_what_they_compare,
                                  keys_print_the_fields_that_their_frame_has,
                                  actions_print_as_they_are_typed,
                                  ports_and_errors_have_names,
                                  NULL};
    return unit_main(unit_suite("print", tests));
}
