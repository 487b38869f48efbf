/*
 * packetdrill.h - the table of functions that packetdrill asks of a stack in a shared object.
 *
 * The tool loads the object (its option --so_filename), finds the function
 * packetdrill_interface_init() in it and has it fill in this table; --so_flags is handed on as it
 * is. From then on each system call of a script, each packet and each look at the clock goes
 * through the table, with `userdata` as its first argument. Names, order and types are the tool's:
 * they are its binary interface (google/packetdrill, gtests/net/packetdrill/packetdrill.h).
 *
 * Called by run_scripts, which has the same table in host.py; filled in by plugin.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_SCRIPT_PACKETDRILL_H
#define MORGANA_TEST_SCRIPT_PACKETDRILL_H

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

/* Each call answers as the system's own would: -1 with errno if it fails. */
struct packetdrill_interface {
    void *userdata;
    void (*free)(void *userdata);
    int (*socket)(void *userdata, int domain, int type, int protocol);
    int (*bind)(void *userdata, int fd, const struct sockaddr *addr, socklen_t len);
    int (*listen)(void *userdata, int fd, int backlog);
    int (*accept)(void *userdata, int fd, struct sockaddr *addr, socklen_t *len);
    int (*connect)(void *userdata, int fd, const struct sockaddr *addr, socklen_t len);
    ssize_t (*read)(void *userdata, int fd, void *to, size_t n);
    ssize_t (*readv)(void *userdata, int fd, const struct iovec *to, int n);
    ssize_t (*recv)(void *userdata, int fd, void *to, size_t n, int flags);
    ssize_t (*recvfrom)(void *userdata, int fd, void *to, size_t n, int flags,
                        struct sockaddr *addr, socklen_t *len);
    ssize_t (*recvmsg)(void *userdata, int fd, struct msghdr *message, int flags);
    ssize_t (*write)(void *userdata, int fd, const void *from, size_t n);
    ssize_t (*writev)(void *userdata, int fd, const struct iovec *from, int n);
    ssize_t (*send)(void *userdata, int fd, const void *from, size_t n, int flags);
    ssize_t (*sendto)(void *userdata, int fd, const void *from, size_t n, int flags,
                      const struct sockaddr *addr, socklen_t len);
    ssize_t (*sendmsg)(void *userdata, int fd, const struct msghdr *message, int flags);
    int (*fcntl)(void *userdata, int fd, int command, ...);
    int (*ioctl)(void *userdata, int fd, unsigned long request, ...);
    int (*close)(void *userdata, int fd);
    int (*shutdown)(void *userdata, int fd, int how);
    int (*getsockopt)(void *userdata, int fd, int level, int name, void *to, socklen_t *len);
    int (*setsockopt)(void *userdata, int fd, int level, int name, const void *from, socklen_t len);
    int (*poll)(void *userdata, struct pollfd *fds, nfds_t n, int timeout);
    /* An IP packet comes to the stack. */
    int (*netdev_send)(void *userdata, const void *packet, size_t n);
    /* The next IP packet that the stack sends, if need be after waiting for it. *n is the room at
     * `packet`, then the packet's length, 0 if none will come; *usecs is when it was sent. */
    int (*netdev_receive)(void *userdata, void *packet, size_t *n, long long *usecs);
    int (*usleep)(void *userdata, useconds_t usecs);
    int (*gettimeofday)(void *userdata, struct timeval *tv, struct timezone *tz);
    int (*epoll_create)(void *userdata, int size);
    int (*epoll_ctl)(void *userdata, int epfd, int op, int fd, struct epoll_event *event);
    int (*epoll_wait)(void *userdata, int epfd, struct epoll_event *events, int max, int timeout);
    int (*pipe)(void *userdata, int fds[2]);
    int (*splice)(void *userdata, int in, loff_t *in_at, int out, loff_t *out_at, size_t n,
                  unsigned flags);
};

/* Make a stack and fill in the table. `flags` (may be NULL): see README.md. If it cannot be made,
 * `userdata` is NULL, and why is on stderr: the tool does not look. */
__attribute__((visibility("default"))) void
packetdrill_interface_init(const char *flags, struct packetdrill_interface *to);

#endif
