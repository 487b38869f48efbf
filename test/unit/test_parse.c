/*
 * test_parse.c - the text parser: each name does its part, what is printed is read again, what is
 * wrong is refused in words that name it. (test/wire/parse_test.py compares with ovs-ofctl.)
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/random.h"
#include "test/unit/unit.h"
#include "openflow/action.h"
#include "openflow/match.h"
#include "openflow/parse.h"
#include "openflow/print.h"
#include "openflow/validate.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 20000

static char error[OFP_PARSE_ERROR];
static uint64_t seed = 1;

static uint32_t rnd(uint32_t n)
{
    return (uint32_t)random_below(&seed, n);
}

static struct ofp_match parsed_match(const char *text)
{
    struct ofp_match m;
    const char *bad = ofp_parse_match(text, &m, error);
    ck_assert_msg(bad == NULL, "%s", bad);
    return m;
}

/* The actions of `text`, in an array of `cap` bytes. */
static const char *parse_actions(const char *text, struct buf *list, uint8_t *bytes, size_t cap)
{
    *list = buf_of(bytes, cap);
    return ofp_parse_actions(text, list, error);
}

/* --- Matches ---------------------------------------------------------------------------------- */

#define ALL_WILD    0x3820ff /* section 5.2.3: every flag, and 32 bits of both addresses */
#define SRC_BITS(n) ((uint32_t)(n) << OFPFW_NW_SRC_SHIFT)
#define DST_BITS(n) ((uint32_t)(n) << OFPFW_NW_DST_SHIFT)

static const struct {
    const char *text;
    uint32_t cared; /* what ALL_WILD has more than the match's wildcards */
    struct ofp_match m;
} alone[] = {
    {"", 0, {.in_port = {{0, 0}}}},
    {"in_port=7", OFPFW_IN_PORT, {.in_port = {{0, 7}}}},
    {"in_port=LOCAL", OFPFW_IN_PORT, {.in_port = {{0xff, 0xfe}}}},
    {"in_port=any", OFPFW_IN_PORT, {.in_port = {{0xff, 0xff}}}},
    {"in_port=*", 0, {.in_port = {{0, 0}}}},
    {"nw_src=Any", 0, {.nw_src = {{0, 0, 0, 0}}}},
    {"dl_src=00:11:22:33:44:55", OFPFW_DL_SRC, {.dl_src = {0, 0x11, 0x22, 0x33, 0x44, 0x55}}},
    {"eth_dst=a:b:c:D:E:F", OFPFW_DL_DST, {.dl_dst = {10, 11, 12, 13, 14, 15}}},
    {"dl_vlan=258", OFPFW_DL_VLAN, {.dl_vlan = {{1, 2}}}},
    {"dl_vlan=0xffff", OFPFW_DL_VLAN | OFPFW_DL_VLAN_PCP, {.dl_vlan = {{0xff, 0xff}}}},
    {"dl_vlan_pcp=3,dl_vlan_pcp=*,dl_vlan=0xffff",
     OFPFW_DL_VLAN | OFPFW_DL_VLAN_PCP,
     {.dl_vlan = {{0xff, 0xff}}}},
    {"dl_vlan_pcp=5", OFPFW_DL_VLAN_PCP, {.dl_vlan_pcp = 5}},
    {"vlan_tci=0xb102", OFPFW_DL_VLAN | OFPFW_DL_VLAN_PCP, {.dl_vlan = {{1, 2}}, .dl_vlan_pcp = 5}},
    {"dl_type=0x88cc", OFPFW_DL_TYPE, {.dl_type = {{0x88, 0xcc}}}},
    {"nw_tos=0xb9", OFPFW_NW_TOS, {.nw_tos = 0xb8}},
    {"ip_dscp=46", OFPFW_NW_TOS, {.nw_tos = 0xb8}},
    {"nw_proto=47", OFPFW_NW_PROTO, {.nw_proto = 47}},
    {"arp_op=2", OFPFW_NW_PROTO, {.nw_proto = 2}},
    {"nw_src=1.2.3.4", SRC_BITS(32), {.nw_src = {{1, 2, 3, 4}}}},
    {"nw_src=1.2.3.4/24", SRC_BITS(24), {.nw_src = {{1, 2, 3, 0}}}},
    {"nw_dst=1.200.3.4/255.128.0.0", DST_BITS(9), {.nw_dst = {{1, 128, 0, 0}}}},
    {"arp_tpa=1.2.3.4/0", 0, {.nw_dst = {{0, 0, 0, 0}}}},
    {"tp_src=258", OFPFW_TP_SRC, {.tp_src = {{1, 2}}}},
    {"udp_dst=0x102", OFPFW_TP_DST, {.tp_dst = {{1, 2}}}},
    {"icmp_type=8", OFPFW_TP_SRC, {.tp_src = {{0, 8}}}},
    {"tcp", OFPFW_DL_TYPE | OFPFW_NW_PROTO, {.dl_type = {{8, 0}}, .nw_proto = 6}},
    {"arp", OFPFW_DL_TYPE, {.dl_type = {{8, 6}}}},
    {"tp_dst=5,tp_dst=*", 0, {.tp_dst = {{0, 0}}}},
    {"dl_src=1:2:3:4:5:6/0:0:0:0:0:0", 0, {.tp_dst = {{0, 0}}}},
};
#define N_ALONE (sizeof alone / sizeof alone[0])

