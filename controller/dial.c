/*
 * dial.c - active connections: the controller calls the switch, again and again.
 *
 * A dial has at most one session. When that ends, whatever the reason, the next try comes after a
 * wait that doubles from reconnect_min to reconnect_max and begins anew once a switch has joined.
 * Half of each wait is chance, so that a restart does not bring all tries at one time.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/session.h"
#include "runtime/entropy.h"

#include <errno.h>
#include <stdlib.h>

struct dial {
    struct list link; /* in ctl->dials */
    struct ctl *ctl;
    struct net *net;
    struct endpoint to;
    struct ctl_dp *session; /* NULL: waiting for `again` */
    struct timer again;
    uint64_t wait; /* ns, the next one */
};

static void dial_wait(struct dial *dial)
{
    uint64_t half = dial->wait / 2, max = dial->ctl->config.reconnect_max;
    loop_timer_arm(&dial->again, loop_now() + half + entropy_u64() % (half + 1));
    dial->wait = dial->wait < max / 2 ? dial->wait * 2 : max;
}

static int dial_try(struct dial *dial)
{
    char name[ENDPOINT_NAME_MAX];
    struct ctl_dp *dp;
    int error;

    dp = session_new(dial->ctl, NULL, endpoint_print(&dial->to, name, sizeof name));
    if (dp == NULL)
        return -EUSERS;
    error = net_connect(dial->net, &dial->to, &session_events, dp, &dp->stream);
    if (error != 0) {
        session_reap(dp);
        return error;
    }
    dp->dial = dial;
    dial->session = dp;
    return 0;
}

static void dial_again(void *user)
{
    struct dial *dial = user;
    if (dial_try(dial) == 0)
        return;
    ctl_counters.connects_failed++;
    dial_wait(dial);
}

/* Stop connecting; its session goes on like any other. */
static void dial_free(struct dial *dial)
{
    if (dial->session != NULL)
        dial->session->dial = NULL;
    timer_cancel(&dial->again);
    list_remove(&dial->link);
    free(dial);
}

int dial_new(struct ctl *ctl, struct net *net, const struct endpoint *to)
{
    struct dial *dial = calloc(1, sizeof *dial);
    int error;
    if (dial == NULL)
        return -ENOMEM;
    *dial = (struct dial){.ctl = ctl, .net = net, .to = *to, .wait = ctl->config.reconnect_min};
    timer_init(&dial->again, dial_again, dial);
    list_append(&ctl->dials, &dial->link);
    error = dial_try(dial);
    if (error != 0)
        dial_free(dial);
    return error;
}

void dial_joined(struct dial *dial)
{
    dial->wait = dial->ctl->config.reconnect_min;
}

void dial_ended(struct dial *dial)
{
    dial->session = NULL;
    dial_wait(dial);
}

void dial_free_all(struct ctl *ctl)
{
    struct list *it, *after;
    list_each(it, after, &ctl->dials) dial_free(container_of(it, struct dial, link));
}
