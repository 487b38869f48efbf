/*
 * wire.h - OpenFlow 1.0 as it lies on the wire: every struct and constant.
 *
 * From the OpenFlow Switch Specification, version 1.0.0 (wire version 0x01, December 2009), with
 * what its errata release 1.0.1 adds. Names are the specification's own; "section" below means a
 * section of that document. All integers are big-endian (see runtime/bytes.h); each struct's size
 * is asserted. This header only declares: msg.h decodes and encodes, validate.h judges.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_WIRE_H
#define MORGANA_OPENFLOW_WIRE_H

#include "runtime/bytes.h"

/* A wire format has no padding but what it names. */
#define OFP_ASSERT_SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)

/* The version of every message (section 5.1), and sizes of the specification, in bytes. */
#define OFP_VERSION            0x01
#define OFP_TCP_PORT           6653 /* IANA's; 6633 was used before it */
#define OFP_MAX_MESSAGE        65535
#define OFP_ETH_ALEN           6
#define OFP_MAX_PORT_NAME_LEN  16
#define OFP_MAX_TABLE_NAME_LEN 32
#define OFP_DESC_STR_LEN       256
#define OFP_SERIAL_NUM_LEN     32

#define OFP_NO_BUFFER             0xffffffffu /* section 5.3.3: no buffered packet */
#define OFP_DEFAULT_MISS_SEND_LEN 128         /* section 5.3.2 */
#define OFP_DEFAULT_PRIORITY      0x8000      /* section 5.3.3 */
#define OFP_FLOW_PERMANENT        0           /* section 5.3.3: a time-out that never comes */
#define OFP_VLAN_NONE             0xffff      /* section 5.2.3: matches frames without a VLAN tag */
#define OFP_DL_TYPE_ETH2_CUTOFF   0x0600      /* section 3.4: from here on an EtherType */
#define OFP_DL_TYPE_NOT_ETH_TYPE  0x05ff      /* section 3.1: IEEE 802.3 without a SNAP EtherType */

/* --- 5.1 The header of every message ------------------------------------------------------- */

struct ofp_header {
    uint8_t version; /* OFP_VERSION */
    uint8_t type;    /* enum ofp_type */
    be16 length;     /* of the whole message, this header included */
    be32 xid;        /* a reply carries its request's */
};
OFP_ASSERT_SIZE(struct ofp_header, 8);

enum ofp_type {
    OFPT_HELLO = 0,
    OFPT_ERROR = 1,
    OFPT_ECHO_REQUEST = 2,
    OFPT_ECHO_REPLY = 3,
    OFPT_VENDOR = 4,
    OFPT_FEATURES_REQUEST = 5,
    OFPT_FEATURES_REPLY = 6,
    OFPT_GET_CONFIG_REQUEST = 7,
    OFPT_GET_CONFIG_REPLY = 8,
    OFPT_SET_CONFIG = 9,
    OFPT_PACKET_IN = 10,
    OFPT_FLOW_REMOVED = 11,
    OFPT_PORT_STATUS = 12,
    OFPT_PACKET_OUT = 13,
    OFPT_FLOW_MOD = 14,
    OFPT_PORT_MOD = 15,
    OFPT_STATS_REQUEST = 16,
    OFPT_STATS_REPLY = 17,
    OFPT_BARRIER_REQUEST = 18,
    OFPT_BARRIER_REPLY = 19,
    OFPT_QUEUE_GET_CONFIG_REQUEST = 20,
    OFPT_QUEUE_GET_CONFIG_REPLY = 21,
    OFPT_N_TYPES = 22,
};

/* --- 5.2.1 Ports ---------------------------------------------------------------------------- */

enum ofp_port {
    OFPP_MAX = 0xff00,        /* numbers of physical ports are 1 .. OFPP_MAX - 1 */
    OFPP_IN_PORT = 0xfff8,    /* back out of the input port; must be said to be done */
    OFPP_TABLE = 0xfff9,      /* through the flow table; in packet-out only */
    OFPP_NORMAL = 0xfffa,     /* the switch's own L2/L3 forwarding */
    OFPP_FLOOD = 0xfffb,      /* all but the input port and those with NO_FLOOD */
    OFPP_ALL = 0xfffc,        /* all but the input port */
    OFPP_CONTROLLER = 0xfffd, /* to the controller as a packet-in */
    OFPP_LOCAL = 0xfffe,      /* the switch's own network stack */
    OFPP_NONE = 0xffff,       /* no port */
};

