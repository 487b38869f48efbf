/*
 * corpus.c - at least one good message of every kind.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include <assert.h>
#include <string.h>

#include "openflow/action.h"
#include "test/unit/corpus.h"

#define MAX_ITEMS 64

static struct corpus_item items[MAX_ITEMS];
static size_t n_items;
static uint8_t arena[16 * 1024];
static size_t used;

static const uint8_t frame[] = {
    0x02, 0x00, 0x00, 0x00, 0x00, 0x0b, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0a, /* b from a */
    0x08, 0x00, 0x45, 0x00, 0x00, 0x2c, 0x12, 0x34, 0x40, 0x00, 0x40, 0x06, /* IPv4, TCP */
    0x14, 0x96, 0x0a, 0x00, 0x00, 0x01, 0x0a, 0x00, 0x00, 0x02, /* 10.0.0.1 to 10.0.0.2 */
    0x9c, 0x40, 0x00, 0x50, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, /* 40000 to 80 */
    0x60, 0x02, 0xfa, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, /* SYN, MSS 1460 */
};

static const uint8_t mac_a[OFP_ETH_ALEN] = {2, 0, 0, 0, 0, 0x0a};
static const uint8_t mac_b[OFP_ETH_ALEN] = {2, 0, 0, 0, 0, 0x0b};

struct span corpus_frame(void)
{
    return span_of(frame, sizeof frame);
}

struct span corpus_actions(void)
{
    static uint8_t area[136];
    struct buf b = buf_of(area, sizeof area);
    bool ok = ofp_put_output(&b, OFPP_CONTROLLER, 128) && ofp_put_set_vlan_vid(&b, 0x123) &&
              ofp_put_set_vlan_pcp(&b, 5) && ofp_put_strip_vlan(&b) &&
              ofp_put_set_dl_src(&b, mac_a) && ofp_put_set_dl_dst(&b, mac_b) &&
              ofp_put_set_nw_src(&b, 0x0a000001) && ofp_put_set_nw_dst(&b, 0x0a000002) &&
              ofp_put_set_nw_tos(&b, 0xb8) && ofp_put_set_tp_src(&b, 1234) &&
              ofp_put_set_tp_dst(&b, 80) && ofp_put_enqueue(&b, 3, 7) && ofp_put_dec_ttl(&b);
    assert(ok && b.len == sizeof area);
    return span_of(area, b.len);
}

/* A new item of `len` bytes, `tail` last among them, zero but for its header and the tail. */
static void *add_with(const char *name, enum ofp_receiver receiver, uint8_t type, size_t len,
                      struct span tail)
{
    struct ofp_header *h = (void *)(arena + used);
    assert(n_items < MAX_ITEMS && used + len + tail.len <= sizeof arena);
    len += tail.len;
    bytes_copy((uint8_t *)h + len - tail.len, tail.data, tail.len);
    h->version = OFP_VERSION;
    h->type = type;
    h->length = be16_of((uint16_t)len);
    h->xid = be32_of(0xa1b2c300 + (uint32_t)n_items);
    items[n_items++] = (struct corpus_item){name, receiver, span_of(h, len)};
    used += len;
    return h;
}

static void *add(const char *name, enum ofp_receiver receiver, uint8_t type, size_t len)
{
    return add_with(name, receiver, type, len, span_of(NULL, 0));
}

static struct ofp_match some_match(void)
{
    struct ofp_match m = {
        .wildcards = be32_of(OFPFW_DL_VLAN_PCP | 8 << OFPFW_NW_DST_SHIFT),
        .in_port = be16_of(4),
        .dl_vlan = be16_of(OFP_VLAN_NONE),
        .dl_type = be16_of(0x0800),
        .nw_tos = 0x20,
        .nw_proto = 6,
        .nw_src = be32_of(0x0a000001),
        .nw_dst = be32_of(0x0a000200),
        .tp_src = be16_of(40000),
        .tp_dst = be16_of(80),
    };
    memcpy(m.dl_src, mac_a, sizeof m.dl_src);
    memcpy(m.dl_dst, mac_b, sizeof m.dl_dst);
    return m;
}

