/*
 * call.c - a task asks a datapath and waits; see call.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/call.h"
#include "controller/session.h"
#include "runtime/task.h"

#include <errno.h>
#include <stdlib.h>

/* A call that waits; on the task's stack. */
struct call {
    struct task_event answered;
    bool over, wanted;
    int error;
    struct ctl_answer *answer;
};

/* --- Copies ---------------------------------------------------------------------------------- */

/* Gathered entries may be longer than any message. NULL: no memory. */
static struct ctl_answer *copy_entries(const struct ofp_msg *reply)
{
    struct span entries = reply->stats.entries;
    struct ctl_answer *answer = malloc(sizeof *answer + entries.len);

    if (answer == NULL)
        return NULL;
    answer->msg = *reply;
    bytes_copy(answer->bytes, entries.data, entries.len);
    answer->msg.stats.entries = span_of(answer->bytes, entries.len);
    return answer;
}

/* Any other message: written once more, and taken apart there. NULL: no memory. */
static struct ctl_answer *copy_message(const struct ofp_msg *reply)
{
    size_t room = ofp_encoded_bound(reply);
    struct ctl_answer *answer = malloc(sizeof *answer + room);
    struct buf out;

    if (answer == NULL)
        return NULL;
    out = buf_of(answer->bytes, room);
    ofp_encode(&out, reply);
    ofp_decode(&answer->msg, span_of(answer->bytes, out.len));
    return answer;
}

/* --- Calls ----------------------------------------------------------------------------------- */

static void on_reply(void *user, struct ctl_dp *dp, int error, const struct ofp_msg *reply)
{
    struct call *call = user;

    (void)dp;
    call->over = true;
    call->error = error;
    if (reply != NULL && call->wanted) {
        call->answer = request_has_entries(reply) ? copy_entries(reply) : copy_message(reply);
        if (call->answer == NULL)
            call->error = -ENOMEM;
    }
    task_wake(&call->answered);
}

/* The answer that has come is taken though the task has been cancelled meanwhile: its next wait
 * tells it. As long as there is none the datapath is still there. */
static int wait_for(struct call *call, struct ctl_dp *dp)
{
    int error = 0;

    while (!call->over && error == 0)
        error = task_wait(&call->answered);
    if (call->over)
        return call->error;
    ctl_cancel_requests(dp, call);
    return error;
}

int ctl_call(struct ctl *ctl, uint64_t dpid, const struct ofp_msg *request,
             struct ctl_answer **answer)
{
    struct ctl_dp *dp = ctl_find_dp(ctl, dpid);
    struct call call = {.wanted = answer != NULL};
    int error = dp != NULL ? 0 : -ENOTCONN;

    task_event_init(&call.answered);
    if (error == 0)
        error = ctl_request(dp, request, on_reply, &call);
    if (error == 0)
        error = wait_for(&call, dp);
    if (answer != NULL)
        *answer = call.answer;
    return error;
}