enum ofp_port_config {
    OFPPC_PORT_DOWN = 1 << 0,    /* administratively down */
    OFPPC_NO_STP = 1 << 1,       /* not part of 802.1D spanning tree */
    OFPPC_NO_RECV = 1 << 2,      /* drop received frames, except 802.1D ones */
    OFPPC_NO_RECV_STP = 1 << 3,  /* drop received 802.1D frames */
    OFPPC_NO_FLOOD = 1 << 4,     /* not a port of OFPP_FLOOD */
    OFPPC_NO_FWD = 1 << 5,       /* drop frames sent to it */
    OFPPC_NO_PACKET_IN = 1 << 6, /* a miss on it is not sent to the controller */
};

enum ofp_port_state {
    OFPPS_LINK_DOWN = 1 << 0,
    OFPPS_STP_LISTEN = 0 << 8, /* the four states of 802.1D, in two bits */
    OFPPS_STP_LEARN = 1 << 8,
    OFPPS_STP_FORWARD = 2 << 8,
    OFPPS_STP_BLOCK = 3 << 8,
    OFPPS_STP_MASK = 3 << 8,
};

enum ofp_port_features {
    OFPPF_10MB_HD = 1 << 0,
    OFPPF_10MB_FD = 1 << 1,
    OFPPF_100MB_HD = 1 << 2,
    OFPPF_100MB_FD = 1 << 3,
    OFPPF_1GB_HD = 1 << 4,
    OFPPF_1GB_FD = 1 << 5,
    OFPPF_10GB_FD = 1 << 6,
    OFPPF_COPPER = 1 << 7,
    OFPPF_FIBER = 1 << 8,
    OFPPF_AUTONEG = 1 << 9,
    OFPPF_PAUSE = 1 << 10,
    OFPPF_PAUSE_ASYM = 1 << 11,
};

struct ofp_phy_port {
    be16 port_no;
    uint8_t hw_addr[OFP_ETH_ALEN];
    char name[OFP_MAX_PORT_NAME_LEN]; /* NUL-terminated */
    be32 config;                      /* enum ofp_port_config */
    be32 state;                       /* enum ofp_port_state */
    be32 curr;                        /* enum ofp_port_features: in use */
    be32 advertised;                  /* ... advertised by the port */
    be32 supported;                   /* ... that the port can do */
    be32 peer;                        /* ... advertised by its peer */
};
OFP_ASSERT_SIZE(struct ofp_phy_port, 48);

/* --- 5.2.2 Queues --------------------------------------------------------------------------- */

enum ofp_queue_properties {
    OFPQT_NONE = 0,
    OFPQT_MIN_RATE = 1,
};

#define OFPQ_MIN_RATE_UNCFG 0xffff      /* min-rate: not configured; above 1000 means disabled */
#define OFPQ_ALL            0xffffffffu /* section 5.3.5: every queue of a port */

struct ofp_packet_queue {
    be32 queue_id;
    be16 len; /* of this struct and its properties */
    uint8_t pad[2];
    /* struct ofp_queue_prop_header properties[] */
};
OFP_ASSERT_SIZE(struct ofp_packet_queue, 8);

struct ofp_queue_prop_header {
    be16 property; /* enum ofp_queue_properties */
    be16 len;      /* of this header and the property */
    uint8_t pad[4];
};
OFP_ASSERT_SIZE(struct ofp_queue_prop_header, 8);

struct ofp_queue_prop_min_rate {
    struct ofp_queue_prop_header prop_header; /* OFPQT_MIN_RATE, len 16 */
    be16 rate;                                /* in 1/10 of a per cent */
    uint8_t pad[6];
};
OFP_ASSERT_SIZE(struct ofp_queue_prop_min_rate, 16);

/* --- 5.2.3 Flow match ----------------------------------------------------------------------- */

