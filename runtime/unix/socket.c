/*
 * socket.c - streams over connected sockets.
 *
 * The steady path is one recv() and one send() for each readable stream in a turn, and nothing
 * else: input comes into the area that all streams share (stream_input.c); a read that did not fill
 * it has emptied the socket, so that no second one has to say so; what the owner committed
 * meanwhile is written as soon as it returns, so that the peer can work while the next stream is
 * read. Output committed at any other time is written at the end of the turn. The event for writing
 * is on only while the kernel takes no more.
 *
 * Closing: a socket closed with input unread makes the kernel reset the connection, and the peer
 * may lose our last words (RFC 2525 section 2.17). So a closed stream lingers: it writes,
 * half-closes, throws away what still comes, and goes when the peer has closed too, or after
 * LINGER.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/unix/socket.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#define LINGER     (5 * NS_PER_S)
#define PIECES_MAX 64 /* chunks in one write */

static struct list all = {&all, &all};

static struct sock *sock_of(struct stream *s)
{
    return container_of(s, struct sock, stream);
}

/* --- The end --------------------------------------------------------------------------------- */

static void sock_free(void *user)
{
    struct sock *k = user;
    stream_release(&k->stream);
    free(k);
}

/* Give everything back, the memory when this turn's callbacks are through. */
static void sock_go(struct sock *k)
{
    if (k->gone)
        return;
    k->gone = true;
    attempt_cancel(k->attempt);
    if (k->fd >= 0) {
        event_del(&k->readable);
        event_del(&k->writable);
        close(k->fd);
    }
    timer_cancel(&k->linger);
    list_remove(&k->link);
    loop_work_cancel(&k->work);
    loop_work_init(&k->work, sock_free, k);
    loop_defer(&k->work);
}

void sock_over(struct sock *k, int error)
{
    if (k->gone)
        return;
    if (error && !k->stream.over)
        unix_net_counters.failed++;
    stream_over(&k->stream, error);
    sock_go(k);
}

static void on_linger(void *user)
{
    struct sock *k = user;
    unix_net_counters.cut += k->stream.out_bytes > 0;
    sock_go(k);
}

/* --- Output ---------------------------------------------------------------------------------- */

/* Write several chunks at once. */
static ssize_t write_chunks(int fd, struct stream_chunk *c)
{
    struct iovec pieces[PIECES_MAX];
    struct msghdr msg = {.msg_iov = pieces};
    for (; c && msg.msg_iovlen < PIECES_MAX; c = c->next)
        pieces[msg.msg_iovlen++] =
            (struct iovec){.iov_base = c->data + c->begin, .iov_len = c->end - c->begin};
    return sendmsg(fd, &msg, MSG_NOSIGNAL);
}

/* One write of what waits. Returns how much the kernel took, or a negative errno. */
static ssize_t write_some(struct sock *k)
{
    struct stream_chunk *c = k->stream.out_first;
    ssize_t n;
    unix_net_counters.writes++;
    n = c->next ? write_chunks(k->fd, c)
                : send(k->fd, c->data + c->begin, c->end - c->begin, MSG_NOSIGNAL);
    if (n >= 0)
        return n;
    if (errno == EAGAIN || errno == EINTR)
        return 0;
    return errno == EPIPE ? -ECONNRESET : -errno;
}

/* Have the kernel say when it takes more, or not any longer. */
static void set_blocked(struct sock *k, bool blocked)
{
    if (k->blocked == blocked)
        return;
    k->blocked = blocked;
    unix_net_counters.blocked += blocked;
    if (blocked)
        event_add(&k->writable, NULL);
    else
        event_del(&k->writable);
}

/* All is written: half-close if that was asked for. */
static void all_written(struct sock *k)
{
    k->stream.flushing = false;
    set_blocked(k, false);
    if (!k->stream.finished)
        return;
    if (!k->sent_end)
        shutdown(k->fd, SHUT_WR);
    k->sent_end = true;
    if (k->got_end)
        sock_over(k, 0);
}

static void sock_write(struct sock *k)
{
    ssize_t n = k->stream.out_bytes > 0 ? write_some(k) : 0;
    if (n < 0) {
        sock_over(k, (int)n);
        return;
    }
    stream_wrote(&k->stream, (size_t)n);
    if (k->gone)
        return;
    if (k->stream.out_bytes > 0)
        set_blocked(k, true);
    else
        all_written(k);
}

static void on_writable(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    unix_happened();
    sock_write(user);
}

/* --- Input ----------------------------------------------------------------------------------- */