static struct ofp_phy_port some_port(uint16_t port_no, const char *name)
{
    struct ofp_phy_port p = {
        .port_no = be16_of(port_no),
        .config = be32_of(OFPPC_NO_FLOOD),
        .state = be32_of(OFPPS_STP_FORWARD),
        .curr = be32_of(OFPPF_1GB_FD | OFPPF_COPPER),
        .advertised = be32_of(OFPPF_1GB_FD | OFPPF_AUTONEG),
        .supported = be32_of(OFPPF_10MB_HD | OFPPF_100MB_FD | OFPPF_1GB_FD),
        .peer = be32_of(OFPPF_100MB_FD | OFPPF_PAUSE),
    };
    memcpy(p.hw_addr, mac_a, sizeof p.hw_addr);
    assert(strlen(name) < sizeof p.name);
    memcpy(p.name, name, strlen(name));
    return p;
}

static void add_symmetric(void)
{
    static const uint8_t bitmap[] = {0, 1, 0, 8, 0, 0, 0, 0x12}; /* 1.3's list of versions */
    static const char why[] = "we speak 1.3";
    struct ofp_header *hello;
    struct ofp_error_msg *error;
    struct span request = span_of(frame, 40);

    add("hello", OFP_AT_SWITCH, OFPT_HELLO, 8);
    hello = add_with("hello_newer", OFP_AT_CONTROLLER, OFPT_HELLO, 8, span_of(bitmap, 8));
    hello->version = 4;
    add("echo_request", OFP_AT_SWITCH, OFPT_ECHO_REQUEST, 8);
    add_with("echo_request_data", OFP_AT_CONTROLLER, OFPT_ECHO_REQUEST, 8, corpus_frame());
    add("echo_reply", OFP_AT_SWITCH, OFPT_ECHO_REPLY, 8);
    add_with("echo_reply_data", OFP_AT_CONTROLLER, OFPT_ECHO_REPLY, 8, corpus_frame());
    error = add_with("error", OFP_AT_CONTROLLER, OFPT_ERROR, sizeof *error, request);
    error->type = be16_of(OFPET_FLOW_MOD_FAILED);
    error->code = be16_of(OFPFMFC_OVERLAP);
    error = add_with("error_hello_failed", OFP_AT_SWITCH, OFPT_ERROR, sizeof *error,
                     span_of(why, sizeof why - 1));
    error->type = be16_of(OFPET_HELLO_FAILED);
    error->code = be16_of(OFPHFC_INCOMPATIBLE);
}

static void add_vendor(void)
{
    struct nx_role_request *role;
    struct ofp_vendor_header *vendor;

    role = add("vendor_role_request", OFP_AT_SWITCH, OFPT_VENDOR, sizeof *role);
    role->nxh.vendor = be32_of(NX_VENDOR_ID);
    role->nxh.subtype = be32_of(NXT_ROLE_REQUEST);
    role->role = be32_of(NX_ROLE_MASTER);
    role = add("vendor_role_reply", OFP_AT_CONTROLLER, OFPT_VENDOR, sizeof *role);
    role->nxh.vendor = be32_of(NX_VENDOR_ID);
    role->nxh.subtype = be32_of(NXT_ROLE_REPLY);
    role->role = be32_of(NX_ROLE_SLAVE);
    vendor = add("vendor_unknown", OFP_AT_CONTROLLER, OFPT_VENDOR, sizeof *vendor);
    vendor->vendor = be32_of(0x00abcdef);
    vendor = add_with("vendor_unknown_body", OFP_AT_CONTROLLER, OFPT_VENDOR, sizeof *vendor,
                      span_of(frame, 21));
    vendor->vendor = be32_of(0x00abcdef);
}

