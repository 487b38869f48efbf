/*
 * dp.c - the datapath as its users see it: see dp.h. What happens to packets is in forward.c,
 * execute.c and packet_in.c, ports are in port.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/action.h"
#include "runtime/counter.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/memory.h"
#include "switch/datapath.h"
#include "switch/flow_mod.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

LOG_MODULE(dp);

/* --- Counters -------------------------------------------------------------------------------- */

struct dp_counters dp_counters;

static const char *const counter_names[] = {
    "hits",
    "misses",
    "normal",
    "dropped_fragments",
    "dropped_by_hook",
    "dropped_no_port",
    "dropped_no_memory",
    "dropped_ttl",
    "dropped_no_packet_in",
    "packet_ins",
    "packet_ins_unbuffered",
    "packet_ins_dropped",
    "packet_outs",
    "flow_mods",
    "flow_removed",
};
_Static_assert(sizeof dp_counters == sizeof counter_names / sizeof counter_names[0] * 8,
               "a name for each counter");

static struct counter_set counter_set = {
    .module = "dp",
    .names = counter_names,
    .values = (const uint64_t *)&dp_counters,
    .n = sizeof counter_names / sizeof counter_names[0],
};

/* --- Limits ---------------------------------------------------------------------------------- */

/* As many packets of a size as fit in a sixteenth of the program's memory, `max` at most. */
static uint64_t packets(uint64_t max, size_t size)
{
    size_t n = memory_total() / 16 / size;
    return n < max ? n : max;
}

void dp_defaults(struct dp_config *config)
{
    *config = (struct dp_config){
        .max_flows = 1 << 20,
        .n_buffers = 256,
        .buffer_time = 5 * NS_PER_S,
        .mac_max = 8192,
        .mac_time = 300 * NS_PER_S,
        .n_pkts = packets(4096, PKT_SMALL),
        .n_large = packets(64, PKT_LARGE),
        .max_datagrams = 64,
        .max_fragments = 1024,
        .max_fragment_bytes = 2 << 20,
        .fragment_time = 60 * NS_PER_S,
        .description = "",
    };
}

void dp_options(struct dp_config *c, struct config_option rows[DP_N_OPTIONS])
{
    const struct config_option options[DP_N_OPTIONS] = {
        {"dpid", CONFIG_UINT, &c->id, 0, 0, "N",
         "datapath id; 0: made from the first port's address"},
        {"description", CONFIG_STRING, &c->description, 0, 0, "TEXT",
         "what people call this datapath"},
        {"max-flows", CONFIG_UINT, &c->max_flows, 1, 1 << 24, "N",
         "flows of the table, and as many of the emergency table"},
        {"buffers", CONFIG_UINT, &c->n_buffers, 0, BUFFERS_MAX, "N",
         "packets that wait for a controller"},
        {"buffer-time", CONFIG_DURATION, &c->buffer_time, 1, 0, "TIME",
         "such a packet may have to make room after this"},
        {"mac-max", CONFIG_UINT, &c->mac_max, 1, 1 << 24, "N", "addresses that NORMAL learns"},
        {"mac-time", CONFIG_DURATION, &c->mac_time, NS_PER_S, 0, "TIME",
         "an address is forgotten after such a silence"},
        {"packets", CONFIG_UINT, &c->n_pkts, 128, 1 << 24, "N", "packet buffers of 2 KB"},
        {"large-packets", CONFIG_UINT, &c->n_large, 1, 1 << 16, "N",
         "packet buffers for super-frames and whole datagrams, of 68 KB"},
        {"max-datagrams", CONFIG_UINT, &c->max_datagrams, 1, REASSEMBLY_DATAGRAMS_MAX, "N",
         "IP datagrams that are being put together"},
        {"max-fragments", CONFIG_UINT, &c->max_fragments, 1, REASSEMBLY_FRAGMENTS_MAX, "N",
         "fragments of these"},
        {"max-fragment-bytes", CONFIG_UINT, &c->max_fragment_bytes, PKT_LARGE, 1u << 30, "BYTES",
         "the packet buffers that these lie in"},
        {"fragment-time", CONFIG_DURATION, &c->fragment_time, NS_PER_MS, 0, "TIME",
         "a datagram of which a fragment is missing is given up"},
        {"slow-flow-mod", CONFIG_DURATION, &c->flow_mod_delay, 0, 0, "TIME",
         "model a slower switch: each flow-mod takes this long"},
        {"slow-packet-in", CONFIG_DURATION, &c->packet_in_delay, 0, 0, "TIME",
         "model a slower switch: packet-ins are so late"},
        {"slow-stats", CONFIG_DURATION, &c->stats_delay, 0, 0, "TIME",
         "model a slower switch: statistics take this long"},
        {0},
    };
    bytes_copy(rows, options, sizeof options);
}

