/*
 * tcp_talk.c - what the two ends of a simulated connection do: see tcp_talk.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/sim/tcp_talk.h"

#include <errno.h>
#include <stdlib.h>

#define CLIENT_PORTS 10000
#define PAUSE        (61 * NS_PER_S) /* of a slow reader */

static uint64_t chosen(struct talk *t, uint64_t n)
{
    return random_below(&t->w->random, n);
}

static void accept_server(void *user)
{
    struct talk *t = user;
    if (t->way == TALK_RESET && t->replied) { /* a cookie has brought back what was given up */
        tcp_abort(tcp_accept(t->listener), t->w->now);
        return;
    }
    if (t->end[1].conn || !party_accept(&t->end[1], &t->w->host[!t->client], t->listener))
        t->wrong = "a connection came twice";
}

/* --- Beginning ------------------------------------------------------------------------------- */

/* Mostly little, sometimes much, sometimes nothing at all. */
static uint64_t some_bytes(struct talk *t)
{
    static const uint64_t most[] = {1, 100, 5000, 60000, 60000, 300000};
    return chosen(t, most[chosen(t, 6)] + 1);
}

static void choose_sizes(struct talk *t)
{
    struct party *c = &t->end[0], *s = &t->end[1];
    c->salt = s->salt_in = random_u64(&t->w->random);
    s->salt = c->salt_in = random_u64(&t->w->random);
    switch (t->way) {
    case TALK_REQUESTS:
        t->rounds = 1 + (unsigned)chosen(t, 20);
        t->request = 1 + some_bytes(t) / 20;
        t->reply = 1 + some_bytes(t) / 5;
        c->to_send = t->request;
        return;
    case TALK_HALF_CLOSE:
        c->shut_when_sent = true;
        t->reply = some_bytes(t);
        break;
    case TALK_SLOW_READER:
        t->rounds = 1 + (unsigned)chosen(t, 5);
        c->to_send = 100000 + chosen(t, 300000);
        s->paused = true;
        c->shut_when_sent = s->shut_when_sent = true;
        return;
    case TALK_RESET:
        t->quitter = (unsigned)chosen(t, 2);
        c->to_send = s->to_send = 50000000;
        return;
    default:
        s->to_send = some_bytes(t);
        c->shut_when_sent = s->shut_when_sent = t->way != TALK_CLOSE_AT_ONCE;
        break;
    }
    c->to_send = 1 + some_bytes(t); /* with a cookie, the server knows of the client by its bytes */
}

void talk_begin(struct talk *t, struct world *w, enum talk_way way, uint16_t port)
{
    *t = (struct talk){.w = w, .way = way, .port = port, .begins = w->now};
    t->client = (unsigned)chosen(t, 2);
    choose_sizes(t);
    t->acts = w->now + 1 + chosen(t, 5 * NS_PER_S);
    if (way != TALK_OPEN_AT_ONCE &&
        tcp_listen(w->host[!t->client].tcp, 0, port, 4, accept_server, t, &t->listener) != 0)
        abort();
}

static void connect_ends(struct talk *t)
{
    t->begun = true;
    t->end[0].sport = t->port + CLIENT_PORTS;
    party_connect(&t->end[0], &t->w->host[t->client], t->port, t->options);
    if (t->way == TALK_OPEN_AT_ONCE) {
        t->end[1].sport = t->port;
        party_connect(&t->end[1], &t->w->host[!t->client], t->port + CLIENT_PORTS, t->options);
    }
}

/* --- What the ends do ------------------------------------------------------------------------ */

static void shut_down(struct party *p)
{
    if (!p->closed)
        tcp_shutdown(p->conn, p->host->world->now);
}

static void drive_requests(struct talk *t)
{
    struct party *c = &t->end[0], *s = &t->end[1];
    if (!t->replied && s->received == (t->round + 1) * t->request) {
        t->replied = true;
        party_send(s, t->reply);
    }
    if (t->replied && c->received == (t->round + 1) * t->reply) {
        t->replied = false;
        if (++t->round < t->rounds)
            party_send(c, t->request);
        else
            shut_down(c);
    }
    if (s->ended)
        shut_down(s);
}

static void drive_half_close(struct talk *t)
{
    struct party *s = &t->end[1];
    if (!s->ended || t->replied)
        return;
    t->replied = true;
    party_send(s, t->reply);
    shut_down(s);
}

static void drive_close_at_once(struct talk *t)
{
    struct party *c = &t->end[0], *s = &t->end[1];
    if (t->replied || c->received < s->to_send || s->received < c->to_send)
        return;
    t->replied = true;
    shut_down(c);
    shut_down(s);
}

static void drive_slow_reader(struct talk *t)
{
    struct party *s = &t->end[1];
    if (t->w->now < t->acts || !s->paused)
        return;
    s->paused = t->round < t->rounds && ++t->round < t->rounds;
    party_read(s, s->paused ? 1 + chosen(t, 200000) : UINT64_MAX);
    t->acts = t->w->now + (chosen(t, 2) ? PAUSE : NS_PER_S);
}

static void drive_reset(struct talk *t)
{
    if (t->w->now >= t->acts && !t->replied) {
        t->replied = true;
        party_end(&t->end[t->quitter]);
    }
}

void talk_drive(struct talk *t)
{
    static void (*const drive[TALK_N_WAYS])(struct talk * t) = {
        [TALK_REQUESTS] = drive_requests,
        [TALK_HALF_CLOSE] = drive_half_close,
        [TALK_CLOSE_AT_ONCE] = drive_close_at_once,
        [TALK_SLOW_READER] = drive_slow_reader,
        [TALK_RESET] = drive_reset,
    };
    if (!t->begun && t->w->now >= t->begins)
        connect_ends(t);
    if (t->end[0].conn && t->end[1].conn && drive[t->way])
        drive[t->way](t);
}

/* --- The end --------------------------------------------------------------------------------- */

static bool is_complete(const struct party *p, const struct party *from)
{
    return p->closed && p->ended && p->error == 0 && p->received == from->to_send;
}

/* By a listener that lost its cookies, or that gave a handshake up because every answer to its
 * SYN,ACK was lost for a minute. */
static bool is_refused(const struct talk *t)
{
    const struct party *c = &t->end[0];
    return (t->may_be_refused || t->end[1].conn == NULL) && c->closed && c->error == -ECONNRESET &&
           c->received == 0;
}

bool talk_done(const struct talk *t)
{
    if (is_refused(t))
        return true;
    if (t->way == TALK_RESET) {
        const struct party *other = &t->end[!t->quitter];
        return t->replied && other->closed && other->error == -ECONNRESET;
    }
    return t->begun && is_complete(&t->end[0], &t->end[1]) && is_complete(&t->end[1], &t->end[0]) &&
           t->round == t->rounds;
}

void talk_end(struct talk *t)
{
    party_end(&t->end[0]);
    party_end(&t->end[1]);
    tcp_listener_close(t->listener, t->w->now);
    t->listener = NULL;
}
