/*
 * test_discovery.c - links are found where LLDP comes in, and are gone when it does not.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/apps/discovery.h"
#include "controller/apps/lldp.h"
#include "test/unit/fake_switch.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* --- An app that stands on discovery ---------------------------------------------------------- */

static struct discovery *discovery;
static struct discovery_listener listener;
static char story[2000];

static void changed(void *user, const struct discovery_link *link, bool up)
{
    (void)user;
    sprintf(story + strlen(story), "%c%u.%u>%u.%u ", up ? '+' : '-',
            (unsigned)ctl_dp_id(link->from), link->from_port, (unsigned)ctl_dp_id(link->to),
            link->to_port);
}

static void *stand_on_it(struct ctl *ctl)
{
    discovery = discovery_of(ctl, "test");
    if (discovery == NULL)
        return NULL;
    listener.changed = changed;
    discovery_listen(discovery, &listener);
    return discovery;
}

static unsigned lldp_passed_on;

static bool sees_packet(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    (void)self;
    (void)dp;
    lldp_passed_on += be16_get(packet->key.match.dl_type) == LLDP_TYPE;
    return true;
}

static const struct ctl_app_type user_app = {
    .name = "user", .create = stand_on_it, .packet_in = sees_packet};

/* --- The world -------------------------------------------------------------------------------- */

static struct ctl *ctl;
static struct fake_peer *one, *two;

static void begin(void)
{
    ctl = fake_world(NULL);
    story[0] = '\0';
    lldp_passed_on = 0;
    ck_assert_int_eq(ctl_add_app(ctl, &discovery_app), 0);
    ck_assert_int_eq(ctl_add_app(ctl, &user_app), 0);
    one = fake_joined(ctl, 1, 3);
    two = fake_joined(ctl, 2, 3);
}

static void end(void)
{
    fake_free(one);
    fake_free(two);
    fake_world_end(ctl);
}

/* A frame that came as a packet-out, where it was to leave. */
struct sent {
    uint16_t port;
    uint8_t frame[LLDP_FRAME];
};

static struct sent expect_lldp(struct fake_peer *sw)
{
    struct ofp_msg out = fake_expect(sw, OFPT_PACKET_OUT);
    const struct ofp_action_output *action = (const void *)out.packet_out.actions.data;
    struct sent sent = {.port = be16_get(action->port)};
    ck_assert_uint_eq(be16_get(action->type), OFPAT_OUTPUT);
    ck_assert_uint_eq(out.packet_out.data.len, LLDP_FRAME);
    memcpy(sent.frame, out.packet_out.data.data, LLDP_FRAME);
    return sent;
}

static void hand_up(struct fake_peer *sw, uint16_t port, const uint8_t *frame, size_t n)
{
    struct ofp_msg in = {.type = OFPT_PACKET_IN};
    in.packet_in = (struct ofp_msg_packet_in){.buffer_id = OFP_NO_BUFFER,
                                              .total_len = (uint16_t)n,
                                              .in_port = port,
                                              .reason = OFPR_ACTION,
                                              .data = span_of(frame, n)};
    fake_send(sw, &in);
}

/* What a switch gets when it joins: the flow, then a frame for each port. */
static void expect_round(struct fake_peer *sw, bool joined, struct sent sent[3])
{
    if (joined) {
        struct ofp_msg flow = fake_expect(sw, OFPT_FLOW_MOD);
        ck_assert_uint_eq(be16_get(flow.flow_mod.match->dl_type), LLDP_TYPE);
        ck_assert_uint_eq(flow.flow_mod.priority, UINT16_MAX);
    }
    for (int i = 0; i < 3; i++) {
        sent[i] = expect_lldp(sw);
        ck_assert_uint_eq(sent[i].port, i + 1);
    }
    fake_expect_nothing(sw);
}

/* The cable from port 1 of `one` to port 2 of `two`. */
static void join_by_cable(void)
{
    struct sent of_one[3], of_two[3];
    expect_round(one, true, of_one);
    expect_round(two, true, of_two);
    hand_up(two, 2, of_one[0].frame, LLDP_FRAME);
    hand_up(one, 1, of_two[1].frame, LLDP_FRAME);
    ck_assert_str_eq(story, "+1.1>2.2 +2.2>1.1 ");
    story[0] = '\0';
}

static void port_status(struct fake_peer *sw, uint16_t port, uint8_t reason, uint32_t state)
{
    struct ofp_phy_port desc;
    struct ofp_msg msg = {.type = OFPT_PORT_STATUS};
    fake_port(&desc, port, 0, state);
    msg.port_status = (struct ofp_msg_port_status){.reason = reason, .desc = &desc};
    fake_send(sw, &msg);
}

/* --- Tests ------------------------------------------------------------------------------------ */

START_TEST(a_cable_is_two_links)
{
    begin();
    join_by_cable();
    ck_assert(discovery_is_link(discovery, ctl_find_dp(ctl, 1), 1));
    ck_assert(!discovery_is_link(discovery, ctl_find_dp(ctl, 1), 2));
    ck_assert(discovery_is_link(discovery, ctl_find_dp(ctl, 2), 2));
    ck_assert_uint_eq(lldp_passed_on, 0);
    end();
}
END_TEST

static void count(void *user, const struct discovery_link *link)
{
    (void)link;
    ++*(unsigned *)user;
}