/* --- What the datapath hears ----------------------------------------------------------------- */

static void on_receive(void *user, uint16_t in_port, struct pkt *const *batch, size_t n)
{
    struct dp *dp = user;
    forward_batch(dp, in_port, batch, n);
    ports_flush(&dp->ports);
}

static bool is_zero(const uint8_t mac[OFP_ETH_ALEN])
{
    static const uint8_t zero[OFP_ETH_ALEN];
    return bytes_equal(mac, zero, sizeof zero);
}

/* Section 5.3.1: the lower 48 bits of a datapath id are for a MAC address. It stays what it is. */
static void take_id(struct dp *dp, const uint8_t mac[OFP_ETH_ALEN])
{
    if (dp->id != 0 || is_zero(mac))
        return;
    for (int i = 0; i < OFP_ETH_ALEN; i++)
        dp->id = dp->id << 8 | mac[i];
    log_info("datapath id %016" PRIx64, dp->id);
}

static void on_port_changed(void *user, const struct dp_port *port, enum ofp_port_reason reason)
{
    struct dp *dp = user;
    struct ofp_phy_port desc;
    struct ofp_msg_port_status status = {.reason = (uint8_t)reason, .desc = &desc};
    take_id(dp, port->mac);
    if (reason == OFPPR_DELETE || !port_link_up(port) || (port->config & OFPPC_PORT_DOWN))
        normal_forget_port(&dp->normal, port->no);
    port_describe(port, &desc);
    if (dp->listener.port_status)
        dp->listener.port_status(dp->listener_user, &status);
}

static const struct port_events port_events = {.receive = on_receive, .changed = on_port_changed};

/* Sections 4.7 and 5.4.2: who asked for it is told; of what was replaced nobody is, nor of an
 * emergency entry (section 4.6). */
static void on_removed(void *user, struct flow *flow, uint8_t reason)
{
    struct dp *dp = user;
    uint64_t lived = loop_now() - flow->created;
    struct ofp_match match;
    struct ofp_msg_flow_removed removed = {
        .match = &match,
        .cookie = flow->cookie,
        .priority = flow->priority,
        .reason = reason,
        .duration_sec = (uint32_t)(lived / NS_PER_S),
        .duration_nsec = (uint32_t)(lived % NS_PER_S),
        .idle_timeout = flow->idle_timeout,
        .packet_count = flow->packets,
        .byte_count = flow->bytes,
    };
    if (reason == TABLE_REPLACED ||
        (flow->flags & (OFPFF_SEND_FLOW_REM | OFPFF_EMERG)) != OFPFF_SEND_FLOW_REM)
        return;
    flow_match(flow, &match);
    dp_counters.flow_removed++;
    if (dp->listener.flow_removed)
        dp->listener.flow_removed(dp->listener_user, &removed);
}

/* --- Beginning and end ----------------------------------------------------------------------- */

static bool init(struct dp *dp)
{
    const struct dp_config *c = &dp->config;
    dp->large = pkt_pool_new((uint32_t)c->n_large, PKT_LARGE, NULL);
    dp->pool = dp->large ? pkt_pool_new((uint32_t)c->n_pkts, PKT_SMALL, dp->large) : NULL;
    dp->table = table_new((uint32_t)c->max_flows, on_removed, dp);
    dp->emergency = table_new((uint32_t)c->max_flows, on_removed, dp);
    dp->buffers = buffers_new((uint32_t)c->n_buffers, c->buffer_time);
    dp->current = dp->table;
    ports_init(&dp->ports, dp->pool, &port_events, dp);
    packet_in_init(dp);
    return normal_init(&dp->normal, (uint32_t)c->mac_max, c->mac_time) == 0 && dp->pool &&
           dp->table && dp->emergency && dp->buffers && fragments_init(dp);
}

