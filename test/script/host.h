/*
 * host.h - one instance of TCP in virtual time, with IP packets in and out, for packet scripts.
 *
 * Time stands still but in host_sleep(), host_step(), host_wait() and host_next_packet(). What TCP
 * sends is kept with the time at which it was sent until it is asked for. Every address that a
 * packet comes for, or that a socket is bound to, is the host's. Called by the socket calls
 * (sock.c) and by plugin.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_SCRIPT_HOST_H
#define MORGANA_TEST_SCRIPT_HOST_H

#include "netstack/pmtu.h"
#include "netstack/tcp.h"
#include "runtime/list.h"
#include "test/script/turns.h"

#define HOST_MAX_SOCKS 64

struct sock;

/* A packet that has been sent. */
struct host_packet {
    struct list link;
    uint64_t sent;
    size_t len;
    uint8_t bytes[]; /* IPv4 header and all */
};

struct host {
    struct tcp *tcp;
    struct pkt_pool *pool, *large;
    struct tcp_config config;
    struct turns turns;
    uint64_t now;  /* ns */
    uint64_t wake; /* when the thread that waits wants to be woken */
    uint32_t addr; /* connections come from it if their sockets are not bound */
    uint16_t mtu;
    struct pmtu_cache pmtu;
    struct list out; /* struct host_packet, the oldest first */
    uint32_t n_out;
    struct list all;                    /* struct sock, those without a descriptor too */
    struct sock *socks[HOST_MAX_SOCKS]; /* those that have one */
};

/* A host as `flags` say (README.md; NULL: nothing). NULL with errno: EINVAL if they say what is not
 * known, ENOMEM. */
struct host *host_new(const char *flags);

/* Free it and what it has not sent. Its sockets are gone already. */
void host_free(struct host *h);

/* A packet comes. What is no whole IPv4 packet with TCP, or with an ICMP error about it, is dropped
 * without a word, as by a host. */
void host_input(struct host *h, const void *packet, size_t len);

/* The oldest packet that was sent, waiting for it if need be; the caller frees it. NULL if nothing
 * is left to happen. */
struct host_packet *host_next_packet(struct host *h);

/* `ns` pass. */
void host_sleep(struct host *h, uint64_t ns);

/* The next thing happens. False: nothing is left to happen by `until`; it is `until` then, unless
 * that is UINT64_MAX. */
bool host_step(struct host *h, uint64_t until);

/* A call waits: the next thing happens. From the first thread that is host_step(); the other waits
 * for the first to make it happen. False: nothing will by `until`. */
bool host_wait(struct host *h, uint64_t until);

#endif
