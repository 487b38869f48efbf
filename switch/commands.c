/*
 * commands.c - the switch's commands about itself, its ports, queues and connections.
 *
 * Called by the control channel. What adds or takes away calls the same functions as the command
 * line does (setup.h).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/commands.h"
#include "openflow/print.h"
#include "switch/connection.h"
#include "switch/setup.h"
#include "switch/table.h"

#include <inttypes.h>
#include <string.h>

/* --- Ports ----------------------------------------------------------------------------------- */

static void say_port_no(struct appctl_reply *reply, uint16_t port_no)
{
    char area[16];
    struct text t = text_of(area, sizeof area);
    ofp_print_port(&t, port_no);
    appctl_say(reply, "%5s", area);
}

static void say_port(struct dp *dp, struct appctl_reply *reply, uint16_t port_no)
{
    char area[128];
    struct text t = text_of(area, sizeof area);
    struct ofp_port_stats stats;
    struct ofp_phy_port desc;

    dp_port_desc(dp, port_no, &desc);
    dp_port_stats(dp, port_no, &stats);
    text_put_mac(&t, desc.hw_addr);
    if (be32_get(desc.config) != 0) {
        text_put(&t, "  ");
        ofp_print_port_config(&t, be32_get(desc.config));
    }
    say_port_no(reply, port_no);
    appctl_say(reply,
               "  %-16s %-4s  rx %" PRIu64 " packets %" PRIu64 " bytes  tx %" PRIu64
               " packets %" PRIu64 " bytes  %s\n",
               dp_port_name(dp, port_no), be32_get(desc.state) & OFPPS_LINK_DOWN ? "down" : "up",
               be64_get(stats.rx_packets), be64_get(stats.rx_bytes), be64_get(stats.tx_packets),
               be64_get(stats.tx_bytes), area);
}

static void list_ports(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    struct agent *agent = user;
    (void)argc;
    (void)argv;
    for (uint16_t no = 0; dp_port_next(agent->dp, &no) && !appctl_full(reply);)
        say_port(agent->dp, reply, no);
}

static void add_port(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    struct agent *agent = user;
    char error[SETUP_ERROR];
    if (setup_port(agent->dp, argv[0], argc > 1 ? argv[1] : NULL, error) != NULL)
        appctl_fail(reply, "%s", error);
}

static void del_port(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    struct agent *agent = user;
    char error[SETUP_ERROR];
    uint16_t port_no;
    (void)argc;
    if (setup_find_port(agent->dp, argv[0], &port_no, error) != NULL)
        appctl_fail(reply, "%s", error);
    else
        dp_port_remove(agent->dp, port_no);
}

/* --- Queues ---------------------------------------------------------------------------------- */

static void set_rate(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    struct agent *agent = user;
    char error[SETUP_ERROR];
    (void)argc;
    if (setup_rate(agent->dp, argv[0], argv[1], error) != NULL)
        appctl_fail(reply, "%s", error);
}

static void add_queue(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    struct agent *agent = user;
    char error[SETUP_ERROR];
    if (setup_queue(agent->dp, argv[0], argv[1], argc > 2 ? argv[2] : NULL, error) != NULL)
        appctl_fail(reply, "%s", error);
}

static void del_queue(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    struct agent *agent = user;
    char error[SETUP_ERROR];
    uint16_t port_no;
    uint32_t id = 0;
    (void)argc;
    if (setup_find_port(agent->dp, argv[0], &port_no, error) != NULL ||
        setup_queue_id(argv[1], &id, error) != NULL)
        appctl_fail(reply, "%s", error);
    else if (dp_queue_remove(agent->dp, port_no, id) != 0)
        appctl_fail(reply, "port %s has no queue %s", argv[0], argv[1]);
}

static void say_queues(const struct dp *dp, struct appctl_reply *reply, uint16_t port_no)
{
    struct dp_queue q;
    for (size_t i = 0; dp_queue(dp, port_no, i, &q); i++) {
        say_port_no(reply, port_no);
        appctl_say(reply, "  queue %" PRIu32, q.id);
        if (q.min_rate != OFPQ_MIN_RATE_UNCFG)
            appctl_say(reply, "  min %u.%u%%", q.min_rate / 10u, q.min_rate % 10u);
        appctl_say(reply, "  tx %" PRIu64 " packets %" PRIu64 " bytes %" PRIu64 " dropped\n",
                   q.tx_packets, q.tx_bytes, q.tx_errors);
    }
}

