/*
 * asks.c - what a slice asks that only the switch knows; see slicer.h.
 *
 * A switch, or all of a big one, is asked with an xid of the session's (ctl_request()), and the
 * slice answered with its own. A view may ask SLICER_ASKS things at once, so that one slice's
 * questions leave room for the others'.
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
    free(a->kept);
    free(a);
}

static void fail(struct ask *a, struct ofp_fault fault)
{
    a->failed = true;
    a->fault = fault;
}

static void answer(struct ask *a)
{
    struct link *link = &a->view->link;
    if (a->failed)
        link_send_error(link, a->fault, span_of(a->head, a->len));
    else if (a->finish != NULL)
        a->finish(a);
    ask_free(a);
    link_go_on(link);
}

/* A switch that has gone has nothing to say, which of a big switch's is no fault. */
static void on_reply(void *user, struct ctl_dp *dp, int error, const struct ofp_msg *reply)
{
    struct ask *a = user;
    if (error == 0 && a->take != NULL)
        a->take(a, ctl_dp_get(dp, a->view->slice->slicer), reply);
    else if (error == -EREMOTEIO)
        fail(a, (struct ofp_fault){reply->error.type, reply->error.code});
    else if (error != 0 && (error != -ECONNRESET || a->view->place != NULL))
        fail(a, (struct ofp_fault){OFPET_BAD_REQUEST, OFPBRC_EPERM}); /* 1.0 has none for "slow" */
    if (--a->left == 0)
        answer(a);
}

void *ask_keep(struct ask *a, const void *bytes, size_t n)
{
    uint8_t *bigger = realloc(a->kept, a->n_kept + n + 1);
    if (bigger == NULL) {
        fail(a, (struct ofp_fault){OFPET_BAD_REQUEST, OFPBRC_EPERM});
        return NULL;
    }
    a->kept = bigger;
    bytes_copy(bigger + a->n_kept, bytes, n);
    a->n_kept += n;
    return bigger + a->n_kept - n;
}

static struct ask *ask_new(struct view *view, const struct ask *like, struct span bytes)
{
    struct ask *a = malloc(sizeof *a);
    if (a == NULL)
        return NULL;
    *a = *like;
    a->view = view;
    a->xid = be32_get(((const struct ofp_header *)bytes.data)->xid);
    a->len = (uint32_t)(bytes.len < sizeof a->head ? bytes.len : sizeof a->head);
    bytes_copy(a->head, bytes.data, a->len);
    list_append(&view->asks, &a->link);
    view->n_asks++;
    return a;
}

static void cancel(struct ask *a)
{
    for (struct place *p = place_first(a->view); p != NULL; p = place_next(a->view, p))
        ctl_cancel_requests(p->dp, a);
    ask_free(a);
}

bool ask(struct view *view, struct place *only, const struct ofp_msg *request,
         const struct ask *like, struct span bytes, struct ofp_fault *fault)
{
    struct ask *a = ask_new(view, like, bytes);
    struct place *p = only != NULL ? only : place_first(view);
    bool good = a != NULL;
    while (p != NULL && good) {
        good = ctl_request(p->dp, request, on_reply, a) == 0;
        a->left += good;
        p = only != NULL ? NULL : place_next(view, p);
    }
    if (good)
        return true;
    if (a != NULL)
        cancel(a);
    return slicer_refuse(fault, OFPET_BAD_REQUEST, OFPBRC_EPERM);
}

void asks_forget(struct view *view)
{
    struct list *it, *after;
    list_each(it, after, &view->asks) cancel(container_of(it, struct ask, link));
}
