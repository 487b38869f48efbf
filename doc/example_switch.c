/*
 * example_switch.c - an application around the datapath: a switch that decides by itself what no
 * entry matches, executes an action of its own, and has its controller in the same process.
 *
 * Whoever links this adds ports (dp_port_add()) and turns the loop; a unit test does.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "doc/example_switch.h"
#include "openflow/action.h"
#include "openflow/frame_headers.h"
#include "runtime/stream.h"

/* In place of a packet-in: ARP goes as by a learning switch, all else is dropped for ten seconds by
 * an entry, if the controller has not said otherwise by one of its own. */
static void example_miss(void *user, struct pkt *p, const struct ofp_key *key)
{
    struct example_switch *e = user;
    uint8_t area[sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_msg_flow_mod drop = {
        .match = &key->match, /* exactly this packet's headers */
        .command = OFPFC_ADD,
        .idle_timeout = 10,
        .buffer_id = OFP_NO_BUFFER,
        .out_port = OFPP_NONE,
    };
    struct ofp_fault fault;

    if (be16_get(key->match.dl_type) == HDR_ETH_ARP) {
        ofp_put_output(&actions, OFPP_NORMAL, 0);
        dp_send(e->dp, pkt_ref(p), be16_get(key->match.in_port), span_of(area, actions.len));
    } else {
        dp_flow_mod(e->dp, &drop, &fault);
    }
}

/* Our action: count the packet for the meter that its first four bytes name. */
static void example_action(void *user, struct pkt **p, struct span action)
{
    struct example_switch *e = user;
    const be32 *meter;
    span_take(&action, sizeof(struct ofp_action_vendor_header));
    meter = span_take(&action, sizeof *meter);
    if (meter != NULL && be32_get(*meter) < EXAMPLE_METERS)
        e->meter[be32_get(*meter)] += (*p)->len;
}

/* A controller and the agent, joined without a socket. */
static bool example_join(struct example_switch *e)
{
    struct stream *ends[2];
    return stream_pair(ends) == 0 && ctl_attach(e->ctl, ends[0]) == 0 &&
           agent_attach(e->agent, ends[1]) == 0;
}

bool example_begin(struct example_switch *e, const struct ctl_app_type *app)
{
    const struct dp_hooks hooks = {
        .miss = example_miss, .action_vendor = EXAMPLE_VENDOR, .action = example_action};
    struct dp_config dp_config;
    struct agent_config agent_config;
    struct ctl_config ctl_config;

    dp_defaults(&dp_config);
    agent_defaults(&agent_config);
    ctl_defaults(&ctl_config);
    dp_config.id = 1;
    *e = (struct example_switch){.dp = dp_new(&dp_config), .ctl = ctl_new(&ctl_config)};
    if (e->dp == NULL || e->ctl == NULL || ctl_add_app(e->ctl, app) != 0)
        return false;
    dp_set_hooks(e->dp, &hooks, e);
    e->agent = agent_new(&agent_config, e->dp);
    return e->agent != NULL && example_join(e);
}

void example_end(struct example_switch *e)
{
    agent_free(e->agent);
    ctl_free(e->ctl);
    dp_free(e->dp);
}