enum ofp_flow_wildcards {
    OFPFW_IN_PORT = 1 << 0,
    OFPFW_DL_VLAN = 1 << 1,
    OFPFW_DL_SRC = 1 << 2,
    OFPFW_DL_DST = 1 << 3,
    OFPFW_DL_TYPE = 1 << 4,
    OFPFW_NW_PROTO = 1 << 5,
    OFPFW_TP_SRC = 1 << 6,
    OFPFW_TP_DST = 1 << 7,
    /* How many low bits of the address are wild: 0 is exact, 32 and above is any. */
    OFPFW_NW_SRC_SHIFT = 8,
    OFPFW_NW_SRC_BITS = 6,
    OFPFW_NW_SRC_MASK = ((1 << OFPFW_NW_SRC_BITS) - 1) << OFPFW_NW_SRC_SHIFT,
    OFPFW_NW_SRC_ALL = 32 << OFPFW_NW_SRC_SHIFT,
    OFPFW_NW_DST_SHIFT = 14,
    OFPFW_NW_DST_BITS = 6,
    OFPFW_NW_DST_MASK = ((1 << OFPFW_NW_DST_BITS) - 1) << OFPFW_NW_DST_SHIFT,
    OFPFW_NW_DST_ALL = 32 << OFPFW_NW_DST_SHIFT,
    OFPFW_DL_VLAN_PCP = 1 << 20,
    OFPFW_NW_TOS = 1 << 21,
    OFPFW_ALL = (1 << 22) - 1,
};

struct ofp_match {
    be32 wildcards; /* enum ofp_flow_wildcards */
    be16 in_port;
    uint8_t dl_src[OFP_ETH_ALEN];
    uint8_t dl_dst[OFP_ETH_ALEN];
    be16 dl_vlan;        /* OFP_VLAN_NONE: untagged */
    uint8_t dl_vlan_pcp; /* 0 .. 7 */
    uint8_t pad1[1];
    be16 dl_type;
    uint8_t nw_tos;   /* the DSCP, in the upper six bits */
    uint8_t nw_proto; /* IP protocol, or the low 8 bits of the ARP opcode */
    uint8_t pad2[2];
    be32 nw_src;
    be32 nw_dst;
    be16 tp_src; /* TCP or UDP port, or ICMP type */
    be16 tp_dst; /* TCP or UDP port, or ICMP code */
};
OFP_ASSERT_SIZE(struct ofp_match, 40);

/* --- 5.2.4 Actions -------------------------------------------------------------------------- */

enum ofp_action_type {
    OFPAT_OUTPUT = 0,
    OFPAT_SET_VLAN_VID = 1,
    OFPAT_SET_VLAN_PCP = 2,
    OFPAT_STRIP_VLAN = 3,
    OFPAT_SET_DL_SRC = 4,
    OFPAT_SET_DL_DST = 5,
    OFPAT_SET_NW_SRC = 6,
    OFPAT_SET_NW_DST = 7,
    OFPAT_SET_NW_TOS = 8,
    OFPAT_SET_TP_SRC = 9,
    OFPAT_SET_TP_DST = 10,
    OFPAT_ENQUEUE = 11,
    OFPAT_N_TYPES = 12,
    OFPAT_VENDOR = 0xffff,
};

struct ofp_action_header {
    be16 type; /* enum ofp_action_type */
    be16 len;  /* of the whole action: a multiple of 8 */
    uint8_t pad[4];
};
OFP_ASSERT_SIZE(struct ofp_action_header, 8);

struct ofp_action_output {
    be16 type; /* OFPAT_OUTPUT */
    be16 len;  /* 8 */
    be16 port;
    be16 max_len; /* bytes to send to OFPP_CONTROLLER */
};
OFP_ASSERT_SIZE(struct ofp_action_output, 8);

struct ofp_action_vlan_vid {
    be16 type; /* OFPAT_SET_VLAN_VID */
    be16 len;  /* 8 */
    be16 vlan_vid;
    uint8_t pad[2];
};
OFP_ASSERT_SIZE(struct ofp_action_vlan_vid, 8);

struct ofp_action_vlan_pcp {
    be16 type; /* OFPAT_SET_VLAN_PCP */
    be16 len;  /* 8 */
    uint8_t vlan_pcp;
    uint8_t pad[3];
};
OFP_ASSERT_SIZE(struct ofp_action_vlan_pcp, 8);

struct ofp_action_dl_addr {
    be16 type; /* OFPAT_SET_DL_SRC or OFPAT_SET_DL_DST */
    be16 len;  /* 16 */
    uint8_t dl_addr[OFP_ETH_ALEN];
    uint8_t pad[6];
};
OFP_ASSERT_SIZE(struct ofp_action_dl_addr, 16);

