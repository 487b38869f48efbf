/*
 * test_slicer.c - two controllers at one switch: each sees its slice, and nothing else.
 *
 * The switch is scripted, and so are the slices' controllers: red has what comes in on ports 1 and
 * 2, blue what comes in on port 3, and on port 4 the web is red's and the rest of IP blue's.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "openflow/action.h"
#include "openflow/match.h"
#include "openflow/parse.h"
#include "openflow/print.h"
#include "runtime/sim/sim.h"
#include "test/unit/fake_switch.h"
#include "test/unit/unit.h"

#include <stdio.h>
#include <string.h>

static struct ctl *ctl;
static struct fake_peer *sw, *red, *blue;
static struct listener *at_red, *at_blue;

static void *option(const char *name)
{
    const struct config_option *row = slicer_app.options;
    while (strcmp(row->name, name) != 0)
        row++;
    return row->target;
}

static void set_lines(const char *const *lines)
{
    struct config_list *list = option("slicer-line");
    for (list->n = 0; lines[list->n] != NULL; list->n++)
        list->value[list->n] = lines[list->n];
}

#define LINES(...) set_lines((const char *const[]){__VA_ARGS__, NULL})

static void standard_slices(void)
{
    LINES("slice red controller=tcp:red:6653", "in_port=1", "in_port=2",
          "priority=40000,in_port=4,tcp,tp_dst=80", "slice blue controller=tcp:blue:6653",
          "in_port=3", "in_port=4,ip");
}

/* A controller takes its connection and says hello. */
static void on_accept(void *user, struct stream *s)
{
    struct fake_peer **peer = user;
    if (*peer != NULL) { /* called again: the first is over */
        if ((*peer)->stream != NULL)
            stream_close((*peer)->stream);
        free((*peer)->in);
        free(*peer);
    }
    *peer = fake_adopt(s, OFP_AT_CONTROLLER);
}

static struct listener *listen_at(const char *name, struct fake_peer **peer)
{
    struct listener *l;
    struct endpoint ep;
    ck_assert_int_eq(endpoint_parse(&ep, name, 0), 0);
    ck_assert_int_eq(net_listen(sim_net(), &ep, on_accept, peer, &l), 0);
    return l;
}

static void greet(struct fake_peer *peer)
{
    const struct ofp_msg hello = {.type = OFPT_HELLO};
    ck_assert_ptr_nonnull(peer);
    fake_expect(peer, OFPT_HELLO);
    fake_send(peer, &hello);
}

static void begin(void)
{
    ck_assert_int_eq(ctl_add_app(ctl, &slicer_app), 0);
    sw = fake_joined(ctl, 7, 4);
    fake_settle();
    ck_assert_uint_eq(fake_expect(sw, OFPT_FLOW_MOD).flow_mod.command, OFPFC_DELETE);
    ck_assert_uint_eq(fake_expect(sw, OFPT_FLOW_MOD).flow_mod.command, OFPFC_ADD); /* of LLDP */
    greet(red);
    greet(blue);
    fake_expect_nothing(sw);
}

static void setup(void)
{
    ctl = fake_world(NULL);
    ctl_use_net(ctl, sim_net());
    *(const char **)option("slicer-file") = NULL;
    *(uint64_t *)option("slicer-rate") = 10000;
    *(uint64_t *)option("slicer-flows") = 100;
    sw = red = blue = NULL;
    at_red = listen_at("ptcp:6653:red", &red);
    at_blue = listen_at("ptcp:6653:blue", &blue);
    standard_slices();
}

static void teardown(void)
{
    net_listener_close(at_red);
    net_listener_close(at_blue);
    ctl_free(ctl);
    ctl = NULL;
    if (red != NULL)
        fake_free(red);
    if (blue != NULL)
        fake_free(blue);
    if (sw != NULL)
        fake_free(sw);
    fake_settle();
    fake_end();
}

/* --- Saying things --------------------------------------------------------------------------- */

#define XID 0x1234

/* A flow-mod in ovs-ofctl's words. */
static void send_flow(struct fake_peer *peer, uint16_t command, const char *text)
{
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD, .xid = XID};
    char error[OFP_PARSE_ERROR];
    struct ofp_match match;
    uint8_t area[512];
    struct buf actions = buf_of(area, sizeof area);
    const char *wrong = ofp_parse_flow(text, command, &msg.flow_mod, &match, &actions, error);
    ck_assert_msg(wrong == NULL, "%s: %s", text, wrong);
    fake_send(peer, &msg);
}

/* A flow-mod as it came to the switch: "COMMAND MATCH ACTIONS". */
static const char *next(struct ofp_msg *msg)
{
    static char line[400];
    struct text t = text_of(line, sizeof line);
    *msg = fake_expect(sw, OFPT_FLOW_MOD);
    text_put_u64(&t, msg->flow_mod.command);
    text_put_char(&t, ' ');
    ofp_print_match(&t, msg->flow_mod.match, msg->flow_mod.priority);
    text_put_char(&t, ' ');
    ofp_print_actions(&t, msg->flow_mod.actions);
    return line;
}

static void expect_flow(const char *want)
{
    struct ofp_msg msg;
    const char *came = next(&msg);
    ck_assert_str_eq(came, want);
}

static void expect_error(struct fake_peer *peer, uint16_t type, uint16_t code)
{
    struct ofp_msg msg = fake_expect(peer, OFPT_ERROR);
    ck_assert_uint_eq(msg.error.type, type);
    ck_assert_uint_eq(msg.error.code, code);
    ck_assert_uint_eq(msg.xid, XID);
    ck_assert_uint_ge(msg.error.data.len, sizeof(struct ofp_header));
    ck_assert_uint_eq(be32_get(((const struct ofp_header *)msg.error.data.data)->xid), XID);
}

static void send_request(struct fake_peer *peer, uint8_t type)
{
    const struct ofp_msg msg = {.type = type, .xid = XID};
    fake_send(peer, &msg);
}

