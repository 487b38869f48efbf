/*
 * port.c - the ports of a datapath: see port.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/port.h"

#include "openflow/frame_headers.h"
#include "runtime/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_MODULE(port);

/* --- Output ---------------------------------------------------------------------------------- */

/* Nothing is kept for a port that cannot send: when it can, it would be old. */
static bool can_send(struct dp_port *port)
{
    if (port_link_up(port) && !(port->config & (OFPPC_PORT_DOWN | OFPPC_NO_FWD)))
        return true;
    port->past.tx_dropped++;
    return false;
}

static void flush(struct dp_port *port)
{
    size_t n = port->n_out;
    list_remove(&port->busy);
    port->n_out = 0;
    if (port->dev)
        netdev_send(port->dev, port->out, n);
    else
        for (size_t i = 0; i < n; i++)
            pkt_unref(port->out[i]);
}

void ports_flush(struct ports *ports)
{
    while (!list_empty(&ports->busy))
        flush(container_of(ports->busy.next, struct dp_port, busy));
}

/* Put `p`, whose reference is taken over, into the batch that leaves next. */
static void send(void *user, struct pkt *p)
{
    struct dp_port *port = user;
    if (port->n_out == 0)
        list_append(&port->ports->busy, &port->busy);
    port->out[port->n_out++] = p;
    if (port->n_out == NETDEV_BATCH)
        flush(port);
}

static void flush_port(void *user)
{
    struct dp_port *port = user;
    if (port->n_out > 0)
        flush(port);
}

void port_enqueue(struct dp_port *port, uint32_t queue_id, struct pkt *p)
{
    if (!can_send(port))
        return;
    if (port->queues)
        queues_put(port->queues, queue_id, pkt_ref(p));
    else
        send(port, pkt_ref(p));
}

void port_output(struct dp_port *port, struct pkt *p)
{
    port_enqueue(port, QUEUE_NONE, p);
}

/* --- Input ----------------------------------------------------------------------------------- */

#define INPUT_FLAGS (OFPPC_PORT_DOWN | OFPPC_NO_RECV | OFPPC_NO_RECV_STP)

/* A spanning tree frame, to the bridge group address (IEEE 802.1D section 7.12.3). */
static bool is_stp(const struct pkt *p)
{
    static const uint8_t bridges[OFP_ETH_ALEN] = {0x01, 0x80, 0xc2, 0, 0, 0};
    return p->len >= sizeof(struct hdr_eth) && bytes_equal(p->data, bridges, sizeof bridges);
}

static bool lets_in(const struct dp_port *port, const struct pkt *p)
{
    uint32_t flag = is_stp(p) ? OFPPC_NO_RECV_STP : OFPPC_NO_RECV;
    return !(port->config & (flag | OFPPC_PORT_DOWN));
}