struct dp *dp_new(const struct dp_config *config)
{
    struct dp *dp = calloc(1, sizeof *dp);
    if (dp == NULL)
        return NULL;
    dp->config = *config;
    dp->id = config->id;
    dp->miss_send_len = OFP_DEFAULT_MISS_SEND_LEN;
    counter_register(&counter_set);
    if (init(dp))
        return dp;
    dp_free(dp);
    return NULL;
}

void dp_free(struct dp *dp)
{
    if (dp == NULL)
        return;
    packet_in_free(dp);
    ports_free(&dp->ports);
    normal_free(&dp->normal);
    buffers_free(dp->buffers);
    fragments_free(dp);
    table_free(dp->emergency);
    table_free(dp->table);
    pkt_pool_free(dp->pool);
    pkt_pool_free(dp->large);
    free(dp);
}

void dp_listen(struct dp *dp, const struct dp_listener *listener, void *user)
{
    dp->listener = *listener;
    dp->listener_user = user;
}

void dp_set_hooks(struct dp *dp, const struct dp_hooks *hooks, void *user)
{
    dp->hooks = *hooks;
    dp->hooks_user = user;
}

uint32_t dp_action_vendor(const struct dp *dp)
{
    return dp->hooks.action ? dp->hooks.action_vendor : NX_VENDOR_ID;
}

/* --- Ports ----------------------------------------------------------------------------------- */

int dp_port_add(struct dp *dp, const char *name, uint16_t port_no)
{
    return ports_add(&dp->ports, name, port_no);
}

int dp_port_search(struct dp *dp, const char *kind)
{
    return ports_search(&dp->ports, kind);
}

int dp_port_remove(struct dp *dp, uint16_t port_no)
{
    return ports_remove(&dp->ports, port_no);
}

bool dp_port_next(const struct dp *dp, uint16_t *port_no)
{
    const struct list *l;
    for (l = dp->ports.all.next; l != &dp->ports.all; l = l->next) {
        uint16_t no = container_of(l, struct dp_port, link)->no;
        if (no > *port_no) {
            *port_no = no;
            return true;
        }
    }
    return false;
}

const char *dp_port_name(const struct dp *dp, uint16_t port_no)
{
    const struct dp_port *port = ports_find(&dp->ports, port_no);
    return port ? port->name : NULL;
}

bool dp_port_desc(const struct dp *dp, uint16_t port_no, struct ofp_phy_port *desc)
{
    const struct dp_port *port = ports_find(&dp->ports, port_no);
    if (port)
        port_describe(port, desc);
    return port != NULL;
}

bool dp_port_stats(const struct dp *dp, uint16_t port_no, struct ofp_port_stats *stats)
{
    const struct dp_port *port = ports_find(&dp->ports, port_no);
    if (port)
        port_get_stats(port, stats);
    return port != NULL;
}

int dp_port_set_rate(struct dp *dp, uint16_t port_no, uint64_t bits)
{
    struct dp_port *port = ports_find(&dp->ports, port_no);
    if (port)
        port_set_rate(port, bits / 8);
    return port ? 0 : -ENOENT;
}

int dp_queue_add(struct dp *dp, uint16_t port_no, uint32_t queue_id, uint16_t min_rate)
{
    struct dp_port *port = ports_find(&dp->ports, port_no);
    if (queue_id == OFPQ_ALL)
        return -EINVAL;
    return port ? port_add_queue(port, queue_id, min_rate) : -ENOENT;
}

int dp_queue_remove(struct dp *dp, uint16_t port_no, uint32_t queue_id)
{
    const struct dp_port *port = ports_find(&dp->ports, port_no);
    return port && port->queues ? queues_remove(port->queues, queue_id) : -ENOENT;
}

