/*
 * internal.h - what the files of the control channel share. See appctl.h for what callers get.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_APPCTL_INTERNAL_H
#define MORGANA_APPCTL_INTERNAL_H

#include "appctl/appctl.h"
#include "runtime/bytes.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/serve.h"

#include <jansson.h>

/* --- frame.c: where a message ends ----------------------------------------------------------- */

/* How far a message has been looked at. All zero: not at all. */
struct appctl_frame {
    size_t seen; /* bytes */
    unsigned depth;
    bool in_string, escaped;
};

#define APPCTL_FRAME_BROKEN (-1)

/* How many of the first bytes are white space, which may stand between messages. */
size_t appctl_blanks(struct span bytes);

/* The length of the message that `bytes` begins with, and `f` is ready for the next; 0 if it has
 * not all come: call it again with the same bytes and more. APPCTL_FRAME_BROKEN if it is no
 * object, too deep or too long. */
long appctl_frame(struct appctl_frame *f, struct span bytes);

/* --- reply.c --------------------------------------------------------------------------------- */

struct appctl_reply {
    char *data; /* len bytes of text, no NUL behind it; NULL: none yet */
    size_t len, cap;
    size_t max;
    const char *narrow; /* how to ask for less, or NULL */
    bool failed;
    bool no_memory;
};

/* All of it has been said: see to it that it ends in a newline, or is the error that it is too
 * long or that there is no memory. */
void appctl_reply_end(struct appctl_reply *reply);
void appctl_reply_free(struct appctl_reply *reply);

/* --- message.c: requests and replies as JSON ------------------------------------------------- */

/* A request, or what is wrong with it. */
struct appctl_request {
    json_t *message; /* all of it; owned */
    json_t *id;      /* borrowed from it, as are the others; NULL: it is no request */
    const char *method;
    json_t *params;                          /* an array */
    char error[JSON_ERROR_TEXT_LENGTH + 32]; /* why it is no request */
};

void appctl_request_read(struct appctl_request *request, struct span bytes);
void appctl_request_free(struct appctl_request *request);

/* Send a reply; `id` NULL stands for null. The text's bytes that a terminal should not see become
 * dots. False if there is no memory: the peer then waits for an answer that will not come. */
bool appctl_send_reply(struct stream *s, json_t *id, struct appctl_reply *reply);

/* Send `result` as it is. */
bool appctl_send_result(struct stream *s, json_t *id, json_t *result);

/* --- appctl.c -------------------------------------------------------------------------------- */

struct appctl {
    struct appctl_config config;
    const char *program;
    struct server server;
    struct list peers; /* struct appctl_peer, the one silent for longest first */
    size_t n_peers;
    struct log_limit noise;
    struct appctl_table {
        const struct appctl_command *rows;
        void *user;
    } table[APPCTL_TABLES_MAX];
    size_t n_tables;
};

struct appctl_counters {
    uint64_t connections;
    uint64_t displaced; /* connections that made room for others */
    uint64_t requests;
    uint64_t failed;   /* ... that were answered with an error */
    uint64_t too_long; /* ... of those: their answer was longer than --ctl-reply */
    uint64_t bad;      /* messages that are no request */
};

extern struct appctl_counters appctl_counters;

/* Run the command that is called `method`. */
void appctl_run(struct appctl *a, struct appctl_reply *reply, const char *method, json_t *params);

/* --- peer.c ---------------------------------------------------------------------------------- */

struct appctl_peer;

/* End the first of a's peers, of which there is one; what waits for it is still written. */
void appctl_peer_end(struct appctl *a);

/* --- builtin.c ------------------------------------------------------------------------------- */

/* The commands of every program; their user is the struct appctl. */
extern const struct appctl_command appctl_builtin[];

#endif