/* Have the kernel say when there is input, just if it is wanted: not before what was kept over a
 * pause has been shown, for the end lies behind it. */
static void set_reading(struct sock *k)
{
    bool on = !k->got_end && !k->resumed && stream_input_wanted(&k->stream);
    if (k->reading == on)
        return;
    k->reading = on;
    if (on)
        event_add(&k->readable, NULL);
    else
        event_del(&k->readable);
}

/* Show the owner `n` new bytes, or what was kept; then do what it made necessary. */
static void deliver(struct sock *k, size_t n)
{
    int error;
    k->delivering = true;
    error = stream_input(&k->stream, n);
    k->delivering = false;
    if (error)
        sock_over(k, error);
    if (!k->gone && k->stream.flushing && !k->blocked)
        sock_write(k);
    if (k->gone)
        return;
    set_reading(k);
    if (stream_input_waits(&k->stream))
        loop_defer(&k->work);
}

static void sock_linger(struct sock *k)
{
    if (k->gone || k->lingering)
        return;
    k->lingering = true;
    loop_timer_arm(&k->linger, loop_now() + LINGER);
    set_reading(k);
    loop_defer(&k->work);
}

/* The peer has sent its last byte. */
static void input_ended(struct sock *k)
{
    k->got_end = true;
    set_reading(k);
    if (k->stream.events->ended) {
        k->stream.events->ended(k->stream.user);
    } else {
        stream_over(&k->stream, 0);
        sock_linger(k);
    }
    if (k->sent_end)
        sock_over(k, 0);
}

static void on_readable(evutil_socket_t fd, short what, void *user)
{
    struct sock *k = user;
    ssize_t n;
    (void)what;
    unix_happened();
    unix_net_counters.reads++;
    n = recv(fd, stream_input_area(), STREAM_AREA, 0);
    if (n > 0)
        deliver(k, (size_t)n);
    else if (n == 0)
        input_ended(k);
    else if (errno != EAGAIN && errno != EINTR)
        sock_over(k, -errno);
}

/* --- The owner's calls ----------------------------------------------------------------------- */

/* What they left to be done in deferred work. */
static void sock_turn(void *user)
{
    struct sock *k = user;
    bool show = k->resumed || stream_input_waits(&k->stream);
    k->resumed = false;
    if (show && !k->stream.paused)
        deliver(k, 0);
    if (!k->gone && !k->blocked && (k->stream.flushing || k->stream.finished))
        sock_write(k);
}

static void sock_flush(struct stream *s)
{
    struct sock *k = sock_of(s);
    if (k->fd >= 0 && !k->delivering)
        loop_defer(&k->work);
}

static void sock_pause(struct stream *s, bool paused)
{
    struct sock *k = sock_of(s);
    if (k->fd < 0)
        return;
    k->resumed = !paused;
    if (!paused)
        loop_defer(&k->work);
    if (!k->delivering) /* deliver() looks for itself, at what is kept too */
        set_reading(k);
}

static void sock_finish(struct stream *s)
{
    struct sock *k = sock_of(s);
    if (k->fd >= 0)
        loop_defer(&k->work);
}

static void sock_close(struct stream *s, bool abort)
{
    static const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    struct sock *k = sock_of(s);
    if (abort && k->fd >= 0)
        setsockopt(k->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    if (abort || k->fd < 0)
        sock_go(k);
    else
        sock_linger(k);
}

static const struct stream_ops sock_ops = {
    .flush = sock_flush, .pause = sock_pause, .finish = sock_finish, .close = sock_close};

/* --- The beginning --------------------------------------------------------------------------- */

struct sock *sock_new(const struct stream_events *events, void *user)
{
    struct sock *k = calloc(1, sizeof *k);
    if (k == NULL)
        return NULL;
    stream_init(&k->stream, &sock_ops, events, user);
    k->fd = -1;
    timer_init(&k->linger, on_linger, k);
    loop_work_init(&k->work, sock_turn, k);
    list_append(&all, &k->link);
    return k;
}

void sock_open(struct sock *k, int fd)
{
    static const int on = 1;
    k->fd = fd;
    event_assign(&k->readable, unix_base(), fd, EV_READ | EV_PERSIST, on_readable, k);
    event_assign(&k->writable, unix_base(), fd, EV_WRITE | EV_PERSIST, on_writable, k);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* a unix socket refuses: no matter */
    set_reading(k);
    if (k->stream.flushing || k->stream.finished)
        loop_defer(&k->work);
}

void sock_abort_all(void)
{
    struct list *l, *after;
    list_each(l, after, &all) sock_go(container_of(l, struct sock, link));
}
