/*
 * parse_actions.c - a list of actions from ovs-ofctl's text. See parse.h for the syntax,
 * ovs-actions(7) for the names.
 *
 * An action is a setter (mod_dl_src:..., set_field:...->eth_src), one of a few others, or a port
 * by itself. All that comes out of here passes ofp_validate_actions().
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/action.h"
#include "openflow/parse.h"
#include "openflow/scan.h"

#define WHOLE_FRAME 0xffff /* max_len, if none is said */

/* Actions that set a field: by their own name, and by the field's behind set_field. */
struct setter {
    const char *name;
    enum ofp_action_type type;
    enum scan_kind kind;
    uint64_t max;
};

static const struct setter actions[] = {
    {"mod_vlan_vid", OFPAT_SET_VLAN_VID, SCAN_NUMBER, 0xfff},
    {"set_vlan_vid", OFPAT_SET_VLAN_VID, SCAN_NUMBER, 0xfff},
    {"mod_vlan_pcp", OFPAT_SET_VLAN_PCP, SCAN_NUMBER, 7},
    {"set_vlan_pcp", OFPAT_SET_VLAN_PCP, SCAN_NUMBER, 7},
    {"mod_dl_src", OFPAT_SET_DL_SRC, SCAN_MAC, 0},
    {"mod_dl_dst", OFPAT_SET_DL_DST, SCAN_MAC, 0},
    {"mod_nw_src", OFPAT_SET_NW_SRC, SCAN_IPV4, 0},
    {"mod_nw_dst", OFPAT_SET_NW_DST, SCAN_IPV4, 0},
    {"mod_nw_tos", OFPAT_SET_NW_TOS, SCAN_NUMBER, 0xff},
    {"mod_tp_src", OFPAT_SET_TP_SRC, SCAN_NUMBER, 0xffff},
    {"mod_tp_dst", OFPAT_SET_TP_DST, SCAN_NUMBER, 0xffff},
    {NULL, 0, 0, 0},
};

static const struct setter fields[] = {
    {"dl_vlan", OFPAT_SET_VLAN_VID, SCAN_NUMBER, 0xfff},
    {"vlan_vid", OFPAT_SET_VLAN_VID, SCAN_NUMBER,
     0x1fff}, /* with or without the bit for "tagged" */
    {"dl_vlan_pcp", OFPAT_SET_VLAN_PCP, SCAN_NUMBER, 7},
    {"vlan_pcp", OFPAT_SET_VLAN_PCP, SCAN_NUMBER, 7},
    {"dl_src", OFPAT_SET_DL_SRC, SCAN_MAC, 0},
    {"eth_src", OFPAT_SET_DL_SRC, SCAN_MAC, 0},
    {"dl_dst", OFPAT_SET_DL_DST, SCAN_MAC, 0},
    {"eth_dst", OFPAT_SET_DL_DST, SCAN_MAC, 0},
    {"nw_src", OFPAT_SET_NW_SRC, SCAN_IPV4, 0},
    {"ip_src", OFPAT_SET_NW_SRC, SCAN_IPV4, 0},
    {"nw_dst", OFPAT_SET_NW_DST, SCAN_IPV4, 0},
    {"ip_dst", OFPAT_SET_NW_DST, SCAN_IPV4, 0},
    {"nw_tos", OFPAT_SET_NW_TOS, SCAN_NUMBER, 0xff},
    {"tp_src", OFPAT_SET_TP_SRC, SCAN_NUMBER, 0xffff},
    {"tcp_src", OFPAT_SET_TP_SRC, SCAN_NUMBER, 0xffff},
    {"udp_src", OFPAT_SET_TP_SRC, SCAN_NUMBER, 0xffff},
    {"tp_dst", OFPAT_SET_TP_DST, SCAN_NUMBER, 0xffff},
    {"tcp_dst", OFPAT_SET_TP_DST, SCAN_NUMBER, 0xffff},
    {"udp_dst", OFPAT_SET_TP_DST, SCAN_NUMBER, 0xffff},
    {NULL, 0, 0, 0},
};

static const struct setter *find_setter(const struct setter *s, struct word name)
{
    while (s->name != NULL && !ofp_word_is(name, s->name))
        s++;
    return s->name != NULL ? s : NULL;
}

