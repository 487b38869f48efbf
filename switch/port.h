/*
 * port.h - the ports of a datapath: numbers, configuration, and the devices behind them.
 *
 * A port is there as long as it is configured; its device may come and go. What a device receives
 * is let in as the port's configuration says and handed on in the batches in which it came. What is
 * output is gathered per port and given to the devices by ports_flush(), at the end of each input
 * batch. OpenFlow 1.0 section 5.2.1.
 *
 * Called by the datapath (dp.c) and the executor (execute.c).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_PORT_H
#define MORGANA_SWITCH_PORT_H

#include "runtime/device.h"
#include "switch/queue.h"

struct ports;

/* What the datapath hears of its ports. `batch` is lent. */
struct port_events {
    void (*receive)(void *user, uint16_t in_port, struct pkt *const *batch, size_t n);
    void (*changed)(void *user, const struct dp_port *port, enum ofp_port_reason reason);
};

struct dp_port {
    struct list link; /* in ports->all */
    struct ports *ports;
    uint16_t no;
    uint32_t config; /* enum ofp_port_config */
    struct device_watch *watch;
    struct netdev *dev;         /* NULL: the device is not there */
    char name[NETDEV_NAME_MAX]; /* "eth:veth1" */
    uint8_t mac[OFP_ETH_ALEN];  /* its device's, also when that has gone */
    struct netdev_stats past;   /* of devices that it had before, and what it dropped itself */
    struct queues *queues;      /* NULL: it has none */
    uint64_t rate;              /* bytes a second that its queues share; 0: its device's speed */
    struct list busy;           /* in ports->busy while n_out > 0 */
    size_t n_out;
    struct pkt *out[NETDEV_BATCH];
};

struct ports {
    struct list all; /* in ascending order of number */
    struct list busy;
    struct dp_port **by_no; /* n places */
    uint32_t n;
    struct dp_port *local;
    struct device_search *search; /* NULL: every port has been named */
    struct pkt_pool *pool;
    const struct port_events *events;
    void *user;
};

void ports_init(struct ports *ports, struct pkt_pool *pool, const struct port_events *events,
                void *user);

/* Remove all, without a word to the owner. */
void ports_free(struct ports *ports);

/* See dp_port_add(). */
int ports_add(struct ports *ports, const char *name, uint16_t no);
int ports_search(struct ports *ports, const char *kind);
int ports_remove(struct ports *ports, uint16_t no);

static inline struct dp_port *ports_find(const struct ports *ports, uint16_t no)
{
    if (no < ports->n)
        return ports->by_no[no];
    return no == OFPP_LOCAL ? ports->local : NULL;
}

/* Give the devices all that was output since the last time. */
void ports_flush(struct ports *ports);

/* Output `p` (the port takes a reference of its own), if the port's state and configuration let it;
 * port_enqueue(): by one of its queues, or as by port_output() if it has none such. */
void port_output(struct dp_port *port, struct pkt *p);
void port_enqueue(struct dp_port *port, uint32_t queue_id, struct pkt *p);

/* Change the configuration's bits in `mask`. The owner hears of it if that changes anything. */
void port_configure(struct dp_port *port, uint32_t config, uint32_t mask);

bool port_link_up(const struct dp_port *port);
void port_describe(const struct dp_port *port, struct ofp_phy_port *desc);
void port_get_stats(const struct dp_port *port, struct ofp_port_stats *stats);

int port_add_queue(struct dp_port *port, uint32_t id, uint16_t min_rate);
void port_set_rate(struct dp_port *port, uint64_t bytes_a_second);

#endif