START_TEST(each_name_sets_its_member_and_no_other)
{
    struct ofp_match want = alone[_i].m, got = parsed_match(alone[_i].text);
    want.wildcards = be32_of(ALL_WILD - alone[_i].cared);
    ck_assert_msg(memcmp(&got, &want, sizeof got) == 0, "%s", alone[_i].text);
}
END_TEST

/* A random match as ofp_match_canonical() makes them, of values that the syntax can say. */
static struct ofp_match random_match(void)
{
    struct ofp_match m;
    struct ofp_key key, mask;
    for (size_t i = 0; i < sizeof m; i++)
        ((uint8_t *)&m)[i] = (uint8_t)rnd(256);
    m.wildcards = be32_of(rnd(UINT32_MAX) & rnd(UINT32_MAX));
    m.dl_vlan = be16_of(rnd(4) ? rnd(4096) : OFP_VLAN_NONE);
    m.dl_vlan_pcp &= 7;
    m.dl_type = be16_of(rnd(8) ? (rnd(4) ? 0x0800 : 0x0806) : rnd(65536));
    m.nw_proto = (uint8_t)(rnd(4) ? (rnd(3) ? 6 : 1) : rnd(256));
    if (m.nw_proto == 1) { /* icmp_type and icmp_code */
        m.tp_src.b[0] = 0;
        m.tp_dst.b[0] = 0;
    }
    uint32_t w = ofp_match_canonical(&m, &key, &mask);
    key.match.wildcards = be32_of(w);
    return key.match;
}

START_TEST(a_printed_match_is_read_again)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct ofp_match m = random_match(), again;
        char printed[512];
        struct text t = text_of(printed, sizeof printed);
        ofp_print_match(&t, &m, OFP_DEFAULT_PRIORITY);
        ck_assert(text_fits(&t));
        again = parsed_match(printed);
        ck_assert_msg(memcmp(&m, &again, sizeof m) == 0, "%s", printed);
    }
}
END_TEST

/* --- Actions ---------------------------------------------------------------------------------- */

