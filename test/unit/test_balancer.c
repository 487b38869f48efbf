/*
 * test_balancer.c - one address, several servers: who answers for it, who is chosen, what flows are
 * laid, and who stays where when servers come and go.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/apps/arp.h"
#include "controller/apps/connections.h"
#include "controller/commands.h"
#include "test/unit/app_files.h"
#include "test/unit/appctl_client.h"
#include "test/unit/frames.h"

#define VIP    0x0a000064u /* 10.0.0.100 */
#define SERVER 0x0a000002u /* the first one, at port 2; its MAC address ends in 2 */

static struct ctl *ctl;
static struct fake_peer *sw;

static const char **option_text(const char *name)
{
    return app_option(&balancer_app, name);
}

/* Two servers, 10.0.0.2 and 10.0.0.3, which take turns. */
static void setup(void)
{
    struct config_list *servers = app_option(&balancer_app, "balancer-server");
    *option_text("balancer-address") = "10.0.0.100";
    *option_text("balancer-service") = "tcp:80";
    *option_text("balancer-pick") = "round-robin";
    *option_text("balancer-dpid") = NULL;
    *(uint64_t *)app_option(&balancer_app, "balancer-max") = 65536;
    servers->n = 0;
    servers->value[servers->n++] = "10.0.0.2";
    servers->value[servers->n++] = "10.0.0.3";
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
}

static void begin(void)
{
    ck_assert_int_eq(ctl_add_app(ctl, &balancer_app), 0);
    ck_assert_int_eq(ctl_add_app(ctl, &listener_app), 0);
    sw = fake_joined(ctl, 1, 4);
    fake_settle();
}

static bool passes_on(const void *frame, size_t n, uint16_t in_port, uint32_t buffer)
{
    const struct ofp_msg_packet_in in = {
        .buffer_id = buffer, .in_port = in_port, .data = span_of(frame, n)};
    return app_passes(sw, &in);
}

static bool comes(struct frame frame, uint16_t in_port)
{
    uint8_t bytes[FRAME_MAX];
    return passes_on(bytes, frame_write(&frame, bytes), in_port, OFP_NO_BUFFER);
}

/* From client 1, at port 1, to the address. */
static struct frame request(uint16_t tp_src, uint16_t tp_dst)
{
    struct frame f = frame_between(1, 0, HDR_IP_TCP);
    memcpy(f.dst, "\x02Morga", 6);
    f.nw_dst = VIP;
    f.tp_src = tp_src;
    f.tp_dst = tp_dst;
    return f;
}

static bool arp_comes(struct arp arp, uint16_t in_port)
{
    uint8_t bytes[ARP_FRAME];
    arp_write(bytes, &arp);
    return passes_on(bytes, sizeof bytes, in_port, OFP_NO_BUFFER);
}

static struct arp arp_of(uint16_t opcode, uint8_t host, uint32_t to)
{
    return (struct arp){.opcode = opcode,
                        .mac = {2, 0, 0, 0, 0, host},
                        .address = 0x0a000000u | host,
                        .to_address = to};
}

/* Server 2 or 3 answers, at the port of its number. */
static void answers(uint8_t host)
{
    ck_assert(!arp_comes(arp_of(ARP_REPLY, host, VIP), host));
}

static void begin_with_servers(void)
{
    begin();
    answers(2);
    answers(3);
    fake_forget(sw);
}

/* An ARP frame that the switch is to send: to which port. */
static uint16_t expect_arp(struct arp *arp)
{
    struct ofp_msg out = fake_expect(sw, OFPT_PACKET_OUT);
    const struct ofp_action_output *a = (const void *)out.packet_out.actions.data;
    ck_assert(arp_read(out.packet_out.data, arp));
    ck_assert_uint_eq(arp->address, VIP);
    ck_assert_mem_eq(arp->mac, "\x02Morga", 6);
    return be16_get(a->port);
}

