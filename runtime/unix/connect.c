/*
 * connect.c - attempts to connect: find the addresses of a name, try one after the other.
 *
 * Names are resolved by libevent's evdns (with /etc/hosts and /etc/resolv.conf), which does not
 * block. An attempt lives beside its stream until the stream is connected or over, and does
 * everything in later turns, so that no callback comes during net_connect().
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/log.h"
#include "runtime/unix/socket.h"
#include <errno.h>
#include <event2/dns.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

LOG_MODULE(net);

#define ADDRESS_TIME (10 * NS_PER_S)  /* for one address, before the next is tried */
#define RETRY_TIME   (10 * NS_PER_MS) /* until a full unix listener is tried again */

struct attempt {
    struct sock *sock; /* NULL: given up, but the resolver still holds on to us */
    struct endpoint to;
    struct loop_work work; /* to begin */
    struct evdns_getaddrinfo_request *query;
    struct evutil_addrinfo *list;       /* all addresses; NULL for a unix socket */
    const struct evutil_addrinfo *next; /* the one to try next */
    int fd;                             /* of the address being tried, or -1 */
    struct event writable;
    struct timer timer;
    uint64_t give_up; /* on this address */
    int error;        /* of the last address */
};

static struct evdns_base *resolver;

/* --- The end --------------------------------------------------------------------------------- */

/* Leave the address that is being tried. */
static void leave_address(struct attempt *a)
{
    timer_cancel(&a->timer);
    if (a->fd < 0)
        return;
    event_del(&a->writable);
    close(a->fd);
    a->fd = -1;
}

static void attempt_free(struct attempt *a)
{
    leave_address(a);
    loop_work_cancel(&a->work);
    if (a->list)
        evutil_freeaddrinfo(a->list);
    free(a);
}

void attempt_cancel(struct attempt *a)
{
    if (a == NULL)
        return;
    a->sock->attempt = NULL;
    a->sock = NULL;
    if (a->query)
        evdns_getaddrinfo_cancel(a->query); /* calls on_addresses(), now or later */
    else
        attempt_free(a);
}

static void fail(struct attempt *a, int error)
{
    unix_net_counters.connect_failed++;
    sock_over(a->sock, error);
}

/* --- One address after the other ------------------------------------------------------------- */

static void try_address(struct attempt *a);

/* The address being tried is of no use. */
static void next_address(struct attempt *a, int error)
{
    leave_address(a);
    a->error = error;
    if (a->next)
        a->next = a->next->ai_next;
    if (a->next) {
        a->give_up = loop_now() + ADDRESS_TIME;
        try_address(a);
    } else {
        fail(a, a->error);
    }
}

static void succeed(struct attempt *a)
{
    struct sock *k = a->sock;
    int fd = a->fd;
    event_del(&a->writable);
    a->fd = -1;
    attempt_cancel(a);
    unix_net_counters.connected++;
    sock_open(k, fd);
    if (k->stream.events->opened)
        k->stream.events->opened(k->stream.user);
}

static void on_connected(evutil_socket_t fd, short what, void *user)
{
    struct attempt *a = user;
    int error = 0;
    socklen_t len = sizeof error;
    (void)what;
    unix_happened();
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error)
        next_address(a, -error);
    else
        succeed(a);
}

static void on_timer(void *user)
{
    struct attempt *a = user;
    if (loop_now() >= a->give_up)
        next_address(a, -ETIMEDOUT);
    else
        try_address(a);
}

/* Begin to connect to the next address. 0, or a negative errno; -EINPROGRESS is the usual one. */
static int begin_address(struct attempt *a)
{
    struct sockaddr_un sun;
    const struct sockaddr *sa = a->next ? a->next->ai_addr : (struct sockaddr *)&sun;
    socklen_t len = a->next ? a->next->ai_addrlen : sizeof sun;
    int error = a->next ? 0 : unix_path_address(&a->to, &sun);
    if (error)
        return error;
    a->fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (a->fd < 0)
        return -errno;
    event_assign(&a->writable, unix_base(), a->fd, EV_WRITE, on_connected, a);
    return connect(a->fd, sa, len) < 0 ? -errno : 0;
}

static void try_address(struct attempt *a)
{
    int error;
    leave_address(a);
    error = begin_address(a);
    if (error == 0 || error == -EINPROGRESS) {
        event_add(&a->writable, NULL);
        loop_timer_arm(&a->timer, a->give_up);
    } else if (error == -EAGAIN) { /* a unix listener whose backlog is full; see connect(2) */
        loop_timer_arm(&a->timer, loop_now() + RETRY_TIME);
    } else {
        next_address(a, error);
    }
}

/* --- Finding addresses ----------------------------------------------------------------------- */

static int error_of_resolver(int eai)
{
    switch (eai) {
    case EVUTIL_EAI_MEMORY:
        return -ENOMEM;
    case EVUTIL_EAI_AGAIN:
        return -ETIMEDOUT;
    default:
        return -ENXIO;
    }
}

static void on_addresses(int eai, struct evutil_addrinfo *list, void *user)
{
    struct attempt *a = user;
    unix_happened();
    a->query = NULL;
    a->list = list;
    a->next = list;
    if (a->sock == NULL) {
        attempt_free(a);
    } else if (list == NULL) {
        log_info("%s: %s", a->sock->stream.peer, evutil_gai_strerror(eai));
        fail(a, error_of_resolver(eai));
    } else {
        a->give_up = loop_now() + ADDRESS_TIME;
        try_address(a);
    }
}

static void ask_resolver(struct attempt *a)
{
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char port[8];
    struct evdns_getaddrinfo_request *query;
    if (resolver == NULL)
        resolver = evdns_base_new(unix_base(), EVDNS_BASE_INITIALIZE_NAMESERVERS |
                                                   EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (resolver == NULL) {
        fail(a, -ENXIO);
        return;
    }
    snprintf(port, sizeof port, "%u", a->to.port);
    query = evdns_getaddrinfo(resolver, a->to.host, port, &hints, on_addresses, a);
    if (query)
        a->query = query; /* else on_addresses() has been called, and `a` may be gone */
}

static void begin(void *user)
{
    struct attempt *a = user;
    a->give_up = loop_now() + ADDRESS_TIME;
    if (a->to.kind == ENDPOINT_UNIX) {
        try_address(a);
    } else if (unix_numeric_addresses(&a->to, &a->list) == 0) {
        a->next = a->list;
        try_address(a);
    } else {
        ask_resolver(a);
    }
}

int attempt_begin(struct sock *k, const struct endpoint *to)
{
    struct attempt *a = calloc(1, sizeof *a);
    if (a == NULL)
        return -ENOMEM;
    a->sock = k;
    a->to = *to;
    a->fd = -1;
    timer_init(&a->timer, on_timer, a);
    loop_work_init(&a->work, begin, a);
    loop_defer(&a->work);
    k->attempt = a;
    return 0;
}

void resolver_close(void)
{
    if (resolver == NULL)
        return;
    event_base_loop(unix_base(),
                    EVLOOP_NONBLOCK); /* callbacks of what was given up: before the free */
    evdns_base_free(resolver, 0);
    resolver = NULL;
}
