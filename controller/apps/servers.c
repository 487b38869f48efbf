/*
 * servers.c - which servers are there, and whose turn it is; see servers.h.
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

static bool can_take(const struct backend *s)
{
    return s->is_there && !s->drained;
}

static int highest(const struct servers *s, const void *what, size_t n)
{
    uint64_t most = 0;
    int found = -1;
    for (size_t i = 0; i < s->n; i++) {
        uint64_t weight = XXH3_64bits_withSeed(what, n, s->server[i].address);
        if (!can_take(&s->server[i]) || (found >= 0 && weight <= most))
            continue;
        most = weight;
        found = (int)i;
    }
    return found;
}

static int next_in_turn(struct servers *s)
{
    for (size_t i = 0; i < s->n; i++) {
        size_t turn = s->turn++ % s->n;
        if (can_take(&s->server[turn]))
            return (int)turn;
    }
    return -1;
}

int servers_choose(struct servers *s, enum server_pick pick, const struct connection_id *id)
{
    int chosen = pick == PICK_ROUND_ROBIN ? next_in_turn(s)
                 : pick == PICK_SOURCE    ? highest(s, &id->client, sizeof id->client)
                                          : highest(s, id, sizeof *id);
    if (chosen >= 0)
        s->server[chosen].chosen++;
    return chosen;
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
