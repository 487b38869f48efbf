/*
 * validate.c - judging a received message: tables of rules, and the checks that need code.
 *
 * One row per message type, per statistics type (requests and replies apart) and per action type.
 * A row gives the permitted length and, where length is not all, a check of the body. Section 5.4.4
 * of OpenFlow 1.0 names the faults; the section that makes something a fault is cited at its check.
 * Where the specification is silent, what a peer sent passes, unless reading it would not be safe.
 *
 * Two degrees of strictness for actions: a switch that is told to apply them checks what they mean;
 * who only reads them (a controller, in a flow's statistics) checks that they can be walked and
 * that those of known types have their length, for the other end may know vendors that we do not.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/validate.h"
#include "openflow/action.h"
#include "openflow/msg.h"

/* A permitted length: `min` bytes, then any number of entries of `step` bytes (0: nothing more). */
struct size_rule {
    uint16_t min;
    uint16_t step;
};

#define EXACTLY(type)                                                                              \
    {                                                                                              \
        sizeof(type), 0                                                                            \
    }
#define AT_LEAST(type)                                                                             \
    {                                                                                              \
        sizeof(type), 1                                                                            \
    }
#define AND_LIST(type, step)                                                                       \
    {                                                                                              \
        sizeof(type), step                                                                         \
    }

static bool size_fits(const struct size_rule *rule, size_t n)
{
    if (n <= rule->min || rule->step == 0)
        return n == rule->min;
    return (n - rule->min) % rule->step == 0;
}

/* What a list of actions is for. */
enum purpose {
    TO_READ,  /* walked and printed only */
    TO_SEND,  /* applied to one packet, in a packet-out */
    TO_STORE, /* applied by a flow entry */
};

/* What a check knows besides what it looks at, and where it says what is wrong. */
struct judge {
    enum ofp_receiver receiver;
    uint32_t vendor;      /* whose actions pass besides Nicira's; NX_VENDOR_ID: nobody's */
    enum purpose purpose; /* of the actions being checked */
    struct ofp_fault *fault;
};

static bool refuse(struct judge *j, uint16_t type, uint16_t code)
{
    *j->fault = (struct ofp_fault){.type = type, .code = code};
    return false;
}

static bool refuse_request(struct judge *j, enum ofp_bad_request_code code)
{
    return refuse(j, OFPET_BAD_REQUEST, (uint16_t)code);
}

static bool refuse_action(struct judge *j, enum ofp_bad_action_code code)
{
    return refuse(j, OFPET_BAD_ACTION, (uint16_t)code);
}

/* --- Actions, section 5.2.4 ------------------------------------------------------------------ */

/* Section 5.2.1: physical ports are numbered below OFPP_MAX; 0 is no port's number. */
static bool is_physical(uint16_t port)
{
    return port > 0 && port < OFPP_MAX;
}

/* Section 4.6: a port that can never be valid is BAD_OUT_PORT. Section 5.2.1: OFPP_TABLE is for
 * packet-out only; OFPP_NONE is no destination. */
static bool check_output(const void *action, struct judge *j)
{
    const struct ofp_action_output *a = action;
    uint16_t port = be16_get(a->port);
    if (is_physical(port) || (port >= OFPP_NORMAL && port <= OFPP_LOCAL) || port == OFPP_IN_PORT ||
        (port == OFPP_TABLE && j->purpose == TO_SEND))
        return true;
    return refuse_action(j, OFPBAC_BAD_OUT_PORT);
}

/* "A valid physical port (i.e. < OFPP_MAX) or OFPP_IN_PORT". */
static bool check_enqueue(const void *action, struct judge *j)
{
    const struct ofp_action_enqueue *a = action;
    uint16_t port = be16_get(a->port);
    return is_physical(port) || port == OFPP_IN_PORT || refuse_action(j, OFPBAC_BAD_OUT_PORT);
}

