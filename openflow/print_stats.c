/*
 * print_stats.c - the bodies of statistics requests and replies, as text (section 5.3.5). See
 * print_parts.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/print_parts.h"

#define N_OF(array) (sizeof(array) / sizeof(array)[0])

/* --- Requests -------------------------------------------------------------------------------- */

static bool matches_everything(const struct ofp_match *match)
{
    uint32_t wild = be32_get(match->wildcards);
    uint32_t flags = OFPFW_ALL & ~(uint32_t)(OFPFW_NW_SRC_MASK | OFPFW_NW_DST_MASK);
    return (wild & flags) == flags && wild & OFPFW_NW_SRC_ALL && wild & OFPFW_NW_DST_ALL;
}

void ofp_print_flow_request(struct text *t, const struct ofp_printed *p)
{
    const struct ofp_msg_flow_request *r = &p->msg->stats.flow;
    if (r->table_id != OFP_TABLE_ALL) {
        text_put(t, " table=");
        text_put_u64(t, r->table_id);
    }
    if (r->out_port != OFPP_NONE) {
        text_put(t, " out_port=");
        ofp_print_port(t, r->out_port);
    }
    if (!matches_everything(r->match)) {
        text_put_char(t, ' ');
        ofp_print_match(t, r->match, OFP_DEFAULT_PRIORITY);
    }
}

void ofp_print_port_request(struct text *t, const struct ofp_printed *p)
{
    text_put(t, " port_no=");
    ofp_print_port(t, p->msg->stats.port.port_no);
}

static void put_queue_id(struct text *t, uint32_t queue_id)
{
    if (queue_id == OFPQ_ALL)
        text_put(t, "ALL");
    else
        text_put_u64(t, queue_id);
}

/* Here OFPP_ALL means what OFPP_NONE means in a port request. */
void ofp_print_queue_stats_request(struct text *t, const struct ofp_printed *p)
{
    const struct ofp_msg_port_request *r = &p->msg->stats.port;
    text_put(t, " port=");
    ofp_print_port(t, r->port_no == OFPP_ALL ? OFPP_NONE : r->port_no);
    text_put(t, " queue=");
    put_queue_id(t, r->queue_id);
}

/* --- Description, aggregate ------------------------------------------------------------------ */

void ofp_print_desc(struct text *t, const struct ofp_printed *p)
{
    const struct ofp_desc_stats *d = p->msg->stats.desc;
    text_put(t, "\nManufacturer: ");
    text_put_field(t, d->mfr_desc, sizeof d->mfr_desc);
    text_put(t, "\nHardware: ");
    text_put_field(t, d->hw_desc, sizeof d->hw_desc);
    text_put(t, "\nSoftware: ");
    text_put_field(t, d->sw_desc, sizeof d->sw_desc);
    text_put(t, "\nSerial Num: ");
    text_put_field(t, d->serial_num, sizeof d->serial_num);
    text_put(t, "\nDP Description: ");
    text_put_field(t, d->dp_desc, sizeof d->dp_desc);
}

void ofp_print_aggregate(struct text *t, const struct ofp_printed *p)
{
    const struct ofp_msg_aggregate *a = &p->msg->stats.aggregate;
    text_put(t, " packet_count=");
    text_put_u64(t, a->packet_count);
    text_put(t, " byte_count=");
    text_put_u64(t, a->byte_count);
    text_put(t, " flow_count=");
    text_put_u64(t, a->flow_count);
}

/* --- Counters -------------------------------------------------------------------------------- */

/* A counter of all ones is not kept by the switch. */
static void put_counter(struct text *t, const char *name, be64 value)
{
    text_put(t, name);
    if (be64_get(value) == UINT64_MAX)
        text_put_char(t, '?');
    else
        text_put_u64(t, be64_get(value));
}

/* --- Flows ----------------------------------------------------------------------------------- */

static void put_timeout(struct text *t, const char *name, be16 timeout)
{
    if (be16_get(timeout) == OFP_FLOW_PERMANENT)
        return;
    text_put(t, name);
    text_put_u64(t, be16_get(timeout));
    text_put(t, ", ");
}

void ofp_print_flow(struct text *t, const struct ofp_flow_stats *f, struct span actions)
{
    text_put(t, "cookie=");
    text_put_0x(t, be64_get(f->cookie));
    text_put(t, ", duration=");
    ofp_print_duration(t, be32_get(f->duration_sec), be32_get(f->duration_nsec));
    text_put(t, ", table=");
    text_put_u64(t, f->table_id);
    put_counter(t, ", n_packets=", f->packet_count);
    put_counter(t, ", n_bytes=", f->byte_count);
    text_put(t, ", ");
    put_timeout(t, "idle_timeout=", f->idle_timeout);
    put_timeout(t, "hard_timeout=", f->hard_timeout);
    size_t start = t->need;
    ofp_print_match(t, &f->match, be16_get(f->priority));
    if (t->need != start)
        text_put_char(t, ' ');
    text_put(t, "actions=");
    ofp_print_actions(t, actions);
}

