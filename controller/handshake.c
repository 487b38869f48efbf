/*
 * handshake.c - from a stream's opening to a datapath that has joined.
 *
 * Both ends say hello and agree on OpenFlow 1.0 (openflow/channel.h). Then we ask for the features,
 * set the configuration, and the switch joins when its features are known. A second session with
 * the same datapath id takes the first one's place: the switch has come back and its old connection
 * has not been noticed to be dead.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"
#include "openflow/channel.h"
#include "runtime/log.h"

#include <inttypes.h>

LOG_MODULE(ctl);

void handshake_start(struct ctl_dp *dp)
{
    struct ofp_msg hello = {.type = OFPT_HELLO, .xid = session_xid(dp)};
    dp->state = SESSION_HELLO;
    loop_timer_arm(&dp->life, loop_now() + dp->ctl->config.handshake_time);
    dp->stream->out_limit = dp->ctl->config.out_limit;
    session_send(dp, &hello);
}

/* Say so in the protocol's words, and hang up. */
static void handshake_refuse(struct ctl_dp *dp, struct span bytes)
{
    ctl_counters.handshakes_failed++;
    log_warn_limited(&dp->ctl->refused, "%s: speaks no OpenFlow 1.0 (wire version 0x%02x)",
                     dp->peer, bytes.data[0]);
    session_send_hello_failed(dp, bytes);
    session_end(dp);
}

/* Section 5.3.1 and 5.3.2. */
static void handshake_ask(struct ctl_dp *dp)
{
    struct ofp_msg features = {.type = OFPT_FEATURES_REQUEST, .xid = session_xid(dp)};
    struct ofp_msg config = {.type = OFPT_SET_CONFIG, .xid = session_xid(dp)};
    config.config = (struct ofp_msg_config){
        .flags = OFPC_FRAG_NORMAL,
        .miss_send_len = (uint16_t)dp->ctl->config.miss_send_len,
    };
    dp->state = SESSION_FEATURES;
    session_send(dp, &features);
    session_send(dp, &config);
}

static void handshake_refused(struct ctl_dp *dp)
{
    ctl_counters.handshakes_failed++;
    log_warn_limited(&dp->ctl->refused, "%s: the switch refuses OpenFlow 1.0", dp->peer);
    session_end(dp);
}

bool handshake_message(struct ctl_dp *dp, struct span bytes)
{
    switch (ofp_greet(bytes, dp->state != SESSION_HELLO)) {
    case OFP_GREETING_AGREED:
        ctl_counters.rx[OFPT_HELLO]++;
        handshake_ask(dp);
        return true;
    case OFP_GREETING_FOREIGN:
        handshake_refuse(dp, bytes);
        return true;
    case OFP_GREETING_REFUSED:
        handshake_refused(dp);
        return true;
    case OFP_GREETING_NONE:
        break;
    }
    return false;
}

static void handshake_replace(struct ctl_dp *dp, uint64_t dpid)
{
    struct ctl_dp *old = ctl_find_dp(dp->ctl, dpid);
    if (old == NULL)
        return;
    ctl_counters.sessions_replaced++;
    log_warn_limited(&dp->ctl->refused, "%s: datapath %016" PRIx64 " is at %s now", old->peer, dpid,
                     dp->peer);
    session_reap(old);
}

void handshake_features(struct ctl_dp *dp, const struct ofp_msg *msg)
{
    if (datapath_set_features(dp, &msg->features) != 0) {
        log_error("%s: no memory for its ports", dp->peer);
        session_end(dp);
        return;
    }
    handshake_replace(dp, msg->features.datapath_id);
    dp->state = SESSION_JOINED;
    dp->since = loop_now();
    datapath_enter(dp);
    ctl_counters.sessions_joined++;
    log_info("%s: datapath %016" PRIx64 " has joined, %zu ports", dp->peer, ctl_dp_id(dp),
             dp->features.ports.len / sizeof *dp->port);
    loop_timer_arm(&dp->life, dp->heard + dp->ctl->config.echo_interval);
    if (dp->dial != NULL)
        serve_answered(dp->dial);
    chain_join(dp);
}