/* A VLAN id has 12 bits. */
static bool check_vlan_vid(const void *action, struct judge *j)
{
    const struct ofp_action_vlan_vid *a = action;
    return be16_get(a->vlan_vid) <= 0xfff || refuse_action(j, OFPBAC_BAD_ARGUMENT);
}

/* "Only the lower 3 bits have meaning". */
static bool check_vlan_pcp(const void *action, struct judge *j)
{
    const struct ofp_action_vlan_pcp *a = action;
    return a->vlan_pcp <= 7 || refuse_action(j, OFPBAC_BAD_ARGUMENT);
}

/* The DSCP is in the upper six bits; the lower two, ECN, are not the action's to set. */
static bool check_nw_tos(const void *action, struct judge *j)
{
    const struct ofp_action_nw_tos *a = action;
    return (a->nw_tos & 3) == 0 || refuse_action(j, OFPBAC_BAD_ARGUMENT);
}

/* Of vendors, Nicira is known, and of Nicira's actions dec_ttl; and the receiver's own. The walk
 * has seen to it that a vendor action holds its vendor's id. */
static bool check_vendor_action(const struct ofp_action_header *action, struct judge *j)
{
    const struct ofp_action_vendor_header *a = (const void *)action;
    const struct nx_action_header *nx = (const void *)action;
    if (be32_get(a->vendor) != NX_VENDOR_ID)
        return j->purpose == TO_READ || be32_get(a->vendor) == j->vendor ||
               refuse_action(j, OFPBAC_BAD_VENDOR);
    if (be16_get(a->len) < sizeof *nx)
        return refuse_action(j, OFPBAC_BAD_LEN);
    if (be16_get(nx->subtype) != NXAST_DEC_TTL)
        return j->purpose == TO_READ || refuse_action(j, OFPBAC_BAD_VENDOR_TYPE);
    return be16_get(a->len) == sizeof *nx || refuse_action(j, OFPBAC_BAD_LEN);
}

struct action_row {
    struct size_rule size;
    bool (*check)(const void *action, struct judge *j); /* or NULL */
};

static const struct action_row action_rows[OFPAT_N_TYPES] = {
    [OFPAT_OUTPUT] = {EXACTLY(struct ofp_action_output), check_output},
    [OFPAT_SET_VLAN_VID] = {EXACTLY(struct ofp_action_vlan_vid), check_vlan_vid},
    [OFPAT_SET_VLAN_PCP] = {EXACTLY(struct ofp_action_vlan_pcp), check_vlan_pcp},
    [OFPAT_STRIP_VLAN] = {EXACTLY(struct ofp_action_header), NULL},
    [OFPAT_SET_DL_SRC] = {EXACTLY(struct ofp_action_dl_addr), NULL},
    [OFPAT_SET_DL_DST] = {EXACTLY(struct ofp_action_dl_addr), NULL},
    [OFPAT_SET_NW_SRC] = {EXACTLY(struct ofp_action_nw_addr), NULL},
    [OFPAT_SET_NW_DST] = {EXACTLY(struct ofp_action_nw_addr), NULL},
    [OFPAT_SET_NW_TOS] = {EXACTLY(struct ofp_action_nw_tos), check_nw_tos},
    [OFPAT_SET_TP_SRC] = {EXACTLY(struct ofp_action_tp_port), NULL},
    [OFPAT_SET_TP_DST] = {EXACTLY(struct ofp_action_tp_port), NULL},
    [OFPAT_ENQUEUE] = {EXACTLY(struct ofp_action_enqueue), check_enqueue},
};

static bool check_action(const struct ofp_action_header *a, struct judge *j)
{
    uint16_t type = be16_get(a->type);
    const struct action_row *row;
    if (type == OFPAT_VENDOR)
        return check_vendor_action(a, j);
    if (type >= OFPAT_N_TYPES)
        return j->purpose == TO_READ || refuse_action(j, OFPBAC_BAD_TYPE);
    row = &action_rows[type];
    if (!size_fits(&row->size, be16_get(a->len)))
        return refuse_action(j, OFPBAC_BAD_LEN);
    return j->purpose == TO_READ || row->check == NULL || row->check(a, j);
}

