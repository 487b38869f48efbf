/*
 * tcp_relay.c - for tcp_bench.py: two taps joined, so that the kernels behind them reach each other
 * through user space by the least that it can do.
 *
 *     tcp_relay TAP NAMESPACE TAP     the second tap is in the namespace of that path
 *
 * Frames go as they come, with virtio's header in front: super-frames and partial checksums stay
 * what they are. See Documentation/networking/tuntap.rst of Linux.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FRAME_MAX (68 * 1024)
#define BATCH     64 /* frames one way before the other has its turn */

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static int tap(const char *name)
{
    struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", name);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0 ||
        ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN) < 0)
        die(name);
    return fd;
}

static void enter(const char *namespace)
{
    int fd = open(namespace, O_RDONLY);
    if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
        die(namespace);
    close(fd);
}

/* A frame that there is no room for is lost, as on any wire. Did any come? */
static bool carry(int from, int to)
{
    static uint8_t frame[FRAME_MAX];
    bool any = false;
    ssize_t n;
    for (int i = 0; i < BATCH && (n = read(from, frame, sizeof frame)) > 0; i++) {
        any = true;
        if (write(to, frame, (size_t)n) < 0 && errno == EBADFD)
            die("write");
    }
    return any;
}

int main(int argc, char **argv)
{
    struct pollfd taps[2] = {{.events = POLLIN}, {.events = POLLIN}};
    if (argc != 4)
        return EXIT_FAILURE;
    taps[0].fd = tap(argv[1]);
    enter(argv[2]);
    taps[1].fd = tap(argv[3]);
    puts("relaying");
    fflush(stdout);
    for (;;) {
        bool there = carry(taps[0].fd, taps[1].fd), back = carry(taps[1].fd, taps[0].fd);
        if (!there && !back && poll(taps, 2, -1) < 0)
            die("poll");
    }
}