/* A TCP segment over IPv4, or with dl_type 0 some frame of no known kind. */
static size_t frame(uint8_t *f, uint16_t dl_type, uint16_t tp_dst)
{
    memset(f, 0, 60);
    f[5] = 2;
    f[11] = 1;
    f[12] = (uint8_t)(dl_type >> 8);
    f[13] = (uint8_t)dl_type;
    if (dl_type != 0x0800)
        return 60;
    f[14] = 0x45;
    f[17] = 46;
    f[23] = 6;
    f[26] = f[30] = 10;
    f[36] = (uint8_t)(tp_dst >> 8);
    f[37] = (uint8_t)tp_dst;
    return 60;
}

static void packet_comes(uint16_t in_port, uint16_t dl_type, uint16_t tp_dst, uint32_t buffer)
{
    struct ofp_msg msg = {.type = OFPT_PACKET_IN};
    uint8_t f[60];
    size_t n = frame(f, dl_type, tp_dst);
    msg.packet_in = (struct ofp_msg_packet_in){
        .buffer_id = buffer, .total_len = 60, .in_port = in_port, .data = span_of(f, n)};
    fake_send(sw, &msg);
}

static void send_packet(struct fake_peer *peer, uint16_t in_port, uint16_t tp_dst, const char *text)
{
    struct ofp_msg msg = {.type = OFPT_PACKET_OUT, .xid = XID};
    uint8_t f[60], area[200];
    char error[OFP_PARSE_ERROR];
    size_t n = frame(f, 0x0800, tp_dst);
    struct buf actions = buf_of(area, sizeof area);
    ck_assert_ptr_null(ofp_parse_actions(text, &actions, error));
    msg.packet_out = (struct ofp_msg_packet_out){.buffer_id = OFP_NO_BUFFER,
                                                 .in_port = in_port,
                                                 .actions = span_of(area, actions.len),
                                                 .data = span_of(f, n)};
    fake_send(peer, &msg);
}

static void expect_packet_out(const char *want)
{
    struct ofp_msg msg = fake_expect(sw, OFPT_PACKET_OUT);
    char line[300];
    struct text t = text_of(line, sizeof line);
    ofp_print_actions(&t, msg.packet_out.actions);
    ck_assert_str_eq(line, want);
}

/* --- What a slice sees ----------------------------------------------------------------------- */

