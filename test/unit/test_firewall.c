/*
 * test_firewall.c - rules decide what the app behind the firewall sees, and are flows in the
 * switch.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/apps/rules.h"
#include "controller/commands.h"
#include "openflow/action.h"
#include "openflow/match.h"
#include "test/unit/app_files.h"
#include "test/unit/appctl_client.h"
#include "test/unit/frames.h"

static struct ctl *ctl;
static struct fake_peer *sw;

static void setup(void)
{
    app_file_begin();
    *(const char **)app_option(&firewall_app, "firewall-file") = path;
    ctl = fake_world(NULL);
    heard.consumes = true;
    sw = NULL;
    app_log_begin();
}

static void teardown(void)
{
    if (sw != NULL)
        fake_free(sw);
    fake_world_end(ctl);
    unlink(path);
}

static void begin(const char *rules)
{
    app_file_write(rules);
    ck_assert_int_eq(ctl_add_app(ctl, &firewall_app), 0);
    ck_assert_int_eq(ctl_add_app(ctl, &listener_app), 0);
    sw = fake_joined(ctl, 1, 4);
}

/* The same, and what the switch is told when it joins is of no interest. */
static void begun(const char *rules)
{
    begin(rules);
    fake_forget(sw);
}

static void reload(const char *rules)
{
    app_file_write(rules);
    ctl_reload(ctl);
    fake_settle();
}

static bool passes_buffered(struct frame frame, uint16_t in_port, uint32_t buffer)
{
    uint8_t bytes[FRAME_MAX];
    const struct ofp_msg_packet_in in = {.buffer_id = buffer,
                                         .in_port = in_port,
                                         .reason = OFPR_ACTION,
                                         .data = span_of(bytes, frame_write(&frame, bytes))};
    return app_passes(sw, &in);
}

static bool passes(struct frame frame, uint16_t in_port)
{
    return passes_buffered(frame, in_port, OFP_NO_BUFFER);
}

static struct frame tcp(uint8_t src, uint8_t dst, uint16_t tp_src, uint16_t tp_dst)
{
    struct frame f = frame_between(src, dst, HDR_IP_TCP);
    f.tp_src = tp_src;
    f.tp_dst = tp_dst;
    return f;
}

static struct frame icmp(uint8_t src, uint8_t dst, uint8_t type)
{
    struct frame f = frame_between(src, dst, HDR_IP_ICMP);
    f.tp_src = type;
    f.tp_dst = 0;
    return f;
}

START_TEST(rules_are_flows_whose_priorities_descend)
{
    begin("# comment\n\nallow tcp,nw_dst=10.0.0.2,tp_dst=80 # the server\n"
          "  deny  dpid=1,ip,nw_src=10.0.3.0/24 \ndeny dpid=2,in_port=1\n");
    ck_assert_str_eq(next_flow(sw), "+priority=64995 drop");
    ck_assert_str_eq(next_flow(sw), "+priority=64996,arp CONTROLLER:65535");
    ck_assert_str_eq(next_flow(sw), "+priority=64998,ip,nw_src=10.0.3.0/24 drop");
    ck_assert_str_eq(next_flow(sw),
                     "+priority=64999,tcp,nw_dst=10.0.0.2,tp_dst=80 CONTROLLER:65535");
    ck_assert_str_eq(next_flow(sw), "+priority=65000,tcp,tp_src=0,tp_dst=0 drop");
    ck_assert_str_eq(next_flow(sw), "+priority=65000,udp,tp_src=0,tp_dst=0 drop");
    ck_assert_uint_eq(fake_expect(sw, OFPT_STATS_REQUEST).stats.type, OFPST_FLOW);
    fake_expect_nothing(sw);
}
END_TEST

/* Of a datagram for UDP port 53. */
#define FRAGMENT(which)                                                                            \
    {                                                                                              \
        .type = HDR_ETH_IPV4, .ttl = 1, .proto = HDR_IP_UDP, .tp_dst = 53, .payload = 80,          \
        .part = (which)                                                                            \
    }

