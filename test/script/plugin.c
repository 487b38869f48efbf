/*
 * plugin.c - the shared object's face: packetdrill's table over the socket calls and the host.
 *
 * Turns addresses and errors from the system's form into ours and back, one call at a time. Of what
 * the table asks, pipes, splicing and epoll are refused with ENOSYS. Loaded by packetdrill, or by
 * run_scripts.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/script/packetdrill.h"
#include "test/script/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

/* The end of a call that began with enter(): 0 or more, or a negative errno, as the system's calls
 * answer. */
static ssize_t answer_size(struct host *h, ssize_t result)
{
    turns_changed(&h->turns);
    turns_end(&h->turns);
    if (result >= 0)
        return result;
    errno = (int)-result;
    return -1;
}

static int answer(struct host *h, int result)
{
    return (int)answer_size(h, result);
}

static void enter(struct host *h)
{
    turns_begin(&h->turns);
}

/* --- Addresses -------------------------------------------------------------------------------- */

/* IPv4, or as IPv6 has it: ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). */
static int read_address(const struct sockaddr *from, socklen_t len, uint32_t *addr, uint16_t *port)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (from && from->sa_family == AF_INET6 && len >= sizeof in6) {
        memcpy(&in6, from, sizeof in6);
        if (!IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
            return -EAFNOSUPPORT;
        in.sin_port = in6.sin6_port;
        memcpy(&in.sin_addr, &in6.sin6_addr.s6_addr[12], sizeof in.sin_addr);
    } else if (from == NULL || len < sizeof in) {
        return -EINVAL;
    } else {
        memcpy(&in, from, sizeof in);
        if (in.sin_family != AF_INET)
            return -EAFNOSUPPORT;
    }
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

static int make_socket(struct host *h, int domain, int type, int protocol)
{
    if (domain != AF_INET && domain != AF_INET6)
        return -EAFNOSUPPORT;
    if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM)
        return -EPROTONOSUPPORT;
    if (protocol != 0 && protocol != IPPROTO_TCP)
        return -EPROTONOSUPPORT;
    return sock_new(h, type & SOCK_NONBLOCK);
}

static int call_socket(void *h, int domain, int type, int protocol)
{
    enter(h);
    return answer(h, make_socket(h, domain, type, protocol));
}

static int call_bind(void *h, int fd, const struct sockaddr *to, socklen_t len)
{
    uint32_t addr;
    uint16_t port;
    int error = read_address(to, len, &addr, &port);
    enter(h);
    return answer(h, error ? error : sock_bind(h, fd, addr, port));
}

static int call_listen(void *h, int fd, int backlog)
{
    enter(h);
    return answer(h, sock_listen(h, fd, backlog));
}

static int call_accept(void *h, int fd, struct sockaddr *from, socklen_t *len)
{
    uint32_t addr;
    uint16_t port;
    int made;
    enter(h);
    made = sock_accept(h, fd, &addr, &port);
    if (made >= 0)
        write_address(from, len, addr, port);
    return answer(h, made);
}

static int call_connect(void *h, int fd, const struct sockaddr *to, socklen_t len)
{
    uint32_t addr;
    uint16_t port;
    int error = read_address(to, len, &addr, &port);
    enter(h);
    return answer(h, error ? error : sock_connect(h, fd, addr, port));
}

static int call_shutdown(void *h, int fd, int how)
{
    enter(h);
    return answer(h, sock_shutdown(h, fd, how));
}

static int call_close(void *h, int fd)
{
    enter(h);
    return answer(h, sock_close(h, fd));
}

/* --- Reading ---------------------------------------------------------------------------------- */

#define READ_FLAGS  (MSG_PEEK | MSG_DONTWAIT | MSG_WAITALL)
#define WRITE_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL)

static ssize_t call_recv(void *h, int fd, void *to, size_t n, int flags)
{
    enter(h);
    return answer_size(h, flags & ~READ_FLAGS ? -EOPNOTSUPP : sock_read(h, fd, to, n, flags));
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
    enter(h);
    return answer_size(h, flags & ~WRITE_FLAGS ? -EOPNOTSUPP : sock_write(h, fd, from, n, flags));
}

static ssize_t call_write(void *h, int fd, const void *from, size_t n)
{
    return call_send(h, fd, from, n, 0);
}

