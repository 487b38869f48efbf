/*
 * link.h - the switch's end of an OpenFlow channel, for a switch that is not there.
 *
 * A link calls its controller, again and again with growing waits (runtime/serve.h), says hello,
 * keeps alive (openflow/channel.h), cuts and judges what comes, and hands each message to its
 * owner. As a switch's agent does (switch/connection.h) it never drops an answer: instead it looks
 * at no request while out_limit bytes wait, or while the owner says so. What nobody asked for is
 * dropped then. Called by view.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_SLICER_LINK_H
#define MORGANA_CONTROLLER_SLICER_LINK_H

#include "openflow/msg.h"
#include "openflow/validate.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/serve.h"

struct link;

struct link_owner {
    /* The controller is there; is gone. */
    void (*up)(void *user);
    void (*lost)(void *user);
    /* A good message. False: answer it with this fault. */
    bool (*message)(void *user, const struct ofp_msg *msg, struct span bytes,
                    struct ofp_fault *fault);
    /* The next message has come, a good one or not. When may it be looked at: now, and then it
     * counts; later; or (TIMER_NEVER) not before link_go_on()? */
    uint64_t (*admit)(void *user);
};

enum link_state { LINK_DOWN, LINK_HELLO, LINK_UP };

struct link {
    const struct link_owner *owner;
    void *user;
    struct server server; /* the one name that it calls */
    struct dial *dial;
    struct stream *stream; /* NULL: none */
    enum link_state state;
    bool broken; /* there was no memory for an answer */
    uint64_t heard;
    struct timer life; /* of the handshake, then of the keep-alive */
    struct timer wait; /* for the owner's time */
    struct log_limit noise;
    char name[ENDPOINT_NAME_MAX]; /* for people */
};

/* Call `controller` from now on. 0 or a negative errno. `user` gets link->user. */
int link_init(struct link *link, struct net *net, const char *controller,
              const struct link_owner *owner, void *user);

/* Hang up and call no more; the owner does not hear of it. */
void link_end(struct link *link);

/* Send an answer; what nobody asked for (false: dropped); an error in answer to `request`. */
void link_send(struct link *link, const struct ofp_msg *msg);
bool link_notify(struct link *link, const struct ofp_msg *msg);
void link_send_error(struct link *link, struct ofp_fault fault, struct span request);

/* The owner can do more. */
void link_go_on(struct link *link);

static inline bool link_is_up(const struct link *link)
{
    return link->state == LINK_UP;
}

/* Would what nobody asked for be dropped? */
static inline bool link_is_full(const struct link *link)
{
    return link->stream == NULL || link->stream->out_bytes >= link->stream->out_limit;
}

#endif
