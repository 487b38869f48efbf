/*
 * datapath.c - what apps may ask of a datapath: its id, features, ports, their own state at it.
 *
 * The features reply is kept as a copy whose ports follow the switch's port-status messages
 * (OpenFlow 1.0 section 5.4.3). Joined datapaths lie in a list in the order of joining and in a
 * table by id.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct list *datapath_bucket(struct ctl *ctl, uint64_t id)
{
    return &ctl->bucket[(id ^ id >> 32 ^ id >> 16) % CTL_BUCKETS];
}

void datapath_enter(struct ctl_dp *dp)
{
    list_append(&dp->ctl->datapaths, &dp->joined);
    list_append(datapath_bucket(dp->ctl, dp->features.datapath_id), &dp->same_id);
}

void datapath_remove(struct ctl_dp *dp)
{
    list_remove(&dp->joined);
    list_remove(&dp->same_id);
}

bool ctl_read_dpid(const char *text, uint64_t *dpid)
{
    size_t prefix = strncmp(text, "0x", 2) == 0 ? 2 : 0, n = strlen(text) - prefix;
    if (n < 1 || n > 16 || strspn(text + prefix, "0123456789abcdefABCDEF") != n)
        return false;
    *dpid = strtoull(text, NULL, 16);
    return true;
}

struct ctl_dp *ctl_find_dp(struct ctl *ctl, uint64_t dpid)
{
    struct list *it, *after;
    list_each(it, after, datapath_bucket(ctl, dpid))
    {
        struct ctl_dp *dp = container_of(it, struct ctl_dp, same_id);
        if (dp->features.datapath_id == dpid)
            return dp;
    }
    return NULL;
}

/* Nobody joins or leaves within: a session ends at the end of the turn. */
void ctl_each_dp(struct ctl *ctl, void (*fn)(void *user, struct ctl_dp *dp), void *user)
{
    struct list *it, *after;
    list_each(it, after, &ctl->datapaths) fn(user, container_of(it, struct ctl_dp, joined));
}

/* --- Ports ----------------------------------------------------------------------------------- */

static size_t port_count(const struct ctl_dp *dp)
{
    return dp->features.ports.len / sizeof *dp->port;
}

static void port_set_count(struct ctl_dp *dp, size_t n)
{
    dp->features.ports = span_of(dp->port, n * sizeof *dp->port);
}

static int port_make_room(struct ctl_dp *dp, size_t n)
{
    struct ofp_phy_port *port;
    if (n <= dp->port_cap)
        return 0;
    port = realloc(dp->port, n * sizeof *port);
    if (port == NULL)
        return -ENOMEM;
    dp->port = port;
    dp->port_cap = n;
    return 0;
}

int datapath_set_features(struct ctl_dp *dp, const struct ofp_msg_features *features)
{
    size_t n = features->ports.len / sizeof *dp->port;
    int error = port_make_room(dp, n);
    if (error != 0)
        return error;
    dp->features = *features;
    bytes_copy(dp->port, features->ports.data, n * sizeof *dp->port);
    port_set_count(dp, n);
    return 0;
}

static struct ofp_phy_port *port_find(const struct ctl_dp *dp, uint16_t port_no)
{
    for (size_t i = 0; i < port_count(dp); i++)
        if (be16_get(dp->port[i].port_no) == port_no)
            return &dp->port[i];
    return NULL;
}

static void port_delete(struct ctl_dp *dp, struct ofp_phy_port *port)
{
    size_t after = (size_t)(dp->port + port_count(dp) - (port + 1));
    memmove(port, port + 1, after * sizeof *port);
    port_set_count(dp, port_count(dp) - 1);
}

static void port_add(struct ctl_dp *dp, const struct ofp_phy_port *desc)
{
    size_t n = port_count(dp);
    if (n >= CTL_PORTS_MAX || port_make_room(dp, n + 1) != 0) {
        ctl_counters.ports_refused++;
        return;
    }
    dp->port[n] = *desc;
    port_set_count(dp, n + 1);
}

/* A port that is modified without having been added, or added twice, is taken as it is now. */
void datapath_port_status(struct ctl_dp *dp, const struct ofp_msg_port_status *status)
{
    struct ofp_phy_port *port = port_find(dp, be16_get(status->desc->port_no));
    if (status->reason == OFPPR_DELETE) {
        if (port != NULL)
            port_delete(dp, port);
    } else if (port != NULL) {
        *port = *status->desc;
    } else {
        port_add(dp, status->desc);
    }
}

/* --- What apps ask --------------------------------------------------------------------------- */

uint64_t ctl_dp_id(const struct ctl_dp *dp)
{
    return dp->features.datapath_id;
}

const struct ofp_msg_features *ctl_dp_features(const struct ctl_dp *dp)
{
    return &dp->features;
}

const char *ctl_dp_peer(const struct ctl_dp *dp)
{
    return dp->peer;
}

const struct ofp_phy_port *ctl_dp_port(const struct ctl_dp *dp, uint16_t port_no)
{
    return port_find(dp, port_no);
}

static size_t app_index(const struct ctl *ctl, const void *self)
{
    size_t i = 0;
    while (i < ctl->n_apps && ctl->app[i].self != self)
        i++;
    assert(i < ctl->n_apps);
    return i;
}

void *ctl_dp_get(const struct ctl_dp *dp, const void *self)
{
    return dp->app_state[app_index(dp->ctl, self)];
}

void ctl_dp_set(struct ctl_dp *dp, const void *self, void *state)
{
    dp->app_state[app_index(dp->ctl, self)] = state;
}

void ctl_dp_drop(struct ctl_dp *dp)
{
    session_end(dp);
}
