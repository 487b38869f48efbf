/*
 * ctl.h - the controller: sessions with datapaths, and the apps that they talk to.
 *
 * How data flows: a stream's bytes are framed, validated once and decoded in place (session.c);
 * what belongs to the session (hello, echo, features, replies to requests) is dealt with there; the
 * rest goes to the apps in the order of their chain, and a packet-in stops at the first app that
 * consumes it. What apps send is encoded straight into the stream's output and leaves in one write
 * a turn.
 *
 * Who writes an app needs this header and openflow/'s. An app is a row of functions (struct
 * ctl_app_type); README.md shows one of under 40 lines.
 *
 * A controller has no globals: a program may hold several. Everything happens on the loop's thread.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_CTL_H
#define MORGANA_CONTROLLER_CTL_H

#include "appctl/appctl.h"
#include "openflow/key.h"
#include "openflow/msg.h"
#include "runtime/config.h"
#include "runtime/net.h"

struct ctl;    /* a controller */
struct ctl_dp; /* a datapath that has joined: one session with one switch */

/* --- A controller ---------------------------------------------------------------------------- */

/* Limits and times; ctl_defaults() fills them in, ctl_options makes options of them. */
struct ctl_config {
    uint64_t max_sessions;   /* streams at once; those past it are refused */
    uint64_t handshake_time; /* ns from a stream's opening to its features reply */
    uint64_t echo_interval;  /* ns of silence after which we send an echo request */
    uint64_t echo_limit;     /* ns of silence, more than that, that end the session */
    uint64_t request_time;   /* ns that a request may wait for its whole reply */
    uint64_t max_requests;   /* of one session, outstanding at once */
    uint64_t max_reply;      /* bytes of a reply assembled from many parts */
    uint64_t out_limit;      /* bytes of output that may wait for a slow switch */
    uint64_t miss_send_len;  /* set-config: bytes of a missed packet to be sent to us */
    uint64_t reconnect_min, reconnect_max; /* ns between tries of an active connection */
};

/* The limits and times that suit most. */
void ctl_defaults(struct ctl_config *config);

/* Rows that set `config` from a command line, for a struct config's tables. */
#define CTL_N_OPTIONS 12
void ctl_options(struct ctl_config *config, struct config_option rows[CTL_N_OPTIONS]);

/* A controller without apps or connections. NULL if there is no memory. */
struct ctl *ctl_new(const struct ctl_config *config);

/* End every session (apps hear `leave`), close listeners, destroy apps, free. NULL is allowed. Not
 * within a call of the controller's. */
void ctl_free(struct ctl *ctl);

/* Listen at a passive name (ptcp:, punix:), or keep connecting to an active one (tcp:, unix:) with
 * exponential back-off. `where` if not NULL receives the listener's name with its real port (valid
 * as long as the controller). 0 or a negative errno. */
int ctl_serve(struct ctl *ctl, struct net *net, const char *endpoint, const char **where);

/* Serve a stream that is open already: a switch in the same process (stream_pair()). The controller
 * owns it from now on. 0 or a negative errno (-EUSERS: too many sessions), the stream then closed.
 */
int ctl_attach(struct ctl *ctl, struct stream *s);

/* Where apps that call somebody connect: NULL unless it was said. */
void ctl_use_net(struct ctl *ctl, struct net *net);
struct net *ctl_net(const struct ctl *ctl);

/* --- Apps ------------------------------------------------------------------------------------ */

/* A packet-in with what every app wants to know of it. Valid during the call. */
struct ctl_packet {
    const struct ofp_msg_packet_in *in;
    struct ofp_key key; /* of in->data on in->in_port */
};

/* One kind of app. Functions may be NULL. `self` is what create() returned. */
struct ctl_app_type {
    const char *name;                    /* as in --app=NAME */
    const char *help;                    /* one line */
    const struct config_option *options; /* of the app, for the program's option table, or NULL */

    /* Make the app's state. NULL with a logged reason if that cannot be. An app without create()
     * has no state; its `self` then only tells it from the others. */
    void *(*create)(struct ctl *ctl);
    void (*destroy)(void *self);

    /* A datapath has joined (its features are known) or is gone (nothing can be sent any more). */
    void (*join)(void *self, struct ctl_dp *dp);
    void (*leave)(void *self, struct ctl_dp *dp);

    /* True: consumed, apps further down the chain do not see it. What nobody consumes is dropped,
     * out of the switch's buffer too. */
    bool (*packet_in)(void *self, struct ctl_dp *dp, const struct ctl_packet *packet);

    /* All apps hear these; but an error that answers a request goes to who made it. */
    void (*flow_removed)(void *self, struct ctl_dp *dp, const struct ofp_msg_flow_removed *removed);
    void (*port_status)(void *self, struct ctl_dp *dp, const struct ofp_msg_port_status *status);
    void (*error)(void *self, struct ctl_dp *dp, uint32_t xid, const struct ofp_msg_error *error);

    /* Other hosts than before may be behind this port (see ctl_forget()): forget those that were
     * heard there, and delete the flows that rest on it. */
    void (*forget)(void *self, struct ctl_dp *dp, uint16_t port);

    /* An operator has said so, by SIGHUP as a rule: read your files again. */
    void (*reload)(void *self);

    /* Commands for an operator, whose user is the app, or NULL. */
    const struct appctl_command *commands;
};

