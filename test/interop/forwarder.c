/*
 * forwarder.c - for tests: forwards frames between two devices, or echoes those of one with the
 * addresses swapped, and says what becomes of the devices.
 *
 *     forwarder DEVICE [DEVICE [LOSS]]
 *
 * LOSS in 1000 frames each way are lost. It prints a line for each thing that happens to a device,
 * and on SIGUSR1 and at its end what each device has counted. Called by netdev_test.py and
 * stack_test.py.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/device.h"
#include "runtime/unix/unix.h"
#include "test/unit/random.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_SMALL 8192
#define N_LARGE 128

struct side {
    const char *name;
    struct device_watch *watch;
    struct netdev *dev; /* NULL: not there */
    struct side *to;    /* where its frames go */
};

static struct side sides[2];
static uint64_t loss, random_state; /* loss: in 1000 frames */

static void say(const char *name, const char *what)
{
    printf("%s %s\n", name, what);
    fflush(stdout);
}

static void swap_addresses(struct pkt *p)
{
    uint8_t dst[6];
    memcpy(dst, p->data, 6);
    memcpy(p->data, p->data + 6, 6);
    memcpy(p->data + 6, dst, 6);
}

static void forward(struct side *s, struct pkt *p)
{
    if (random_below(&random_state, 1000) < loss)
        return;
    if (s->to == s && p->len >= 12)
        swap_addresses(p);
    pkt_ref(p);
    netdev_send(s->to->dev, &p, 1);
}

static void on_receive(void *user, struct pkt *const *batch, size_t n)
{
    struct side *s = user;
    for (size_t i = 0; i < n && s->to->dev; i++)
        forward(s, batch[i]);
}

static void on_link(void *user)
{
    struct side *s = user;
    say(s->name, s->dev->link_up ? "up" : "down");
}

static void on_appeared(void *user, struct netdev *dev)
{
    static const struct netdev_events events = {.receive = on_receive, .link = on_link};
    struct side *s = user;
    s->dev = dev;
    netdev_own(dev, &events, s);
    printf("%s appeared mtu=%u speed=%u mac=%02x:%02x:%02x:%02x:%02x:%02x\n", s->name, dev->mtu,
           dev->speed, dev->mac[0], dev->mac[1], dev->mac[2], dev->mac[3], dev->mac[4],
           dev->mac[5]);
    say(s->name, dev->link_up ? "up" : "down");
}

static void count(const struct side *s)
{
    const struct netdev_stats *c = &s->dev->stats;
    printf("%s counts rx=%" PRIu64 " rx_bytes=%" PRIu64 " rx_dropped=%" PRIu64 " rx_errors=%" PRIu64
           " tx=%" PRIu64 " tx_bytes=%" PRIu64 " tx_dropped=%" PRIu64 " tx_errors=%" PRIu64 "\n",
           s->name, c->rx_packets, c->rx_bytes, c->rx_dropped, c->rx_errors, c->tx_packets,
           c->tx_bytes, c->tx_dropped, c->tx_errors);
}

static void on_gone(void *user, struct netdev *dev)
{
    struct side *s = user;
    (void)dev;
    count(s);
    s->dev = NULL;
    say(s->name, "gone");
}

static void on_absent(void *user, int error)
{
    say(((struct side *)user)->name, "absent");
    say(((struct side *)user)->name, strerror(-error));
}

static void on_count(void *user)
{
    (void)user;
    for (int i = 0; i < 2; i++)
        if (sides[i].dev)
            count(&sides[i]);
    say("counted", "all");
}

static void on_terminate(void *user)
{
    on_count(user);
    loop_stop(0);
}

static int run(int n, char *const *names, struct pkt_pool *pool)
{
    static const struct device_events events = {
        .appeared = on_appeared, .gone = on_gone, .absent = on_absent};
    for (int i = 0; i < n; i++) {
        sides[i] = (struct side){.name = names[i], .to = &sides[n - 1 - i]};
        if (device_watch(names[i], pool, &events, &sides[i], &sides[i].watch) < 0) {
            say(names[i], "is no device");
            return 2;
        }
    }
    return loop_run();
}

int main(int argc, char **argv)
{
    struct pkt_pool *large = pkt_pool_new(N_LARGE, PKT_LARGE, NULL);
    struct pkt_pool *small = pkt_pool_new(N_SMALL, PKT_SMALL, large);
    int status = 2;
    if (argc < 2 || argc > 4 || !small || !large || loop_open() < 0 || unix_devices_open() < 0)
        return status;
    loop_on_signal(LOOP_TERMINATE, on_terminate, NULL);
    loop_on_signal(LOOP_COUNTERS, on_count, NULL);
    loss = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
    status = run(argc > 2 ? 2 : 1, argv + 1, small);
    for (int i = 0; i < 2; i++)
        device_unwatch(sides[i].watch);
    unix_devices_close();
    loop_close();
    pkt_pool_free(small);
    pkt_pool_free(large);
    return status;
}
