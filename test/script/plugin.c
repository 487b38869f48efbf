/*
 * plugin.c - the shared object's face: packetdrill's table over the socket calls and the host.
 *
 * Turns addresses and errors from the system's form into ours and back. Of what the table asks,
 * pipes, splicing and epoll are refused with ENOSYS. Loaded by packetdrill, or by run_scripts.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/script/packetdrill.h"
#include "test/script/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* 0 or more, or a negative errno, as the system's calls answer. */
static int answer(int result)
{
    if (result >= 0)
        return result;
    errno = -result;
    return -1;
}

static ssize_t answer_size(ssize_t result)
{
    return result >= 0 ? result : answer((int)result);
}

/* --- Addresses -------------------------------------------------------------------------------- */

static int read_address(const struct sockaddr *from, socklen_t len, uint32_t *addr, uint16_t *port)
{
    struct sockaddr_in in;
    if (from == NULL || len < sizeof in)
        return -EINVAL;
    memcpy(&in, from, sizeof in);
    if (in.sin_family != AF_INET)
        return -EAFNOSUPPORT;
    *addr = ntohl(in.sin_addr.s_addr);
    *port = ntohs(in.sin_port);
    return 0;
}

static void write_address(struct sockaddr *to, socklen_t *len, uint32_t addr, uint16_t port)
{
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_addr = {htonl(addr)}, .sin_port = htons(port)};
    if (to == NULL || len == NULL)
        return;
    memcpy(to, &in, *len < sizeof in ? *len : sizeof in);
    *len = sizeof in;
}

/* --- Opening and closing ---------------------------------------------------------------------- */

static int call_socket(void *h, int domain, int type, int protocol)
{
    if (domain != AF_INET)
        return answer(-EAFNOSUPPORT);
    if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM)
        return answer(-EPROTONOSUPPORT);
    if (protocol != 0 && protocol != IPPROTO_TCP)
        return answer(-EPROTONOSUPPORT);
    return answer(sock_new(h));
}

static int call_bind(void *h, int fd, const struct sockaddr *to, socklen_t len)
{
    uint32_t addr;
    uint16_t port;
    int error = read_address(to, len, &addr, &port);
    return answer(error ? error : sock_bind(h, fd, addr, port));
}

static int call_listen(void *h, int fd, int backlog)
{
    return answer(sock_listen(h, fd, backlog));
}

static int call_accept(void *h, int fd, struct sockaddr *from, socklen_t *len)
{
    uint32_t addr;
    uint16_t port;
    int made = sock_accept(h, fd, &addr, &port);
    if (made >= 0)
        write_address(from, len, addr, port);
    return answer(made);
}

static int call_connect(void *h, int fd, const struct sockaddr *to, socklen_t len)
{
    uint32_t addr;
    uint16_t port;
    int error = read_address(to, len, &addr, &port);
    return answer(error ? error : sock_connect(h, fd, addr, port));
}

static int call_shutdown(void *h, int fd, int how)
{
    return answer(sock_shutdown(h, fd, how));
}

static int call_close(void *h, int fd)
{
    return answer(sock_close(h, fd));
}

/* --- Reading ---------------------------------------------------------------------------------- */

static ssize_t call_recv(void *h, int fd, void *to, size_t n, int flags)
{
    if (flags & ~(MSG_PEEK | MSG_DONTWAIT))
        return answer(-EOPNOTSUPP);
    return answer_size(sock_read(h, fd, to, n, flags & MSG_PEEK));
}

static ssize_t call_read(void *h, int fd, void *to, size_t n)
{
    return call_recv(h, fd, to, n, 0);
}

/* The peer's address is not told: a connection has one only. */
static ssize_t call_recvfrom(void *h, int fd, void *to, size_t n, int flags, struct sockaddr *from,
                             socklen_t *len)
{
    (void)from;
    if (len)
        *len = 0;
    return call_recv(h, fd, to, n, flags);
}

/* --- Writing ---------------------------------------------------------------------------------- */

static ssize_t call_send(void *h, int fd, const void *from, size_t n, int flags)
{
    if (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL))
        return answer(-EOPNOTSUPP);
    return answer_size(sock_write(h, fd, from, n));
}

static ssize_t call_write(void *h, int fd, const void *from, size_t n)
{
    return call_send(h, fd, from, n, 0);
}

static ssize_t call_sendto(void *h, int fd, const void *from, size_t n, int flags,
                           const struct sockaddr *to, socklen_t len)
{
    (void)len;
    return to ? answer(-EISCONN) : call_send(h, fd, from, n, flags);
}

/* --- Piece by piece --------------------------------------------------------------------------- */

/* As long as each is read or written whole. */
static ssize_t move_pieces(void *h, int fd, const struct iovec *pieces, int n, bool out)
{
    ssize_t all = 0;
    for (int i = 0; i < n; i++) {
        void *at = pieces[i].iov_base;
        size_t len = pieces[i].iov_len;
        ssize_t moved = out ? call_write(h, fd, at, len) : call_read(h, fd, at, len);
        if (moved < 0)
            return all ? all : moved;
        all += moved;
        if ((size_t)moved < len)
            break;
    }
    return all;
}

static ssize_t call_readv(void *h, int fd, const struct iovec *to, int n)
{
    return move_pieces(h, fd, to, n, false);
}

static ssize_t call_writev(void *h, int fd, const struct iovec *from, int n)
{
    return move_pieces(h, fd, from, n, true);
}

