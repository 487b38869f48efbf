/*
 * netlink.c - the kernel's interfaces: what they are like, and their coming and going.
 *
 * A socket of rtnetlink(7) says that something about an interface has changed; what it is like now
 * is then asked of the kernel (netdevice(7)), so that there is one way of reading it, and messages
 * that were lost (ENOBUFS) cost nothing but a look at all of them.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/log.h"
#include "runtime/unix/device.h"
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

LOG_MODULE(device);

static struct list interfaces = {&interfaces, &interfaces};
static int netlink = -1, control = -1; /* control: any socket, for ioctl() */
static struct event readable;

/* --- What an interface is like --------------------------------------------------------------- */

static int ask(const char *name, unsigned long request, struct ifreq *ifr)
{
    memset(ifr, 0, sizeof *ifr);
    memcpy(ifr->ifr_name, name, strnlen(name, IFNAMSIZ - 1));
    return ioctl(control, request, ifr) < 0 ? -errno : 0;
}

/* Mbit/s; 0: it does not say. */
static uint32_t speed_of(const char *name)
{
    struct ethtool_cmd cmd = {.cmd = ETHTOOL_GSET};
    struct ifreq ifr = {.ifr_data = (char *)&cmd};
    uint32_t speed;
    memcpy(ifr.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
    if (ioctl(control, SIOCETHTOOL, &ifr) < 0)
        return 0;
    speed = ethtool_cmd_speed(&cmd);
    return speed == (uint32_t)SPEED_UNKNOWN ? 0 : speed;
}

/* Look at the interface as it is now. 0, or a negative errno: -ENODEV also if another has taken its
 * name. */
static int look(struct unix_interface *i, bool *up)
{
    struct netdev *dev = i->dev;
    struct ifreq ifr;
    int error = ask(i->name, SIOCGIFINDEX, &ifr);
    if (error == 0 && ifr.ifr_ifindex != i->index)
        error = -ENODEV;
    if (error == 0 && (error = ask(i->name, SIOCGIFHWADDR, &ifr)) == 0)
        memcpy(dev->mac, ifr.ifr_hwaddr.sa_data, sizeof dev->mac);
    if (error == 0 && (error = ask(i->name, SIOCGIFMTU, &ifr)) == 0)
        dev->mtu = ifr.ifr_mtu > UINT16_MAX ? UINT16_MAX : (uint16_t)ifr.ifr_mtu;
    if (error == 0 && (error = ask(i->name, SIOCGIFFLAGS, &ifr)) == 0)
        *up = (ifr.ifr_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
    if (error == 0)
        dev->speed = speed_of(i->name);
    return error;
}

static void refresh(struct unix_interface *i)
{
    struct netdev *dev = i->dev;
    bool up;
    int error = look(i, &up);
    if (error == -ENODEV)
        i->lost(dev);
    else if (error == 0)
        (void)!netdev_set_link(dev, up); /* `i` may be gone now */
}

int unix_interface_follow(struct unix_interface *i, const char *name, struct netdev *dev,
                          void (*lost)(struct netdev *dev))
{
    struct ifreq ifr;
    int error;
    bool up;
    if (strlen(name) >= IFNAMSIZ)
        return -ENAMETOOLONG;
    memcpy(i->name, name, strlen(name) + 1);
    error = ask(name, SIOCGIFINDEX, &ifr);
    if (error)
        return error;
    i->index = ifr.ifr_ifindex;
    i->dev = dev;
    i->lost = lost;
    list_append(&interfaces, &i->link);
    error = look(i, &up);
    if (error == 0)
        dev->link_up = up;
    return error;
}

void unix_interface_leave(struct unix_interface *i)
{
    if (i->dev)
        list_remove(&i->link);
    i->dev = NULL;
}

int unix_interface_see_all(const struct unix_interface *i)
{
    struct packet_mreq promiscuous = {.mr_ifindex = i->index, .mr_type = PACKET_MR_PROMISC};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd >= 0 &&
        setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) == 0)
        return fd;
    int error = -errno;
    if (fd >= 0)
        close(fd);
    return error;
}