static void put_random_action(struct buf *list)
{
    static const uint16_t ports[] = {1, 0xfeff, 0xfff8, 0xfffa, 0xfffb, 0xfffc, 0xfffe};
    uint8_t mac[6] = {(uint8_t)rnd(256), 0xff, 0, 1, 2, 3};
    switch (rnd(14)) {
    case 0:
        ofp_put_set_vlan_vid(list, (uint16_t)rnd(4096));
        break;
    case 1:
        ofp_put_set_vlan_pcp(list, (uint8_t)rnd(8));
        break;
    case 2:
        ofp_put_strip_vlan(list);
        break;
    case 3:
        ofp_put_set_dl_src(list, mac);
        break;
    case 4:
        ofp_put_set_dl_dst(list, mac);
        break;
    case 5:
        ofp_put_set_nw_src(list, rnd(UINT32_MAX));
        break;
    case 6:
        ofp_put_set_nw_dst(list, rnd(UINT32_MAX));
        break;
    case 7:
        ofp_put_set_nw_tos(list, (uint8_t)(rnd(64) * 4));
        break;
    case 8:
        ofp_put_set_tp_src(list, (uint16_t)rnd(65536));
        break;
    case 9:
        ofp_put_set_tp_dst(list, (uint16_t)rnd(65536));
        break;
    case 10:
        ofp_put_enqueue(list, (uint16_t)(1 + rnd(0xfeff)), rnd(UINT32_MAX));
        break;
    case 11:
        ofp_put_dec_ttl(list);
        break;
    case 12:
        ofp_put_output(list, OFPP_CONTROLLER, (uint16_t)rnd(65536));
        break;
    default:
        ofp_put_output(list, ports[rnd(7)], 0);
        break;
    }
}

START_TEST(printed_actions_are_read_again)
{
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t bytes[256], again_bytes[256];
        char printed[1024];
        struct buf list = buf_of(bytes, sizeof bytes), again;
        struct text t = text_of(printed, sizeof printed);
        for (uint32_t n = rnd(9); n > 0; n--)
            put_random_action(&list);
        ofp_print_actions(&t, span_of(list.data, list.len));
        ck_assert(text_fits(&t));
        ck_assert_msg(parse_actions(printed, &again, again_bytes, sizeof again_bytes) == NULL,
                      "%s: %s", printed, error);
        ck_assert_uint_eq(again.len, list.len);
        ck_assert_mem_eq(again_bytes, bytes, list.len);
    }
}
END_TEST

/* Ways to write one action. */
static const struct {
    const char *one, *other;
} same[] = {
    {"output:2", "2"},
    {"output=2", "OUTPUT(2)"},
    {"LOCAL", "output:65534"},
    {"controller", "output:CONTROLLER"},
    {"controller:65535", "controller"},
    {"controller:64", "Controller(max_len=64)"},
    {"strip_vlan", "pop_vlan"},
    {"mod_vlan_vid:5", "set_vlan_vid:0x5"},
    {"mod_vlan_vid:5", "set_field:0x1005->vlan_vid"},
    {"mod_vlan_pcp:5", "set_field:5->vlan_pcp"},
    {"mod_dl_src:1:2:3:4:5:6", "set_field:01:02:03:04:05:06->eth_src"},
    {"mod_dl_dst:1:2:3:4:5:6", "set_field:01:02:03:04:05:06->dl_dst"},
    {"mod_nw_src:1.2.3.4", "set_field:1.2.3.4->ip_src"},
    {"mod_nw_dst:1.2.3.4", "set_field:1.2.3.4->nw_dst"},
    {"mod_nw_tos:184", "set_field:46->ip_dscp"},
    {"mod_nw_tos:184", "set_field:184->nw_tos"},
    {"mod_tp_src:80", "set_field:80->tcp_src"},
    {"mod_tp_dst:80", "set_field:80->udp_dst"},
    {"enqueue:1:2", "enqueue(1,2)"},
    {"drop", ""},
    {"1,2,3", " 1  2\t3, "},
};
#define N_SAME (sizeof same / sizeof same[0])