struct ofp_action_nw_addr {
    be16 type; /* OFPAT_SET_NW_SRC or OFPAT_SET_NW_DST */
    be16 len;  /* 8 */
    be32 nw_addr;
};
OFP_ASSERT_SIZE(struct ofp_action_nw_addr, 8);

struct ofp_action_nw_tos {
    be16 type; /* OFPAT_SET_NW_TOS */
    be16 len;  /* 8 */
    uint8_t nw_tos;
    uint8_t pad[3];
};
OFP_ASSERT_SIZE(struct ofp_action_nw_tos, 8);

struct ofp_action_tp_port {
    be16 type; /* OFPAT_SET_TP_SRC or OFPAT_SET_TP_DST */
    be16 len;  /* 8 */
    be16 tp_port;
    uint8_t pad[2];
};
OFP_ASSERT_SIZE(struct ofp_action_tp_port, 8);

struct ofp_action_enqueue {
    be16 type; /* OFPAT_ENQUEUE */
    be16 len;  /* 16 */
    be16 port; /* a physical port or OFPP_IN_PORT */
    uint8_t pad[6];
    be32 queue_id;
};
OFP_ASSERT_SIZE(struct ofp_action_enqueue, 16);

struct ofp_action_vendor_header {
    be16 type; /* OFPAT_VENDOR */
    be16 len;  /* a multiple of 8, at least 8 */
    be32 vendor;
};
OFP_ASSERT_SIZE(struct ofp_action_vendor_header, 8);

/* --- 5.3.1 Handshake ------------------------------------------------------------------------ */

enum ofp_capabilities {
    OFPC_FLOW_STATS = 1 << 0,
    OFPC_TABLE_STATS = 1 << 1,
    OFPC_PORT_STATS = 1 << 2,
    OFPC_STP = 1 << 3,
    OFPC_RESERVED = 1 << 4,
    OFPC_IP_REASM = 1 << 5,
    OFPC_QUEUE_STATS = 1 << 6,
    OFPC_ARP_MATCH_IP = 1 << 7,
};

struct ofp_switch_features {
    struct ofp_header header;
    be64 datapath_id; /* the low 48 bits are a MAC address, the rest is the implementer's */
    be32 n_buffers;
    uint8_t n_tables;
    uint8_t pad[3];
    be32 capabilities; /* enum ofp_capabilities */
    be32 actions;      /* bit n: enum ofp_action_type n is supported */
    /* struct ofp_phy_port ports[] */
};
OFP_ASSERT_SIZE(struct ofp_switch_features, 32);

/* --- 5.3.2 Switch configuration ------------------------------------------------------------- */

enum ofp_config_flags {
    OFPC_FRAG_NORMAL = 0,
    OFPC_FRAG_DROP = 1,
    OFPC_FRAG_REASM = 2,
    OFPC_FRAG_MASK = 3,
    OFPC_INVALID_TTL_TO_CONTROLLER = 4, /* not in 1.0, but Open vSwitch has it there too */
};

struct ofp_switch_config {
    struct ofp_header header;
    be16 flags;         /* enum ofp_config_flags */
    be16 miss_send_len; /* bytes of a missed packet to send to the controller */
};
OFP_ASSERT_SIZE(struct ofp_switch_config, 12);

/* --- 5.3.3 Modify state --------------------------------------------------------------------- */

enum ofp_flow_mod_command {
    OFPFC_ADD = 0,
    OFPFC_MODIFY = 1,
    OFPFC_MODIFY_STRICT = 2,
    OFPFC_DELETE = 3,
    OFPFC_DELETE_STRICT = 4,
    OFPFC_N_COMMANDS = 5,
};

enum ofp_flow_mod_flags {
    OFPFF_SEND_FLOW_REM = 1 << 0,
    OFPFF_CHECK_OVERLAP = 1 << 1,
    OFPFF_EMERG = 1 << 2,
    OFPFF_ALL = (1 << 3) - 1,
};

