/*
 * reader.c - when a device looks for frames in memory that it shares with the kernel.
 *
 * While frames come the memory is looked at in every turn and the descriptor does not wake the
 * loop; only when nothing was found does the loop wait for it again. Under load no system call is
 * made to receive.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/unix/device.h"

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
    if (found <= 0)
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
