/*
 * slicer.h - what the slicer's own files share: slices, the switches that they see, their flows.
 *
 * Switches come to the controller that the app `slicer` is in as to any other. For each of them
 * each slice that has a part of it gets a view: a switch that is not there, which connects to the
 * slice's controller and speaks as a switch does. A slice with big= has one view, of all of them.
 * How data flows:
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
 * A big switch's ports are those at the edge of the network (topology.c, edge.c). Its flows lie
 * where packets come in; labels (label.h) bring them to where they go out.
 *
 * A slice's messages cost it time from its allowance (pace.h); when that is used up its input stops
 * until there is more, so that it waits, not the others.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_SLICER_SLICER_H
#define MORGANA_CONTROLLER_SLICER_SLICER_H

#include "controller/apps/graph.h"
#include "controller/ctl.h"
#include "runtime/hash_table.h"
#include "controller/slicer/label.h"
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

    /* For big switches. */
    struct discovery *discovery; /* NULL: there can be none */
    struct discovery_listener links;
    struct graph graph;    /* of places, by their nodes */
    struct loop_work look; /* has the network changed? At the end of this turn, or ... */
    struct timer again;    /* ... then */
    struct label_ids labels;
};

/* A port of a big switch. */
struct numbered {
    uint64_t dpid; /* where it is: this port of this switch */
    uint16_t port;
    uint16_t number; /* that the slice knows it by */
};