static const struct {
    const char *rules;
    struct frame frame;
    bool passes;
} cases[] = {
    {"", {.type = HDR_ETH_IPV6}, false},
    {"", {.type = HDR_ETH_ARP}, true},
    {"deny arp", {.type = HDR_ETH_ARP}, false},
    {"default allow", {.type = HDR_ETH_IPV6}, true},
    {"default deny\nallow", {.type = HDR_ETH_IPV6}, true},
    {"deny dl_src=02:00:00:00:00:01\nallow", {.type = 0x88b5, .src = {2, 0, 0, 0, 0, 1}}, false},
    {"deny dl_src=02:00:00:00:00:01\nallow", {.type = 0x88b5, .src = {2, 0, 0, 0, 0, 2}}, true},
    {"allow in_port=1\ndeny", {.type = 0x88b5}, true},
    {"allow in_port=2\ndeny", {.type = 0x88b5}, false},
    {"allow dpid=1,in_port=1", {.type = 0x88b5}, true},
    {"allow dpid=2,in_port=1", {.type = 0x88b5}, false},
    {"deny udp\nallow ip",
     {.type = HDR_ETH_IPV4, .ttl = 1, .proto = HDR_IP_UDP, .tp_dst = 5},
     false},
    {"deny udp\nallow ip",
     {.type = HDR_ETH_IPV4, .ttl = 1, .proto = HDR_IP_TCP, .tp_dst = 5},
     true},
    {"allow ip\ndeny udp",
     {.type = HDR_ETH_IPV4, .ttl = 1, .proto = HDR_IP_UDP, .tp_dst = 5},
     true},
    /* Fragments: they have no ports. */
    {"deny udp,tp_dst=53\nallow", FRAGMENT(FRAME_FIRST), false},
    {"deny udp,tp_dst=53\nallow", FRAGMENT(FRAME_LAST), false},
    {"deny udp,tp_dst=53\nallow\nfragments allow", FRAGMENT(FRAME_LAST), true},
    {"allow udp", FRAGMENT(FRAME_LAST), true},
    {"allow udp\nfragments deny", FRAGMENT(FRAME_LAST), false},
};

