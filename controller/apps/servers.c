/*
 * servers.c - which servers are there; see servers.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/servers.h"

#include <string.h>
#include <xxhash.h>

bool server_pick_of(const char *name, enum server_pick *pick)
{
    static const char *const names[] = {"hash", "source", "round-robin"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        *pick = (enum server_pick)i;
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

int servers_find(const struct servers *s, uint32_t address)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->server[i].address == address)
            return (int)i;
    return -1;
}

uint64_t server_weight(const struct backend *server, const void *what, size_t n)
{
    return XXH3_64bits_withSeed(what, n, server->address);
}

bool server_asked(struct backend *s)
{
    bool gone = s->is_there && s->misses >= SERVER_MISSES;
    s->misses++;
    s->is_there &= !gone;
    return gone;
}

enum server_news server_heard(struct backend *s, const uint8_t mac[OFP_ETH_ALEN], uint16_t port)
{
    bool came = !s->is_there;
    bool same = s->port == port && bytes_equal(s->mac, mac, sizeof s->mac);
    s->is_there = true;
    s->misses = 0;
    s->port = port;
    bytes_copy(s->mac, mac, sizeof s->mac);
    return came ? SERVER_CAME : same ? SERVER_AS_BEFORE : SERVER_MOVED;
}