bool dp_queue(const struct dp *dp, uint16_t port_no, size_t i, struct dp_queue *queue)
{
    const struct dp_port *port = ports_find(&dp->ports, port_no);
    return port && port->queues && queues_get(port->queues, i, queue);
}

/* --- What controllers ask for ---------------------------------------------------------------- */

static bool refuse(struct ofp_fault *fault, uint16_t type, uint16_t code)
{
    *fault = (struct ofp_fault){.type = type, .code = code};
    return false;
}

/* OFPBAC_BAD_QUEUE. Which port OFPP_IN_PORT will be is not known before a packet comes. */
static bool queues_exist(const struct dp *dp, struct span actions, struct ofp_fault *fault)
{
    const struct ofp_action_header *a;
    while ((a = ofp_next_action(&actions)) != NULL) {
        const struct ofp_action_enqueue *e = (const void *)a;
        const struct dp_port *port;
        if (be16_get(a->type) != OFPAT_ENQUEUE || be16_get(e->port) == OFPP_IN_PORT)
            continue;
        port = ports_find(&dp->ports, be16_get(e->port));
        if (port == NULL || port->queues == NULL ||
            !queues_have(port->queues, be32_get(e->queue_id)))
            return refuse(fault, OFPET_BAD_ACTION, OFPBAC_BAD_QUEUE);
    }
    return true;
}

/* One packet by a list of actions, at a controller's or an application's word. */
static void send(struct dp *dp, struct pkt *p, uint16_t in_port, struct span actions)
{
    execute(dp, p, in_port, actions);
    ports_flush(&dp->ports);
    pkt_unref(p);
}

struct credit {
    uint64_t bytes;
};

static bool credit_flow(void *user, struct flow *flow)
{
    const struct credit *c = user;
    flow->packets++;
    flow->bytes += c->bytes;
    flow->used = loop_now();
    return false;
}

/* The entry that `mod` made or changed counts the packet that it was made for. */
static void credit(struct table *table, const struct ofp_msg_flow_mod *mod, uint64_t bytes)
{
    struct table_filter filter = table_filter_of(mod->match);
    struct credit c = {.bytes = bytes};
    filter.strict = true;
    filter.priority = mod->priority;
    table_each(table, &filter, credit_flow, &c);
}

/* Section 5.3.3: the buffered packet, if there is one, goes by the new entry's actions. */
static bool send_buffered(struct dp *dp, const struct ofp_msg_flow_mod *mod,
                          struct ofp_fault *fault)
{
    uint16_t in_port;
    struct pkt *p = buffers_take(dp->buffers, mod->buffer_id, &in_port, fault);
    if (p == NULL)
        return false;
    credit(mod->flags & OFPFF_EMERG ? dp->emergency : dp->table, mod, p->len);
    send(dp, p, in_port, mod->actions);
    return true;
}

static bool is_delete(const struct ofp_msg_flow_mod *mod)
{
    return mod->command == OFPFC_DELETE || mod->command == OFPFC_DELETE_STRICT;
}

bool dp_flow_mod(struct dp *dp, const struct ofp_msg_flow_mod *mod, struct ofp_fault *fault)
{
    dp_counters.flow_mods++;
    if (!is_delete(mod) && !queues_exist(dp, mod->actions, fault))
        return false;
    if (!flow_mod_apply(dp->table, dp->emergency, mod, fault))
        return false;
    return is_delete(mod) || mod->buffer_id == OFP_NO_BUFFER || send_buffered(dp, mod, fault);
}

/* The frame that a packet-out carries. */
static struct pkt *pkt_of(struct dp *dp, struct span data)
{
    struct pkt *p = pkt_new_for(dp->pool, data.len);
    if (p)
        bytes_copy(pkt_append(p, data.len), data.data, data.len);
    else
        dp_counters.dropped_no_memory++;
    return p;
}

