/*
 * slices.h - the slices as people write them into a file.
 *
 *     # two slices: the web goes to red, all else to blue
 *     slice red controller=tcp:127.0.0.1:6661 rate=2000
 *     priority=10,tcp,tp_dst=80
 *     priority=10,tcp,tp_src=80
 *     slice blue controller=tcp:127.0.0.1:6662
 *     dpid=1
 *     dpid=2,in_port=3
 *
 * A line `slice NAME KEY=VALUE...` begins a slice; the lines behind it are its flow space: matches
 * in ovs-ofctl's syntax (openflow/parse.h) before which `dpid=HEX` may stand (else the line is for
 * every switch), with priority=N (else 32768). A packet belongs to the slice of the line with the
 * highest priority that it matches, of equals to that of the line which comes first. A slice that
 * sees one big switch may have lines `port N dpid=HEX,in_port=M`, each of which gives a port its
 * number. doc/slicer.md says it for people. Called by slicer.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_SLICER_SLICES_H
#define MORGANA_CONTROLLER_SLICER_SLICES_H

#include "controller/slicer/space.h"
#include "runtime/endpoint.h"

#define SLICES_MAX       64
#define SLICES_RULES_MAX 4096
#define SLICES_PORTS_MAX 8192
#define SLICE_NAME_MAX   32

struct slice_def {
    char name[SLICE_NAME_MAX];
    char controller[ENDPOINT_NAME_MAX];
    uint64_t rate; /* messages a second from the controller, and packet-ins to it */
    uint64_t flows;
    bool is_big; /* it sees one big switch, with this datapath id: */
    uint64_t big;
    unsigned line;
};

struct slice_line {
    struct space_rule rule; /* owner: index of the slice */
    bool all;               /* for every switch; else for this one: */
    uint64_t dpid;
    uint16_t priority;
    size_t nth; /* how many came before it */
};

/* A port of a big switch that has its number from a line. */
struct slice_port {
    unsigned owner; /* index of the slice */
    uint16_t number;
    uint64_t dpid; /* the switch's, and ... */
    uint16_t real; /* ... its number for the port */
};

struct slice_set {
    struct slice_def def[SLICES_MAX];
    size_t n;
    struct slice_line *rule; /* n_rules, in the order in which they count once it is closed */
    size_t n_rules, cap;
    struct slice_port *port; /* n_ports */
    size_t n_ports, cap_ports;
    struct slice_def defaults; /* rate and flows of who says none */
};

/* An empty set; give its memory back. */
void slices_init(struct slice_set *set, uint64_t rate, uint64_t flows);
void slices_free(struct slice_set *set);

/* Add what a line says. NULL, or what is wrong, in words, in `error` (OFP_PARSE_ERROR bytes). */
const char *slices_add(struct slice_set *set, const char *text, unsigned line, char *error);

/* All lines have been added: put the rules in order. NULL, or what is wrong with all of them. */
const char *slices_close(struct slice_set *set, char *error);

/* The space of a datapath, in `rule` (room for set->n_rules). */
struct space slices_space(const struct slice_set *set, uint64_t dpid, struct space_rule *rule);

/* The next port of a slice's that has its number from a line, from the *i-th of all on, where *i is
 * 0 to begin with; NULL: no more. */
const struct slice_port *slices_next_port(const struct slice_set *set, size_t slice, size_t *i);

/* Has slice `a` of one set the same as slice `b` of another: the same words about it, the same
 * space and ports' numbers, and the same that comes before it? Then nothing changes for it. */
bool slices_same(const struct slice_set *old, size_t a, const struct slice_set *new, size_t b);

/* The slice with this name; -1: none. */
int slices_find(const struct slice_set *set, const char *name);

#endif
