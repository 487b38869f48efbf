/*
 * fuzz_agent.c - whatever controllers may send, into a live agent with its datapath, with frames in
 * between.
 *
 * The input is a list of steps (fuzz_world.h). Some controllers are honest: what they send has a
 * true length, and an xid that tells what it was, so that their answers can be judged: each request
 * gets exactly one, its reply in one or more parts or one error, in the order of the requests, a
 * barrier's behind all that came before it. Another sends any bytes in any pieces. All may stop
 * reading. What waits for them is bounded all the time.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/frame.h"
#include "openflow/msg.h"
#include "runtime/loop.h"
#include "switch/connection.h"
#include "test/fuzz/fuzz_world.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HONEST    2
#define PEERS     3    /* the last is not honest */
#define ASKED_MAX 8192 /* messages of one input that are judged */
#define OUT_LIMIT (1 << 16)
#define ENDLESS   (1000000 * NS_PER_S)

/* A controller. */
struct peer {
    struct stream *stream; /* NULL: closed */
    bool honest;
    uint8_t asked[ASKED_MAX]; /* the types of what it sent, by xid */
    uint32_t n_asked, n_answered;
    bool in_parts; /* the answer to asked[n_answered] has begun */
};

static struct agent *agent;
static struct peer peers[PEERS];

static void must(bool true_, const char *what)
{
    if (true_)
        return;
    fprintf(stderr, "not so: %s\n", what);
    abort();
}

/* --- Judging the answers ---------------------------------------------------------------------- */

/* What answers a message of this type, if not an error; 0: nothing. */
static uint8_t answer_to(uint8_t type)
{
    switch (type) {
    case OFPT_ECHO_REQUEST:
    case OFPT_FEATURES_REQUEST:
    case OFPT_GET_CONFIG_REQUEST:
    case OFPT_STATS_REQUEST:
    case OFPT_BARRIER_REQUEST:
    case OFPT_QUEUE_GET_CONFIG_REQUEST:
        return (uint8_t)(type + 1);
    default:
        return type == OFPT_VENDOR ? OFPT_VENDOR : 0;
    }
}

static bool is_unasked(uint8_t type)
{
    return type == OFPT_HELLO || type == OFPT_ECHO_REQUEST || type == OFPT_PACKET_IN ||
           type == OFPT_FLOW_REMOVED || type == OFPT_PORT_STATUS;
}

static void judge_answer(struct peer *p, const struct ofp_header *h)
{
    const struct ofp_stats_header *stats = (const void *)h;
    uint32_t xid = be32_get(h->xid);
    bool more = h->type == OFPT_STATS_REPLY && (be16_get(stats->flags) & OFPSF_REPLY_MORE);
    must(xid < p->n_asked && xid >= p->n_answered, "answers come once, in order");
    must(!p->in_parts || (xid == p->n_answered && h->type == OFPT_STATS_REPLY),
         "the parts of an answer come together");
    for (; p->n_answered < xid; p->n_answered++)
        must(answer_to(p->asked[p->n_answered]) == 0, "every request is answered");
    must(h->type == OFPT_ERROR || h->type == answer_to(p->asked[xid]), "by its reply or an error");
    p->in_parts = more;
    p->n_answered += !more;
}

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    struct span rest = span_of(bytes, n);
    struct peer *p = user;
    struct ofp_fault fault;
    long length;
    while ((length = ofp_frame(rest)) > 0) {
        struct span message = span_of(span_take(&rest, (size_t)length), (size_t)length);
        const struct ofp_header *h = (const void *)message.data;
        must(ofp_validate(message, OFP_AT_CONTROLLER, &fault), "the switch sends good messages");
        if (p->honest && !is_unasked(h->type))
            judge_answer(p, h);
    }
    must(length != OFP_FRAME_BROKEN, "the switch sends whole messages");
    return n - rest.len;
}

static void on_closed(void *user, int error)
{
    struct peer *p = user;
    (void)error;
    must(!p->honest, "who speaks OpenFlow is not turned away");
    p->stream = NULL;
}

/* --- Sending ---------------------------------------------------------------------------------- */

