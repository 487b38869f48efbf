/*
 * asks.c - what a slice asks that only the switch knows; see slicer.h.
 *
 * The switch is asked with an xid of the session's (ctl_request()), and the slice answered with its
 * own. A view may ask SLICER_ASKS things at once, so that one slice's questions leave room for
 * the others'.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/slicer.h"

#include <errno.h>
#include <stdlib.h>

static void ask_free(struct ask *a)
{
    list_remove(&a->link);
    a->view->n_asks--;
    free(a);
}

static void on_reply(void *user, struct ctl_dp *dp, int error, const struct ofp_msg *reply)
{
    struct ask *a = user;
    struct link *link = &a->view->link;
    struct ofp_fault fault = {OFPET_BAD_REQUEST, OFPBRC_EPERM}; /* 1.0 has none for "too slow" */
    (void)dp;
    if (error == -EREMOTEIO)
        fault = (struct ofp_fault){reply->error.type, reply->error.code};
    if (error == 0)
        a->answer(a, reply);
    else
        link_send_error(link, fault, span_of(a->head, a->len));
    ask_free(a);
    link_go_on(link);
}

bool ask(struct view *view, const struct ofp_msg *request, const struct ask *like,
         struct span bytes, struct ofp_fault *fault)
{
    struct ask *a = malloc(sizeof *a);
    if (a == NULL)
        return slicer_refuse(fault, OFPET_BAD_REQUEST, OFPBRC_EPERM);
    *a = *like;
    a->view = view;
    a->xid = be32_get(((const struct ofp_header *)bytes.data)->xid);
    a->len = (uint32_t)(bytes.len < sizeof a->head ? bytes.len : sizeof a->head);
    bytes_copy(a->head, bytes.data, a->len);
    if (ctl_request(view->place->dp, request, on_reply, a) != 0) {
        free(a);
        return slicer_refuse(fault, OFPET_BAD_REQUEST, OFPBRC_EPERM);
    }
    list_append(&view->asks, &a->link);
    view->n_asks++;
    return true;
}

void asks_forget(struct view *view)
{
    struct list *it, *after;
    list_each(it, after, &view->asks)
    {
        struct ask *a = container_of(it, struct ask, link);
        ctl_cancel_requests(view->place->dp, a);
        ask_free(a);
    }
}