START_TEST(a_slice_sees_its_own_ports)
{
    struct ofp_msg msg;
    struct span rest;
    begin();
    send_request(red, OFPT_FEATURES_REQUEST);
    msg = fake_expect(red, OFPT_FEATURES_REPLY);
    ck_assert_uint_eq(msg.xid, XID);
    ck_assert_uint_eq(msg.features.datapath_id, 7);
    rest = msg.features.ports;
    ck_assert_uint_eq(be16_get(ofp_next_port(&rest)->port_no), 1);
    ck_assert_uint_eq(be16_get(ofp_next_port(&rest)->port_no), 2);
    ck_assert_uint_eq(be16_get(ofp_next_port(&rest)->port_no), 4);
    ck_assert_ptr_null(ofp_next_port(&rest));
    send_request(blue, OFPT_FEATURES_REQUEST);
    msg = fake_expect(blue, OFPT_FEATURES_REPLY);
    ck_assert_uint_eq(msg.features.ports.len, 2 * sizeof(struct ofp_phy_port));
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(a_packet_comes_to_whose_it_is)
{
    struct ofp_msg msg;
    begin();
    packet_comes(1, 0x88b5, 0, OFP_NO_BUFFER);
    msg = fake_expect(red, OFPT_PACKET_IN);
    ck_assert_uint_eq(msg.packet_in.in_port, 1);
    ck_assert_uint_eq(msg.packet_in.data.len, 60);
    packet_comes(3, 0x88b5, 0, OFP_NO_BUFFER);
    fake_expect(blue, OFPT_PACKET_IN);
    packet_comes(4, 0x0800, 80, OFP_NO_BUFFER);
    fake_expect(red, OFPT_PACKET_IN);
    packet_comes(4, 0x0800, 81, OFP_NO_BUFFER);
    fake_expect(blue, OFPT_PACKET_IN);
    fake_expect_nothing(red);
    fake_expect_nothing(sw);
    packet_comes(4, 0x88b5, 0, 5); /* nobody's: out of the buffer */
    ck_assert_uint_eq(fake_expect(sw, OFPT_PACKET_OUT).packet_out.buffer_id, 5);
    fake_expect_nothing(red);
    fake_expect_nothing(blue);
}
END_TEST

START_TEST(ports_that_come_and_go_are_told_to_whose_they_are)
{
    struct ofp_phy_port port;
    struct ofp_msg msg = {.type = OFPT_PORT_STATUS, .port_status = {OFPPR_MODIFY, &port}};
    begin();
    fake_port(&port, 3, 0, OFPPS_LINK_DOWN);
    fake_send(sw, &msg);
    msg = fake_expect(blue, OFPT_PORT_STATUS);
    ck_assert_uint_eq(msg.port_status.reason, OFPPR_MODIFY);
    fake_port(&port, 4, 0, 0);
    msg = (struct ofp_msg){.type = OFPT_PORT_STATUS, .port_status = {OFPPR_DELETE, &port}};
    fake_send(sw, &msg);
    ck_assert_uint_eq(fake_expect(red, OFPT_PORT_STATUS).port_status.reason, OFPPR_DELETE);
    ck_assert_uint_eq(fake_expect(blue, OFPT_PORT_STATUS).port_status.reason, OFPPR_DELETE);
    fake_port(&port, 9, 0, 0); /* in no slice */
    msg = (struct ofp_msg){.type = OFPT_PORT_STATUS, .port_status = {OFPPR_ADD, &port}};
    fake_send(sw, &msg);
    fake_expect_nothing(red);
    fake_expect_nothing(blue);
}
END_TEST

START_TEST(what_a_switch_answers_by_itself_is_answered_here)
{
    struct ofp_msg msg;
    begin();
    send_request(red, OFPT_ECHO_REQUEST);
    ck_assert_uint_eq(fake_expect(red, OFPT_ECHO_REPLY).xid, XID);
    send_request(red, OFPT_GET_CONFIG_REQUEST);
    ck_assert_uint_eq(fake_expect(red, OFPT_GET_CONFIG_REPLY).config.miss_send_len, 128);
    msg = (struct ofp_msg){.type = OFPT_SET_CONFIG, .xid = XID, .config = {0, 1500}};
    fake_send(red, &msg);
    ck_assert_uint_eq(fake_expect(sw, OFPT_SET_CONFIG).config.miss_send_len, 1500);
    msg.config.miss_send_len = 20;
    fake_send(blue, &msg);
    fake_expect_nothing(sw);
    packet_comes(3, 0x88b5, 0, 77);
    ck_assert_uint_eq(fake_expect(blue, OFPT_PACKET_IN).packet_in.data.len, 20);
    msg.config.flags = OFPC_FRAG_DROP;
    fake_send(blue, &msg);
    expect_error(blue, OFPET_BAD_REQUEST, OFPBRC_EPERM);
}
END_TEST

/* --- Flows ----------------------------------------------------------------------------------- */

START_TEST(a_flow_goes_into_the_slice_only)
{
    begin();
    send_flow(red, OFPFC_ADD, "priority=5,actions=output:2");
    expect_flow("0 priority=5,tcp,in_port=4,tp_dst=80 output:2");
    expect_flow("0 priority=5,in_port=1 output:2");
    expect_flow("0 priority=5,in_port=2 output:2");
    send_flow(blue, OFPFC_ADD, "in_port=3,ip,actions=output:4");
    expect_flow("0 ip,in_port=3 output:4");
    fake_expect_nothing(sw);
    fake_expect_nothing(red);
    fake_expect_nothing(blue);
}
END_TEST

static const struct {
    const char *flow;
    uint16_t type, code;
} refused[] = {
    {"in_port=1,actions=drop", OFPET_FLOW_MOD_FAILED, OFPFMFC_EPERM},
    {"in_port=4,ip,actions=output:3", OFPET_FLOW_MOD_FAILED, OFPFMFC_EPERM}, /* the web is red's */
    {"in_port=4,tcp,tp_dst=80,actions=output:3", OFPET_FLOW_MOD_FAILED, OFPFMFC_EPERM},
    {"in_port=3,actions=output:1", OFPET_BAD_ACTION, OFPBAC_BAD_OUT_PORT},
    {"in_port=3,actions=enqueue:1:0", OFPET_BAD_ACTION, OFPBAC_BAD_OUT_PORT},
    {"in_port=3,actions=normal", OFPET_BAD_ACTION, OFPBAC_EPERM},
    {"in_port=4,tcp,tp_dst=81,actions=mod_tp_dst:80,output:4", OFPET_BAD_ACTION, OFPBAC_EPERM},
    {"emerg,in_port=3,actions=drop", OFPET_FLOW_MOD_FAILED, OFPFMFC_EPERM},
};

START_TEST(what_is_not_its_own_is_refused)
{
    begin();
    send_flow(blue, OFPFC_ADD, refused[_i].flow);
    expect_error(blue, refused[_i].type, refused[_i].code);
    fake_expect_nothing(sw);
    fake_expect_nothing(red);
}
END_TEST

START_TEST(packets_may_become_others_of_the_slice)
{
    begin();
    send_flow(blue, OFPFC_ADD, "in_port=4,tcp,tp_dst=81,actions=mod_tp_dst:82,output:4");
    expect_flow("0 tcp,in_port=4,tp_dst=81 mod_tp_dst:82,output:4");
    send_flow(red, OFPFC_ADD, "in_port=1,actions=mod_dl_dst:02:00:00:00:00:09,in_port");
    expect_flow("0 in_port=1 mod_dl_dst:02:00:00:00:00:09,IN_PORT");
    fake_expect_nothing(blue);
}
END_TEST

START_TEST(a_flood_becomes_the_slice_s_ports_and_follows_them)
{
    struct ofp_phy_port port;
    struct ofp_msg msg;
    begin();
    send_flow(red, OFPFC_ADD, "in_port=1,actions=flood");
    expect_flow("0 in_port=1 output:1,output:2,output:4");
    fake_port(&port, 4, 0, 0);
    msg = (struct ofp_msg){.type = OFPT_PORT_STATUS, .port_status = {OFPPR_DELETE, &port}};
    fake_send(sw, &msg);
    expect_flow("2 in_port=1 output:1,output:2");
    fake_port(&port, 2, 0, 0);
    msg = (struct ofp_msg){.type = OFPT_PORT_MOD, .xid = XID};
    msg.port_mod =
        (struct ofp_msg_port_mod){.port_no = 2, .config = OFPPC_NO_FLOOD, .mask = OFPPC_NO_FLOOD};
    bytes_copy(msg.port_mod.hw_addr, port.hw_addr, sizeof port.hw_addr);
    fake_send(red, &msg);
    expect_flow("2 in_port=1 output:1");
    msg.port_mod.mask = OFPPC_PORT_DOWN;
    fake_forget(red);
    fake_send(red, &msg);
    expect_error(red, OFPET_BAD_REQUEST, OFPBRC_EPERM);
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(a_wildcard_delete_takes_the_slice_s_own_flows_only)
{
    begin();
    send_flow(red, OFPFC_ADD, "in_port=1,actions=output:2");
    expect_flow("0 in_port=1 output:2");
    send_flow(blue, OFPFC_ADD, "in_port=3,actions=output:4");
    expect_flow("0 in_port=3 output:4");
    send_flow(red, OFPFC_DELETE, "");
    expect_flow("4 in_port=1 drop");
    fake_expect_nothing(sw);
    send_flow(red, OFPFC_DELETE, "");
    send_flow(red, OFPFC_DELETE_STRICT, "in_port=3");
    send_flow(blue, OFPFC_DELETE, "out_port=3");
    fake_expect_nothing(sw);
    send_flow(blue, OFPFC_DELETE, "out_port=4");
    expect_flow("4 in_port=3 drop");
}
END_TEST

START_TEST(a_modify_changes_the_slice_s_own_flows_or_adds_one)
{
    struct ofp_msg msg;
    begin();
    send_flow(blue, OFPFC_MODIFY, "in_port=3,cookie=9,actions=drop");
    expect_flow("0 in_port=3 drop");
    send_flow(red, OFPFC_ADD, "in_port=1,actions=output:2");
    next(&msg);
    send_flow(blue, OFPFC_MODIFY, "actions=output:4");
    expect_flow("2 in_port=3 output:4");
    fake_expect_nothing(sw);
    send_flow(blue, OFPFC_MODIFY, "actions=output:1");
    expect_error(blue, OFPET_BAD_ACTION, OFPBAC_BAD_OUT_PORT);
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(the_same_flow_again_takes_the_place_of_the_first)
{
    struct ofp_msg first, second;
    begin();
    send_flow(red, OFPFC_ADD, "in_port=1,actions=output:2");
    next(&first);
    send_flow(red, OFPFC_ADD, "in_port=1,actions=output:4");
    next(&second);
    ck_assert(first.flow_mod.cookie != second.flow_mod.cookie);
    fake_expect_nothing(sw);
    send_flow(red, OFPFC_DELETE, "");
    expect_flow("4 in_port=1 drop");
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(a_slice_has_no_more_flows_than_it_may)
{
    LINES("slice red controller=tcp:red:6653 flows=2", "in_port=1",
          "slice blue controller=tcp:blue:6653", "in_port=3");
    begin();
    send_flow(red, OFPFC_ADD, "in_port=1,priority=1,actions=drop");
    send_flow(red, OFPFC_ADD, "in_port=1,priority=2,actions=drop");
    send_flow(red, OFPFC_ADD, "in_port=1,priority=2,actions=in_port");
    send_flow(blue, OFPFC_ADD, "in_port=3,priority=3,actions=drop");
    fake_expect_nothing(red);
    send_flow(red, OFPFC_ADD, "in_port=1,priority=3,actions=drop");
    expect_error(red, OFPET_FLOW_MOD_FAILED, OFPFMFC_ALL_TABLES_FULL);
    send_flow(red, OFPFC_DELETE_STRICT, "in_port=1,priority=1");
    send_flow(red, OFPFC_ADD, "in_port=1,priority=3,actions=drop");
    fake_expect_nothing(red);
    fake_expect_nothing(blue);
}
END_TEST

/* The switch says that a flow is gone. */
static void removed(const struct ofp_msg *mod, uint8_t reason, uint64_t packets)
{
    struct ofp_msg msg = {.type = OFPT_FLOW_REMOVED};
    msg.flow_removed = (struct ofp_msg_flow_removed){.match = mod->flow_mod.match,
                                                     .cookie = mod->flow_mod.cookie,
                                                     .priority = mod->flow_mod.priority,
                                                     .reason = reason,
                                                     .packet_count = packets};
    fake_send(sw, &msg);
}

START_TEST(a_flow_is_removed_with_its_last_part_and_told_as_it_was_written)
{
    struct ofp_msg part[3], msg;
    begin();
    send_flow(red, OFPFC_ADD, "cookie=5,send_flow_rem,idle_timeout=3,actions=output:2");
    for (int i = 0; i < 3; i++) {
        next(&part[i]);
        ck_assert_uint_eq(part[i].flow_mod.idle_timeout, 3);
        ck_assert_uint_eq(part[i].flow_mod.flags, OFPFF_SEND_FLOW_REM);
        ck_assert(part[i].flow_mod.cookie != 5);
    }
    removed(&part[0], OFPRR_IDLE_TIMEOUT, 1);
    removed(&part[1], OFPRR_IDLE_TIMEOUT, 2);
    removed(&part[1], OFPRR_IDLE_TIMEOUT, 2);
    fake_expect_nothing(red);
    removed(&part[2], OFPRR_IDLE_TIMEOUT, 4);
    msg = fake_expect(red, OFPT_FLOW_REMOVED);
    ck_assert_uint_eq(msg.flow_removed.cookie, 5);
    ck_assert_uint_eq(msg.flow_removed.packet_count, 7);
    ck_assert_uint_eq(be32_get(msg.flow_removed.match->wildcards),
                      be32_get(ofp_match_any().wildcards));
    removed(&part[2], OFPRR_IDLE_TIMEOUT, 4);
    fake_expect_nothing(red);
    fake_expect_nothing(blue);
}
END_TEST

START_TEST(a_deleted_flow_is_told_when_the_switch_has_counted_it)
{
    struct ofp_msg mod, gone, msg;
    begin();
    send_flow(red, OFPFC_ADD, "cookie=6,send_flow_rem,in_port=1,actions=output:2");
    next(&mod);
    send_flow(red, OFPFC_DELETE, "");
    fake_expect_nothing(red);
    next(&gone);
    gone.flow_mod.cookie = mod.flow_mod.cookie;
    removed(&gone, OFPRR_DELETE, 3);
    msg = fake_expect(red, OFPT_FLOW_REMOVED);
    ck_assert_uint_eq(msg.flow_removed.cookie, 6);
    ck_assert_uint_eq(msg.flow_removed.reason, OFPRR_DELETE);
    ck_assert_uint_eq(msg.flow_removed.packet_count, 3);
}
END_TEST

START_TEST(a_modify_changes_the_cookie_with_the_actions)
{
    struct ofp_msg mod, gone;
    begin();
    send_flow(red, OFPFC_ADD, "cookie=6,send_flow_rem,in_port=1,actions=output:2");
    next(&mod);
    send_flow(red, OFPFC_MODIFY, "cookie=7,in_port=1,actions=drop");
    next(&gone);
    send_flow(red, OFPFC_DELETE, "");
    next(&gone);
    gone.flow_mod.cookie = mod.flow_mod.cookie;
    removed(&gone, OFPRR_DELETE, 0);
    ck_assert_uint_eq(fake_expect(red, OFPT_FLOW_REMOVED).flow_removed.cookie, 7);
}
END_TEST

START_TEST(an_error_comes_to_who_caused_it_and_ends_the_flow)
{
    struct ofp_msg part[3], error = {.type = OFPT_ERROR};
    begin();
    send_flow(red, OFPFC_ADD, "priority=5,actions=output:2");
    for (int i = 0; i < 3; i++)
        next(&part[i]);
    error.xid = part[1].xid;
    error.error = (struct ofp_msg_error){OFPET_FLOW_MOD_FAILED, OFPFMFC_ALL_TABLES_FULL, {NULL, 0}};
    fake_send(sw, &error);
    expect_error(red, OFPET_FLOW_MOD_FAILED, OFPFMFC_ALL_TABLES_FULL);
    expect_flow("4 priority=5,tcp,in_port=4,tp_dst=80 drop");
    expect_flow("4 priority=5,in_port=1 drop");
    expect_flow("4 priority=5,in_port=2 drop");
    error.xid = part[2].xid;
    fake_send(sw, &error);
    fake_expect_nothing(red); /* once is enough */
    fake_expect_nothing(blue);
}
END_TEST

/* --- Packets --------------------------------------------------------------------------------- */

START_TEST(a_slice_sends_its_own_packets_out_of_its_own_ports)
{
    begin();
    send_packet(red, OFPP_NONE, 81, "flood");
    expect_packet_out("output:1,output:2,output:4");
    send_packet(red, 1, 81, "output:2");
    expect_packet_out("output:2");
    send_packet(blue, OFPP_NONE, 80, "output:4"); /* as if it had come in on port 3 */
    expect_packet_out("output:4");
    send_packet(blue, 4, 80, "output:4");
    expect_error(blue, OFPET_BAD_REQUEST, OFPBRC_EPERM);
    send_packet(blue, 4, 81, "output:1");
    expect_error(blue, OFPET_BAD_ACTION, OFPBAC_BAD_OUT_PORT);
    send_packet(blue, 4, 81, "mod_tp_dst:80,output:4");
    expect_error(blue, OFPET_BAD_ACTION, OFPBAC_EPERM);
    send_packet(blue, OFPP_NONE, 81, "table");
    expect_error(blue, OFPET_BAD_ACTION, OFPBAC_BAD_OUT_PORT);
    fake_expect_nothing(sw);
}
END_TEST

static void use_buffer(struct fake_peer *peer, uint32_t id, const char *text)
{
    struct ofp_msg msg = {.type = OFPT_PACKET_OUT, .xid = XID};
    uint8_t area[200];
    char error[OFP_PARSE_ERROR];
    struct buf actions = buf_of(area, sizeof area);
    ck_assert_ptr_null(ofp_parse_actions(text, &actions, error));
    msg.packet_out = (struct ofp_msg_packet_out){
        .buffer_id = id, .in_port = 1, .actions = span_of(area, actions.len)};
    fake_send(peer, &msg);
}

START_TEST(a_slice_uses_the_buffers_that_it_was_given_once)
{
    uint32_t id;
    struct ofp_msg msg;
    begin();
    packet_comes(1, 0x88b5, 0, 4711);
    id = fake_expect(red, OFPT_PACKET_IN).packet_in.buffer_id;
    use_buffer(blue, id, "output:3");
    expect_error(blue, OFPET_BAD_REQUEST, OFPBRC_BUFFER_UNKNOWN);
    use_buffer(blue, 4711, "output:3");
    expect_error(blue, OFPET_BAD_REQUEST, OFPBRC_BUFFER_UNKNOWN);
    use_buffer(red, id, "output:2");
    msg = fake_expect(sw, OFPT_PACKET_OUT);
    ck_assert_uint_eq(msg.packet_out.buffer_id, 4711);
    ck_assert_uint_eq(msg.packet_out.in_port, 1);
    use_buffer(red, id, "output:2");
    expect_error(red, OFPET_BAD_REQUEST, OFPBRC_BUFFER_UNKNOWN);
}
END_TEST

START_TEST(a_flow_mod_takes_its_packet_along)
{
    char flow[100];
    uint32_t id;
    begin();
    packet_comes(1, 0x88b5, 0, 4711);
    id = fake_expect(red, OFPT_PACKET_IN).packet_in.buffer_id;
    snprintf(flow, sizeof flow, "in_port=1,buffer_id=%u,actions=output:2", id);
    send_flow(red, OFPFC_ADD, flow);
    expect_flow("0 in_port=1 output:2");
    ck_assert_uint_eq(fake_expect(sw, OFPT_PACKET_OUT).packet_out.buffer_id, 4711);
    fake_expect_nothing(red);
}
END_TEST

/* --- Questions ------------------------------------------------------------------------------- */

/* --- LLDP ------------------------------------------------------------------------------------ */

/* A controller looks for what is behind port 4. Returns the packet that goes to the switch. */
static size_t send_lldp(struct fake_peer *peer, const char *text, uint8_t *came)
{
    struct ofp_msg msg = {.type = OFPT_PACKET_OUT, .xid = XID};
    uint8_t f[30] = {1, 0x80, 0xc2, 0, 0, 0xe, 2, 0, 0, 0, 0, 1, 0x88, 0xcc}, area[8];
    struct buf actions = buf_of(area, sizeof area);
    struct span data;
    snprintf((char *)f + 14, 16, "%s", text);
    ofp_put_output(&actions, 4, 0);
    msg.packet_out = (struct ofp_msg_packet_out){.buffer_id = OFP_NO_BUFFER,
                                                 .in_port = OFPP_NONE,
                                                 .actions = span_of(area, actions.len),
                                                 .data = span_of(f, sizeof f)};
    fake_send(peer, &msg);
    data = fake_expect(sw, OFPT_PACKET_OUT).packet_out.data;
    ck_assert_uint_ge(data.len, 60);
    bytes_copy(came, data.data, data.len);
    return data.len;
}

static void lldp_comes(const uint8_t *f, size_t n)
{
    struct ofp_msg msg = {.type = OFPT_PACKET_IN};
    msg.packet_in = (struct ofp_msg_packet_in){.buffer_id = OFP_NO_BUFFER,
                                               .total_len = (uint16_t)n,
                                               .in_port = 4,
                                               .reason = OFPR_ACTION,
                                               .data = span_of(f, n)};
    fake_send(sw, &msg);
}

static void expect_lldp(struct fake_peer *peer, const char *text)
{
    struct ofp_msg msg = fake_expect(peer, OFPT_PACKET_IN);
    ck_assert_str_eq((const char *)msg.packet_in.data.data + 14, text);
    ck_assert_uint_eq(msg.packet_in.total_len, msg.packet_in.data.len);
    ck_assert_uint_eq(msg.packet_in.data.len, 40);
}

START_TEST(each_slice_gets_its_own_lldp_back_on_a_port_that_they_share)
{
    uint8_t f[100], g[100];
    size_t n, m;
    begin();
    n = send_lldp(red, "of red", f);
    m = send_lldp(blue, "of blue", g);
    lldp_comes(g, m);
    expect_lldp(blue, "of blue");
    lldp_comes(f, n);
    expect_lldp(red, "of red");
    f[14] ^= 1; /* who tampers with it makes it somebody else's: on this port, nobody's */
    lldp_comes(f, n);
    fake_expect_nothing(red);
    fake_expect_nothing(blue);
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(lldp_of_a_slice_that_is_no_more_is_nobody_s)
{
    uint8_t f[100];
    size_t n;
    begin();
    n = send_lldp(red, "of red", f);
    LINES("slice blue controller=tcp:blue:6653", "in_port=3", "in_port=4,ip", "in_port=4");
    ctl_reload(ctl);
    fake_settle();
    greet(blue);
    lldp_comes(f, n);
    fake_expect_nothing(blue);
    lldp_comes(f, n - 20); /* without the tag it would be blue's */
    fake_expect(blue, OFPT_PACKET_IN);
}
END_TEST

START_TEST(a_flow_for_lldp_is_kept_but_does_not_reach_the_switch)
{
    struct ofp_msg msg;
    begin();
    send_flow(red, OFPFC_ADD, "dl_type=0x88cc,priority=65535,send_flow_rem,actions=controller");
    send_flow(red, OFPFC_ADD, "dl_type=0x88cc,hard_timeout=5,send_flow_rem,actions=controller");
    fake_wait(4 * NS_PER_S);
    fake_forget(red); /* echo requests */
    fake_wait(2 * NS_PER_S);
    msg = fake_expect(red, OFPT_FLOW_REMOVED);
    ck_assert_uint_eq(msg.flow_removed.reason, OFPRR_HARD_TIMEOUT);
    ck_assert_uint_eq(msg.flow_removed.duration_sec, 5);
    send_flow(red, OFPFC_DELETE, "");
    msg = fake_expect(red, OFPT_FLOW_REMOVED);
    ck_assert_uint_eq(msg.flow_removed.priority, 65535);
    fake_expect_nothing(red);
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(what_the_slicer_itself_needs_stands_above_all_flows_of_slices)
{
    begin();
    send_flow(red, OFPFC_ADD, "in_port=1,priority=65535,actions=drop");
    expect_flow("0 priority=65532,in_port=1 drop");
}
END_TEST

/* Open vSwitch has all exact entries at priority 65535, and says so. */
START_TEST(an_exact_flow_is_removed_whatever_priority_the_switch_gave_it)
{
    struct ofp_msg msg;
    begin();
    send_flow(red, OFPFC_ADD,
              "in_port=1,dl_vlan=0xffff,dl_vlan_pcp=0,dl_src=02:00:00:00:00:01,"
              "dl_dst=02:00:00:00:00:02,tcp,nw_tos=0,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=1,"
              "tp_dst=2,send_flow_rem,actions=output:2");
    msg = fake_expect(sw, OFPT_FLOW_MOD);
    ck_assert_uint_eq(be32_get(msg.flow_mod.match->wildcards), 0);
    msg.flow_mod.priority = UINT16_MAX;
    removed(&msg, OFPRR_IDLE_TIMEOUT, 1);
    ck_assert_uint_eq(fake_expect(red, OFPT_FLOW_REMOVED).flow_removed.priority, 32768);
}
END_TEST

START_TEST(a_barrier_is_answered_when_the_switch_has)
{
    struct ofp_msg msg = {.type = OFPT_BARRIER_REPLY};
    begin();
    send_request(red, OFPT_BARRIER_REQUEST);
    send_request(blue, OFPT_BARRIER_REQUEST);
    fake_expect_nothing(red);
    msg.xid = fake_expect(sw, OFPT_BARRIER_REQUEST).xid;
    ck_assert_uint_ne(msg.xid, XID);
    fake_send(sw, &msg);
    ck_assert_uint_eq(fake_expect(red, OFPT_BARRIER_REPLY).xid, XID);
    fake_expect_nothing(blue);
    msg.xid = fake_expect(sw, OFPT_BARRIER_REQUEST).xid;
    fake_send(sw, &msg);
    ck_assert_uint_eq(fake_expect(blue, OFPT_BARRIER_REPLY).xid, XID);
}
END_TEST

static void ask_stats(struct fake_peer *peer, uint16_t type)
{
    struct ofp_match any = ofp_match_any();
    struct ofp_msg msg = {.type = OFPT_STATS_REQUEST, .xid = XID, .stats = {.type = type}};
    if (type == OFPST_PORT)
        msg.stats.port.port_no = OFPP_NONE;
    else if (type != OFPST_TABLE)
        msg.stats.flow = (struct ofp_msg_flow_request){&any, OFP_TABLE_ALL, OFPP_NONE};
    fake_send(peer, &msg);
}

/* The switch's statistics of these flow-mods, each with `packets`, 1 more each. */
static void answer_flow_stats(const struct ofp_msg *mods, size_t n)
{
    struct ofp_msg msg = fake_expect(sw, OFPT_STATS_REQUEST);
    struct ofp_flow_stats *entry;
    static uint8_t area[4000];
    struct buf list = buf_of(area, sizeof area);
    ck_assert_uint_eq(msg.stats.type, OFPST_FLOW);
    for (size_t i = 0; i < n; i++) {
        entry = buf_put(&list, sizeof *entry);
        *entry = (struct ofp_flow_stats){.length = be16_of(sizeof *entry),
                                         .cookie = be64_of(mods[i].flow_mod.cookie),
                                         .match = ofp_match_any(),
                                         .packet_count = be64_of(i + 1)};
    }
    msg.type = OFPT_STATS_REPLY;
    msg.stats.flags = 0;
    msg.stats.entries = span_of(area, list.len);
    fake_send(sw, &msg);
}

START_TEST(flow_statistics_are_of_the_slice_s_flows_as_it_wrote_them)
{
    struct ofp_msg mods[4], msg;
    struct span rest, actions;
    const struct ofp_flow_stats *entry;
    begin();
    send_flow(red, OFPFC_ADD, "priority=5,cookie=77,actions=flood");
    for (int i = 0; i < 3; i++)
        next(&mods[i]);
    send_flow(blue, OFPFC_ADD, "in_port=3,cookie=88,actions=output:4");
    next(&mods[3]);
    ask_stats(red, OFPST_FLOW);
    answer_flow_stats(mods, 4);
    msg = fake_expect(red, OFPT_STATS_REPLY);
    ck_assert_uint_eq(msg.xid, XID);
    rest = msg.stats.entries;
    entry = ofp_next_flow_stats(&rest, &actions);
    ck_assert_ptr_nonnull(entry);
    ck_assert_uint_eq(be64_get(entry->cookie), 77);
    ck_assert_uint_eq(be64_get(entry->packet_count), 6);
    ck_assert_uint_eq(be16_get(entry->priority), 5);
    ck_assert_uint_eq(actions.len, sizeof(struct ofp_action_output));
    ck_assert_uint_eq(
        be16_get(((const struct ofp_action_output *)(const void *)actions.data)->port), OFPP_FLOOD);
    ck_assert_uint_eq(rest.len, 0);
    ask_stats(blue, OFPST_AGGREGATE);
    answer_flow_stats(mods, 4);
    msg = fake_expect(blue, OFPT_STATS_REPLY);
    ck_assert_uint_eq(msg.stats.aggregate.flow_count, 1);
    ck_assert_uint_eq(msg.stats.aggregate.packet_count, 4);
    ask_stats(blue, OFPST_TABLE);
    msg = fake_expect(blue, OFPT_STATS_REPLY);
    rest = msg.stats.entries;
    ck_assert_uint_eq(be32_get(ofp_next_table_stats(&rest)->active_count), 1);
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(port_statistics_are_of_the_slice_s_ports)
{
    struct ofp_port_stats ports[4] = {
        {.port_no = {{0, 1}}}, {.port_no = {{0, 2}}}, {.port_no = {{0, 3}}}, {.port_no = {{0, 4}}}};
    struct ofp_msg msg;
    struct span rest;
    begin();
    ask_stats(blue, OFPST_PORT);
    msg = fake_expect(sw, OFPT_STATS_REQUEST);
    msg.type = OFPT_STATS_REPLY;
    msg.stats.entries = span_of(ports, sizeof ports);
    fake_send(sw, &msg);
    rest = fake_expect(blue, OFPT_STATS_REPLY).stats.entries;
    ck_assert_uint_eq(be16_get(ofp_next_port_stats(&rest)->port_no), 3);
    ck_assert_uint_eq(be16_get(ofp_next_port_stats(&rest)->port_no), 4);
    ck_assert_uint_eq(rest.len, 0);
    fake_expect_nothing(red);
}
END_TEST

/* --- Load ------------------------------------------------------------------------------------ */

START_TEST(a_slice_that_floods_the_slicer_waits_by_itself)
{
    const struct ofp_msg features = {.type = OFPT_FEATURES_REQUEST, .xid = XID};
    uint8_t area[16];
    struct buf out = buf_of(area, sizeof area);
    size_t before;
    LINES("slice red controller=tcp:red:6653 rate=100", "in_port=1",
          "slice blue controller=tcp:blue:6653", "in_port=3");
    begin();
    ofp_encode(&out, &features);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(stream_write(red->stream, area, out.len), 0);
    fake_settle();
    before = red->len;
    ck_assert_uint_lt(before, 20 * 100);
    send_request(blue, OFPT_FEATURES_REQUEST);
    fake_expect(blue, OFPT_FEATURES_REPLY);
    fake_wait(NS_PER_S);
    ck_assert_uint_gt(red->len - before, 90 * 80);
    ck_assert_uint_lt(red->len - before, 110 * 80);
}
END_TEST

START_TEST(what_needs_no_switch_costs_as_much)
{
    const uint8_t echo[8] = {OFP_VERSION, OFPT_ECHO_REQUEST, 0, 8};
    LINES("slice red controller=tcp:red:6653 rate=100", "in_port=1",
          "slice blue controller=tcp:blue:6653", "in_port=3");
    begin();
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(stream_write(red->stream, echo, sizeof echo), 0);
    fake_wait(NS_PER_S);
    ck_assert_uint_lt(red->len, 120 * sizeof echo);
    ck_assert_uint_gt(red->len, 90 * sizeof echo);
}
END_TEST

START_TEST(messages_that_look_at_all_flows_cost_more)
{
    char flow[60];
    LINES("slice red controller=tcp:red:6653 rate=1000 flows=1000", "in_port=1",
          "slice blue controller=tcp:blue:6653", "in_port=3");
    begin();
    for (unsigned i = 0; i < 300; i++) {
        snprintf(flow, sizeof flow, "in_port=1,priority=%u,actions=drop", i);
        send_flow(red, OFPFC_ADD, flow);
    }
    fake_wait(3 * NS_PER_S);
    fake_expect_nothing(red);
    for (unsigned i = 0; i < 100; i++)
        send_flow(red, OFPFC_DELETE, "out_port=9");
    send_request(red, OFPT_FEATURES_REQUEST);
    fake_wait(100 * NS_PER_MS);
    fake_expect_nothing(red);
    fake_wait(300 * NS_PER_MS);
    fake_expect(red, OFPT_FEATURES_REPLY);
}
END_TEST

START_TEST(packets_past_a_slice_s_rate_are_dropped_out_of_the_buffer)
{
    LINES("slice red controller=tcp:red:6653 rate=100", "in_port=1",
          "slice blue controller=tcp:blue:6653", "in_port=3");
    begin();
    for (uint32_t i = 0; i < 20; i++)
        packet_comes(1, 0x88b5, 0, 100 + i);
    for (int i = 0; i < 7; i++)
        fake_expect(red, OFPT_PACKET_IN);
    ck_assert_uint_gt(sw->len, sw->seen);
    fake_expect(sw, OFPT_PACKET_OUT);
    packet_comes(3, 0x88b5, 0, OFP_NO_BUFFER);
    fake_expect(blue, OFPT_PACKET_IN);
}
END_TEST

/* --- Slices come and go ---------------------------------------------------------------------- */

START_TEST(a_slice_whose_controller_is_gone_keeps_its_flows_and_drops_its_packets)
{
    begin();
    send_flow(red, OFPFC_ADD, "in_port=1,actions=output:2");
    expect_flow("0 in_port=1 output:2");
    fake_free(red);
    red = NULL;
    packet_comes(1, 0x88b5, 0, 5);
    fake_expect(sw, OFPT_PACKET_OUT);
    fake_expect_nothing(sw);
    fake_wait(3 * NS_PER_S);
    greet(red); /* called again */
    send_flow(red, OFPFC_DELETE, "");
    expect_flow("4 in_port=1 drop");
}
END_TEST

START_TEST(slices_come_and_go_while_the_others_stay)
{
    begin();
    send_flow(red, OFPFC_ADD, "in_port=1,actions=output:2");
    expect_flow("0 in_port=1 output:2");
    send_flow(blue, OFPFC_ADD, "in_port=3,actions=drop");
    expect_flow("0 in_port=3 drop");
    LINES("slice blue controller=tcp:blue:6653", "in_port=3", "in_port=2");
    ctl_reload(ctl);
    fake_settle();
    expect_flow("4 in_port=1 drop");
    expect_flow("4 in_port=3 drop"); /* it has changed: it begins anew */
    fake_settle();
    ck_assert_ptr_null(red->stream);
    greet(blue);
    packet_comes(2, 0x88b5, 0, OFP_NO_BUFFER);
    fake_expect(blue, OFPT_PACKET_IN);
    LINES("slice red controller=tcp:red:6653", "in_port=1", "slice blue controller=tcp:blue:6653",
          "in_port=3", "in_port=2");
    ctl_reload(ctl);
    fake_settle();
    greet(red);
    packet_comes(1, 0x88b5, 0, OFP_NO_BUFFER);
    fake_expect(red, OFPT_PACKET_IN);
    packet_comes(2, 0x88b5, 0, OFP_NO_BUFFER);
    fake_expect(blue, OFPT_PACKET_IN); /* the same connection still */
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(a_file_with_an_error_changes_nothing)
{
    begin();
    LINES("slice blue controller=tcp:blue:6653", "in_prt=3");
    ctl_reload(ctl);
    packet_comes(1, 0x88b5, 0, OFP_NO_BUFFER);
    fake_expect(red, OFPT_PACKET_IN);
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(a_switch_that_leaves_takes_its_views_along)
{
    begin();
    send_flow(red, OFPFC_ADD, "in_port=1,actions=output:2");
    fake_free(sw);
    sw = NULL;
    fake_settle();
    ck_assert_ptr_null(red->stream);
    ck_assert_ptr_null(blue->stream);
}
END_TEST

START_TEST(who_speaks_no_openflow_1_0_is_told_so)
{
    static const uint8_t hello[8] = {4, OFPT_HELLO, 0, 8}, junk[8] = {1, OFPT_HELLO, 0, 3};
    ck_assert_int_eq(ctl_add_app(ctl, &slicer_app), 0);
    sw = fake_joined(ctl, 7, 4);
    fake_settle();
    fake_expect(red, OFPT_HELLO);
    greet(blue);
    fake_send_bytes(blue, junk, sizeof junk);
    ck_assert_ptr_null(blue->stream);
    fake_send_bytes(red, hello, sizeof hello);
    send_request(red, OFPT_ECHO_REQUEST); /* a higher version: 1.0 holds */
    fake_expect(red, OFPT_ECHO_REPLY);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("slicer");
    TCase *c = tcase_create("slicer");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, a_slice_sees_its_own_ports);
    tcase_add_test(c, a_packet_comes_to_whose_it_is);
    tcase_add_test(c, ports_that_come_and_go_are_told_to_whose_they_are);
    tcase_add_test(c, what_a_switch_answers_by_itself_is_answered_here);
    tcase_add_test(c, a_flow_goes_into_the_slice_only);
    tcase_add_loop_test(c, what_is_not_its_own_is_refused, 0, sizeof refused / sizeof refused[0]);
    tcase_add_test(c, packets_may_become_others_of_the_slice);
    tcase_add_test(c, a_flood_becomes_the_slice_s_ports_and_follows_them);
    tcase_add_test(c, a_wildcard_delete_takes_the_slice_s_own_flows_only);
    tcase_add_test(c, a_modify_changes_the_slice_s_own_flows_or_adds_one);
    tcase_add_test(c, the_same_flow_again_takes_the_place_of_the_first);
    tcase_add_test(c, a_slice_has_no_more_flows_than_it_may);
    tcase_add_test(c, a_flow_is_removed_with_its_last_part_and_told_as_it_was_written);
    tcase_add_test(c, a_deleted_flow_is_told_when_the_switch_has_counted_it);
    tcase_add_test(c, a_modify_changes_the_cookie_with_the_actions);
    tcase_add_test(c, an_error_comes_to_who_caused_it_and_ends_the_flow);
    tcase_add_test(c, a_slice_sends_its_own_packets_out_of_its_own_ports);
    tcase_add_test(c, a_slice_uses_the_buffers_that_it_was_given_once);
    tcase_add_test(c, a_flow_mod_takes_its_packet_along);
    tcase_add_test(c, each_slice_gets_its_own_lldp_back_on_a_port_that_they_share);
    tcase_add_test(c, lldp_of_a_slice_that_is_no_more_is_nobody_s);
    tcase_add_test(c, a_flow_for_lldp_is_kept_but_does_not_reach_the_switch);
    tcase_add_test(c, what_the_slicer_itself_needs_stands_above_all_flows_of_slices);
    tcase_add_test(c, an_exact_flow_is_removed_whatever_priority_the_switch_gave_it);
    tcase_add_test(c, a_barrier_is_answered_when_the_switch_has);
    tcase_add_test(c, flow_statistics_are_of_the_slice_s_flows_as_it_wrote_them);
    tcase_add_test(c, port_statistics_are_of_the_slice_s_ports);
    tcase_add_test(c, a_slice_that_floods_the_slicer_waits_by_itself);
    tcase_add_test(c, what_needs_no_switch_costs_as_much);
    tcase_add_test(c, messages_that_look_at_all_flows_cost_more);
    tcase_add_test(c, packets_past_a_slice_s_rate_are_dropped_out_of_the_buffer);
    tcase_add_test(c, a_slice_whose_controller_is_gone_keeps_its_flows_and_drops_its_packets);
    tcase_add_test(c, slices_come_and_go_while_the_others_stay);
    tcase_add_test(c, a_file_with_an_error_changes_nothing);
    tcase_add_test(c, a_switch_that_leaves_takes_its_views_along);
    tcase_add_test(c, who_speaks_no_openflow_1_0_is_told_so);
    return unit_main(s);
}