/* A message with its length and xid put right; the version is right as a rule. */
static void send_honest(struct peer *p, struct span s)
{
    uint8_t message[OFP_MAX_MESSAGE];
    struct ofp_header *h = (void *)message;
    size_t n = s.len < sizeof *h ? sizeof *h : s.len;
    if (n > sizeof message)
        return;
    bytes_zero(message, sizeof *h);
    bytes_copy(message, s.data, s.len);
    if (h->version == 0)
        h->version = OFP_VERSION;
    h->length = be16_of((uint16_t)n);
    h->xid = be32_of(p->n_asked);
    if (stream_write(p->stream, message, n) == 0)
        p->asked[p->n_asked++] = h->type;
}

static void send_any(struct peer *p, struct span s)
{
    if (p->stream != NULL && s.len <= STREAM_RESERVE_MAX)
        stream_write(p->stream, s.data, s.len);
}

static void open_peer(struct peer *p, bool honest)
{
    static const struct stream_events events = {.data = on_data, .closed = on_closed};
    static const uint8_t hello[8] = {OFP_VERSION, OFPT_HELLO, 0, 8};
    struct stream *ends[2];
    *p = (struct peer){.honest = honest};
    if (stream_pair(ends) != 0)
        abort();
    p->stream = ends[0];
    stream_own(p->stream, &events, p);
    agent_attach(agent, ends[1]);
    if (honest)
        send_any(p, span_of(hello, sizeof hello));
}

static void close_peer(struct peer *p, bool abrupt)
{
    struct stream *s = p->stream;
    p->stream = NULL;
    if (s == NULL)
        return;
    if (abrupt)
        stream_abort(s);
    else
        stream_close(s);
}

/* --- Steps ------------------------------------------------------------------------------------ */

static void step(uint8_t kind, struct span s)
{
    uint8_t first = s.len > 0 ? s.data[0] : 0;
    struct peer *p = &peers[kind / 8 % PEERS], *wild = &peers[HONEST];
    switch (kind % 8) {
    case 0:
    case 1:
        p = &peers[kind / 8 % HONEST];
        if (p->n_asked + 1 < ASKED_MAX)
            send_honest(p, s);
        break;
    case 2:
        send_any(wild, s);
        break;
    case 3:
        fuzz_frame(kind / 8, s);
        break;
    case 4:
        if (p->stream != NULL)
            stream_pause(p->stream, first & 1);
        break;
    case 5:
        close_peer(wild, first & 1);
        open_peer(wild, false);
        break;
    case 6:
        fuzz_change(first);
        break;
    default:
        fuzz_wait(first);
    }
}

/* A controller that does not read costs the limit and one answer. */
static void check_memory(void)
{
    const size_t answer = (size_t)2 * FUZZ_FLOWS * OFP_MAX_MESSAGE;
    struct list *it, *after;
    list_each(it, after, &agent->connections)
    {
        const struct stream *s = container_of(it, struct connection, link)->stream;
        must(s == NULL || s->out_bytes <= OUT_LIMIT + answer, "what waits is bounded");
        must(s == NULL || s->kept == NULL || s->kept->end <= STREAM_INPUT_MAX + STREAM_AREA,
             "what is kept is bounded");
    }
    must(agent->n_connections <= PEERS, "connections are bounded");
}

/* All read on: then a barrier is answered, and with it all that came before. */
static void check_answers(void)
{
    static const uint8_t barrier[8] = {OFP_VERSION, OFPT_BARRIER_REQUEST};
    for (int i = 0; i < HONEST; i++)
        stream_pause(peers[i].stream, false);
    fuzz_wait(100);
    for (int i = 0; i < HONEST; i++)
        send_honest(&peers[i], span_of(barrier, sizeof barrier));
    fuzz_wait(100);
    for (int i = 0; i < HONEST; i++)
        must(peers[i].n_answered == peers[i].n_asked, "everything is answered in the end");
}

/* --- Beginning and end ------------------------------------------------------------------------ */

static void begin(void)
{
    struct agent_config config;
    fuzz_begin();
    agent_defaults(&config);
    config.echo_interval = config.echo_limit = ENDLESS; /* nobody answers here */
    config.out_limit = OUT_LIMIT;
    config.max_connections = PEERS;
    agent = agent_new(&config, fuzz_dp);
    for (int i = 0; i < PEERS; i++)
        open_peer(&peers[i], i < HONEST);
    fuzz_rest();
}

static void end(void)
{
    for (int i = 0; i < PEERS; i++)
        close_peer(&peers[i], false);
    agent_free(agent);
    fuzz_rest();
    fuzz_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin();
    fuzz_steps(span_of(data, size), step, check_memory);
    check_answers();
    end();
    return 0;
}
