/*
 * test_big_switch.c - a slice that sees two switches and the cable between them as one switch.
 *
 * The switches are scripted, and so is the slice's controller. Each switch has hosts at ports 1 and
 * 2, and port 3 leads to the other. To the controller these are ports 1 to 4 of switch b16. What
 * the switches are told is written down in `story`, line by line: "1 add MATCH ACTIONS" is
 * a flow for switch 1, "1 out ACTIONS" a packet-out. Labels are VLANs: 3072, 3073, 3075, 3076 to
 * the ports, 3077 for floods (3074 was, before switch 2 was known).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "openflow/action.h"
#include "openflow/frame.h"
#include "openflow/match.h"
#include "openflow/parse.h"
#include "openflow/print.h"
#include "runtime/sim/sim.h"
#include "test/unit/fake_switch.h"
#include "test/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define N       2
#define CABLE   3
#define XID     0x1234
#define BIG     0xb16
#define SETTLED (3 * NS_PER_S)

static struct ctl *ctl;
static struct fake_peer *sw[N + 1], *red;
static struct listener *at_red;
static bool cut, mute; /* the cable is; barriers and statistics are not answered */
static struct ofp_msg_flow_mod added[64]; /* without pointers into what came, but: */
static struct ofp_match added_match[64];
static unsigned added_at[64];
static size_t n_added;
static char story[20000];

/* --- The switches ----------------------------------------------------------------------------- */

static void tell(unsigned n, const char *what, const struct ofp_msg_flow_mod *mod,
                 struct span actions)
{
    struct text t = text_of(story + strlen(story), sizeof story - strlen(story) - 2);
    text_put_u64(&t, n);
    text_put_char(&t, ' ');
    text_put(&t, what);
    text_put_char(&t, ' ');
    if (mod != NULL) {
        ofp_print_match(&t, mod->match, mod->priority);
        text_put_char(&t, ' ');
    }
    ofp_print_actions(&t, actions);
    text_put_char(&t, '\n');
}

static void on_flow_mod(unsigned n, const struct ofp_msg_flow_mod *mod)
{
    static const char *const names[] = {"add", "mod", "mod", "del", "del"};
    tell(n, names[mod->command], mod, mod->actions);
    if (mod->command != OFPFC_ADD || n_added == sizeof added / sizeof added[0])
        return;
    added[n_added] = *mod;
    added_match[n_added] = *mod->match;
    added_at[n_added++] = n;
}

/* LLDP goes over the cable, all else is written down. */
static void on_packet_out(unsigned n, const struct ofp_msg_packet_out *out)
{
    const struct ofp_action_output *o = (const void *)out->actions.data;
    struct ofp_msg msg = {.type = OFPT_PACKET_IN};
    if (out->data.len < 14 || out->data.data[12] != 0x88 || out->data.data[13] != 0xcc) {
        tell(n, "out", NULL, out->actions);
        return;
    }
    if (be16_get(o->port) != CABLE || cut || sw[N + 1 - n] == NULL)
        return;
    msg.packet_in = (struct ofp_msg_packet_in){.buffer_id = OFP_NO_BUFFER,
                                               .total_len = (uint16_t)out->data.len,
                                               .in_port = CABLE,
                                               .reason = OFPR_ACTION,
                                               .data = out->data};
    fake_send(sw[N + 1 - n], &msg);
}

static void on_message(unsigned n, const struct ofp_msg *msg)
{
    const struct ofp_msg barrier = {.type = OFPT_BARRIER_REPLY, .xid = msg->xid};
    if (msg->type == OFPT_FLOW_MOD)
        on_flow_mod(n, &msg->flow_mod);
    else if (msg->type == OFPT_PACKET_OUT)
        on_packet_out(n, &msg->packet_out);
    else if (msg->type == OFPT_BARRIER_REQUEST && !mute)
        fake_send(sw[n], &barrier);
}

/* The next message of a switch that is none of these, else false. */
static bool play(unsigned n)
{
    uint8_t area[OFP_MAX_MESSAGE];
    struct ofp_msg msg;
    long length = ofp_frame(span_of(sw[n]->in + sw[n]->seen, sw[n]->len - sw[n]->seen));
    if (length <= 0)
        return false;
    memcpy(area, sw[n]->in + sw[n]->seen, (size_t)length);
    ofp_decode(&msg, span_of(area, (size_t)length));
    if (msg.type == OFPT_STATS_REQUEST)
        return false;
    sw[n]->seen += (size_t)length;
    on_message(n, &msg);
    return true;
}

/* One switch after the other, as long as there is something. */
static void settle(void)
{
    bool more = true;
    fake_settle();
    while (more) {
        more = false;
        for (unsigned n = 1; n <= N; n++)
            while (sw[n] != NULL && play(n))
                more = true;
    }
}

static void pass(uint64_t ns)
{
    for (uint64_t until = loop_now() + ns; loop_now() < until;) {
        fake_wait(100 * NS_PER_MS);
        settle();
    }
}

