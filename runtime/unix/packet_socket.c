/*
 * packet_socket.c - the device eth:NAME: an interface of Linux through packet sockets (packet(7)).
 *
 * Two sockets. One receives into a ring of slots that we share with the kernel (TPACKET_V2): no
 * system call for a frame. A frame longer than a slot, a super-frame, the kernel leaves in the
 * socket's queue instead, and marks its slot (TP_STATUS_COPY): it is read with one call, straight
 * into a large packet. The other socket sends a batch with one sendmmsg(), straight from the
 * packets. (A ring for sending was tried: with a copy into it, 8 % fewer cycles for the smallest
 * frames; but it needs 2 MB a port, and super-frames another way.)
 *
 * Both sockets carry virtio's header (PACKET_VNET_HDR): partial checksums and super-frames pass
 * with their metadata. A VLAN tag that the kernel keeps beside a frame is put back into it. What
 * leaves through the interface, from us or from this host, is not received
 * (PACKET_IGNORE_OUTGOING).
 *
 * While many frames come, the ring is looked at in every turn and the socket does not wake the
 * loop (reader.c).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/unix/device.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLOT       2048
#define SLOTS      1024
#define BLOCK      65536
#define QUEUE      (8 * 1024 * 1024) /* bytes of super-frames that wait, either way */
#define FRAME_MAX  (64 * 1024 + 64)  /* a super-frame with its headers */
#define MAC_LENGTH 12                /* both addresses: a VLAN tag stands behind them */

struct packet_socket {
    struct netdev dev;
    struct unix_interface interface;
    int rx, tx, all; /* all: keeps the interface promiscuous */
    uint8_t *ring;   /* SLOTS slots; NULL: not there */
    uint32_t next;   /* the slot that is filled next */
    struct unix_reader reader;
    struct pkt *queued[NETDEV_BATCH];
    size_t n_queued;
};

static struct packet_socket *socket_of(struct netdev *dev)
{
    return container_of(dev, struct packet_socket, dev);
}

/* --- Receiving ------------------------------------------------------------------------------- */

/* Put a VLAN tag behind the addresses of the frame in `p`, for which pkt_push() has room. */
static void insert_tag(struct pkt *p, uint16_t tpid, uint16_t tci)
{
    be16 tag[2] = {be16_of(tpid), be16_of(tci)};
    uint8_t *to = pkt_push(p, sizeof tag);
    bytes_move(to, to + sizeof tag, MAC_LENGTH);
    bytes_copy(to + MAC_LENGTH, tag, sizeof tag);
}

/* Read what the kernel says beside a frame. False if the frame is of no use. */
static bool read_metadata(struct pkt *p, const struct virtio_net_hdr *h, uint32_t status,
                          uint16_t tpid, uint16_t tci)
{
    bool tagged = status & TP_STATUS_VLAN_VALID;
    if (p->len < ETH_HLEN)
        return false;
    if (tagged)
        insert_tag(p, status & TP_STATUS_VLAN_TPID_VALID ? tpid : ETH_P_8021Q, tci);
    return unix_vnet_read(h, p, tagged ? UNIX_VLAN_LEN : 0);
}

/* The frame in a slot, copied. NULL: dropped. */
static struct pkt *take_from_slot(struct packet_socket *s, const struct tpacket2_hdr *slot)
{
    const uint8_t *frame = (const uint8_t *)slot + slot->tp_mac;
    struct virtio_net_hdr h;
    struct pkt *p = pkt_new_for(s->dev.pool, slot->tp_snaplen);
    if (p == NULL) {
        s->dev.stats.rx_dropped++;
        return NULL;
    }
    memcpy(&h, frame - sizeof h, sizeof h);
    memcpy(pkt_append(p, slot->tp_snaplen), frame, slot->tp_snaplen);
    if (read_metadata(p, &h, slot->tp_status, slot->tp_vlan_tpid, slot->tp_vlan_tci))
        return p;
    s->dev.stats.rx_errors++;
    pkt_unref(p);
    return NULL;
}

/* What is said of a frame in the socket's queue (PACKET_AUXDATA). */
static struct tpacket_auxdata read_auxdata(struct msghdr *msg)
{
    struct tpacket_auxdata aux = {0};
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    if (c && c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA)
        memcpy(&aux, CMSG_DATA(c), sizeof aux);
    return aux;
}

