/*
 * slicer.h - what the slicer's own files share: slices, the switches that they see, their flows.
 *
 * Switches come to the controller that the app `slicer` is in as to any other. For each of them
 * each slice that has a part of it gets a view: a switch that is not there, which connects to the
 * slice's controller and speaks as a switch does. How data flows:
 *
 *     switch ~~> session ──> slicer.c ──> whose packet is it? (space.c) ──> report.c ──> link.c ~~>
 *                                                                                 the slice's
 *     switch <~~ session <── flows.c, packet_out.c, stats.c <── handle.c <── link.c <~~ controller
 *
 * A flow as the slice wrote it is kept (struct vflow), with the parts that lie in switches for it:
 * one for each piece of the slice's space that it meets. A part carries its flow's id as cookie. So
 * a wildcard DELETE is done here, on the slice's own flows, and reaches the switch as strict
 * deletions of parts; and statistics and removals are told of flows as they were written.
 *
 * A slice's messages cost it time from its allowance (pace.h); when that is used up its input stops
 * until there is more, so that it waits, not the others.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_SLICER_SLICER_H
#define MORGANA_CONTROLLER_SLICER_SLICER_H

#include "controller/ctl.h"
#include "runtime/hash_table.h"
#include "controller/slicer/link.h"
#include "controller/slicer/pace.h"
#include "controller/slicer/slices.h"
#include "openflow/validate.h"
#include "runtime/list.h"

struct slicer {
    struct ctl *ctl;
    struct slice_set set;
    struct list slices;      /* struct slice */
    struct list places;      /* struct place */
    struct hash_table flows; /* struct vflow by id */
    uint64_t next_id;
    uint64_t secret; /* of the tags of LLDP: tag.h */
};

struct slice {
    struct list link; /* in slicer->slices */
    struct slicer *slicer;
    uint64_t id;                  /* for as long as it is as it is: the tag of its LLDP */
    unsigned index;               /* in slicer->set */
    int kept;                     /* the same in a set that is about to be used */
    struct pace asks, packet_ins; /* its controller's messages; what it is told */
    uint64_t n_flows;             /* in all of its views; at most the set's flows */
    struct list views;
};

/* A message that went to a switch for a slice, for the case that the switch answers with an error.
 */
struct sent {
    uint32_t xid;
    struct view *view; /* NULL: nobody's, or told already */
    uint64_t flow;     /* a vflow's id, which the error ends; 0: none */
    uint32_t len;      /* of `head`, the slice's own message, its xid in it */
    uint8_t head[OFP_ERROR_DATA_MIN];
};

#define SLICER_SENT 512

/* What lies in a switch for the slicer itself stands above slices' flows: whose highest priorities
 * count as one. */
enum slicer_priority { SLICER_PRIORITY_MAX = UINT16_MAX - 3, SLICER_PRIORITY_LLDP };

/* A switch that has joined. */
struct place {
    struct list link; /* in slicer->places */
    struct slicer *slicer;
    struct ctl_dp *dp;
    struct space space;
    struct space_rule *rules; /* of it */
    uint16_t *port;           /* n_ports numbers, for space_parts() */
    size_t n_ports, cap_ports;
    struct list views; /* the views of this switch, as it is */
    uint16_t miss_send_len;
    struct sent sent[SLICER_SENT]; /* by xid */
};

/* A port of a view. */
struct vport {
    uint16_t number; /* as the slice knows it */
    uint16_t real;
    uint32_t config; /* OFPPC_NO_FLOOD, as the slice has set it */
    struct ofp_phy_port desc;
};

/* A packet in a switch's buffer that this slice may use. */
struct vbuffer {
    uint32_t id;   /* as the slice knows it */
    uint32_t real; /* OFP_NO_BUFFER: nothing is here */
    struct ofp_key key;
};

#define SLICER_BUFFERS 256

/* A switch as a slice sees it. */
struct view {
    struct list in_slice, in_place;
    struct slice *slice;
    struct place *place;
    struct link link;
    struct vport *port; /* n_ports, by number */
    size_t n_ports, cap_ports;
    struct hash_table flows; /* struct vflow by match */
    uint32_t n_flows;
    struct list going; /* struct vflow that are deleted, but not yet reported to be */
    struct list asks;  /* struct ask */
    size_t n_asks;
    uint16_t miss_send_len; /* section 5.3.2 */
    uint32_t next_buffer;
    struct vbuffer buffer[SLICER_BUFFERS];
};

