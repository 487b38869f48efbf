/*
 * sock.c - calls like those of sockets over TCP in virtual time: see sock.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/script/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- Descriptors ------------------------------------------------------------------------------ */

struct sock *sock_of(struct host *h, int fd)
{
    for (int i = 0; i < HOST_MAX_SOCKS; i++)
        if (h->socks[i] && h->socks[i]->fd == fd)
            return h->socks[i];
    return NULL;
}

static struct sock **free_place(struct host *h)
{
    for (int i = 0; i < HOST_MAX_SOCKS; i++)
        if (h->socks[i] == NULL)
            return &h->socks[i];
    return NULL;
}

int sock_new(struct host *h, bool nonblock)
{
    struct sock **place = free_place(h), *s;
    int fd = place ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return -EMFILE;
    s = calloc(1, sizeof *s);
    if (s)
        s->out = malloc(SOCK_BUFFER);
    if (s == NULL || s->out == NULL) {
        close(fd);
        free(s);
        return -ENOMEM;
    }
    s->host = h;
    s->fd = fd;
    s->nonblock = nonblock;
    s->out_max = SOCK_BUFFER;
    s->options = h->config.options;
    list_append(&h->all, &s->link);
    *place = s;
    return fd;
}

/* The descriptor is none any more; the socket may live on. */
static void forget(struct host *h, struct sock *s)
{
    for (int i = 0; i < HOST_MAX_SOCKS; i++)
        if (h->socks[i] == s)
            h->socks[i] = NULL;
    close(s->fd);
}

/* A call found nothing to do: is it worth trying again? */
static bool wait_more(struct host *h, int fd, int flags)
{
    const struct sock *s = sock_of(h, fd);
    return s && !s->nonblock && !(flags & MSG_DONTWAIT) && host_wait(h, UINT64_MAX);
}

static void sock_free(struct sock *s)
{
    list_remove(&s->link);
    free(s->out);
    free(s);
}

void sock_free_all(struct host *h)
{
    while (!list_empty(&h->all)) {
        struct sock *s = container_of(h->all.next, struct sock, link);
        if (s->conn)
            tcp_abort(s->conn, h->now);
        tcp_listener_close(s->listener, h->now);
        sock_free(s);
    }
}

/* --- What the connection tells ---------------------------------------------------------------- */

static void on_opened(void *user)
{
    struct sock *s = user;
    s->opened = true;
}

static void on_peek(void *user, size_t offset, uint8_t *to, size_t n)
{
    const struct sock *s = user;
    memcpy(to, s->out + offset, n);
}

static void on_acked(void *user, size_t n)
{
    struct sock *s = user;
    s->n_out -= n;
    memmove(s->out, s->out + n, s->n_out);
}

static void on_closed(void *user, int error)
{
    struct sock *s = user;
    s->over = true;
    s->error = error;
    if (!s->orphan)
        return;
    tcp_abort(s->conn, s->host->now);
    sock_free(s);
}

static const struct tcp_events events = {
    .opened = on_opened, .peek = on_peek, .acked = on_acked, .closed = on_closed};

static int take_error(struct sock *s)
{
    int error = s->error;
    s->error = 0;
    return error;
}

/* --- Opening ---------------------------------------------------------------------------------- */

int sock_bind(struct host *h, int fd, uint32_t addr, uint16_t port)
{
    struct sock *s = sock_of(h, fd);
    if (s == NULL)
        return -EBADF;
    if (s->conn || s->listener || s->port)
        return -EINVAL;
    if (addr != 0)
        h->addr = addr;
    s->addr = addr;
    s->port = port;
    return 0;
}

static void on_ready(void *user)
{
    struct sock *s = user;
    s->n_ready++;
}

int sock_listen(struct host *h, int fd, int backlog)
{
    struct sock *s = sock_of(h, fd);
    int error;
    if (s == NULL)
        return -EBADF;
    if (s->conn || s->listener)
        return -EINVAL;
    error = tcp_listen(h->tcp, s->addr, s->port, backlog > 1 ? (uint32_t)backlog : 1, on_ready, s,
                       &s->listener);
    if (error == 0)
        tcp_listener_set_options(s->listener, &s->options);
    return error;
}