/* The frame that is first in the socket's queue, read. NULL: dropped. */
static struct pkt *take_from_queue(struct packet_socket *s)
{
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    struct virtio_net_hdr h;
    struct pkt *p = pkt_new_for(s->dev.pool, FRAME_MAX);
    struct iovec parts[2] = {{.iov_base = &h, .iov_len = sizeof h},
                             {.iov_base = p ? p->data : NULL, .iov_len = p ? FRAME_MAX : 0}};
    struct msghdr msg = {.msg_iov = parts,
                         .msg_iovlen = 2,
                         .msg_control = control,
                         .msg_controllen = sizeof control};
    ssize_t n = recvmsg(s->rx, &msg, MSG_DONTWAIT);
    struct tpacket_auxdata aux = read_auxdata(&msg);
    if (p && n > (ssize_t)sizeof h && !(msg.msg_flags & MSG_TRUNC)) {
        pkt_append(p, (size_t)n - sizeof h);
        if (read_metadata(p, &h, aux.tp_status, aux.tp_vlan_tpid, aux.tp_vlan_tci))
            return p;
    }
    s->dev.stats.rx_errors += p != NULL;
    s->dev.stats.rx_dropped += p == NULL;
    pkt_unref(p);
    return NULL;
}

/* The kernel has had no slot for some frames: count them, which makes it say so no longer. */
static void count_lost(struct packet_socket *s)
{
    struct tpacket_stats stats;
    socklen_t len = sizeof stats;
    if (getsockopt(s->rx, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
        s->dev.stats.rx_dropped += stats.tp_drops;
}

/* What has come, at most a batch; *seen: how many slots were filled; *lost is set if the kernel
 * says that it has lost some. */
static size_t take_batch(struct packet_socket *s, struct pkt *batch[NETDEV_BATCH], size_t *seen,
                         bool *lost)
{
    size_t n = 0;
    for (*seen = 0; *seen < NETDEV_BATCH; ++*seen) {
        struct tpacket2_hdr *slot = (struct tpacket2_hdr *)(s->ring + (size_t)s->next * SLOT);
        uint32_t status = __atomic_load_n(&slot->tp_status, __ATOMIC_ACQUIRE);
        if (!(status & TP_STATUS_USER))
            break;
        *lost |= (status & TP_STATUS_LOSING) != 0;
        batch[n] = status & TP_STATUS_COPY ? take_from_queue(s) : take_from_slot(s, slot);
        n += batch[n] != NULL;
        __atomic_store_n(&slot->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        s->next = (s->next + 1) % SLOTS;
    }
    return n;
}

static int deliver(void *user)
{
    struct packet_socket *s = user;
    size_t seen = NETDEV_BATCH, all = 0;
    bool lost = false;
    for (int i = 0; i < UNIX_BATCHES && seen == NETDEV_BATCH; i++) {
        struct pkt *batch[NETDEV_BATCH];
        size_t n = take_batch(s, batch, &seen, &lost);
        all += seen;
        if (n > 0 && !netdev_receive(&s->dev, batch, n))
            return -1;
    }
    if (lost)
        count_lost(s);
    return (int)all;
}

/* --- Sending --------------------------------------------------------------------------------- */

static void count_sent(struct packet_socket *s, size_t from, size_t to)
{
    s->dev.stats.tx_packets += to - from;
    for (size_t i = from; i < to; i++)
        s->dev.stats.tx_bytes += s->queued[i]->len;
}

/* A packet that the kernel does not take is left out. */
static void count_refused(struct packet_socket *s, int error)
{
    if (error == EINVAL || error == EMSGSIZE)
        s->dev.stats.tx_errors++;
    else
        s->dev.stats.tx_dropped++;
}

static void write_out(struct packet_socket *s, struct mmsghdr *msgs)
{
    for (size_t at = 0; at < s->n_queued;) {
        int sent = sendmmsg(s->tx, msgs + at, (unsigned)(s->n_queued - at), MSG_DONTWAIT);
        if (sent > 0) {
            count_sent(s, at, at + (size_t)sent);
            at += (size_t)sent;
        } else {
            count_refused(s, errno);
            at++;
        }
    }
}

static void packet_flush(struct netdev *dev)
{
    struct packet_socket *s = socket_of(dev);
    struct virtio_net_hdr headers[NETDEV_BATCH];
    struct iovec parts[NETDEV_BATCH][2];
    struct mmsghdr msgs[NETDEV_BATCH];
    for (size_t i = 0; i < s->n_queued; i++) {
        size_t n = unix_vnet_parts(s->queued[i], &headers[i], parts[i]);
        msgs[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = parts[i], .msg_iovlen = n}};
    }
    write_out(s, msgs);
    while (s->n_queued > 0)
        pkt_unref(s->queued[--s->n_queued]);
}

static void packet_send(struct netdev *dev, struct pkt *const *batch, size_t n)
{
    struct packet_socket *s = socket_of(dev);
    for (size_t i = 0; i < n; i++) {
        if (s->n_queued == NETDEV_BATCH)
            packet_flush(dev);
        s->queued[s->n_queued++] = batch[i];
    }
}

/* --- Opening and closing --------------------------------------------------------------------- */

static void packet_close(struct netdev *dev)
{
    struct packet_socket *s = socket_of(dev);
    unix_interface_leave(&s->interface);
    unix_reader_stop(&s->reader);
    if (s->ring)
        munmap(s->ring, (size_t)SLOTS * SLOT);
    if (s->rx >= 0)
        close(s->rx);
    if (s->tx >= 0)
        close(s->tx);
    if (s->all >= 0)
        close(s->all);
}

static const struct netdev_ops ops = {
    .send = packet_send, .flush = packet_flush, .close = packet_close};

/* These say false with errno set. */

static bool set(int fd, int option, int value)
{
    return setsockopt(fd, SOL_PACKET, option, &value, sizeof value) == 0;
}

static bool set_queue(int fd, int option, int forced)
{
    int size = QUEUE;
    return setsockopt(fd, SOL_SOCKET, forced, &size, sizeof size) == 0 ||
           setsockopt(fd, SOL_SOCKET, option, &size, sizeof size) == 0;
}

static bool join(int fd, int index, uint16_t protocol)
{
    struct sockaddr_ll at = {
        .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = index};
    return bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
}

static bool map_ring(struct packet_socket *s)
{
    struct tpacket_req shape = {.tp_block_size = BLOCK,
                                .tp_block_nr = SLOTS / (BLOCK / SLOT),
                                .tp_frame_size = SLOT,
                                .tp_frame_nr = SLOTS};
    void *ring;
    if (setsockopt(s->rx, SOL_PACKET, PACKET_RX_RING, &shape, sizeof shape) < 0)
        return false;
    ring = mmap(NULL, (size_t)SLOTS * SLOT, PROT_READ | PROT_WRITE, MAP_SHARED, s->rx, 0);
    if (ring == MAP_FAILED)
        return false;
    s->ring = ring;
    return true;
}

/* The receiving socket. It is bound, and so receives, when all else is ready. */
static bool open_rx(struct packet_socket *s)
{
    s->rx = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return s->rx >= 0 && set(s->rx, PACKET_VERSION, TPACKET_V2) && set(s->rx, PACKET_VNET_HDR, 1) &&
           set(s->rx, PACKET_AUXDATA, 1) && set(s->rx, PACKET_COPY_THRESH, 1) &&
           set(s->rx, PACKET_IGNORE_OUTGOING, 1) && set_queue(s->rx, SO_RCVBUF, SO_RCVBUFFORCE) &&
           map_ring(s) && join(s->rx, s->interface.index, ETH_P_ALL);
}

static bool open_tx(struct packet_socket *s)
{
    s->tx = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return s->tx >= 0 && set(s->tx, PACKET_VNET_HDR, 1) &&
           set_queue(s->tx, SO_SNDBUF, SO_SNDBUFFORCE) && join(s->tx, s->interface.index, 0);
}

static int packet_open(const char *name, struct pkt_pool *pool, struct netdev **dev)
{
    struct packet_socket *s = (struct packet_socket *)netdev_new(sizeof *s, &ops, pool);
    int error;
    if (s == NULL)
        return -ENOMEM;
    s->rx = s->tx = s->all = -1;
    s->dev.features =
        NETDEV_TX_CSUM | NETDEV_TX_GSO4 | NETDEV_TX_GSO6 | NETDEV_RX_CSUM | NETDEV_RX_GSO;
    error = unix_interface_follow(&s->interface, name, &s->dev, device_went);
    if (error == 0)
        error = s->all = unix_interface_see_all(&s->interface);
    if (error >= 0)
        error = open_rx(s) && open_tx(s) ? 0 : -errno;
    if (error) {
        netdev_close(&s->dev);
        return error;
    }
    unix_reader_start(&s->reader, s->rx, deliver, s);
    *dev = &s->dev;
    return 0;
}

struct device_driver unix_packet_driver = {.kind = "eth", .open = packet_open};