static bool said(const char *line)
{
    return strstr(story, line) != NULL;
}

static void forget(void)
{
    story[0] = '\0';
    n_added = 0;
}

static void port_status(unsigned n, uint16_t no, uint8_t reason, uint32_t state)
{
    struct ofp_phy_port port;
    struct ofp_msg msg = {.type = OFPT_PORT_STATUS, .port_status = {reason, &port}};
    fake_port(&port, no, 0, state);
    fake_send(sw[n], &msg);
}

static void packet_comes(unsigned n, uint16_t in_port, uint16_t vlan, bool buffered)
{
    fake_packet_in(sw[n],
                   (struct fake_packet){
                       .src = 1, .dst = 2, .vlan = vlan, .in_port = in_port, .buffered = buffered});
    settle();
}

/* --- The world -------------------------------------------------------------------------------- */

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

static void on_accept(void *user, struct stream *s)
{
    const struct ofp_msg hello = {.type = OFPT_HELLO};
    (void)user;
    if (red != NULL)
        fake_free(red);
    red = fake_adopt(s, OFP_AT_CONTROLLER);
    fake_send(red, &hello);
}

static void setup(void)
{
    struct endpoint ep;
    ctl = fake_world(NULL);
    ctl_use_net(ctl, sim_net());
    *(const char **)option("slicer-file") = NULL;
    red = NULL;
    cut = mute = false;
    ck_assert_int_eq(endpoint_parse(&ep, "ptcp:6653:red", 0), 0);
    ck_assert_int_eq(net_listen(sim_net(), &ep, on_accept, NULL, &at_red), 0);
    LINES("slice red controller=tcp:red:6653 big=b16", "dl_vlan=0xffff");
}

static void teardown(void)
{
    net_listener_close(at_red);
    ctl_free(ctl);
    for (unsigned n = 1; n <= N; n++) {
        if (sw[n] != NULL)
            fake_free(sw[n]);
        sw[n] = NULL;
    }
    if (red != NULL)
        fake_free(red);
    fake_settle();
    fake_end();
}

static void begin(void)
{
    ck_assert_int_eq(ctl_add_app(ctl, &discovery_app), 0);
    ck_assert_int_eq(ctl_add_app(ctl, &slicer_app), 0);
    for (unsigned n = 1; n <= N; n++)
        sw[n] = fake_joined(ctl, n, 3);
    forget();
    pass(SETTLED);
    ck_assert_ptr_nonnull(red);
    fake_forget(red);
}

/* --- The controller --------------------------------------------------------------------------- */

static void send_flow(uint16_t command, const char *text)
{
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD, .xid = XID};
    char error[OFP_PARSE_ERROR];
    struct ofp_match match;
    uint8_t area[512];
    struct buf actions = buf_of(area, sizeof area);
    const char *wrong = ofp_parse_flow(text, command, &msg.flow_mod, &match, &actions, error);
    ck_assert_msg(wrong == NULL, "%s: %s", text, wrong);
    forget();
    fake_send(red, &msg);
    settle();
}

static void send_packet(uint32_t buffer, uint16_t in_port, const char *text)
{
    static const uint8_t f[60] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};
    struct ofp_msg msg = {.type = OFPT_PACKET_OUT, .xid = XID};
    uint8_t area[200];
    char error[OFP_PARSE_ERROR];
    struct buf actions = buf_of(area, sizeof area);
    ck_assert_ptr_null(ofp_parse_actions(text, &actions, error));
    msg.packet_out =
        (struct ofp_msg_packet_out){.buffer_id = buffer,
                                    .in_port = in_port,
                                    .actions = span_of(area, actions.len),
                                    .data = span_of(f, buffer == OFP_NO_BUFFER ? sizeof f : 0)};
    forget();
    fake_send(red, &msg);
    settle();
}

static void expect_error(uint16_t type, uint16_t code)
{
    struct ofp_msg msg = fake_expect(red, OFPT_ERROR);
    ck_assert_uint_eq(msg.error.type, type);
    ck_assert_uint_eq(msg.error.code, code);
    ck_assert_uint_eq(msg.xid, XID);
}

static void request(uint8_t type)
{
    const struct ofp_msg msg = {.type = type, .xid = XID};
    fake_send(red, &msg);
}

static void ask_stats(uint16_t type)
{
    struct ofp_match any = ofp_match_any();
    struct ofp_msg msg = {.type = OFPT_STATS_REQUEST, .xid = XID, .stats = {.type = type}};
    if (type == OFPST_PORT || type == OFPST_QUEUE)
        msg.stats.port =
            (struct ofp_msg_port_request){type == OFPST_PORT ? OFPP_NONE : OFPP_ALL, OFPQ_ALL};
    else
        msg.stats.flow = (struct ofp_msg_flow_request){&any, OFP_TABLE_ALL, OFPP_NONE};
    fake_send(red, &msg);
    settle();
}

