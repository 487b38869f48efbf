/*
 * internal.h - what stack.c and stack_net.c know of each other.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_INTERNAL_H
#define MORGANA_NETSTACK_INTERNAL_H

#include "netstack/addressing.h"
#include "netstack/dns.h"
#include "netstack/ip.h"
#include "netstack/stack.h"
#include "runtime/device.h"

/* A device, and what is done with it. */
struct port {
    struct stack *stack;
    unsigned index; /* of the interface, too */
    struct device_watch *watch;
    struct netdev *dev; /* NULL: it is not there */
    bool up;
    struct addressing addressing;
    size_t n_out;
    struct pkt *out[NETDEV_BATCH]; /* frames that leave in one piece */
    char name[NETDEV_NAME_MAX];
};

struct stack {
    struct net net;
    struct ip ip;
    struct dns dns;
    struct tcp *tcp;
    struct udp_socket dhcp; /* port 68 */
    struct pkt_pool *pools[4];
    struct timer timer;    /* when IP or TCP is to be turned */
    struct loop_work work; /* at the end of a turn in which something happened */
    bool looped;           /* there are packets to ourselves */
    struct list streams;
    struct list waiting; /* attempts to connect, for the host's first address */
    struct stack_config config;
    unsigned n_ports;
    struct port ports[IP_INTERFACES];
};

/* What streams count. */
extern struct stack_net_counters {
    uint64_t connected, connect_failed, accepted, accept_refused, failed, cut;
} stack_net_counters;
extern const char *const stack_net_counter_names[];

extern const struct net_ops stack_net_ops;

/* The host has an address: attempts that wait for one begin. */
void stack_begin_waiting(struct stack *s);

/* End what is left of the streams of a stack. */
void stack_abort_streams(struct stack *s);

#endif
