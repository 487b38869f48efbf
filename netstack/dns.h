/*
 * dns.h - a stub resolver: the IPv4 addresses of a name, asked of the servers that the network
 * named.
 *
 * RFC 1035 section 7, RFC 5452: each question goes out with a new random id from a new random port,
 * and only what comes from the server that was asked, and repeats the question, is looked at; after
 * several that only pretend the question is put anew. Servers are asked in turn, three times round.
 * Aliases are followed, in one answer or over several, DNS_CHAIN_MAX times. What was learned is
 * kept as long as it says, in a bounded table; a truncated answer serves if there is an address in
 * it, but is not kept (RFC 2181 section 9).
 *
 * Called by stack_net.c for who connects by name.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_DNS_H
#define MORGANA_NETSTACK_DNS_H

#include "netstack/dns_message.h"
#include "netstack/udp.h"
#include "runtime/timer.h"

#define DNS_SERVERS_MAX 3
#define DNS_CACHE       64
#define DNS_QUERIES_MAX 64 /* at once */

/* What was found. */
struct dns_result {
    uint32_t addresses[DNS_ADDRESSES_MAX];
    unsigned n;
};

struct dns_counters {
    uint64_t queries, sent, answered, cached, failed, timed_out, ignored, truncated, refused;
};

struct dns_cached {
    char name[DNS_NAME_MAX]; /* "": free */
    struct dns_result result;
    uint64_t expires;
};

struct dns {
    struct ip *ip;
    uint32_t servers[DNS_SERVERS_MAX];
    unsigned n_servers, n_queries;
    struct dns_cached cache[DNS_CACHE];
    struct dns_counters counters;
};

/* Lies inside its owner. */
struct dns_query {
    struct dns *dns; /* NULL: not under way */
    char name[DNS_NAME_MAX], asked[DNS_NAME_MAX];
    uint32_t ttl; /* of the aliases so far */
    uint16_t id;
    unsigned server, tries, aliases, pretenders;
    struct udp_socket socket;
    struct timer timer;
    /* 0 with what was found, or a negative errno: -ENXIO (there is no such name, or it has no
     * address), -ETIMEDOUT. */
    void (*done)(void *user, int error, const struct dns_result *result);
    void *user;
};

void dns_init(struct dns *dns, struct ip *ip);

/* The servers to ask, at most DNS_SERVERS_MAX of them are used; those of before are forgotten. */
void dns_set_servers(struct dns *dns, const uint32_t *servers, unsigned n);

/* Is the answer known? "localhost" is (RFC 6761 section 6.3). */
bool dns_look_up(struct dns *dns, const char *name, struct dns_result *result, uint64_t now);

/* Ask for the addresses of `name`; done() follows, not within this call. 0, or -EINVAL (no name),
 * -ENXIO (no server is known), -ENOBUFS (too many queries). */
int dns_ask(struct dns *dns, struct dns_query *q, const char *name,
            void (*done)(void *user, int error, const struct dns_result *result), void *user,
            uint64_t now);

/* Give it up; done() does not come. Nothing if it is not under way. */
void dns_cancel(struct dns_query *q);

#endif
