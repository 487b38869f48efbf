/*
 * fake_peer.c - see fake_peer.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/fake_peer.h"
#include "openflow/frame.h"
#include "runtime/log.h"
#include "runtime/sim/sim.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- The world ------------------------------------------------------------------------------- */

static void no_log(void *user, enum log_level level, const char *line)
{
    (void)user;
    if (getenv("TEST_LOG") != NULL)
        fprintf(stderr, "%d %s\n", (int)level, line);
}

void fake_begin(void)
{
    static const struct sim_faults kind;

    sim_start(1, &kind);
    ck_assert_int_eq(loop_open(), 0);
    log_set_sink(no_log, NULL);
}

void fake_end(void)
{
    fake_settle();
    loop_close();
    stream_pool_free();
}

void fake_wait(uint64_t ns)
{
    sim_run(loop_now() + ns);
}

void fake_settle(void)
{
    fake_wait(NS_PER_MS);
}

/* --- The peer ------------------------------------------------------------------------------- */

static size_t fake_data(void *user, const uint8_t *bytes, size_t n)
{
    struct fake_peer *peer = user;
    if (peer->len + n > peer->cap) {
        peer->cap = (peer->len + n) * 2;
        peer->in = realloc(peer->in, peer->cap);
        ck_assert_ptr_nonnull(peer->in);
    }
    memcpy(peer->in + peer->len, bytes, n);
    peer->len += n;
    return n;
}

static void fake_closed(void *user, int error)
{
    struct fake_peer *peer = user;
    peer->stream = NULL;
    peer->error = error;
}

static const struct stream_events fake_events = {.data = fake_data, .closed = fake_closed};

struct fake_peer *fake_adopt(struct stream *s, enum ofp_receiver receiver)
{
    struct fake_peer *peer = calloc(1, sizeof *peer);
    ck_assert_ptr_nonnull(peer);
    peer->stream = s;
    peer->receiver = receiver;
    stream_own(s, &fake_events, peer);
    return peer;
}

struct fake_peer *fake_call(struct net *net, const struct endpoint *to, enum ofp_receiver receiver)
{
    struct fake_peer *peer = calloc(1, sizeof *peer);
    ck_assert_ptr_nonnull(peer);
    peer->receiver = receiver;
    ck_assert_int_eq(net_connect(net, to, &fake_events, peer, &peer->stream), 0);
    fake_settle();
    ck_assert_ptr_nonnull(peer->stream);
    return peer;
}

void fake_free(struct fake_peer *peer)
{
    if (peer->stream != NULL)
        stream_close(peer->stream);
    fake_settle();
    free(peer->in);
    free(peer);
}

/* --- Sending --------------------------------------------------------------------------------- */

void fake_send_bytes(struct fake_peer *peer, const void *bytes, size_t n)
{
    ck_assert_ptr_nonnull(peer->stream);
    ck_assert_int_eq(stream_write(peer->stream, bytes, n), 0);
    fake_settle();
}

void fake_send(struct fake_peer *peer, const struct ofp_msg *msg)
{
    static uint8_t area[OFP_MAX_MESSAGE];
    struct buf out = buf_of(area, sizeof area);
    ck_assert(ofp_encode(&out, msg));
    fake_send_bytes(peer, area, out.len);
}

/* --- Looking at what came -------------------------------------------------------------------- */

struct span fake_expect_bytes(struct fake_peer *peer, uint8_t type)
{
    struct span rest = span_of(peer->in + peer->seen, peer->len - peer->seen);
    struct ofp_fault fault;
    long n = ofp_frame(rest);

    ck_assert_msg(n > 0, "nothing came, expected %s", ofp_type_name(type));
    rest.len = (size_t)n;
    ck_assert_msg(rest.data[1] == type, "%s came, expected %s", ofp_type_name(rest.data[1]),
                  ofp_type_name(type));
    ck_assert(type == OFPT_ERROR || ofp_validate(rest, peer->receiver, &fault));
    peer->seen += rest.len;
    return rest;
}

struct ofp_msg fake_expect(struct fake_peer *peer, uint8_t type)
{
    struct ofp_msg msg;
    ofp_decode(&msg, fake_expect_bytes(peer, type));
    return msg;
}

void fake_expect_nothing(struct fake_peer *peer)
{
    ck_assert_msg(peer->seen == peer->len, "%s came, expected nothing",
                  ofp_type_name(peer->in[peer->seen + 1]));
}

void fake_forget(struct fake_peer *peer)
{
    peer->seen = peer->len = 0;
}

void fake_port(struct ofp_phy_port *port, uint16_t port_no, uint32_t config, uint32_t state)
{
    memset(port, 0, sizeof *port);
    port->port_no = be16_of(port_no);
    port->hw_addr[5] = (uint8_t)port_no;
    snprintf(port->name, sizeof port->name, "eth%u", port_no);
    port->config = be32_of(config);
    port->state = be32_of(state);
}