static ssize_t call_recvmsg(void *h, int fd, struct msghdr *message, int flags)
{
    if (flags & ~MSG_DONTWAIT)
        return answer(-EOPNOTSUPP);
    message->msg_namelen = 0;
    message->msg_controllen = 0;
    message->msg_flags = 0;
    return call_readv(h, fd, message->msg_iov, (int)message->msg_iovlen);
}

static ssize_t call_sendmsg(void *h, int fd, const struct msghdr *message, int flags)
{
    if (message->msg_name)
        return answer(-EISCONN);
    if (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL))
        return answer(-EOPNOTSUPP);
    return call_writev(h, fd, message->msg_iov, (int)message->msg_iovlen);
}

/* --- About a socket --------------------------------------------------------------------------- */

/* O_NONBLOCK is always set, whatever a script says. */
static int call_fcntl(void *h, int fd, int command, ...)
{
    if (sock_of(h, fd) == NULL)
        return answer(-EBADF);
    if (command == F_GETFL)
        return O_RDWR | O_NONBLOCK;
    return answer(command == F_SETFL ? 0 : -EINVAL);
}

static int call_ioctl(void *h, int fd, unsigned long request, ...)
{
    const struct sock *s = sock_of(h, fd);
    va_list args;
    int *to;
    if (s == NULL)
        return answer(-EBADF);
    if (s->conn == NULL || (request != FIONREAD && request != TIOCOUTQ))
        return answer(-EINVAL);
    va_start(args, request);
    to = va_arg(args, int *);
    va_end(args);
    *to = (int)(request == FIONREAD ? tcp_readable(s->conn) : s->n_out);
    return 0;
}

static int call_getsockopt(void *h, int fd, int level, int name, void *to, socklen_t *len)
{
    return answer(sock_get_option(h, fd, level, name, to, len));
}

static int call_setsockopt(void *h, int fd, int level, int name, const void *from, socklen_t len)
{
    return answer(sock_set_option(h, fd, level, name, from, len));
}

static int call_poll(void *h, struct pollfd *fds, nfds_t n, int timeout)
{
    return sock_poll(h, fds, n, timeout);
}

/* --- Packets and time ------------------------------------------------------------------------- */

static int call_netdev_send(void *h, const void *packet, size_t n)
{
    return answer(host_input(h, packet, n));
}

static int call_netdev_receive(void *h, void *packet, size_t *n, long long *usecs)
{
    struct host_packet *out = host_next_packet(h);
    size_t room = *n;
    *n = 0;
    if (out == NULL)
        return 0;
    *n = out->len < room ? out->len : room;
    memcpy(packet, out->bytes, *n);
    *usecs = (long long)(out->sent / NS_PER_US);
    free(out);
    return 0;
}

static int call_usleep(void *h, useconds_t usecs)
{
    host_sleep(h, usecs * NS_PER_US);
    return 0;
}

static int call_gettimeofday(void *user, struct timeval *tv, struct timezone *tz)
{
    const struct host *h = user;
    (void)tz;
    tv->tv_sec = (time_t)(h->now / NS_PER_S);
    tv->tv_usec = (suseconds_t)(h->now % NS_PER_S / NS_PER_US);
    return 0;
}

/* --- What there is not ------------------------------------------------------------------------ */

static int no_epoll_create(void *h, int size)
{
    (void)h, (void)size;
    return answer(-ENOSYS);
}

static int no_epoll_ctl(void *h, int epfd, int op, int fd, struct epoll_event *event)
{
    (void)h, (void)epfd, (void)op, (void)fd, (void)event;
    return answer(-ENOSYS);
}

static int no_epoll_wait(void *h, int epfd, struct epoll_event *to, int max, int timeout)
{
    (void)h, (void)epfd, (void)to, (void)max, (void)timeout;
    return answer(-ENOSYS);
}

static int no_pipe(void *h, int fds[2])
{
    (void)h, (void)fds;
    return answer(-ENOSYS);
}

static int no_splice(void *h, int in, loff_t *in_at, int out, loff_t *out_at, size_t n,
                     unsigned flags)
{
    (void)h, (void)in, (void)in_at, (void)out, (void)out_at, (void)n, (void)flags;
    return answer(-ENOSYS);
}

/* --- The table -------------------------------------------------------------------------------- */

static void call_free(void *h)
{
    sock_free_all(h);
    host_free(h);
}

void packetdrill_interface_init(const char *flags, struct packetdrill_interface *to)
{
    *to = (struct packetdrill_interface){
        .userdata = host_new(flags),
        .free = call_free,
        .socket = call_socket,
        .bind = call_bind,
        .listen = call_listen,
        .accept = call_accept,
        .connect = call_connect,
        .read = call_read,
        .readv = call_readv,
        .recv = call_recv,
        .recvfrom = call_recvfrom,
        .recvmsg = call_recvmsg,
        .write = call_write,
        .writev = call_writev,
        .send = call_send,
        .sendto = call_sendto,
        .sendmsg = call_sendmsg,
        .fcntl = call_fcntl,
        .ioctl = call_ioctl,
        .close = call_close,
        .shutdown = call_shutdown,
        .getsockopt = call_getsockopt,
        .setsockopt = call_setsockopt,
        .poll = call_poll,
        .netdev_send = call_netdev_send,
        .netdev_receive = call_netdev_receive,
        .usleep = call_usleep,
        .gettimeofday = call_gettimeofday,
        .epoll_create = no_epoll_create,
        .epoll_ctl = no_epoll_ctl,
        .epoll_wait = no_epoll_wait,
        .pipe = no_pipe,
        .splice = no_splice,
    };
}