static void add_features(void)
{
    struct ofp_switch_features *f;
    struct ofp_phy_port *ports;

    add("features_request", OFP_AT_SWITCH, OFPT_FEATURES_REQUEST, 8);
    f = add("features_reply", OFP_AT_CONTROLLER, OFPT_FEATURES_REPLY,
            sizeof *f + 3 * sizeof *ports);
    f->datapath_id = be64_of(0x0102030405060708);
    f->n_buffers = be32_of(256);
    f->n_tables = 2;
    f->capabilities = be32_of(OFPC_FLOW_STATS | OFPC_TABLE_STATS | OFPC_ARP_MATCH_IP);
    f->actions = be32_of(0xfff);
    ports = (void *)(f + 1);
    ports[0] = some_port(1, "eth1");
    ports[1] = some_port(2, "a-name-of-15-ch");
    ports[2] = some_port(OFPP_LOCAL, "br0");
    f = add("features_reply_no_ports", OFP_AT_CONTROLLER, OFPT_FEATURES_REPLY, sizeof *f);
    f->datapath_id = be64_of(1);
}

static void add_config(void)
{
    struct ofp_switch_config *c;

    add("get_config_request", OFP_AT_SWITCH, OFPT_GET_CONFIG_REQUEST, 8);
    c = add("get_config_reply", OFP_AT_CONTROLLER, OFPT_GET_CONFIG_REPLY, sizeof *c);
    c->flags = be16_of(OFPC_FRAG_DROP);
    c->miss_send_len = be16_of(128);
    c = add("set_config", OFP_AT_SWITCH, OFPT_SET_CONFIG, sizeof *c);
    c->flags = be16_of(OFPC_FRAG_REASM);
    c->miss_send_len = be16_of(0xffff);
}

static void add_packet_in(const char *name, uint32_t buffer_id, uint16_t total_len,
                          struct span data)
{
    struct ofp_packet_in *p = add_with(name, OFP_AT_CONTROLLER, OFPT_PACKET_IN, sizeof *p, data);
    p->buffer_id = be32_of(buffer_id);
    p->total_len = be16_of(total_len);
    p->in_port = be16_of(3);
    p->reason = OFPR_ACTION;
}

static void add_asynchronous(void)
{
    struct ofp_flow_removed *r;
    struct ofp_port_status *s;

    add_packet_in("packet_in", OFP_NO_BUFFER, sizeof frame, corpus_frame());
    add_packet_in("packet_in_buffered", 0x100, 1500, corpus_frame());
    add_packet_in("packet_in_total_len_lies", OFP_NO_BUFFER, 5, corpus_frame());
    add_packet_in("packet_in_empty", 0x101, 60, span_of(NULL, 0));
    r = add("flow_removed", OFP_AT_CONTROLLER, OFPT_FLOW_REMOVED, sizeof *r);
    r->match = some_match();
    r->cookie = be64_of(0x1112131415161718);
    r->priority = be16_of(0x2122);
    r->reason = OFPRR_HARD_TIMEOUT;
    r->duration_sec = be32_of(0x31323334);
    r->duration_nsec = be32_of(999999999);
    r->idle_timeout = be16_of(0x4142);
    r->packet_count = be64_of(0x5152535455565758);
    r->byte_count = be64_of(0x6162636465666768);
    s = add("port_status", OFP_AT_CONTROLLER, OFPT_PORT_STATUS, sizeof *s);
    s->reason = OFPPR_MODIFY;
    s->desc = some_port(7, "veth7");
}

static void add_packet_out(const char *name, uint32_t buffer_id, struct span actions,
                           struct span data)
{
    struct ofp_packet_out *p =
        add_with(name, OFP_AT_SWITCH, OFPT_PACKET_OUT, sizeof *p + actions.len, data);
    p->buffer_id = be32_of(buffer_id);
    p->in_port = be16_of(OFPP_NONE);
    p->actions_len = be16_of((uint16_t)actions.len);
    bytes_copy(p + 1, actions.data, actions.len);
}

