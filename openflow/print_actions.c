/*
 * print_actions.c - lists of actions as text, in ovs-ofctl's syntax (ovs-actions(7)).
 *
 * One row per type of action says what stands in front of its argument and how that is printed.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/print_parts.h"

#include "openflow/action.h"

static void put_output(struct text *t, const void *action)
{
    const struct ofp_action_output *a = action;
    uint16_t port = be16_get(a->port);
    if (port < OFPP_MAX)
        text_put(t, "output:");
    ofp_print_port(t, port);
    if (port == OFPP_CONTROLLER) {
        text_put_char(t, ':');
        text_put_u64(t, be16_get(a->max_len));
    }
}

static void put_enqueue(struct text *t, const void *action)
{
    const struct ofp_action_enqueue *a = action;
    ofp_print_port(t, be16_get(a->port));
    text_put_char(t, ':');
    text_put_u64(t, be32_get(a->queue_id));
}

static void put_vlan_vid(struct text *t, const void *action)
{
    const struct ofp_action_vlan_vid *a = action;
    text_put_u64(t, be16_get(a->vlan_vid));
}

static void put_vlan_pcp(struct text *t, const void *action)
{
    const struct ofp_action_vlan_pcp *a = action;
    text_put_u64(t, a->vlan_pcp);
}

static void put_nothing(struct text *t, const void *action)
{
    (void)t;
    (void)action;
}

static void put_dl_addr(struct text *t, const void *action)
{
    const struct ofp_action_dl_addr *a = action;
    text_put_mac(t, a->dl_addr);
}

static void put_nw_addr(struct text *t, const void *action)
{
    const struct ofp_action_nw_addr *a = action;
    text_put_ipv4(t, be32_get(a->nw_addr));
}

static void put_nw_tos(struct text *t, const void *action)
{
    const struct ofp_action_nw_tos *a = action;
    text_put_u64(t, a->nw_tos);
}

static void put_tp_port(struct text *t, const void *action)
{
    const struct ofp_action_tp_port *a = action;
    text_put_u64(t, be16_get(a->tp_port));
}

static const struct action_row {
    const char *name;
    void (*put)(struct text *t, const void *action);
} rows[OFPAT_N_TYPES] = {
    [OFPAT_OUTPUT] = {"", put_output},
    [OFPAT_SET_VLAN_VID] = {"mod_vlan_vid:", put_vlan_vid},
    [OFPAT_SET_VLAN_PCP] = {"mod_vlan_pcp:", put_vlan_pcp},
    [OFPAT_STRIP_VLAN] = {"strip_vlan", put_nothing},
    [OFPAT_SET_DL_SRC] = {"mod_dl_src:", put_dl_addr},
    [OFPAT_SET_DL_DST] = {"mod_dl_dst:", put_dl_addr},
    [OFPAT_SET_NW_SRC] = {"mod_nw_src:", put_nw_addr},
    [OFPAT_SET_NW_DST] = {"mod_nw_dst:", put_nw_addr},
    [OFPAT_SET_NW_TOS] = {"mod_nw_tos:", put_nw_tos},
    [OFPAT_SET_TP_SRC] = {"mod_tp_src:", put_tp_port},
    [OFPAT_SET_TP_DST] = {"mod_tp_dst:", put_tp_port},
    [OFPAT_ENQUEUE] = {"enqueue:", put_enqueue},
};

static bool is_dec_ttl(const struct ofp_action_header *header)
{
    const struct nx_action_header *a = (const struct nx_action_header *)header;
    return be16_get(a->type) == OFPAT_VENDOR && be16_get(a->len) == sizeof *a &&
           be32_get(a->vendor) == NX_VENDOR_ID && be16_get(a->subtype) == NXAST_DEC_TTL;
}

/* An action that we do not know, in hexadecimal: ovs-ofctl has no syntax for it. */
static void put_unknown(struct text *t, const struct ofp_action_header *header)
{
    const uint8_t *bytes = (const uint8_t *)header;
    text_put(t, "unknown:");
    for (size_t i = 0; i < be16_get(header->len); i++)
        text_put_hex(t, bytes[i], 2);
}

static void put_action(struct text *t, const struct ofp_action_header *header)
{
    uint16_t type = be16_get(header->type);
    if (type < OFPAT_N_TYPES) {
        text_put(t, rows[type].name);
        rows[type].put(t, header);
    } else if (is_dec_ttl(header)) {
        text_put(t, "dec_ttl");
    } else {
        put_unknown(t, header);
    }
}

void ofp_print_actions(struct text *t, struct span actions)
{
    const struct ofp_action_header *a;
    size_t start = t->need;
    while ((a = ofp_next_action(&actions)) != NULL) {
        ofp_print_member(t, start, "");
        put_action(t, a);
    }
    if (t->need == start)
        text_put(t, "drop");
}