/* A switch answers the statistics that it was asked for. */
static void answer_stats(unsigned n, const void *entries, size_t len)
{
    struct ofp_msg msg = fake_expect(sw[n], OFPT_STATS_REQUEST);
    msg.type = OFPT_STATS_REPLY;
    msg.stats.flags = 0;
    msg.stats.entries = span_of(entries, len);
    fake_send(sw[n], &msg);
    settle();
}

/* The i-th flow that was added is removed. */
static void removed(size_t i, uint8_t reason, uint64_t packets)
{
    struct ofp_msg msg = {.type = OFPT_FLOW_REMOVED};
    msg.flow_removed = (struct ofp_msg_flow_removed){.match = &added_match[i],
                                                     .cookie = added[i].cookie,
                                                     .priority = added[i].priority,
                                                     .reason = reason,
                                                     .packet_count = packets,
                                                     .byte_count = 60 * packets};
    fake_send(sw[added_at[i]], &msg);
    settle();
}

/* --- What it sees ----------------------------------------------------------------------------- */

START_TEST(the_ports_at_the_edge_are_those_of_one_switch)
{
    static const char *const names[] = {"1.1", "1.2", "2.1", "2.2"};
    struct ofp_msg msg;
    struct span rest;
    begin();
    request(OFPT_FEATURES_REQUEST);
    msg = fake_expect(red, OFPT_FEATURES_REPLY);
    ck_assert_uint_eq(msg.features.datapath_id, BIG);
    ck_assert_uint_eq(msg.features.n_tables, 1);
    ck_assert_uint_eq(msg.features.actions & (1u << OFPAT_ENQUEUE), 0);
    rest = msg.features.ports;
    for (unsigned i = 0; i < 4; i++) {
        const struct ofp_phy_port *port = ofp_next_port(&rest);
        ck_assert_ptr_nonnull(port);
        ck_assert_uint_eq(be16_get(port->port_no), i + 1);
        ck_assert_str_eq((const char *)port->name, names[i]);
        ck_assert(ctl_port_is_up(port));
    }
    ck_assert_uint_eq(rest.len, 0);
}
END_TEST

START_TEST(its_controller_is_not_called_before_the_network_is_known)
{
    ck_assert_int_eq(ctl_add_app(ctl, &discovery_app), 0);
    ck_assert_int_eq(ctl_add_app(ctl, &slicer_app), 0);
    sw[1] = fake_joined(ctl, 1, 3);
    pass(1500 * NS_PER_MS);
    ck_assert_ptr_null(red);
    pass(NS_PER_S);
    ck_assert_ptr_nonnull(red);
}
END_TEST

START_TEST(packets_come_from_its_ports)
{
    begin();
    packet_comes(2, 1, 0, false);
    ck_assert_uint_eq(fake_expect(red, OFPT_PACKET_IN).packet_in.in_port, 3);
    packet_comes(1, 2, 0, false);
    ck_assert_uint_eq(fake_expect(red, OFPT_PACKET_IN).packet_in.in_port, 2);
    packet_comes(1, CABLE, 0, false);
    packet_comes(1, 1, 5, false); /* tagged ones are not the slice's, unless it says so */
    fake_expect_nothing(red);
}
END_TEST

START_TEST(ports_follow_the_network)
{
    struct ofp_msg msg;
    begin();
    port_status(2, 1, OFPPR_MODIFY, OFPPS_LINK_DOWN);
    settle();
    msg = fake_expect(red, OFPT_PORT_STATUS);
    ck_assert_uint_eq(be16_get(msg.port_status.desc->port_no), 3);
    ck_assert(!ctl_port_is_up(msg.port_status.desc));
    port_status(2, 1, OFPPR_MODIFY, 0); /* another network may be there now: not at once */
    settle();
    fake_expect_nothing(red);
    pass(SETTLED);
    ck_assert(ctl_port_is_up(fake_expect(red, OFPT_PORT_STATUS).port_status.desc));
    port_status(1, 2, OFPPR_DELETE, 0);
    settle();
    msg = fake_expect(red, OFPT_PORT_STATUS);
    ck_assert_uint_eq(msg.port_status.reason, OFPPR_DELETE);
    ck_assert_uint_eq(be16_get(msg.port_status.desc->port_no), 2);
    fake_expect_nothing(red);
}
END_TEST

START_TEST(when_the_network_falls_apart_one_part_is_in_use)
{
    struct ofp_msg msg;
    begin();
    cut = true;
    pass(3 * NS_PER_S);
    for (unsigned i = 0; i < 2; i++) { /* of two alike the one with the lower id stays */
        msg = fake_expect(red, OFPT_PORT_STATUS);
        ck_assert_uint_eq(msg.port_status.reason, OFPPR_MODIFY);
        ck_assert_uint_ge(be16_get(msg.port_status.desc->port_no), 3);
        ck_assert(!ctl_port_is_up(msg.port_status.desc));
    }
    packet_comes(2, 1, 0, false);
    fake_expect_nothing(red);
    cut = false;
    pass(3 * NS_PER_S);
    while (red->len > red->seen)
        msg = fake_expect(red, OFPT_PORT_STATUS);
    packet_comes(2, 1, 0, false);
    ck_assert_uint_eq(fake_expect(red, OFPT_PACKET_IN).packet_in.in_port, 3);
}
END_TEST

