/*
 * request.c - requests that wait for their reply: xid, time-out, assembly of many parts.
 *
 * A session's requests lie in one list in the order of asking, which is also that of their
 * deadlines. Switches answer in order, so that a reply is nearly always for the first; the walk is
 * bounded by max_requests. One timer a session waits for the oldest; it is not re-armed when a
 * request ends, but looks again when it fires.
 *
 * A stats reply may come in parts with OFPSF_REPLY_MORE (OpenFlow 1.0 section 5.3.5). A reply of
 * one part is handed on as it lies in the input; of several, the entries are gathered in an area
 * that grows up to max_reply.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"

#include <errno.h>
#include <stdlib.h>

struct request {
    struct list link;
    uint64_t deadline;
    ctl_reply_fn *fn;
    void *user;
    uint32_t xid;
    uint8_t reply;  /* enum ofp_type of the answer */
    uint16_t stats; /* enum ofp_stats_types, if that is OFPT_STATS_REPLY */
    uint8_t *parts; /* entries gathered so far */
    size_t len, cap;
};

/* What answers what; 0 (hello): not a request. */
static const uint8_t reply_type[OFPT_N_TYPES] = {
    [OFPT_ECHO_REQUEST] = OFPT_ECHO_REPLY,
    [OFPT_VENDOR] = OFPT_VENDOR,
    [OFPT_FEATURES_REQUEST] = OFPT_FEATURES_REPLY,
    [OFPT_GET_CONFIG_REQUEST] = OFPT_GET_CONFIG_REPLY,
    [OFPT_STATS_REQUEST] = OFPT_STATS_REPLY,
    [OFPT_BARRIER_REQUEST] = OFPT_BARRIER_REPLY,
    [OFPT_QUEUE_GET_CONFIG_REQUEST] = OFPT_QUEUE_GET_CONFIG_REPLY,
};

static struct request *request_first(const struct ctl_dp *dp)
{
    return list_empty(&dp->requests) ? NULL : container_of(dp->requests.next, struct request, link);
}

static void request_remove(struct ctl_dp *dp, struct request *r)
{
    list_remove(&r->link);
    dp->n_requests--;
}

static void request_free(struct request *r)
{
    free(r->parts);
    free(r);
}

/* Its `fn` may make and cancel requests: `r` is no longer among them when it is called. */
static void request_finish(struct ctl_dp *dp, struct request *r, int error,
                           const struct ofp_msg *reply)
{
    request_remove(dp, r);
    r->fn(r->user, dp, error, reply);
    request_free(r);
}

static void request_timer_fired(void *user)
{
    struct ctl_dp *dp = user;
    struct request *r;
    while ((r = request_first(dp)) != NULL && r->deadline <= loop_now()) {
        ctl_counters.request_timeouts++;
        request_finish(dp, r, -ETIMEDOUT, NULL);
    }
    if (r != NULL)
        loop_timer_arm(&dp->request_timer, r->deadline);
}

void request_init(struct ctl_dp *dp)
{
    list_init(&dp->requests);
    timer_init(&dp->request_timer, request_timer_fired, dp);
}

void request_fail_all(struct ctl_dp *dp)
{
    struct request *r;
    timer_cancel(&dp->request_timer);
    while ((r = request_first(dp)) != NULL)
        request_finish(dp, r, -ECONNRESET, NULL);
}

/* --- Asking ---------------------------------------------------------------------------------- */

static int request_check(const struct ctl_dp *dp, const struct ofp_msg *msg)
{
    if (msg->type >= OFPT_N_TYPES || reply_type[msg->type] == 0)
        return -EINVAL;
    if (dp->state != SESSION_JOINED)
        return -ENOTCONN;
    return dp->n_requests < dp->ctl->config.max_requests ? 0 : -EAGAIN;
}

static void request_add(struct ctl_dp *dp, struct request *r)
{
    list_append(&dp->requests, &r->link);
    dp->n_requests++;
    ctl_counters.requests++;
    if (!timer_armed(&dp->request_timer))
        loop_timer_arm(&dp->request_timer, r->deadline);
}

