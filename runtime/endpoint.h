/*
 * endpoint.h - the names of connections, as the field writes them.
 *
 *     tcp:HOST[:PORT]   connect       ptcp:[PORT][:IP]   listen
 *     unix:PATH         connect       punix:PATH         listen
 *     ssl:HOST[:PORT]   connect       pssl:[PORT][:IP]   listen   (named; no transport serves it
 * yet)
 *
 * HOST is a DNS name, an IPv4 address, or an IPv6 address in brackets. The default port is the
 * caller's.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_ENDPOINT_H
#define MORGANA_RUNTIME_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum endpoint_kind { ENDPOINT_TCP, ENDPOINT_UNIX, ENDPOINT_SSL };

#define ENDPOINT_HOST_MAX 256
#define ENDPOINT_NAME_MAX (ENDPOINT_HOST_MAX + 16)

struct endpoint {
    enum endpoint_kind kind;
    bool passive;                 /* ptcp:, punix:, pssl: */
    uint16_t port;                /* TCP, SSL; passive: 0 lets the system choose */
    char host[ENDPOINT_HOST_MAX]; /* TCP, SSL: without brackets, "" is every address; UNIX: the path
                                   */
};

/* Read `text`. 0, or -EINVAL if it is not of the grammar above. */
int endpoint_parse(struct endpoint *ep, const char *text, uint16_t default_port);

/* Write `ep` in the grammar above into `text`, cut to `cap`. Returns `text`. */
char *endpoint_print(const struct endpoint *ep, char *text, size_t cap);

#endif