START_TEST(there_is_more_than_one_way_to_write_an_action)
{
    uint8_t one_bytes[64], other_bytes[64];
    struct buf one, other;
    ck_assert_ptr_null(parse_actions(same[_i].one, &one, one_bytes, sizeof one_bytes));
    ck_assert_ptr_null(parse_actions(same[_i].other, &other, other_bytes, sizeof other_bytes));
    ck_assert_uint_eq(one.len, other.len);
    ck_assert_mem_eq(one_bytes, other_bytes, one.len);
}
END_TEST

#define EVERY_ACTION                                                                               \
    "1,controller:9,mod_vlan_vid:1,mod_vlan_pcp:1,strip_vlan,mod_dl_src:1:1:1:1:1:1,"              \
    "mod_dl_dst:1:1:1:1:1:1,mod_nw_src:1.1.1.1,mod_nw_dst:1.1.1.1,mod_nw_tos:4,mod_tp_src:1,"      \
    "mod_tp_dst:1,enqueue:1:1,dec_ttl"

START_TEST(actions_go_behind_those_in_the_list_and_are_valid)
{
    uint8_t bytes[512];
    struct buf list;
    struct ofp_fault fault;
    ck_assert_ptr_null(parse_actions(EVERY_ACTION, &list, bytes, sizeof bytes));
    ck_assert_uint_eq(list.len, 10 * 8 + 4 * 16);
    ck_assert(ofp_validate_actions(span_of(list.data, list.len), &fault));
    ck_assert_ptr_null(ofp_parse_actions("2", &list, error));
    ck_assert_uint_eq(list.len, 10 * 8 + 4 * 16 + 8);
    ck_assert_mem_eq(bytes + list.len - 8, "\0\0\0\x08\0\x02\0\0", 8);
}
END_TEST

START_TEST(a_list_without_room_is_refused_and_not_overrun)
{
    uint8_t bytes[256];
    struct buf list;
    parse_actions(EVERY_ACTION, &list, bytes, sizeof bytes);
    size_t len = list.len;
    for (size_t cap = 0; cap < len; cap++) {
        memset(bytes, 0x5a, sizeof bytes);
        const char *bad = parse_actions(EVERY_ACTION, &list, bytes, cap);
        ck_assert_ptr_nonnull(bad);
        ck_assert_ptr_nonnull(strstr(bad, "room"));
        ck_assert_int_eq(bytes[cap], 0x5a);
    }
    ck_assert_ptr_null(parse_actions(EVERY_ACTION, &list, bytes, len));
}
END_TEST

/* --- Flows ------------------------------------------------------------------------------------ */

struct flow {
    struct ofp_msg_flow_mod mod;
    struct ofp_match match;
    uint8_t bytes[512];
};

static const char *parse_flow(struct flow *f, const char *text, uint16_t command)
{
    struct buf actions = buf_of(f->bytes, sizeof f->bytes);
    return ofp_parse_flow(text, command, &f->mod, &f->match, &actions, error);
}

START_TEST(a_flow_has_its_attributes)
{
    struct flow f;
    ck_assert_ptr_null(parse_flow(&f,
                                  "priority=7 cookie=0x123456789abcdef0,idle_timeout=8,tcp "
                                  "hard_timeout=9,buffer_id=10,send_flow_rem,emerg,nw_src=1.2.3.4 "
                                  "actions=strip_vlan,2",
                                  OFPFC_MODIFY_STRICT));
    ck_assert_ptr_eq(f.mod.match, &f.match);
    ck_assert_uint_eq(f.mod.cookie, 0x123456789abcdef0);
    ck_assert_uint_eq(f.mod.command, OFPFC_MODIFY_STRICT);
    ck_assert_uint_eq(f.mod.priority, 7);
    ck_assert_uint_eq(f.mod.idle_timeout, 8);
    ck_assert_uint_eq(f.mod.hard_timeout, 9);
    ck_assert_uint_eq(f.mod.buffer_id, 10);
    ck_assert_uint_eq(f.mod.out_port, OFPP_NONE);
    ck_assert_uint_eq(f.mod.flags, OFPFF_SEND_FLOW_REM | OFPFF_EMERG);
    ck_assert_uint_eq(be32_get(f.match.nw_src), 0x01020304);
    ck_assert_ptr_eq(f.mod.actions.data, f.bytes);
    ck_assert_mem_eq(f.bytes, "\0\3\0\x08\0\0\0\0\0\0\0\x08\0\2\0\0", 16);
    ck_assert_uint_eq(f.mod.actions.len, 16);
}
END_TEST