struct numbers {
    struct numbered *of;
    size_t n, cap;
    uint16_t last; /* that was found for a port to which no line gives one */
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
    struct view *big;              /* its one view, if it sees one big switch and that has ports */
    struct numbers numbers;        /* of that one's ports */
    const struct graph_node *main; /* the root of the part of the network that is in use */
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
enum slicer_priority {
    SLICER_PRIORITY_MAX = UINT16_MAX - 3,
    SLICER_PRIORITY_GUARD,
    SLICER_PRIORITY_LLDP,
    SLICER_PRIORITY_LABEL,
};

/* Since when a port is up: TIMER_NEVER if it is not. */
struct edge {
    uint64_t since;
};

/* A switch that has joined. */
struct place {
    struct list link; /* in slicer->places */
    struct slicer *slicer;
    struct ctl_dp *dp;
    struct space space;
    struct space_rule *rules; /* of it */
    uint16_t *port;           /* n_ports numbers, for space_parts() */
    struct edge *edge;        /* of each */
    size_t n_ports;
    struct list views; /* the views of this switch, as it is */
    struct graph_node node;
    size_t n_guards; /* of labels */
    uint16_t miss_send_len;
    struct sent sent[SLICER_SENT]; /* by xid */
};

/* A port of a view. */
struct vport {
    uint16_t number; /* as the slice knows it */
    struct place *place;
    uint16_t real;
    bool up;         /* packets may pass; of a switch as it is, which sees to that itself, always */
    uint32_t config; /* OFPPC_NO_FLOOD, as the slice has set it */
    struct ofp_phy_port desc;
};

/* A packet in a switch's buffer that this slice may use. */
struct vbuffer {
    uint32_t id;   /* as the slice knows it */
    uint32_t real; /* OFP_NO_BUFFER: nothing is here */
    struct place *place;
    struct ofp_key key;
};

#define SLICER_BUFFERS 256

/* A switch as a slice sees it. */
struct view {
    struct list in_slice, in_place;
    struct slice *slice;
    struct place *place; /* NULL: all of them, as one big switch */
    struct link link;
    struct vport *port; /* n_ports, by number */
    size_t n_ports, cap_ports;
    struct hash_table flows; /* struct vflow by match */
    uint32_t n_flows;
    struct list going;              /* struct vflow that are deleted, but not yet reported to be */
    bool lapsed;                    /* parts of some may have timed out: parts_wake() */
    bool stale;                     /* something of a flow could not be sent */
    struct list labels, old_labels; /* struct label; those that nobody uses any more */
    struct list asks;               /* struct ask */
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

/* The first switch that a view shows, and the next one; NULL: no more. */
struct place *place_first(const struct view *view);
struct place *place_next(const struct view *view, const struct place *place);

/* All flows of its views have to be looked at again. */
void place_set_stale(struct place *place);

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

/* --- edge.c ---------------------------------------------------------------------------------- */

/* Bring the list of its ports up to date. */
void edge_list_ports(struct place *place);

/* Another network may be behind the port now. */
void edge_begin(struct place *place, uint16_t port);

/* Has it been up for long enough for a cable to be found there? */
bool edge_is_settled(const struct place *place, uint16_t port);

/* When the next port may be settled; TIMER_NEVER: none is about to. */
uint64_t edge_next(const struct place *place);

/* --- topology.c: the network under big switches ---------------------------------------------- */

void topology_begin(struct slicer *slicer);
void topology_end(struct slicer *slicer);

/* Hear of links, for as long as the controller lives. */
void topology_listen(struct slicer *slicer);

/* A switch has joined (0 or -ENOMEM), is gone. */
int topology_join(struct place *place);
void topology_leave(struct place *place);

/* Other slices are there. */
void topology_slices_changed(struct slicer *slicer);

/* Something may have changed: look at the end of this turn; now; in a moment. */
void topology_changed(struct slicer *slicer);
void topology_look(struct slicer *slicer);
void topology_again(struct slicer *slicer);

/* Is a port that is the slice's one of its big switch? Then put what differs into `desc`. */
bool topology_shows(const struct view *view, const struct place *place, uint16_t real,
                    struct ofp_phy_port *desc);

/* --- numbers.c ------------------------------------------------------------------------------- */

/* A port gets this number, which no other has. False: no memory. */
bool numbers_give(struct numbers *numbers, struct numbered port);

/* The number of a port; OFPP_NONE: there is none left, or no memory. */
uint16_t numbers_get(struct numbers *numbers, uint64_t dpid, uint16_t port);

/* --- view.c ---------------------------------------------------------------------------------- */

/* The slice's view of a switch of which it has a part, or (place NULL) of all as one. NULL: no
 * memory, or its controller's name cannot be called; that was logged. */
struct view *view_new(struct slice *slice, struct place *place);

/* Hang up, delete its flows (unless the switch is gone, too: `gone`), free. */
void view_free(struct view *view, bool gone);

/* The slice's view of this switch; NULL: it has none. */
struct view *view_find(const struct slice *slice, const struct place *place);

/* The datapath id that its controller is told. */
uint64_t view_dpid(const struct view *view);

/* Bring its ports up to date, and say so to its controller; and all that depends on them, if they
 * are others now. */
void view_update(struct view *view);

/* Whether some port floods has changed. */
void view_reflood(struct view *view);

/* A switch has gone: forget what a view of all had there. */
void view_leave(struct view *view, const struct place *place);

/* A port by the slice's number; by the switch's. NULL: there is none. */
struct vport *view_port(const struct view *view, uint16_t number);
struct vport *view_real_port(const struct view *view, const struct place *place, uint16_t real);

/* Do floods go out of it? */
static inline bool vport_floods(const struct vport *port)
{
    return ((be32_get(port->desc.config) | port->config) & OFPPC_NO_FLOOD) == 0;
}

/* Take a buffer's packet; its real id is OFP_NO_BUFFER if the slice was not given this one or has
 * used it. Give one (its id is filled in): the slice's id. */
struct vbuffer view_take_buffer(struct view *view, uint32_t id);
uint32_t view_give_buffer(struct view *view, struct vbuffer buffer);

/* --- report.c: what a slice is told ---------------------------------------------------------- */

/* A packet that is this view's, of which it is told this much. */
void report_packet_in(struct view *view, struct place *place, const struct ctl_packet *packet,
                      struct span data);

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

/* Rewrite a slice's actions on packets of `region` (a part, or a packet) for a switch: its ports
 * for the switch's, floods as ports, and the way to ports elsewhere. True, or false with the fault:
 * a port that it does not have, or packets made into what is not its own. With `again` they were
 * good before, and nothing goes where there is no port any more. */
bool actions_rewrite(struct view *view, const struct place *place,
                     const struct space_region *region, struct span actions, bool again,
                     struct buf *out, struct ofp_fault *fault);

/* Do they output to this port (the slice's number)? */
bool actions_output_to(struct span actions, uint16_t port);

/* --- flows.c --------------------------------------------------------------------------------- */

/* A piece of a flow, in one switch. */
struct part {
    struct place *place;
    struct space_region region;
    enum {
        PART_NEW,  /* not yet in the switch */
        PART_LIES, /* there */
        PART_GONE, /* it has timed out, others may not have */
        PART_DOWN, /* its port is: it is not to be there */
    } state;
    uint64_t actions; /* a hash of those that it has in the switch */
};

/* A flow as a slice wrote it. One that lies nowhere (its ports are down, or it is for LLDP) is
 * kept, and ends by `end`. */
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
    struct timer end;
    struct part *part; /* n_parts */
    size_t n_parts;
    size_t n_leaving; /* parts before, whose last counts are still to come */
    size_t actions_len;
    uint8_t *actions; /* as written */
};

bool flows_mod(struct view *view, const struct ofp_msg_flow_mod *mod, struct span bytes,
               struct ofp_fault *fault);

/* The switch has removed a flow: if it was part of one of a slice's. */
void flows_removed(struct place *place, const struct ofp_msg_flow_removed *removed);

/* The switch has refused a part of a flow: there is no flow. */
void flows_failed(struct slicer *slicer, uint64_t id);

/* Ports, or the ways to them, are others now. */
void flows_update(struct view *view);

/* A switch has gone: nothing lies there any more. */
void flows_leave(struct view *view, const struct place *place);

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

/* --- parts.c --------------------------------------------------------------------------------- */

#define SLICER_PARTS_MAX 1024 /* of a flow */
#define SLICER_CUTS_MAX  256  /* ... for one region */

/* Find the parts of a flow: what of `region` (as the slice writes it) is its own, and where. True,
 * or false with the fault. There is one such list at a time. */
bool parts_make(const struct view *view, const struct space_region *region,
                struct ofp_fault *fault);

/* Are these actions good for all that were made; for all that a flow has? */
bool parts_judge_made(struct view *view, struct span actions, struct ofp_fault *fault);
bool parts_judge(const struct vflow *f, struct span actions, struct ofp_fault *fault);

/* Give a flow the parts that were made, and send what is not so yet in switches. False: no memory,
 * or not all could be sent. */
bool parts_lay(struct vflow *f, struct span request);

/* Send what is not so yet, of the parts that it has. False: not all could be. */
bool parts_send(struct vflow *f, struct span request);

/* Delete them, but for those that `heir` has, too. */
void parts_delete(const struct vflow *f, const struct vflow *heir);

bool parts_lie(const struct vflow *f);

/* The part that this is; NULL: the flow has none such. */
struct part *parts_find(const struct vflow *f, const struct place *place,
                        const struct space_region *region);

/* A packet that no flow met: if it is for a part that timed out while others of its flow did not,
 * lay that again and send the packet through it. False: it was not. */
bool parts_wake(struct view *view, const struct place *place, const struct ctl_packet *packet);

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
    unsigned left; /* switches that have not answered yet */
    bool failed;   /* one has answered with: */
    struct ofp_fault fault;
    uint8_t *kept; /* n_kept bytes of answers */
    size_t n_kept;
    /* What becomes of a switch's answer (or NULL); and of all. */
    void (*take)(struct ask *ask, const struct place *place, const struct ofp_msg *reply);
    void (*finish)(struct ask *ask);
};

#define SLICER_ASKS 8 /* of a view, at once: past them its input waits */

/* Ask a switch, or (only NULL) all that the view shows. Each answer is taken, and when all are
 * there they are finished. `like` says what is kept of the request. */
bool ask(struct view *view, struct place *only, const struct ofp_msg *request,
         const struct ask *like, struct span bytes, struct ofp_fault *fault);

/* Keep something of an answer until all are there. NULL: no memory, and that is the answer. */
void *ask_keep(struct ask *ask, const void *bytes, size_t n);

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