struct ofp_flow_mod {
    struct ofp_header header;
    struct ofp_match match;
    be64 cookie;
    be16 command;      /* enum ofp_flow_mod_command */
    be16 idle_timeout; /* in seconds; OFP_FLOW_PERMANENT: none */
    be16 hard_timeout; /* in seconds; OFP_FLOW_PERMANENT: none */
    be16 priority;     /* higher wins; only for entries with wildcards */
    be32 buffer_id;    /* of a buffered packet to apply it to, or OFP_NO_BUFFER */
    be16 out_port;     /* for DELETE*: only entries that output there; OFPP_NONE: all */
    be16 flags;        /* enum ofp_flow_mod_flags */
    /* struct ofp_action_header actions[] */
};
OFP_ASSERT_SIZE(struct ofp_flow_mod, 72);

struct ofp_port_mod {
    struct ofp_header header;
    be16 port_no;
    uint8_t hw_addr[OFP_ETH_ALEN]; /* must be the port's own: a check against confusion */
    be32 config;                   /* enum ofp_port_config: values */
    be32 mask;                     /* enum ofp_port_config: which of them to change */
    be32 advertise;                /* enum ofp_port_features; 0: no change */
    uint8_t pad[4];
};
OFP_ASSERT_SIZE(struct ofp_port_mod, 32);

/* --- 5.3.4 Queue configuration -------------------------------------------------------------- */

struct ofp_queue_get_config_request {
    struct ofp_header header;
    be16 port; /* a physical port: below OFPP_MAX */
    uint8_t pad[2];
};
OFP_ASSERT_SIZE(struct ofp_queue_get_config_request, 12);

struct ofp_queue_get_config_reply {
    struct ofp_header header;
    be16 port;
    uint8_t pad[6];
    /* struct ofp_packet_queue queues[] */
};
OFP_ASSERT_SIZE(struct ofp_queue_get_config_reply, 16);

/* --- 5.3.5 Read state: statistics ----------------------------------------------------------- */

enum ofp_stats_types {
    OFPST_DESC = 0,
    OFPST_FLOW = 1,
    OFPST_AGGREGATE = 2,
    OFPST_TABLE = 3,
    OFPST_PORT = 4,
    OFPST_QUEUE = 5,
    OFPST_N_TYPES = 6,
    OFPST_VENDOR = 0xffff,
};

enum ofp_stats_reply_flags {
    OFPSF_REPLY_MORE = 1 << 0, /* more replies to this request follow */
};

/* Requests and replies begin alike. */
struct ofp_stats_header {
    struct ofp_header header;
    be16 type;  /* enum ofp_stats_types */
    be16 flags; /* in a reply: enum ofp_stats_reply_flags */
    /* uint8_t body[] */
};
OFP_ASSERT_SIZE(struct ofp_stats_header, 12);

struct ofp_desc_stats {
    char mfr_desc[OFP_DESC_STR_LEN]; /* all NUL-terminated */
    char hw_desc[OFP_DESC_STR_LEN];
    char sw_desc[OFP_DESC_STR_LEN];
    char serial_num[OFP_SERIAL_NUM_LEN];
    char dp_desc[OFP_DESC_STR_LEN];
};
OFP_ASSERT_SIZE(struct ofp_desc_stats, 1056);

/* The body of a flow request and of an aggregate request. */
struct ofp_flow_stats_request {
    struct ofp_match match;
    uint8_t table_id; /* 0xff: all tables, 0xfe: the emergency table */
    uint8_t pad;
    be16 out_port; /* only entries that output there; OFPP_NONE: all */
};
OFP_ASSERT_SIZE(struct ofp_flow_stats_request, 44);

#define OFP_TABLE_ALL   0xff /* every table */
#define OFP_TABLE_EMERG 0xfe /* that of the emergency entries: section 4.3 */

struct ofp_flow_stats {
    be16 length; /* of this entry with its actions */
    uint8_t table_id;
    uint8_t pad;
    struct ofp_match match;
    be32 duration_sec;
    be32 duration_nsec; /* beyond duration_sec */
    be16 priority;
    be16 idle_timeout;
    be16 hard_timeout;
    uint8_t pad2[6];
    be64 cookie;
    be64 packet_count;
    be64 byte_count;
    /* struct ofp_action_header actions[] */
};
OFP_ASSERT_SIZE(struct ofp_flow_stats, 88);

struct ofp_aggregate_stats_reply {
    be64 packet_count;
    be64 byte_count;
    be32 flow_count;
    uint8_t pad[4];
};
OFP_ASSERT_SIZE(struct ofp_aggregate_stats_reply, 24);

