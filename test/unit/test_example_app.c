/*
 * test_example_app.c - the README's example app does what it says, in front of the learning app.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "test/unit/fake_switch.h"
#include "test/unit/unit.h"

#define BLOCKED 0x020000000066
#define OTHER   0x020000000067

extern const struct ctl_app_type block_app;

START_TEST(packets_of_the_blocked_host_are_dropped_and_others_are_learned)
{
    struct ctl *ctl = fake_world(NULL);
    struct fake_peer *sw;
    struct ofp_msg flow;

    ck_assert_int_eq(ctl_add_app(ctl, &block_app), 0);
    ck_assert_int_eq(ctl_add_app(ctl, &learning_app), 0);
    sw = fake_joined(ctl, 1, 2);
    fake_say_flows(sw, 0);
    fake_packet_in(sw, (struct fake_packet){.src = BLOCKED, .dst = OTHER, .in_port = 1});
    flow = fake_expect(sw, OFPT_FLOW_MOD);
    ck_assert_uint_eq(flow.flow_mod.actions.len, 0);
    fake_expect_nothing(sw);
    fake_packet_in(sw, (struct fake_packet){.src = OTHER, .dst = BLOCKED, .in_port = 2});
    fake_expect(sw, OFPT_PACKET_OUT);
    fake_expect_nothing(sw);
    fake_free(sw);
    fake_world_end(ctl);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        packets_of_the_blocked_host_are_dropped_and_others_are_learned,
        NULL,
    };
    return unit_main(unit_suite("example_app", tests));
}
