/*
 * test_learning.c - what the learning app sends for what it hears.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/session.h"
#include "openflow/match.h"
#include "test/unit/fake_switch.h"
#include "test/unit/unit.h"

#include <string.h>

#define A     0x020000000001
#define B     0x020000000002
#define C     0x020000000003
#define LLDP  0x0180c200000e
#define MULTI 0x01005e000001

static struct ctl *ctl;
static struct fake_peer *sw;

/* A switch joins, with so many flows. */
static struct fake_peer *join_with_flows(uint64_t dpid, uint32_t flows)
{
    struct fake_peer *peer = fake_joined(ctl, dpid, 4);
    fake_say_flows(peer, flows);
    return peer;
}

static void set_up(void)
{
    ctl = fake_world(NULL);
    ck_assert_int_eq(ctl_add_app(ctl, &learning_app), 0);
    sw = join_with_flows(1, 0);
}

static void tear_down(void)
{
    fake_free(sw);
    fake_world_end(ctl);
}

static void send_packet(uint64_t src, uint64_t dst, uint16_t in_port)
{
    fake_packet_in(sw, (struct fake_packet){.src = src, .dst = dst, .in_port = in_port});
}

static uint16_t output_port(struct span actions)
{
    const struct ofp_action_output *a = (const void *)actions.data;
    ck_assert_uint_eq(actions.len, sizeof *a);
    ck_assert_uint_eq(be16_get(a->type), OFPAT_OUTPUT);
    return be16_get(a->port);
}

static void expect_flood(void)
{
    struct ofp_msg msg = fake_expect(sw, OFPT_PACKET_OUT);
    ck_assert_uint_eq(output_port(msg.packet_out.actions), OFPP_FLOOD);
    fake_expect_nothing(sw);
}

/* A flow to a port, and the packet after it. */
static struct ofp_msg expect_flow(uint16_t port)
{
    struct ofp_msg flow = fake_expect(sw, OFPT_FLOW_MOD), out = fake_expect(sw, OFPT_PACKET_OUT);
    ck_assert_uint_eq(flow.flow_mod.command, OFPFC_ADD);
    ck_assert_uint_eq(output_port(flow.flow_mod.actions), port);
    ck_assert_uint_eq(output_port(out.packet_out.actions), port);
    fake_expect_nothing(sw);
    return flow;
}

static struct ofp_msg expect_delete(uint16_t out_port)
{
    struct ofp_msg flow = fake_expect(sw, OFPT_FLOW_MOD);
    ck_assert_uint_eq(flow.flow_mod.command, OFPFC_DELETE);
    ck_assert_uint_eq(flow.flow_mod.out_port, out_port);
    return flow;
}

/* A and B are known, at ports 1 and 2. */
static void learn_a_and_b(void)
{
    send_packet(A, FAKE_BROADCAST, 1);
    send_packet(B, FAKE_BROADCAST, 2);
    fake_forget(sw);
}

START_TEST(unknown_destination_is_flooded)
{
    send_packet(A, B, 1);
    expect_flood();
}
END_TEST

START_TEST(multicast_and_broadcast_are_flooded)
{
    send_packet(A, FAKE_BROADCAST, 1);
    expect_flood();
    send_packet(A, MULTI, 1);
    expect_flood();
}
END_TEST

START_TEST(known_destination_gets_an_exact_flow_and_the_packet)
{
    struct ofp_msg flow;
    uint8_t bytes[128];
    struct ofp_key key;

    learn_a_and_b();
    send_packet(A, B, 1);
    flow = expect_flow(2);
    fake_packet_in_bytes(bytes, (struct fake_packet){.src = A, .dst = B});
    ofp_key_extract(&key, span_of(bytes + sizeof(struct ofp_packet_in), 64), 1);
    ck_assert_mem_eq(flow.flow_mod.match, &key, sizeof key);
    ck_assert_uint_eq(flow.flow_mod.idle_timeout, 60);
    ck_assert_uint_eq(flow.flow_mod.buffer_id, OFP_NO_BUFFER);
    ck_assert_uint_eq(flow.flow_mod.priority, OFP_DEFAULT_PRIORITY);
}
END_TEST