struct ofp_table_stats {
    uint8_t table_id;
    uint8_t pad[3];
    char name[OFP_MAX_TABLE_NAME_LEN];
    be32 wildcards; /* enum ofp_flow_wildcards that the table supports */
    be32 max_entries;
    be32 active_count;
    be64 lookup_count;
    be64 matched_count;
};
OFP_ASSERT_SIZE(struct ofp_table_stats, 64);

struct ofp_port_stats_request {
    be16 port_no; /* OFPP_NONE: all */
    uint8_t pad[6];
};
OFP_ASSERT_SIZE(struct ofp_port_stats_request, 8);

/* A counter of all ones is not available. */
struct ofp_port_stats {
    be16 port_no;
    uint8_t pad[6];
    be64 rx_packets;
    be64 tx_packets;
    be64 rx_bytes;
    be64 tx_bytes;
    be64 rx_dropped;
    be64 tx_dropped;
    be64 rx_errors; /* the sum of the more particular ones below */
    be64 tx_errors;
    be64 rx_frame_err;
    be64 rx_over_err;
    be64 rx_crc_err;
    be64 collisions;
};
OFP_ASSERT_SIZE(struct ofp_port_stats, 104);

struct ofp_queue_stats_request {
    be16 port_no; /* OFPP_ALL: every port */
    uint8_t pad[2];
    be32 queue_id; /* OFPQ_ALL: every queue */
};
OFP_ASSERT_SIZE(struct ofp_queue_stats_request, 8);

struct ofp_queue_stats {
    be16 port_no;
    uint8_t pad[2];
    be32 queue_id;
    be64 tx_bytes;
    be64 tx_packets;
    be64 tx_errors; /* dropped for want of room */
};
OFP_ASSERT_SIZE(struct ofp_queue_stats, 32);

/* --- 5.3.6 Send packet ---------------------------------------------------------------------- */

struct ofp_packet_out {
    struct ofp_header header;
    be32 buffer_id;   /* OFP_NO_BUFFER: the packet follows the actions */
    be16 in_port;     /* OFPP_NONE if there is none */
    be16 actions_len; /* bytes of actions */
    /* struct ofp_action_header actions[]; uint8_t data[] */
};
OFP_ASSERT_SIZE(struct ofp_packet_out, 16);

/* --- 5.4 Asynchronous messages -------------------------------------------------------------- */

enum ofp_packet_in_reason {
    OFPR_NO_MATCH = 0,
    OFPR_ACTION = 1,
    OFPR_INVALID_TTL = 2, /* not in 1.0, but Open vSwitch has it there too */
};

/* The specification's struct ends in a two-byte pad that its `data` member does not follow: on the
 * wire the frame begins at byte 18. */
struct ofp_packet_in {
    struct ofp_header header;
    be32 buffer_id; /* OFP_NO_BUFFER: not buffered, data is whole */
    be16 total_len; /* of the frame */
    be16 in_port;
    uint8_t reason; /* enum ofp_packet_in_reason */
    uint8_t pad;
    /* uint8_t data[] */
};
OFP_ASSERT_SIZE(struct ofp_packet_in, 18);

enum ofp_flow_removed_reason {
    OFPRR_IDLE_TIMEOUT = 0,
    OFPRR_HARD_TIMEOUT = 1,
    OFPRR_DELETE = 2,
};

struct ofp_flow_removed {
    struct ofp_header header;
    struct ofp_match match;
    be64 cookie;
    be16 priority;
    uint8_t reason; /* enum ofp_flow_removed_reason */
    uint8_t pad[1];
    be32 duration_sec;
    be32 duration_nsec;
    be16 idle_timeout;
    uint8_t pad2[2];
    be64 packet_count;
    be64 byte_count;
};
OFP_ASSERT_SIZE(struct ofp_flow_removed, 88);

enum ofp_port_reason {
    OFPPR_ADD = 0,
    OFPPR_DELETE = 1,
    OFPPR_MODIFY = 2,
};

struct ofp_port_status {
    struct ofp_header header;
    uint8_t reason; /* enum ofp_port_reason */
    uint8_t pad[7];
    struct ofp_phy_port desc;
};
OFP_ASSERT_SIZE(struct ofp_port_status, 64);

/* --- 5.4.4 Errors --------------------------------------------------------------------------- */

#define OFP_ERROR_DATA_MIN 64 /* an error carries at least this much of the failed request */

