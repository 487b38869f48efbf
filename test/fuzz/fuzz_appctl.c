/*
 * fuzz_appctl.c - whatever peers may send to a control channel, with the switch's commands behind
 * it.
 *
 * The input is a list of steps (fuzz_world.h): any bytes, in any pieces; a request around any
 * words; a peer that stops reading, goes or comes; changes of the world. All the time what waits
 * and what is kept is bounded; in the end every request that was good is answered, with good JSON.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "appctl/rpc/rpc.h"
#include "switch/commands.h"
#include "test/fuzz/fuzz_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PEERS     3
#define MAX_REPLY 20000
#define LINE_MAX  200000 /* a flow with as many actions as there may be */

struct peer {
    struct stream *stream; /* NULL: closed */
    char *text;            /* of answers, not yet judged */
    size_t n;
    size_t answers;
};

static struct agent *agent;
static struct appctl *appctl;
static struct peer peers[PEERS];

static void must(bool true_, const char *what)
{
    if (true_)
        return;
    fprintf(stderr, "not so: %s\n", what);
    abort();
}

/* --- Judging the answers ---------------------------------------------------------------------- */

static void judge(const json_t *answer)
{
    const json_t *error = json_object_get(answer, "error");
    const json_t *result = json_object_get(answer, "result");
    must(error != NULL && result != NULL && json_object_get(answer, "id") != NULL,
         "an answer has its three members");
    must(json_is_null(error) != json_is_null(result), "it is a result or an error");
    must(json_string_length(json_is_null(error) ? result : error) < MAX_REPLY + LINE_MAX,
         "answers are bounded");
}

/* All of it that is whole. */
static void judge_text(struct peer *p)
{
    json_error_t error;
    json_t *answer;
    while ((answer = json_loadb(p->text, p->n, JSON_DISABLE_EOF_CHECK, &error)) != NULL) {
        judge(answer);
        json_decref(answer);
        p->answers++;
        p->n -= (size_t)error.position;
        memmove(p->text, p->text + error.position, p->n);
    }
    must(p->n == 0 || json_error_code(&error) == json_error_premature_end_of_input,
         "answers are JSON");
}

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    struct peer *p = user;
    p->text = realloc(p->text, p->n + n);
    must(p->text != NULL, "there is memory");
    memcpy(p->text + p->n, bytes, n);
    p->n += n;
    return n;
}

static void on_closed(void *user, int error)
{
    struct peer *p = user;
    (void)error;
    p->stream = NULL;
}

/* --- Steps ------------------------------------------------------------------------------------ */

static void send_bytes(struct peer *p, const void *bytes, size_t n)
{
    if (p->stream != NULL && n <= STREAM_RESERVE_MAX)
        stream_write(p->stream, bytes, n);
}

/* Words with NULs between, the first of them the command, as a request. */
static void send_words(struct peer *p, struct span s)
{
    char words[4096], *at = words, *end, *text;
    json_t *params = json_array(), *request = json_object();
    size_t n = s.len < sizeof words ? s.len : sizeof words - 1;

    memcpy(words, s.data, n);
    words[n] = '\0';
    end = words + n;
    for (at += strlen(at) + 1; at <= end; at += strlen(at) + 1)
        json_array_append_new(params, json_string(at));
    json_object_set_new(request, "method", json_string(words));
    json_object_set_new(request, "params", params);
    json_object_set_new(request, "id", json_integer(1));
    text = json_dumps(request, JSON_COMPACT);
    if (text != NULL)
        send_bytes(p, text, strlen(text));
    free(text);
    json_decref(request);
}

static void open_peer(struct peer *p)
{
    static const struct stream_events events = {.data = on_data, .closed = on_closed};
    struct stream *ends[2];
    if (stream_pair(ends) != 0)
        abort();
    p->stream = ends[0];
    p->n = 0;
    stream_own(p->stream, &events, p);
    appctl_attach(appctl, ends[1]);
}

static void close_peer(struct peer *p, bool abrupt)
{
    struct stream *s = p->stream;
    p->stream = NULL;
    if (s != NULL && abrupt)
        stream_abort(s);
    else if (s != NULL)
        stream_close(s);
}

static void step(uint8_t kind, struct span s)
{
    uint8_t first = s.len > 0 ? s.data[0] : 0;
    struct peer *p = &peers[kind / 8 % PEERS];
    switch (kind % 8) {
    case 0:
    case 1:
        send_bytes(p, s.data, s.len);
        break;
    case 2:
    case 3:
        send_words(p, s);
        break;
    case 4:
        if (p->stream != NULL)
            stream_pause(p->stream, first & 1);
        break;
    case 5:
        close_peer(p, first & 1);
        open_peer(p);
        break;
    case 6:
        fuzz_change(first);
        break;
    default:
        fuzz_frame(kind / 8, s);
    }
}

static void check(void)
{
    must(appctl->way->n_peers <= PEERS - 1, "peers are bounded");
    for (int i = 0; i < PEERS; i++)
        judge_text(&peers[i]);
}

/* Who is still there, in the midst of nothing, is answered. */
static void check_alive(void)
{
    struct peer p = {0};
    for (int i = 0; i < PEERS; i++)
        close_peer(&peers[i], false);
    fuzz_rest();
    open_peer(&p);
    send_words(&p, span_of("version", 7));
    fuzz_rest();
    judge_text(&p);
    must(p.answers == 1, "a new peer is answered");
    close_peer(&p, false);
    fuzz_rest();
    free(p.text);
}

/* --- Beginning and end ------------------------------------------------------------------------ */

static void begin(void)
{
    struct agent_config limits;
    struct appctl_config config;
    fuzz_begin();
    agent_defaults(&limits);
    agent = agent_new(&limits, fuzz_dp);
    appctl_defaults(&config);
    config.max_reply = MAX_REPLY;
    config.max_connections = PEERS - 1;
    appctl = appctl_open(&config, "fuzzed", NULL);
    must(agent != NULL && appctl != NULL, "there is memory");
    switch_commands(appctl, agent);
    for (int i = 0; i < PEERS; i++)
        open_peer(&peers[i]);
    fuzz_rest();
}

static void end(void)
{
    for (int i = 0; i < PEERS; i++)
        free(peers[i].text);
    memset(peers, 0, sizeof peers);
    appctl_close(appctl);
    agent_free(agent);
    fuzz_rest();
    fuzz_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin();
    fuzz_steps(span_of(data, size), step, check);
    check_alive();
    end();
    return 0;
}
