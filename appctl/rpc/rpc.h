/*
 * rpc.h - what the files of the way in by JSON-RPC share. See appctl.h for what callers get.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_APPCTL_RPC_RPC_H
#define MORGANA_APPCTL_RPC_RPC_H

#include "appctl/internal.h"
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

/* Send a reply that has been ended; `id` NULL stands for null. False if there is no memory: the
 * peer then waits for an answer that will not come. */
bool appctl_send_reply(struct stream *s, json_t *id, const struct appctl_reply *reply);

/* Send `result` as it is. */
bool appctl_send_result(struct stream *s, json_t *id, json_t *result);

/* --- rpc.c ----------------------------------------------------------------------------------- */

struct appctl_way {
    struct appctl *appctl;
    struct server server;
    struct list peers; /* struct appctl_peer, the one silent for longest first */
    size_t n_peers;
    struct log_limit noise;
};

/* --- peer.c ---------------------------------------------------------------------------------- */

/* End the first of its peers, of which there is one; what waits for it is still written. */
void appctl_peer_end(struct appctl_way *way);

#endif
