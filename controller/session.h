/*
 * session.h - what the controller's own files share: the controller, its sessions, its counters.
 *
 * A session is one stream with one switch. It is the struct ctl_dp that apps see once the switch
 * has joined, so that nothing needs to be looked up between a received byte and an app.
 *
 * The life of a session is one line of states:
 *
 *     CONNECTING -> HELLO -> FEATURES -> JOINED -> ENDING
 *
 * and any may go to ENDING. session_end() only notes that and defers the rest to the end of the
 * turn; so nobody up the stack, app or session, ever has a session freed under it.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_SESSION_H
#define MORGANA_CONTROLLER_SESSION_H

#include "controller/ctl.h"
#include "openflow/validate.h"
#include "runtime/counter.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/serve.h"

/* An app in the chain. */
struct ctl_app {
    const struct ctl_app_type *type;
    void *self;
};

#define CTL_BUCKETS 1024 /* of the table of datapath ids */

struct ctl {
    struct ctl_config config;
    struct ctl_app app[CTL_APPS_MAX];
    size_t n_apps;
    struct list sessions;            /* every session, joined or not */
    struct list datapaths;           /* those that have joined, in that order */
    struct list bucket[CTL_BUCKETS]; /* the same, by datapath id */
    size_t n_sessions;
    struct server server; /* where it listens, whom it calls */
    struct net *net;      /* the apps' */
    struct log_limit refused;
};

enum session_state {
    SESSION_CONNECTING, /* our connect has not been answered */
    SESSION_HELLO,      /* the stream is open, the peer's hello has not come */
    SESSION_FEATURES,   /* version agreed, features asked for */
    SESSION_JOINED,     /* apps know the datapath */
    SESSION_ENDING,     /* to be freed at the end of this turn */
};

struct ctl_dp {
    /* What each packet-in needs comes first. */
    struct ctl *ctl;
    struct stream *stream; /* NULL: gone */
    enum session_state state;
    uint32_t xid;   /* of our next message */
    uint64_t since; /* SESSION_JOINED: when it came to be */
    uint64_t heard; /* the last sign of life */
    void *app_state[CTL_APPS_MAX];

    struct list session;  /* in ctl->sessions */
    struct list joined;   /* in ctl->datapaths, once it has joined */
    struct list same_id;  /* in a bucket, once it has joined */
    struct loop_work end; /* frees it */
    struct timer life;    /* of the handshake, then of the keep-alive */
    uint32_t probe_xid;   /* of the keep-alive's echo requests */
    struct dial *dial;    /* the active connection that it serves, or NULL */

    struct list requests; /* struct request, oldest first: request.c */
    size_t n_requests;
    struct timer request_timer; /* not later than the oldest one's deadline */

    struct ofp_msg_features features; /* .ports views port[] */
    struct ofp_phy_port *port;
    size_t port_cap;

    struct log_limit noise; /* what a bad peer can make us log */
    char peer[ENDPOINT_NAME_MAX];
};

/* --- counters.c ------------------------------------------------------------------------------ */

struct ctl_counters {
    uint64_t sessions_opened;
    uint64_t sessions_refused; /* past max_sessions */
    uint64_t sessions_joined;
    uint64_t sessions_replaced; /* by another with the same datapath id */
    uint64_t sessions_ended;
    uint64_t handshakes_failed; /* no version in common, or not done in time */
    uint64_t silent;            /* dropped after echo_limit */
    uint64_t connects_failed;
    uint64_t bad;                /* received messages that are not good 1.0 */
    uint64_t broken;             /* ... that end the session: a length below 8 */
    uint64_t early;              /* ... that came before the handshake was done */
    uint64_t stray;              /* replies and errors that belong to no request */
    uint64_t unconsumed;         /* packet-ins that no app wanted */
    uint64_t tx_dropped;         /* the switch was too slow */
    uint64_t packet_ins_dropped; /* ... so that nothing could be answered */
    uint64_t requests;           /* made */
    uint64_t request_timeouts;
    uint64_t request_errors;   /* answered with an error */
    uint64_t reply_too_long;   /* past max_reply */
    uint64_t ports_refused;    /* past CTL_PORTS_MAX */
    uint64_t rx[OFPT_N_TYPES]; /* good messages received, by type */
    uint64_t tx[OFPT_N_TYPES]; /* messages sent, by type */
};