/* --- slicer.c -------------------------------------------------------------------------------- */

struct slicer_counters {
    uint64_t packet_ins;      /* told to a slice */
    uint64_t nobodys;         /* packet-ins that are in no slice */
    uint64_t absent;          /* ... for a slice whose controller is not there */
    uint64_t packets_dropped; /* ... past its rate, or its controller reads too slowly */
    uint64_t requests;        /* messages of slices' controllers */
    uint64_t refused;         /* ... answered with an error by us */
    uint64_t paced;           /* times that a slice had to wait for its rate */
    uint64_t flow_parts;      /* sent to switches for slices' flows */
    uint64_t errors;          /* of switches, handed to the slice that caused them */
    uint64_t links_up, links_lost;
    uint64_t reloads, bad_files;
};

extern struct slicer_counters slicer_counters;

static inline const struct slice_def *slice_def(const struct slice *slice)
{
    return &slice->slicer->set.def[slice->index];
}

/* --- place.c --------------------------------------------------------------------------------- */

/* A switch has joined, or is gone. NULL if there is no memory. */
struct place *place_new(struct slicer *slicer, struct ctl_dp *dp);
void place_free(struct place *place);

/* The set of slices is another: look up what of this switch is whose. False: no memory, it is now
 * nobody's. */
bool place_set_space(struct place *place);

/* Its ports have changed: tell the views. */
void place_ports_changed(struct place *place);

/* Ask for as much of packets as the slice that wants most of them. */
void place_update_config(struct place *place);

/* Send a message for a view. An error in answer ends `flow`, if that is not 0, and is told to the
 * slice as an answer to `request`. 0, or what ctl_send() says. */
int place_send(struct place *place, struct view *view, struct ofp_msg *msg, uint64_t flow,
               struct span request);

/* The switch has answered what place_send() sent with an error. */
void place_error(struct place *place, uint32_t xid, const struct ofp_msg_error *error);

/* A view is not told of errors any more. */
void place_forget(struct place *place, const struct view *view);

/* --- view.c ---------------------------------------------------------------------------------- */

/* The slice's view of a switch of which it has a part. NULL: no memory, or its controller's name
 * cannot be called; that was logged. */
struct view *view_new(struct slice *slice, struct place *place);

/* Hang up, delete its flows (unless the switch is gone, too: `gone`), free. */
void view_free(struct view *view, bool gone);

/* The slice's view of this switch; NULL: it has none. */
struct view *view_find(const struct slice *slice, const struct place *place);

/* Bring its ports up to date, and say so to its controller. */
void view_update_ports(struct view *view);

/* A port by the slice's number; by the switch's. NULL: there is none. */
struct vport *view_port(const struct view *view, uint16_t number);
struct vport *view_real_port(const struct view *view, uint16_t real);

/* Take a buffer's packet: the real id, with the packet's key, or OFP_NO_BUFFER if the slice was not
 * given this id or has used it. Give one: the slice's id. */
uint32_t view_take_buffer(struct view *view, uint32_t id, struct ofp_key *key);
uint32_t view_give_buffer(struct view *view, uint32_t real, const struct ofp_key *key);

/* --- report.c: what a slice is told ---------------------------------------------------------- */

/* A packet that is this view's, of which it is told this much. */
void report_packet_in(struct view *view, const struct ctl_packet *packet, struct span data);

/* A port of the view's, as it now is, was, or is to begin with. */
void report_port(struct view *view, const struct vport *port, uint8_t reason);

/* --- handle.c: what a slice's controller says ------------------------------------------------ */

/* Do it, and answer it. True, or false with the fault to answer. `bytes` is the whole message. */
bool handle_request(struct view *view, const struct ofp_msg *msg, struct span bytes,
                    struct ofp_fault *fault);

static inline bool slicer_refuse(struct ofp_fault *fault, uint16_t type, uint16_t code)
{
    *fault = (struct ofp_fault){.type = type, .code = code};
    return false;
}

/* --- actions.c ------------------------------------------------------------------------------- */

#define SLICER_ACTIONS_MAX 16384 /* bytes, once floods have become ports */

/* Rewrite a slice's actions on packets of `region` (a part, or a packet) for the switch: its ports
 * for the switch's, floods as ports. True, or false with the fault: a port that it does not have,
 * or packets made into what is not its own. */
