/*
 * tcp_lab.h - one instance of TCP and a peer that is written by hand, segment by segment, for
 * tests.
 *
 * What TCP sends is kept, read and in order. The peer's segments are built to order and marked as
 * verified.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_TCP_LAB_H
#define MORGANA_TEST_UNIT_TCP_LAB_H

#include "netstack/cc.h"
#include "netstack/tcp.h"
#include "netstack/tcp_segment.h"

#define LAB_LOCAL       0x0a000001u
#define LAB_REMOTE      0x0a000002u
#define LAB_PORT        80
#define LAB_REMOTE_PORT 1000
#define LAB_KEPT        256
#define LAB_MSS         1000 /* of the peer */

struct lab {
    struct tcp *tcp;
    struct pkt_pool *pool, *large;
    struct tcp_listener *listener;
    struct tcp_conn *conn;
    struct tcp_route route;
    uint64_t now;

    /* What TCP has sent since lab_forget(); `sent_all` counts those that did not fit, too. */
    struct tcp_segment sent[LAB_KEPT];
    uint32_t n_sent, sent_all;

    /* The peer's variables. */
    tcp_seq seq;     /* of its next segment */
    tcp_seq iss;     /* its first */
    tcp_seq our_iss; /* TCP's */
    uint16_t window;
    struct tcp_parsed_options options; /* of its next segments, and in its SYN */

    /* What the owner has heard. */
    bool opened, ended, closed;
    int error;
    uint64_t readable, acked, pushed;
};

/* An instance; `config` NULL: the defaults. The peer's first sequence number will be `iss`. */
void lab_begin(struct lab *l, const struct tcp_config *config, tcp_seq iss);

/* Free everything; traps if a packet has been lost. */
void lab_end(struct lab *l);

/* The peer sends a segment with `n` bytes of text. */
void lab_say(struct lab *l, uint8_t flags, tcp_seq seq, tcp_seq ack, uint32_t n);

/* Any segment whatever: these bytes. `offload` as in pkt.h. */
void lab_say_bytes(struct lab *l, const void *bytes, size_t n, uint16_t offload);

/* `ns` pass. */
void lab_wait(struct lab *l, uint64_t ns);

/* Bring a connection into a state, as peers do. LISTEN and CLOSED: there is none. */
void lab_enter(struct lab *l, enum tcp_state state);

/* The state that there is now; LISTEN if there is a listener and no connection. */
enum tcp_state lab_state(const struct lab *l);

/* Forget what was sent. */
void lab_forget(struct lab *l);

/* The segment that was sent last; NULL: none since lab_forget(). */
const struct tcp_segment *lab_last(const struct lab *l);

/* The owner has `n` bytes more. */
void lab_push(struct lab *l, uint32_t n);

/* The owner reads all there is. */
void lab_read(struct lab *l);

#endif
