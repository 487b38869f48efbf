/*
 * hosts.c - the table of hosts; hosts.h says how it works. Called by the learning app.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/hosts.h"

#include <errno.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define HOSTS_SLOTS_MIN 16

int hosts_init(struct hosts *t, uint32_t max, uint32_t age, uint64_t seed)
{
    *t = (struct hosts){.mask = HOSTS_SLOTS_MIN - 1, .max = max, .age = age, .seed = seed};
    t->slot = calloc(HOSTS_SLOTS_MIN, sizeof *t->slot);
    return t->slot != NULL ? 0 : -ENOMEM;
}

void hosts_free(struct hosts *t)
{
    free(t->slot);
}

static uint32_t host_home(const struct hosts *t, host_addr addr)
{
    return (uint32_t)XXH3_64bits_withSeed(&addr, sizeof addr, t->seed) & t->mask;
}

/* The slot that holds `addr`, or the free one where it belongs. There is always a free one. */
static struct host *host_slot(const struct hosts *t, host_addr addr)
{
    uint32_t i = host_home(t, addr);
    while (t->slot[i].addr != 0 && t->slot[i].addr != addr)
        i = (i + 1) & t->mask;
    return &t->slot[i];
}

static bool host_is_old(const struct hosts *t, const struct host *h, uint32_t now)
{
    return now - h->heard >= t->age;
}

const struct host *hosts_find(const struct hosts *t, host_addr addr, uint32_t now)
{
    const struct host *h = host_slot(t, addr);
    return h->addr == 0 || host_is_old(t, h, now) ? NULL : h;
}

static bool hosts_grow(struct hosts *t)
{
    struct hosts bigger = *t;
    bigger.mask = t->mask * 2 + 1;
    bigger.slot = calloc((size_t)bigger.mask + 1, sizeof *bigger.slot);
    if (bigger.slot == NULL)
        return false;
    for (uint32_t i = 0; i <= t->mask; i++)
        if (t->slot[i].addr != 0)
            *host_slot(&bigger, t->slot[i].addr) = t->slot[i];
    hosts_free(t);
    *t = bigger;
    return true;
}

static enum hosts_news host_add(struct hosts *t, host_addr addr, uint16_t port, uint32_t now)
{
    if (t->used >= t->max || (t->used >= t->mask / 4 * 3 && !hosts_grow(t)))
        return HOSTS_REFUSED;
    *host_slot(t, addr) = (struct host){.addr = addr, .heard = now, .port = port};
    t->used++;
    return HOSTS_NEW;
}

enum hosts_news hosts_learn(struct hosts *t, host_addr addr, uint16_t port, uint32_t now)
{
    struct host *h = host_slot(t, addr);
    bool old, moved;

    if (h->addr == 0)
        return host_add(t, addr, port, now);
    old = host_is_old(t, h, now);
    moved = h->port != port;
    h->heard = now;
    h->port = port;
    if (old)
        return HOSTS_NEW;
    return moved ? HOSTS_MOVED : HOSTS_KNOWN;
}

/* Close the gap at `i`: what lies behind it, up to the next free slot, and may lie in the gap moves
 * into it (Knuth, volume 3, algorithm 6.4 R). */
static void host_remove(struct hosts *t, uint32_t i)
{
    for (uint32_t j = (i + 1) & t->mask; t->slot[j].addr != 0; j = (j + 1) & t->mask) {
        uint32_t home = host_home(t, t->slot[j].addr);
        if (((j - home) & t->mask) >= ((j - i) & t->mask)) {
            t->slot[i] = t->slot[j];
            i = j;
        }
    }
    t->slot[i] = (struct host){0};
    t->used--;
}

/* What moves into a gap at `i` comes from behind it, so it is looked at either here or later; only
 * what wraps around the end of the array has been seen before, and stayed. */
uint32_t hosts_forget_port(struct hosts *t, uint16_t port)
{
    uint32_t before = t->used;
    for (uint32_t i = 0; i <= t->mask; i++)
        while (t->slot[i].addr != 0 && t->slot[i].port == port)
            host_remove(t, i);
    return before - t->used;
}

uint32_t hosts_sweep(struct hosts *t, uint32_t slots, uint32_t now)
{
    uint32_t before = t->used;
    for (; slots > 0; slots--) {
        uint32_t i = t->cursor++ & t->mask;
        while (t->slot[i].addr != 0 && host_is_old(t, &t->slot[i], now))
            host_remove(t, i);
    }
    return before - t->used;
}