static void own(struct sock *s, struct tcp_conn *c, uint32_t *addr, uint16_t *port)
{
    struct tcp_info info;
    s->conn = c;
    s->opened = s->told = true;
    tcp_get_options(c, &s->options);
    tcp_own(c, &events, s);
    tcp_info(c, &info);
    *addr = info.remote;
    *port = info.remote_port;
}

static int try_accept(struct host *h, int fd, uint32_t *addr, uint16_t *port)
{
    struct sock *s = sock_of(h, fd);
    struct tcp_conn *c;
    int made;
    if (s == NULL)
        return -EBADF;
    if (s->listener == NULL)
        return -EINVAL;
    c = tcp_accept(s->listener);
    s->n_ready = c ? s->n_ready - 1 : 0;
    if (c == NULL)
        return -EAGAIN;
    made = sock_new(h, false);
    if (made < 0)
        tcp_abort(c, h->now);
    else
        own(sock_of(h, made), c, addr, port);
    return made;
}

int sock_accept(struct host *h, int fd, uint32_t *addr, uint16_t *port)
{
    int made;
    while ((made = try_accept(h, fd, addr, port)) == -EAGAIN && wait_more(h, fd, 0))
        ;
    return made;
}

static int connect_again(struct sock *s)
{
    if (s->over && !s->opened)
        return s->error ? take_error(s) : -ECONNABORTED;
    if (!s->opened)
        return -EALREADY;
    if (s->told)
        return -EISCONN;
    s->told = true;
    return 0;
}

static int try_connect(struct host *h, int fd, uint32_t addr, uint16_t port)
{
    struct sock *s = sock_of(h, fd);
    int error;
    if (s == NULL)
        return -EBADF;
    if (s->listener)
        return -EOPNOTSUPP;
    if (s->conn)
        return connect_again(s);
    error = tcp_connect(h->tcp, s->addr, s->port, addr, port, &s->options, &events, s, h->now,
                        &s->conn);
    return error ? error : -EINPROGRESS;
}

int sock_connect(struct host *h, int fd, uint32_t addr, uint16_t port)
{
    int result;
    do
        result = try_connect(h, fd, addr, port);
    while ((result == -EINPROGRESS || result == -EALREADY) && wait_more(h, fd, 0));
    return result;
}

/* --- Bytes ------------------------------------------------------------------------------------ */

/* Why nothing can be read just now; 0: the end. */
static int nothing_to_read(struct sock *s)
{
    if (s->error)
        return take_error(s);
    if (s->over || s->shut_read || tcp_ended(s->conn))
        return 0;
    return -EAGAIN;
}

static size_t copy_readable(const struct sock *s, uint8_t *to, size_t n)
{
    struct span pieces[64];
    unsigned count = tcp_peek(s->conn, pieces, sizeof pieces / sizeof pieces[0]);
    size_t had = 0;
    for (unsigned i = 0; i < count && had < n; i++) {
        size_t len = pieces[i].len < n - had ? pieces[i].len : n - had;
        memcpy(to + had, pieces[i].data, len);
        had += len;
    }
    return had;
}

static ssize_t try_read(struct host *h, int fd, uint8_t *to, size_t n, bool keep)
{
    struct sock *s = sock_of(h, fd);
    size_t had = 0;
    if (s == NULL)
        return -EBADF;
    if (s->conn == NULL)
        return -ENOTCONN;
    if (n > 0 && tcp_readable(s->conn) == 0)
        return nothing_to_read(s);
    for (size_t got = 1; had < n && got > 0; had += got) {
        got = copy_readable(s, to + had, n - had);
        if (keep)
            return (ssize_t)got;
        tcp_consume(s->conn, got, h->now);
    }
    return (ssize_t)had;
}

static ssize_t try_write(struct host *h, int fd, const uint8_t *from, size_t n)
{
    struct sock *s = sock_of(h, fd);
    if (s == NULL)
        return -EBADF;
    if (s->error)
        return take_error(s);
    if (s->conn == NULL || s->over || s->shut)
        return -EPIPE;
    if (!s->opened || s->n_out >= s->out_max)
        return -EAGAIN;
    if (n > s->out_max - s->n_out)
        n = s->out_max - s->n_out;
    memcpy(s->out + s->n_out, from, n);
    s->n_out += n;
    tcp_push(s->conn, s->n_out, h->now);
    return (ssize_t)n;
}

