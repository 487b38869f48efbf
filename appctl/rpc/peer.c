/*
 * peer.c - one connection of the control channel: requests in, replies out, one at a time.
 *
 * Called by its stream. After each request the peer is put off to the loop's next turn, so that who
 * sends thousands of them at once holds nothing up but itself; and it is not heard at all while
 * APPCTL_OUT_LIMIT bytes of replies wait for it. A message that is no request, after which nobody
 * can know what else the peer means, is answered with an error and ends the connection.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "appctl/rpc/rpc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

LOG_MODULE(appctl);

struct appctl_peer {
    struct list link; /* in way->peers */
    struct appctl_way *way;
    struct stream *stream;
    struct appctl_frame frame;
    struct loop_work next; /* goes on with its input */
};

/* Without its stream, which is over or to be closed by the caller. */
static void peer_free(struct appctl_peer *p)
{
    loop_work_cancel(&p->next);
    list_remove(&p->link);
    p->way->n_peers--;
    free(p);
}

static void peer_end(struct appctl_peer *p)
{
    stream_close(p->stream);
    peer_free(p);
}

/* --- Requests -------------------------------------------------------------------------------- */

/* The arguments as strings, to be freed; NULL, and the reply has failed, if they are not. */
static const char **read_strings(const struct appctl_request *request, size_t argc,
                                 struct appctl_reply *reply)
{
    const char **argv = calloc(argc + 1, sizeof *argv);
    size_t i = 0;

    if (argv == NULL) {
        appctl_fail(reply, "no memory");
        return NULL;
    }
    while (i < argc && (argv[i] = json_string_value(json_array_get(request->params, i))) != NULL)
        i++;
    if (i == argc)
        return argv;
    appctl_fail(reply, "\"%.80s\": argument %zu is not a string", request->method, i + 1);
    free(argv);
    return NULL;
}

/* False if it could not be sent. */
static bool peer_answer(struct appctl_peer *p, const struct appctl_request *request)
{
    struct appctl_reply reply = {.max = p->way->appctl->config.max_reply};
    size_t argc = json_array_size(request->params);
    const char **argv = read_strings(request, argc, &reply);
    bool sent;

    appctl_answer(p->way->appctl, &reply, request->method, argc, argv);
    free(argv);
    sent = appctl_send_reply(p->stream, request->id, &reply);
    appctl_reply_free(&reply);
    return sent;
}

/* The end of it: nobody knows where, or what, its next message is. */
static void peer_refuse(struct appctl_peer *p, const char *why)
{
    struct appctl_reply reply = {.max = p->way->appctl->config.max_reply};
    appctl_counters.bad++;
    log_warn_limited(&p->way->noise, "%s: %s", p->stream->peer, why);
    appctl_fail(&reply, "%s", why);
    appctl_reply_end(&reply);
    appctl_send_reply(p->stream, NULL, &reply);
    appctl_reply_free(&reply);
    peer_end(p);
}

/* RFC 7047 section 4.1.11: an echo is answered with its own parameters, of any kind. False if the
 * peer is gone. */
static bool peer_message(struct appctl_peer *p, struct span bytes)
{
    struct appctl_request request;
    bool is_good, answered = true;

    appctl_request_read(&request, bytes);
    is_good = request.id != NULL;
    if (is_good && strcmp(request.method, "echo") == 0)
        answered = appctl_send_result(p->stream, request.id, request.params);
    else if (is_good)
        answered = peer_answer(p, &request);
    appctl_request_free(&request);
    if (!is_good)
        peer_refuse(p, request.error);
    else if (!answered)
        peer_end(p);
    return is_good && answered;
}

static size_t peer_data(void *user, const uint8_t *bytes, size_t n)
{
    struct appctl_peer *p = user;
    size_t blanks = appctl_blanks(span_of(bytes, n));
    struct span rest = span_of(bytes + blanks, n - blanks);
    long length = appctl_frame(&p->frame, rest);

    if (length == 0)
        return blanks;
    if (length == APPCTL_FRAME_BROKEN) {
        peer_refuse(p, "not a request: no JSON object, or too deep or too long a one");
        return n;
    }
    if (!peer_message(p, span_of(rest.data, (size_t)length)))
        return n;
    list_remove(&p->link);
    list_append(&p->way->peers, &p->link);
    stream_pause(p->stream, true);
    loop_defer(&p->next);
    return blanks + (size_t)length;
}

/* Its turn has come again, or it has read what waited for it. */
static void peer_go_on(void *user)
{
    struct appctl_peer *p = user;
    if (p->stream->out_bytes < p->stream->out_limit)
        stream_pause(p->stream, false);
    else
        stream_reserve(p->stream, 1); /* refused: so `drained` will be called */
}

static void peer_closed(void *user, int error)
{
    (void)error;
    peer_free(user);
}

/* --- The beginning --------------------------------------------------------------------------- */

static const struct stream_events peer_events = {
    .data = peer_data,
    .drained = peer_go_on,
    .closed = peer_closed,
};

static struct appctl_peer *first_peer(struct appctl_way *way)
{
    return container_of(way->peers.next, struct appctl_peer, link);
}

void appctl_peer_end(struct appctl_way *way)
{
    peer_end(first_peer(way));
}

/* What waits for the one that has been silent for longest is lost: it may be that it never reads.
 */
static void make_room(struct appctl_way *way)
{
    struct appctl_peer *p = first_peer(way);
    appctl_counters.displaced++;
    stream_abort(p->stream);
    peer_free(p);
}

int appctl_attach(struct appctl *a, struct stream *s)
{
    struct appctl_way *way = a->way;
    struct appctl_peer *p = calloc(1, sizeof *p);
    if (p == NULL) {
        stream_abort(s);
        return -ENOMEM;
    }
    if (way->n_peers == a->config.max_connections)
        make_room(way);
    p->way = way;
    p->stream = s;
    s->out_limit = APPCTL_OUT_LIMIT;
    loop_work_init(&p->next, peer_go_on, p);
    list_append(&way->peers, &p->link);
    way->n_peers++;
    appctl_counters.connections++;
    stream_own(s, &peer_events, p);
    return 0;
}