unsigned unix_interface_queues(const struct unix_interface *i)
{
    struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
    struct ifreq ifr = {.ifr_data = (char *)&channels};
    memcpy(ifr.ifr_name, i->name, sizeof i->name);
    if (ioctl(control, SIOCETHTOOL, &ifr) < 0)
        return 1;
    unsigned n = channels.rx_count + channels.combined_count;
    return n > 0 ? n : 1;
}

/* --- Coming and going ------------------------------------------------------------------------ */

/* Look at those of this index; 0: at all. A look may end the following of any of them, so that the
 * list is begun anew after each. */
static void refresh_index(int index)
{
    struct list seen, *l;
    list_init(&seen);
    list_splice(&seen, &interfaces);
    while ((l = list_pop(&seen)) != NULL) {
        struct unix_interface *i = container_of(l, struct unix_interface, link);
        list_append(&interfaces, l);
        if (index == 0 || i->index == index)
            refresh(i);
    }
}

static void came(const char *name)
{
    device_came(&unix_packet_driver, name);
    device_came(&unix_xdp_driver, name);
}

/* Messages were lost. */
static void look_at_all(void)
{
    struct if_nameindex *all = if_nameindex();
    refresh_index(0);
    for (struct if_nameindex *i = all; i && i->if_name; i++)
        came(i->if_name);
    if (all)
        if_freenameindex(all);
}

/* The name that a message gives the interface; NULL: none. */
static const char *name_in(struct nlmsghdr *h)
{
    struct ifinfomsg *info = NLMSG_DATA(h);
    int left = (int)IFLA_PAYLOAD(h);
    for (struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        if (a->rta_type == IFLA_IFNAME && memchr(RTA_DATA(a), '\0', RTA_PAYLOAD(a)))
            return RTA_DATA(a);
    }
    return NULL;
}

static void read_message(struct nlmsghdr *h)
{
    struct ifinfomsg *info = NLMSG_DATA(h);
    const char *name;
    if (h->nlmsg_type != RTM_NEWLINK && h->nlmsg_type != RTM_DELLINK)
        return;
    if (h->nlmsg_len < NLMSG_LENGTH(sizeof *info))
        return;
    refresh_index(info->ifi_index);
    name = h->nlmsg_type == RTM_NEWLINK ? name_in(h) : NULL;
    if (name)
        came(name);
}

static void on_readable(evutil_socket_t fd, short what, void *user)
{
    static _Alignas(struct nlmsghdr) uint8_t bytes[16384];
    ssize_t got;
    (void)what;
    (void)user;
    unix_happened();
    while ((got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        size_t left = (size_t)got;
        for (struct nlmsghdr *h = (struct nlmsghdr *)bytes; NLMSG_OK(h, left);
             h = NLMSG_NEXT(h, left))
            read_message(h);
    }
    if (got < 0 && errno == ENOBUFS) {
        log_info("news of interfaces were lost: looking at all of them");
        look_at_all();
    }
}

/* --- Opening and closing --------------------------------------------------------------------- */

int unix_netlink_open(void)
{
    struct sockaddr_nl at = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (control < 0 || netlink < 0 || bind(netlink, (struct sockaddr *)&at, sizeof at) < 0) {
        int error = -errno;
        unix_netlink_close();
        return error;
    }
    event_assign(&readable, unix_base(), netlink, EV_READ | EV_PERSIST, on_readable, NULL);
    event_add(&readable, NULL);
    return 0;
}

void unix_netlink_close(void)
{
    if (event_initialized(&readable))
        event_del(&readable);
    if (control >= 0)
        close(control);
    if (netlink >= 0)
        close(netlink);
    control = netlink = -1;
    readable = (struct event){0};
}
