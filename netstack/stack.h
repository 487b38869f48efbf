/*
 * stack.h - Morgana's own TCP/IP as a program has it: a host over devices, and a struct net.
 *
 * The stack is where the protocols of netstack/, which know neither clock nor devices, are joined
 * to runtime/: it watches devices by name (they may come and go), feeds their frames to ip.h, turns
 * the timers of IP and TCP from the loop, draws randomness, and makes TCP's connections streams
 * (stack_net.c) that nobody can tell from the kernel's. Several stacks may stand side by side: in a
 * simulation each is a host.
 *
 *     stack_defaults(&config);
 *     s = stack_new(&config);
 *     stack_add(s, &interface);
 *     net_connect(stack_net(s), ...);
 *
 * Called by platform/ and by tests.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_STACK_H
#define MORGANA_NETSTACK_STACK_H

#include "netstack/address.h"
#include "netstack/tcp.h"
#include "runtime/net.h"

#define STACK_DNS_MAX 3

struct ip;
struct stack;

struct stack_config {
    const char *hostname; /* told to DHCP servers; NULL: not. Must outlive the stack */
    uint32_t dns[STACK_DNS_MAX];
    unsigned n_dns;                  /* 0: as DHCP says */
    bool at_once;                    /* use addresses before it is known that nobody else does */
    struct tcp_config tcp;           /* limits and options; the stack sets what lies below */
    uint32_t rx_packets, tx_packets; /* of PKT_SMALL bytes */
    uint32_t rx_super_frames, tx_super_frames; /* of PKT_LARGE bytes */
};

void stack_defaults(struct stack_config *config);

/* A host without interfaces (but it reaches itself, as 127.0.0.1). After loop_open(). NULL: no
 * memory. */
struct stack *stack_new(const struct stack_config *config);

struct stack_interface {
    const char *device;                   /* "tap:t0" */
    const struct address_config *address; /* NULL: by DHCP */
};

/* Use a device, as soon as it is there. 0, or -EINVAL (no such kind of device), -ENOSPC, -ENOMEM.
 */
int stack_add(struct stack *s, const struct stack_interface *interface);

/* Connect and listen through it. Names are resolved by DNS; unix: and ssl: are not served. */
struct net *stack_net(struct stack *s);

/* Its interfaces, for tests and for people: how many; what one is doing ("up, 10.0.0.2/24"). */
unsigned stack_interfaces(const struct stack *s);
const char *stack_describe(const struct stack *s, unsigned interface, char *text, size_t cap);

/* The address of an interface; 0: it has none, or is down. */
uint32_t stack_address(const struct stack *s, unsigned interface);

/* The host itself, for who wants more than streams (udp.h, icmp.h). Call stack_touch() after
 * something was sent. */
struct ip *stack_ip(struct stack *s);
void stack_touch(struct stack *s);

/* The connection below a stream of this net, for tcp_info(); NULL: it has none now. */
const struct tcp_conn *stack_conn(const struct stream *stream);

/* Show the counters of `s` with all others (counter.h): of one stack only. */
void stack_register_counters(const struct stack *s);

/* Leases are given back, what is left of streams is reset, devices are closed. Listeners must be
 * gone. NULL is allowed. */
void stack_free(struct stack *s);

#endif
