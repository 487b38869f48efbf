/*
 * tap.c - the device tap:NAME: a tap of Linux, made if it is not there.
 *
 * Frames carry virtio's header (IFF_VNET_HDR): the kernel hands up super-frames and partial
 * checksums, and takes them. One that the driver made lives as long as the driver has it open; it
 * is ours wherever it is moved: one that another namespace holds goes on here.
 *
 * See Documentation/networking/tuntap.rst of Linux.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/unix/device.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FRAME_MAX (64 * 1024 + 64) /* a super-frame with its headers */

struct tap {
    struct netdev dev;
    int fd;
    struct event readable;
    struct unix_interface interface;
    struct pkt *large; /* waits for a super-frame; NULL: there is none */
};

static struct tap *tap_of(struct netdev *dev)
{
    return container_of(dev, struct tap, dev);
}

/* --- Receiving ------------------------------------------------------------------------------- */

/* How a frame is read whose length nobody knows beforehand: its first part into a small packet, the
 * rest, if there is one, into the large one where it will lie. Only the first part is then copied,
 * and only of a super-frame. */
static ssize_t read_into(struct tap *t, struct virtio_net_hdr *h, struct pkt *p)
{
    size_t room = pkt_room(p);
    struct iovec parts[3] = {{.iov_base = h, .iov_len = sizeof *h},
                             {.iov_base = p->data, .iov_len = room}};
    if (t->large == NULL)
        t->large = pkt_new_for(t->dev.pool, FRAME_MAX);
    if (t->large)
        parts[2] = (struct iovec){.iov_base = t->large->data + room, .iov_len = FRAME_MAX - room};
    return readv(t->fd, parts, t->large ? 3 : 2);
}

/* The packet that holds the `n` bytes that were read. NULL: it did not fit. */
static struct pkt *take_frame(struct tap *t, struct pkt *p, size_t n)
{
    size_t room = pkt_room(p);
    struct pkt *large = t->large;
    if (n < room) {
        pkt_append(p, n);
        return p;
    }
    if (large == NULL || n >= FRAME_MAX)
        return NULL;
    t->large = NULL;
    memcpy(pkt_append(large, n), p->data, room);
    pkt_unref(p);
    return large;
}

/* Read one frame. 1, or 0 if it was dropped; a negative errno if there is none. */
static int receive_one(struct tap *t, struct pkt **to)
{
    struct virtio_net_hdr h;
    struct pkt *p = pkt_new(t->dev.pool), *whole = NULL;
    ssize_t n;
    if (p == NULL) { /* the kernel is to forget it, too */
        t->dev.stats.rx_dropped++;
        return read(t->fd, &h, sizeof h) < 0 ? -errno : 0;
    }
    n = read_into(t, &h, p);
    if (n < 0)
        n = -errno;
    if (n >= (ssize_t)sizeof h)
        whole = take_frame(t, p, (size_t)n - sizeof h);
    if (whole && unix_vnet_read(&h, whole, 0)) {
        *to = whole;
        return 1;
    }
    t->dev.stats.rx_errors += n >= 0;
    pkt_unref(whole ? whole : p);
    return n < 0 ? (int)n : 0;
}

/* A batch. Returns how much there was of it; *more: there may be another. */
static size_t receive_batch(struct tap *t, struct pkt *batch[NETDEV_BATCH], bool *more)
{
    size_t n = 0;
    int got = 0;
    for (int i = 0; i < NETDEV_BATCH && got >= 0; i++) {
        got = receive_one(t, &batch[n]);
        n += got > 0;
    }
    if (got == -EBADFD)
        device_went(&t->dev);
    *more = got >= 0;
    return n;
}

static void on_readable(evutil_socket_t fd, short what, void *user)
{
    struct tap *t = user;
    bool more = true;
    (void)fd;
    (void)what;
    unix_happened();
    for (int i = 0; i < UNIX_BATCHES && more; i++) {
        struct pkt *batch[NETDEV_BATCH];
        size_t n = receive_batch(t, batch, &more);
        if (n > 0 && !netdev_receive(&t->dev, batch, n))
            return;
    }
}

/* --- Sending --------------------------------------------------------------------------------- */

static void send_one(struct tap *t, struct pkt *p)
{
    struct virtio_net_hdr h;
    struct iovec parts[2];
    int n = (int)unix_vnet_parts(p, &h, parts);
    if (writev(t->fd, parts, n) >= 0) {
        t->dev.stats.tx_packets++;
        t->dev.stats.tx_bytes += p->len;
    } else if (errno == EINVAL || errno == EMSGSIZE) {
        t->dev.stats.tx_errors++;
    } else { /* no room, or the interface is down (EIO) */
        t->dev.stats.tx_dropped++;
    }
}

static void tap_send(struct netdev *dev, struct pkt *const *batch, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        send_one(tap_of(dev), batch[i]);
        pkt_unref(batch[i]);
    }
}

/* --- Opening and closing --------------------------------------------------------------------- */

static void tap_close(struct netdev *dev)
{
    struct tap *t = tap_of(dev);
    unix_interface_leave(&t->interface);
    if (event_initialized(&t->readable))
        event_del(&t->readable);
    if (t->fd >= 0)
        close(t->fd);
    pkt_unref(t->large);
}

static const struct netdev_ops ops = {.send = tap_send, .close = tap_close};

/* There is no interface of this name here any more: it was removed, or only moved elsewhere. */
static void on_lost(struct netdev *dev)
{
    struct tap *t = tap_of(dev);
    struct ifreq ifr;
    unix_interface_leave(&t->interface);
    if (ioctl(t->fd, TUNGETIFF, &ifr) < 0)
        device_went(dev);
}

/* Make or take the tap, with all offloads. */
static int attach(struct tap *t, const char *name)
{
    struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    int header = sizeof(struct virtio_net_hdr);
    memcpy(ifr.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
    t->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (t->fd < 0 || ioctl(t->fd, TUNSETIFF, &ifr) < 0 ||
        ioctl(t->fd, TUNSETVNETHDRSZ, &header) < 0 ||
        ioctl(t->fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN) < 0)
        return -errno;
    return 0;
}

/* Set the interface up: nobody else knows when it appears. */
static int set_up(const char *name)
{
    struct ifreq ifr = {.ifr_flags = 0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = 0;
    memcpy(ifr.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &ifr) < 0)
        error = -errno;
    ifr.ifr_flags |= IFF_UP;
    if (error == 0 && ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
        error = -errno;
    if (fd >= 0)
        close(fd);
    return error;
}

static int tap_open(const char *name, struct pkt_pool *pool, struct netdev **dev)
{
    struct tap *t;
    int error;
    if (strlen(name) >= IFNAMSIZ)
        return -ENAMETOOLONG;
    t = (struct tap *)netdev_new(sizeof *t, &ops, pool);
    if (t == NULL)
        return -ENOMEM;
    t->fd = -1;
    t->dev.features = NETDEV_TX_CSUM | NETDEV_TX_GSO4 | NETDEV_TX_GSO6 | NETDEV_RX_CSUM |
                      NETDEV_RX_GSO | NETDEV_PEER_MAC;
    error = attach(t, name);
    if (error == 0)
        error = set_up(name);
    if (error == 0)
        error = unix_interface_follow(&t->interface, name, &t->dev, on_lost);
    if (error) {
        netdev_close(&t->dev);
        return error;
    }
    event_assign(&t->readable, unix_base(), t->fd, EV_READ | EV_PERSIST, on_readable, t);
    event_add(&t->readable, NULL);
    *dev = &t->dev;
    return 0;
}

struct device_driver unix_tap_driver = {.kind = "tap", .open = tap_open};