START_TEST(a_switch_that_comes_back_has_the_numbers_that_it_had)
{
    begin();
    fake_free(sw[1]);
    sw[1] = NULL;
    settle();
    for (unsigned i = 0; i < 2; i++)
        ck_assert_uint_eq(fake_expect(red, OFPT_PORT_STATUS).port_status.reason, OFPPR_DELETE);
    sw[1] = fake_joined(ctl, 1, 3);
    pass(SETTLED);
    ck_assert_uint_eq(be16_get(fake_expect(red, OFPT_PORT_STATUS).port_status.desc->port_no), 1);
    ck_assert_uint_eq(be16_get(fake_expect(red, OFPT_PORT_STATUS).port_status.desc->port_no), 2);
    fake_expect_nothing(red);
}
END_TEST

/* What the slice knows the port of this name by, of those that its switch has now; 0: none. */
static unsigned number_of(const char *name)
{
    const struct ofp_phy_port *port;
    struct span ports;
    request(OFPT_FEATURES_REQUEST);
    ports = fake_expect(red, OFPT_FEATURES_REPLY).features.ports;
    while ((port = ofp_next_port(&ports)) != NULL)
        if (strcmp((const char *)port->name, name) == 0)
            return be16_get(port->port_no);
    return 0;
}

/* A slicer begins, and first one switch comes, long after that the other. */
START_TEST(ports_with_lines_have_their_numbers_whoever_comes_first)
{
    const unsigned first = 1 + (unsigned)_i;
    LINES("slice red controller=tcp:red:6653 big=b16", "dl_vlan=0xffff", "port 7 dpid=2,in_port=1",
          "port 1 dpid=1,in_port=2", "port 65280 dpid=1,in_port=1", "port 2 dpid=9,in_port=1");
    ck_assert_int_eq(ctl_add_app(ctl, &discovery_app), 0);
    ck_assert_int_eq(ctl_add_app(ctl, &slicer_app), 0);
    sw[first] = fake_joined(ctl, first, 3);
    pass(SETTLED);
    sw[N + 1 - first] = fake_joined(ctl, N + 1 - first, 3);
    pass(SETTLED);
    fake_forget(red);
    ck_assert_uint_eq(number_of("1.1"), 65280);
    ck_assert_uint_eq(number_of("1.2"), 1);
    ck_assert_uint_eq(number_of("2.1"), 7);
    ck_assert_uint_eq(number_of("2.2"), first == 1 ? 4 : 3); /* 1.3, too, was a port of it, alone */
    send_flow(OFPFC_ADD, "in_port=7,actions=output:1");
    ck_assert(strstr(story, "2 add in_port=1,vlan_tci=0x0000 mod_vlan_vid:") == story);
    packet_comes(1, 1, 0, false);
    ck_assert_uint_eq(fake_expect(red, OFPT_PACKET_IN).packet_in.in_port, 65280);
}
END_TEST

START_TEST(a_slice_gets_the_numbers_of_a_file_that_has_changed)
{
    begin();
    LINES("slice red controller=tcp:red:6653 big=b16", "dl_vlan=0xffff", "port 9 dpid=1,in_port=1");
    ctl_reload(ctl);
    pass(SETTLED);
    fake_forget(red);
    ck_assert_uint_eq(number_of("1.1"), 9);
    ck_assert_uint_eq(number_of("1.2"), 1);
}
END_TEST

START_TEST(without_discovery_there_is_no_big_switch)
{
    ck_assert_int_ne(ctl_add_app(ctl, &slicer_app), 0);
}
END_TEST

/* --- Flows ------------------------------------------------------------------------------------ */

START_TEST(labels_lead_to_each_port_ahead_of_use)
{
    begin();
    ck_assert(said("2 add priority=65535,in_port=3,dl_vlan=3075 strip_vlan,output:1\n"));
    ck_assert(said("1 add priority=65535,in_port=3,dl_vlan=3072 strip_vlan,output:1\n"));
    ck_assert(said("1 add priority=65535,in_port=3,dl_vlan=3077 strip_vlan,output:1,output:2\n"));
    ck_assert(said("1 add priority=65533,dl_vlan=3072 drop\n"));
    ck_assert(said("2 add priority=65533,dl_vlan=3077 drop\n"));
}
END_TEST

