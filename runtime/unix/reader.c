/*
 * reader.c - when a device looks for frames in memory that it shares with the kernel.
 *
 * While many frames come the memory is looked at in every turn and the descriptor does not wake the
 * loop; only when nothing was found does the loop wait for it again. Under load no system call is
 * made to receive, and the kernel wakes nobody. For a few frames that would be more calls, not
 * fewer: the loop goes on waiting, and hears of what was left.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/unix/device.h"

/* So many at once are worth the two calls to stop waiting and to wait again. */
#define MANY 16

static void on_look(void *user)
{
    struct unix_reader *r = user;
    int found = r->deliver(r->user);
    if (found > 0)
        loop_defer(&r->look);
    else if (found == 0)
        event_add(&r->readable, NULL);
}

/* Frames, or an error (the interface went down), which reading it clears. */
static void on_readable(evutil_socket_t fd, short what, void *user)
{
    struct unix_reader *r = user;
    int found = r->deliver(r->user), error;
    socklen_t len = sizeof error;
    (void)what;
    unix_happened();
    if (found == 0)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (found < MANY)
        return;
    event_del(&r->readable);
    loop_defer(&r->look);
}

void unix_reader_start(struct unix_reader *r, int fd, int (*deliver)(void *user), void *user)
{
    r->deliver = deliver;
    r->user = user;
    loop_work_init(&r->look, on_look, r);
    event_assign(&r->readable, unix_base(), fd, EV_READ | EV_PERSIST, on_readable, r);
    event_add(&r->readable, NULL);
}

void unix_reader_stop(struct unix_reader *r)
{
    if (r->deliver == NULL)
        return;
    loop_work_cancel(&r->look);
    event_del(&r->readable);
    r->deliver = NULL;
}
