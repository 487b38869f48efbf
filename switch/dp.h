/*
 * dp.h - the datapath: ports, the table, and what happens to a frame between them.
 *
 * How data flows: a device's batch -> port.c (port configuration, counters) -> hooks -> key in one
 * pass
 * -> table_lookup() -> execute.c (actions) -> each port's output batch -> netdev_send() at the end
 * of the input batch. A miss goes to the miss handler: by default it is buffered (buffer.c) and
 * becomes a packet-in.
 *
 * The datapath knows frames and rules, not connections: what it has to say goes to its listener
 * (the agent, agent.h), and what controllers want comes as calls. It knows nothing of any platform.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_DP_H
#define MORGANA_SWITCH_DP_H

#include "openflow/key.h"
#include "openflow/msg.h"
#include "openflow/validate.h"
#include "runtime/config.h"
#include "runtime/pkt.h"

struct dp;
struct dp_port;

/* dp_defaults() fills it in; dp_options makes options of it. */
struct dp_config {
    uint64_t id;          /* datapath id; 0: made from the first port's MAC address */
    uint64_t max_flows;   /* of the flow table */
    uint64_t n_buffers;   /* packets that wait for a controller */
    uint64_t buffer_time; /* ns after which such a packet may be overwritten */
    uint64_t mac_max;     /* addresses that NORMAL learns */
    uint64_t mac_time;    /* ns that an address is remembered without being seen */
    uint64_t n_pkts;      /* packet buffers in the pool: of PKT_SMALL */
    uint64_t n_large;     /* and of PKT_LARGE, for super-frames and whole datagrams */
    /* Datagrams and fragments that wait to be put together, the bytes of the buffers that these lie
     * in, and ns after which a datagram is given up. */
    uint64_t max_datagrams, max_fragments, max_fragment_bytes, fragment_time;
    /* Model a slower switch (ns). Packet-ins are late by the datapath's doing; that a controller's
     * flow-mods and requests for statistics take so long, and those behind them wait, by the
     * agent's. */
    uint64_t flow_mod_delay, packet_in_delay, stats_delay;
    const char *description; /* dp_desc, for people */
};

void dp_defaults(struct dp_config *config);

/* The rows by which a program sets them (runtime/config.h), the last without a name. */
#define DP_N_OPTIONS 17
void dp_options(struct dp_config *config, struct config_option rows[DP_N_OPTIONS]);

/* What a datapath has to say. Messages lie in the callee's reach during the call only. */
struct dp_listener {
    void (*packet_in)(void *user, const struct ofp_msg_packet_in *in);
    void (*flow_removed)(void *user, const struct ofp_msg_flow_removed *removed);
    void (*port_status)(void *user, const struct ofp_msg_port_status *status);
};

struct dp *dp_new(const struct dp_config *config);
void dp_free(struct dp *dp);
void dp_listen(struct dp *dp, const struct dp_listener *listener, void *user);

/* --- Ports ----------------------------------------------------------------------------------- */

/* Add the device `name` (see runtime/device.h) as port `port_no` (0: the lowest free one;
 * OFPP_LOCAL is allowed). The port is there at once, its link down until the device appears. 0,
 * -EEXIST, -EINVAL, -ENOSPC, -ENOMEM. */
int dp_port_add(struct dp *dp, const char *name, uint16_t port_no);

/* Have every device of a kind ("vif") that nobody else uses be a port, now and when it comes: N of
 * "vif:N" is its number, if that can be, else it is the lowest free one. 0; -EINVAL if there is no
 * such kind or it cannot be looked for; -EEXIST if a kind is looked for already; -ENOMEM. */
int dp_port_search(struct dp *dp, const char *kind);

/* Remove it. 0 or -ENOENT. */
int dp_port_remove(struct dp *dp, uint16_t port_no);

/* The next port after `port_no` in ascending order (0: the first); false at the end. */
bool dp_port_next(const struct dp *dp, uint16_t *port_no);

/* The name of its device, as given to dp_port_add(); NULL if there is no such port. */
const char *dp_port_name(const struct dp *dp, uint16_t port_no);

/* What a features reply, and a statistics reply, say of it. False if there is no such port. */
bool dp_port_desc(const struct dp *dp, uint16_t port_no, struct ofp_phy_port *desc);
bool dp_port_stats(const struct dp *dp, uint16_t port_no, struct ofp_port_stats *stats);

