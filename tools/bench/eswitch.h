/*
 * eswitch.h - an emulated switch: one session with the controller under test.
 *
 * It shakes hands, introduces its hosts, and once told to sends packet-ins between them, as many as
 * may be outstanding; each answer makes room for the next. An answer is the first FLOW_MOD or
 * PACKET_OUT that carries the packet-in's buffer_id, and it is right if it sends the packet to the
 * port of the host that it is for. Answers are read in place, by offset: the controller is what is
 * measured. Called by the run (run.c), which owns the fleet.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_BENCH_ESWITCH_H
#define MORGANA_TOOLS_BENCH_ESWITCH_H

#include "runtime/net.h"
#include "tools/bench/histogram.h"
#include "tools/bench/pending.h"
#include "tools/bench/persona.h"

/* What all switches count together. */
struct tally {
    uint64_t sent;        /* packet-ins between hosts */
    uint64_t answers;     /* ... that were answered: */
    uint64_t flow_mods;   /*     by a FLOW_MOD */
    uint64_t packet_outs; /*     by a PACKET_OUT */
    uint64_t wrong;       /* answers that do not send the packet where its host is */
    uint64_t lost;        /* packet-ins given up */
    uint64_t repeated;    /* FLOW_MODs and PACKET_OUTs for a packet-in that did not wait any more */
    uint64_t unsolicited; /* ... for none */
    uint64_t unheard;     /* introductions that were not answered */
    uint64_t errors;      /* OFPT_ERROR messages */
    uint64_t malformed;   /* messages that are not good OpenFlow 1.0 */
    uint64_t unanswered;  /* requests of the controller's that we had no room to answer */
    struct histogram latency; /* ns from a packet-in to its answer */
};

enum eswitch_state {
    ESWITCH_CONNECTING, /* until the features reply is sent */
    ESWITCH_LEARNING,   /* introduces its hosts */
    ESWITCH_READY,      /* may send */
    ESWITCH_GONE,       /* has no session any more */
};

struct eswitch;

/* What the switches of a run share. */
struct fleet {
    struct traffic traffic;
    uint32_t outstanding; /* packet-ins that each may have waiting */
    uint32_t introduced;  /* hosts of each that introduce themselves */
    uint64_t allowance;   /* packet-ins between hosts that may still be sent by all */
    struct tally tally;
    /* sw->state is READY or GONE now, and was `before`. */
    void (*changed)(void *user, struct eswitch *sw, enum eswitch_state before);
    void (*progress)(void *user); /* answers have been counted */
    void *user;
};

struct eswitch {
    struct fleet *fleet;
    struct stream *stream; /* NULL: gone */
    enum eswitch_state state;
    uint32_t introduced; /* hosts that have begun to introduce themselves */
    bool heard;          /* the controller has answered one of them */
    uint64_t seed;
    struct persona persona;
    struct pending pending;
    int error; /* GONE: why; 0: closed in order */
};

/* Begin to connect switch number `index` (below 65535). 0, or a negative errno; only after 0 close
 * it. */
int eswitch_open(struct eswitch *sw, struct fleet *fleet, uint32_t index, uint64_t seed,
                 struct net *net, const struct endpoint *controller);
void eswitch_close(struct eswitch *sw);

/* Send what may be sent now: after fleet->allowance has grown. */
void eswitch_send(struct eswitch *sw);

/* Give up packet-ins sent before `before` (loop time), and send others instead. */
void eswitch_expire(struct eswitch *sw, uint64_t before);

#endif
