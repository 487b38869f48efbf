/*
 * cabled.h - three fake switches with cables between them, for the apps that need a topology.
 *
 * cabled_pass() lets time pass and plays the switches: LLDP that leaves a port comes in at the
 * other end of its cable, barriers and questions are answered, and what the controller wanted of a
 * switch is written down in cabled.story:
 *
 *     1+2    switch 1 was told to open port 2 to floods; 1-2: to close it
 *     1:flood(5)      it was told to flood a packet of host 5; 1:out(5)>3: to send it to port 3
 *     1:add(1,5,6)>2  to send what comes from host 5 to host 6 on port 1 to port 2; >drop
 *     1:del(1,*,*)    to delete such flows; 1:del(*,*,*)/2: those that send to port 2
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_CABLED_H
#define MORGANA_TEST_UNIT_CABLED_H

#include "test/unit/fake_switch.h"

#define CABLED_SWITCHES 3
#define CABLED_PORTS    4

struct cabled {
    struct ctl *ctl;
    struct fake_peer *sw[CABLED_SWITCHES + 1]; /* from 1 on; datapath id n */
    struct {
        unsigned to, to_port; /* 0: no cable */
    } cable[CABLED_SWITCHES + 1][CABLED_PORTS + 1];
    bool open[CABLED_SWITCHES + 1][CABLED_PORTS + 1]; /* to floods */
    bool mute;                                        /* nobody answers barriers */
    char story[8000];
};

extern struct cabled cabled;

/* A controller with these apps (NULL-terminated), and the switches not yet joined. End it. */
void cabled_begin(const struct ctl_app_type *const *apps);
void cabled_end(void);

/* A switch joins, its ports open as they are in cabled.open. */
void cabled_join(unsigned n);

/* Lay a cable; take one away at its one end, ports going down or in silence. */
void cabled_lay(unsigned a, unsigned a_port, unsigned b, unsigned b_port);
void cabled_cut(unsigned a, unsigned a_port, bool silent);

/* What this end sends is lost from now on, in silence; what the other end sends comes. */
void cabled_lose(unsigned a, unsigned a_port);

/* Say that a port's link is up or down. */
void cabled_port(unsigned n, unsigned port, bool up);

/* A packet comes in. dst 0: a broadcast. */
void cabled_packet(unsigned n, unsigned port, uint64_t src, uint64_t dst);

void cabled_pass(uint64_t ns);

/* Is `what` in the story? cabled_forget() begins it anew. */
bool cabled_said(const char *what);
void cabled_forget(void);

#endif