/* A queue of a port: what queue configuration and queue statistics say of it. */
struct dp_queue {
    uint32_t id;
    uint16_t min_rate; /* in 1/10 of a per cent, or OFPQ_MIN_RATE_UNCFG */
    uint64_t tx_packets, tx_bytes, tx_errors;
};

/* Give port `port_no` a queue that is guaranteed `min_rate` (as above) of what the port can send.
 * 0, -ENOENT, -EEXIST, -EINVAL, -ENOSPC, -ENOMEM; or take it away: 0 or -ENOENT. */
int dp_queue_add(struct dp *dp, uint16_t port_no, uint32_t queue_id, uint16_t min_rate);
int dp_queue_remove(struct dp *dp, uint16_t port_no, uint32_t queue_id);

/* What a port with queues can send, in bits a second; 0: what its device says. 0 or -ENOENT. */
int dp_port_set_rate(struct dp *dp, uint16_t port_no, uint64_t rate);

/* The i-th queue of a port, in ascending order of ids; false past the last. */
bool dp_queue(const struct dp *dp, uint16_t port_no, size_t i, struct dp_queue *queue);

/* --- What controllers ask for ---------------------------------------------------------------- */

/* Each: true, or false with the fault to answer and nothing changed; but a flow-mod whose only
 * fault is its buffer_id has been applied, as by Open vSwitch. */
bool dp_flow_mod(struct dp *dp, const struct ofp_msg_flow_mod *mod, struct ofp_fault *fault);
bool dp_packet_out(struct dp *dp, const struct ofp_msg_packet_out *out, struct ofp_fault *fault);
bool dp_port_mod(struct dp *dp, const struct ofp_msg_port_mod *mod, struct ofp_fault *fault);

uint64_t dp_id(const struct dp *dp);
const char *dp_description(const struct dp *dp); /* as configured; never NULL */
void dp_features(const struct dp *dp, struct ofp_msg_features *features); /* ports left empty */

/* miss_send_len; whether fragments pass, are dropped, or are put together (runtime/reassembly.h):
 * what no flag stands for is OFPC_FRAG_NORMAL; and whether a packet that dec_ttl ends is sent to
 * the controllers (OFPC_INVALID_TTL_TO_CONTROLLER, Open vSwitch's). */
void dp_set_config(struct dp *dp, const struct ofp_msg_config *config);
void dp_get_config(const struct dp *dp, struct ofp_msg_config *config);

/* How long a controller's message of this type (enum ofp_type) is to take on the slower switch that
 * is modelled: ns, 0 for most. */
uint64_t dp_delay(const struct dp *dp, uint8_t type);

/* No controller answers. Emergency: if there are emergency entries all others are deleted and they
 * take their place (section 4.3); if there are none the flow table stays in force. Standalone:
 * misses are forwarded as by NORMAL. And back: the flow table is in force again. */
enum dp_mode { DP_CONTROLLED, DP_EMERGENCY, DP_STANDALONE };
void dp_set_mode(struct dp *dp, enum dp_mode mode);

struct table *dp_table(struct dp *dp);
struct table *dp_emergency_table(struct dp *dp);

/* --- Hooks: for an application that links the datapath --------------------------------------- */

/* What becomes of a packet that a hook has seen. */
enum dp_verdict {
    DP_GO_ON,   /* as if the hook were not there */
    DP_CONSUMED /* the datapath does nothing more with it; it is counted as dropped by a hook */
};

/* Functions may be NULL. Only `miss` may change the flow table. `p` may be changed if the hook
 * makes it writable first: then *p is replaced. */
struct dp_hooks {
    enum dp_verdict (*before_lookup)(void *user, struct pkt **p, const struct ofp_key *key);
    enum dp_verdict (*after_lookup)(void *user, struct pkt **p, const struct ofp_key *key,
                                    bool matched);
    /* In place of buffering and packet-in. */
    void (*miss)(void *user, struct pkt *p, const struct ofp_key *key);
    /* An action with this vendor id, not Nicira's: flow-mods and packet-outs with it are accepted.
     * `action` is all of it, at least 8 bytes; what follows its header nobody has checked. */
    uint32_t action_vendor;
    void (*action)(void *user, struct pkt **p, struct span action);
};

void dp_set_hooks(struct dp *dp, const struct dp_hooks *hooks, void *user);

/* The vendor whose actions a hook executes; NX_VENDOR_ID if there is none. */
uint32_t dp_action_vendor(const struct dp *dp);

/* Send `p` (a reference is taken over) by `actions`, as a packet-out does. */
void dp_send(struct dp *dp, struct pkt *p, uint16_t in_port, struct span actions);

#endif