/* A connection is laid: both flows, and the packet after them. Returns the server's number. */
static unsigned expect_laid(void)
{
    struct ofp_msg back = fake_expect(sw, OFPT_FLOW_MOD), there;
    uint32_t from = be32_get(back.flow_mod.match->nw_src);
    ck_assert_uint_eq(back.flow_mod.flags, OFPFF_SEND_FLOW_REM);
    ck_assert_uint_eq(be16_get(back.flow_mod.match->in_port), from & 0xff);
    there = fake_expect(sw, OFPT_FLOW_MOD);
    ck_assert_uint_eq(be32_get(there.flow_mod.match->nw_dst), VIP);
    fake_expect(sw, OFPT_PACKET_OUT);
    fake_expect_nothing(sw);
    return from & 0xff;
}

static unsigned connect_from(uint16_t tp_src)
{
    ck_assert(!comes(request(tp_src, 80), 1));
    return expect_laid();
}

/* What server 2 says of a connection. */
static struct frame answer_to(uint16_t tp_src)
{
    struct frame f = frame_between(2, 1, HDR_IP_TCP);
    f.tp_src = 80;
    f.tp_dst = tp_src;
    return f;
}

/* --- Options --------------------------------------------------------------------------------- */

static const struct {
    const char *option, *value, *said;
} bad[] = {
    {"balancer-address", NULL, "say --balancer-address=IP"},
    {"balancer-address", "10.0.0", "say --balancer-address=IP"},
    {"balancer-mac", "01:00:00:00:00:01", "--balancer-mac wants"},
    {"balancer-service", "80", "--balancer-service wants tcp:PORT or udp:PORT"},
    {"balancer-service", "icmp:1", "--balancer-service wants"},
    {"balancer-service", "tcp:65536", "--balancer-service wants"},
    {"balancer-pick", "best", "--balancer-pick wants hash, source or round-robin"},
    {"balancer-dpid", "xyz", "--balancer-dpid wants"},
};

START_TEST(what_an_option_cannot_be_is_said)
{
    const char *before = *option_text(bad[_i].option);
    *option_text(bad[_i].option) = bad[_i].value;
    ck_assert_int_lt(ctl_add_app(ctl, &balancer_app), 0);
    ck_assert_msg(strstr(logged, bad[_i].said) != NULL, "not said: %s", bad[_i].said);
    *option_text(bad[_i].option) = before;
}
END_TEST

static const struct {
    const char *server, *said;
} bad_servers[] = {
    {NULL, "say at least one --balancer-server=IP"},
    {"web", "wants the IP address of a server"},
    {"10.0.0.100", "wants the IP address of a server"},
    {"10.0.0.2", "names one of them twice"},
};

START_TEST(what_a_server_cannot_be_is_said)
{
    struct config_list *servers = app_option(&balancer_app, "balancer-server");
    servers->n = bad_servers[_i].server == NULL ? 0 : 2;
    servers->value[1] = bad_servers[_i].server;
    ck_assert_int_lt(ctl_add_app(ctl, &balancer_app), 0);
    ck_assert_msg(strstr(logged, bad_servers[_i].said) != NULL, "%s", logged);
}
END_TEST

/* --- ARP ------------------------------------------------------------------------------------- */