static void add_flow_mod(const char *name, uint16_t command, uint16_t flags, struct span actions)
{
    bool emerg = (flags & OFPFF_EMERG) != 0;
    struct ofp_flow_mod *f = add_with(name, OFP_AT_SWITCH, OFPT_FLOW_MOD, sizeof *f, actions);
    f->match = some_match();
    f->cookie = be64_of(0x7172737475767778);
    f->command = be16_of(command);
    f->idle_timeout = be16_of(emerg ? 0 : 0x1819);
    f->hard_timeout = be16_of(emerg ? 0 : 0x2829);
    f->priority = be16_of(0x3839);
    f->buffer_id = be32_of(0x48494a4b);
    f->out_port = be16_of(OFPP_NONE);
    f->flags = be16_of(flags);
}

/* Actions that a switch may not accept, but that can be walked. */
static struct span foreign_actions(void)
{
    static const uint8_t list[] = {
        0xff, 0xff, 0, 16, 0,    0xab, 0xcd, 0xef, 1, 2, 3, 4, 5, 6, 7, 8, /* a vendor's */
        0,    0x77, 0, 8,  9,    9,    9,    9,                            /* type 0x77 */
        0xff, 0xff, 0, 16, 0,    0,    0x23, 0x20, 0, 1, 0, 0, 0, 2, 0, 0, /* resubmit */
        0,    0,    0, 8,  0xff, 0xff, 0,    0,                            /* to OFPP_NONE */
    };
    return span_of(list, sizeof list);
}

static void add_commands(void)
{
    struct ofp_port_mod *p;

    add_packet_out("packet_out", OFP_NO_BUFFER, corpus_actions(), corpus_frame());
    add_packet_out("packet_out_buffered", 0x100, corpus_actions(), span_of(NULL, 0));
    add_packet_out("packet_out_drop", 0x100, span_of(NULL, 0), span_of(NULL, 0));
    add_flow_mod("flow_mod_add", OFPFC_ADD, OFPFF_SEND_FLOW_REM | OFPFF_CHECK_OVERLAP,
                 corpus_actions());
    add_flow_mod("flow_mod_add_emerg", OFPFC_ADD, OFPFF_EMERG, corpus_actions());
    add_flow_mod("flow_mod_modify", OFPFC_MODIFY, 0, span_of(NULL, 0));
    add_flow_mod("flow_mod_modify_strict", OFPFC_MODIFY_STRICT, 0, corpus_actions());
    add_flow_mod("flow_mod_delete", OFPFC_DELETE, 0, span_of(NULL, 0));
    add_flow_mod("flow_mod_delete_strict", OFPFC_DELETE_STRICT, 0, foreign_actions());
    p = add("port_mod", OFP_AT_SWITCH, OFPT_PORT_MOD, sizeof *p);
    p->port_no = be16_of(5);
    memcpy(p->hw_addr, mac_b, sizeof p->hw_addr);
    p->config = be32_of(OFPPC_PORT_DOWN);
    p->mask = be32_of(OFPPC_PORT_DOWN | OFPPC_NO_FLOOD);
    p->advertise = be32_of(OFPPF_10GB_FD);
    add("barrier_request", OFP_AT_SWITCH, OFPT_BARRIER_REQUEST, 8);
    add("barrier_reply", OFP_AT_CONTROLLER, OFPT_BARRIER_REPLY, 8);
}

/* Properties: a minimum rate, none, and one that 1.0 does not know. */
static void put_queue(struct ofp_packet_queue *q, uint32_t id)
{
    struct ofp_queue_prop_min_rate *rate = (void *)(q + 1);
    struct ofp_queue_prop_header *none = (void *)(rate + 1), *other = none + 1;
    q->queue_id = be32_of(id);
    q->len = be16_of(sizeof *q + 40);
    rate->prop_header.property = be16_of(OFPQT_MIN_RATE);
    rate->prop_header.len = be16_of(16);
    rate->rate = be16_of(500);
    none->property = be16_of(OFPQT_NONE);
    none->len = be16_of(8);
    other->property = be16_of(0x1234);
    other->len = be16_of(16);
}

