/*
 * discovery.h - which switches are joined by which ports: for the apps that need to know.
 *
 * The app `discovery` sends an LLDP frame out of every port of every switch, at once when a switch
 * joins or a port comes up and then every --discovery-interval. Where one comes in there is a link
 * from the port that it left. A link is gone when either port is, or when nothing has come for
 * --discovery-age. Links have a direction: a cable is two.
 *
 * An app that stands on it comes behind it in the chain, finds it in its create() and listens.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_DISCOVERY_H
#define MORGANA_CONTROLLER_APPS_DISCOVERY_H

#include "controller/ctl.h"
#include "runtime/list.h"

struct discovery;

/* Frames that leave `from` arrive at `to`. */
struct discovery_link {
    struct ctl_dp *from, *to;
    uint16_t from_port, to_port;
};

/* Who wants to hear of links; lies inside its owner. */
struct discovery_listener {
    struct list link; /* discovery.c's */
    /* A link has come up, or is gone (its datapaths are still valid during the call). */
    void (*changed)(void *user, const struct discovery_link *link, bool up);
    void *user;
};

/* The discovery of this controller's chain. NULL, and that has been logged with `who` wants it, if
 * the chain so far has none. */
struct discovery *discovery_of(struct ctl *ctl, const char *who);

/* Hear of links from now on, for as long as the controller lives. */
void discovery_listen(struct discovery *d, struct discovery_listener *listener);

/* Call fn for each link that comes from `from` (NULL: for all links). */
void discovery_each(const struct discovery *d, const struct ctl_dp *from,
                    void (*fn)(void *user, const struct discovery_link *link), void *user);

/* Does a link lead to this port? (Then no host is behind it, but another switch.) */
bool discovery_is_link(const struct discovery *d, const struct ctl_dp *dp, uint16_t port);

/* LLDP that is not this controller's goes on along the chain, for apps behind that want it. */
void discovery_let_foreign_pass(struct discovery *d);

/* How long a port must have been up without a link before it may be taken for a host's: ns. Two
 * intervals, so that one frame may be lost, and the time that the second takes. */
uint64_t discovery_settle_time(const struct discovery *d);

#endif