/* The address, which the tool always gives, is of no concern to a connection. */
static ssize_t call_sendto(void *h, int fd, const void *from, size_t n, int flags,
                           const struct sockaddr *to, socklen_t len)
{
    (void)to, (void)len;
    return call_send(h, fd, from, n, flags);
}

/* --- In pieces -------------------------------------------------------------------------------- */

/* As one: what the pieces hold goes through a buffer. */
static uint8_t *buffer_for(const struct iovec *pieces, size_t n, size_t *len)
{
    *len = 0;
    for (size_t i = 0; i < n; i++)
        *len += pieces[i].iov_len;
    return malloc(*len > 0 ? *len : 1);
}

static ssize_t recv_pieces(void *h, int fd, const struct iovec *to, size_t n, int flags)
{
    size_t len, at = 0;
    uint8_t *buffer = buffer_for(to, n, &len);
    ssize_t got = buffer ? call_recv(h, fd, buffer, len, flags) : -1;
    for (size_t i = 0; i < n && got > 0 && at < (size_t)got; at += to[i++].iov_len) {
        size_t left = (size_t)got - at;
        memcpy(to[i].iov_base, buffer + at, left < to[i].iov_len ? left : to[i].iov_len);
    }
    free(buffer);
    return got;
}

static ssize_t send_pieces(void *h, int fd, const struct iovec *from, size_t n, int flags)
{
    size_t len, at = 0;
    uint8_t *buffer = buffer_for(from, n, &len);
    ssize_t sent;
    for (size_t i = 0; i < n && buffer; at += from[i++].iov_len)
        memcpy(buffer + at, from[i].iov_base, from[i].iov_len);
    sent = buffer ? call_send(h, fd, buffer, len, flags) : -1;
    free(buffer);
    return sent;
}

static ssize_t call_readv(void *h, int fd, const struct iovec *to, int n)
{
    return recv_pieces(h, fd, to, (size_t)n, 0);
}

static ssize_t call_writev(void *h, int fd, const struct iovec *from, int n)
{
    return send_pieces(h, fd, from, (size_t)n, 0);
}

static ssize_t call_recvmsg(void *h, int fd, struct msghdr *message, int flags)
{
    message->msg_namelen = 0;
    message->msg_controllen = 0;
    message->msg_flags = 0;
    return recv_pieces(h, fd, message->msg_iov, message->msg_iovlen, flags);
}

static ssize_t call_sendmsg(void *h, int fd, const struct msghdr *message, int flags)
{
    return send_pieces(h, fd, message->msg_iov, message->msg_iovlen, flags);
}

/* --- About a socket --------------------------------------------------------------------------- */

static int flags_of(struct sock *s, int command, int flags)
{
    if (s == NULL)
        return -EBADF;
    if (command == F_GETFL)
        return O_RDWR | (s->nonblock ? O_NONBLOCK : 0);
    if (command != F_SETFL)
        return -EINVAL;
    s->nonblock = flags & O_NONBLOCK;
    return 0;
}

static int call_fcntl(void *h, int fd, int command, ...)
{
    int flags = 0;
    if (command == F_SETFL) {
        va_list args;
        va_start(args, command);
        flags = va_arg(args, int);
        va_end(args);
    }
    enter(h);
    return answer(h, flags_of(sock_of(h, fd), command, flags));
}

/* tcp(7): SIOCINQ and SIOCOUTQ, which are FIONREAD and TIOCOUTQ, and SIOCOUTQNSD. */
static int queue_len(const struct sock *s, unsigned long request, int *to)
{
    struct tcp_info info;
    if (s == NULL)
        return -EBADF;
    if (s->conn == NULL)
        return -EINVAL;
    tcp_info(s->conn, &info);
    if (request == FIONREAD)
        *to = (int)tcp_readable(s->conn);
    else if (request == TIOCOUTQ)
        *to = (int)s->n_out;
    else if (request == SIOCOUTQNSD)
        *to = (int)info.unsent;
    else
        return -EINVAL;
    return 0;
}

static int call_ioctl(void *h, int fd, unsigned long request, ...)
{
    va_list args;
    int *to;
    va_start(args, request);
    to = va_arg(args, int *);
    va_end(args);
    enter(h);
    return answer(h, queue_len(sock_of(h, fd), request, to));
}

static int call_getsockopt(void *h, int fd, int level, int name, void *to, socklen_t *len)
{
    enter(h);
    return answer(h, sock_get_option(h, fd, level, name, to, len));
}

