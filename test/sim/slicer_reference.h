/*
 * slicer_reference.h - slicing as slow and obvious as can be: what the slicer must agree with.
 *
 * Each view has a flow table of its own (reference_table.h), as its controller wrote it. A frame
 * that comes in belongs to the slice of the best line that it matches. It meets that slice's table,
 * and what the flow says is done on a copy: at the switch, or at once at whatever port of the big
 * switch. A cable takes it to the next switch, where all begins again. Called by slicer_model.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_SIM_SLICER_REFERENCE_H
#define MORGANA_TEST_SIM_SLICER_REFERENCE_H

#include "test/sim/reference_table.h"
#include "test/sim/slicer_net.h"

#define REF_SLICES 3
#define REF_LINES  24
#define REF_VIEWS  (2 * REF_SLICES * NET_SWITCHES) /* old ones may go after new ones come */
#define REF_PORTS  (NET_SWITCHES * NET_PORTS)

struct ref_line {
    unsigned slice, dpid; /* 0: every switch */
    uint16_t priority;
    struct ofp_match match;
};

/* A port of a big switch, by its number. */
struct ref_place {
    unsigned sw;
    uint16_t port;
};

struct ref_view {
    bool there;
    unsigned slice, sw; /* 0: all as one */
    struct ref_table table;
    struct ref_place place[REF_PORTS + 1];
};

struct reference {
    bool present[REF_SLICES], big[REF_SLICES]; /* slices */
    struct ref_line line[REF_LINES];
    size_t n_lines;
    struct ref_view view[REF_VIEWS];
    bool first_wins;    /* broken on purpose: lines' priorities do not count */
    struct net_log log; /* what is to be heard */
};

extern struct reference reference;

/* Whose is a frame that comes in at a port? -1: nobody's. */
int ref_owner(unsigned sw, uint16_t port, const struct net_frame *frame);

/* Has the slice a part of this switch; and of this port? */
bool ref_has_switch(unsigned slice, unsigned sw);
bool ref_has_port(unsigned slice, unsigned sw, uint16_t port);

/* May packets of a big switch pass here: is it the edge, up, and in the part that is in use? */
bool ref_is_edge(unsigned slice, unsigned sw, uint16_t port);

/* A frame comes in, and goes where it has to: into reference.log. */
void ref_arrive(unsigned sw, uint16_t port, const struct net_frame *frame);

/* A view sends a frame, as if it came in at a port of its own (0: at none). */
void ref_send(const struct ref_view *view, struct ref_place from, uint16_t number,
              const struct net_frame *frame, struct span actions);

/* Where a port of the view is; its sw is 0 if there is no such port. */
struct ref_place ref_place_of(const struct ref_view *view, uint16_t number);

#endif
