/*
 * message.c - requests and replies as JSON: JSON-RPC 1.0, as RFC 7047 section 4 has it.
 *
 * Called by peer.c. Jansson reads and writes; what goes out is written straight into the stream.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "appctl/rpc/rpc.h"

#include <stdio.h>
#include <string.h>

/* --- Requests -------------------------------------------------------------------------------- */

void appctl_request_read(struct appctl_request *request, struct span bytes)
{
    json_error_t error;
    json_t *id, *params;

    *request = (struct appctl_request){0};
    request->message =
        json_loadb((const char *)bytes.data, bytes.len, JSON_REJECT_DUPLICATES, &error);
    if (request->message == NULL) {
        snprintf(request->error, sizeof request->error, "not good JSON: %s", error.text);
        return;
    }
    id = json_object_get(request->message, "id");
    params = json_object_get(request->message, "params");
    request->method = json_string_value(json_object_get(request->message, "method"));
    snprintf(request->error, sizeof request->error,
             "not a JSON-RPC request: it must have \"method\", \"params\" and \"id\"");
    if (request->method == NULL || !json_is_array(params) || id == NULL || json_is_null(id))
        return;
    request->params = params;
    request->id = id;
}

void appctl_request_free(struct appctl_request *request)
{
    json_decref(request->message);
}

/* --- Replies --------------------------------------------------------------------------------- */

/* Jansson's output, into the stream and past its limit: peer.c sees to it that there is just one
 * reply too many. */
static int write_piece(const char *piece, size_t n, void *user)
{
    struct stream *s = user;
    while (n > 0) {
        size_t part = n < STREAM_RESERVE_MAX ? n : STREAM_RESERVE_MAX;
        if (stream_write(s, piece, part) != 0)
            return -1;
        piece += part;
        n -= part;
    }
    return 0;
}

/* Takes over `error` and `result`, either of which may be NULL: no memory. */
static bool send_message(struct stream *s, json_t *id, json_t *error, json_t *result)
{
    json_t *message = json_pack("{s:o, s:O, s:o}", "error", error, "id", id, "result", result);
    size_t limit = s->out_limit;
    bool sent;

    s->out_limit = SIZE_MAX;
    sent = message != NULL && json_dump_callback(message, write_piece, s, JSON_COMPACT) == 0;
    s->out_limit = limit;
    json_decref(message);
    return sent;
}

bool appctl_send_reply(struct stream *s, json_t *id, const struct appctl_reply *reply)
{
    json_t *text;
    id = id != NULL ? id : json_null();
    text = json_stringn_nocheck(reply->len > 0 ? reply->data : "", reply->len);
    return reply->failed ? send_message(s, id, text, json_null())
                         : send_message(s, id, json_null(), text);
}

bool appctl_send_result(struct stream *s, json_t *id, json_t *result)
{
    return send_message(s, id, json_null(), json_incref(result));
}
