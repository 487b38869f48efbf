/*
 * ctl.c - the controller: its limits, the names that it serves, its beginning and end.
 *
 * Called by a program's entry file (main.c) and by tests. Sessions look after themselves
 * (session.c), the names that it serves too (runtime/serve.h).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"

#include <errno.h>
#include <stdlib.h>

void ctl_defaults(struct ctl_config *config)
{
    *config = (struct ctl_config){
        .max_sessions = 16384,
        .handshake_time = 10 * NS_PER_S,
        .echo_interval = 15 * NS_PER_S,
        .echo_limit = 45 * NS_PER_S,
        .request_time = 10 * NS_PER_S,
        .max_requests = 256,
        .max_reply = 16 << 20,
        .out_limit = STREAM_OUT_LIMIT,
        .miss_send_len = OFP_DEFAULT_MISS_SEND_LEN,
        .reconnect_min = 1 * NS_PER_S,
        .reconnect_max = 30 * NS_PER_S,
    };
}

#define HOUR (3600 * NS_PER_S)

void ctl_options(struct ctl_config *c, struct config_option rows[CTL_N_OPTIONS])
{
    const struct config_option all[CTL_N_OPTIONS] = {
        {"max-sessions", CONFIG_UINT, &c->max_sessions, 1, 1 << 20, "N", "switches at once"},
        {"handshake-time", CONFIG_DURATION, &c->handshake_time, NS_PER_MS, HOUR, "TIME",
         "a switch must join within this"},
        {"echo-interval", CONFIG_DURATION, &c->echo_interval, NS_PER_MS, HOUR, "TIME",
         "ask a switch for an echo after such a silence"},
        {"echo-limit", CONFIG_DURATION, &c->echo_limit, NS_PER_MS, HOUR, "TIME",
         "drop a switch after such a silence"},
        {"request-time", CONFIG_DURATION, &c->request_time, NS_PER_MS, HOUR, "TIME",
         "a request must be answered within this"},
        {"max-requests", CONFIG_UINT, &c->max_requests, 1, 65536, "N",
         "requests waiting, for each switch"},
        {"max-reply", CONFIG_UINT, &c->max_reply, OFP_MAX_MESSAGE, 1u << 30, "BYTES",
         "length of a reply in many parts"},
        {"out-limit", CONFIG_UINT, &c->out_limit, OFP_MAX_MESSAGE, 1u << 30, "BYTES",
         "output waiting for a slow switch"},
        {"miss-send-len", CONFIG_UINT, &c->miss_send_len, 0, 65535, "BYTES",
         "how much of a missed packet to send here"},
        {"reconnect-min", CONFIG_DURATION, &c->reconnect_min, NS_PER_MS, HOUR, "TIME",
         "first wait before connecting again"},
        {"reconnect-max", CONFIG_DURATION, &c->reconnect_max, NS_PER_MS, HOUR, "TIME",
         "longest wait before connecting again"},
    };
    for (size_t i = 0; i < CTL_N_OPTIONS; i++)
        rows[i] = all[i];
}

/* --- Names ----------------------------------------------------------------------------------- */

int ctl_attach(struct ctl *ctl, struct stream *s)
{
    struct ctl_dp *dp = session_new(ctl, s, s->peer);
    if (dp == NULL) {
        stream_abort(s);
        return -EUSERS;
    }
    stream_own(s, &session_events, dp);
    handshake_start(dp);
    return 0;
}

static void ctl_accept(void *user, struct stream *s)
{
    ctl_attach(user, s);
}

static int ctl_connect(void *user, struct dial *dial)
{
    char name[ENDPOINT_NAME_MAX];
    struct ctl_dp *dp;
    int error;

    dp = session_new(user, NULL, endpoint_print(&dial->to, name, sizeof name));
    if (dp == NULL)
        return -EUSERS;
    error = net_connect(dial->net, &dial->to, &session_events, dp, &dp->stream);
    if (error == 0) {
        dp->dial = dial;
        return 0;
    }
    ctl_counters.connects_failed++;
    session_reap(dp);
    return error;
}

int ctl_serve(struct ctl *ctl, struct net *net, const char *endpoint, const char **where)
{
    return serve(&ctl->server, net, endpoint, OFP_TCP_PORT, where);
}

void ctl_use_net(struct ctl *ctl, struct net *net)
{
    ctl->net = net;
}

struct net *ctl_net(const struct ctl *ctl)
{
    return ctl->net;
}

/* --- The beginning and the end --------------------------------------------------------------- */

struct ctl *ctl_new(const struct ctl_config *config)
{
    struct ctl *ctl = calloc(1, sizeof *ctl);
    if (ctl == NULL)
        return NULL;
    ctl->config = *config;
    ctl->server = (struct server){
        .wait_min = config->reconnect_min,
        .wait_max = config->reconnect_max,
        .accept = ctl_accept,
        .connect = ctl_connect,
        .user = ctl,
    };
    serve_init(&ctl->server);
    list_init(&ctl->sessions);
    list_init(&ctl->datapaths);
    for (size_t i = 0; i < CTL_BUCKETS; i++)
        list_init(&ctl->bucket[i]);
    ctl_counters_register();
    return ctl;
}

void ctl_free(struct ctl *ctl)
{
    struct list *it, *after;
    if (ctl == NULL)
        return;
    list_each(it, after, &ctl->sessions) session_reap(container_of(it, struct ctl_dp, session));
    serve_end(&ctl->server);
    chain_destroy(ctl);
    free(ctl);
}