struct ofp_error_msg {
    struct ofp_header header;
    be16 type; /* enum ofp_error_type */
    be16 code; /* an enum by type, below */
    /* uint8_t data[] */
};
OFP_ASSERT_SIZE(struct ofp_error_msg, 12);

enum ofp_error_type {
    OFPET_HELLO_FAILED = 0,
    OFPET_BAD_REQUEST = 1,
    OFPET_BAD_ACTION = 2,
    OFPET_FLOW_MOD_FAILED = 3,
    OFPET_PORT_MOD_FAILED = 4,
    OFPET_QUEUE_OP_FAILED = 5,
};

enum ofp_hello_failed_code { /* data: an ASCII text */
                             OFPHFC_INCOMPATIBLE = 0,
                             OFPHFC_EPERM = 1,
};

enum ofp_bad_request_code { /* data: the request's first bytes */
                            OFPBRC_BAD_VERSION = 0,
                            OFPBRC_BAD_TYPE = 1,
                            OFPBRC_BAD_STAT = 2,
                            OFPBRC_BAD_VENDOR = 3,
                            OFPBRC_BAD_SUBTYPE = 4,
                            OFPBRC_EPERM = 5,
                            OFPBRC_BAD_LEN = 6,
                            OFPBRC_BUFFER_EMPTY = 7,
                            OFPBRC_BUFFER_UNKNOWN = 8,
};

enum ofp_bad_action_code {
    OFPBAC_BAD_TYPE = 0,
    OFPBAC_BAD_LEN = 1,
    OFPBAC_BAD_VENDOR = 2,
    OFPBAC_BAD_VENDOR_TYPE = 3,
    OFPBAC_BAD_OUT_PORT = 4,
    OFPBAC_BAD_ARGUMENT = 5,
    OFPBAC_EPERM = 6,
    OFPBAC_TOO_MANY = 7,
    OFPBAC_BAD_QUEUE = 8,
};

enum ofp_flow_mod_failed_code {
    OFPFMFC_ALL_TABLES_FULL = 0,
    OFPFMFC_OVERLAP = 1,
    OFPFMFC_EPERM = 2,
    OFPFMFC_BAD_EMERG_TIMEOUT = 3,
    OFPFMFC_BAD_COMMAND = 4,
    OFPFMFC_UNSUPPORTED = 5,
};

enum ofp_port_mod_failed_code {
    OFPPMFC_BAD_PORT = 0,
    OFPPMFC_BAD_HW_ADDR = 1,
};

enum ofp_queue_op_failed_code {
    OFPQOFC_BAD_PORT = 0,
    OFPQOFC_BAD_QUEUE = 1,
    OFPQOFC_EPERM = 2,
};

/* --- 5.5.4 Vendor messages ------------------------------------------------------------------ */

struct ofp_vendor_header {
    struct ofp_header header;
    be32 vendor; /* an IEEE OUI in the low three bytes, or an id of the Foundation's */
    /* uint8_t body[] */
};
OFP_ASSERT_SIZE(struct ofp_vendor_header, 12);

/* Nicira's extensions, as Open vSwitch speaks them over OpenFlow 1.0. */
#define NX_VENDOR_ID 0x00002320u

enum nx_subtype {
    NXT_ROLE_REQUEST = 10,
    NXT_ROLE_REPLY = 11,
};

struct nx_header {
    struct ofp_header header; /* OFPT_VENDOR */
    be32 vendor;              /* NX_VENDOR_ID */
    be32 subtype;             /* enum nx_subtype */
};
OFP_ASSERT_SIZE(struct nx_header, 16);

enum nx_role {
    NX_ROLE_OTHER = 0, /* equal: the default */
    NX_ROLE_MASTER = 1,
    NX_ROLE_SLAVE = 2,
};

struct nx_role_request {
    struct nx_header nxh;
    be32 role; /* enum nx_role */
};
OFP_ASSERT_SIZE(struct nx_role_request, 20);

enum nx_action_subtype {
    NXAST_DEC_TTL = 18,
};

struct nx_action_header {
    be16 type;   /* OFPAT_VENDOR */
    be16 len;    /* 16 */
    be32 vendor; /* NX_VENDOR_ID */
    be16 subtype;
    uint8_t pad[6];
};
OFP_ASSERT_SIZE(struct nx_action_header, 16);

#endif