/* Append an app to the chain; before any session. 0, or -ENOMEM if it could not be created, or
 * -ENOSPC past CTL_APPS_MAX. */
#define CTL_APPS_MAX 16
int ctl_add_app(struct ctl *ctl, const struct ctl_app_type *type);

/* Tell every app to read its files again. */
void ctl_reload(struct ctl *ctl);

/* The state (`self`) of the first app of this type that is in the chain; NULL if none is: for apps
 * that stand on others, in their create() and later. */
void *ctl_app(const struct ctl *ctl, const struct ctl_app_type *type);

/* The apps that come with Morgana, NULL-terminated, and one of them by name (NULL: none). */
extern const struct ctl_app_type *const ctl_apps[];
const struct ctl_app_type *ctl_app_by_name(const char *name);

/* --- Datapaths ------------------------------------------------------------------------------- */

/* Section 5.3.1: the datapath id. */
uint64_t ctl_dp_id(const struct ctl_dp *dp);

/* The features reply, kept up to date with port-status messages. Valid as long as the datapath. */
const struct ofp_msg_features *ctl_dp_features(const struct ctl_dp *dp);

/* Who is at the other end, for people. */
const char *ctl_dp_peer(const struct ctl_dp *dp);

/* A port by number; NULL if there is none. Valid until the next port-status. */
const struct ofp_phy_port *ctl_dp_port(const struct ctl_dp *dp, uint16_t port_no);

/* Is a port in use: switched on, and its link up? */
static inline bool ctl_port_is_up(const struct ofp_phy_port *port)
{
    return (be32_get(port->state) & OFPPS_LINK_DOWN) == 0 &&
           (be32_get(port->config) & OFPPC_PORT_DOWN) == 0;
}

/* Does this say that a port is in use no more, or not there at all? */
static inline bool ctl_port_is_gone(const struct ofp_msg_port_status *status)
{
    return status->reason == OFPPR_DELETE || !ctl_port_is_up(status->desc);
}

/* An app's own pointer at a datapath, NULL to begin with: set it in join, free it in leave. `self`
 * is the app's. */
void *ctl_dp_get(const struct ctl_dp *dp, const void *self);
void ctl_dp_set(struct ctl_dp *dp, const void *self, void *state);

/* Call fn for every datapath that has joined, in the order of joining. */
void ctl_each_dp(struct ctl *ctl, void (*fn)(void *user, struct ctl_dp *dp), void *user);

/* Read a datapath id as people write it, in hexadecimal. False if it is none. */
bool ctl_read_dpid(const char *text, uint64_t *dpid);

/* The datapath with this id; NULL if none has joined. */
struct ctl_dp *ctl_find_dp(struct ctl *ctl, uint64_t dpid);

/* The network behind a port has changed: every app is told to forget what hosts it knows there. For
 * apps that see to the topology. */
void ctl_forget(struct ctl_dp *dp, uint16_t port);

/* Drop the session, as if the switch had gone: nothing more is heard of it or sent to it, and apps
 * hear `leave` at the end of this turn. */
void ctl_dp_drop(struct ctl_dp *dp);

/* --- Sending --------------------------------------------------------------------------------- */

/* Every function here returns 0, or -ENOBUFS if the switch is too slow and its output is full (the
 * message is dropped and counted), -ENOTCONN if the datapath is going, -EMSGSIZE if the message
 * would be longer than OFP_MAX_MESSAGE. */

/* Send one message as it is, its xid included. */
int ctl_send(struct ctl_dp *dp, const struct ofp_msg *msg);

/* An xid that nothing else sent to this datapath has had lately: for who wants to know errors. */
uint32_t ctl_xid(struct ctl_dp *dp);

/* Answer a packet-in: send its packet on by `actions`, out of the switch's buffer if it has one
 * there, else by sending the bytes back. */
int ctl_packet_out(struct ctl_dp *dp, const struct ctl_packet *packet, struct span actions);

/* Send a flow-mod with a fresh xid. If `packet` is not NULL its packet is sent through the new
 * entry: with the flow-mod itself if the switch buffered it, else by a packet-out after it;
 * flow->buffer_id is filled in accordingly. */
int ctl_flow_mod(struct ctl_dp *dp, struct ofp_msg_flow_mod *flow, const struct ctl_packet *packet);

/* --- Requests -------------------------------------------------------------------------------- */

/* The end of a request. error 0: `reply` is the answer, a multi-part reply in one piece (its MORE
 * flag clear, its entries all parts'). -EREMOTEIO: the switch answered with an error, which `reply`
 * is. -ETIMEDOUT, -ECONNRESET (the datapath is gone), -EMSGSIZE (longer than max_reply), -ENOMEM:
 * `reply` is NULL. Called exactly once, valid during the call. */
typedef void ctl_reply_fn(void *user, struct ctl_dp *dp, int error, const struct ofp_msg *reply);

/* Send `request` (features, get-config, stats, barrier, queue-get-config, echo, vendor) with an xid
 * of its own and call `fn` with the answer. 0, or what ctl_send() says, or -EAGAIN (max_requests),
 * -ENOMEM, -EINVAL (no such request); `fn` is not called then. */
int ctl_request(struct ctl_dp *dp, const struct ofp_msg *request, ctl_reply_fn *fn, void *user);

/* Forget the requests of `user`: their `fn` will not be called. For who goes before the datapath.
 */
void ctl_cancel_requests(struct ctl_dp *dp, const void *user);

#endif