START_TEST(buffered_packet_is_sent_by_the_flow_itself)
{
    struct ofp_msg flow;
    learn_a_and_b();
    fake_packet_in(sw, (struct fake_packet){.src = A, .dst = B, .in_port = 1, .buffered = true});
    flow = fake_expect(sw, OFPT_FLOW_MOD);
    ck_assert_uint_eq(flow.flow_mod.buffer_id, FAKE_BUFFER);
    ck_assert_uint_eq(output_port(flow.flow_mod.actions), 2);
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(destination_at_the_port_of_the_source_gets_a_flow_that_drops)
{
    struct ofp_msg flow;
    learn_a_and_b();
    send_packet(C, A, 1);
    flow = fake_expect(sw, OFPT_FLOW_MOD);
    ck_assert_uint_eq(flow.flow_mod.command, OFPFC_ADD);
    ck_assert_uint_eq(flow.flow_mod.actions.len, 0);
    fake_expect_nothing(sw);
}
END_TEST

START_TEST(multicast_and_zero_sources_are_not_learned)
{
    learn_a_and_b();
    send_packet(MULTI, A, 3);
    expect_flow(1);
    send_packet(A, MULTI, 1);
    expect_flood();
    send_packet(0, A, 3);
    expect_flow(1);
    send_packet(A, 0, 1);
    expect_flood();
}
END_TEST

START_TEST(source_at_a_port_that_is_none_is_not_learned)
{
    send_packet(C, FAKE_BROADCAST, OFPP_NONE);
    fake_forget(sw);
    send_packet(A, C, 1);
    expect_flood();
    send_packet(C, FAKE_BROADCAST, OFPP_LOCAL);
    fake_forget(sw);
    send_packet(A, C, 1);
    expect_flow(OFPP_LOCAL);
}
END_TEST

START_TEST(addresses_that_no_bridge_forwards_are_left_alone)
{
    send_packet(A, LLDP, 1);
    fake_expect_nothing(sw);
    send_packet(B, A, 2);
    expect_flood();
    ck_assert_uint_eq(ctl_counters.unconsumed, 1);
}
END_TEST

START_TEST(vlans_are_learned_apart)
{
    learn_a_and_b();
    fake_packet_in(sw, (struct fake_packet){.src = A, .dst = B, .vlan = 5, .in_port = 3});
    expect_flood();
    fake_packet_in(sw, (struct fake_packet){.src = B, .dst = A, .vlan = 5, .in_port = 4});
    expect_flow(3);
    send_packet(B, A, 2);
    expect_flow(1);
}
END_TEST

START_TEST(host_that_moves_takes_its_flows_along)
{
    struct ofp_msg flow;
    uint8_t b[] = {2, 0, 0, 0, 0, 2};

    learn_a_and_b();
    send_packet(B, A, 3);
    flow = expect_delete(OFPP_NONE);
    ck_assert_uint_eq(be32_get(flow.flow_mod.match->wildcards),
                      OFPFW_ALL & ~(OFPFW_DL_DST | OFPFW_DL_VLAN));
    ck_assert_mem_eq(flow.flow_mod.match->dl_dst, b, sizeof b);
    ck_assert_uint_eq(be16_get(flow.flow_mod.match->dl_vlan), OFP_VLAN_NONE);
    flow = expect_delete(OFPP_NONE); /* or it could go back there unheard */
    ck_assert_uint_eq(be32_get(flow.flow_mod.match->wildcards),
                      OFPFW_ALL & ~(OFPFW_DL_SRC | OFPFW_DL_VLAN));
    ck_assert_mem_eq(flow.flow_mod.match->dl_src, b, sizeof b);
    ck_assert_uint_eq(be16_get(flow.flow_mod.match->dl_vlan), OFP_VLAN_NONE);
    expect_flow(1);
    send_packet(A, B, 1);
    expect_flow(3);
}
END_TEST

START_TEST(host_that_is_not_heard_of_is_forgotten)
{
    learn_a_and_b();
    for (int i = 0; i < 29; i++) {
        fake_wait(10 * NS_PER_S);
        send_packet(A, FAKE_BROADCAST, 1);
    }
    fake_forget(sw);
    send_packet(A, B, 1);
    expect_flow(2);
    fake_wait(11 * NS_PER_S);
    send_packet(A, B, 1);
    expect_flood();
    send_packet(C, A, 3);
    expect_flow(1);
}
END_TEST

/* So that a host that is learned anew elsewhere has no flows that lead to its old port. */
START_TEST(flow_does_not_outlive_its_destinations_entry)
{
    struct ofp_msg flow;
    learn_a_and_b();
    fake_wait(40 * NS_PER_S);
    fake_forget(sw); /* of echo requests */
    send_packet(A, B, 1);
    flow = expect_flow(2);
    ck_assert_uint_ge(flow.flow_mod.hard_timeout, 258);
    ck_assert_uint_le(flow.flow_mod.hard_timeout, 260);
}
END_TEST

static void send_port_status(uint8_t reason, uint16_t port_no, uint32_t config, uint32_t state)
{
    struct ofp_phy_port port;
    struct ofp_msg msg = {.type = OFPT_PORT_STATUS};
    fake_port(&port, port_no, config, state);
    msg.port_status = (struct ofp_msg_port_status){.reason = reason, .desc = &port};
    fake_send(sw, &msg);
}

static const struct {
    uint8_t reason;
    uint32_t config, state;
} losses[] = {
    {OFPPR_DELETE, 0, 0},
    {OFPPR_MODIFY, OFPPC_PORT_DOWN, 0},
    {OFPPR_MODIFY, 0, OFPPS_LINK_DOWN},
};

START_TEST(port_that_goes_takes_its_hosts_and_flows_with_it)
{
    struct ofp_msg flow;

    learn_a_and_b();
    send_packet(C, FAKE_BROADCAST, 2);
    fake_forget(sw);
    send_port_status(losses[_i].reason, 2, losses[_i].config, losses[_i].state);
    flow = expect_delete(2);
    ck_assert_uint_eq(be32_get(flow.flow_mod.match->wildcards) & OFPFW_IN_PORT, OFPFW_IN_PORT);
    flow = expect_delete(OFPP_NONE);
    ck_assert_uint_eq(be32_get(flow.flow_mod.match->wildcards), OFPFW_ALL & ~OFPFW_IN_PORT);
    ck_assert_uint_eq(be16_get(flow.flow_mod.match->in_port), 2);
    fake_expect_nothing(sw);
    send_packet(A, B, 1);
    expect_flood();
    send_packet(A, C, 1);
    expect_flood();
    send_packet(B, A, 3);
    expect_flow(1);
}
END_TEST

START_TEST(port_that_stays_up_loses_nothing)
{
    learn_a_and_b();
    send_port_status(OFPPR_MODIFY, 2, OFPPC_NO_FLOOD, 0);
    send_port_status(OFPPR_ADD, 3, 0, 0);
    fake_expect_nothing(sw);
    send_packet(A, B, 1);
    expect_flow(2);
}
END_TEST

START_TEST(datapaths_learn_apart)
{
    struct fake_peer *other = join_with_flows(2, 0), *first = sw;

    learn_a_and_b();
    sw = other;
    send_packet(A, B, 1);
    expect_flood();
    fake_free(other);
    sw = first;
    send_packet(A, B, 1);
    expect_flow(2);
}
END_TEST

START_TEST(switch_that_comes_back_is_learned_anew)
{
    learn_a_and_b();
    fake_free(sw);
    sw = join_with_flows(1, 0);
    send_packet(A, B, 1);
    expect_flood();
}
END_TEST

START_TEST(host_of_a_switch_that_comes_back_with_flows_may_have_moved_meanwhile)
{
    fake_free(sw);
    sw = join_with_flows(1, 5);
    send_packet(A, B, 1);
    expect_delete(OFPP_NONE);
    expect_delete(OFPP_NONE);
    expect_flood();
    send_packet(A, B, 1);
    expect_flood();
    for (int i = 0; i < 11; i++) { /* by then they have timed out */
        fake_wait(30 * NS_PER_S);
        send_packet(0, FAKE_BROADCAST, 1);
    }
    fake_forget(sw);
    send_packet(C, B, 1);
    expect_flood();
}
END_TEST

START_TEST(switch_that_does_not_say_how_many_flows_it_has_may_have_some)
{
    fake_free(sw);
    sw = fake_joined(ctl, 1, 4);
    fake_forget(sw);
    send_packet(A, B, 1);
    expect_delete(OFPP_NONE);
    expect_delete(OFPP_NONE);
    expect_flood();
}
END_TEST

/* One of the app's options, as a command line would set it. */
static uint64_t *option(const char *name)
{
    const struct config_option *row = learning_app.options;
    while (strcmp(row->name, name) != 0)
        row++;
    return row->target;
}

/* A datapath of a controller whose learning app has this option set so. */
static void set_up_with(const char *name, uint64_t value)
{
    uint64_t saved = *option(name);
    tear_down();
    *option(name) = value;
    set_up();
    *option(name) = saved;
}

struct wanted {
    const char *name;
    uint64_t value;
};

static void find_counter(void *user, const char *module, const char *name, uint64_t value)
{
    struct wanted *wanted = user;
    if (strcmp(module, "learning") == 0 && strcmp(name, wanted->name) == 0)
        wanted->value = value;
}

static uint64_t counter(const char *name)
{
    struct wanted wanted = {name, 0};
    counter_each(find_counter, &wanted);
    return wanted.value;
}

START_TEST(hosts_past_the_maximum_are_not_learned_and_counted)
{
    uint64_t before = counter("refused");
    set_up_with("learning-max", 2);
    learn_a_and_b();
    send_packet(C, FAKE_BROADCAST, 3);
    expect_flood();
    ck_assert_uint_eq(counter("refused"), before + 1);
    send_packet(A, C, 1);
    expect_flood();
    send_packet(A, B, 1);
    expect_flow(2);
}
END_TEST

START_TEST(idle_time_of_flows_is_an_option)
{
    set_up_with("learning-idle", 7 * NS_PER_S);
    learn_a_and_b();
    send_packet(A, B, 1);
    ck_assert_uint_eq(expect_flow(2).flow_mod.idle_timeout, 7);
}
END_TEST

START_TEST(many_hosts_are_all_found_again_and_swept_when_old)
{
    enum { N = 3000 };
    uint64_t before = counter("aged");

    for (uint64_t i = 0; i < N; i++)
        send_packet(A + i, FAKE_BROADCAST, (uint16_t)(1 + i % 4));
    fake_forget(sw);
    for (uint64_t i = 0; i < N; i += 7) {
        send_packet(A + 2, A + i, 3);
        ck_assert_uint_eq(fake_expect(sw, OFPT_FLOW_MOD).flow_mod.command, OFPFC_ADD);
        fake_forget(sw);
    }
    for (int i = 0; i < 13; i++) {
        fake_wait(30 * NS_PER_S);
        send_packet(0, FAKE_BROADCAST, 1); /* keeps the session alive and teaches nothing */
    }
    ck_assert_uint_eq(counter("aged"), before + N);
}
END_TEST

/* Packets from hosts A .. A + n - 1, in few turns. */
static void learn_hosts(uint64_t n)
{
    uint8_t batch[100 * 128];
    for (uint64_t i = 0; i < n;) {
        size_t len = 0;
        for (int k = 0; k < 100 && i < n; k++, i++)
            len += fake_packet_in_bytes(
                batch + len,
                (struct fake_packet){.src = A + i, .dst = FAKE_BROADCAST, .in_port = 1});
        fake_send_bytes(sw, batch, len);
        fake_forget(sw);
    }
}

/* A round is more here than one turn sweeps. */
START_TEST(every_host_is_swept_within_a_minute_however_many_there_are)
{
    enum { SWITCHES = 10, HOSTS = 16000 };
    struct fake_peer *first = sw, *peers[SWITCHES];
    uint64_t before = counter("aged");

    for (int k = 0; k < SWITCHES; k++) {
        sw = peers[k] = join_with_flows(2 + (uint64_t)k, 0);
        learn_hosts(HOSTS);
    }
    for (int i = 0; i < 37; i++) {
        fake_wait(10 * NS_PER_S);
        for (int k = 0; k < SWITCHES; k++) {
            sw = peers[k];
            send_packet(0, FAKE_BROADCAST, 1);
        }
    }
    ck_assert_uint_eq(counter("aged"), before + SWITCHES * HOSTS);
    for (int k = 0; k < SWITCHES; k++)
        fake_free(peers[k]);
    sw = first;
}
END_TEST

int main(void)
{
    Suite *s = suite_create("learning");
    TCase *c = tcase_create("learning");
    const TTest *const tests[] = {
        unknown_destination_is_flooded,
        multicast_and_broadcast_are_flooded,
        known_destination_gets_an_exact_flow_and_the_packet,
        buffered_packet_is_sent_by_the_flow_itself,
        destination_at_the_port_of_the_source_gets_a_flow_that_drops,
        multicast_and_zero_sources_are_not_learned,
        source_at_a_port_that_is_none_is_not_learned,
        addresses_that_no_bridge_forwards_are_left_alone,
        vlans_are_learned_apart,
        host_that_moves_takes_its_flows_along,
        host_that_is_not_heard_of_is_forgotten,
        flow_does_not_outlive_its_destinations_entry,
        port_that_stays_up_loses_nothing,
        datapaths_learn_apart,
        switch_that_comes_back_is_learned_anew,
        host_of_a_switch_that_comes_back_with_flows_may_have_moved_meanwhile,
        switch_that_does_not_say_how_many_flows_it_has_may_have_some,
        hosts_past_the_maximum_are_not_learned_and_counted,
        idle_time_of_flows_is_an_option,
        many_hosts_are_all_found_again_and_swept_when_old,
        every_host_is_swept_within_a_minute_however_many_there_are,
        NULL,
    };
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, set_up, tear_down);
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_test(c, tests[i]);
    tcase_add_loop_test(c, port_that_goes_takes_its_hosts_and_flows_with_it, 0,
                        sizeof losses / sizeof losses[0]);
    return unit_main(s);
}