ssize_t sock_read(struct host *h, int fd, void *to, size_t n, int flags)
{
    size_t least = flags & MSG_WAITALL ? n : 1, had = 0;
    ssize_t got;
    do {
        got = try_read(h, fd, (uint8_t *)to + had, n - had, flags & MSG_PEEK);
        if (got == 0 || (got < 0 && got != -EAGAIN))
            break;
        had += got > 0 ? (size_t)got : 0;
    } while (had < (flags & MSG_PEEK ? 1 : least) && wait_more(h, fd, flags));
    return had ? (ssize_t)had : got;
}

ssize_t sock_write(struct host *h, int fd, const void *from, size_t n, int flags)
{
    size_t done = 0;
    ssize_t some;
    do {
        some = try_write(h, fd, (const uint8_t *)from + done, n - done);
        if (some < 0 && some != -EAGAIN)
            break;
        done += some > 0 ? (size_t)some : 0;
    } while (done < n && wait_more(h, fd, flags));
    return done ? (ssize_t)done : some;
}

/* --- Closing ---------------------------------------------------------------------------------- */

int sock_shutdown(struct host *h, int fd, int how)
{
    struct sock *s = sock_of(h, fd);
    if (s == NULL)
        return -EBADF;
    if (s->conn == NULL || !s->opened || s->over)
        return -ENOTCONN;
    if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
        return -EINVAL;
    s->shut_read |= how != SHUT_WR; /* TCP cannot tell the peer */
    if (how == SHUT_RD)
        return 0;
    s->shut = true;
    if (s->shut_read && tcp_readable(s->conn) == 0)
        tcp_close(s->conn, h->now);
    else
        tcp_shutdown(s->conn, h->now);
    return 0;
}

/* The connection goes on alone until the protocol has done with it. */
static void orphan(struct sock *s)
{
    s->orphan = true;
    tcp_close(s->conn, s->host->now);
}

int sock_close(struct host *h, int fd)
{
    struct sock *s = sock_of(h, fd);
    if (s == NULL)
        return -EBADF;
    forget(h, s);
    tcp_listener_close(s->listener, h->now);
    if (s->conn && !s->over && !s->linger_none) {
        orphan(s);
        return 0;
    }
    if (s->conn)
        tcp_abort(s->conn, h->now);
    sock_free(s);
    return 0;
}

/* --- Waiting ---------------------------------------------------------------------------------- */

static short conn_events(const struct sock *s)
{
    short ready = 0;
    if (tcp_readable(s->conn) > 0 || tcp_ended(s->conn) || s->shut_read || s->over)
        ready |= POLLIN;
    if (tcp_ended(s->conn) || s->shut_read || s->over)
        ready |= POLLRDHUP;
    if (s->opened && s->n_out < s->out_max)
        ready |= POLLOUT;
    if (s->over)
        ready |= POLLHUP | POLLOUT;
    if (s->error)
        ready |= POLLERR;
    return ready;
}

static short events_of(struct host *h, int fd)
{
    const struct sock *s = sock_of(h, fd);
    if (s == NULL)
        return POLLNVAL;
    if (s->listener)
        return s->n_ready > 0 ? POLLIN : 0;
    return s->conn ? conn_events(s) : POLLOUT | POLLHUP;
}

static int poll_once(struct host *h, struct pollfd *fds, nfds_t n)
{
    int ready = 0;
    for (nfds_t i = 0; i < n; i++) {
        short always = POLLERR | POLLHUP | POLLNVAL;
        fds[i].revents = fds[i].fd < 0 ? 0 : events_of(h, fds[i].fd) & (fds[i].events | always);
        ready += fds[i].revents != 0;
    }
    return ready;
}

int sock_poll(struct host *h, struct pollfd *fds, nfds_t n, int timeout)
{
    uint64_t until = timeout < 0 ? UINT64_MAX : h->now + (uint64_t)timeout * NS_PER_MS;
    int ready;
    while ((ready = poll_once(h, fds, n)) == 0 && host_wait(h, until))
        ;
    return ready;
}
