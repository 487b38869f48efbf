/*
 * fake_peer.h - a scripted peer at one end of a stream: a switch for the controller's tests, a
 * controller for the switch's.
 *
 * The test says what the peer sends and looks at what it got, message by message. Time is virtual
 * (runtime/sim/). Everything that comes is judged as a real peer would judge it: a bad message
 * fails the test.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_FAKE_PEER_H
#define MORGANA_TEST_UNIT_FAKE_PEER_H

#include "openflow/msg.h"
#include "openflow/validate.h"
#include "runtime/loop.h"
#include "runtime/net.h"

struct fake_peer {
    struct stream *stream;      /* NULL: closed */
    enum ofp_receiver receiver; /* what it plays */
    int error;                  /* how it was closed, if not by us */
    uint8_t *in;                /* all that has come, and how much of it was looked at */
    size_t len, cap, seen;
};

/* Begin a test: virtual time, a loop, no log (but with TEST_LOG set). End it. */
void fake_begin(void);
void fake_end(void);

/* Let virtual time pass; fake_settle() just enough for all that was sent to arrive. */
void fake_wait(uint64_t ns);
void fake_settle(void);

/* A peer at the end of a stream that is open; one that connects; and away with it. */
struct fake_peer *fake_adopt(struct stream *s, enum ofp_receiver receiver);
struct fake_peer *fake_call(struct net *net, const struct endpoint *to, enum ofp_receiver receiver);
void fake_free(struct fake_peer *peer);

/* Send, and let it arrive. */
void fake_send(struct fake_peer *peer, const struct ofp_msg *msg);
void fake_send_bytes(struct fake_peer *peer, const void *bytes, size_t n);

/* The next message that came; fails the test if there is none, or not of this type. Valid until
 * more comes. */
struct ofp_msg fake_expect(struct fake_peer *peer, uint8_t type);
/* ... and its bytes. */
struct span fake_expect_bytes(struct fake_peer *peer, uint8_t type);
/* Nothing (more) came. */
void fake_expect_nothing(struct fake_peer *peer);
/* ... or forget what came. */
void fake_forget(struct fake_peer *peer);

/* A port for lists of them. */
void fake_port(struct ofp_phy_port *port, uint16_t port_no, uint32_t config, uint32_t state);

#endif