START_TEST(a_flow_lies_where_its_packets_come_in)
{
    begin();
    send_flow(OFPFC_ADD, "in_port=1,actions=output:3,output:2");
    ck_assert_str_eq(story, "1 add in_port=1,vlan_tci=0x0000 "
                            "mod_vlan_vid:3075,output:3,strip_vlan,output:2\n");
    send_flow(OFPFC_MODIFY, "in_port=1,actions=in_port,controller");
    ck_assert_str_eq(story, "1 mod in_port=1,vlan_tci=0x0000 IN_PORT,CONTROLLER:65535\n");
    send_flow(OFPFC_ADD, "priority=7,actions=mod_nw_tos:4,flood");
    ck_assert_str_eq(story,
                     "1 add priority=7,in_port=1,vlan_tci=0x0000 mod_nw_tos:4,output:1,output:2,"
                     "mod_vlan_vid:3077,output:3,strip_vlan\n"
                     "1 add priority=7,in_port=2,vlan_tci=0x0000 mod_nw_tos:4,output:1,output:2,"
                     "mod_vlan_vid:3077,output:3,strip_vlan\n"
                     "2 add priority=7,in_port=1,vlan_tci=0x0000 mod_nw_tos:4,output:1,output:2,"
                     "mod_vlan_vid:3077,output:3,strip_vlan\n"
                     "2 add priority=7,in_port=2,vlan_tci=0x0000 mod_nw_tos:4,output:1,output:2,"
                     "mod_vlan_vid:3077,output:3,strip_vlan\n");
    send_flow(OFPFC_DELETE, "in_port=3");
    ck_assert_str_eq(story, "");
    send_flow(OFPFC_DELETE, "out_port=3");
    ck_assert_str_eq(story, "");
    send_flow(OFPFC_DELETE, "");
    ck_assert(said("1 del in_port=1,vlan_tci=0x0000 drop\n"));
    ck_assert(said("2 del priority=7,in_port=2,vlan_tci=0x0000 drop\n"));
    fake_expect_nothing(red);
}
END_TEST

START_TEST(packets_of_a_vlan_get_it_back)
{
    LINES("slice red controller=tcp:red:6653 big=b16", "dl_vlan=0xffff", "dl_vlan=5");
    begin();
    send_flow(OFPFC_ADD, "dl_vlan=5,in_port=1,actions=output:3");
    ck_assert(said("1 add in_port=1,dl_vlan=5 mod_vlan_vid:"));
    ck_assert(said(",output:3,mod_vlan_vid:5\n"));
    send_flow(OFPFC_ADD, "dl_vlan=5,in_port=1,actions=strip_vlan,output:3");
    ck_assert(said("1 add in_port=1,dl_vlan=5 strip_vlan,mod_vlan_vid:"));
    ck_assert(said(",output:3,strip_vlan\n"));
}
END_TEST

static const struct {
    const char *flow;
    uint16_t type, code;
} refused[] = {
    {"in_port=1,actions=output:9", OFPET_BAD_ACTION, OFPBAC_BAD_OUT_PORT},
    {"in_port=1,actions=enqueue:2:0", OFPET_BAD_ACTION, OFPBAC_BAD_QUEUE},
    {"in_port=1,actions=normal", OFPET_BAD_ACTION, OFPBAC_EPERM},
    {"in_port=1,actions=local", OFPET_BAD_ACTION, OFPBAC_BAD_OUT_PORT},
    {"in_port=1,actions=mod_vlan_vid:3072,output:2", OFPET_BAD_ACTION, OFPBAC_EPERM},
    {"in_port=1,actions=mod_vlan_vid:7,output:3", OFPET_BAD_ACTION, OFPBAC_EPERM},
    {"in_port=9,actions=drop", OFPET_FLOW_MOD_FAILED, OFPFMFC_EPERM},
    {"in_port=1,dl_vlan=3072,actions=drop", OFPET_FLOW_MOD_FAILED, OFPFMFC_EPERM},
    {"in_port=1,dl_vlan=7,actions=drop", OFPET_FLOW_MOD_FAILED, OFPFMFC_EPERM},
};

START_TEST(what_it_does_not_have_is_refused)
{
    begin();
    send_flow(OFPFC_ADD, refused[_i].flow);
    expect_error(refused[_i].type, refused[_i].code);
    ck_assert_str_eq(story, "");
}
END_TEST

START_TEST(flows_follow_the_network)
{
    begin();
    send_flow(OFPFC_ADD, "in_port=1,actions=output:3,output:2");
    send_flow(OFPFC_ADD, "in_port=3,actions=output:1");
    ck_assert_str_eq(story,
                     "2 add in_port=1,vlan_tci=0x0000 mod_vlan_vid:3072,output:3,strip_vlan\n");
    forget();
    cut = true;
    pass(3 * NS_PER_S);
    ck_assert(said("1 mod in_port=1,vlan_tci=0x0000 output:2\n"));
    ck_assert(said("2 del in_port=1,vlan_tci=0x0000 drop\n"));
    ck_assert(said("2 del priority=65535,in_port=3,dl_vlan=3075 drop\n"));
    forget();
    cut = false;
    pass(3 * NS_PER_S);
    ck_assert(said("2 add in_port=1,vlan_tci=0x0000 mod_vlan_vid:"));
    ck_assert(said("1 mod in_port=1,vlan_tci=0x0000 mod_vlan_vid:"));
    ck_assert(!said("dl_vlan=3072 ")); /* other ids than before: nothing goes round meanwhile */
}
END_TEST

