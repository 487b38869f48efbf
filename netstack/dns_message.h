/*
 * dns_message.h - the domain name system's messages, as one who asks for IPv4 addresses sees them.
 *
 * RFC 1035 section 4. Names are text without the last dot, at most DNS_NAME_MAX - 1 characters.
 * Reading trusts nothing: compression points backwards only, so that it ends; an answer counts only
 * if it repeats the question (RFC 5452 section 9.1); of the answer's records only those count that
 * belong to the name asked for, by a chain of at most DNS_CHAIN_MAX aliases.
 *
 * Called by dns.c, and by the test that plays the server.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_DNS_MESSAGE_H
#define MORGANA_NETSTACK_DNS_MESSAGE_H

#include "runtime/bytes.h"

#define DNS_PORT          53
#define DNS_NAME_MAX      254 /* RFC 1035 section 2.3.4, with the end of the string */
#define DNS_QUERY_MAX     (12 + 255 + 4)
#define DNS_ADDRESSES_MAX 8
#define DNS_CHAIN_MAX     8

enum dns_rcode { DNS_NO_ERROR = 0, DNS_NAME_ERROR = 3 };

struct dns_answer {
    uint8_t rcode;
    bool truncated;
    uint32_t addresses[DNS_ADDRESSES_MAX];
    unsigned n;
    uint32_t ttl;            /* seconds: the least of the chain's */
    char name[DNS_NAME_MAX]; /* where the chain of aliases ended: the name asked for, if none */
    unsigned aliases;
};

/* Write a question for the addresses of `name`. Its length, or 0: that is no name. */
size_t dns_write_query(uint8_t to[DNS_QUERY_MAX], uint16_t id, const char *name);

/* Read the answer to that. False: it is not, or it is broken. */
bool dns_read_answer(struct span message, uint16_t id, const char *name, struct dns_answer *a);

#endif