START_TEST(a_flow_that_says_nothing_has_the_defaults)
{
    struct flow f;
    struct ofp_match any = ofp_match_any();
    ck_assert_ptr_null(parse_flow(&f, "", OFPFC_DELETE));
    ck_assert_mem_eq(&f.match, &any, sizeof any);
    ck_assert_uint_eq(f.mod.cookie, 0);
    ck_assert_uint_eq(f.mod.priority, OFP_DEFAULT_PRIORITY);
    ck_assert_uint_eq(f.mod.idle_timeout | f.mod.hard_timeout | f.mod.flags, 0);
    ck_assert_uint_eq(f.mod.buffer_id, OFP_NO_BUFFER);
    ck_assert_uint_eq(f.mod.out_port, OFPP_NONE);
    ck_assert_uint_eq(f.mod.actions.len, 0);
}
END_TEST

/* Which commands ("amMdD": add, modify, strictly, delete, strictly) take what. */
static const struct {
    const char *text, *commands;
} takes[] = {
    {"priority=1", "amMD"},     {"idle_timeout=1", "amM"}, {"hard_timeout=1", "amM"},
    {"cookie=1", "amM"},        {"buffer_id=1", "amM"},    {"send_flow_rem", "amM"},
    {"check_overlap", "amM"},   {"emerg", "amMdD"},        {"out_port=1", "dD"},
    {"table=0", "amMdD"},       {"n_packets=1", "amMdD"},  {"tcp", "amMdD"},
    {"duration=1.5s", "amMdD"},
};
#define N_TAKES (sizeof takes / sizeof takes[0])

START_TEST(an_attribute_is_taken_where_it_has_a_meaning)
{
    for (uint16_t command = 0; command < OFPFC_N_COMMANDS; command++) {
        bool with_actions = command < OFPFC_DELETE;
        bool taken = strchr(takes[_i].commands, "amMdD"[command]) != NULL;
        struct flow f;
        char text[100];
        snprintf(text, sizeof text, "%s%s", takes[_i].text, with_actions ? ",actions=1" : "");
        ck_assert_int_eq(parse_flow(&f, text, command) == NULL, taken);
        snprintf(text, sizeof text, "%s%s", takes[_i].text, with_actions ? "" : ",actions=1");
        ck_assert_ptr_nonnull(parse_flow(&f, text, command));
    }
}
END_TEST

/* --- Errors ----------------------------------------------------------------------------------- */

