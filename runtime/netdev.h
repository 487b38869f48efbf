/*
 * netdev.h - a frame device: what a tap, a packet socket, AF_XDP, a pcap file, a simulated link and
 * a Xen vif look like.
 *
 * The owner of a device gives it a table of callbacks; the driver that made it gives it a table of
 * operations. Frames move in batches of struct pkt, both ways. A device delivers at most
 * NETDEV_BATCH frames a call and a bounded number of calls a turn, so that no device starves
 * another.
 *
 * Ownership: `receive` lends its packets: one that nobody else holds may be changed in place, and
 * who keeps one takes a reference (pkt_ref()).
 * netdev_send() takes over one reference to each packet that it is given, whether or not it can
 * send it.
 *
 * Offloads: what a packet's metadata says is still to be done (PKT_CSUM_PARTIAL, PKT_GSO_*) is done
 * by a device that has the feature; for one that has not, netdev_send() does it in software before
 * the driver sees the packet; likewise for a packet that the driver says it cannot do it for. A
 * VLAN tag is always in the frame itself, never in metadata. A frame is always in one piece: a
 * super-frame of 64 KB too.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_NETDEV_H
#define MORGANA_RUNTIME_NETDEV_H

#include "runtime/loop.h"
#include "runtime/pkt.h"

#define NETDEV_BATCH    64
#define NETDEV_NAME_MAX 256

struct netdev;

enum netdev_feature {
    NETDEV_TX_CSUM = 1 << 0,    /* sends PKT_CSUM_PARTIAL frames */
    NETDEV_TX_GSO4 = 1 << 1,    /* sends PKT_GSO_TCP4 frames */
    NETDEV_TX_GSO6 = 1 << 2,    /* sends PKT_GSO_TCP6 frames */
    NETDEV_TX_GSO_UDP = 1 << 3, /* sends PKT_GSO_UDP frames */
    NETDEV_RX_CSUM = 1 << 4,    /* may deliver PKT_CSUM_PARTIAL and PKT_CSUM_VALID frames */
    NETDEV_RX_GSO = 1 << 5,     /* may deliver PKT_GSO_* frames, longer than the MTU */
    NETDEV_PEER_MAC = 1 << 6,   /* `mac` is another host's, at the far end: as on a tap */
};

/* The owner's callbacks; `link` and `moved` may be NULL. None comes during a call of the owner's.
 */
struct netdev_events {
    void (*receive)(void *user, struct pkt *const *batch, size_t n);
    /* The link came up or went down, or the speed changed: see the members of struct netdev. */
    void (*link)(void *user);
    /* The device goes on at another place of the same network, as that of a domain which was
     * migrated: who has addresses says where they are now. */
    void (*moved)(void *user);
};

struct netdev_stats {
    uint64_t rx_packets, rx_bytes, rx_dropped, rx_errors;
    uint64_t tx_packets, tx_bytes, tx_dropped, tx_errors;
};

/* The driver's operations. */
struct netdev_ops {
    /* Queue packets to be sent; what does not fit is dropped and counted. Takes them over. */
    void (*send)(struct netdev *dev, struct pkt *const *batch, size_t n);
    /* Let everything queued go out now. NULL: `send` queues nothing. */
    void (*flush)(struct netdev *dev);
    /* Can what `p`'s metadata says be left to the device, where it has the feature? NULL: it can.
     */
    bool (*can_offload)(const struct netdev *dev, const struct pkt *p);
    /* Give back all that the device holds but its own memory. It may be open in part only. */
    void (*close)(struct netdev *dev);
};

struct netdev {
    const struct netdev_ops *ops;
    const struct netdev_events *events; /* NULL: nobody owns it; what it receives is dropped */
    void *user;
    struct loop_work work; /* netdev.c's */
    bool queued, closed;
    char name[NETDEV_NAME_MAX]; /* as it was asked for: "eth:veth1" */
    uint8_t mac[6];
    uint16_t mtu;      /* bytes of payload: 1500 */
    uint32_t features; /* enum netdev_feature */
    uint32_t speed;    /* Mbit/s; 0: not known */
    bool link_up;
    struct pkt_pool *pool; /* where packets received, and segments to be sent, come from */
    struct netdev_stats stats;
};

/* --- For owners ------------------------------------------------------------------------------ */

/* Become the owner: from now on `events` hears of `dev`. */
void netdev_own(struct netdev *dev, const struct netdev_events *events, void *user);

/* Queue `n` packets, taking over a reference to each; offloads that the device cannot do are done
 * here. They leave at the latest at the end of the turn. */
void netdev_send(struct netdev *dev, struct pkt *const *batch, size_t n);

/* Close a device; NULL is allowed. Its owner hears no more of it; what is queued still leaves. */
void netdev_close(struct netdev *dev);

/* --- For drivers ----------------------------------------------------------------------------- */

/* A new device in `size` bytes of zeroed memory: a driver's own struct, which begins with the
 * struct netdev. The driver sets what it knows of mac to link_up; if it cannot go on it calls
 * netdev_close(). The memory is freed in deferred work, so that a function of the driver's that is
 * under way can still look at it. NULL: no memory. */
struct netdev *netdev_new(size_t size, const struct netdev_ops *ops, struct pkt_pool *pool);

/* Give the owner `n` (at most NETDEV_BATCH) packets that were received, counting them; the device's
 * references are given up. False: the owner has closed the device meanwhile. */
bool netdev_receive(struct netdev *dev, struct pkt *const *batch, size_t n)
    __attribute__((warn_unused_result));

/* The link is up, or down: tell the owner if that is new. False: the owner has closed the device
 * meanwhile. */
bool netdev_set_link(struct netdev *dev, bool up);

/* The device is at another place of the network than before. */
void netdev_moved(struct netdev *dev);

#endif
