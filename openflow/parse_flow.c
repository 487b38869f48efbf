/*
 * parse_flow.c - a whole flow from ovs-ofctl's text: match, attributes, actions. See parse.h.
 *
 * An attribute says with which commands it has a meaning; with others it is refused, as ovs-ofctl
 * does. What dump-flows prints about a flow's past (duration=, n_packets=...) is passed over, so
 * that a dumped flow can be added again.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/match.h"
#include "openflow/parse.h"
#include "openflow/parse_match.h"

/* Bit n: with enum ofp_flow_mod_command n. */
enum {
    ADDING = 1 << OFPFC_ADD,
    MODIFYING = 1 << OFPFC_MODIFY | 1 << OFPFC_MODIFY_STRICT,
    DELETING = 1 << OFPFC_DELETE | 1 << OFPFC_DELETE_STRICT,
    DELETING_STRICTLY = 1 << OFPFC_DELETE_STRICT,
    ANY_COMMAND = (1 << OFPFC_N_COMMANDS) - 1,
};

static const struct attribute {
    const char *name;
    enum { U16, U32, U64, PORT, TABLE, FLAG, PAST } kind;
    unsigned commands;
    size_t at; /* the member of struct ofp_msg_flow_mod; of FLAG, the flag itself */
} attributes[] = {
#define AT(member) offsetof(struct ofp_msg_flow_mod, member)
    {"priority", U16, ADDING | MODIFYING | DELETING_STRICTLY, AT(priority)},
    {"idle_timeout", U16, ADDING | MODIFYING, AT(idle_timeout)},
    {"hard_timeout", U16, ADDING | MODIFYING, AT(hard_timeout)},
    {"cookie", U64, ADDING | MODIFYING, AT(cookie)},
    {"buffer_id", U32, ADDING | MODIFYING, AT(buffer_id)},
    {"out_port", PORT, DELETING, AT(out_port)},
    {"send_flow_rem", FLAG, ADDING | MODIFYING, OFPFF_SEND_FLOW_REM},
    {"check_overlap", FLAG, ADDING | MODIFYING, OFPFF_CHECK_OVERLAP},
    {"emerg", FLAG, ANY_COMMAND, OFPFF_EMERG},
    {"table", TABLE, ANY_COMMAND, 0},
    {"duration", PAST, ANY_COMMAND, 0},
    {"n_packets", PAST, ANY_COMMAND, 0},
    {"n_bytes", PAST, ANY_COMMAND, 0},
    {"idle_age", PAST, ANY_COMMAND, 0},
    {"hard_age", PAST, ANY_COMMAND, 0},
#undef AT
};

static const struct attribute *find_attribute(struct word name)
{
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
        if (ofp_word_is(name, attributes[i].name))
            return &attributes[i];
    return NULL;
}

static uint64_t greatest(const struct attribute *a)
{
    return a->kind == U64 ? UINT64_MAX : a->kind == U32 ? UINT32_MAX : UINT16_MAX;
}

static void set_number(struct ofp_msg_flow_mod *flow, const struct attribute *a, uint64_t value)
{
    void *member = (uint8_t *)flow + a->at;
    if (a->kind == U64)
        *(uint64_t *)member = value;
    else if (a->kind == U32)
        *(uint32_t *)member = (uint32_t)value;
    else
        *(uint16_t *)member = (uint16_t)value;
}

/* OpenFlow 1.0 has no table in a flow-mod. A dump of the first table can be added again; 255 is
 * ovs-ofctl's word for none. */
static const char *check_table(const struct scan_item *item, char *error)
{
    uint64_t table;
    if (!ofp_scan_number(item->value, 255, &table))
        return ofp_scan_value_error(error, item->all, SCAN_NUMBER, 255);
    return table == 0 || table == 255
               ? NULL
               : ofp_scan_error(error, item->all, "an OpenFlow 1.0 flow cannot name its table");
}

static const char *parse_attribute(const struct scan_item *item, const struct attribute *a,
                                   struct ofp_msg_flow_mod *flow, char *error)
{
    enum scan_kind scan = a->kind == PORT ? SCAN_PORT : SCAN_NUMBER;
    uint64_t value;
    if (!(a->commands >> flow->command & 1))
        return ofp_scan_error(error, item->all, "has no meaning in this command");
    if (a->kind == PAST)
        return NULL;
    if (a->kind == TABLE)
        return check_table(item, error);
    if (a->kind == FLAG) {
        flow->flags |= (uint16_t)a->at;
        return item->value.n == 0 ? NULL : ofp_scan_error(error, item->all, "takes no value");
    }
    if (!ofp_scan_value(item->value, scan, greatest(a), &value))
        return ofp_scan_value_error(error, item->all, scan, greatest(a));
    set_number(flow, a, value);
    return NULL;
}

/* "actions=", after which all is actions. */
static bool begins_actions(const struct scan_item *item)
{
    return (ofp_word_is(item->name, "actions") || ofp_word_is(item->name, "action")) &&
           item->name.n < item->all.n && item->name.s[item->name.n] == '=';
}

/* All items before the actions. `*actions` gets the text of those, NULL if there are none. */
static const char *parse_items(const char *text, struct ofp_msg_flow_mod *flow,
                               struct ofp_match *match, const char **actions, char *error)
{
    struct word rest = ofp_word_of(text);
    struct scan_item item;
    *actions = NULL;
    while (ofp_scan_item(&rest, &item)) {
        const struct attribute *a = find_attribute(item.name);
        const char *bad;
        if (begins_actions(&item)) {
            *actions = item.value.s;
            break;
        }
        bad = a != NULL ? parse_attribute(&item, a, flow, error)
                        : ofp_parse_match_item(&item, match, error);
        if (bad != NULL)
            return bad;
    }
    return ofp_parse_match_end(match, error);
}

const char *ofp_parse_flow(const char *text, uint16_t command, struct ofp_msg_flow_mod *flow,
                           struct ofp_match *match, struct buf *actions, char *error)
{
    bool takes_actions = (ADDING | MODIFYING) >> command & 1;
    size_t before = actions->len;
    const char *list, *bad;
    *match = ofp_match_any();
    *flow = (struct ofp_msg_flow_mod){
        .match = match,
        .command = command,
        .priority = OFP_DEFAULT_PRIORITY,
        .buffer_id = OFP_NO_BUFFER,
        .out_port = OFPP_NONE,
    };
    bad = parse_items(text, flow, match, &list, error);
    if (bad == NULL && takes_actions && list == NULL)
        bad = ofp_scan_error(error, ofp_word_of(text), "says no actions: end it with actions=...");
    if (bad == NULL && !takes_actions && list != NULL)
        bad = ofp_scan_error(error, ofp_word_of(list), "flows are deleted without actions");
    if (bad == NULL && list != NULL)
        bad = ofp_parse_actions(list, actions, error);
    flow->actions = span_of(actions->data + before, actions->len - before);
    return bad;
}
