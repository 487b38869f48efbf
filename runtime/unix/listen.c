/*
 * listen.c - listeners: TCP over IPv4 and IPv6, and unix sockets.
 *
 * The kernel's queue is as long as it allows and is emptied in rounds, so that a burst of a
 * thousand connections is served. When descriptors have run out, a spare one is given up to accept
 * the connection and close it: else it would stay in the queue and wake us for ever.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/log.h"
#include "runtime/unix/socket.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

LOG_MODULE(net);

#define ROUND      128               /* connections accepted in one turn */
#define PAUSE_TIME (100 * NS_PER_MS) /* until a listener that cannot accept tries again */

struct unix_listener {
    struct listener listener;
    int fd;
    int spare; /* a descriptor to give up, or -1 */
    struct event readable;
    struct timer pause;
    struct loop_work free;
    net_accept_fn *accept;
    void *user;
    char name[ENDPOINT_NAME_MAX];
    struct stat path; /* of a unix socket: its file, to know it again */
    bool is_path;
    bool closed;
};

/* --- Accepting ------------------------------------------------------------------------------- */

/* Give an accepted connection to the owner. */
static void welcome(struct unix_listener *l, int fd, const struct sockaddr *sa, socklen_t len)
{
    struct sock *k = sock_new(NULL, NULL);
    if (k == NULL) {
        unix_net_counters.accept_refused++;
        close(fd);
        return;
    }
    unix_net_counters.accepted++;
    if (l->is_path) /* the peer has no name of its own: say where it came in */
        snprintf(k->stream.peer, sizeof k->stream.peer, "%s", l->name + 1);
    else
        unix_address_name(sa, len, false, k->stream.peer);
    sock_open(k, fd);
    l->accept(l->user, &k->stream);
}

static int take_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* No descriptor is left: turn the first in the queue away. False if not even that can be done. */
static bool turn_away(struct unix_listener *l)
{
    int fd;
    if (l->spare < 0)
        return false;
    close(l->spare);
    fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    l->spare = take_spare();
    unix_net_counters.accept_refused += fd >= 0;
    return fd >= 0;
}

static void resume(void *user)
{
    struct unix_listener *l = user;
    if (l->spare < 0)
        l->spare = take_spare();
    event_add(&l->readable, NULL);
}

/* What to do about an error of accept4(). Returns whether to go on with this round. */
static bool accept_failed(struct unix_listener *l, int error)
{
    static struct log_limit limit;
    if (error == EAGAIN)
        return false;
    if (error != EMFILE && error != ENFILE && error != ENOBUFS && error != ENOMEM)
        return true; /* that connection has failed already (accept(2)); look at the next */
    log_warn_limited(&limit, "%s: cannot take a connection: %s", l->name, strerror(error));
    if ((error == EMFILE || error == ENFILE) && turn_away(l))
        return true;
    event_del(&l->readable);
    loop_timer_arm(&l->pause, loop_now() + PAUSE_TIME);
    return false;
}

static void on_connection(evutil_socket_t fd, short what, void *user)
{
    struct unix_listener *l = user;
    (void)what;
    unix_happened();
    for (int i = 0; i < ROUND && !l->closed; i++) {
        struct sockaddr_storage ss;
        socklen_t len = sizeof ss;
        int peer = accept4(fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (peer >= 0)
            welcome(l, peer, (struct sockaddr *)&ss, len);
        else if (!accept_failed(l, errno))
            break;
    }
}

/* --- Opening --------------------------------------------------------------------------------- */

/* A bound, listening socket at an address. Returns it, or a negative errno. */
static int listen_at(const struct sockaddr *sa, socklen_t len)
{
    static const int on = 1, off = 0;
    int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;
    if (fd < 0)
        return -errno;
    if (sa->sa_family != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (sa->sa_family == AF_INET6) /* the IPv6 wildcard takes IPv4 too */
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, sa, len) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    error = -errno;
    close(fd);
    return error;
}

/* On every address: IPv6's wildcard, or IPv4's where there is no IPv6. */
static int listen_everywhere(uint16_t port)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = listen_at((struct sockaddr *)&six, sizeof six);
    if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
        fd = listen_at((struct sockaddr *)&four, sizeof four);
    return fd;
}

static int listen_tcp(struct unix_listener *l, const struct endpoint *at)
{
    struct evutil_addrinfo *list;
    struct sockaddr_storage ss;
    socklen_t len = sizeof ss;
    int error;
    if (at->host[0] == '\0') {
        l->fd = listen_everywhere(at->port);
    } else {
        error = unix_numeric_addresses(at, &list);
        if (error)
            return error;
        l->fd = listen_at(list->ai_addr, (socklen_t)list->ai_addrlen);
        evutil_freeaddrinfo(list);
    }
    if (l->fd < 0)
        return l->fd;
    getsockname(l->fd, (struct sockaddr *)&ss, &len);
    unix_address_name((struct sockaddr *)&ss, len, true, l->name);
    return 0;
}

/* Remove a socket's file that nobody listens at any more. */
static void remove_stale(const struct sockaddr_un *sun)
{
    struct stat st;
    int fd;
    if (lstat(sun->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
        return;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)sun, sizeof *sun) < 0 && errno == ECONNREFUSED)
        unlink(sun->sun_path);
    close(fd);
}

static int listen_path(struct unix_listener *l, const struct endpoint *at)
{
    struct sockaddr_un sun;
    int error = unix_path_address(at, &sun);
    if (error)
        return error;
    remove_stale(&sun);
    l->fd = listen_at((struct sockaddr *)&sun, sizeof sun);
    if (l->fd < 0)
        return l->fd;
    l->is_path = lstat(sun.sun_path, &l->path) == 0;
    endpoint_print(at, l->name, sizeof l->name);
    return 0;
}

int unix_listen(struct net *net, const struct endpoint *at, net_accept_fn *accept, void *user,
                struct listener **out)
{
    struct unix_listener *l;
    int error;
    if (at->kind == ENDPOINT_SSL)
        return -EAFNOSUPPORT;
    l = calloc(1, sizeof *l);
    if (l == NULL)
        return -ENOMEM;
    error = at->kind == ENDPOINT_UNIX ? listen_path(l, at) : listen_tcp(l, at);
    if (error) {
        free(l);
        return error;
    }
    l->listener.net = net;
    l->accept = accept;
    l->user = user;
    l->spare = take_spare();
    timer_init(&l->pause, resume, l);
    event_assign(&l->readable, unix_base(), l->fd, EV_READ | EV_PERSIST, on_connection, l);
    event_add(&l->readable, NULL);
    *out = &l->listener;
    return 0;
}

/* --- The end --------------------------------------------------------------------------------- */

const char *unix_listener_name(const struct listener *l)
{
    return ((const struct unix_listener *)l)->name;
}

/* Remove our own socket's file, but not one that somebody has put in its place. */
static void remove_path(const struct unix_listener *l)
{
    const char *path = strchr(l->name, ':') + 1;
    struct stat st;
    if (lstat(path, &st) == 0 && st.st_dev == l->path.st_dev && st.st_ino == l->path.st_ino)
        unlink(path);
}

void unix_listener_close(struct listener *listener)
{
    struct unix_listener *l = (struct unix_listener *)listener;
    l->closed = true;
    timer_cancel(&l->pause);
    event_del(&l->readable);
    if (l->is_path)
        remove_path(l);
    close(l->fd);
    if (l->spare >= 0)
        close(l->spare);
    loop_work_init(&l->free, free, l); /* it may be closed by one whom it just gave a stream */
    loop_defer(&l->free);
}
