/*
 * print.c - OpenFlow messages as text: what kind of message the bytes hold, and what is wrong with
 * them if they hold none. See print.h.
 *
 * Each kind is a row: its name, and the function that prints its body (print_msg.c, print_stats.c).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/print_parts.h"

#include "openflow/validate.h"

struct kind {
    const char *name;
    ofp_print_body *body; /* NULL: nothing follows the header */
};

static const struct kind messages[OFPT_N_TYPES] = {
    [OFPT_HELLO] = {"OFPT_HELLO", ofp_print_hello},
    [OFPT_ERROR] = {"OFPT_ERROR", ofp_print_error},
    [OFPT_ECHO_REQUEST] = {"OFPT_ECHO_REQUEST", ofp_print_echo},
    [OFPT_ECHO_REPLY] = {"OFPT_ECHO_REPLY", ofp_print_echo},
    [OFPT_VENDOR] = {"OFPT_VENDOR", ofp_print_vendor},
    [OFPT_FEATURES_REQUEST] = {"OFPT_FEATURES_REQUEST", NULL},
    [OFPT_FEATURES_REPLY] = {"OFPT_FEATURES_REPLY", ofp_print_features},
    [OFPT_GET_CONFIG_REQUEST] = {"OFPT_GET_CONFIG_REQUEST", NULL},
    [OFPT_GET_CONFIG_REPLY] = {"OFPT_GET_CONFIG_REPLY", ofp_print_config},
    [OFPT_SET_CONFIG] = {"OFPT_SET_CONFIG", ofp_print_config},
    [OFPT_PACKET_IN] = {"OFPT_PACKET_IN", ofp_print_packet_in},
    [OFPT_FLOW_REMOVED] = {"OFPT_FLOW_REMOVED", ofp_print_flow_removed},
    [OFPT_PORT_STATUS] = {"OFPT_PORT_STATUS", ofp_print_port_status},
    [OFPT_PACKET_OUT] = {"OFPT_PACKET_OUT", ofp_print_packet_out},
    [OFPT_FLOW_MOD] = {"OFPT_FLOW_MOD", ofp_print_flow_mod},
    [OFPT_PORT_MOD] = {"OFPT_PORT_MOD", ofp_print_port_mod},
    [OFPT_BARRIER_REQUEST] = {"OFPT_BARRIER_REQUEST", NULL},
    [OFPT_BARRIER_REPLY] = {"OFPT_BARRIER_REPLY", NULL},
    [OFPT_QUEUE_GET_CONFIG_REQUEST] = {"OFPT_QUEUE_GET_CONFIG_REQUEST", ofp_print_queue_request},
    [OFPT_QUEUE_GET_CONFIG_REPLY] = {"OFPT_QUEUE_GET_CONFIG_REPLY", ofp_print_queue_reply},
};

static const struct kind stats_requests[OFPST_N_TYPES] = {
    [OFPST_DESC] = {"OFPST_DESC request", NULL},
    [OFPST_FLOW] = {"OFPST_FLOW request", ofp_print_flow_request},
    [OFPST_AGGREGATE] = {"OFPST_AGGREGATE request", ofp_print_flow_request},
    [OFPST_TABLE] = {"OFPST_TABLE request", NULL},
    [OFPST_PORT] = {"OFPST_PORT request", ofp_print_port_request},
    [OFPST_QUEUE] = {"OFPST_QUEUE request", ofp_print_queue_stats_request},
};

static const struct kind stats_replies[OFPST_N_TYPES] = {
    [OFPST_DESC] = {"OFPST_DESC reply", ofp_print_desc},
    [OFPST_FLOW] = {"OFPST_FLOW reply", ofp_print_flows},
    [OFPST_AGGREGATE] = {"OFPST_AGGREGATE reply", ofp_print_aggregate},
    [OFPST_TABLE] = {"OFPST_TABLE reply", ofp_print_tables},
    [OFPST_PORT] = {"OFPST_PORT reply", ofp_print_port_stats},
    [OFPST_QUEUE] = {"OFPST_QUEUE reply", ofp_print_queue_stats},
};

static const struct kind vendor_stats_request = {"OFPST_VENDOR request", ofp_print_vendor_stats};
static const struct kind vendor_stats_reply = {"OFPST_VENDOR reply", ofp_print_vendor_stats};
static const struct kind nx_role_request = {"NXT_ROLE_REQUEST", ofp_print_role};
static const struct kind nx_role_reply = {"NXT_ROLE_REPLY", ofp_print_role};

static bool is_stats(struct span bytes)
{
    return bytes.data[1] == OFPT_STATS_REQUEST || bytes.data[1] == OFPT_STATS_REPLY;
}

static const struct kind *stats_kind(struct span bytes)
{
    const struct ofp_stats_header *h = (const struct ofp_stats_header *)bytes.data;
    bool reply = h->header.type == OFPT_STATS_REPLY;
    if (bytes.len < sizeof *h)
        return NULL;
    uint16_t type = be16_get(h->type);
    if (type == OFPST_VENDOR)
        return reply ? &vendor_stats_reply : &vendor_stats_request;
    if (type >= OFPST_N_TYPES)
        return NULL;
    return reply ? &stats_replies[type] : &stats_requests[type];
}

