/*
 * msg.h - OpenFlow messages taken apart and put together.
 *
 * ofp_decode() turns one validated message into a struct ofp_msg: the fixed fields in the host's
 * byte order, the variable parts as views into the received bytes. ofp_encode() is its inverse and
 * writes straight into an output buffer: encode(decode(bytes)) gives the same bytes back (pads as
 * zero). Neither allocates, reads a clock or does I/O. A struct ofp_msg is valid as long as the
 * bytes that it views.
 *
 * The life of a message: ofp_frame() finds it in a byte stream (frame.h), ofp_validate() judges it
 * (validate.h), ofp_decode() opens it, a handler reads it, ofp_encode() writes the answer.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_MSG_H
#define MORGANA_OPENFLOW_MSG_H

#include "openflow/wire.h"
#include "runtime/buf.h"

/* Section 5.4.4: why a request failed. */
struct ofp_msg_error {
    uint16_t type; /* enum ofp_error_type */
    uint16_t code;
    struct span data; /* the failed request's first bytes; a text for HELLO_FAILED */
};

/* Section 5.5.4: a message of a vendor's. */
struct ofp_msg_vendor {
    uint32_t vendor;
    struct span body; /* all that follows the vendor id */
};

/* Section 5.3.1: what a datapath is and can. */
struct ofp_msg_features {
    uint64_t datapath_id;
    uint32_t n_buffers;
    uint8_t n_tables;
    uint32_t capabilities; /* enum ofp_capabilities */
    uint32_t actions;      /* bit n: action type n */
    struct span ports;     /* see ofp_next_port() */
};

/* Section 5.3.2: how a datapath treats fragments and misses. */
struct ofp_msg_config {
    uint16_t flags; /* enum ofp_config_flags */
    uint16_t miss_send_len;
};

/* Section 5.4.1: a packet that a datapath asks about, or sends by an entry. */
struct ofp_msg_packet_in {
    uint32_t buffer_id; /* or OFP_NO_BUFFER */
    uint16_t total_len; /* as claimed: of the whole frame; may disagree with data.len */
    uint16_t in_port;
    uint8_t reason; /* enum ofp_packet_in_reason */
    struct span data;
};

/* Section 5.4.2: an entry has gone, and what it has counted. */
struct ofp_msg_flow_removed {
    const struct ofp_match *match;
    uint64_t cookie;
    uint16_t priority;
    uint8_t reason; /* enum ofp_flow_removed_reason */
    uint32_t duration_sec;
    uint32_t duration_nsec;
    uint16_t idle_timeout;
    uint64_t packet_count;
    uint64_t byte_count;
};

/* Section 5.4.3: a port has come, gone or changed. */
struct ofp_msg_port_status {
    uint8_t reason; /* enum ofp_port_reason */
    const struct ofp_phy_port *desc;
};

/* Section 5.3.6: send a packet, out of a buffer or as it comes along. */
struct ofp_msg_packet_out {
    uint32_t buffer_id; /* or OFP_NO_BUFFER */
    uint16_t in_port;   /* or OFPP_NONE */
    struct span actions;
    struct span data;
};

/* Section 5.3.3: add, change or delete entries. */
struct ofp_msg_flow_mod {
    const struct ofp_match *match;
    uint64_t cookie;
    uint16_t command; /* enum ofp_flow_mod_command */
    uint16_t idle_timeout;
    uint16_t hard_timeout;
    uint16_t priority;
    uint32_t buffer_id; /* or OFP_NO_BUFFER */
    uint16_t out_port;  /* or OFPP_NONE */
    uint16_t flags;     /* enum ofp_flow_mod_flags */
    struct span actions;
};

/* Section 5.3.3: change what a port does. */
struct ofp_msg_port_mod {
    uint16_t port_no;
    uint8_t hw_addr[OFP_ETH_ALEN];
    uint32_t config;
    uint32_t mask;
    uint32_t advertise;
};

/* Section 5.3.4: a port's queues. */
struct ofp_msg_queue_config { /* request: queues is empty */
    uint16_t port;
    struct span queues; /* see ofp_next_queue() */
};

/* A flow or aggregate request. */
struct ofp_msg_flow_request {
    const struct ofp_match *match;
    uint8_t table_id;
    uint16_t out_port;
};