static void add_queues(void)
{
    struct ofp_queue_get_config_request *request;
    struct ofp_queue_get_config_reply *reply;
    struct ofp_packet_queue *q;

    request = add("queue_get_config_request", OFP_AT_SWITCH, OFPT_QUEUE_GET_CONFIG_REQUEST,
                  sizeof *request);
    request->port = be16_of(6);
    reply = add("queue_get_config_reply", OFP_AT_CONTROLLER, OFPT_QUEUE_GET_CONFIG_REPLY,
                sizeof *reply + 48 + 8);
    reply->port = be16_of(6);
    q = (void *)(reply + 1);
    put_queue(q, 0x51);
    q = (void *)((uint8_t *)q + 48);
    q->queue_id = be32_of(0x52);
    q->len = be16_of(sizeof *q);
    reply = add("queue_get_config_reply_empty", OFP_AT_CONTROLLER, OFPT_QUEUE_GET_CONFIG_REPLY,
                sizeof *reply);
    reply->port = be16_of(8);
}

/* A stats message with `n` bytes of body, to be filled in. */
static void *add_stats(const char *name, uint8_t type, uint16_t stat, size_t n)
{
    enum ofp_receiver at = type == OFPT_STATS_REQUEST ? OFP_AT_SWITCH : OFP_AT_CONTROLLER;
    struct ofp_stats_header *s = add(name, at, type, sizeof *s + n);
    s->type = be16_of(stat);
    return s + 1;
}

static void add_stats_requests(void)
{
    struct ofp_flow_stats_request *flow;
    struct ofp_port_stats_request *port;
    struct ofp_queue_stats_request *queue;
    be32 *vendor;

    add_stats("stats_request_desc", OFPT_STATS_REQUEST, OFPST_DESC, 0);
    flow = add_stats("stats_request_flow", OFPT_STATS_REQUEST, OFPST_FLOW, sizeof *flow);
    *flow = (struct ofp_flow_stats_request){some_match(), OFP_TABLE_ALL, 0, be16_of(OFPP_NONE)};
    flow = add_stats("stats_request_aggregate", OFPT_STATS_REQUEST, OFPST_AGGREGATE, sizeof *flow);
    *flow = (struct ofp_flow_stats_request){some_match(), 1, 0, be16_of(9)};
    add_stats("stats_request_table", OFPT_STATS_REQUEST, OFPST_TABLE, 0);
    port = add_stats("stats_request_port", OFPT_STATS_REQUEST, OFPST_PORT, sizeof *port);
    port->port_no = be16_of(OFPP_NONE);
    queue = add_stats("stats_request_queue", OFPT_STATS_REQUEST, OFPST_QUEUE, sizeof *queue);
    queue->port_no = be16_of(OFPP_ALL);
    queue->queue_id = be32_of(OFPQ_ALL);
    vendor = add_stats("stats_request_vendor", OFPT_STATS_REQUEST, OFPST_VENDOR, 12);
    items[n_items - 1].receiver = OFP_AT_EITHER; /* no switch of ours knows it */
    vendor[0] = be32_of(0x00abcdef);
    vendor[2] = be32_of(0x01020304);
}

/* A flow's entry; returns where the next one goes. */
static void *put_flow(struct ofp_flow_stats *f, uint8_t table_id, struct span actions)
{
    f->length = be16_of((uint16_t)(sizeof *f + actions.len));
    f->table_id = table_id;
    f->match = some_match();
    f->duration_sec = be32_of(3);
    f->duration_nsec = be32_of(400000000);
    f->priority = be16_of(0x8001);
    f->idle_timeout = be16_of(60);
    f->hard_timeout = be16_of(3600);
    f->cookie = be64_of(0x8182838485868788);
    f->packet_count = be64_of(5);
    f->byte_count = be64_of(600);
    bytes_copy(f + 1, actions.data, actions.len);
    return (uint8_t *)(f + 1) + actions.len;
}