/* A flow, what of it the message must name, and a word of the reason. */
static const struct {
    const char *text, *name, *reason;
} errors[] = {
    {"foo=1,actions=2", "\"foo=1\"", "field"},
    {"tcp,tp_dst=65536,actions=2", "\"tp_dst=65536\"", "65535"},
    {"tcp,tp_dst=,actions=2", "\"tp_dst=\"", "number"},
    {"tcp,tp_dst,actions=2", "\"tp_dst\"", "number"},
    {"dl_src=1:2:3,actions=2", "\"dl_src=1:2:3\"", "Ethernet"},
    {"dl_src=1:2:3:4:5:6/ff:0:0:0:0:0,actions=2", "\"dl_src=", "1.0"},
    {"ip,nw_src=1.2.3,actions=2", "\"nw_src=1.2.3\"", "IPv4"},
    {"ip,nw_src=1.2.3.4/33,actions=2", "\"nw_src=1.2.3.4/33\"", "mask"},
    {"ip,nw_src=1.2.3.4/255.0.255.0,actions=2", "\"nw_src=", "leading"},
    {"in_port=here,actions=2", "\"in_port=here\"", "LOCAL"},
    {"dl_src=001:2:3:4:5:6,actions=2", "\"dl_src=001:2:3:4:5:6\"", "Ethernet"},
    {"dl_vlan_pcp=8,actions=2", "\"dl_vlan_pcp=8\"", "0 to 7"},
    {"tcp,actions:2", "\"actions:2\"", "field"},
    {"actions=0", "\"0\"", "port"},
    {"actions=output:65280", "\"output:65280\"", "port"},
    {"dl_vlan=4096,actions=2", "\"dl_vlan=4096\"", "0xffff"},
    {"vlan_tci=0x0005,actions=2", "\"vlan_tci=0x0005\"", "0x1000"},
    {"vlan_vid=5,actions=2", "\"vlan_vid=5\"", "0x1000"},
    {"dl_vlan=0xffff,dl_vlan_pcp=1,actions=2", "\"dl_vlan_pcp\"", "tag"},
    {"tcp=1,actions=2", "\"tcp=1\"", "value"},
    {"tcp6,actions=2", "\"tcp6\"", "IPv6"},
    {"priority=65536,actions=2", "\"priority=65536\"", "65535"},
    {"table=1,actions=2", "\"table=1\"", "table"},
    {"emerg=1,actions=2", "\"emerg=1\"", "value"},
    {"out_port=1,actions=2", "\"out_port=1\"", "command"},
    {"tcp", "\"tcp\"", "actions="},
    {"actions=foo:1", "\"foo:1\"", "action"},
    {"actions=output:nowhere", "\"output:nowhere\"", "port"},
    {"actions=output:none", "\"output:none\"", "port"},
    {"actions=drop,2", "\"2\"", "drop"},
    {"actions=2,drop", "\"drop\"", "drop"},
    {"actions=mod_vlan_vid:4096", "\"mod_vlan_vid:4096\"", "4095"},
    {"actions=mod_nw_tos:1", "\"mod_nw_tos:1\"", "multiple of 4"},
    {"actions=set_field:1", "\"set_field:1\"", "->"},
    {"actions=set_field:1->reg0", "\"set_field:1->reg0\"", "set"},
    {"actions=set_field:64->ip_dscp", "\"set_field:64->ip_dscp\"", "63"},
    {"actions=enqueue:1", "\"enqueue:1\"", "PORT:QUEUE"},
    {"actions=enqueue:x:1", "\"x\"", "port"},
    {"actions=enqueue:1:x", "\"x\"", "number"},
    {"actions=enqueue:flood:1", "\"enqueue:flood:1\"", "queue"},
    {"actions=set_queue:1", "\"set_queue:1\"", "enqueue"},
    {"actions=controller(reason=action)", "\"reason=action\"", "max_len"},
    {"actions=controller(max_len=70000)", "\"max_len=70000\"", "65535"},
    {"actions=dec_ttl(1)", "\"dec_ttl(1)\"", "value"},
    {"actions=strip_vlan:1", "\"strip_vlan:1\"", "value"},
    {"actions=learn(a,b,(c),d)", "\"learn(a,b,(c),d)\"", "action"},
    {"\x01\xff,actions=2", "\"..\"", "field"},
};
#define N_ERRORS (sizeof errors / sizeof errors[0])

START_TEST(an_error_names_the_bad_word_and_the_reason)
{
    struct flow f;
    const char *bad = parse_flow(&f, errors[_i].text, OFPFC_ADD);
    ck_assert_msg(bad == error, "%s", errors[_i].text);
    ck_assert_msg(strstr(bad, errors[_i].name) != NULL, "%s", bad);
    ck_assert_msg(strstr(bad, errors[_i].reason) != NULL, "%s", bad);
    ck_assert_uint_lt(strlen(bad), OFP_PARSE_ERROR - 1); /* nothing cut off */
}
END_TEST

