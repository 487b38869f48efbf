/*
 * agent.c - all controllers together: who there are, who hears what, and what if there is none.
 *
 * Called by a program's entry file and by tests, by the datapath as its listener, and by
 * connections (connection.c), which otherwise look after themselves.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/connection.h"

#include <errno.h>
#include <stdlib.h>

LOG_MODULE(agent);

/* A controller that is gone is noticed about as soon as Open vSwitch would, 10 s. */
void agent_defaults(struct agent_config *config)
{
    *config = (struct agent_config){
        .fail_mode = AGENT_SECURE,
        .echo_interval = 3 * NS_PER_S,
        .echo_limit = 9 * NS_PER_S,
        .backoff_min = 1 * NS_PER_S,
        .backoff_max = 8 * NS_PER_S,
        .max_connections = 64,
        .out_limit = STREAM_OUT_LIMIT,
    };
}

#define HOUR (3600 * NS_PER_S)

void agent_options(struct agent_config *c, struct config_option rows[AGENT_N_OPTIONS])
{
    const struct config_option all[AGENT_N_OPTIONS] = {
        {"echo-interval", CONFIG_DURATION, &c->echo_interval, NS_PER_MS, HOUR, "TIME",
         "ask a controller for an echo after such a silence"},
        {"echo-limit", CONFIG_DURATION, &c->echo_limit, NS_PER_MS, HOUR, "TIME",
         "drop a controller after such a silence"},
        {"backoff-min", CONFIG_DURATION, &c->backoff_min, NS_PER_MS, HOUR, "TIME",
         "first wait before connecting again"},
        {"backoff-max", CONFIG_DURATION, &c->backoff_max, NS_PER_MS, HOUR, "TIME",
         "longest wait before connecting again"},
        {"max-connections", CONFIG_UINT, &c->max_connections, 1, 65536, "N",
         "controllers at once; those that come to listeners leave room for those named"},
        {"out-limit", CONFIG_UINT, &c->out_limit, OFP_MAX_MESSAGE, 1u << 30, "BYTES",
         "output waiting for a slow controller"},
    };
    for (size_t i = 0; i < AGENT_N_OPTIONS; i++)
        rows[i] = all[i];
}

/* --- Fail mode ------------------------------------------------------------------------------- */

static enum dp_mode mode_of(const struct agent *agent)
{
    if (agent->n_up > 0)
        return DP_CONTROLLED;
    if (agent->config.fail_mode == AGENT_STANDALONE)
        return DP_STANDALONE;
    return agent->has_controllers ? DP_EMERGENCY : DP_CONTROLLED;
}

const char *agent_mode_name(enum dp_mode mode)
{
    static const char *const names[] = {
        [DP_CONTROLLED] = "controlled",
        [DP_EMERGENCY] = "emergency",
        [DP_STANDALONE] = "standalone",
    };
    return names[mode];
}

static void agent_update_mode(struct agent *agent)
{
    enum dp_mode mode = mode_of(agent);
    if (mode == agent->mode)
        return;
    agent->mode = mode;
    log_info("controllers connected: %zu; mode: %s", agent->n_up, agent_mode_name(mode));
    dp_set_mode(agent->dp, mode);
}

static void agent_has_controllers(struct agent *agent)
{
    agent->has_controllers = true;
    loop_defer(&agent->changed);
}

/* --- What connections share ------------------------------------------------------------------ */

void agent_update_config(struct agent *agent, uint16_t flags)
{
    struct ofp_msg_config config = {.flags = flags & OFPC_FRAG_MASK};
    struct list *it, *after;
    list_each(it, after, &agent->connections)
    {
        const struct connection *c = container_of(it, struct connection, link);
        if (c->state != CONNECTION_UP)
            continue;
        if (c->miss_send_len > config.miss_send_len)
            config.miss_send_len = c->miss_send_len;
        if (c->invalid_ttl_to_controller)
            config.flags |= OFPC_INVALID_TTL_TO_CONTROLLER;
    }
    dp_set_config(agent->dp, &config);
}

/* Deferred, as a connection may end in the midst of a walk through the table. */
static void agent_changed(void *user)
{
    struct agent *agent = user;
    struct ofp_msg_config config;
    dp_get_config(agent->dp, &config);
    agent_update_config(agent, config.flags);
    agent_update_mode(agent);
}

void agent_up(struct connection *c)
{
    c->agent->n_up += !c->guest;
    loop_defer(&c->agent->changed);
}

void agent_down(struct connection *c)
{
    c->agent->n_up -= !c->guest;
    agent_counters.controllers_lost += !c->guest && c->agent->n_up == 0;
    loop_defer(&c->agent->changed);
}

void agent_set_role(struct connection *c, uint32_t role)
{
    struct list *it, *after;
    if (role == NX_ROLE_MASTER)
        list_each(it, after, &c->agent->connections)
        {
            struct connection *other = container_of(it, struct connection, link);
            if (other->role == NX_ROLE_MASTER)
                other->role = NX_ROLE_SLAVE;
        }
    c->role = role;
}

/* --- Asynchronous messages, section 5.4 ------------------------------------------------------ */

/* A slave hears of ports only. */
static bool is_told(const struct connection *c, const struct ofp_msg *msg)
{
    if (c->state != CONNECTION_UP || (c->guest && c->miss_send_len == 0))
        return false;
    if (msg->type == OFPT_PACKET_IN && msg->packet_in.reason == OFPR_INVALID_TTL &&
        !c->invalid_ttl_to_controller)
        return false;
    return c->role != NX_ROLE_SLAVE || msg->type == OFPT_PORT_STATUS;
}

