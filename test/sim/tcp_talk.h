/*
 * tcp_talk.h - connections of the TCP simulation: what their two ends do, and when they have done
 * it.
 *
 * A talk is one connection between the two hosts of a world (test/unit/tcp_world.h), in one of the
 * ways below. Its owner calls talk_drive() every few milliseconds of virtual time: all that an end
 * decides is decided there, from what it has seen.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_SIM_TCP_TALK_H
#define MORGANA_TEST_SIM_TCP_TALK_H

#include "test/unit/tcp_world.h"

enum talk_way {
    TALK_BULK,          /* both send, and each closes behind its last byte */
    TALK_REQUESTS,      /* request and reply, some times; the client closes first */
    TALK_HALF_CLOSE,    /* the server begins to send when the client has ended */
    TALK_CLOSE_AT_ONCE, /* both close in the same instant (RFC 9293 figure 13) */
    TALK_OPEN_AT_ONCE,  /* both connect (RFC 9293 figure 8), then as TALK_BULK */
    TALK_SLOW_READER,   /* the server reads only now and then: its window closes for a minute */
    TALK_RESET,         /* one gives up in the middle */
    TALK_N_WAYS,
};

struct talk {
    struct world *w;
    enum talk_way way;
    struct party end[2]; /* the client, the server */
    unsigned client;     /* number of its host */
    uint16_t port;       /* the server's; the client's is 10000 more */
    struct tcp_listener *listener;
    const struct tcp_options *options; /* the client's */
    uint64_t begins, acts; /* when it connects; when a slow reader reads, or who resets does it */
    unsigned rounds, round;
    uint64_t request, reply;
    bool begun, replied;
    /* Cookies are sent: they are known again only in the first segment behind the SYN, and an
     * acknowledgment that overtakes it is refused, as RFC 9293 section 3.10.7.2 asks. */
    bool may_be_refused;
    unsigned quitter;  /* in TALK_RESET, the end that gives up */
    const char *wrong; /* what must not have happened; NULL: nothing */
};

/* Set `t` up; all that is random comes from the world. */
void talk_begin(struct talk *t, struct world *w, enum talk_way way, uint16_t port);

/* Do what is due. */
void talk_drive(struct talk *t);

/* Have both ends done everything, and rightly? */
bool talk_done(const struct talk *t);

/* Give back what there is of it. */
void talk_end(struct talk *t);

#endif