int ctl_request(struct ctl_dp *dp, const struct ofp_msg *request, ctl_reply_fn *fn, void *user)
{
    struct ofp_msg msg = *request;
    struct request *r;
    int error = request_check(dp, request);

    if (error != 0)
        return error;
    r = calloc(1, sizeof *r);
    if (r == NULL)
        return -ENOMEM;
    msg.xid = session_xid(dp);
    *r = (struct request){.deadline = loop_now() + dp->ctl->config.request_time,
                          .fn = fn,
                          .user = user,
                          .xid = msg.xid,
                          .reply = reply_type[msg.type]};
    if (msg.type == OFPT_STATS_REQUEST)
        r->stats = msg.stats.type;
    error = session_send(dp, &msg);
    if (error != 0)
        free(r);
    else
        request_add(dp, r);
    return error;
}

void ctl_cancel_requests(struct ctl_dp *dp, const void *user)
{
    struct list *it, *after;
    list_each(it, after, &dp->requests)
    {
        struct request *r = container_of(it, struct request, link);
        if (r->user != user)
            continue;
        request_remove(dp, r);
        request_free(r);
    }
}

/* --- Answers --------------------------------------------------------------------------------- */

static bool request_fits(const struct request *r, const struct ofp_msg *msg)
{
    if (msg->type == OFPT_ERROR)
        return true;
    return msg->type == r->reply && (msg->type != OFPT_STATS_REPLY || msg->stats.type == r->stats);
}

static struct request *request_find(const struct ctl_dp *dp, const struct ofp_msg *msg)
{
    struct list *it, *after;
    list_each(it, after, &dp->requests)
    {
        struct request *r = container_of(it, struct request, link);
        if (r->xid == msg->xid)
            return request_fits(r, msg) ? r : NULL;
    }
    return NULL;
}

bool request_has_entries(const struct ofp_msg *msg)
{
    return msg->type == OFPT_STATS_REPLY &&
           (msg->stats.type == OFPST_FLOW || msg->stats.type == OFPST_TABLE ||
            msg->stats.type == OFPST_PORT || msg->stats.type == OFPST_QUEUE);
}

/* Room for `n` more bytes of parts. 0, -EMSGSIZE, -ENOMEM. */
static int parts_reserve(struct request *r, size_t n, size_t max)
{
    size_t cap = r->cap != 0 ? r->cap : n;
    uint8_t *parts;
    if (n > max - r->len)
        return -EMSGSIZE;
    while (cap < r->len + n)
        cap *= 2;
    if (cap == r->cap)
        return 0;
    parts = realloc(r->parts, cap);
    if (parts == NULL)
        return -ENOMEM;
    r->parts = parts;
    r->cap = cap;
    return 0;
}

static int parts_add(struct request *r, struct span entries, size_t max)
{
    int error = entries.len > 0 ? parts_reserve(r, entries.len, max) : 0;
    if (error == -EMSGSIZE)
        ctl_counters.reply_too_long++;
    if (error == 0 && entries.len > 0) {
        bytes_copy(r->parts + r->len, entries.data, entries.len);
        r->len += entries.len;
    }
    return error;
}

/* One part of a stats reply with entries. */
static void request_part(struct ctl_dp *dp, struct request *r, const struct ofp_msg *msg)
{
    bool more = msg->stats.flags & OFPSF_REPLY_MORE;
    struct ofp_msg whole = *msg;
    int error = 0;

    if (more || r->len > 0)
        error = parts_add(r, msg->stats.entries, dp->ctl->config.max_reply);
    if (error == 0 && more)
        return;
    whole.stats.flags &= (uint16_t)~OFPSF_REPLY_MORE;
    if (r->len > 0)
        whole.stats.entries = span_of(r->parts, r->len);
    request_finish(dp, r, error, error == 0 ? &whole : NULL);
}

bool request_reply(struct ctl_dp *dp, const struct ofp_msg *msg)
{
    struct request *r = request_find(dp, msg);
    if (r == NULL)
        return false;
    if (msg->type == OFPT_ERROR)
        ctl_counters.request_errors++;
    if (request_has_entries(msg))
        request_part(dp, r, msg);
    else
        request_finish(dp, r, msg->type == OFPT_ERROR ? -EREMOTEIO : 0, msg);
    return true;
}
