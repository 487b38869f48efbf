/*
 * fuzz_dp.c - any frames, requests and changes of the world into a datapath between simulated
 * links.
 *
 * The input is a list of steps (fuzz_world.h). The sanitizers watch; in the end every packet must
 * have come back to its pool.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/fuzz/fuzz_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- What the datapath says is only read ------------------------------------------------------ */

static void on_packet_in(void *user, const struct ofp_msg_packet_in *in)
{
    (void)user;
    fuzz_read(in->data);
}

static void on_flow_removed(void *user, const struct ofp_msg_flow_removed *removed)
{
    (void)user;
    fuzz_read(span_of(removed->match, sizeof *removed->match));
}

static void on_port_status(void *user, const struct ofp_msg_port_status *status)
{
    (void)user;
    fuzz_read(span_of(status->desc, sizeof *status->desc));
}

/* --- Steps ------------------------------------------------------------------------------------ */

/* A message as the agent would hand it on. */
static void step_message(struct span s)
{
    struct ofp_fault fault;
    struct ofp_msg msg;
    if (!ofp_validate(s, OFP_AT_SWITCH, &fault))
        return;
    ofp_decode(&msg, s);
    if (msg.type == OFPT_FLOW_MOD)
        dp_flow_mod(fuzz_dp, &msg.flow_mod, &fault);
    else if (msg.type == OFPT_PACKET_OUT)
        dp_packet_out(fuzz_dp, &msg.packet_out, &fault);
    else if (msg.type == OFPT_SET_CONFIG)
        dp_set_config(fuzz_dp, &msg.config);
}

/* The fuzzer cannot know a port's address. */
static void step_port_mod(uint8_t n)
{
    struct ofp_msg_port_mod mod = {.port_no = 1 + n % FUZZ_HOSTS, .config = n / 2, .mask = 0x7f};
    struct ofp_phy_port desc;
    struct ofp_fault fault;
    if (!dp_port_desc(fuzz_dp, mod.port_no, &desc))
        return;
    bytes_copy(mod.hw_addr, desc.hw_addr, sizeof mod.hw_addr);
    dp_port_mod(fuzz_dp, &mod, &fault);
}

static void step(uint8_t kind, struct span s)
{
    uint8_t first = s.len > 0 ? s.data[0] : 0;
    switch (kind % 8) {
    case 0:
    case 1:
    case 2:
        fuzz_frame(kind / 8, s);
        break;
    case 3:
    case 4:
        step_message(s);
        break;
    case 5:
        step_port_mod(first);
        break;
    case 6:
        fuzz_change(first);
        break;
    default:
        fuzz_wait(first);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dp_listener listener = {on_packet_in, on_flow_removed, on_port_status};
    fuzz_begin();
    dp_listen(fuzz_dp, &listener, NULL);
    fuzz_steps(span_of(data, size), step, NULL);
    fuzz_end();
    return 0;
}
