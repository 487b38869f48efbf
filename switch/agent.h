/*
 * agent.h - the switch's side of the OpenFlow channel.
 *
 * One agent serves one datapath to all its controllers: those that it connects to (--controller)
 * and those that connect to it (--listen). Each connection has its own hello, role, echo and
 * limits; one row per message type says what is done with it (handle.c). Replies leave in the order
 * of their requests; what is asynchronous goes to every connection that its role and its set-config
 * let hear it.
 *
 * Controllers that do not answer are tried again with exponential back-off and jitter. When none is
 * left the agent puts the datapath into its fail mode, and back when one has answered.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_AGENT_H
#define MORGANA_SWITCH_AGENT_H

#include "runtime/net.h"
#include "switch/dp.h"

struct agent;

enum agent_fail_mode { AGENT_SECURE, AGENT_STANDALONE };

/* agent_defaults() fills it in; agent_options makes options of it. */
struct agent_config {
    enum agent_fail_mode fail_mode;
    uint64_t echo_interval;            /* ns of silence before an echo request is sent */
    uint64_t echo_limit;               /* ns of silence after which a connection is dropped */
    uint64_t backoff_min, backoff_max; /* ns between tries */
    uint64_t max_connections;
    uint64_t out_limit; /* bytes that may wait for a slow controller; beyond: asynchronous messages
                           are dropped and counted, and its requests wait */
};

void agent_defaults(struct agent_config *config);

struct agent *agent_new(const struct agent_config *config, struct dp *dp);
void agent_free(struct agent *agent);

/* Keep connecting to an active name (tcp:, unix:), or listen at a passive one (ptcp:, punix:).
 * `where` if not NULL receives the listener's name. 0 or a negative errno. */
int agent_serve(struct agent *agent, struct net *net, const char *endpoint, const char **where);

/* Serve a stream that is open already: a controller in the same process (stream_pair()). */
int agent_attach(struct agent *agent, struct stream *s);

#endif
