/*
 * test_hub.c - the hub floods what it gets and installs nothing.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "test/unit/fake_switch.h"
#include "test/unit/unit.h"

/* The answer to a packet-in is a flood that does not go back. */
static struct ofp_msg_packet_out hub_answer(struct fake_packet packet)
{
    struct ctl *ctl = fake_world(NULL);
    struct fake_peer *sw;
    static struct ofp_msg out;
    const struct ofp_action_output *action;

    ck_assert_int_eq(ctl_add_app(ctl, &hub_app), 0);
    sw = fake_joined(ctl, 1, 4);
    fake_packet_in(sw, packet);
    out = fake_expect(sw, OFPT_PACKET_OUT);
    fake_expect_nothing(sw);
    ck_assert_uint_eq(out.packet_out.in_port, packet.in_port);
    ck_assert_uint_eq(out.packet_out.actions.len, sizeof *action);
    action = (const void *)out.packet_out.actions.data;
    ck_assert_uint_eq(be16_get(action->type), OFPAT_OUTPUT);
    ck_assert_uint_eq(be16_get(action->port), OFPP_FLOOD);
    fake_free(sw);
    fake_world_end(ctl);
    return out.packet_out;
}

START_TEST(packet_without_a_buffer_is_sent_back_whole)
{
    struct ofp_msg_packet_out out =
        hub_answer((struct fake_packet){.src = 1, .dst = 2, .in_port = 3});
    ck_assert_uint_eq(out.buffer_id, OFP_NO_BUFFER);
    ck_assert_uint_eq(out.data.len, 64);
}
END_TEST

START_TEST(packet_in_a_buffer_is_sent_from_there)
{
    struct ofp_msg_packet_out out =
        hub_answer((struct fake_packet){.src = 1, .dst = 2, .in_port = 3, .buffered = true});
    ck_assert_uint_eq(out.buffer_id, FAKE_BUFFER);
    ck_assert_uint_eq(out.data.len, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        packet_without_a_buffer_is_sent_back_whole,
        packet_in_a_buffer_is_sent_from_there,
        NULL,
    };
    return unit_main(unit_suite("hub", tests));
}