static void add_flow_replies(void)
{
    struct span all = corpus_actions(), none = span_of(NULL, 0), foreign = foreign_actions();
    struct ofp_flow_stats *f = add_stats("stats_reply_flow", OFPT_STATS_REPLY, OFPST_FLOW,
                                         3 * sizeof *f + all.len + foreign.len);
    f = put_flow(f, 0, none);
    f = put_flow(f, 1, all);
    put_flow(f, 2, foreign);
    add_stats("stats_reply_flow_more", OFPT_STATS_REPLY, OFPST_FLOW, 0);
    ((struct ofp_stats_header *)(void *)(arena + used) - 1)->flags = be16_of(OFPSF_REPLY_MORE);
}

static void add_table_replies(void)
{
    struct ofp_table_stats *t =
        add_stats("stats_reply_table", OFPT_STATS_REPLY, OFPST_TABLE, 2 * sizeof *t);
    for (uint8_t i = 0; i < 2; i++) {
        t[i].table_id = i;
        memcpy(t[i].name, i ? "wild" : "hash", 4);
        t[i].wildcards = be32_of(i ? OFPFW_ALL : 0);
        t[i].max_entries = be32_of(0x100000);
        t[i].active_count = be32_of(12);
        t[i].lookup_count = be64_of(0x9192939495969798);
        t[i].matched_count = be64_of(77);
    }
}

static void add_port_replies(void)
{
    struct ofp_port_stats *p =
        add_stats("stats_reply_port", OFPT_STATS_REPLY, OFPST_PORT, 2 * sizeof *p);
    for (uint16_t i = 0; i < 2; i++) {
        be64 *counters = &p[i].rx_packets;
        p[i].port_no = be16_of(i ? OFPP_LOCAL : 1);
        for (uint64_t j = 0; j < 12; j++)
            counters[j] = be64_of(i == 1 && j > 7 ? UINT64_MAX : 1000 * i + j);
    }
}

static void add_stats_replies(void)
{
    struct ofp_desc_stats *desc;
    struct ofp_aggregate_stats_reply *aggregate;
    struct ofp_queue_stats *queue;
    be32 *vendor;

    desc = add_stats("stats_reply_desc", OFPT_STATS_REPLY, OFPST_DESC, sizeof *desc);
    strcpy(desc->mfr_desc, "the makers");
    strcpy(desc->hw_desc, "some hardware");
    strcpy(desc->sw_desc, "1.2.3");
    memset(desc->serial_num, '9', sizeof desc->serial_num); /* not terminated */
    strcpy(desc->dp_desc, "in the attic");
    add_flow_replies();
    aggregate =
        add_stats("stats_reply_aggregate", OFPT_STATS_REPLY, OFPST_AGGREGATE, sizeof *aggregate);
    aggregate->packet_count = be64_of(0xa1a2a3a4a5a6a7a8);
    aggregate->byte_count = be64_of(0xb1b2b3b4b5b6b7b8);
    aggregate->flow_count = be32_of(0xc1c2c3c4);
    add_table_replies();
    add_port_replies();
    queue = add_stats("stats_reply_queue", OFPT_STATS_REPLY, OFPST_QUEUE, 2 * sizeof *queue);
    queue[0] =
        (struct ofp_queue_stats){be16_of(1), {0}, be32_of(2), be64_of(3), be64_of(4), be64_of(5)};
    queue[1] =
        (struct ofp_queue_stats){be16_of(6), {0}, be32_of(7), be64_of(8), be64_of(9), be64_of(10)};
    vendor = add_stats("stats_reply_vendor", OFPT_STATS_REPLY, OFPST_VENDOR, 9);
    vendor[0] = be32_of(NX_VENDOR_ID);
    vendor[1] = be32_of(2);
}

const struct corpus_item *corpus_all(size_t *n)
{
    if (n_items == 0) {
        add_symmetric();
        add_vendor();
        add_features();
        add_config();
        add_asynchronous();
        add_commands();
        add_queues();
        add_stats_requests();
        add_stats_replies();
    }
    *n = n_items;
    return items;
}

const struct corpus_item *corpus_find(const char *name)
{
    size_t n;
    const struct corpus_item *item = corpus_all(&n);
    while (n > 0 && strcmp(item->name, name) != 0) {
        item++;
        n--;
    }
    assert(n > 0);
    return item;
}