START_TEST(a_flow_is_removed_once_with_all_that_it_counted)
{
    struct ofp_msg msg;
    begin();
    send_flow(OFPFC_ADD, "cookie=9,idle_timeout=5,send_flow_rem,actions=output:2");
    ck_assert_uint_eq(n_added, 4);
    for (size_t i = 0; i < 4; i++)
        removed(i, OFPRR_IDLE_TIMEOUT, 1u << i);
    msg = fake_expect(red, OFPT_FLOW_REMOVED);
    ck_assert_uint_eq(msg.flow_removed.cookie, 9);
    ck_assert_uint_eq(msg.flow_removed.packet_count, 15);
    ck_assert_uint_eq(msg.flow_removed.byte_count, 15 * 60);
    ck_assert_uint_ne(be32_get(msg.flow_removed.match->wildcards) & OFPFW_IN_PORT, 0);
    fake_expect_nothing(red);
}
END_TEST

START_TEST(lines_without_a_vlan_are_for_untagged_packets)
{
    LINES("slice red controller=tcp:red:6653 big=b16", "ip");
    begin();
    send_flow(OFPFC_ADD, "in_port=1,send_flow_rem,actions=output:2");
    ck_assert_str_eq(story, "1 add ip,in_port=1,vlan_tci=0x0000 output:2\n");
    removed(0, OFPRR_HARD_TIMEOUT, 3);
    ck_assert_uint_eq(fake_expect(red, OFPT_FLOW_REMOVED).flow_removed.packet_count, 3);
}
END_TEST

START_TEST(a_part_that_was_idle_while_others_were_not_is_laid_again)
{
    struct ofp_msg msg;
    begin();
    send_flow(OFPFC_ADD, "idle_timeout=5,send_flow_rem,actions=output:2");
    removed(0, OFPRR_IDLE_TIMEOUT, 3);
    forget();
    packet_comes(1, 1, 0, false);
    ck_assert_str_eq(story, "1 add in_port=1,vlan_tci=0x0000 output:2\n1 out output:2\n");
    fake_expect_nothing(red);
    removed(0, OFPRR_IDLE_TIMEOUT, 1);
    fake_expect_nothing(red);
    send_flow(OFPFC_DELETE, "");
    packet_comes(1, 1, 0, false);
    msg = fake_expect(red, OFPT_PACKET_IN);
    ck_assert_uint_eq(msg.packet_in.in_port, 1);
}
END_TEST

START_TEST(a_flow_that_lies_nowhere_times_out_all_the_same)
{
    begin();
    port_status(1, 1, OFPPR_MODIFY, OFPPS_LINK_DOWN);
    settle();
    fake_expect(red, OFPT_PORT_STATUS);
    send_flow(OFPFC_ADD, "in_port=1,hard_timeout=2,send_flow_rem,actions=output:2");
    ck_assert_str_eq(story, "");
    pass(2500 * NS_PER_MS);
    ck_assert_uint_eq(fake_expect(red, OFPT_FLOW_REMOVED).flow_removed.reason, OFPRR_HARD_TIMEOUT);
    send_flow(OFPFC_ADD, "in_port=1,actions=output:9");
    expect_error(OFPET_BAD_ACTION, OFPBAC_BAD_OUT_PORT);
}
END_TEST

START_TEST(an_error_of_any_switch_ends_the_flow)
{
    struct ofp_msg msg = {.type = OFPT_ERROR}, mod = {.type = OFPT_FLOW_MOD, .xid = XID};
    struct ofp_match any = ofp_match_any();
    uint8_t area[8] = {OFP_VERSION, OFPT_FLOW_MOD, 0, 8};
    struct span bytes;
    begin();
    sw[2]->seen = sw[2]->len;
    mod.flow_mod = (struct ofp_msg_flow_mod){
        .match = &any, .priority = 7, .buffer_id = OFP_NO_BUFFER, .out_port = OFPP_NONE};
    fake_send(red, &mod);
    bytes = fake_expect_bytes(sw[2], OFPT_FLOW_MOD);
    msg.xid = be32_get(((const struct ofp_header *)bytes.data)->xid);
    msg.error = (struct ofp_msg_error){.type = OFPET_FLOW_MOD_FAILED,
                                       .code = OFPFMFC_ALL_TABLES_FULL,
                                       .data = span_of(area, sizeof area)};
    settle();
    forget();
    fake_send(sw[2], &msg);
    settle();
    expect_error(OFPET_FLOW_MOD_FAILED, OFPFMFC_ALL_TABLES_FULL);
    ck_assert(said("1 del priority=7,in_port=1,vlan_tci=0x0000 drop\n"));
    fake_expect_nothing(red);
}
END_TEST

/* --- Packets ---------------------------------------------------------------------------------- */

