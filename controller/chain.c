/*
 * chain.c - the chain of apps: what happens at a datapath is told to each in turn.
 *
 * Called by the session. A packet-in's key is taken once, here, for all apps; the first that
 * consumes it ends its way. An app may drop the datapath from any of its functions: those behind it
 * in the chain then do not hear of the event, only `leave` at the end of the turn.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"

#include <errno.h>

int ctl_add_app(struct ctl *ctl, const struct ctl_app_type *type)
{
    struct ctl_app *app = &ctl->app[ctl->n_apps];
    if (ctl->n_apps == CTL_APPS_MAX)
        return -ENOSPC;
    app->type = type;
    app->self = type->create != NULL ? type->create(ctl) : app;
    if (app->self == NULL)
        return -ENOMEM;
    ctl->n_apps++;
    return 0;
}

void *ctl_app(const struct ctl *ctl, const struct ctl_app_type *type)
{
    for (size_t i = 0; i < ctl->n_apps; i++)
        if (ctl->app[i].type == type)
            return ctl->app[i].self;
    return NULL;
}

void ctl_reload(struct ctl *ctl)
{
    for (size_t i = 0; i < ctl->n_apps; i++)
        if (ctl->app[i].type->reload != NULL)
            ctl->app[i].type->reload(ctl->app[i].self);
}

/* Last in, first out: an app may stand on those before it. */
void chain_destroy(struct ctl *ctl)
{
    while (ctl->n_apps > 0) {
        const struct ctl_app *app = &ctl->app[--ctl->n_apps];
        if (app->type->destroy != NULL)
            app->type->destroy(app->self);
    }
}

/* Joining and leaving come in pairs, for every app, even if one of them drops the datapath. */
void chain_join(struct ctl_dp *dp)
{
    for (size_t i = 0; i < dp->ctl->n_apps; i++)
        if (dp->ctl->app[i].type->join != NULL)
            dp->ctl->app[i].type->join(dp->ctl->app[i].self, dp);
}

void chain_leave(struct ctl_dp *dp)
{
    for (size_t i = 0; i < dp->ctl->n_apps; i++)
        if (dp->ctl->app[i].type->leave != NULL)
            dp->ctl->app[i].type->leave(dp->ctl->app[i].self, dp);
}

/* Nobody wants it: an empty list of actions makes the switch free its buffer (section 5.3.6). */
static void chain_drop(struct ctl_dp *dp, const struct ctl_packet *packet)
{
    ctl_counters.unconsumed++;
    if (packet->in->buffer_id != OFP_NO_BUFFER)
        ctl_packet_out(dp, packet, span_of(NULL, 0));
}

void chain_packet_in(struct ctl_dp *dp, const struct ofp_msg_packet_in *in)
{
    struct ctl_packet packet = {.in = in};
    ofp_key_extract(&packet.key, in->data, in->in_port);
    for (size_t i = 0; i < dp->ctl->n_apps; i++) {
        const struct ctl_app *app = &dp->ctl->app[i];
        if (app->type->packet_in == NULL)
            continue;
        if (app->type->packet_in(app->self, dp, &packet) || dp->state != SESSION_JOINED)
            return;
    }
    chain_drop(dp, &packet);
}

/* Call `event` of every app of dp's chain that has it, as long as dp has not been dropped. */
#define CHAIN_EACH(dp, event, ...)                                                                 \
    for (size_t i = 0; i < (dp)->ctl->n_apps && (dp)->state == SESSION_JOINED; i++)                \
        if ((dp)->ctl->app[i].type->event != NULL)                                                 \
    (dp)->ctl->app[i].type->event((dp)->ctl->app[i].self, dp, __VA_ARGS__)

void chain_flow_removed(struct ctl_dp *dp, const struct ofp_msg_flow_removed *removed)
{
    CHAIN_EACH(dp, flow_removed, removed);
}

void chain_port_status(struct ctl_dp *dp, const struct ofp_msg_port_status *status)
{
    CHAIN_EACH(dp, port_status, status);
}

void ctl_forget(struct ctl_dp *dp, uint16_t port)
{
    CHAIN_EACH(dp, forget, port);
}

void chain_error(struct ctl_dp *dp, uint32_t xid, const struct ofp_msg_error *error)
{
    CHAIN_EACH(dp, error, xid, error);
}
