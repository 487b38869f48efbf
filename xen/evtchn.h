/*
 * evtchn.h - event channels: how Xen and other domains tell us that something has happened.
 *
 * A port is one end of a channel. Xen keeps two bits for each port in memory that it shares with
 * us, pending and masked, and above each 64 of them a bit that says where to look (the two-level
 * ABI, xen/include/public/event_channel.h; 4096 ports). The loop delivers what is pending to who
 * has bound the port: a call of fn(user) in a turn. An event that comes again before it was
 * delivered is delivered once, so a handler looks at all that there is to do.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_EVTCHN_H
#define MORGANA_XEN_EVTCHN_H

#include "xen/interface.h"

#include <stdbool.h>

typedef void evtchn_fn(void *user);

struct evtchn_stats {
    uint64_t delivered; /* handlers called */
    uint64_t stray;     /* events at ports that nobody had bound: masked */
    uint64_t sent;
};

/* Begin with every port masked and none bound. `shared` lives as long as the domain, or until the
 * next evtchn_begin() (after resuming, when every port is gone: evtchn_unbind() of those that were
 * bound then does nothing, until the first is bound anew). */
void evtchn_begin(shared_info_t *shared);

/* Have fn(user) called for a port that Xen gave us, and unmask it. 0, -EBUSY, -EINVAL or -ENOMEM.
 */
int evtchn_bind(evtchn_port_t port, evtchn_fn *fn, void *user);

/* A new port that domain `remote` may connect to. 0 or a negative errno. */
int evtchn_bind_new(domid_t remote, evtchn_fn *fn, void *user, evtchn_port_t *port);

/* A port for one of Xen's own events (VIRQ_*). 0 or a negative errno. */
int evtchn_bind_virq(uint32_t virq, evtchn_fn *fn, void *user, evtchn_port_t *port);

/* Mask a port, call nobody for it any more, and close it. Nothing if it is not bound, as 0 never
 * is. */
void evtchn_unbind(evtchn_port_t port);

/* The same for a port that Xen gave us (evtchn_bind()), which stays open. */
void evtchn_release(evtchn_port_t port);

/* Tell the other end. */
void evtchn_send(evtchn_port_t port);

/* Keep a port's events pending, and deliver what is pending again. */
void evtchn_mask(evtchn_port_t port);
void evtchn_unmask(evtchn_port_t port);

/* Is there anything to deliver? */
bool evtchn_any(void);

/* Deliver what is pending now. False if there was nothing. */
bool evtchn_deliver(void);

const struct evtchn_stats *evtchn_stats(void);

#endif