static bool check_actions(struct span actions, enum purpose purpose, struct judge *j)
{
    j->purpose = purpose;
    while (actions.len > 0) {
        const struct ofp_action_header *a = ofp_next_action(&actions);
        if (a == NULL)
            return refuse_action(j, OFPBAC_BAD_LEN);
        if (!check_action(a, j))
            return false;
    }
    return true;
}

bool ofp_validate_actions(struct span actions, struct ofp_fault *fault)
{
    struct judge j = {.receiver = OFP_AT_EITHER, .vendor = NX_VENDOR_ID, .fault = fault};
    return check_actions(actions, TO_SEND, &j);
}

/* --- Commands to a switch, sections 5.3.3 to 5.3.6 ------------------------------------------- */

/* Section 4.6: an unknown command is BAD_COMMAND, an emergency entry may not time out; a deletion
 * has no use for actions. Flags beyond the three are not a fault that 1.0 has a code for. */
static bool check_flow_mod(struct span bytes, struct judge *j)
{
    struct ofp_msg msg;
    const struct ofp_msg_flow_mod *m = &msg.flow_mod;
    bool deletes;
    ofp_decode(&msg, bytes);
    deletes = m->command == OFPFC_DELETE || m->command == OFPFC_DELETE_STRICT;
    if (m->command >= OFPFC_N_COMMANDS)
        return refuse(j, OFPET_FLOW_MOD_FAILED, OFPFMFC_BAD_COMMAND);
    if (!check_actions(m->actions, deletes ? TO_READ : TO_STORE, j))
        return false;
    if ((m->flags & OFPFF_EMERG) && (m->idle_timeout || m->hard_timeout))
        return refuse(j, OFPET_FLOW_MOD_FAILED, OFPFMFC_BAD_EMERG_TIMEOUT);
    return true;
}

/* Section 5.3.6. The list of actions itself, not an action, is what runs past the end. */
static bool check_packet_out(struct span bytes, struct judge *j)
{
    const struct ofp_packet_out *w = (const void *)bytes.data;
    size_t n = be16_get(w->actions_len);
    if (n > bytes.len - sizeof *w || n % 8 != 0)
        return refuse_request(j, OFPBRC_BAD_LEN);
    return check_actions(span_of(w + 1, n), TO_SEND, j);
}

/* Section 5.3.3. The switch's own port can be configured like a physical one. */
static bool check_port_mod(struct span bytes, struct judge *j)
{
    const struct ofp_port_mod *w = (const void *)bytes.data;
    uint16_t port = be16_get(w->port_no);
    return is_physical(port) || port == OFPP_LOCAL ||
           refuse(j, OFPET_PORT_MOD_FAILED, OFPPMFC_BAD_PORT);
}

/* Section 5.3.4: "should refer to a valid physical port (i.e. < OFPP_MAX)". */
static bool check_queue_request(struct span bytes, struct judge *j)
{
    const struct ofp_queue_get_config_request *w = (const void *)bytes.data;
    return is_physical(be16_get(w->port)) || refuse(j, OFPET_QUEUE_OP_FAILED, OFPQOFC_BAD_PORT);
}

/* --- Queue configuration, section 5.2.2 ------------------------------------------------------ */

static bool check_queue_props(struct span props)
{
    while (props.len > 0) {
        const struct ofp_queue_prop_header *p = ofp_next_queue_prop(&props);
        if (p == NULL || be16_get(p->len) % 8 != 0)
            return false;
        if (be16_get(p->property) == OFPQT_MIN_RATE &&
            be16_get(p->len) != sizeof(struct ofp_queue_prop_min_rate))
            return false;
    }
    return true;
}

static bool check_queue_reply(struct span bytes, struct judge *j)
{
    struct ofp_msg msg;
    struct span queues, props;
    ofp_decode(&msg, bytes);
    for (queues = msg.queue_config.queues; queues.len > 0;)
        if (ofp_next_queue(&queues, &props) == NULL || !check_queue_props(props))
            return refuse_request(j, OFPBRC_BAD_LEN);
    return true;
}

