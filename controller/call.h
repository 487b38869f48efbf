/*
 * call.h - a task asks a datapath and waits for its answer, for what reads better in sequence.
 *
 *     static int count_flows(void *ctl)
 *     {
 *         static const struct ofp_msg barrier = {.type = OFPT_BARRIER_REQUEST};
 *         struct ofp_msg stats = {.type = OFPT_STATS_REQUEST, .stats.type = OFPST_TABLE};
 *         struct ctl_answer *answer;
 *         int error = ctl_call(ctl, 1, &barrier, NULL);
 *
 *         if (error == 0)
 *             error = ctl_call(ctl, 1, &stats, &answer);
 *         if (error != 0)
 *             return error;
 *         ...
 *         free(answer);
 *         return 0;
 *     }
 *
 * The datapath is named by its id, since a struct ctl_dp may be gone after any wait of the task's;
 * and the answer is a copy, since what a request's function is shown is not valid after it.
 *
 * Called by tasks (runtime/task.h) of apps and of programs.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_CALL_H
#define MORGANA_CONTROLLER_CALL_H

#include "controller/ctl.h"

/* An answer, whose views are into `bytes`. Its owner gives it back by free(). */
struct ctl_answer {
    struct ofp_msg msg;
    uint8_t bytes[];
};

/* Send `request` (see ctl_request()) to a datapath and wait for the answer. 0, and *answer is it;
 * NULL in place of `answer`: it is not wanted. Else a negative errno, and *answer is NULL:
 * -ENOTCONN (no such datapath has joined), -ECANCELED or -ETIMEDOUT (the task's wait has ended
 * before, see task_limit(); or the switch has not answered within --request-time), or what
 * ctl_request() and its function say: -ECONNRESET, -EAGAIN, ... With -EREMOTEIO the switch has
 * answered with an error message, which *answer is. */
int ctl_call(struct ctl *ctl, uint64_t dpid, const struct ofp_msg *request,
             struct ctl_answer **answer);

#endif