static void on_receive(void *user, struct pkt *const *batch, size_t n)
{
    struct dp_port *port = user;
    struct ports *ports = port->ports;
    struct pkt *kept[NETDEV_BATCH];
    size_t n_kept = 0;
    if (!(port->config & INPUT_FLAGS)) {
        ports->events->receive(ports->user, port->no, batch, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (lets_in(port, batch[i]))
            kept[n_kept++] = batch[i];
    port->past.rx_dropped += n - n_kept;
    if (n_kept > 0)
        ports->events->receive(ports->user, port->no, kept, n_kept);
}

/* --- Devices come and go --------------------------------------------------------------------- */

bool port_link_up(const struct dp_port *port)
{
    return port->dev != NULL && port->dev->link_up;
}

static void changed(struct dp_port *port, enum ofp_port_reason reason)
{
    port->ports->events->changed(port->ports->user, port, reason);
}

#define SPEED_UNKNOWN 10000 /* Mbit/s: what virtual devices say that they have */

/* What the port's queues share: what it was told, or its device's speed. */
static uint64_t queue_rate(const struct dp_port *port)
{
    uint64_t speed = port->dev && port->dev->speed > 0 ? port->dev->speed : SPEED_UNKNOWN;
    return port->rate > 0 ? port->rate : speed * 1000000 / 8;
}

static void update_rate(struct dp_port *port)
{
    if (port->queues)
        queues_set_rate(port->queues, queue_rate(port));
}

static void on_link(void *user)
{
    struct dp_port *port = user;
    log_info("port %u (%s): link %s", port->no, port->name, port_link_up(port) ? "up" : "down");
    update_rate(port);
    changed(port, OFPPR_MODIFY);
}

static const struct netdev_events netdev_events = {.receive = on_receive, .link = on_link};

static void on_appeared(void *user, struct netdev *dev)
{
    struct dp_port *port = user;
    netdev_own(dev, &netdev_events, port);
    port->dev = dev;
    bytes_copy(port->mac, dev->mac, sizeof port->mac);
    on_link(port);
}

static void add_stats(struct netdev_stats *to, const struct netdev_stats *s)
{
    to->rx_packets += s->rx_packets;
    to->rx_bytes += s->rx_bytes;
    to->rx_dropped += s->rx_dropped;
    to->rx_errors += s->rx_errors;
    to->tx_packets += s->tx_packets;
    to->tx_bytes += s->tx_bytes;
    to->tx_dropped += s->tx_dropped;
    to->tx_errors += s->tx_errors;
}

static void on_gone(void *user, struct netdev *dev)
{
    struct dp_port *port = user;
    log_warn("port %u (%s): the device is gone", port->no, port->name);
    add_stats(&port->past, &dev->stats);
    port->dev = NULL;
    changed(port, OFPPR_MODIFY);
}

static void on_absent(void *user, int error)
{
    const struct dp_port *port = user;
    log_warn("port %u (%s): no device: %s%s", port->no, port->name, strerror(-error),
             error == -EPERM || error == -EACCES ? "; devices need root" : "");
}

static const struct device_events device_events = {
    .appeared = on_appeared,
    .gone = on_gone,
    .absent = on_absent,
};

/* --- Configuration --------------------------------------------------------------------------- */

#define CONFIG_ALL (OFPPC_NO_PACKET_IN * 2 - 1)

void port_configure(struct dp_port *port, uint32_t config, uint32_t mask)
{
    uint32_t old = port->config;
    mask &= CONFIG_ALL;
    port->config = (old & ~mask) | (config & mask);
    if (port->config != old)
        changed(port, OFPPR_MODIFY);
}

int port_add_queue(struct dp_port *port, uint32_t id, uint16_t min_rate)
{
    if (port->queues == NULL)
        port->queues = queues_new(queue_rate(port), send, flush_port, port);
    return port->queues ? queues_add(port->queues, id, min_rate) : -ENOMEM;
}

void port_set_rate(struct dp_port *port, uint64_t bytes_a_second)
{
    port->rate = bytes_a_second;
    update_rate(port);
}

/* --- What a port says of itself -------------------------------------------------------------- */

/* The name that people know it by: what follows the device's kind and any folders, without what
 * else a kind needs: "veth1" of "eth:veth1", "in.pcap" of "pcap:/tmp/in.pcap,/tmp/out.pcap". */
static void put_name(char to[OFP_MAX_PORT_NAME_LEN], const char *device)
{
    const char *from = strchr(device, ':'), *end;
    from = from ? from + 1 : device;
    end = from + strcspn(from, ",");
    for (const char *at = from; at < end; at++)
        if (*at == '/')
            from = at + 1;
    snprintf(to, OFP_MAX_PORT_NAME_LEN, "%.*s", (int)(end - from), from);
}

static uint32_t features_of_speed(uint32_t mbit)
{
    static const struct {
        uint32_t mbit, feature;
    } rows[] = {
        {10000, OFPPF_10GB_FD}, {1000, OFPPF_1GB_FD}, {100, OFPPF_100MB_FD}, {10, OFPPF_10MB_FD}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (mbit >= rows[i].mbit)
            return rows[i].feature | OFPPF_COPPER;
    return 0;
}

void port_describe(const struct dp_port *port, struct ofp_phy_port *desc)
{
    *desc = (struct ofp_phy_port){
        .port_no = be16_of(port->no),
        .config = be32_of(port->config),
        .state = be32_of(port_link_up(port) ? 0 : OFPPS_LINK_DOWN),
        .curr = be32_of(port->dev ? features_of_speed(port->dev->speed) : 0),
    };
    bytes_copy(desc->hw_addr, port->mac, sizeof desc->hw_addr);
    put_name(desc->name, port->name);
}

#define NOT_AVAILABLE UINT64_MAX /* section 5.3.5 */

void port_get_stats(const struct dp_port *port, struct ofp_port_stats *stats)
{
    struct netdev_stats s = port->past;
    if (port->dev)
        add_stats(&s, &port->dev->stats);
    *stats = (struct ofp_port_stats){
        .port_no = be16_of(port->no),
        .rx_packets = be64_of(s.rx_packets),
        .tx_packets = be64_of(s.tx_packets),
        .rx_bytes = be64_of(s.rx_bytes),
        .tx_bytes = be64_of(s.tx_bytes),
        .rx_dropped = be64_of(s.rx_dropped),
        .tx_dropped = be64_of(s.tx_dropped),
        .rx_errors = be64_of(s.rx_errors),
        .tx_errors = be64_of(s.tx_errors),
        .rx_frame_err = be64_of(NOT_AVAILABLE),
        .rx_over_err = be64_of(NOT_AVAILABLE),
        .rx_crc_err = be64_of(NOT_AVAILABLE),
        .collisions = be64_of(NOT_AVAILABLE),
    };
}

/* --- Adding and removing --------------------------------------------------------------------- */

void ports_init(struct ports *ports, struct pkt_pool *pool, const struct port_events *events,
                void *user)
{
    *ports = (struct ports){.pool = pool, .events = events, .user = user};
    list_init(&ports->all);
    list_init(&ports->busy);
}

/* Let by_no have a place for `no`. */
static bool make_place(struct ports *ports, uint16_t no)
{
    uint32_t n = ports->n;
    struct dp_port **by_no;
    if (no < n || no == OFPP_LOCAL)
        return true;
    while (n <= no)
        n = n ? n * 2 : 16;
    if (n > OFPP_MAX) /* what is above has no place there: see ports_find() */
        n = OFPP_MAX;
    by_no = realloc(ports->by_no, n * sizeof by_no[0]);
    if (by_no == NULL)
        return false;
    bytes_zero(by_no + ports->n, (n - ports->n) * sizeof by_no[0]);
    ports->by_no = by_no;
    ports->n = n;
    return true;
}

static void set_place(struct ports *ports, uint16_t no, struct dp_port *port)
{
    if (no == OFPP_LOCAL)
        ports->local = port;
    else
        ports->by_no[no] = port;
}

/* In front of the first with a higher number. */
static void insert(struct ports *ports, struct dp_port *port)
{
    struct list *l = ports->all.next;
    while (l != &ports->all && container_of(l, struct dp_port, link)->no < port->no)
        l = l->next;
    list_append(l, &port->link);
    set_place(ports, port->no, port);
}

/* The lowest free number; 0 if there is none. */
static uint16_t free_number(const struct ports *ports)
{
    for (uint16_t no = 1; no < OFPP_MAX; no++)
        if (ports_find(ports, no) == NULL)
            return no;
    return 0;
}

static struct dp_port *new_port(struct ports *ports, const char *name, uint16_t no)
{
    struct dp_port *port = calloc(1, sizeof *port);
    if (port == NULL)
        return NULL;
    port->ports = ports;
    port->no = no;
    snprintf(port->name, sizeof port->name, "%s", name);
    list_init(&port->link);
    list_init(&port->busy);
    return port;
}

static void free_port(struct dp_port *port)
{
    for (size_t i = 0; i < port->n_out; i++)
        pkt_unref(port->out[i]);
    list_remove(&port->busy);
    list_remove(&port->link);
    queues_free(port->queues);
    device_unwatch(port->watch);
    free(port);
}

static bool has_device(const struct ports *ports, const char *name)
{
    struct list *l, *after;
    list_each(l, after, &ports->all)
    {
        if (strcmp(container_of(l, struct dp_port, link)->name, name) == 0)
            return true;
    }
    return false;
}

/* What a new port is to be: its number, or what is wrong. */
static int choose_number(const struct ports *ports, const char *name, uint16_t *no)
{
    if (strlen(name) >= NETDEV_NAME_MAX || (*no >= OFPP_MAX && *no != OFPP_LOCAL))
        return -EINVAL;
    if (has_device(ports, name) || (*no != 0 && ports_find(ports, *no)))
        return -EEXIST;
    if (*no == 0)
        *no = free_number(ports);
    return *no != 0 ? 0 : -ENOSPC;
}

int ports_add(struct ports *ports, const char *name, uint16_t no)
{
    int error = choose_number(ports, name, &no);
    struct dp_port *port;
    if (error)
        return error;
    port = make_place(ports, no) ? new_port(ports, name, no) : NULL;
    if (port == NULL)
        return -ENOMEM;
    error = device_watch(name, ports->pool, &device_events, port, &port->watch);
    if (error) {
        free_port(port);
        return error;
    }
    insert(ports, port);
    changed(port, OFPPR_ADD);
    return 0;
}

/* "7" of "vif:7", if a port may have and nobody has it; else 0. */
static uint16_t number_in(const struct ports *ports, const char *name)
{
    const char *digits = strchr(name, ':') + 1;
    unsigned long no =
        strspn(digits, "0123456789") == strlen(digits) ? strtoul(digits, NULL, 10) : 0;
    return no < OFPP_MAX && ports_find(ports, (uint16_t)no) == NULL ? (uint16_t)no : 0;
}

static void on_found(void *user, const char *name)
{
    struct ports *ports = user;
    int error = ports_add(ports, name, number_in(ports, name));
    if (error != 0)
        log_warn("%s cannot be a port: %s", name, strerror(-error));
}

int ports_search(struct ports *ports, const char *kind)
{
    return ports->search ? -EEXIST : device_search(kind, on_found, ports, &ports->search);
}

int ports_remove(struct ports *ports, uint16_t no)
{
    struct dp_port *port = ports_find(ports, no);
    if (port == NULL)
        return -ENOENT;
    list_remove(&port->link);
    set_place(ports, no, NULL);
    changed(port, OFPPR_DELETE);
    free_port(port);
    return 0;
}

void ports_free(struct ports *ports)
{
    struct list *l;
    device_search_end(ports->search);
    while ((l = list_pop(&ports->all)) != NULL)
        free_port(container_of(l, struct dp_port, link));
    free(ports->by_no);
}
