/*
 * connection.h - what the agent's own files share: the agent, its connections, its counters.
 *
 * A connection is one stream with one controller. Its life is one line of states:
 *
 *     CONNECTING -> HELLO -> UP -> ENDING
 *
 * and any may go to ENDING. connection_end() only notes that and defers the rest to the end of the
 * turn; so nobody up the stack ever has a connection freed under it.
 *
 * Replies leave in the order of their requests, for each request is done and answered before the
 * next one is looked at; so a barrier needs nothing but its answer (section 5.3.7). A controller
 * that does not read what it asked for is not heard until it does, and the rest of a long answer is
 * not put together before there is room: its next request waits in the
 * kernel's buffers once out_limit bytes of answers wait in ours. What it did not ask for is dropped
 * meanwhile.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_CONNECTION_H
#define MORGANA_SWITCH_CONNECTION_H

#include "runtime/counter.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/serve.h"
#include "switch/agent.h"
#include "switch/table.h"

struct agent {
    struct agent_config config;
    struct dp *dp;
    uint64_t dp_id;                 /* what controllers have heard is its id */
    struct server server;           /* where it listens, whom it calls */
    struct list connections;        /* struct connection */
    size_t n_connections, n_guests; /* these; those of them that are guests */
    size_t n_called;                /* names that it calls, each of which has a place */
    bool has_controllers;           /* of its own: has it ever been told to have one? */
    size_t n_up;                    /* ... that have said hello */
    enum dp_mode mode;
    struct loop_work changed; /* brings the datapath up to date with the above */
    struct log_limit refused;
    uint8_t area[OFP_MAX_MESSAGE]; /* where the list of an answer is put together */
};

enum connection_state {
    CONNECTION_CONNECTING, /* our connect has not been answered */
    CONNECTION_HELLO,      /* the stream is open, the peer's hello has not come */
    CONNECTION_UP,         /* version agreed */
    CONNECTION_ENDING,     /* to be freed at the end of this turn */
};

/* Places of the flow table that a connection's requests may look at in one turn: a few hundred
 * microseconds. Then it rests until the next turn, and packets have theirs. */
#define CONNECTION_BUDGET 4096

/* A reply to flow or aggregate statistics, on its way: see flow_stats.c. */
struct flow_walk {
    bool on;       /* the reply is not complete */
    uint16_t type; /* OFPST_FLOW or OFPST_AGGREGATE */
    uint32_t xid;
    uint8_t table_id;
    struct table_filter filter;
    uint32_t cursor;
    struct ofp_msg_aggregate sum;
};

struct connection {
    struct agent *agent;
    struct stream *stream; /* NULL: gone */
    enum connection_state state;
    /* Is it the agent's own controller (dialled or attached), of whose loss the fail mode speaks?
     * Who comes to a listener is a guest, such as ovs-ofctl: asynchronous messages are for it only
     * if it sets a miss_send_len, which is 0 to begin with. */
    bool guest;
    uint16_t miss_send_len; /* section 5.3.2 */
    bool invalid_ttl_to_controller;
    uint32_t role;  /* enum nx_role */
    uint64_t since; /* ... CONNECTION_UP: when it came to be */
    uint64_t heard; /* the last sign of life */

    struct list link;     /* in agent->connections */
    struct loop_work end; /* frees it */
    struct timer life;    /* of the handshake, then of the keep-alive */
    struct timer slow;    /* when the next message is done, if a slower switch is modelled */
    bool waited;          /* it has been waited for */
    struct flow_walk walk;
    uint32_t budget;       /* what is left of CONNECTION_BUDGET in this turn */
    struct loop_work rest; /* gives it a new one in the next turn */
    struct dial *dial;     /* the active name that it serves, or NULL */
    struct log_limit noise;
    char peer[ENDPOINT_NAME_MAX];
};

/* --- counters.c ------------------------------------------------------------------------------ */