/* The end of every action: NULL if there was room for it. */
static const char *done(bool put, const struct scan_item *item, char *error)
{
    return put ? NULL : ofp_scan_error(error, item->all, "no room for so many actions");
}

/* --- Setters ---------------------------------------------------------------------------------- */

static void mac_of(uint64_t value, uint8_t mac[OFP_ETH_ALEN])
{
    for (int i = OFP_ETH_ALEN - 1; i >= 0; i--, value >>= 8)
        mac[i] = (uint8_t)value;
}

static bool put_setter(struct buf *list, enum ofp_action_type type, uint64_t value)
{
    uint8_t mac[OFP_ETH_ALEN];
    mac_of(value, mac);
    switch (type) {
    case OFPAT_SET_VLAN_VID:
        return ofp_put_set_vlan_vid(list, value & 0xfff);
    case OFPAT_SET_VLAN_PCP:
        return ofp_put_set_vlan_pcp(list, (uint8_t)value);
    case OFPAT_SET_DL_SRC:
        return ofp_put_set_dl_src(list, mac);
    case OFPAT_SET_DL_DST:
        return ofp_put_set_dl_dst(list, mac);
    case OFPAT_SET_NW_SRC:
        return ofp_put_set_nw_src(list, (uint32_t)value);
    case OFPAT_SET_NW_DST:
        return ofp_put_set_nw_dst(list, (uint32_t)value);
    case OFPAT_SET_NW_TOS:
        return ofp_put_set_nw_tos(list, (uint8_t)value);
    case OFPAT_SET_TP_SRC:
        return ofp_put_set_tp_src(list, (uint16_t)value);
    case OFPAT_SET_TP_DST:
        return ofp_put_set_tp_dst(list, (uint16_t)value);
    default:
        return false;
    }
}

static const char *parse_setter(const struct scan_item *item, const struct setter *s,
                                struct word text, struct buf *list, char *error)
{
    uint64_t value;
    if (!ofp_scan_value(text, s->kind, s->max, &value))
        return ofp_scan_value_error(error, item->all, s->kind, s->max);
    if (s->type == OFPAT_SET_NW_TOS && value & 3)
        return ofp_scan_error(error, item->all,
                              "a TOS is a multiple of 4: its lower two bits are ECN");
    return done(put_setter(list, s->type, value), item, error);
}

static const char *parse_set_field(const struct scan_item *item, struct buf *list, char *error)
{
    struct word value, field;
    const struct setter *s;
    uint64_t dscp;
    if (!ofp_word_split(item->value, "->", &value, &field))
        return ofp_scan_error(error, item->all, "expected set_field:VALUE->FIELD");
    if (ofp_word_is(field, "ip_dscp")) {
        if (!ofp_scan_number(value, 63, &dscp))
            return ofp_scan_value_error(error, item->all, SCAN_NUMBER, 63);
        return done(ofp_put_set_nw_tos(list, (uint8_t)(dscp << 2)), item, error);
    }
    if ((s = find_setter(fields, field)) == NULL)
        return ofp_scan_error(error, item->all, "is not a field that OpenFlow 1.0 can set");
    return parse_setter(item, s, value, list, error);
}

/* --- Output ----------------------------------------------------------------------------------- */

static bool is_physical(uint16_t port_no)
{
    return port_no > 0 && port_no < OFPP_MAX;
}

static const char *put_port(const struct scan_item *item, uint16_t port_no, struct buf *list,
                            char *error)
{
    if (!is_physical(port_no) && (port_no < OFPP_IN_PORT || port_no > OFPP_LOCAL))
        return ofp_scan_error(error, item->all, "nothing can be sent to this port");
    return done(ofp_put_output(list, port_no, port_no == OFPP_CONTROLLER ? WHOLE_FRAME : 0), item,
                error);
}

static const char *parse_output(const struct scan_item *item, struct buf *list, char *error)
{
    uint16_t port_no;
    if (!ofp_scan_port(item->value, &port_no))
        return ofp_scan_value_error(error, item->all, SCAN_PORT, 0);
    return put_port(item, port_no, list, error);
}

