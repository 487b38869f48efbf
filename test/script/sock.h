/*
 * sock.h - calls like those of BSD sockets (POSIX.1-2017) over TCP in virtual time.
 *
 * A socket is one of three things: new, a listener, or a connection. What is written is kept until
 * the peer has acknowledged it, also after sock_close(), as by the kernel.
 *
 * Calls wait as the system's do, unless the socket has O_NONBLOCK or the call MSG_DONTWAIT: those
 * of the second thread until the first has made happen what they wait for (turns.h); those of the
 * first let time pass, and answer -EAGAIN if nothing is left to happen.
 *
 * A descriptor is one of the process's own, of /dev/null, so that its number is nobody else's: the
 * tool closes what a script leaves open by the system's close().
 *
 * Each function answers 0 or more, or a negative errno: EBADF for a descriptor that is none, and
 * what POSIX says for the call. Addresses and ports are in the host's order. Called by plugin.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_SCRIPT_SOCK_H
#define MORGANA_TEST_SCRIPT_SOCK_H

#include "test/script/host.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>

#define SOCK_BUFFER (1024 * 1024) /* bytes written and not yet acknowledged, at most */

struct sock {
    struct list link; /* among all of the host's, orphans too */
    struct host *host;
    int fd;
    bool nonblock;                 /* O_NONBLOCK */
    struct tcp_listener *listener; /* NULL: it does not listen */
    struct tcp_conn *conn;         /* NULL: there is none */
    struct tcp_options options;    /* of the connection to be */
    uint32_t addr;                 /* bound to; 0: any */
    uint16_t port;
    uint32_t n_ready; /* of the listener: finished and not accepted, those that were reset too */
    bool opened;
    bool told; /* connect() has answered that it is */
    bool shut; /* for writing */
    bool shut_read;
    bool over;        /* `closed` was told ... */
    int error;        /* ... with this, until SO_ERROR or a call has told it */
    bool orphan;      /* the descriptor is closed */
    bool linger_none; /* SO_LINGER of no time: closing resets */
    uint8_t *out;     /* SOCK_BUFFER bytes, of which ... */
    size_t n_out;     /* ... these are not acknowledged ... */
    size_t out_max;   /* ... and so many may be */
};

/* The socket of a descriptor; NULL: none. */
struct sock *sock_of(struct host *h, int fd);

/* A new one; its descriptor. -EMFILE, -ENOMEM. */
int sock_new(struct host *h, bool nonblock);

int sock_bind(struct host *h, int fd, uint32_t addr, uint16_t port);
int sock_listen(struct host *h, int fd, int backlog);

/* A connection that waited; its descriptor, and the peer's address. */
int sock_accept(struct host *h, int fd, uint32_t *addr, uint16_t *port);

/* 0. Without waiting: -EINPROGRESS if all is well; again: -EALREADY, then 0 once, then -EISCONN. */
int sock_connect(struct host *h, int fd, uint32_t addr, uint16_t port);

/* `flags`: MSG_PEEK, MSG_DONTWAIT, MSG_WAITALL. */
ssize_t sock_read(struct host *h, int fd, void *to, size_t n, int flags);

/* `flags`: MSG_DONTWAIT. */
ssize_t sock_write(struct host *h, int fd, const void *from, size_t n, int flags);
int sock_shutdown(struct host *h, int fd, int how);
int sock_close(struct host *h, int fd);

/* Waits in virtual time up to `timeout` ms; negative: until nothing is left to happen. */
int sock_poll(struct host *h, struct pollfd *fds, nfds_t n, int timeout);

/* Free all, orphans too; peers are reset. The host's descriptors are gone with that. */
void sock_free_all(struct host *h);

/* --- sockopt.c -------------------------------------------------------------------------------- */

int sock_set_option(struct host *h, int fd, int level, int name, const void *from, socklen_t len);
int sock_get_option(struct host *h, int fd, int level, int name, void *to, socklen_t *len);

#endif