START_TEST(a_packet_out_goes_where_its_port_is)
{
    begin();
    send_packet(OFP_NO_BUFFER, OFPP_NONE, "output:3");
    ck_assert_str_eq(story, "2 out output:1\n");
    send_packet(OFP_NO_BUFFER, 1, "output:3");
    ck_assert_str_eq(story, "1 out mod_vlan_vid:3075,output:3,strip_vlan\n");
    send_packet(OFP_NO_BUFFER, 4, "flood");
    ck_assert_str_eq(story, "2 out output:1,output:2,mod_vlan_vid:3077,output:3,strip_vlan\n");
    fake_expect_nothing(red);
}
END_TEST

START_TEST(a_buffered_packet_goes_from_where_it_lies)
{
    uint32_t id;
    begin();
    packet_comes(2, 2, 0, true);
    id = fake_expect(red, OFPT_PACKET_IN).packet_in.buffer_id;
    ck_assert_uint_ne(id, OFP_NO_BUFFER);
    send_packet(id, 4, "output:1");
    ck_assert_str_eq(story, "2 out mod_vlan_vid:3072,output:3,strip_vlan\n");
    send_packet(id, 4, "output:1");
    expect_error(OFPET_BAD_REQUEST, OFPBRC_BUFFER_UNKNOWN);
}
END_TEST

START_TEST(a_port_that_does_not_flood_is_left_out)
{
    struct ofp_msg msg = {.type = OFPT_PORT_MOD, .xid = XID};
    struct ofp_phy_port port;
    begin();
    send_flow(OFPFC_ADD, "in_port=1,actions=flood");
    fake_port(&port, 1, 0, 0); /* switch 2's, 3 of the big one */
    msg.port_mod =
        (struct ofp_msg_port_mod){.port_no = 3, .config = OFPPC_NO_FLOOD, .mask = OFPPC_NO_FLOOD};
    memcpy(msg.port_mod.hw_addr, port.hw_addr, sizeof port.hw_addr);
    forget();
    fake_send(red, &msg);
    settle();
    ck_assert(said("2 add priority=65535,in_port=3,dl_vlan=3078 strip_vlan,output:2\n"));
    ck_assert(said("1 mod in_port=1,vlan_tci=0x0000 output:1,output:2,mod_vlan_vid:3078,output:3,"
                   "strip_vlan\n"));
    send_packet(OFP_NO_BUFFER, 1, "all");
    ck_assert(said("1 out output:1,output:2,mod_vlan_vid:3079,"));
    fake_expect_nothing(red);
}
END_TEST

/* --- Questions -------------------------------------------------------------------------------- */

START_TEST(a_barrier_is_answered_when_all_switches_have)
{
    struct ofp_msg reply = {.type = OFPT_BARRIER_REPLY};
    begin();
    mute = true;
    for (unsigned n = 1; n <= N; n++)
        sw[n]->seen = sw[n]->len;
    request(OFPT_BARRIER_REQUEST);
    for (unsigned n = 1; n <= N; n++) {
        fake_expect_nothing(red);
        reply.xid = fake_expect(sw[n], OFPT_BARRIER_REQUEST).xid;
        fake_send(sw[n], &reply);
    }
    ck_assert_uint_eq(fake_expect(red, OFPT_BARRIER_REPLY).xid, XID);
}
END_TEST

START_TEST(flow_statistics_are_sums_over_the_switches)
{
    struct ofp_flow_stats e[2];
    const struct ofp_flow_stats *told;
    struct span rest, actions;
    begin();
    send_flow(OFPFC_ADD, "cookie=9,priority=3,actions=output:2");
    ask_stats(OFPST_FLOW);
    for (size_t i = 0; i < 2; i++)
        e[i] = (struct ofp_flow_stats){.length = be16_of(sizeof e[i]),
                                       .match = added_match[i],
                                       .cookie = be64_of(added[0].cookie),
                                       .packet_count = be64_of(2 + i)};
    answer_stats(1, e, sizeof e);
    fake_expect_nothing(red);
    answer_stats(2, e, sizeof e[0]);
    rest = fake_expect(red, OFPT_STATS_REPLY).stats.entries;
    told = ofp_next_flow_stats(&rest, &actions);
    ck_assert_ptr_nonnull(told);
    ck_assert_uint_eq(be64_get(told->cookie), 9);
    ck_assert_uint_eq(be64_get(told->packet_count), 2 + 3 + 2);
    ck_assert_uint_eq(actions.len, sizeof(struct ofp_action_output));
    ck_assert_uint_eq(rest.len, 0);
    ask_stats(OFPST_AGGREGATE);
    answer_stats(1, e, sizeof e);
    answer_stats(2, e, 0);
    ck_assert_uint_eq(fake_expect(red, OFPT_STATS_REPLY).stats.aggregate.packet_count, 5);
}
END_TEST

START_TEST(port_statistics_are_of_its_ports)
{
    struct ofp_port_stats e[3] = {
        {.port_no = be16_of(1)}, {.port_no = be16_of(2)}, {.port_no = be16_of(3)}};
    struct span rest;
    begin();
    ask_stats(OFPST_PORT);
    answer_stats(2, e, sizeof e);
    answer_stats(1, e, sizeof e);
    rest = fake_expect(red, OFPT_STATS_REPLY).stats.entries;
    ck_assert_uint_eq(be16_get(ofp_next_port_stats(&rest)->port_no), 3);
    ck_assert_uint_eq(be16_get(ofp_next_port_stats(&rest)->port_no), 4);
    ck_assert_uint_eq(be16_get(ofp_next_port_stats(&rest)->port_no), 1);
    ck_assert_uint_eq(be16_get(ofp_next_port_stats(&rest)->port_no), 2);
    ck_assert_uint_eq(rest.len, 0);
}
END_TEST