extern struct ctl_counters ctl_counters;
void ctl_counters_register(void);

/* --- session.c ------------------------------------------------------------------------------- */

extern const struct stream_events session_events;

/* A session of `stream`, which is open, or NULL if it is still to be connected with
 * session_events. NULL if there are too many or no memory; it has been counted and logged. */
struct ctl_dp *session_new(struct ctl *ctl, struct stream *stream, const char *peer);

/* End it at the end of this turn; what has been sent still leaves. Again: nothing. */
void session_end(struct ctl_dp *dp);

/* End it now: apps hear `leave`, its requests fail, it is freed. Only from outside of its own
 * callbacks and of every app's. */
void session_reap(struct ctl_dp *dp);

/* --- handshake.c ----------------------------------------------------------------------------- */

/* The stream is open: say hello. */
void handshake_start(struct ctl_dp *dp);

/* A message of a session that has not joined. True: it was dealt with here. False: judge it like
 * any other. */
bool handshake_message(struct ctl_dp *dp, struct span bytes);

/* The switch's features: with them it joins. */
void handshake_features(struct ctl_dp *dp, const struct ofp_msg *msg);

/* --- send.c ---------------------------------------------------------------------------------- */

/* An xid that this session has not used lately. */
static inline uint32_t session_xid(struct ctl_dp *dp)
{
    return dp->xid++;
}

/* ctl_send(), for a session in any state. */
int session_send(struct ctl_dp *dp, const struct ofp_msg *msg);

/* Answer `bytes`, whose version is not ours. */
void session_send_hello_failed(struct ctl_dp *dp, struct span bytes);

/* Answer `bytes`, a message or as much as there is of one, with an error. */
void session_send_error(struct ctl_dp *dp, struct ofp_fault fault, struct span bytes);

/* --- request.c ------------------------------------------------------------------------------- */

void request_init(struct ctl_dp *dp);

/* A reply, or an error. True: it belongs to a request, whose `fn` has been called if it was the
 * last part. */
bool request_reply(struct ctl_dp *dp, const struct ofp_msg *msg);

/* Is this a stats reply with entries, which can be gathered from several parts? */
bool request_has_entries(const struct ofp_msg *msg);

/* Fail every request with -ECONNRESET. */
void request_fail_all(struct ctl_dp *dp);

/* --- datapath.c ------------------------------------------------------------------------------ */

#define CTL_PORTS_MAX 4096 /* of one datapath; a features reply holds at most 1364 */

/* Keep a copy of the features. 0 or -ENOMEM. */
int datapath_set_features(struct ctl_dp *dp, const struct ofp_msg_features *features);

/* Bring the features' ports up to date. */
void datapath_port_status(struct ctl_dp *dp, const struct ofp_msg_port_status *status);

/* Put `dp`, whose features are known, among the joined; take it out again. */
void datapath_enter(struct ctl_dp *dp);
void datapath_remove(struct ctl_dp *dp);

/* --- chain.c --------------------------------------------------------------------------------- */

void chain_join(struct ctl_dp *dp);
void chain_leave(struct ctl_dp *dp);
void chain_packet_in(struct ctl_dp *dp, const struct ofp_msg_packet_in *in);
void chain_flow_removed(struct ctl_dp *dp, const struct ofp_msg_flow_removed *removed);
void chain_port_status(struct ctl_dp *dp, const struct ofp_msg_port_status *status);
void chain_error(struct ctl_dp *dp, uint32_t xid, const struct ofp_msg_error *error);
void chain_destroy(struct ctl *ctl);

#endif
