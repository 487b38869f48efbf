/*
 * dhcp_server.h - for tests: a DHCP server's messages, option by option.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_DHCP_SERVER_H
#define MORGANA_TEST_UNIT_DHCP_SERVER_H

#include "netstack/dhcp_message.h"
#include <string.h>

/* A message that is being written. */
struct server_message {
    size_t len;
    uint8_t bytes[1400];
};

static inline struct dhcp_header *server_header(struct server_message *m)
{
    return (struct dhcp_header *)m->bytes;
}

static inline void server_option(struct server_message *m, uint8_t code, const void *value,
                                 size_t len)
{
    m->bytes[m->len++] = code;
    m->bytes[m->len++] = (uint8_t)len;
    memcpy(m->bytes + m->len, value, len);
    m->len += len;
}

static inline void server_u32(struct server_message *m, uint8_t code, uint32_t value)
{
    be32 v = be32_of(value);
    server_option(m, code, &v, sizeof v);
}

/* Begin an answer to a client's message, with its type and no other option. */
static inline void server_begin(struct server_message *m, const uint8_t *request,
                                enum dhcp_type type, uint32_t address)
{
    struct dhcp_header *h = server_header(m);
    uint8_t code = (uint8_t)type;
    memcpy(m->bytes, request, sizeof *h);
    h->op = 2;
    h->ciaddr = be32_of(0);
    h->yiaddr = be32_of(address);
    h->secs = be16_of(0);
    m->len = sizeof *h;
    server_option(m, DHCP_OPT_TYPE, &code, 1);
}

/* The value of an option of a client's message; NULL: it has none. */
static inline const uint8_t *client_option(const uint8_t *message, size_t len, uint8_t code)
{
    size_t at = sizeof(struct dhcp_header);
    while (at < len && message[at] != DHCP_OPT_END) {
        if (message[at] == code)
            return message + at + 2;
        at += message[at] == DHCP_OPT_PAD ? 1 : 2u + message[at + 1];
    }
    return NULL;
}

/* That of four bytes; 0: it has none. */
static inline uint32_t client_u32(const uint8_t *message, size_t len, uint8_t code)
{
    const uint8_t *value = client_option(message, len, code);
    be32 v;
    if (value == NULL)
        return 0;
    memcpy(&v, value, sizeof v);
    return be32_get(v);
}

#endif