START_TEST(what_it_is_and_has_it_says_by_itself)
{
    struct ofp_msg msg;
    begin();
    ask_stats(OFPST_DESC);
    msg = fake_expect(red, OFPT_STATS_REPLY);
    ck_assert_str_eq(msg.stats.desc->dp_desc, "slice red");
    ask_stats(OFPST_TABLE);
    ck_assert_uint_eq(fake_expect(red, OFPT_STATS_REPLY).stats.entries.len,
                      sizeof(struct ofp_table_stats));
    ask_stats(OFPST_QUEUE);
    ck_assert_uint_eq(fake_expect(red, OFPT_STATS_REPLY).stats.entries.len, 0);
}
END_TEST

/* --- Beside others ---------------------------------------------------------------------------- */

START_TEST(no_slice_sees_or_writes_labels)
{
    LINES("slice red controller=tcp:red:6653", "dpid=1",
          "slice green controller=tcp:green:6653 big=b16", "dpid=2,dl_vlan=0xffff");
    begin();
    packet_comes(1, 1, 3080, false);
    fake_expect_nothing(red);
    send_flow(OFPFC_ADD, "in_port=1,actions=mod_vlan_vid:3080,output:3");
    expect_error(OFPET_BAD_ACTION, OFPBAC_EPERM);
    send_flow(OFPFC_ADD, "in_port=1,dl_vlan=3080,actions=output:3");
    expect_error(OFPET_FLOW_MOD_FAILED, OFPFMFC_EPERM);
    ck_assert_str_eq(story, "");
}
END_TEST

START_TEST(a_big_switch_goes_with_its_labels_and_guards)
{
    begin();
    send_flow(OFPFC_ADD, "in_port=1,actions=output:3");
    LINES("slice blue controller=tcp:blue:6653", "in_port=9");
    forget();
    ctl_reload(ctl);
    settle();
    ck_assert(said("1 del in_port=1,vlan_tci=0x0000 drop\n"));
    ck_assert(said("2 del priority=65535,in_port=3,dl_vlan=3075 drop\n"));
    ck_assert(said("1 del priority=65533,dl_vlan=3072 drop\n"));
    ck_assert_ptr_null(red->stream);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("big switch");
    TCase *c = tcase_create("big switch");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, the_ports_at_the_edge_are_those_of_one_switch);
    tcase_add_test(c, its_controller_is_not_called_before_the_network_is_known);
    tcase_add_test(c, packets_come_from_its_ports);
    tcase_add_test(c, ports_follow_the_network);
    tcase_add_test(c, when_the_network_falls_apart_one_part_is_in_use);
    tcase_add_test(c, a_switch_that_comes_back_has_the_numbers_that_it_had);
    tcase_add_loop_test(c, ports_with_lines_have_their_numbers_whoever_comes_first, 0, N);
    tcase_add_test(c, a_slice_gets_the_numbers_of_a_file_that_has_changed);
    tcase_add_test(c, without_discovery_there_is_no_big_switch);
    tcase_add_test(c, labels_lead_to_each_port_ahead_of_use);
    tcase_add_test(c, a_flow_lies_where_its_packets_come_in);
    tcase_add_test(c, packets_of_a_vlan_get_it_back);
    tcase_add_loop_test(c, what_it_does_not_have_is_refused, 0, sizeof refused / sizeof refused[0]);
    tcase_add_test(c, flows_follow_the_network);
    tcase_add_test(c, a_flow_is_removed_once_with_all_that_it_counted);
    tcase_add_test(c, lines_without_a_vlan_are_for_untagged_packets);
    tcase_add_test(c, a_part_that_was_idle_while_others_were_not_is_laid_again);
    tcase_add_test(c, a_flow_that_lies_nowhere_times_out_all_the_same);
    tcase_add_test(c, an_error_of_any_switch_ends_the_flow);
    tcase_add_test(c, a_packet_out_goes_where_its_port_is);
    tcase_add_test(c, a_buffered_packet_goes_from_where_it_lies);
    tcase_add_test(c, a_port_that_does_not_flood_is_left_out);
    tcase_add_test(c, a_barrier_is_answered_when_all_switches_have);
    tcase_add_test(c, flow_statistics_are_sums_over_the_switches);
    tcase_add_test(c, port_statistics_are_of_its_ports);
    tcase_add_test(c, what_it_is_and_has_it_says_by_itself);
    tcase_add_test(c, no_slice_sees_or_writes_labels);
    tcase_add_test(c, a_big_switch_goes_with_its_labels_and_guards);
    return unit_main(s);
}