/* Section 5.4.1: of a missed packet that is buffered each gets as much as it has asked for; one
 * that is not buffered must be whole. */
static size_t told_length(const struct connection *c, const struct ofp_msg_packet_in *in)
{
    size_t most = OFP_MAX_MESSAGE - sizeof(struct ofp_packet_in);
    if (in->reason != OFPR_ACTION && in->buffer_id != OFP_NO_BUFFER)
        most = c->miss_send_len;
    return in->data.len < most ? in->data.len : most;
}

static void tell_all(struct agent *agent, struct ofp_msg *msg)
{
    const struct ofp_msg_packet_in whole = msg->packet_in;
    struct list *it, *after;
    list_each(it, after, &agent->connections)
    {
        struct connection *c = container_of(it, struct connection, link);
        if (!is_told(c, msg))
            continue;
        if (msg->type == OFPT_PACKET_IN)
            msg->packet_in.data.len = told_length(c, &whole);
        connection_notify(c, msg);
    }
}

static void on_packet_in(void *user, const struct ofp_msg_packet_in *in)
{
    struct ofp_msg msg = {.type = OFPT_PACKET_IN, .packet_in = *in};
    tell_all(user, &msg);
}

static void on_flow_removed(void *user, const struct ofp_msg_flow_removed *removed)
{
    struct ofp_msg msg = {.type = OFPT_FLOW_REMOVED, .flow_removed = *removed};
    tell_all(user, &msg);
}

/* A datapath without an id has it from its first port, which may come late, as in a domain. Only
 * features replies tell it (section 5.3.1), and each controller asks for one, at its beginning. */
static void end_all_that_heard_another_id(struct agent *agent)
{
    struct list *it, *after;
    if (agent->dp_id == dp_id(agent->dp))
        return;
    agent->dp_id = dp_id(agent->dp);
    list_each(it, after, &agent->connections)
    {
        struct connection *c = container_of(it, struct connection, link);
        if (c->state != CONNECTION_UP)
            continue;
        log_info("%s: to hear the datapath's id it has to join anew", c->peer);
        connection_end(c);
    }
}

static void on_port_status(void *user, const struct ofp_msg_port_status *status)
{
    struct ofp_msg msg = {.type = OFPT_PORT_STATUS, .port_status = *status};
    end_all_that_heard_another_id(user);
    tell_all(user, &msg);
}

static const struct dp_listener agent_listener = {
    .packet_in = on_packet_in,
    .flow_removed = on_flow_removed,
    .port_status = on_port_status,
};

/* --- Connections ----------------------------------------------------------------------------- */

static int agent_adopt(struct agent *agent, struct stream *s, bool guest)
{
    struct connection *c = connection_new(agent, s, s->peer, guest);
    if (c == NULL) {
        stream_abort(s);
        return -EUSERS;
    }
    stream_own(s, &connection_events, c);
    connection_start(c);
    return 0;
}

int agent_attach(struct agent *agent, struct stream *s)
{
    agent_has_controllers(agent);
    return agent_adopt(agent, s, false);
}

static void agent_accept(void *user, struct stream *s)
{
    agent_adopt(user, s, true);
}

static int agent_connect(void *user, struct dial *dial)
{
    char name[ENDPOINT_NAME_MAX];
    struct agent *agent = user;
    struct connection *c;
    int error;

    c = connection_new(agent, NULL, endpoint_print(&dial->to, name, sizeof name), false);
    if (c == NULL)
        return -EUSERS;
    error = net_connect(dial->net, &dial->to, &connection_events, c, &c->stream);
    if (error != 0) {
        agent_counters.connects_failed++;
        connection_reap(c);
        return error;
    }
    c->dial = dial;
    agent_has_controllers(agent);
    return 0;
}

int agent_serve(struct agent *agent, struct net *net, const char *endpoint, const char **where)
{
    struct endpoint ep;
    int error = serve(&agent->server, net, endpoint, OFP_TCP_PORT, where);
    if (error == 0 && endpoint_parse(&ep, endpoint, OFP_TCP_PORT) == 0)
        agent->n_called += !ep.passive;
    return error;
}

/* --- The beginning and the end --------------------------------------------------------------- */

struct agent *agent_new(const struct agent_config *config, struct dp *dp)
{
    struct agent *agent = calloc(1, sizeof *agent);
    if (agent == NULL)
        return NULL;
    agent->config = *config;
    agent->dp = dp;
    agent->dp_id = dp_id(dp);
    agent->server = (struct server){
        .wait_min = config->backoff_min,
        .wait_max = config->backoff_max,
        .accept = agent_accept,
        .connect = agent_connect,
        .user = agent,
    };
    serve_init(&agent->server);
    list_init(&agent->connections);
    loop_work_init(&agent->changed, agent_changed, agent);
    agent_counters_register();
    dp_listen(dp, &agent_listener, agent);
    agent_changed(agent);
    return agent;
}

void agent_free(struct agent *agent)
{
    static const struct dp_listener nobody;
    struct list *it, *after;
    if (agent == NULL)
        return;
    list_each(it, after, &agent->connections)
        connection_reap(container_of(it, struct connection, link));
    serve_end(&agent->server);
    loop_work_cancel(&agent->changed);
    dp_listen(agent->dp, &nobody, NULL);
    free(agent);
}
