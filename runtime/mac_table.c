/*
 * mac_table.c - the table of hosts; mac_table.h says how it works.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/mac_table.h"

#include <errno.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define MAC_TABLE_SLOTS_MIN 16

int mac_table_init(struct mac_table *t, uint32_t max, uint32_t age, uint64_t seed)
{
    *t = (struct mac_table){.mask = MAC_TABLE_SLOTS_MIN - 1, .max = max, .age = age, .seed = seed};
    t->slot = calloc(MAC_TABLE_SLOTS_MIN, sizeof *t->slot);
    return t->slot != NULL ? 0 : -ENOMEM;
}

void mac_table_free(struct mac_table *t)
{
    free(t->slot);
}

static uint32_t mac_entry_home(const struct mac_table *t, mac_addr addr)
{
    return (uint32_t)XXH3_64bits_withSeed(&addr, sizeof addr, t->seed) & t->mask;
}

/* The slot that holds `addr`, or the free one where it belongs. There is always a free one. */
static struct mac_entry *mac_entry_slot(const struct mac_table *t, mac_addr addr)
{
    uint32_t i = mac_entry_home(t, addr);
    while (t->slot[i].addr != 0 && t->slot[i].addr != addr)
        i = (i + 1) & t->mask;
    return &t->slot[i];
}

static bool mac_entry_is_old(const struct mac_table *t, const struct mac_entry *h, uint32_t now)
{
    return now - h->heard >= t->age;
}

const struct mac_entry *mac_table_find(const struct mac_table *t, mac_addr addr, uint32_t now)
{
    const struct mac_entry *h = mac_entry_slot(t, addr);
    return h->addr == 0 || mac_entry_is_old(t, h, now) ? NULL : h;
}

static bool mac_table_grow(struct mac_table *t)
{
    struct mac_table bigger = *t;
    bigger.mask = t->mask * 2 + 1;
    bigger.slot = calloc((size_t)bigger.mask + 1, sizeof *bigger.slot);
    if (bigger.slot == NULL)
        return false;
    for (uint32_t i = 0; i <= t->mask; i++)
        if (t->slot[i].addr != 0)
            *mac_entry_slot(&bigger, t->slot[i].addr) = t->slot[i];
    mac_table_free(t);
    *t = bigger;
    return true;
}

static enum mac_table_news mac_entry_add(struct mac_table *t, mac_addr addr, uint16_t port,
                                         uint32_t now)
{
    if (t->used >= t->max || (t->used >= t->mask / 4 * 3 && !mac_table_grow(t)))
        return MAC_REFUSED;
    *mac_entry_slot(t, addr) = (struct mac_entry){.addr = addr, .heard = now, .port = port};
    t->used++;
    return MAC_NEW;
}

enum mac_table_news mac_table_learn(struct mac_table *t, mac_addr addr, uint16_t port, uint32_t now)
{
    struct mac_entry *h = mac_entry_slot(t, addr);
    bool old, moved;

    if (h->addr == 0)
        return mac_entry_add(t, addr, port, now);
    old = mac_entry_is_old(t, h, now);
    moved = h->port != port;
    h->heard = now;
    h->port = port;
    if (old)
        return MAC_NEW;
    return moved ? MAC_MOVED : MAC_KNOWN;
}

/* Close the gap at `i`: what lies behind it, up to the next free slot, and may lie in the gap moves
 * into it (Knuth, volume 3, algorithm 6.4 R). */
static void mac_entry_remove(struct mac_table *t, uint32_t i)
{
    for (uint32_t j = (i + 1) & t->mask; t->slot[j].addr != 0; j = (j + 1) & t->mask) {
        uint32_t home = mac_entry_home(t, t->slot[j].addr);
        if (((j - home) & t->mask) >= ((j - i) & t->mask)) {
            t->slot[i] = t->slot[j];
            i = j;
        }
    }
    t->slot[i] = (struct mac_entry){0};
    t->used--;
}

/* What moves into a gap at `i` comes from behind it, so it is looked at either here or later; only
 * what wraps around the end of the array has been seen before, and stayed. */
void mac_table_each(const struct mac_table *t, uint32_t now,
                    bool (*show)(void *user, const struct mac_entry *host), void *user)
{
    for (uint32_t i = 0; i <= t->mask; i++)
        if (t->slot[i].addr != 0 && !mac_entry_is_old(t, &t->slot[i], now) &&
            !show(user, &t->slot[i]))
            return;
}

uint32_t mac_table_forget_port(struct mac_table *t, uint16_t port)
{
    uint32_t before = t->used;
    for (uint32_t i = 0; i <= t->mask; i++)
        while (t->slot[i].addr != 0 && t->slot[i].port == port)
            mac_entry_remove(t, i);
    return before - t->used;
}

uint32_t mac_table_sweep(struct mac_table *t, uint32_t slots, uint32_t now)
{
    uint32_t before = t->used;
    if (slots > t->mask)
        slots = t->mask + 1;
    for (; slots > 0; slots--) {
        uint32_t i = t->cursor++ & t->mask;
        while (t->slot[i].addr != 0 && mac_entry_is_old(t, &t->slot[i], now))
            mac_entry_remove(t, i);
    }
    return before - t->used;
}