bool dp_packet_out(struct dp *dp, const struct ofp_msg_packet_out *out, struct ofp_fault *fault)
{
    uint16_t buffered_at;
    struct pkt *p;
    dp_counters.packet_outs++;
    if (!queues_exist(dp, out->actions, fault))
        return false;
    if (out->buffer_id == OFP_NO_BUFFER)
        p = pkt_of(dp, out->data);
    else if ((p = buffers_take(dp->buffers, out->buffer_id, &buffered_at, fault)) == NULL)
        return false;
    if (p)
        send(dp, p, out->in_port, out->actions);
    return true;
}

void dp_send(struct dp *dp, struct pkt *p, uint16_t in_port, struct span actions)
{
    send(dp, p, in_port, actions);
}

bool dp_port_mod(struct dp *dp, const struct ofp_msg_port_mod *mod, struct ofp_fault *fault)
{
    struct dp_port *port = ports_find(&dp->ports, mod->port_no);
    if (port == NULL)
        return refuse(fault, OFPET_PORT_MOD_FAILED, OFPPMFC_BAD_PORT);
    if (!bytes_equal(port->mac, mod->hw_addr, sizeof port->mac))
        return refuse(fault, OFPET_PORT_MOD_FAILED, OFPPMFC_BAD_HW_ADDR);
    port_configure(port, mod->config, mod->mask);
    return true;
}

/* --- What the datapath says of itself -------------------------------------------------------- */

uint64_t dp_id(const struct dp *dp)
{
    return dp->id;
}

const char *dp_description(const struct dp *dp)
{
    return dp->config.description ? dp->config.description : "";
}

void dp_features(const struct dp *dp, struct ofp_msg_features *features)
{
    *features = (struct ofp_msg_features){
        .datapath_id = dp->id,
        .n_buffers = (uint32_t)dp->config.n_buffers,
        .n_tables = 1,
        .capabilities = OFPC_FLOW_STATS | OFPC_TABLE_STATS | OFPC_PORT_STATS | OFPC_QUEUE_STATS |
                        OFPC_ARP_MATCH_IP | OFPC_IP_REASM,
        .actions = (1u << OFPAT_N_TYPES) - 1,
    };
}

void dp_set_config(struct dp *dp, const struct ofp_msg_config *config)
{
    dp->fragments = config->flags & OFPC_FRAG_MASK;
    if (dp->fragments != OFPC_FRAG_REASM)
        fragments_clear(dp);
    dp->miss_send_len = config->miss_send_len;
    dp->invalid_ttl_to_controller = (config->flags & OFPC_INVALID_TTL_TO_CONTROLLER) != 0;
}

void dp_get_config(const struct dp *dp, struct ofp_msg_config *config)
{
    *config = (struct ofp_msg_config){.flags = dp->fragments, .miss_send_len = dp->miss_send_len};
    if (dp->invalid_ttl_to_controller)
        config->flags |= OFPC_INVALID_TTL_TO_CONTROLLER;
}

uint64_t dp_delay(const struct dp *dp, uint8_t type)
{
    if (type == OFPT_FLOW_MOD)
        return dp->config.flow_mod_delay;
    return type == OFPT_STATS_REQUEST ? dp->config.stats_delay : 0;
}

struct table *dp_table(struct dp *dp)
{
    return dp->table;
}

struct table *dp_emergency_table(struct dp *dp)
{
    return dp->emergency;
}

/* --- Modes ----------------------------------------------------------------------------------- */

static bool remove_flow(void *user, struct flow *flow)
{
    struct dp *dp = user;
    table_remove(dp->table, flow, OFPRR_DELETE);
    return true;
}

static void remove_all_flows(struct dp *dp)
{
    const struct table_filter all = {.out_port = OFPP_NONE};
    table_each(dp->table, &all, remove_flow, dp);
}

/* Section 4.3. */
void dp_set_mode(struct dp *dp, enum dp_mode mode)
{
    struct table_stats emergency;
    table_get_stats(dp->emergency, &emergency);
    dp->mode = mode;
    dp->current = dp->table;
    if (mode == DP_EMERGENCY && emergency.active > 0) {
        remove_all_flows(dp);
        dp->current = dp->emergency;
    }
}