START_TEST(the_first_rule_that_matches_decides)
{
    begun(cases[_i].rules);
    ck_assert_int_eq(passes(cases[_i].frame, 1), cases[_i].passes);
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(what_is_denied_is_taken_out_of_the_buffer)
{
    struct ofp_msg out;
    begun("");
    ck_assert(!passes_buffered(tcp(1, 2, 1000, 80), 1, FAKE_BUFFER));
    out = fake_expect(sw, OFPT_PACKET_OUT);
    ck_assert_uint_eq(out.packet_out.buffer_id, FAKE_BUFFER);
    ck_assert_uint_eq(out.packet_out.actions.len, 0);
}
END_TEST

static const struct {
    const char *rules, *said;
} bad[] = {
    {"permit ip\n", ":1: a line begins with allow, allow+replies, deny, default or fragments"},
    {"allow ip\ndeny ip,nw_src=10.0.0.256\n", ":2: "},
    {"allow tcp,tp_dst=http\n", ":1: "},
    {"allow actions=drop\n", ":1: "},
    {"allow dpid=xyz,ip\n", ":1: dpid= wants 1 to 16 hexadecimal digits"},
    {"default\n", ":1: say allow or deny"},
    {"default deny\ndefault allow\n", ":2: line 1 says that already: leave one of the two out"},
    {"fragments maybe\n", ":1: say allow or deny"},
    {"allow ip\nallow tcp\nallow udp\nallow icmp\n", ":4: too many flows: raise --firewall-max"},
    {"allow tcp,in_port=1,dl_vlan=0xffff,dl_vlan_pcp=0,dl_src=02:00:00:00:00:01,"
     "dl_dst=02:00:00:00:00:02,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_tos=0,tp_src=1,tp_dst=2\n",
     ":1: all twelve fields are named"},
};

START_TEST(a_file_with_an_error_changes_nothing_and_the_line_is_said)
{
    *(uint64_t *)app_option(&firewall_app, "firewall-max") = 3;
    begun("deny tcp\nallow ip\n");
    reload(bad[_i].rules);
    fake_expect_nothing(sw);
    ck_assert_msg(strstr(logged, bad[_i].said) != NULL, "not said: %s in %s", bad[_i].said, logged);
    ck_assert(!passes(tcp(1, 2, 1000, 80), 1));
    ck_assert(passes(icmp(1, 2, 8), 1));
    *(uint64_t *)app_option(&firewall_app, "firewall-max") = 4096;
}
END_TEST

START_TEST(without_rules_all_but_arp_is_denied_and_that_is_said)
{
    *(const char **)app_option(&firewall_app, "firewall-file") = NULL;
    begun("");
    ck_assert_ptr_nonnull(strstr(logged, "no rules: say --firewall-file=PATH"));
    ck_assert(!passes(icmp(1, 2, 8), 1));
    ck_assert(passes((struct frame){.type = HDR_ETH_ARP}, 1));
}
END_TEST

START_TEST(rules_come_from_options_behind_those_of_the_file)
{
    struct config_list *rules = app_option(&firewall_app, "firewall-rule");
    rules->value[rules->n++] = "allow icmp";
    rules->value[rules->n++] = "allow tcp";
    begun("deny tcp\n");
    ck_assert(passes(icmp(1, 2, 8), 1));
    ck_assert(!passes(tcp(1, 2, 1000, 80), 1));
    rules->n = 0;
}
END_TEST

START_TEST(a_reload_never_drops_what_both_sets_allow)
{
    begun("deny tcp\nallow icmp\nallow udp\n");
    reload("allow icmp\ndeny udp\nallow sctp\n");
    ck_assert_str_eq(next_flow(sw), "-priority=64999,tcp ");
    ck_assert_str_eq(next_flow(sw), "+priority=64997,sctp CONTROLLER:65535");
    ck_assert_str_eq(next_flow(sw), "+priority=64999,icmp CONTROLLER:65535");
    ck_assert_str_eq(next_flow(sw), "+priority=64998,udp drop");
    ck_assert_str_eq(next_flow(sw), "-priority=64997,udp ");
    ck_assert_str_eq(next_flow(sw), "-priority=64998,icmp ");
}
END_TEST

/* --- Replies --------------------------------------------------------------------------------- */

#define INSIDE "allow+replies in_port=1\n"

static const struct {
    struct frame there, back;
    bool opens;
} pairs[] = {
    {{.proto = HDR_IP_TCP, .nw_src = 1, .nw_dst = 2, .tp_src = 1000, .tp_dst = 80},
     {.proto = HDR_IP_TCP, .nw_src = 2, .nw_dst = 1, .tp_src = 80, .tp_dst = 1000},
     true},
    {{.proto = HDR_IP_UDP, .nw_src = 1, .nw_dst = 2, .tp_src = 1000, .tp_dst = 53},
     {.proto = HDR_IP_UDP, .nw_src = 2, .nw_dst = 1, .tp_src = 53, .tp_dst = 1000},
     true},
    {{.proto = HDR_IP_SCTP, .nw_src = 1, .nw_dst = 2},
     {.proto = HDR_IP_SCTP, .nw_src = 2, .nw_dst = 1},
     true},
    {{.proto = HDR_IP_ICMP, .nw_src = 1, .nw_dst = 2, .tp_src = 8},
     {.proto = HDR_IP_ICMP, .nw_src = 2, .nw_dst = 1, .tp_src = 0},
     true},
    /* An answer that nobody asked for, another port, another host, another protocol. */
    {{.proto = HDR_IP_ICMP, .nw_src = 1, .nw_dst = 2, .tp_src = 0},
     {.proto = HDR_IP_ICMP, .nw_src = 2, .nw_dst = 1, .tp_src = 8},
     false},
    {{.proto = HDR_IP_TCP, .nw_src = 1, .nw_dst = 2, .tp_src = 1000, .tp_dst = 80},
     {.proto = HDR_IP_TCP, .nw_src = 2, .nw_dst = 1, .tp_src = 80, .tp_dst = 1001},
     false},
    {{.proto = HDR_IP_TCP, .nw_src = 1, .nw_dst = 2, .tp_src = 1000, .tp_dst = 80},
     {.proto = HDR_IP_TCP, .nw_src = 3, .nw_dst = 1, .tp_src = 80, .tp_dst = 1000},
     false},
    {{.proto = HDR_IP_TCP, .nw_src = 1, .nw_dst = 2, .tp_src = 1000, .tp_dst = 80},
     {.proto = HDR_IP_UDP, .nw_src = 2, .nw_dst = 1, .tp_src = 80, .tp_dst = 1000},
     false},
};

static struct frame whole(struct frame f, uint8_t src, uint8_t dst)
{
    f.type = HDR_ETH_IPV4;
    f.ttl = 64;
    f.src[0] = f.dst[0] = 2;
    f.src[5] = src;
    f.dst[5] = dst;
    return f;
}

START_TEST(what_answers_is_allowed_and_what_nobody_asked_for_is_not)
{
    struct frame there = whole(pairs[_i].there, 1, 2), back = whole(pairs[_i].back, 2, 1);
    begun(INSIDE);
    ck_assert(!passes(back, 2));
    ck_assert(passes(there, 1));
    ck_assert_int_eq(passes(back, 2), pairs[_i].opens);
}
END_TEST

START_TEST(a_way_back_is_a_flow_with_a_time_out_ahead_of_the_packet)
{
    struct ofp_msg msg;
    begun(INSIDE);
    ck_assert(passes(tcp(1, 2, 1000, 80), 1));
    msg = fake_expect(sw, OFPT_FLOW_MOD);
    ck_assert_uint_eq(msg.flow_mod.idle_timeout, 600);
    ck_assert_uint_eq(msg.flow_mod.priority, RULE_PRIORITY + 1);
    ck_assert_uint_eq(be32_get(msg.flow_mod.match->nw_src), 0x0a000002);
    ck_assert_uint_eq(be16_get(msg.flow_mod.match->tp_dst), 1000);
    ck_assert_uint_eq(be32_get(msg.flow_mod.match->wildcards),
                      OFPFW_IN_PORT | OFPFW_DL_VLAN_PCP | OFPFW_NW_TOS);
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(a_way_back_closes_after_a_silence)
{
    *(uint64_t *)app_option(&firewall_app, "firewall-idle") = 5 * NS_PER_S;
    begun(INSIDE);
    ck_assert(passes(tcp(1, 2, 1000, 80), 1));
    for (int i = 0; i < 2; i++) {
        fake_wait(4 * NS_PER_S);
        ck_assert(passes(tcp(2, 1, 80, 1000), 2));
    }
    fake_wait(6 * NS_PER_S);
    ck_assert(!passes(tcp(2, 1, 80, 1000), 2));
    *(uint64_t *)app_option(&firewall_app, "firewall-idle") = 600 * NS_PER_S;
}
END_TEST

START_TEST(a_way_back_that_somebody_deletes_comes_back_while_it_is_open)
{
    struct ofp_match reply;
    struct ofp_msg msg, gone = {.type = OFPT_FLOW_REMOVED};
    begun(INSIDE);
    ck_assert(passes(tcp(1, 2, 1000, 80), 1));
    msg = fake_expect(sw, OFPT_FLOW_MOD);
    ck_assert_uint_eq(msg.flow_mod.flags, OFPFF_SEND_FLOW_REM);
    reply = *msg.flow_mod.match;
    gone.flow_removed = (struct ofp_msg_flow_removed){.match = &reply,
                                                      .cookie = msg.flow_mod.cookie,
                                                      .priority = msg.flow_mod.priority,
                                                      .reason = OFPRR_IDLE_TIMEOUT};
    fake_send(sw, &gone);
    fake_expect_nothing(sw);
    gone.flow_removed.reason = OFPRR_DELETE;
    fake_send(sw, &gone);
    msg = fake_expect(sw, OFPT_FLOW_MOD);
    ck_assert_mem_eq(msg.flow_mod.match, &reply, sizeof reply);
    ck_assert_uint_eq(msg.flow_mod.cookie, gone.flow_removed.cookie);
    reload("deny\n");
    fake_forget(sw);
    fake_send(sw, &gone);
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(a_way_back_closes_with_its_rule)
{
    begun(INSIDE);
    ck_assert(passes(tcp(1, 2, 1000, 80), 1));
    reload("allow+replies in_port=1,tcp\n");
    ck_assert(passes(tcp(2, 1, 80, 1000), 2));
    reload("allow in_port=1,tcp\n");
    ck_assert(!passes(tcp(2, 1, 80, 1000), 2));
    ck_assert(passes(tcp(1, 2, 1000, 80), 1));
}
END_TEST

START_TEST(ways_back_past_the_limit_are_refused)
{
    *(uint64_t *)app_option(&firewall_app, "firewall-replies") = 1;
    begun(INSIDE);
    ck_assert(passes(tcp(1, 2, 1000, 80), 1));
    fake_forget(sw);
    ck_assert(passes(tcp(1, 2, 1001, 80), 1));
    fake_expect_nothing(sw);
    ck_assert_ptr_nonnull(strstr(logged, "no more than 1 ways back"));
    ck_assert(passes(tcp(2, 1, 80, 1000), 2));
    ck_assert(!passes(tcp(2, 1, 80, 1001), 2));
    *(uint64_t *)app_option(&firewall_app, "firewall-replies") = 65536;
}
END_TEST

/* --- Flows that are there -------------------------------------------------------------------- */

static void put_flow(struct buf *entries, const struct ofp_match *match, uint64_t cookie,
                     uint16_t priority)
{
    struct ofp_flow_stats *stats = buf_put(entries, sizeof *stats);
    ck_assert_ptr_nonnull(stats);
    *stats = (struct ofp_flow_stats){.length = be16_of(sizeof *stats),
                                     .match = *match,
                                     .priority = be16_of(priority),
                                     .cookie = be64_of(cookie)};
}

static struct ofp_match exact(struct frame frame, uint16_t in_port)
{
    uint8_t bytes[FRAME_MAX];
    struct ofp_key key;
    ofp_key_extract(&key, span_of(bytes, frame_write(&frame, bytes)), in_port);
    return key.match;
}

static struct ofp_msg asked_for_flows(void)
{
    struct ofp_msg msg;
    while ((msg = fake_expect(sw, OFPT_STATS_REQUEST)).stats.type != OFPST_FLOW)
        ;
    return msg;
}

static void tell_flows(uint32_t xid, const struct buf *entries)
{
    const struct ofp_msg msg = {
        .type = OFPT_STATS_REPLY,
        .xid = xid,
        .stats = {.type = OFPST_FLOW, .entries = span_of(entries->data, entries->len)}};
    fake_send(sw, &msg);
}

static void skip_rules(unsigned n)
{
    while (n-- > 0)
        fake_expect(sw, OFPT_FLOW_MOD);
}

START_TEST(flows_that_the_rules_do_not_allow_are_deleted_and_others_stay)
{
    static uint8_t area[2048];
    struct buf entries = buf_of(area, sizeof area);
    struct ofp_match good = exact(icmp(1, 2, 8), 1), bad_one = exact(tcp(1, 2, 1000, 80), 1),
                     wide = ofp_match_any(), reply = exact(tcp(4, 3, 80, 7), 0), there;
    begin("deny in_port=1,tcp\n" INSIDE "allow+replies in_port=3,tcp\n");
    skip_rules(5);
    reply.wildcards = be32_of(OFPFW_IN_PORT | OFPFW_DL_VLAN_PCP | OFPFW_NW_TOS);
    put_flow(&entries, &good, 0, OFP_DEFAULT_PRIORITY);
    put_flow(&entries, &bad_one, 0, OFP_DEFAULT_PRIORITY);
    put_flow(&entries, &wide, 0, 7);                                    /* somebody else's */
    put_flow(&entries, &wide, RULE_COOKIE | 5, RULE_PRIORITY);          /* of an earlier file */
    put_flow(&entries, &wide, RULE_COOKIE, RULE_PRIORITY - 5);          /* the default */
    put_flow(&entries, &reply, 0x7265706c00000003u, RULE_PRIORITY + 1); /* from port 3: allowed */
    there = exact(tcp(4, 3, 80, 7), 4);
    put_flow(&entries, &there, 0, OFP_DEFAULT_PRIORITY); /* the replies' own flow */
    reply.tp_dst = be16_of(8);
    put_flow(&entries, &reply, 0x7265706c00000002u, RULE_PRIORITY + 1); /* from port 2 */
    tell_flows(asked_for_flows().xid, &entries);
    ck_assert_str_eq(next_flow(sw),
                     "-tcp,in_port=1,vlan_tci=0x0000,dl_src=02:00:00:00:00:01,"
                     "dl_dst=02:00:00:00:00:02,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_tos=0,"
                     "tp_src=1000,tp_dst=80 ");
    ck_assert_str_eq(next_flow(sw), "-priority=65000 ");
    ck_assert_uint_eq(be16_get(fake_expect(sw, OFPT_FLOW_MOD).flow_mod.match->tp_dst), 8);
    fake_expect_nothing(sw);
    ck_assert(passes(tcp(4, 3, 80, 7), 4)); /* a connection outlives the controller */
    ck_assert(!passes(tcp(4, 3, 80, 8), 4));
}
END_TEST

START_TEST(a_switch_that_does_not_say_its_flows_begins_anew)
{
    struct ofp_msg error = {.type = OFPT_ERROR, .error = {.type = OFPET_BAD_REQUEST}};
    begin("deny\n");
    skip_rules(3);
    error.xid = asked_for_flows().xid;
    fake_send(sw, &error);
    ck_assert_uint_eq(fake_expect(sw, OFPT_FLOW_MOD).flow_mod.command, OFPFC_DELETE);
    skip_rules(3);
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(a_rule_that_somebody_deletes_comes_back)
{
    struct ofp_match any = ofp_match_any();
    struct ofp_msg msg = {.type = OFPT_FLOW_REMOVED,
                          .flow_removed = {.match = &any,
                                           .cookie = RULE_COOKIE,
                                           .priority = RULE_PRIORITY - 2,
                                           .reason = OFPRR_DELETE}};
    begun("");
    fake_send(sw, &msg);
    ck_assert_str_eq(next_flow(sw), "+priority=64998 drop");
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(the_rules_are_shown_with_what_they_decided)
{
    struct appctl_config config;
    struct appctl *appctl;
    struct client client;
    begun("allow icmp\nallow+replies dpid=1,udp\n");
    ck_assert(passes(icmp(1, 2, 8), 1));
    appctl_defaults(&config);
    appctl = appctl_open(&config, "controller", NULL);
    controller_commands(appctl, ctl);
    client_begin(&client, appctl);
    ck_assert_str_eq(client_do(&client, "firewall/rules"),
                     "line    packets  verdict        match\\n"
                     "   1          1  allow          icmp\\n"
                     "   2          0  allow+replies  dpid=1,udp\\n"
                     "   0          0  allow          arp\\n"
                     "   0          0  deny           \\n");
    client_says(client_do(&client, "firewall/reload"), "4 flows for the rules");
    app_file_write("oops");
    client_says(client_fail(&client, "firewall/reload"), "the log says which lines are wrong");
    client_end(&client);
    appctl_close(appctl);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("firewall");
    TCase *c = tcase_create("firewall");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, rules_are_flows_whose_priorities_descend);
    tcase_add_loop_test(c, the_first_rule_that_matches_decides, 0, sizeof cases / sizeof cases[0]);
    tcase_add_test(c, what_is_denied_is_taken_out_of_the_buffer);
    tcase_add_loop_test(c, a_file_with_an_error_changes_nothing_and_the_line_is_said, 0,
                        sizeof bad / sizeof bad[0]);
    tcase_add_test(c, without_rules_all_but_arp_is_denied_and_that_is_said);
    tcase_add_test(c, rules_come_from_options_behind_those_of_the_file);
    tcase_add_test(c, a_reload_never_drops_what_both_sets_allow);
    tcase_add_loop_test(c, what_answers_is_allowed_and_what_nobody_asked_for_is_not, 0,
                        sizeof pairs / sizeof pairs[0]);
    tcase_add_test(c, a_way_back_is_a_flow_with_a_time_out_ahead_of_the_packet);
    tcase_add_test(c, a_way_back_closes_after_a_silence);
    tcase_add_test(c, a_way_back_that_somebody_deletes_comes_back_while_it_is_open);
    tcase_add_test(c, a_way_back_closes_with_its_rule);
    tcase_add_test(c, ways_back_past_the_limit_are_refused);
    tcase_add_test(c, flows_that_the_rules_do_not_allow_are_deleted_and_others_stay);
    tcase_add_test(c, a_switch_that_does_not_say_its_flows_begins_anew);
    tcase_add_test(c, a_rule_that_somebody_deletes_comes_back);
    tcase_add_test(c, the_rules_are_shown_with_what_they_decided);
    return unit_main(s);
}
