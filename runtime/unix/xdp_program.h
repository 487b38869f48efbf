/*
 * xdp_program.h - the program that gives an interface's frames to AF_XDP sockets, for xdp.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_UNIX_XDP_PROGRAM_H
#define MORGANA_RUNTIME_UNIX_XDP_PROGRAM_H

#define XDP_QUEUES_MAX 16

/* Descriptors; -1: not there. */
struct xdp_program {
    int map;  /* the sockets, by receive queue */
    int link; /* the program on the interface: it goes when this is closed, however we end */
};

/* Make the map: then sockets are put into it. 0 or a negative errno. */
int xdp_program_open(struct xdp_program *x);

/* Attach the program to the interface, in its driver if that can, else behind it. Frames of queues
 * without a socket go to the host as before. 0 or a negative errno. */
int xdp_program_attach(struct xdp_program *x, int interface);

void xdp_program_close(struct xdp_program *x);

#endif