struct agent_counters {
    uint64_t connections_opened;
    uint64_t connections_refused; /* past max_connections */
    uint64_t connections_up;      /* said hello */
    uint64_t connections_ended;
    uint64_t connects_failed;
    uint64_t handshakes_failed; /* no version in common, or no hello in time */
    uint64_t silent;            /* dropped after echo_limit */
    uint64_t controllers_lost;  /* times that none of its own was left */
    uint64_t bad;               /* received messages that are not good 1.0 */
    uint64_t broken;            /* ... that end the connection: a length below 8 */
    uint64_t refused;           /* good ones that the datapath or a role did not allow */
    uint64_t async_dropped;     /* the controller was too slow */
    uint64_t paused;            /* times that a slow controller's requests had to wait */
    uint64_t rx[OFPT_N_TYPES];  /* good messages received, by type */
    uint64_t tx[OFPT_N_TYPES];  /* messages sent, by type */
};

extern struct agent_counters agent_counters;
void agent_counters_register(void);

/* --- agent.c --------------------------------------------------------------------------------- */

/* The connection has said hello, or has gone after it had. */
void agent_up(struct connection *c);
void agent_down(struct connection *c);

/* "controlled", "emergency", "standalone" */
const char *agent_mode_name(enum dp_mode mode);

/* Give the datapath the fragments' flags of these, and the longest miss_send_len and the packets
 * whose TTL ends if anybody wants them. */
void agent_update_config(struct agent *agent, uint16_t flags);

/* Make `c` what it asks to be; a master there was becomes a slave. */
void agent_set_role(struct connection *c, uint32_t role);

/* --- connection.c ---------------------------------------------------------------------------- */

extern const struct stream_events connection_events;

/* A connection over `stream`, which is open, or NULL if it is still to be connected with
 * connection_events. NULL if there are too many or no memory; it has been counted and logged. */
struct connection *connection_new(struct agent *agent, struct stream *stream, const char *peer,
                                  bool guest);

/* The stream is open: say hello. */
void connection_start(struct connection *c);

/* End it at the end of this turn; what has been sent still leaves. Again: nothing. */
void connection_end(struct connection *c);

/* End it now. Only from outside of its own callbacks. */
void connection_reap(struct connection *c);

/* --- output.c -------------------------------------------------------------------------------- */

/* May the next request be answered? If not, input is stopped until it may. */
bool connection_has_room(struct connection *c);

/* Send an answer. There is room for one after connection_has_room(); without memory the connection
 * is ended, as a controller must not wait for an answer that never comes. */
void connection_send(struct connection *c, const struct ofp_msg *msg);
void connection_send_error(struct connection *c, struct ofp_fault fault, struct span request);
void connection_send_hello_failed(struct connection *c, struct span request);

/* Send what nobody asked for, or drop it if the controller is too slow. */
void connection_notify(struct connection *c, const struct ofp_msg *msg);

/* --- handle.c -------------------------------------------------------------------------------- */

/* Do what the message says and answer it. True, or false with the fault to answer. */
bool handle_message(struct connection *c, const struct ofp_msg *msg, struct ofp_fault *fault);

/* What a flow-mod says, whoever says it: the same. */
bool handle_flow_mod(struct agent *agent, const struct ofp_msg_flow_mod *mod,
                     struct ofp_fault *fault);

/* --- stats_reply.c --------------------------------------------------------------------------- */

/* The same for a statistics request. */
bool stats_reply(struct connection *c, const struct ofp_msg *msg, struct ofp_fault *fault);

/* --- flow_stats.c ---------------------------------------------------------------------------- */

/* Begin to answer a request for flow or aggregate statistics. The answer is not complete while
 * c->walk.on: go on when there is a budget and room for output. */
void flow_stats_begin(struct connection *c, const struct ofp_msg *request);
void flow_stats_go_on(struct connection *c);

/* What a flow statistics reply says of it, but for the actions that follow. */
void flow_describe(const struct flow *flow, struct ofp_flow_stats *entry);

#endif
