/*
 * agent.h - the switch's side of the OpenFlow channel.
 *
 * One agent serves one datapath to all its controllers: those that it connects to (--controller)
 * and those that connect to it (--listen). Each connection has its own hello, role, echo and
 * limits; one row per message type says what is done with it (handle.c). Replies leave in the order
 * of their requests; what is asynchronous goes to every connection that its role and its set-config
 * let hear it.
 *
 * Controllers that do not answer are tried again with exponential back-off and jitter; all of those
 * given are kept connected at once, so that another is there when one fails. When none is left the
 * agent puts the datapath into its fail mode, and back when one has answered:
 *
 *   standalone: what no entry matches is forwarded as by NORMAL. So it is too where there are no
 * controllers at all.
 *   secure: the emergency entries take over, if there are any (section 4.3); else entries stay as
 * they are, and misses are dropped.
 *
 * Who comes to a listener is a guest, such as ovs-ofctl: it may do what any controller may, but it
 * does not count as one for the fail mode, and hears nothing asynchronous before it has set a
 * miss_send_len other than 0 (as Open vSwitch has it).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_AGENT_H
#define MORGANA_SWITCH_AGENT_H

#include "runtime/config.h"
#include "runtime/net.h"
#include "switch/dp.h"

struct agent;

enum agent_fail_mode { AGENT_SECURE, AGENT_STANDALONE };

/* agent_defaults() fills it in; agent_options makes options of it. */
struct agent_config {
    enum agent_fail_mode fail_mode;
    uint64_t echo_interval;            /* ns of silence before an echo request is sent */
    uint64_t echo_limit;               /* ns of silence after which a connection is dropped; also
                                          one without a hello; guests have 5 times as long */
    uint64_t backoff_min, backoff_max; /* ns between tries */
    uint64_t max_connections;          /* guests leave a place for each controller that is called */
    uint64_t out_limit; /* bytes that may wait for a slow controller; beyond: asynchronous messages
                           are dropped and counted, and its requests wait */
};

void agent_defaults(struct agent_config *config);

/* Rows that set `config` from a command line, for a struct config's tables. */
#define AGENT_N_OPTIONS 7
void agent_options(struct agent_config *config, struct config_option rows[AGENT_N_OPTIONS]);

/* An agent without connections; it becomes the datapath's listener. NULL if there is no memory. */
struct agent *agent_new(const struct agent_config *config, struct dp *dp);

/* End every connection, and free. NULL is allowed. Before the datapath is freed. */
void agent_free(struct agent *agent);

/* Keep connecting to an active name (tcp:, unix:), or listen at a passive one (ptcp:, punix:).
 * `where` if not NULL receives the listener's name. 0 or a negative errno. */
int agent_serve(struct agent *agent, struct net *net, const char *endpoint, const char **where);

/* Serve a stream that is open already: a controller in the same process (stream_pair()). The agent
 * owns it from now on. 0 or a negative errno (-EUSERS: too many connections), the stream then
 * closed. */
int agent_attach(struct agent *agent, struct stream *s);

#endif