/* --- Vendors, sections 5.3.5 and 5.5.4 ------------------------------------------------------- */

/* Nicira's role messages have one length. Others of Nicira's pass, but not at a switch. */
static bool check_nicira(struct span bytes, struct judge *j)
{
    const struct nx_header *w = (const void *)bytes.data;
    uint32_t subtype;
    if (bytes.len < sizeof *w)
        return refuse_request(j, OFPBRC_BAD_LEN);
    subtype = be32_get(w->subtype);
    if (j->receiver == OFP_AT_SWITCH && subtype != NXT_ROLE_REQUEST)
        return refuse_request(j, OFPBRC_BAD_SUBTYPE);
    if ((subtype == NXT_ROLE_REQUEST || subtype == NXT_ROLE_REPLY) &&
        bytes.len != sizeof(struct nx_role_request))
        return refuse_request(j, OFPBRC_BAD_LEN);
    return true;
}

/* Section 5.5.4: a switch that does not understand a vendor says so; a controller lets it pass. */
static bool check_vendor(struct span bytes, struct judge *j)
{
    const struct ofp_vendor_header *w = (const void *)bytes.data;
    if (be32_get(w->vendor) == NX_VENDOR_ID)
        return check_nicira(bytes, j);
    return j->receiver != OFP_AT_SWITCH || refuse_request(j, OFPBRC_BAD_VENDOR);
}

/* Vendor statistics: no vendor's are known here, and Nicira's are a known vendor's unknown ones. */
static bool check_vendor_stats(struct span bytes, struct judge *j)
{
    struct ofp_msg msg;
    ofp_decode(&msg, bytes);
    if (j->receiver != OFP_AT_SWITCH)
        return true;
    if (msg.stats.vendor.vendor != NX_VENDOR_ID)
        return refuse_request(j, OFPBRC_BAD_VENDOR);
    return refuse_request(j, OFPBRC_BAD_SUBTYPE);
}

/* --- Statistics, section 5.3.5 --------------------------------------------------------------- */

static bool check_flow_stats(struct span bytes, struct judge *j)
{
    struct ofp_msg msg;
    struct span entries, actions;
    ofp_decode(&msg, bytes);
    for (entries = msg.stats.entries; entries.len > 0;) {
        if (ofp_next_flow_stats(&entries, &actions) == NULL)
            return refuse_request(j, OFPBRC_BAD_LEN);
        if (!check_actions(actions, TO_READ, j))
            return false;
    }
    return true;
}

struct stats_row {
    struct size_rule size;                             /* of the body */
    bool (*check)(struct span bytes, struct judge *j); /* of the whole message; or NULL */
};

static const struct stats_row request_rows[OFPST_N_TYPES] = {
    [OFPST_DESC] = {{0, 0}, NULL},
    [OFPST_FLOW] = {EXACTLY(struct ofp_flow_stats_request), NULL},
    [OFPST_AGGREGATE] = {EXACTLY(struct ofp_flow_stats_request), NULL},
    [OFPST_TABLE] = {{0, 0}, NULL},
    [OFPST_PORT] = {EXACTLY(struct ofp_port_stats_request), NULL},
    [OFPST_QUEUE] = {EXACTLY(struct ofp_queue_stats_request), NULL},
};

static const struct stats_row reply_rows[OFPST_N_TYPES] = {
    [OFPST_DESC] = {EXACTLY(struct ofp_desc_stats), NULL},
    [OFPST_FLOW] = {{0, 1}, check_flow_stats},
    [OFPST_AGGREGATE] = {EXACTLY(struct ofp_aggregate_stats_reply), NULL},
    [OFPST_TABLE] = {{0, sizeof(struct ofp_table_stats)}, NULL},
    [OFPST_PORT] = {{0, sizeof(struct ofp_port_stats)}, NULL},
    [OFPST_QUEUE] = {{0, sizeof(struct ofp_queue_stats)}, NULL},
};

