/*
 * device.h - what the drivers of frame devices on UNIX share: tap.c, packet_socket.c, xdp.c,
 * pcap.c, and netlink.c, which knows of interfaces coming and going.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_UNIX_DEVICE_H
#define MORGANA_RUNTIME_UNIX_DEVICE_H

#include "runtime/device.h"
#include "runtime/unix/internal.h"
#include <event2/event_struct.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <sys/uio.h>

/* Batches that a device delivers in one turn at most. */
#define UNIX_BATCHES 4

extern struct device_driver unix_tap_driver, unix_packet_driver, unix_xdp_driver, unix_pcap_driver;

/* --- Interfaces of the kernel (netlink.c) ---------------------------------------------------- */

/* An interface that a device stands on. Lies inside the driver's struct. */
struct unix_interface {
    struct list link;
    struct netdev *dev;               /* NULL: it is not followed */
    void (*lost)(struct netdev *dev); /* there is no interface of this name and index any more */
    int index;
    char name[IFNAMSIZ];
};

/* Fill in what `dev` is to know of the interface `name` (mac, mtu, speed, link_up), and keep it so:
 * the link's changes are told, and lost() is called (device_went() will do) when the interface is
 * gone. 0, -ENODEV, or another negative errno. */
int unix_interface_follow(struct unix_interface *i, const char *name, struct netdev *dev,
                          void (*lost)(struct netdev *dev));

/* Nothing if it is not followed. */
void unix_interface_leave(struct unix_interface *i);

/* Have an interface receive every frame, as long as the descriptor that is returned is open. It, or
 * a negative errno. */
int unix_interface_see_all(const struct unix_interface *i);

/* How many receive queues an interface has; 1 if it does not say. */
unsigned unix_interface_queues(const struct unix_interface *i);

/* Begin to hear of interfaces, and end. */
int unix_netlink_open(void);
void unix_netlink_close(void);

/* --- Looking for frames (reader.c) ----------------------------------------------------------- */

/* Has deliver(user) called while there may be frames: it returns how many it found, or -1 if the
 * device was closed meanwhile. Lies inside the driver's struct, zero at first. */
struct unix_reader {
    struct event readable;
    struct loop_work look; /* without having waited */
    int (*deliver)(void *user);
    void *user;
};

void unix_reader_start(struct unix_reader *r, int fd, int (*deliver)(void *user), void *user);

/* Before the descriptor is closed. Nothing if it was not started. */
void unix_reader_stop(struct unix_reader *r);

/* --- Offload metadata as virtio has it (vnet.c) ---------------------------------------------- */

/* Room in a frame for a VLAN tag that comes beside it. */
#define UNIX_VLAN_LEN 4

/* Take over what the kernel says of a frame whose bytes are in `p`; `moved` bytes were inserted
 * before the transport's header since. False if it makes no sense. */
bool unix_vnet_read(const struct virtio_net_hdr *h, struct pkt *p, uint32_t moved);

/* What is written to send `p`: a header, which says what is still to be done to it, and the frame.
 * They are one part if there is room for the header in front of the frame, since the kernel is
 * quicker with one (others who hold the packet do not mind: no part of it changes, and each would
 * write the same there); else the header lies in *h. Returns how many parts. */
size_t unix_vnet_parts(struct pkt *p, struct virtio_net_hdr *h, struct iovec parts[2]);

#endif
