/*
 * tcp_world.h - two instances of TCP joined by a wire in virtual time, for tests.
 *
 * The wire delays, loses, repeats, reorders and damages segments as its settings and a seed say,
 * and may have a bandwidth and a queue that overflows. Super-segments are cut on it, as a device
 * would. The ends of a connection send bytes of which each is known from its place in the stream,
 * so that whoever receives them can check each one.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_TCP_WORLD_H
#define MORGANA_TEST_UNIT_TCP_WORLD_H

#include "netstack/cc.h"
#include "netstack/tcp.h"
#include "test/unit/random.h"

#define WORLD_BUFFERS 8192 /* packets of a host's pool, unless said otherwise */

/* What a wire takes out of SYNs, as some middleboxes do. */
enum wire_strip { WIRE_STRIP_SACK = 1, WIRE_STRIP_TIMESTAMPS = 2, WIRE_STRIP_WSCALE = 4 };

/* One direction. */
struct wire {
    uint64_t delay, jitter; /* ns; jitter reorders */
    uint32_t lose_per_million, repeat_per_million, damage_per_million;
    uint64_t rate;    /* bytes a second; 0: no limit */
    uint32_t queue;   /* bytes that wait for their turn at most; 0: no limit */
    uint32_t mtu;     /* 0: none; larger packets vanish ... */
    bool tells;       /* ... and ICMP tells the sender (RFC 1191) */
    uint8_t strip;    /* enum wire_strip */
    uint64_t free_at; /* when the last byte handed over will have gone */
    uint64_t segments, bytes, dropped;
    /* For a test's own purposes: true, and the segment is lost. May be NULL. */
    bool (*drop)(void *user, const struct pkt *p);
    void *user;
};

struct world;

/* A host. */
struct host {
    struct world *world;
    struct tcp *tcp;
    struct pkt_pool *pool, *large;
    uint32_t addr;
    struct wire wire; /* out of it */
    struct tcp_route route;
};

struct flight; /* a segment on the wire */

struct world {
    uint64_t now, random;
    struct host host[2];
    struct flight *flights; /* a heap by time */
    uint32_t n_flights, room;
    uint64_t order;
    uint64_t digest; /* of all that came, and when: two runs of a seed must agree */
};

/* Set both hosts up. `config` NULL: the defaults. Addresses are 10.0.0.1 and 10.0.0.2. */
void world_begin(struct world *w, uint64_t seed, const struct tcp_config *config);

/* The same, with pools of `buffers` packets: what is on the wire counts as well as what a host
 * holds. */
void world_begin_sized(struct world *w, uint64_t seed, const struct tcp_config *config,
                       uint32_t buffers);

/* Free everything; traps if a packet has been lost. */
void world_end(struct world *w);

/* Run until virtual time `until`, or until nothing is left to happen before it. */
void world_run(struct world *w, uint64_t until);

/* The next thing happens. False: nothing is left to happen before `until`. */
bool world_step(struct world *w, uint64_t until);

/* --- The ends of a connection ------------------------------------------------------------------
 */

struct party {
    struct host *host;
    struct tcp_conn *conn;
    uint16_t sport;      /* 0: chosen */
    uint64_t salt;       /* of the bytes that it sends */
    uint64_t to_send;    /* bytes in all */
    uint64_t acked;      /* of these */
    uint64_t received;   /* bytes, each of them right */
    uint64_t salt_in;    /* of the peer's bytes */
    bool wrong;          /* one was not */
    bool paused;         /* does not read */
    bool shut;           /* tcp_shutdown() is done, or will be when it is open */
    bool plain;          /* bytes are neither made nor checked, for figures of long runs */
    bool shut_when_sent; /* tcp_shutdown() once all is pushed */
    bool opened, ended, closed;
    int error;
    uint64_t closed_at;
    void (*on_readable)(struct party *p); /* NULL: read everything */
};

/* Connect `p` of host `from` to `port` of the other one. */
void party_connect(struct party *p, struct host *from, uint16_t port,
                   const struct tcp_options *options);

/* Take the next connection that waits at `l`. False: there is none. */
bool party_accept(struct party *p, struct host *at, struct tcp_listener *l);

/* The same for one that was accepted already. */
void party_own(struct party *p, struct host *at, struct tcp_conn *c);

/* No more bytes will follow. */
void party_shut(struct party *p);

/* Send `n` bytes more. */
void party_send(struct party *p, uint64_t n);

/* Read what is there, or at most `n` bytes of it. */
void party_read(struct party *p, uint64_t n);

/* Give the connection up if there is one. */
void party_end(struct party *p);

/* The byte at this place of a stream. */
static inline uint8_t stream_byte(uint64_t salt, uint64_t at)
{
    return (uint8_t)((at * 0x9e3779b97f4a7c15 + salt) >> 56);
}

#endif