static int call_setsockopt(void *h, int fd, int level, int name, const void *from, socklen_t len)
{
    enter(h);
    return answer(h, sock_set_option(h, fd, level, name, from, len));
}

static int call_poll(void *h, struct pollfd *fds, nfds_t n, int timeout)
{
    enter(h);
    return answer(h, sock_poll(h, fds, n, timeout));
}

/* --- Packets and time ------------------------------------------------------------------------- */

static int call_netdev_send(void *h, const void *packet, size_t n)
{
    enter(h);
    host_input(h, packet, n);
    return answer(h, 0);
}

static void take_packet(struct host *h, void *packet, size_t *n, long long *usecs)
{
    struct host_packet *out = host_next_packet(h);
    size_t room = *n;
    *n = 0;
    if (out == NULL)
        return;
    *n = out->len < room ? out->len : room;
    memcpy(packet, out->bytes, *n);
    *usecs = (long long)(out->sent / NS_PER_US);
    free(out);
}

static int call_netdev_receive(void *h, void *packet, size_t *n, long long *usecs)
{
    enter(h);
    take_packet(h, packet, n, usecs);
    return answer(h, 0);
}

static int call_usleep(void *h, useconds_t usecs)
{
    enter(h);
    host_sleep(h, usecs * NS_PER_US);
    return answer(h, 0);
}

/* A look at the clock takes a microsecond: the tool sleeps until a little before an event is due
 * and then looks at the clock again and again (wait_for_event() in its run.c). */
static int call_gettimeofday(void *user, struct timeval *tv, struct timezone *tz)
{
    struct host *h = user;
    (void)tz;
    enter(h);
    host_sleep(h, NS_PER_US);
    tv->tv_sec = (time_t)(h->now / NS_PER_S);
    tv->tv_usec = (suseconds_t)(h->now % NS_PER_S / NS_PER_US);
    turns_over(&h->turns);
    return answer(h, 0);
}

/* --- What there is not ------------------------------------------------------------------------ */

static int absent(void)
{
    errno = ENOSYS;
    return -1;
}

static int no_epoll_create(void *h, int size)
{
    (void)h, (void)size;
    return absent();
}

static int no_epoll_ctl(void *h, int epfd, int op, int fd, struct epoll_event *event)
{
    (void)h, (void)epfd, (void)op, (void)fd, (void)event;
    return absent();
}

static int no_epoll_wait(void *h, int epfd, struct epoll_event *to, int max, int timeout)
{
    (void)h, (void)epfd, (void)to, (void)max, (void)timeout;
    return absent();
}

static int no_pipe(void *h, int fds[2])
{
    (void)h, (void)fds;
    return absent();
}

static int no_splice(void *h, int in, loff_t *in_at, int out, loff_t *out_at, size_t n,
                     unsigned flags)
{
    (void)h, (void)in, (void)in_at, (void)out, (void)out_at, (void)n, (void)flags;
    return absent();
}

/* --- The system's own call -------------------------------------------------------------------- */

/* The host of the script that runs. */
static struct host *running;

/* For %{ }% the tool asks for TCP_INFO past the table (get_data() in its code.c). With the object
 * in LD_PRELOAD its call comes here. */
__attribute__((visibility("default"))) int getsockopt(int fd, int level, int name, void *to,
                                                      socklen_t *len)
{
    if (running && sock_of(running, fd))
        return call_getsockopt(running, fd, level, name, to, len);
    return (int)syscall(SYS_getsockopt, fd, level, name, to, len);
}

/* For run_scripts: a call of the second thread's waits. */
__attribute__((visibility("default"))) int script_call_waits(void);
int script_call_waits(void)
{
    bool waits;
    enter(running);
    waits = running->turns.other == TURNS_WAITS;
    turns_end(&running->turns);
    return waits;
}

/* --- The table -------------------------------------------------------------------------------- */

static void call_free(void *h)
{
    running = NULL;
    sock_free_all(h);
    host_free(h);
}

void packetdrill_interface_init(const char *flags, struct packetdrill_interface *to)
{
    running = host_new(flags);
    if (running == NULL)
        fprintf(stderr, "morgana-tcp.so: --so_flags=%s: %s\n", flags ? flags : "", strerror(errno));
    *to = (struct packetdrill_interface){
        .userdata = running,
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