/* controller, controller:LEN, controller(max_len=LEN) */
static const char *parse_controller(const struct scan_item *item, struct buf *list, char *error)
{
    struct word rest = item->value;
    struct scan_item inner;
    uint64_t max_len = WHOLE_FRAME;
    if (!ofp_scan_number(item->value, WHOLE_FRAME, &max_len)) {
        max_len = WHOLE_FRAME;
        while (ofp_scan_item(&rest, &inner)) {
            if (!ofp_word_is(inner.name, "max_len"))
                return ofp_scan_error(error, inner.all,
                                      "expected max_len=N or N alone, N from 0 to 65535");
            if (!ofp_scan_number(inner.value, WHOLE_FRAME, &max_len))
                return ofp_scan_value_error(error, inner.all, SCAN_NUMBER, WHOLE_FRAME);
        }
    }
    return done(ofp_put_output(list, OFPP_CONTROLLER, (uint16_t)max_len), item, error);
}

/* enqueue:PORT:QUEUE, enqueue(PORT,QUEUE) */
static const char *parse_enqueue(const struct scan_item *item, struct buf *list, char *error)
{
    struct word port, queue;
    uint16_t port_no;
    uint64_t queue_id;
    if (!ofp_word_split(item->value, ":", &port, &queue) &&
        !ofp_word_split(item->value, ",", &port, &queue))
        return ofp_scan_error(error, item->all,
                              "expected enqueue:PORT:QUEUE or enqueue(PORT,QUEUE)");
    if (!ofp_scan_port(port, &port_no))
        return ofp_scan_value_error(error, port, SCAN_PORT, 0);
    if (!is_physical(port_no) && port_no != OFPP_IN_PORT)
        return ofp_scan_error(error, item->all, "only physical ports and IN_PORT have queues");
    if (!ofp_scan_number(queue, UINT32_MAX, &queue_id))
        return ofp_scan_value_error(error, queue, SCAN_NUMBER, UINT32_MAX);
    return done(ofp_put_enqueue(list, port_no, (uint32_t)queue_id), item, error);
}

/* --- The rest --------------------------------------------------------------------------------- */

static const char *parse_strip_vlan(const struct scan_item *item, struct buf *list, char *error)
{
    if (item->value.n > 0)
        return ofp_scan_error(error, item->all, "takes no value");
    return done(ofp_put_strip_vlan(list), item, error);
}

static const char *parse_dec_ttl(const struct scan_item *item, struct buf *list, char *error)
{
    if (item->value.n > 0)
        return ofp_scan_error(error, item->all, "takes no value in OpenFlow 1.0");
    return done(ofp_put_dec_ttl(list), item, error);
}

static const char *parse_set_queue(const struct scan_item *item, struct buf *list, char *error)
{
    (void)list;
    return ofp_scan_error(error, item->all,
                          "OpenFlow 1.0 has no such action: use enqueue:PORT:QUEUE");
}

static const struct {
    const char *name;
    const char *(*parse)(const struct scan_item *item, struct buf *list, char *error);
} others[] = {
    {"output", parse_output},         {"controller", parse_controller},
    {"enqueue", parse_enqueue},       {"set_field", parse_set_field},
    {"strip_vlan", parse_strip_vlan}, {"pop_vlan", parse_strip_vlan},
    {"dec_ttl", parse_dec_ttl},       {"set_queue", parse_set_queue},
};

static const char *parse_action(const struct scan_item *item, struct buf *list, char *error)
{
    const struct setter *s = find_setter(actions, item->name);
    uint16_t port_no;
    if (s != NULL)
        return parse_setter(item, s, item->value, list, error);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (ofp_word_is(item->name, others[i].name))
            return others[i].parse(item, list, error);
    if (item->value.n == 0 && ofp_scan_port(item->name, &port_no))
        return put_port(item, port_no, list, error);
    return ofp_scan_error(error, item->all, "is not an action of OpenFlow 1.0");
}

const char *ofp_parse_actions(const char *text, struct buf *list, char *error)
{
    struct word rest = ofp_word_of(text);
    struct scan_item item;
    bool drop = false;
    for (int n = 0; ofp_scan_item(&rest, &item); n++) {
        const char *bad;
        if (drop || (n > 0 && ofp_word_is(item.name, "drop")))
            return ofp_scan_error(error, item.all, "no other action may stand beside \"drop\"");
        drop = ofp_word_is(item.all, "drop");
        if (!drop && (bad = parse_action(&item, list, error)) != NULL)
            return bad;
    }
    return NULL;
}