START_TEST(who_asks_for_the_address_is_answered)
{
    struct arp arp;
    begin_with_servers();
    ck_assert(!arp_comes(arp_of(ARP_REQUEST, 1, VIP), 1));
    ck_assert_uint_eq(expect_arp(&arp), 1);
    ck_assert_uint_eq(arp.opcode, ARP_REPLY);
    ck_assert_uint_eq(arp.to_address, 0x0a000001);
    ck_assert_mem_eq(arp.to_mac, "\x02\0\0\0\0\x01", 6);
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(other_arp_is_the_next_apps)
{
    struct arp odd = arp_of(ARP_REQUEST, 1, VIP);
    begin_with_servers();
    ck_assert(arp_comes(arp_of(ARP_REQUEST, 1, SERVER), 1));
    ck_assert(arp_comes(arp_of(ARP_REPLY, 2, 0x0a000001), 2));
    odd.mac[0] = 1; /* a group cannot ask */
    ck_assert(arp_comes(odd, 1));
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(servers_are_asked_everywhere_and_then_where_they_are)
{
    struct arp arp;
    begin();
    for (uint8_t host = 2; host <= 3; host++) {
        ck_assert_uint_eq(expect_arp(&arp), OFPP_FLOOD);
        ck_assert_uint_eq(arp.opcode, ARP_REQUEST);
        ck_assert_uint_eq(arp.to_address, 0x0a000000u | host);
    }
    answers(2);
    fake_wait(2 * NS_PER_S);
    ck_assert_uint_eq(expect_arp(&arp), 2);
    ck_assert_uint_eq(expect_arp(&arp), OFPP_FLOOD);
    fake_expect_nothing(sw);
}
END_TEST

/* --- Connections ----------------------------------------------------------------------------- */

START_TEST(a_connection_is_two_flows_that_write_addresses)
{
    begin_with_servers();
    ck_assert(!comes(request(1000, 80), 1));
    ck_assert_str_eq(
        next_flow(sw),
        "+priority=65010,tcp,in_port=2,vlan_tci=0x0000,dl_src=02:00:00:00:00:02,"
        "dl_dst=02:00:00:00:00:01,nw_src=10.0.0.2,nw_dst=10.0.0.1,tp_src=80,tp_dst=1000 "
        "mod_dl_src:02:4d:6f:72:67:61,mod_nw_src:10.0.0.100,output:1");
    ck_assert_str_eq(
        next_flow(sw),
        "+priority=65010,tcp,in_port=1,vlan_tci=0x0000,dl_src=02:00:00:00:00:01,"
        "dl_dst=02:4d:6f:72:67:61,nw_src=10.0.0.1,nw_dst=10.0.0.100,tp_src=1000,tp_dst=80 "
        "mod_dl_dst:02:00:00:00:00:02,mod_nw_dst:10.0.0.2,output:2");
}
END_TEST

START_TEST(a_server_at_the_clients_port_is_reached_back_through_it)
{
    begin();
    ck_assert(!arp_comes(arp_of(ARP_REPLY, 2, VIP), 1));
    fake_forget(sw);
    ck_assert(!comes(request(1000, 80), 1));
    ck_assert_ptr_nonnull(strstr(next_flow(sw), "mod_nw_src:10.0.0.100,IN_PORT"));
    ck_assert_ptr_nonnull(strstr(next_flow(sw), "mod_nw_dst:10.0.0.2,IN_PORT"));
}
END_TEST

START_TEST(servers_take_turns_and_a_connection_stays_at_its_own)
{
    unsigned first, second;
    begin_with_servers();
    first = connect_from(1000);
    second = connect_from(1001);
    ck_assert_uint_ne(first, second);
    ck_assert_uint_eq(connect_from(1000), first); /* it came twice before its flow was there */
    ck_assert_uint_eq(connect_from(1002), first);
    ck_assert_uint_eq(connect_from(1001), second);
}
END_TEST

START_TEST(what_a_server_says_goes_back_under_the_address_even_after_a_silence)
{
    struct frame answer = answer_to(1000);
    begin_with_servers();
    ck_assert_uint_eq(connect_from(1000), 2);
    ck_assert(!comes(answer, 2));
    ck_assert_ptr_nonnull(strstr(next_flow(sw), "mod_nw_dst:10.0.0.2"));
    ck_assert_ptr_nonnull(strstr(next_flow(sw), "mod_nw_src:10.0.0.100"));
    fake_expect(sw, OFPT_PACKET_OUT);
    answer.tp_dst = 1001;
    ck_assert(comes(answer, 2)); /* it speaks for itself */
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(what_nobody_serves_ends_in_the_switch)
{
    begin_with_servers();
    ck_assert(!comes(request(1000, 81), 1));
    ck_assert_uint_eq(fake_expect(sw, OFPT_FLOW_MOD).flow_mod.actions.len, 0);
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(without_a_service_all_of_ip_is_served)
{
    struct frame ping = request(8, 0), pong = frame_between(2, 1, HDR_IP_ICMP);
    ping.proto = HDR_IP_ICMP;
    pong.tp_src = pong.tp_dst = 0;
    *option_text("balancer-service") = NULL;
    begin_with_servers();
    ck_assert(!comes(ping, 1));
    ck_assert_uint_eq(expect_laid(), 2);
    ck_assert(!comes(pong, 2));
    fake_forget(sw);
    ck_assert_uint_eq(connect_from(1000), 3);
}
END_TEST

START_TEST(while_nobody_is_there_packets_are_dropped)
{
    struct frame f = request(1000, 80);
    uint8_t bytes[FRAME_MAX];
    begin();
    fake_forget(sw);
    ck_assert(!passes_on(bytes, frame_write(&f, bytes), 1, FAKE_BUFFER));
    ck_assert_uint_eq(fake_expect(sw, OFPT_PACKET_OUT).packet_out.actions.len, 0);
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(tagged_frames_are_the_next_apps)
{
    struct frame f = request(1000, 80);
    f.tagged = true;
    f.tci = 5;
    begin_with_servers();
    ck_assert(comes(f, 1));
}
END_TEST

START_TEST(other_switches_than_the_one_that_is_named_are_left_alone)
{
    *option_text("balancer-dpid") = "2";
    begin();
    fake_expect_nothing(sw);
    ck_assert(arp_comes(arp_of(ARP_REQUEST, 1, VIP), 1));
    ck_assert(comes(request(1000, 80), 1));
}
END_TEST

/* --- Flows that end -------------------------------------------------------------------------- */

/* The flow of client 1's connection from this port has timed out, there or back. */
static void times_out(uint16_t tp_src, unsigned which, unsigned server)
{
    struct ofp_match m = {.dl_type = be16_of(HDR_ETH_IPV4), .nw_proto = HDR_IP_TCP};
    struct ofp_msg msg = {.type = OFPT_FLOW_REMOVED,
                          .flow_removed = {.match = &m,
                                           .cookie = 0x62616c6100000000u | which,
                                           .priority = 65010,
                                           .reason = OFPRR_IDLE_TIMEOUT}};
    bool there = which == CONNECTION_THERE;
    m.nw_src = be32_of(there ? 0x0a000001 : 0x0a000000u | server);
    m.nw_dst = be32_of(there ? VIP : 0x0a000001);
    m.tp_src = be16_of(there ? tp_src : 80);
    m.tp_dst = be16_of(there ? 80 : tp_src);
    fake_send(sw, &msg);
}

START_TEST(a_connection_is_forgotten_when_both_flows_have_ended_and_it_was_silent_on)
{
    unsigned first;
    begin_with_servers();
    first = connect_from(1000);
    times_out(1000, CONNECTION_THERE, first);
    times_out(1000, CONNECTION_BACK, first);
    ck_assert_uint_eq(connect_from(1000), first); /* it was remembered */
    times_out(1000, CONNECTION_THERE, first);
    for (int i = 0; i < 60; i++) {
        fake_wait(2 * NS_PER_S);
        answers(2);
        answers(3);
        fake_send(sw, &(struct ofp_msg){.type = OFPT_ECHO_REQUEST});
        if (i == 31) /* with one flow left it stays, however long */
            times_out(1000, CONNECTION_BACK, first);
    }
    fake_wait(6 * NS_PER_S);
    answers(2);
    answers(3);
    fake_forget(sw);
    ck_assert_uint_ne(connect_from(1000), first); /* the next one's turn */
}
END_TEST

START_TEST(past_the_limit_the_oldest_connection_is_forgotten)
{
    *(uint64_t *)app_option(&balancer_app, "balancer-max") = 2;
    begin_with_servers();
    ck_assert_uint_eq(connect_from(1000), 2);
    ck_assert_uint_eq(connect_from(1001), 3);
    ck_assert_uint_eq(connect_from(1000), 2); /* it was heard later */
    ck_assert_uint_eq(connect_from(1002), 2);
    ck_assert_uint_eq(connect_from(1000), 2);
    ck_assert_uint_eq(connect_from(1001), 3); /* anew */
    ck_assert_uint_eq(connect_from(1002), 2); /* anew */
}
END_TEST

/* --- Servers that come and go ---------------------------------------------------------------- */

static void expect_deleted(uint8_t server)
{
    struct ofp_msg there = fake_expect(sw, OFPT_FLOW_MOD), back;
    ck_assert_uint_eq(there.flow_mod.command, OFPFC_DELETE);
    ck_assert_uint_eq(there.flow_mod.out_port, server);
    ck_assert_uint_eq(be32_get(there.flow_mod.match->nw_dst), VIP);
    back = fake_expect(sw, OFPT_FLOW_MOD);
    ck_assert_uint_eq(back.flow_mod.command, OFPFC_DELETE);
    ck_assert_uint_eq(be32_get(back.flow_mod.match->nw_src), 0x0a000000u | server);
}

START_TEST(a_server_that_is_silent_is_gone_and_comes_back)
{
    struct arp arp;
    begin_with_servers();
    ck_assert_uint_eq(connect_from(1000), 2);
    ck_assert_uint_eq(connect_from(1001), 3);
    for (int i = 0; i < SERVER_MISSES; i++) {
        fake_wait(2 * NS_PER_S);
        answers(3);
        ck_assert_uint_eq(expect_arp(&arp), 2);
        ck_assert_uint_eq(expect_arp(&arp), 3);
    }
    fake_wait(2 * NS_PER_S);
    answers(3);
    expect_deleted(2);
    ck_assert_uint_eq(expect_arp(&arp), OFPP_FLOOD);
    fake_forget(sw);
    ck_assert_uint_eq(connect_from(1000), 3);
    ck_assert_uint_eq(connect_from(1001), 3); /* stays */
    answers(2);
    ck_assert_uint_eq(connect_from(1000), 3); /* stays */
    ck_assert_uint_eq(connect_from(1002), 2);
}
END_TEST

static void port_down(uint16_t port)
{
    struct ofp_phy_port desc;
    struct ofp_msg msg = {.type = OFPT_PORT_STATUS,
                          .port_status = {.reason = OFPPR_MODIFY, .desc = &desc}};
    fake_port(&desc, port, 0, OFPPS_LINK_DOWN);
    fake_send(sw, &msg);
}

START_TEST(a_server_whose_port_goes_down_is_gone_at_once)
{
    begin_with_servers();
    port_down(4);
    fake_expect_nothing(sw);
    port_down(2);
    expect_deleted(2);
    ck_assert_uint_eq(connect_from(1000), 3);
    ck_assert_uint_eq(connect_from(1001), 3);
}
END_TEST

START_TEST(what_a_server_that_has_gone_still_says_is_dropped)
{
    struct frame answer = answer_to(1000);
    begin_with_servers();
    ck_assert_uint_eq(connect_from(1000), 2);
    port_down(2);
    expect_deleted(2);
    port_down(3);
    expect_deleted(3);
    ck_assert(!comes(answer, 2));
    ck_assert(!comes(request(1000, 80), 1)); /* nobody is there */
    ck_assert(!comes(answer, 2));
    fake_expect_nothing(sw);
    answers(2);
    ck_assert_uint_eq(connect_from(1000), 2);
    ck_assert(!comes(answer, 2));
    ck_assert_ptr_nonnull(strstr(next_flow(sw), "mod_nw_dst:10.0.0.2"));
}
END_TEST

START_TEST(a_connection_that_was_lost_is_forgotten_after_a_while)
{
    struct frame answer = answer_to(1000);
    begin_with_servers();
    ck_assert_uint_eq(connect_from(1000), 2);
    port_down(2);
    for (int i = 0; i < 32; i++) {
        ck_assert(i > 29 || !comes(answer, 2));
        fake_wait(2 * NS_PER_S);
        fake_send(sw, &(struct ofp_msg){.type = OFPT_ECHO_REQUEST});
    }
    ck_assert(comes(answer, 2)); /* it speaks for itself */
}
END_TEST

START_TEST(a_server_that_moves_keeps_its_connections)
{
    begin_with_servers();
    ck_assert_uint_eq(connect_from(1000), 2);
    ck_assert(!arp_comes(arp_of(ARP_REPLY, 2, VIP), 4));
    expect_deleted(2);
    ck_assert(!comes(request(1000, 80), 1));
    ck_assert_ptr_nonnull(strstr(next_flow(sw), "in_port=4"));
    ck_assert_ptr_nonnull(strstr(next_flow(sw), "output:4"));
}
END_TEST

START_TEST(a_server_behind_a_port_that_has_changed_is_looked_for_and_keeps_its_connections)
{
    struct arp arp;
    begin_with_servers();
    ck_assert_uint_eq(connect_from(1000), 2);
    ctl_forget(ctl_find_dp(ctl, 1), 2);
    fake_settle();
    ck_assert_uint_eq(expect_arp(&arp), OFPP_FLOOD);
    ck_assert_uint_eq(arp.to_address & 0xff, 2);
    fake_expect_nothing(sw);
    answers(2);
    ck_assert_uint_eq(connect_from(1000), 2);
}
END_TEST

START_TEST(an_operator_sees_the_servers_and_drains_one)
{
    struct appctl_config config;
    struct appctl *appctl;
    struct client client;
    begin_with_servers();
    ck_assert_uint_eq(connect_from(1000), 2);
    appctl_defaults(&config);
    appctl = appctl_open(&config, "controller", NULL);
    controller_commands(appctl, ctl);
    client_begin(&client, appctl);
    client_do(&client, "balancer/drain 10.0.0.2");
    ck_assert_uint_eq(connect_from(1001), 3);
    ck_assert_uint_eq(connect_from(1002), 3);
    ck_assert_uint_eq(connect_from(1000), 2); /* it is not ended */
    ck_assert_str_eq(
        client_do(&client, "balancer/servers"),
        "datapath          server           state     port  connections      chosen\\n"
        "0000000000000001  10.0.0.2         drained      2            1           1\\n"
        "0000000000000001  10.0.0.3         there        3            2           2\\n");
    client_do(&client, "balancer/resume 10.0.0.2");
    ck_assert_uint_eq(connect_from(1003), 2);
    client_says(client_fail(&client, "balancer/drain 10.0.0.9"), "is none of the servers");
    client_end(&client);
    appctl_close(appctl);
}
END_TEST

/* --- Who is chosen --------------------------------------------------------------------------- */

#define CLIENTS 4000

static struct servers four_servers(void)
{
    struct servers s = {.n = 4};
    for (unsigned i = 0; i < s.n; i++)
        s.server[i] = (struct backend){.address = SERVER + i, .is_there = true};
    return s;
}

static struct connection_id client_number(unsigned n)
{
    return (struct connection_id){.client = be32_of(0x0b000000 + n / 4),
                                  .client_port = be16_of((uint16_t)(n % 4)),
                                  .proto = HDR_IP_TCP};
}

START_TEST(a_server_that_goes_moves_its_own_share_only_and_gets_it_back)
{
    struct servers s = four_servers();
    enum server_pick pick = _i == 0 ? PICK_HASH : PICK_SOURCE;
    static int before[CLIENTS];
    unsigned at[4] = {0};
    for (unsigned n = 0; n < CLIENTS; n++) {
        struct connection_id id = client_number(n);
        before[n] = balance_choose(&s, pick, &id);
        at[before[n]]++;
    }
    for (unsigned i = 0; i < s.n; i++) /* a quarter each, within a tenth or so */
        ck_assert_uint_lt(at[i] - CLIENTS / 5, CLIENTS / 10);
    s.server[1].is_there = false;
    for (unsigned n = 0; n < CLIENTS; n++) {
        struct connection_id id = client_number(n);
        int now = balance_choose(&s, pick, &id);
        ck_assert_int_ne(now, 1);
        ck_assert(now == before[n] || before[n] == 1);
    }
    s.server[1].is_there = true;
    for (unsigned n = 0; n < CLIENTS; n++) {
        struct connection_id id = client_number(n);
        ck_assert_int_eq(balance_choose(&s, pick, &id), before[n]);
    }
}
END_TEST

START_TEST(by_source_all_of_a_client_is_at_one_server)
{
    struct servers s = four_servers();
    for (unsigned n = 0; n < CLIENTS; n += 4) {
        struct connection_id a = client_number(n), b = client_number(n + 3);
        ck_assert_int_eq(balance_choose(&s, PICK_SOURCE, &a), balance_choose(&s, PICK_SOURCE, &b));
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("balancer");
    TCase *c = tcase_create("balancer");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, what_an_option_cannot_be_is_said, 0, sizeof bad / sizeof bad[0]);
    tcase_add_loop_test(c, what_a_server_cannot_be_is_said, 0,
                        sizeof bad_servers / sizeof bad_servers[0]);
    tcase_add_test(c, who_asks_for_the_address_is_answered);
    tcase_add_test(c, other_arp_is_the_next_apps);
    tcase_add_test(c, servers_are_asked_everywhere_and_then_where_they_are);
    tcase_add_test(c, a_connection_is_two_flows_that_write_addresses);
    tcase_add_test(c, a_server_at_the_clients_port_is_reached_back_through_it);
    tcase_add_test(c, servers_take_turns_and_a_connection_stays_at_its_own);
    tcase_add_test(c, what_a_server_says_goes_back_under_the_address_even_after_a_silence);
    tcase_add_test(c, what_nobody_serves_ends_in_the_switch);
    tcase_add_test(c, without_a_service_all_of_ip_is_served);
    tcase_add_test(c, while_nobody_is_there_packets_are_dropped);
    tcase_add_test(c, tagged_frames_are_the_next_apps);
    tcase_add_test(c, other_switches_than_the_one_that_is_named_are_left_alone);
    tcase_add_test(c, a_connection_is_forgotten_when_both_flows_have_ended_and_it_was_silent_on);
    tcase_add_test(c, past_the_limit_the_oldest_connection_is_forgotten);
    tcase_add_test(c, a_server_that_is_silent_is_gone_and_comes_back);
    tcase_add_test(c, a_server_whose_port_goes_down_is_gone_at_once);
    tcase_add_test(c, what_a_server_that_has_gone_still_says_is_dropped);
    tcase_add_test(c, a_connection_that_was_lost_is_forgotten_after_a_while);
    tcase_add_test(c, a_server_that_moves_keeps_its_connections);
    tcase_add_test(c,
                   a_server_behind_a_port_that_has_changed_is_looked_for_and_keeps_its_connections);
    tcase_add_test(c, an_operator_sees_the_servers_and_drains_one);
    tcase_add_loop_test(c, a_server_that_goes_moves_its_own_share_only_and_gets_it_back, 0, 2);
    tcase_add_test(c, by_source_all_of_a_client_is_at_one_server);
    return unit_main(s);
}