void ofp_print_flows(struct text *t, const struct ofp_printed *p)
{
    struct span rest = p->msg->stats.entries, actions;
    const struct ofp_flow_stats *f;
    while ((f = ofp_next_flow_stats(&rest, &actions)) != NULL) {
        text_put(t, "\n ");
        ofp_print_flow(t, f, actions);
    }
}

/* --- Ports and queues ------------------------------------------------------------------------ */

static void put_count(struct text *t, struct span entries, size_t size, const char *what)
{
    text_put_char(t, ' ');
    text_put_u64(t, entries.len / size);
    text_put(t, what);
}

static void put_port(struct text *t, const struct ofp_port_stats *s)
{
    text_put(t, be16_get(s->port_no) < 10 ? "\n  port  " : "\n  port ");
    ofp_print_port(t, be16_get(s->port_no));
    put_counter(t, ": rx pkts=", s->rx_packets);
    put_counter(t, ", bytes=", s->rx_bytes);
    put_counter(t, ", drop=", s->rx_dropped);
    put_counter(t, ", errs=", s->rx_errors);
    put_counter(t, ", frame=", s->rx_frame_err);
    put_counter(t, ", over=", s->rx_over_err);
    put_counter(t, ", crc=", s->rx_crc_err);
    put_counter(t, "\n           tx pkts=", s->tx_packets);
    put_counter(t, ", bytes=", s->tx_bytes);
    put_counter(t, ", drop=", s->tx_dropped);
    put_counter(t, ", errs=", s->tx_errors);
    put_counter(t, ", coll=", s->collisions);
}

void ofp_print_port_stats(struct text *t, const struct ofp_printed *p)
{
    struct span rest = p->msg->stats.entries;
    const struct ofp_port_stats *s;
    put_count(t, rest, sizeof *s, " ports");
    if (p->verbosity > 0)
        while ((s = ofp_next_port_stats(&rest)) != NULL)
            put_port(t, s);
}

static void put_queue(struct text *t, const struct ofp_queue_stats *s)
{
    text_put(t, "\n  port ");
    ofp_print_port(t, be16_get(s->port_no));
    text_put(t, " queue ");
    put_queue_id(t, be32_get(s->queue_id));
    put_counter(t, ": bytes=", s->tx_bytes);
    put_counter(t, ", pkts=", s->tx_packets);
    put_counter(t, ", errors=", s->tx_errors);
    text_put(t, ", duration=?");
}

void ofp_print_queue_stats(struct text *t, const struct ofp_printed *p)
{
    struct span rest = p->msg->stats.entries;
    const struct ofp_queue_stats *s;
    put_count(t, rest, sizeof *s, " queues");
    if (p->verbosity > 0)
        while ((s = ofp_next_queue_stats(&rest)) != NULL)
            put_queue(t, s);
}

/* --- Tables ---------------------------------------------------------------------------------- */

/* The fields that a table can wildcard, in groups whose names begin alike. */
static const struct field_group {
    const char *prefix;
    struct {
        uint32_t wildcards;
        const char *name;
    } field[3];
} groups[] = {
    {"in_port", {{OFPFW_IN_PORT, ""}}},
    {"eth_", {{OFPFW_DL_SRC, "src"}, {OFPFW_DL_DST, "dst"}, {OFPFW_DL_TYPE, "type"}}},
    {"vlan_", {{OFPFW_DL_VLAN, "vid"}, {OFPFW_DL_VLAN_PCP, "pcp"}}},
    {"ip_", {{OFPFW_NW_SRC_MASK, "src"}, {OFPFW_NW_DST_MASK, "dst"}}},
    {"nw_", {{OFPFW_NW_PROTO, "proto"}, {OFPFW_NW_TOS, "tos"}}},
    {"tcp_", {{OFPFW_TP_SRC, "src"}, {OFPFW_TP_DST, "dst"}}},
};

/* " eth_{src,type}", " eth_src", or nothing */
static void put_group(struct text *t, const struct field_group *g, uint32_t wildcards)
{
    const char *name[N_OF(g->field)];
    size_t n = 0;
    for (size_t i = 0; i < N_OF(g->field); i++)
        if (g->field[i].wildcards & wildcards)
            name[n++] = g->field[i].name;
    if (n == 0)
        return;
    text_put_char(t, ' ');
    text_put(t, g->prefix);
    text_put(t, n > 1 ? "{" : "");
    for (size_t i = 0; i < n; i++) {
        text_put(t, i > 0 ? "," : "");
        text_put(t, name[i]);
    }
    text_put(t, n > 1 ? "}" : "");
}