static void list_queues(void *user, struct appctl_reply *reply, size_t argc,
                        const char *const *argv)
{
    struct agent *agent = user;
    char error[SETUP_ERROR];
    uint16_t no = 0;
    if (argc == 0)
        while (dp_port_next(agent->dp, &no) && !appctl_full(reply))
            say_queues(agent->dp, reply, no);
    else if (setup_find_port(agent->dp, argv[0], &no, error) == NULL)
        say_queues(agent->dp, reply, no);
    else
        appctl_fail(reply, "%s", error);
}

/* --- The switch and its connections ---------------------------------------------------------- */

static void say_table(struct appctl_reply *reply, const char *name, const struct table *table)
{
    struct table_stats stats;
    table_get_stats(table, &stats);
    appctl_say(reply, "%s: %" PRIu32 " of %" PRIu32 ", lookups %" PRIu64 ", matched %" PRIu64 "\n",
               name, stats.active, stats.max, stats.lookups, stats.matched);
}

static void show(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    struct agent *agent = user;
    bool standalone = agent->config.fail_mode == AGENT_STANDALONE;
    (void)argc;
    (void)argv;
    appctl_say(reply, "datapath: %016" PRIx64 " %s\n", dp_id(agent->dp), dp_description(agent->dp));
    appctl_say(reply, "fail mode: %s\n", standalone ? "standalone" : "secure");
    appctl_say(reply, "mode: %s\n", agent_mode_name(agent->mode));
    appctl_say(reply, "controllers connected: %zu\n", agent->n_up);
    say_table(reply, "flows", dp_table(agent->dp));
    say_table(reply, "emergency flows", dp_emergency_table(agent->dp));
    appctl_say(reply, "ports:\n");
    list_ports(user, reply, 0, NULL);
}

static const char *state_name(const struct connection *c)
{
    static const char *const names[] = {
        [CONNECTION_CONNECTING] = "connecting",
        [CONNECTION_HELLO] = "waiting for hello",
        [CONNECTION_UP] = "up",
        [CONNECTION_ENDING] = "ending",
    };
    return names[c->state];
}

static const char *role_name(const struct connection *c)
{
    static const char *const names[] = {
        [NX_ROLE_OTHER] = "equal",
        [NX_ROLE_MASTER] = "master",
        [NX_ROLE_SLAVE] = "slave",
    };
    return names[c->role];
}

static uint64_t seconds_since(uint64_t then)
{
    return (loop_now() - then) / NS_PER_S;
}

static void say_connection(struct appctl_reply *reply, const struct connection *c)
{
    appctl_say(reply, "%s  %s  %s", c->peer, c->guest ? "guest" : "controller", state_name(c));
    if (c->state == CONNECTION_UP)
        appctl_say(reply, " for %" PRIu64 " s  role %s  miss_send_len %u", seconds_since(c->since),
                   role_name(c), c->miss_send_len);
    if (c->stream != NULL)
        appctl_say(reply, "  heard %" PRIu64 " s ago  %zu bytes waiting", seconds_since(c->heard),
                   c->stream->out_bytes);
    appctl_say(reply, "\n");
}

static void connections(void *user, struct appctl_reply *reply, size_t argc,
                        const char *const *argv)
{
    struct agent *agent = user;
    struct list *it, *after;
    (void)argc;
    (void)argv;
    list_each(it, after, &agent->connections)
        say_connection(reply, container_of(it, struct connection, link));
    appctl_say_names(reply, &agent->server);
}

static const struct appctl_command commands[] = {
    {"show", "", 0, 0, show},
    {"connections", "", 0, 0, connections},
    {"list-ports", "", 0, 0, list_ports},
    {"add-port", "DEVICE [NUMBER]", 1, 2, add_port},
    {"del-port", "PORT", 1, 1, del_port},
    {"list-queues", "[PORT]", 0, 1, list_queues},
    {"add-queue", "PORT ID [PERCENT]", 2, 3, add_queue},
    {"del-queue", "PORT ID", 2, 2, del_queue},
    {"set-rate", "PORT RATE", 2, 2, set_rate},
    {0},
};

void switch_commands(struct appctl *a, struct agent *agent)
{
    appctl_add(a, commands, agent);
    appctl_add(a, switch_flow_commands, agent);
}