START_TEST(a_very_long_word_is_cut_in_the_message)
{
    struct flow f;
    char text[2000];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    const char *bad = parse_flow(&f, text, OFPFC_ADD);
    ck_assert_ptr_nonnull(strstr(bad, "aaa...\""));
    ck_assert_uint_lt(strlen(bad), OFP_PARSE_ERROR - 1);
}
END_TEST

/* Whatever is typed: an answer, within the arrays (as the sanitizers see). */
START_TEST(every_beginning_and_every_changed_character_is_survived)
{
    static const char whole[] =
        "priority=1,cookie=2,in_port=3,dl_vlan=4,dl_vlan_pcp=5,dl_src=1:2:3:4:5:6,tcp,nw_tos=8,"
        "nw_src=1.2.3.4/24,nw_dst=1.2.3.4/255.0.0.0,tp_dst=80,send_flow_rem,actions=output(2),"
        "controller(max_len=3),set_field:1.2.3.4->ip_src,enqueue(1,2)," EVERY_ACTION;
    struct flow f;
    ck_assert_ptr_null(parse_flow(&f, whole, OFPFC_ADD));
    for (size_t n = 0; n < sizeof whole; n++) {
        char *text = malloc(n + 1); /* its very size, for ASan */
        memcpy(text, whole, n);
        text[n] = '\0';
        parse_flow(&f, text, OFPFC_ADD);
        for (const char *c = "(),:=/.*->x0 \t\xff"; n > 0 && *c != '\0'; c++) {
            text[n - 1] = *c;
            parse_flow(&f, text, OFPFC_ADD);
        }
        free(text);
    }
}
END_TEST

START_TEST(ports_have_names_and_numbers)
{
    uint16_t port = 0;
    for (uint32_t n = 0; n <= UINT16_MAX; n++) {
        char printed[20];
        struct text t = text_of(printed, sizeof printed);
        ofp_print_port(&t, (uint16_t)n);
        ck_assert_ptr_null(ofp_parse_port(printed, &port, error));
        ck_assert_uint_eq(port, n);
    }
    ck_assert_ptr_null(ofp_parse_port("none", &port, error));
    ck_assert_uint_eq(port, OFPP_NONE);
    ck_assert_ptr_null(ofp_parse_port("0xFFFFFFFE", &port, error)); /* OpenFlow 1.1's LOCAL */
    ck_assert_uint_eq(port, OFPP_LOCAL);
    ck_assert_ptr_nonnull(ofp_parse_port("65536", &port, error));
    ck_assert_ptr_nonnull(ofp_parse_port("", &port, error));
    ck_assert_ptr_nonnull(ofp_parse_port("1 ", &port, error));
    ck_assert_ptr_nonnull(strstr(error, "\"1 \""));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("parse");
    TCase *c = tcase_create("parse");
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, each_name_sets_its_member_and_no_other, 0, N_ALONE);
    tcase_add_test(c, a_printed_match_is_read_again);
    tcase_add_test(c, printed_actions_are_read_again);
    tcase_add_loop_test(c, there_is_more_than_one_way_to_write_an_action, 0, N_SAME);
    tcase_add_test(c, actions_go_behind_those_in_the_list_and_are_valid);
    tcase_add_test(c, a_list_without_room_is_refused_and_not_overrun);
    tcase_add_test(c, a_flow_has_its_attributes);
    tcase_add_test(c, a_flow_that_says_nothing_has_the_defaults);
    tcase_add_loop_test(c, an_attribute_is_taken_where_it_has_a_meaning, 0, N_TAKES);
    tcase_add_loop_test(c, an_error_names_the_bad_word_and_the_reason, 0, N_ERRORS);
    tcase_add_test(c, a_very_long_word_is_cut_in_the_message);
    tcase_add_test(c, every_beginning_and_every_changed_character_is_survived);
    tcase_add_test(c, ports_have_names_and_numbers);
    suite_add_tcase(s, c);
    return unit_main(s);
}