bool actions_rewrite(const struct view *view, const struct space_region *region,
                     struct span actions, struct buf *out, struct ofp_fault *fault);

/* Would they be others if ports came or went? */
bool actions_flood(struct span actions);

/* Do they output to this port (the slice's number)? */
bool actions_output_to(struct span actions, uint16_t port);

/* --- flows.c --------------------------------------------------------------------------------- */

/* A piece of a flow, as it lies in the switch. */
struct part {
    struct space_region region;
    bool lies; /* in the switch; else it has been removed */
};

/* A flow as a slice wrote it. One without parts is kept, counts nothing and goes when it is
 * deleted.
 */
struct vflow {
    struct hash_link by_match, by_id; /* the first in view->going, once it is deleted */
    struct view *view;
    uint64_t id;
    struct ofp_match match; /* as written */
    struct space_region region;
    uint64_t cookie;
    uint16_t priority, idle, hard, flags;
    uint64_t born;
    bool going;                        /* deleted: its removal is only to be told */
    uint64_t packet_count, byte_count; /* of the parts that were removed */
    struct ofp_msg_aggregate seen;     /* stats.c's: of the parts that lie in the switch */
    size_t n_parts;
    size_t actions_len;
    uint8_t *actions;   /* as written */
    struct part part[]; /* n_parts */
};

#define SLICER_PARTS_MAX 256

bool flows_mod(struct view *view, const struct ofp_msg_flow_mod *mod, struct span bytes,
               struct ofp_fault *fault);

/* The switch has removed a flow: if it was part of one of a slice's. */
void flows_removed(struct place *place, const struct ofp_msg_flow_removed *removed);

/* The switch has refused a part of a flow: there is no flow. */
void flows_failed(struct slicer *slicer, uint64_t id);

/* Ports have come or gone: floods are other ones now. */
void flows_reflood(struct view *view);

/* Delete all flows of a view, with nothing told; without a word to the switch if it is `gone`. */
void flows_clear(struct view *view, bool gone);

/* For how long a flow has been: ns. */
static inline uint64_t flow_age(const struct vflow *f)
{
    return loop_now() - f->born;
}

/* A flow by its id; NULL: there is none. */
struct vflow *flows_find(const struct slicer *slicer, uint64_t id);

/* Call fn for each flow of the view that `match` covers and that outputs to `out_port`, if that is
 * not OFPP_NONE. fn may delete the flow. */
void flows_each(struct view *view, const struct ofp_match *match, uint16_t out_port,
                void (*fn)(void *user, struct vflow *flow), void *user);

/* --- packet_out.c ---------------------------------------------------------------------------- */

bool packet_out(struct view *view, const struct ofp_msg_packet_out *out, struct span bytes,
                struct ofp_fault *fault);

/* Send a packet of a buffer that the slice was given through these actions of its own: for a
 * flow-mod that names one. True, or false with the fault. */
bool packet_out_buffer(struct view *view, uint32_t buffer, struct span actions, struct span bytes,
                       struct ofp_fault *fault);

/* --- asks.c, stats.c: what only the switch knows --------------------------------------------- */

/* A request of a slice's that waits for the switch. */
struct ask {
    struct list link; /* in view->asks */
    struct view *view;
    uint32_t xid; /* the slice's */
    uint32_t len; /* of `head` */
    uint8_t head[OFP_ERROR_DATA_MIN];
    struct ofp_match match; /* of flow statistics */
    uint16_t out_port;
    /* What becomes of the answer. */
    void (*answer)(struct ask *ask, const struct ofp_msg *reply);
};

#define SLICER_ASKS 8 /* of a view, at once: past them its input waits */

/* Ask the view's switch, and answer the slice by like->answer() when it has answered. `like` says
 * what is kept of the request. */
bool ask(struct view *view, const struct ofp_msg *request, const struct ask *like,
         struct span bytes, struct ofp_fault *fault);

/* Forget what the view has asked. */
void asks_forget(struct view *view);

/* May it ask more? */
static inline bool asks_have_room(const struct view *view)
{
    return view->n_asks < SLICER_ASKS;
}

/* A statistics request. */
bool stats_request(struct view *view, const struct ofp_msg *msg, struct span bytes,
                   struct ofp_fault *fault);

#endif
