/*
 * sock.c - calls like those of sockets over TCP in virtual time: see sock.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/script/sock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_FD 3

/* --- Descriptors ------------------------------------------------------------------------------ */

struct sock *sock_of(struct host *h, int fd)
{
    return fd >= FIRST_FD && fd < FIRST_FD + HOST_MAX_SOCKS ? h->socks[fd - FIRST_FD] : NULL;
}

int sock_new(struct host *h)
{
    struct sock *s;
    int at = 0;
    while (at < HOST_MAX_SOCKS && h->socks[at])
        at++;
    if (at == HOST_MAX_SOCKS)
        return -EMFILE;
    s = calloc(1, sizeof *s);
    if (s)
        s->out = malloc(SOCK_BUFFER);
    if (s == NULL || s->out == NULL) {
        free(s);
        return -ENOMEM;
    }
    s->host = h;
    s->options = h->config.options;
    list_append(&h->all, &s->link);
    h->socks[at] = s;
    return FIRST_FD + at;
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
    if (addr != 0 && addr != h->addr)
        return -EADDRNOTAVAIL;
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
    if (s == NULL)
        return -EBADF;
    if (s->conn || s->listener)
        return -EINVAL;
    return tcp_listen(h->tcp, s->addr, s->port, backlog > 1 ? (uint32_t)backlog : 1, on_ready, s,
                      &s->listener);
}

static void own(struct sock *s, struct tcp_conn *c, uint32_t *addr, uint16_t *port)
{
    struct tcp_info info;
    s->conn = c;
    s->opened = true;
    tcp_get_options(c, &s->options);
    tcp_own(c, &events, s);
    tcp_info(c, &info);
    *addr = info.remote;
    *port = info.remote_port;
}

int sock_accept(struct host *h, int fd, uint32_t *addr, uint16_t *port)
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
    made = sock_new(h);
    if (made < 0)
        tcp_abort(c, h->now);
    else
        own(sock_of(h, made), c, addr, port);
    return made;
}

static int connect_again(struct sock *s)
{
    if (s->over && !s->opened)
        return s->error ? take_error(s) : -ECONNABORTED;
    return s->opened ? -EISCONN : -EALREADY;
}

int sock_connect(struct host *h, int fd, uint32_t addr, uint16_t port)
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

/* --- Bytes ------------------------------------------------------------------------------------ */

/* Why nothing can be read just now; 0: the end. */
static int nothing_to_read(struct sock *s)
{
    if (s->error)
        return take_error(s);
    if (s->over || tcp_ended(s->conn))
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

ssize_t sock_read(struct host *h, int fd, void *to, size_t n, bool keep)
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
        got = copy_readable(s, (uint8_t *)to + had, n - had);
        if (keep)
            return (ssize_t)got;
        tcp_consume(s->conn, got, h->now);
    }
    return (ssize_t)had;
}

ssize_t sock_write(struct host *h, int fd, const void *from, size_t n)
{
    struct sock *s = sock_of(h, fd);
    if (s == NULL)
        return -EBADF;
    if (s->error)
        return take_error(s);
    if (s->conn == NULL || s->over || s->shut)
        return -EPIPE;
    if (!s->opened || s->n_out == SOCK_BUFFER)
        return -EAGAIN;
    if (n > SOCK_BUFFER - s->n_out)
        n = SOCK_BUFFER - s->n_out;
    memcpy(s->out + s->n_out, from, n);
    s->n_out += n;
    tcp_push(s->conn, s->n_out, h->now);
    return (ssize_t)n;
}

/* --- Closing ---------------------------------------------------------------------------------- */

int sock_shutdown(struct host *h, int fd, int how)
{
    struct sock *s = sock_of(h, fd);
    if (s == NULL)
        return -EBADF;
    if (s->conn == NULL || !s->opened || s->over)
        return -ENOTCONN;
    if (how == SHUT_RD)
        return -EOPNOTSUPP; /* TCP cannot tell the peer */
    s->shut = true;
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
    h->socks[fd - FIRST_FD] = NULL;
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
    if (tcp_readable(s->conn) > 0 || tcp_ended(s->conn) || s->over)
        ready |= POLLIN;
    if (s->opened && s->n_out < SOCK_BUFFER)
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
    while ((ready = poll_once(h, fds, n)) == 0 && host_step(h, until))
        ;
    return ready;
}