static const struct kind *vendor_kind(struct span bytes)
{
    const struct nx_header *h = (const struct nx_header *)bytes.data;
    if (bytes.len < sizeof *h || be32_get(h->vendor) != NX_VENDOR_ID)
        return &messages[OFPT_VENDOR];
    uint32_t subtype = be32_get(h->subtype);
    return subtype == NXT_ROLE_REQUEST ? &nx_role_request
           : subtype == NXT_ROLE_REPLY ? &nx_role_reply
                                       : &messages[OFPT_VENDOR];
}

/* Types up to OFPT_VENDOR are the same in every version, the others are not. */
static bool type_is_known(const struct ofp_header *h)
{
    return h->type <= OFPT_VENDOR || (h->version == OFP_VERSION && h->type < OFPT_N_TYPES);
}

/* What `bytes`, at least a header, claims to be; NULL if that is not in OpenFlow 1.0. */
static const struct kind *kind_of(struct span bytes)
{
    const struct ofp_header *h = (const struct ofp_header *)bytes.data;
    if (!type_is_known(h))
        return NULL;
    if (is_stats(bytes))
        return stats_kind(bytes);
    return h->type == OFPT_VENDOR ? vendor_kind(bytes) : &messages[h->type];
}

/* "OFPT_HELLO (OF1.3) (xid=0x1):" */
static void put_header(struct text *t, const struct kind *kind, struct span bytes)
{
    const struct ofp_header *h = (const struct ofp_header *)bytes.data;
    text_put(t, kind->name);
    if (h->version > OFP_VERSION && h->version <= 6) {
        text_put(t, " (OF1.");
        text_put_u64(t, h->version - 1);
        text_put_char(t, ')');
    } else if (h->version != OFP_VERSION) {
        text_put(t, " (OF 0x");
        text_put_hex(t, h->version, 2);
        text_put_char(t, ')');
    }
    text_put(t, " (xid=");
    text_put_0x(t, be32_get(h->xid));
    text_put(t, "):");
}

static void put_stats_flags(struct text *t, const struct ofp_msg *msg)
{
    uint16_t flags = msg->stats.flags;
    if (flags == 0)
        return;
    text_put(t, " flags=");
    if (msg->type == OFPT_STATS_REPLY && flags & OFPSF_REPLY_MORE) {
        text_put(t, "[more]");
        flags &= ~OFPSF_REPLY_MORE;
    }
    if (flags != 0) {
        text_put(t, "[***unknown flags 0x");
        text_put_hex(t, flags, 4);
        text_put(t, "***]");
    }
}

static void put_good(struct text *t, const struct kind *kind, struct span bytes, int verbosity,
                     int depth)
{
    struct ofp_msg msg;
    struct ofp_printed p = {&msg, bytes, verbosity, depth};
    ofp_decode(&msg, bytes);
    if (is_stats(bytes))
        put_stats_flags(t, &msg);
    if (kind->body != NULL)
        kind->body(t, &p);
}

static void put_fault(struct text *t, const struct ofp_fault *fault, struct span bytes)
{
    text_put(t, "***decode error: ");
    text_put(t, ofp_error_name(fault->type, fault->code));
    text_put(t, "***");
    ofp_print_hex_dump(t, bytes);
}

/* A message that is as long as it says. */
static void put_whole(struct text *t, struct span bytes, int verbosity, int depth)
{
    struct ofp_fault fault;
    const struct kind *kind = kind_of(bytes);
    bool good = ofp_validate(bytes, OFP_AT_EITHER, &fault);
    if (kind != NULL)
        put_header(t, kind, bytes);
    if (kind != NULL && good) {
        put_good(t, kind, bytes, verbosity, depth);
        return;
    }
    if (kind != NULL)
        text_put_char(t, ' ');
    put_fault(t, &fault, bytes);
}

static void put_truncated(struct text *t, struct span bytes, size_t length)
{
    const struct kind *kind = kind_of(bytes);
    if (kind != NULL) {
        put_header(t, kind, bytes);
        text_put_char(t, '\n');
    }
    text_put(t, "(***truncated to ");
    text_put_u64(t, bytes.len);
    text_put(t, " bytes from ");
    text_put_u64(t, length);
    text_put(t, "***)");
    ofp_print_hex_dump(t, bytes);
}

static void put_too_long(struct text *t, struct span bytes, size_t length)
{
    text_put(t, "(***only uses ");
    text_put_u64(t, length);
    text_put(t, " bytes out of ");
    text_put_u64(t, bytes.len);
    text_put(t, "***)");
    ofp_print_hex_dump(t, bytes);
}

static void put_too_short(struct text *t, struct span bytes)
{
    text_put(t, "OpenFlow packet too short (only ");
    text_put_u64(t, bytes.len);
    text_put(t, " bytes):");
    ofp_print_hex_dump(t, bytes);
}

void ofp_print_inside(struct text *t, struct span bytes, int verbosity, int depth)
{
    const struct ofp_header *h = (const struct ofp_header *)bytes.data;
    size_t length = bytes.len < sizeof *h ? 0 : be16_get(h->length);
    if (bytes.len == 0)
        text_put(t, "OpenFlow message is empty");
    else if (bytes.len < sizeof *h)
        put_too_short(t, bytes);
    else if (length > bytes.len)
        put_truncated(t, bytes, length);
    else if (length < bytes.len)
        put_too_long(t, bytes, length);
    else
        put_whole(t, bytes, verbosity, depth);
}

void ofp_print(struct text *t, struct span bytes, int verbosity)
{
    ofp_print_inside(t, bytes, verbosity, 0);
    text_put_char(t, '\n');
}
