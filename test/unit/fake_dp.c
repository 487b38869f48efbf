/*
 * fake_dp.c - see fake_dp.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/fake_dp.h"
#include "openflow/action.h"
#include "test/unit/fake_peer.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void no_removed(void *user, struct flow *flow, uint8_t reason)
{
    (void)user;
    (void)flow;
    (void)reason;
}

struct dp *fake_dp_new(uint16_t n_ports)
{
    struct dp *dp = calloc(1, sizeof *dp);
    ck_assert_ptr_nonnull(dp);
    dp->id = 0xabcdef;
    dp->n_ports = n_ports;
    dp->table = table_new(1 << 20, no_removed, NULL);
    dp->emergency = table_new(100, no_removed, NULL);
    ck_assert(dp->table != NULL && dp->emergency != NULL);
    return dp;
}

void dp_free(struct dp *dp)
{
    table_free(dp->table);
    table_free(dp->emergency);
    free(dp);
}

void dp_listen(struct dp *dp, const struct dp_listener *listener, void *user)
{
    dp->listener = *listener;
    dp->user = user;
}

/* --- Ports and queues ------------------------------------------------------------------------ */

bool dp_port_next(const struct dp *dp, uint16_t *port_no)
{
    return *port_no < dp->n_ports && ++*port_no > 0;
}

static bool has_port(const struct dp *dp, uint16_t port_no)
{
    return port_no > 0 && port_no <= dp->n_ports;
}

bool dp_port_desc(const struct dp *dp, uint16_t port_no, struct ofp_phy_port *desc)
{
    if (has_port(dp, port_no))
        fake_port(desc, port_no, 0, 0);
    return has_port(dp, port_no);
}

bool dp_port_stats(const struct dp *dp, uint16_t port_no, struct ofp_port_stats *stats)
{
    memset(stats, 0, sizeof *stats);
    stats->port_no = be16_of(port_no);
    stats->rx_packets = be64_of(port_no * 10u);
    return has_port(dp, port_no);
}

bool dp_queue(const struct dp *dp, uint16_t port_no, size_t i, struct dp_queue *queue)
{
    if (port_no != 1 || i >= dp->n_queues)
        return false;
    *queue = (struct dp_queue){
        .id = (uint32_t)i,
        .min_rate = i % 2 == 0 ? (uint16_t)(100 + i) : OFPQ_MIN_RATE_UNCFG,
        .tx_packets = 1000 + i,
        .tx_bytes = 2000 + i,
        .tx_errors = 3000 + i,
    };
    return true;
}

/* --- What controllers ask for ---------------------------------------------------------------- */

static bool answer(const struct dp *dp, struct ofp_fault *fault)
{
    if (dp->refuses)
        *fault = dp->fault;
    return !dp->refuses;
}

bool dp_flow_mod(struct dp *dp, const struct ofp_msg_flow_mod *mod, struct ofp_fault *fault)
{
    struct table *table = mod->flags & OFPFF_EMERG ? dp->emergency : dp->table;
    const struct flow init = {
        .priority = mod->priority, .cookie = mod->cookie, .flags = mod->flags};
    dp->flow_mods++;
    if (!answer(dp, fault))
        return false;
    *fault = (struct ofp_fault){OFPET_FLOW_MOD_FAILED, OFPFMFC_ALL_TABLES_FULL};
    return mod->command != OFPFC_ADD || table_insert(table, mod->match, &init, mod->actions) == 0;
}

bool dp_packet_out(struct dp *dp, const struct ofp_msg_packet_out *out, struct ofp_fault *fault)
{
    dp->packet_outs++;
    dp->out_in_port = out->in_port;
    return answer(dp, fault);
}

bool dp_port_mod(struct dp *dp, const struct ofp_msg_port_mod *mod, struct ofp_fault *fault)
{
    dp->port_mods++;
    dp->port_mod = *mod;
    return answer(dp, fault);
}

uint64_t dp_delay(const struct dp *dp, uint8_t type)
{
    return type == OFPT_FLOW_MOD ? dp->delay : 0;
}

uint32_t dp_action_vendor(const struct dp *dp)
{
    (void)dp;
    return NX_VENDOR_ID;
}

uint64_t dp_id(const struct dp *dp)
{
    return dp->id;
}

const char *dp_description(const struct dp *dp)
{
    (void)dp;
    return "the fake one";
}

void dp_features(const struct dp *dp, struct ofp_msg_features *features)
{
    *features = (struct ofp_msg_features){
        .datapath_id = dp_id(dp),
        .n_buffers = 256,
        .n_tables = 1,
        .capabilities = OFPC_FLOW_STATS,
        .actions = 0xfff,
    };
}

void dp_set_config(struct dp *dp, const struct ofp_msg_config *config)
{
    dp->config = *config;
}

void dp_get_config(const struct dp *dp, struct ofp_msg_config *config)
{
    *config = dp->config;
}

void dp_set_mode(struct dp *dp, enum dp_mode mode)
{
    dp->mode = mode;
    dp->modes++;
}

struct table *dp_table(struct dp *dp)
{
    return dp->table;
}

struct table *dp_emergency_table(struct dp *dp)
{
    return dp->emergency;
}

/* --- What the test wants said ---------------------------------------------------------------- */

void fake_dp_add(struct table *table, uint32_t i, unsigned n_outputs)
{
    static uint8_t area[OFP_MAX_MESSAGE];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_match match = {.wildcards = be32_of(OFPFW_ALL & ~(unsigned)OFPFW_DL_SRC)};
    struct flow init = {.priority = (uint16_t)i, .cookie = i};

    for (unsigned port = 1; port <= n_outputs; port++)
        ofp_put_output(&actions, (uint16_t)port, 0);
    memcpy(match.dl_src, &i, sizeof i);
    ck_assert_int_eq(table_insert(table, &match, &init, span_of(area, actions.len)), 0);
}

void fake_dp_packet_in(struct dp *dp, uint8_t reason, bool buffered, size_t n)
{
    static const uint8_t frame[65535];
    const struct ofp_msg_packet_in in = {
        .buffer_id = buffered ? FAKE_DP_BUFFER : OFP_NO_BUFFER,
        .total_len = (uint16_t)n,
        .in_port = 1,
        .reason = reason,
        .data = span_of(frame, n),
    };
    dp->listener.packet_in(dp->user, &in);
    fake_settle();
}

void fake_dp_port_status(struct dp *dp, uint16_t port_no)
{
    struct ofp_phy_port desc;
    const struct ofp_msg_port_status status = {.reason = OFPPR_MODIFY, .desc = &desc};
    fake_port(&desc, port_no, 0, 0);
    dp->listener.port_status(dp->user, &status);
    fake_settle();
}

void fake_dp_flow_removed(struct dp *dp)
{
    const struct ofp_match match = {.wildcards = be32_of(OFPFW_ALL)};
    const struct ofp_msg_flow_removed removed = {.match = &match, .cookie = 42};
    dp->listener.flow_removed(dp->user, &removed);
    fake_settle();
}
