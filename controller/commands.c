/*
 * commands.c - the controller's commands: its connections, datapaths, ports and apps.
 *
 * Called by the control channel. Apps have commands of their own (ctl.h).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/commands.h"
#include "controller/session.h"
#include "openflow/print.h"

#include <inttypes.h>

/* --- Connections ----------------------------------------------------------------------------- */

static const char *state_name(const struct ctl_dp *dp)
{
    static const char *const names[] = {
        [SESSION_CONNECTING] = "connecting",
        [SESSION_HELLO] = "waiting for hello",
        [SESSION_FEATURES] = "waiting for features",
        [SESSION_JOINED] = "joined",
        [SESSION_ENDING] = "ending",
    };
    return names[dp->state];
}

static uint64_t seconds_since(uint64_t then)
{
    return (loop_now() - then) / NS_PER_S;
}

static void say_session(struct appctl_reply *reply, const struct ctl_dp *dp)
{
    appctl_say(reply, "%s  %s", dp->peer, state_name(dp));
    if (dp->state == SESSION_JOINED)
        appctl_say(reply, " for %" PRIu64 " s  datapath %016" PRIx64, seconds_since(dp->since),
                   ctl_dp_id(dp));
    if (dp->stream != NULL)
        appctl_say(reply, "  heard %" PRIu64 " s ago  %zu bytes waiting", seconds_since(dp->heard),
                   dp->stream->out_bytes);
    appctl_say(reply, "\n");
}

static void connections(void *user, struct appctl_reply *reply, size_t argc,
                        const char *const *argv)
{
    const struct ctl *ctl = user;
    const struct list *it;
    (void)argc;
    (void)argv;
    for (it = ctl->sessions.next; it != &ctl->sessions && !appctl_full(reply); it = it->next)
        say_session(reply, container_of(it, struct ctl_dp, session));
    appctl_say_names(reply, &ctl->server);
}

/* --- Datapaths ------------------------------------------------------------------------------- */

static void say_datapath(void *user, struct ctl_dp *dp)
{
    struct appctl_reply *reply = user;
    const struct ofp_msg_features *f = ctl_dp_features(dp);
    appctl_say(reply, "%016" PRIx64 "  %s  %zu ports  %u tables  %" PRIu32 " buffers\n",
               f->datapath_id, ctl_dp_peer(dp), f->ports.len / sizeof(struct ofp_phy_port),
               f->n_tables, f->n_buffers);
}

static void datapaths(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    (void)argc;
    (void)argv;
    ctl_each_dp(user, say_datapath, reply);
}

static void say_port(struct appctl_reply *reply, const struct ofp_phy_port *port)
{
    char area[128];
    struct text t = text_of(area, sizeof area);
    ofp_print_port(&t, be16_get(port->port_no));
    text_put_char(&t, '(');
    text_put_field(&t, port->name, sizeof port->name);
    text_put(&t, ")  ");
    text_put_mac(&t, port->hw_addr);
    text_put(&t, be32_get(port->state) & OFPPS_LINK_DOWN ? "  down" : "  up");
    if (be32_get(port->config) != 0) {
        text_put(&t, "  ");
        ofp_print_port_config(&t, be32_get(port->config));
    }
    appctl_say(reply, "  %s\n", area);
}

static void say_ports(void *user, struct ctl_dp *dp)
{
    struct appctl_reply *reply = user;
    struct span rest = ctl_dp_features(dp)->ports;
    const struct ofp_phy_port *port;
    appctl_say(reply, "%016" PRIx64 ":\n", ctl_dp_id(dp));
    while (!appctl_full(reply) && (port = ofp_next_port(&rest)) != NULL)
        say_port(reply, port);
}

static void ports(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    struct ctl_dp *dp;
    uint64_t dpid;
    appctl_narrow(reply, "say which datapath");
    if (argc == 0)
        ctl_each_dp(user, say_ports, reply);
    else if (!ctl_read_dpid(argv[0], &dpid))
        appctl_fail(reply, "\"%.40s\" is no datapath id: say 1 to 16 hexadecimal digits", argv[0]);
    else if ((dp = ctl_find_dp(user, dpid)) == NULL)
        appctl_fail(reply, "datapath %016" PRIx64 " has not joined", dpid);
    else
        say_ports(reply, dp);
}

/* --- Apps ------------------------------------------------------------------------------------ */

static void apps(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    const struct ctl *ctl = user;
    (void)argc;
    (void)argv;
    for (size_t i = 0; i < ctl->n_apps; i++)
        appctl_say(reply, "%-15s %s\n", ctl->app[i].type->name, ctl->app[i].type->help);
}

static void reload(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    (void)reply;
    (void)argc;
    (void)argv;
    ctl_reload(user);
}

static const struct appctl_command commands[] = {
    {"apps", "", 0, 0, apps},           {"connections", "", 0, 0, connections},
    {"datapaths", "", 0, 0, datapaths}, {"list-ports", "[DPID]", 0, 1, ports},
    {"reload", "", 0, 0, reload},       {0},
};

void controller_commands(struct appctl *a, struct ctl *ctl)
{
    appctl_add(a, commands, ctl);
    for (size_t i = 0; i < ctl->n_apps; i++)
        if (ctl->app[i].type->commands != NULL)
            appctl_add(a, ctl->app[i].type->commands, ctl->app[i].self);
}