/* Section 5.3.5: the sums of many entries. */
struct ofp_msg_aggregate {
    uint64_t packet_count;
    uint64_t byte_count;
    uint32_t flow_count;
};

/* A port (queue_id unused) or queue request. */
struct ofp_msg_port_request {
    uint16_t port_no;
    uint32_t queue_id;
};

/* Section 5.3.5: a request for statistics, or a part of the reply. */
struct ofp_msg_stats {
    uint16_t type;  /* enum ofp_stats_types */
    uint16_t flags; /* enum ofp_stats_reply_flags */
    union {
        struct ofp_msg_flow_request flow;   /* request FLOW, AGGREGATE */
        struct ofp_msg_port_request port;   /* request PORT, QUEUE */
        const struct ofp_desc_stats *desc;  /* reply DESC */
        struct ofp_msg_aggregate aggregate; /* reply AGGREGATE */
        struct span entries;                /* reply FLOW, TABLE, PORT, QUEUE: ofp_next_*_stats() */
        struct ofp_msg_vendor vendor;       /* both, VENDOR */
    };
};

/* One message. `type` says which member of the union holds; those not named there (features, config
 * and barrier requests, barrier reply) have no body. */
struct ofp_msg {
    uint8_t type; /* enum ofp_type */
    uint32_t xid;
    union {
        struct span data;                         /* HELLO, ECHO_REQUEST, ECHO_REPLY */
        struct ofp_msg_error error;               /* ERROR */
        struct ofp_msg_vendor vendor;             /* VENDOR */
        struct ofp_msg_features features;         /* FEATURES_REPLY */
        struct ofp_msg_config config;             /* GET_CONFIG_REPLY, SET_CONFIG */
        struct ofp_msg_packet_in packet_in;       /* PACKET_IN */
        struct ofp_msg_flow_removed flow_removed; /* FLOW_REMOVED */
        struct ofp_msg_port_status port_status;   /* PORT_STATUS */
        struct ofp_msg_packet_out packet_out;     /* PACKET_OUT */
        struct ofp_msg_flow_mod flow_mod;         /* FLOW_MOD */
        struct ofp_msg_port_mod port_mod;         /* PORT_MOD */
        struct ofp_msg_stats stats;               /* STATS_REQUEST, STATS_REPLY */
        struct ofp_msg_queue_config queue_config; /* QUEUE_GET_CONFIG_* */
    };
};

/* Take one message apart. `bytes` must hold a whole message that ofp_validate() found good. */
void ofp_decode(struct ofp_msg *msg, struct span bytes);

/* Append `msg` to `out` as one message, with version, length and zero pads filled in. False, with
 * `out` as it was, if there is no room for it or it would exceed OFP_MAX_MESSAGE. Lists (ports,
 * actions, entries, queues) are given ready-made, in wire format: see action.h. */
bool ofp_encode(struct buf *out, const struct ofp_msg *msg);

/* The most bytes that ofp_encode() writes for `msg`; more than OFP_MAX_MESSAGE if it refuses it. */
size_t ofp_encoded_bound(const struct ofp_msg *msg);

/* Append an OFPT_ERROR that answers `request`, with as much of it as section 5.4.4 asks (its first
 * 64 bytes, or all if shorter) and its xid. False if there is no room. */
bool ofp_encode_error(struct buf *out, uint16_t type, uint16_t code, struct span request);

/* Walk a list: the next entry of `rest`, which moves past it; NULL at the end, or if what remains
 * is too short or lies about its length (never so in a validated message). */
const struct ofp_phy_port *ofp_next_port(struct span *rest);
const struct ofp_table_stats *ofp_next_table_stats(struct span *rest);
const struct ofp_port_stats *ofp_next_port_stats(struct span *rest);
const struct ofp_queue_stats *ofp_next_queue_stats(struct span *rest);

/* The same; `*actions` gets the entry's actions. */
const struct ofp_flow_stats *ofp_next_flow_stats(struct span *rest, struct span *actions);

/* The same; `*properties` gets the queue's properties, each a struct ofp_queue_prop_header. */
const struct ofp_packet_queue *ofp_next_queue(struct span *rest, struct span *properties);
const struct ofp_queue_prop_header *ofp_next_queue_prop(struct span *rest);

#endif
