/*
 * emulated.h - a small OpenFlow 1.0 switch with a few hosts, over simulated streams.
 *
 * It speaks what the controller's apps need and checks all that it is told: every message must be
 * good, every answer must be owed. A switch that is not connected forgets its packets but keeps its
 * flows, as real ones do.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_SIM_EMULATED_H
#define MORGANA_TEST_SIM_EMULATED_H

#include "openflow/key.h"
#include "openflow/msg.h"
#include "test/sim/world.h"

#define HOSTS_MAX   6
#define FLOWS_MAX   64
#define DEBTS_MAX   64
#define ACTIONS_MAX 64
#define FRAME_MAX   256

/* How it comes to have a session. */
enum emulated_way {
    EMULATED_CALLS,  /* it connects */
    EMULATED_CALLED, /* it listens, the controller connects */
    EMULATED_INSIDE, /* a pair of streams in the controller's process */
    EMULATED_N_WAYS,
};

struct flow {
    bool used;
    struct ofp_key key, mask;
    uint16_t priority, idle, hard;
    uint64_t added, hit;
    size_t actions_len;
    uint8_t actions[ACTIONS_MAX];
};

/* Something that the controller owes an answer. */
enum debt_kind { DEBT_NONE, DEBT_PACKET_IN, DEBT_ECHO, DEBT_ERROR };

struct debt {
    enum debt_kind kind;
    uint32_t id;     /* the buffer, or the xid */
    uint64_t serial; /* of the frame */
    uint16_t in_port;
    size_t len;
    uint8_t frame[FRAME_MAX];
};

struct emulated {
    uint64_t dpid;
    uint32_t number;  /* among all */
    bool twin;        /* its dpid is another's too; it is there only while it is rough */
    bool buffers;     /* it keeps the packets of its packet-ins */
    uint32_t entries; /* in its flow stats */
    enum emulated_way way;
    struct listener *listener; /* CALLED */

    /* The session. */
    struct stream *stream; /* NULL: none */
    bool ready;            /* the features reply is sent */
    bool mute;             /* it never says hello */
    bool stalled;          /* it has stopped reading for a while in this session */
    bool dead;             /* ... and talking, for so long that the session must end */
    uint32_t xid, sessions;
    uint16_t miss_send_len;
    uint64_t drops_before; /* what the controller had dropped when the session began */
    struct debt debts[DEBTS_MAX];
    struct timer again, act, stall;

    /* The pipeline. Host i is at port_of[i]. */
    size_t n_hosts;
    uint16_t port_of[HOSTS_MAX];
    bool port_down[HOSTS_MAX + 1];
    struct flow flows[FLOWS_MAX];
    uint64_t packet_ins;
    uint64_t watched;  /* the serial whose deliveries are noted */
    uint32_t received; /* bit i: host i has got it */
    bool twice;        /* ... more than once */
};

/* Make one, which lives until emulated_free(). */
struct emulated *emulated_new(uint64_t dpid, enum emulated_way way);
void emulated_free(struct emulated *e);

/* Rough times are over: read, mend the ports; a twin goes for good. */
void emulated_calm(struct emulated *e);

/* A port's link goes down, or up again; the controller is told. */
void emulated_flap(struct emulated *e, uint16_t port_no);

/* What the controller dropped because the switch was too slow is not owed any longer. */
void emulated_forgive(struct emulated *e);

/* All is at rest: it is connected, and nothing is owed to it. */
void emulated_check_rest(const struct emulated *e);

/* Send a message; false if there is no session or its output is full. */
bool emulated_send(struct emulated *e, const struct ofp_msg *msg);

/* Send a packet-in for a frame that no flow takes. */
void emulated_packet_in(struct emulated *e, struct span frame, uint16_t in_port, uint64_t serial);

/* --- pipeline.c ------------------------------------------------------------------------------ */

void pipeline_init(struct emulated *e);

/* Host `from` sends a frame to host `to` (n_hosts: to all; beyond: to nobody there). Returns its
 * serial. */
uint64_t pipeline_send(struct emulated *e, size_t from, size_t to);

/* Two hosts change places, without a word. */
void pipeline_swap(struct emulated *e, size_t a, size_t b);

/* Do as a list of actions says with a frame that came in at `in_port`. */
void pipeline_execute(struct emulated *e, struct span actions, struct span frame, uint16_t in_port);

/* Change the flow table. Returns false if it is full. */
bool pipeline_flow_mod(struct emulated *e, const struct ofp_msg_flow_mod *mod);

/* A port's description as it is now. */
void pipeline_port(const struct emulated *e, uint16_t port_no, struct ofp_phy_port *port);

#endif
