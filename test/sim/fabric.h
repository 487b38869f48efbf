/*
 * fabric.h - a network of emulated switches, cables and hosts in virtual time, for the apps that
 * need a topology.
 *
 * Each switch has the slow and obvious flow table of reference_table.h, ports that a port-mod may
 * close to floods, and a session with the controller over the simulated network. Frames travel over
 * cables; a cable may be cut in silence, both ways or one, or with both its ports going down. What
 * a switch would do with a frame can be asked without sending one, by walking the tables.
 *
 * Called by sim_topology.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_SIM_FABRIC_H
#define MORGANA_TEST_SIM_FABRIC_H

#include "controller/ctl.h"
#include "runtime/timer.h"
#include "test/sim/reference_table.h"

#define FABRIC_PORTS 64

enum cable_state { CABLE_WELL, CABLE_ONE_WAY /* from a to b */, CABLE_SILENT, CABLE_DOWN };

/* Between two switches, or (b NULL) from a switch to a host. */
struct fabric_cable {
    struct fabric_switch *a, *b;
    uint16_t a_port, b_port;
    enum cable_state state;
};

struct fabric_port {
    struct fabric_cable *cable; /* NULL: there is no such port */
    struct fabric_host *host;   /* at the other end, if no switch is */
    bool closed;                /* OFPPC_NO_FLOOD */
};

struct fabric_switch {
    uint64_t dpid;
    bool off;  /* no power */
    bool deaf; /* the controller cannot be reached */
    struct stream *stream;
    bool ready;         /* it has said its features */
    bool taken;         /* ... and has closed its ports: nobody makes it flood before */
    struct timer again; /* calls the controller */
    struct fabric_port port[FABRIC_PORTS + 1];
    uint16_t n_ports; /* from 1 on */
    struct ref_table table;
    struct fabric_switch *set; /* of those that hang together: fabric_look.c's */
};

struct fabric_host {
    uint32_t number; /* and address */
    struct fabric_switch *at;
    uint16_t port;
    uint32_t got; /* frames of the serial that is watched */
    bool moved;   /* and has not spoken since */
};

struct fabric {
    struct fabric_switch **sw;
    size_t n_sw;
    struct fabric_cable **cable; /* between switches */
    size_t n_cables;
    struct fabric_host **host;
    size_t n_hosts;
    uint64_t serial, watched;
    size_t flights; /* frames on their way */
    bool strict;    /* no loop may be, not even for a moment */
    uint64_t frames, packet_ins, flow_mods, port_mods;
    char failure[200];
};

extern struct fabric fabric;

void fabric_begin(void);
void fabric_end(void); /* after the controller has gone */

/* Note what is wrong, the first time, and end the run. */
void fabric_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct fabric_switch *fabric_add_switch(uint64_t dpid);
struct fabric_cable *fabric_add_cable(struct fabric_switch *a, struct fabric_switch *b);
struct fabric_host *fabric_add_host(struct fabric_switch *at);

/* Cut or mend a cable. */
void fabric_set_cable(struct fabric_cable *c, enum cable_state state);

/* Power off: the ports of its neighbours go down. And on again, with the flows and port
 * configuration that it had, or without. */
void fabric_set_power(struct fabric_switch *sw, bool on, bool remembers);

/* Its session ends; it calls again after a while. */
void fabric_cut_session(struct fabric_switch *sw);

/* A host is plugged into another switch (the port that it was at goes down, or in silence). */
void fabric_move_host(struct fabric_host *h, struct fabric_switch *to, bool silent);

/* A host sends a frame to another (NULL: to all), and it is watched who gets it. */
void fabric_send(struct fabric_host *from, const struct fabric_host *to);

/* --- For fabric_look.c ----------------------------------------------------------------------- */

/* A frame of the hosts: an EtherType for experiments (IEEE 802, 9.2.3), then its number. */
struct fabric_frame {
    uint8_t dst[6], src[6];
    be16 type;
    be64 serial;
    uint8_t pad[38];
};
#define FABRIC_TYPE 0x88b5

struct fabric_frame fabric_frame_of(const struct fabric_host *from, const struct fabric_host *to);

/* The entry that takes a packet; NULL: none. */
struct ref_entry *fabric_lookup(const struct fabric_switch *sw, const struct ofp_key *key);

bool fabric_port_up(const struct fabric_switch *sw, uint16_t no);

/* --- Looking --------------------------------------------------------------------------------- */

/* Does what this end of a cable sends come to the other? */
bool fabric_sends(const struct fabric_cable *c, const struct fabric_switch *sw, uint16_t port);

/* Do cables join these two, now? */
bool fabric_joined(struct fabric_switch *a, struct fabric_switch *b);

/* Is there a circle of cables that floods go round in? */
bool fabric_has_loop(void);

/* What is not as it should be at rest: open ports make a tree of what cables join, and hosts' ports
 * are open. NULL: all is well. */
const char *fabric_unrest(void);

enum walk { WALK_ARRIVES, WALK_ASKS, WALK_LOST, WALK_LOOPS };

/* What the tables do with a frame from one host to another: it arrives, a switch asks the
 * controller, it is lost, it goes round in a circle. */
enum walk fabric_walk(const struct fabric_host *from, const struct fabric_host *to);

#endif