static const struct stats_row vendor_stats_row = {{sizeof(be32), 1}, check_vendor_stats};

static const struct stats_row *stats_row(const struct ofp_stats_header *w)
{
    uint16_t type = be16_get(w->type);
    if (type == OFPST_VENDOR)
        return &vendor_stats_row;
    if (type >= OFPST_N_TYPES)
        return NULL;
    return w->header.type == OFPT_STATS_REQUEST ? &request_rows[type] : &reply_rows[type];
}

static bool check_stats(struct span bytes, struct judge *j)
{
    const struct ofp_stats_header *w = (const void *)bytes.data;
    const struct stats_row *row = stats_row(w);
    if (row == NULL)
        return refuse_request(j, OFPBRC_BAD_STAT);
    if (!size_fits(&row->size, bytes.len - sizeof *w))
        return refuse_request(j, OFPBRC_BAD_LEN);
    return row->check == NULL || row->check(bytes, j);
}

/* --- Messages -------------------------------------------------------------------------------- */

struct message_row {
    const char *name;
    uint8_t receivers; /* enum ofp_receiver: who may receive it */
    struct size_rule size;
    bool (*check)(struct span bytes, struct judge *j); /* or NULL */
};

static const struct message_row message_rows[OFPT_N_TYPES] = {
    /* 5.5.1: a hello may carry a body, to be ignored. */
    [OFPT_HELLO] = {"OFPT_HELLO", OFP_AT_EITHER, AT_LEAST(struct ofp_header), NULL},
    /* 4.2: a failed hello is told by either end. */
    [OFPT_ERROR] = {"OFPT_ERROR", OFP_AT_EITHER, AT_LEAST(struct ofp_error_msg), NULL},
    [OFPT_ECHO_REQUEST] = {"OFPT_ECHO_REQUEST", OFP_AT_EITHER, AT_LEAST(struct ofp_header), NULL},
    [OFPT_ECHO_REPLY] = {"OFPT_ECHO_REPLY", OFP_AT_EITHER, AT_LEAST(struct ofp_header), NULL},
    [OFPT_VENDOR] = {"OFPT_VENDOR", OFP_AT_EITHER, AT_LEAST(struct ofp_vendor_header),
                     check_vendor},
    [OFPT_FEATURES_REQUEST] = {"OFPT_FEATURES_REQUEST", OFP_AT_SWITCH, EXACTLY(struct ofp_header),
                               NULL},
    [OFPT_FEATURES_REPLY] = {"OFPT_FEATURES_REPLY", OFP_AT_CONTROLLER,
                             AND_LIST(struct ofp_switch_features, sizeof(struct ofp_phy_port)),
                             NULL},
    [OFPT_GET_CONFIG_REQUEST] = {"OFPT_GET_CONFIG_REQUEST", OFP_AT_SWITCH,
                                 EXACTLY(struct ofp_header), NULL},
    [OFPT_GET_CONFIG_REPLY] = {"OFPT_GET_CONFIG_REPLY", OFP_AT_CONTROLLER,
                               EXACTLY(struct ofp_switch_config), NULL},
    [OFPT_SET_CONFIG] = {"OFPT_SET_CONFIG", OFP_AT_SWITCH, EXACTLY(struct ofp_switch_config), NULL},
    /* 5.4.1: total_len is a claim; a frame that is cut short or longer is still a frame. */
    [OFPT_PACKET_IN] = {"OFPT_PACKET_IN", OFP_AT_CONTROLLER, AT_LEAST(struct ofp_packet_in), NULL},
    [OFPT_FLOW_REMOVED] = {"OFPT_FLOW_REMOVED", OFP_AT_CONTROLLER, EXACTLY(struct ofp_flow_removed),
                           NULL},
    [OFPT_PORT_STATUS] = {"OFPT_PORT_STATUS", OFP_AT_CONTROLLER, EXACTLY(struct ofp_port_status),
                          NULL},
    [OFPT_PACKET_OUT] = {"OFPT_PACKET_OUT", OFP_AT_SWITCH, AT_LEAST(struct ofp_packet_out),
                         check_packet_out},
    [OFPT_FLOW_MOD] = {"OFPT_FLOW_MOD", OFP_AT_SWITCH, AND_LIST(struct ofp_flow_mod, 8),
                       check_flow_mod},
    [OFPT_PORT_MOD] = {"OFPT_PORT_MOD", OFP_AT_SWITCH, EXACTLY(struct ofp_port_mod),
                       check_port_mod},
    [OFPT_STATS_REQUEST] = {"OFPT_STATS_REQUEST", OFP_AT_SWITCH, AT_LEAST(struct ofp_stats_header),
                            check_stats},
    [OFPT_STATS_REPLY] = {"OFPT_STATS_REPLY", OFP_AT_CONTROLLER, AT_LEAST(struct ofp_stats_header),
                          check_stats},
    [OFPT_BARRIER_REQUEST] = {"OFPT_BARRIER_REQUEST", OFP_AT_SWITCH, EXACTLY(struct ofp_header),
                              NULL},
    [OFPT_BARRIER_REPLY] = {"OFPT_BARRIER_REPLY", OFP_AT_CONTROLLER, EXACTLY(struct ofp_header),
                            NULL},
    [OFPT_QUEUE_GET_CONFIG_REQUEST] = {"OFPT_QUEUE_GET_CONFIG_REQUEST", OFP_AT_SWITCH,
                                       EXACTLY(struct ofp_queue_get_config_request),
                                       check_queue_request},
    [OFPT_QUEUE_GET_CONFIG_REPLY] = {"OFPT_QUEUE_GET_CONFIG_REPLY", OFP_AT_CONTROLLER,
                                     AND_LIST(struct ofp_queue_get_config_reply, 8),
                                     check_queue_reply},
};

