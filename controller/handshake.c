/*
 * handshake.c - from a stream's opening to a datapath that has joined.
 *
 * Both ends say hello with the highest version that they speak, and the lower of the two holds
 * (OpenFlow 1.0 section 4.5.1; from 1.3.1 on a hello may also carry a bitmap of versions, section
 * A.5.1 there). We speak 1.0 only, so it is enough that the peer does not exclude it. Then we ask
 * for the features, set the configuration, and the switch joins when its features are known. A
 * second session with the same datapath id takes the first one's place: the switch has come back
 * and its old connection has not been noticed to be dead.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"
#include "runtime/log.h"

#include <inttypes.h>

LOG_MODULE(ctl);

void handshake_start(struct ctl_dp *dp)
{
    struct ofp_msg hello = {.type = OFPT_HELLO, .xid = session_xid(dp)};
    dp->state = SESSION_HELLO;
    dp->stream->out_limit = dp->ctl->config.out_limit;
    session_send(dp, &hello);
}

/* An element of a hello, of OpenFlow 1.3.1 and later; padded to a multiple of 8. */
struct hello_element {
    be16 type;
    be16 length; /* of this header and the body, without the pad */
};
OFP_ASSERT_SIZE(struct hello_element, 4);
#define HELLO_VERSION_BITMAP 1 /* body: be32s, bit n of the first is wire version n */

/* Does a peer that says this hello speak 1.0? Elements that make no sense say nothing. */
static bool hello_offers_1_0(struct span hello)
{
    const struct ofp_header *header = span_take(&hello, sizeof *header);
    const struct hello_element *element;

    if (header->version < OFP_VERSION)
        return false;
    while ((element = span_take(&hello, sizeof *element)) != NULL) {
        size_t length = be16_get(element->length);
        const be32 *bitmap = (const be32 *)hello.data;
        if (length < sizeof *element || length - sizeof *element > hello.len)
            break;
        if (be16_get(element->type) == HELLO_VERSION_BITMAP &&
            length >= sizeof *element + sizeof *bitmap)
            return be32_get(*bitmap) >> OFP_VERSION & 1;
        if (span_take(&hello, (length + 7) / 8 * 8 - sizeof *element) == NULL)
            break;
    }
    return true;
}

/* Say so in the protocol's words (section 5.4.4: the data is a text), and hang up. */
static void handshake_refuse(struct ctl_dp *dp, const struct ofp_header *peer)
{
    static const char text[] = "this controller speaks OpenFlow 1.0 only (wire version 0x01)";
    struct ofp_msg msg = {.type = OFPT_ERROR, .xid = be32_get(peer->xid)};
    msg.error = (struct ofp_msg_error){.type = OFPET_HELLO_FAILED,
                                       .code = OFPHFC_INCOMPATIBLE,
                                       .data = span_of(text, sizeof text - 1)};
    ctl_counters.handshakes_failed++;
    log_warn_limited(&dp->ctl->refused, "%s: speaks no OpenFlow 1.0 (wire version 0x%02x)",
                     dp->peer, peer->version);
    session_send(dp, &msg);
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

/* The peer hangs up on us, in any version: an error is never answered with an error. */
static void handshake_refused(struct ctl_dp *dp)
{
    ctl_counters.handshakes_failed++;
    log_warn_limited(&dp->ctl->refused, "%s: the switch refuses OpenFlow 1.0", dp->peer);
    session_end(dp);
}

static bool is_hello_failed(struct span bytes)
{
    const struct ofp_error_msg *error = (const struct ofp_error_msg *)bytes.data;
    return error->header.type == OFPT_ERROR && bytes.len >= sizeof *error &&
           be16_get(error->type) == OFPET_HELLO_FAILED;
}

/* Hello and error, types 0 and 1, are common to all versions; any other message of another version
 * says that the peer has chosen that one. */
bool handshake_message(struct ctl_dp *dp, struct span bytes)
{
    const struct ofp_header *header = (const struct ofp_header *)bytes.data;

    if (is_hello_failed(bytes)) {
        handshake_refused(dp);
    } else if (header->type == OFPT_HELLO && dp->state == SESSION_HELLO) {
        ctl_counters.rx[OFPT_HELLO]++;
        if (hello_offers_1_0(bytes))
            handshake_ask(dp);
        else
            handshake_refuse(dp, header);
    } else if (header->version != OFP_VERSION && header->type > OFPT_ERROR) {
        handshake_refuse(dp, header);
    } else {
        return false;
    }
    return true;
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
    datapath_enter(dp);
    ctl_counters.sessions_joined++;
    log_info("%s: datapath %016" PRIx64 " has joined, %zu ports", dp->peer, ctl_dp_id(dp),
             dp->features.ports.len / sizeof *dp->port);
    loop_timer_arm(&dp->life, dp->heard + dp->ctl->config.echo_interval);
    if (dp->dial != NULL)
        dial_joined(dp->dial);
    chain_join(dp);
}