START_TEST(links_are_listed_by_where_they_come_from)
{
    unsigned n = 0;
    begin();
    join_by_cable();
    discovery_each(discovery, NULL, count, &n);
    ck_assert_uint_eq(n, 2);
    discovery_each(discovery, ctl_find_dp(ctl, 1), count, &n);
    ck_assert_uint_eq(n, 3);
    end();
}
END_TEST

START_TEST(every_port_sends_again_and_again)
{
    struct sent sent[3];
    begin();
    expect_round(one, true, sent);
    fake_wait(NS_PER_S);
    expect_round(one, false, sent);
    fake_wait(NS_PER_S);
    expect_round(one, false, sent);
    end();
}
END_TEST

/* Within three seconds of silence; what goes on being heard stays. */
START_TEST(a_silent_cut_is_noticed_within_three_seconds)
{
    struct sent sent[3];
    begin();
    join_by_cable();
    for (int i = 0; i < 4; i++) {
        fake_forget(one);
        fake_wait(850 * NS_PER_MS);
        sent[0] = expect_lldp(one);
        hand_up(two, 2, sent[0].frame, LLDP_FRAME);
    }
    ck_assert_str_eq(story, "-2.2>1.1 ");
    fake_wait(3 * NS_PER_S);
    ck_assert_str_eq(story, "-2.2>1.1 -1.1>2.2 ");
    ck_assert(!discovery_is_link(discovery, ctl_find_dp(ctl, 2), 2));
    end();
}
END_TEST

START_TEST(links_go_with_their_port_at_once)
{
    begin();
    join_by_cable();
    port_status(one, 1, _i == 0 ? OFPPR_MODIFY : OFPPR_DELETE, _i == 0 ? OFPPS_LINK_DOWN : 0);
    ck_assert_str_eq(story, "-2.2>1.1 -1.1>2.2 ");
    end();
}
END_TEST

START_TEST(a_port_that_comes_up_sends_at_once)
{
    struct sent sent[3];
    begin();
    expect_round(one, true, sent);
    port_status(one, 2, OFPPR_MODIFY, OFPPS_LINK_DOWN);
    fake_expect_nothing(one);
    port_status(one, 2, OFPPR_MODIFY, 0);
    ck_assert_uint_eq(expect_lldp(one).port, 2);
    fake_expect_nothing(one);
    end();
}
END_TEST

START_TEST(a_port_that_is_down_does_not_send)
{
    begin();
    port_status(one, 2, OFPPR_MODIFY, OFPPS_LINK_DOWN);
    fake_forget(one);
    fake_wait(NS_PER_S);
    ck_assert_uint_eq(expect_lldp(one).port, 1);
    ck_assert_uint_eq(expect_lldp(one).port, 3);
    fake_expect_nothing(one);
    end();
}
END_TEST

START_TEST(links_go_with_their_switch)
{
    begin();
    join_by_cable();
    fake_free(one);
    one = fake_new(ctl);
    ck_assert_str_eq(story, "-2.2>1.1 -1.1>2.2 ");
    end();
}
END_TEST

START_TEST(a_frame_whose_switch_has_not_joined_makes_no_link)
{
    struct sent sent[3];
    begin();
    expect_round(one, true, sent);
    fake_free(one);
    one = fake_new(ctl);
    hand_up(two, 2, sent[0].frame, LLDP_FRAME);
    ck_assert_str_eq(story, "");
    end();
}
END_TEST

/* A host that sends LLDP of its own, or ours with another origin, or cut. */
START_TEST(no_host_can_make_a_link)
{
    struct sent sent[3];
    uint64_t seed = 1;
    begin();
    expect_round(one, true, sent);
    for (int i = 0; i < 2000; i++) {
        uint8_t frame[LLDP_FRAME];
        memcpy(frame, sent[0].frame, sizeof frame);
        /* Anything behind the Ethernet header but the time to live, which does not count. */
        frame[random_below(&seed, 2) == 0 ? 14 + random_below(&seed, 18)
                                          : 34 + random_below(&seed, 16)] ^=
            (uint8_t)(1 + random_below(&seed, 255));
        hand_up(two, 2, frame, sizeof frame);
        hand_up(two, 2, sent[0].frame, random_below(&seed, LLDP_FRAME - 1));
    }
    ck_assert_str_eq(story, "");
    hand_up(two, 2, sent[0].frame, LLDP_FRAME);
    ck_assert_str_eq(story, "+1.1>2.2 ");
    end();
}
END_TEST

START_TEST(who_stands_on_it_must_come_behind_it)
{
    struct ctl *alone = fake_world(NULL);
    ck_assert_int_lt(ctl_add_app(alone, &user_app), 0);
    fake_world_end(alone);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("discovery");
    TCase *c = tcase_create("discovery");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_test(c, a_cable_is_two_links);
    tcase_add_test(c, links_are_listed_by_where_they_come_from);
    tcase_add_test(c, every_port_sends_again_and_again);
    tcase_add_test(c, a_silent_cut_is_noticed_within_three_seconds);
    tcase_add_loop_test(c, links_go_with_their_port_at_once, 0, 2);
    tcase_add_test(c, a_port_that_comes_up_sends_at_once);
    tcase_add_test(c, a_port_that_is_down_does_not_send);
    tcase_add_test(c, links_go_with_their_switch);
    tcase_add_test(c, a_frame_whose_switch_has_not_joined_makes_no_link);
    tcase_add_test(c, no_host_can_make_a_link);
    tcase_add_test(c, who_stands_on_it_must_come_behind_it);
    return unit_main(s);
}