/* Section 4.2: hellos meet in any version and negotiate one; version 0 leaves nothing to agree on.
 * An error answers an error never, and looks the same in all versions, so it is let in to be read:
 * it is how a peer of another version says that it does not speak ours. */
static bool check_version(const struct ofp_header *h, struct judge *j)
{
    if (h->version == OFP_VERSION)
        return true;
    if (h->version > 0 && (h->type == OFPT_HELLO || h->type == OFPT_ERROR))
        return true;
    if (h->type == OFPT_HELLO)
        return refuse(j, OFPET_HELLO_FAILED, OFPHFC_INCOMPATIBLE);
    return refuse_request(j, OFPBRC_BAD_VERSION);
}

static bool check_message(struct span bytes, struct judge *j)
{
    const struct ofp_header *h = (const void *)bytes.data;
    const struct message_row *row;
    if (bytes.len < sizeof *h)
        return refuse_request(j, OFPBRC_BAD_LEN);
    if (!check_version(h, j))
        return false;
    if (h->type >= OFPT_N_TYPES || (message_rows[h->type].receivers & j->receiver) == 0)
        return refuse_request(j, OFPBRC_BAD_TYPE);
    row = &message_rows[h->type];
    if (be16_get(h->length) != bytes.len || !size_fits(&row->size, bytes.len))
        return refuse_request(j, OFPBRC_BAD_LEN);
    return row->check == NULL || row->check(bytes, j);
}

bool ofp_validate(struct span bytes, enum ofp_receiver receiver, struct ofp_fault *fault)
{
    struct judge j = {.receiver = receiver, .vendor = NX_VENDOR_ID, .fault = fault};
    return check_message(bytes, &j);
}

bool ofp_validate_at_switch(struct span bytes, uint32_t vendor, struct ofp_fault *fault)
{
    struct judge j = {.receiver = OFP_AT_SWITCH, .vendor = vendor, .fault = fault};
    return check_message(bytes, &j);
}

const char *ofp_type_name(uint8_t type)
{
    return type < OFPT_N_TYPES ? message_rows[type].name : NULL;
}