/* A table's wildcards with all bits of an address or none: a table either can wildcard it or not.
 */
static uint32_t wildcards_of(const struct ofp_table_stats *s)
{
    uint32_t w = be32_get(s->wildcards) & OFPFW_ALL;
    w |= w & OFPFW_NW_SRC_MASK ? OFPFW_NW_SRC_MASK : 0;
    return w | (w & OFPFW_NW_DST_MASK ? OFPFW_NW_DST_MASK : 0);
}

static bool same_counts(const struct ofp_table_stats *a, const struct ofp_table_stats *b)
{
    return be32_get(a->active_count) == be32_get(b->active_count) &&
           be64_get(a->lookup_count) == be64_get(b->lookup_count) &&
           be64_get(a->matched_count) == be64_get(b->matched_count);
}

static bool same_features(const struct ofp_table_stats *a, const struct ofp_table_stats *b)
{
    return be32_get(a->max_entries) == be32_get(b->max_entries) &&
           wildcards_of(a) == wildcards_of(b);
}

/* Tables while they are being printed: what repeats the table before is only said to do so. */
struct table_list {
    struct text *t;
    const struct ofp_table_stats *before;
    int first_ditto, last_ditto; /* tables without a name that wait to be said; -1: none */
    const char *gap;             /* what stands in front of the next table */
};

static void put_dittos(struct table_list *l)
{
    if (l->first_ditto < 0)
        return;
    text_put(l->t, l->gap);
    text_put(l->t, l->first_ditto == l->last_ditto ? "  table " : "  tables ");
    text_put_u64(l->t, l->first_ditto);
    if (l->first_ditto != l->last_ditto) {
        text_put(l->t, "...");
        text_put_u64(l->t, l->last_ditto);
    }
    text_put(l->t, ": ditto");
    l->gap = "\n\n";
    l->first_ditto = -1;
}

static void put_table_name(struct table_list *l, const struct ofp_table_stats *s)
{
    text_put(l->t, l->gap);
    text_put(l->t, "  table ");
    text_put_u64(l->t, s->table_id);
    if (s->name[0] != '\0') {
        text_put(l->t, " (\"");
        text_put_field(l->t, s->name, sizeof s->name - 1);
        text_put(l->t, "\")");
    }
    text_put_char(l->t, ':');
    l->gap = "\n\n";
}

static void put_table_counts(struct text *t, const struct ofp_table_stats *s)
{
    text_put(t, "\n    active=");
    text_put_u64(t, be32_get(s->active_count));
    text_put(t, ", lookup=");
    text_put_u64(t, be64_get(s->lookup_count));
    text_put(t, ", matched=");
    text_put_u64(t, be64_get(s->matched_count));
}

static void put_matching(struct text *t, uint32_t wildcards)
{
    text_put(t, "\n    matching:\n      exact match or wildcard:");
    for (size_t i = 0; i < N_OF(groups); i++)
        put_group(t, &groups[i], wildcards);
}

static void put_table_features(struct table_list *l, const struct ofp_table_stats *s)
{
    uint32_t max_entries = be32_get(s->max_entries), wildcards = wildcards_of(s);
    if (l->before != NULL && same_features(s, l->before)) {
        text_put(l->t, max_entries != 0 || wildcards != 0 ? "\n    (same features)" : "");
        return;
    }
    if (max_entries != 0) {
        text_put(l->t, "\n    max_entries=");
        text_put_u64(l->t, max_entries);
    }
    if (wildcards != 0 && l->before != NULL && wildcards == wildcards_of(l->before))
        text_put(l->t, "\n    (same matching)");
    else if (wildcards != 0)
        put_matching(l->t, wildcards);
}

static void put_ditto(struct table_list *l, const struct ofp_table_stats *s)
{
    if (s->name[0] == '\0') {
        l->first_ditto = l->first_ditto < 0 ? s->table_id : l->first_ditto;
        l->last_ditto = s->table_id;
        return;
    }
    put_dittos(l);
    put_table_name(l, s);
    text_put(l->t, " ditto");
    l->gap = "\n";
}

static void put_table(struct table_list *l, const struct ofp_table_stats *s)
{
    put_dittos(l);
    put_table_name(l, s);
    put_table_counts(l->t, s);
    put_table_features(l, s);
}

void ofp_print_tables(struct text *t, const struct ofp_printed *p)
{
    struct table_list l = {.t = t, .first_ditto = -1, .gap = "\n"};
    struct span rest = p->msg->stats.entries;
    const struct ofp_table_stats *s;
    while ((s = ofp_next_table_stats(&rest)) != NULL) {
        if (l.before != NULL && same_counts(s, l.before) && same_features(s, l.before))
            put_ditto(&l, s);
        else
            put_table(&l, s);
        l.before = s;
    }
    put_dittos(&l);
}
