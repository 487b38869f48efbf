/*
 * pcap.c - the device pcap:IN[,OUT]: it receives the frames of the capture IN, as fast as its owner
 * takes them, and writes into the capture OUT what is sent. Either may be empty.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/log.h"
#include "runtime/unix/device.h"
#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

LOG_MODULE(device);

#define SNAPLEN  262144 /* as other programs write it */
#define FILE_MAX NETDEV_NAME_MAX
#define MTU      1500

struct capture {
    struct netdev dev;
    pcap_t *in, *dead;
    pcap_dumper_t *out;
    struct loop_work read;
};

static struct capture *capture_of(struct netdev *dev)
{
    return container_of(dev, struct capture, dev);
}

/* --- Reading --------------------------------------------------------------------------------- */

/* A frame of the capture. NULL: it was not captured whole, or there is no packet for it. */
static struct pkt *pack(struct capture *c, const struct pcap_pkthdr *h, const uint8_t *frame)
{
    struct pkt *p;
    if (h->caplen < h->len) {
        c->dev.stats.rx_errors++;
        return NULL;
    }
    p = pkt_new_for(c->dev.pool, h->caplen);
    if (p == NULL)
        c->dev.stats.rx_dropped++;
    else
        memcpy(pkt_append(p, h->caplen), frame, h->caplen);
    return p;
}

/* A batch of those that are left; *more: there may be others. */
static size_t read_batch(struct capture *c, struct pkt *batch[NETDEV_BATCH], bool *more)
{
    size_t n = 0;
    for (int i = 0; i < NETDEV_BATCH; i++) {
        struct pcap_pkthdr *h;
        const uint8_t *frame;
        int got = pcap_next_ex(c->in, &h, &frame);
        if (got == PCAP_ERROR)
            log_warn("%s: %s", c->dev.name, pcap_geterr(c->in));
        *more = got == 1;
        if (!*more)
            break;
        batch[n] = pack(c, h, frame);
        n += batch[n] != NULL;
    }
    return n;
}

static void read_on(void *user)
{
    struct capture *c = user;
    struct pkt *batch[NETDEV_BATCH];
    bool more = true;
    size_t n = c->dev.events ? read_batch(c, batch, &more) : 0;
    if (n > 0 && !netdev_receive(&c->dev, batch, n))
        return;
    if (more)
        loop_defer(&c->read);
}

/* --- Writing --------------------------------------------------------------------------------- */

static void write_one(struct capture *c, const struct pkt *p)
{
    uint64_t now = loop_wall();
    struct pcap_pkthdr h = {
        .ts = {.tv_sec = (time_t)(now / NS_PER_S),
               .tv_usec = (suseconds_t)(now % NS_PER_S / NS_PER_US)},
        .caplen = p->len,
        .len = p->len,
    };
    if (c->out)
        pcap_dump((uint8_t *)c->out, &h, p->data);
    c->dev.stats.tx_packets++;
    c->dev.stats.tx_bytes += p->len;
}

static void capture_send(struct netdev *dev, struct pkt *const *batch, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        write_one(capture_of(dev), batch[i]);
        pkt_unref(batch[i]);
    }
}

static void capture_flush(struct netdev *dev)
{
    struct capture *c = capture_of(dev);
    if (c->out && pcap_dump_flush(c->out) < 0)
        dev->stats.tx_errors++;
}

/* --- Opening and closing --------------------------------------------------------------------- */

static void capture_close(struct netdev *dev)
{
    struct capture *c = capture_of(dev);
    loop_work_cancel(&c->read);
    if (c->in)
        pcap_close(c->in);
    if (c->out)
        pcap_dump_close(c->out);
    if (c->dead)
        pcap_close(c->dead);
}

static const struct netdev_ops ops = {
    .send = capture_send, .flush = capture_flush, .close = capture_close};

/* libpcap's words are for people; to the watcher it is -ENOENT, or -EINVAL for a file that it
 * cannot read. */
static int open_in(struct capture *c, const char *name)
{
    char why[PCAP_ERRBUF_SIZE];
    errno = 0;
    c->in = pcap_open_offline(name, why);
    if (c->in == NULL) {
        log_debug("%s", why);
        return errno ? -errno : -EINVAL;
    }
    return pcap_datalink(c->in) == DLT_EN10MB ? 0 : -EINVAL;
}

static int open_out(struct capture *c, const char *name)
{
    c->dead = pcap_open_dead(DLT_EN10MB, SNAPLEN);
    if (c->dead == NULL)
        return -ENOMEM;
    errno = 0;
    c->out = pcap_dump_open(c->dead, name);
    if (c->out)
        return 0;
    log_debug("%s", pcap_geterr(c->dead));
    return errno ? -errno : -EINVAL;
}

static int open_files(struct capture *c, const char *arg)
{
    char in[FILE_MAX];
    size_t n = strcspn(arg, ",");
    int error = 0;
    if (n >= sizeof in)
        return -ENAMETOOLONG;
    memcpy(in, arg, n);
    in[n] = '\0';
    if (n > 0)
        error = open_in(c, in);
    if (error == 0 && arg[n] == ',' && arg[n + 1])
        error = open_out(c, arg + n + 1);
    return error;
}

static int capture_open(const char *arg, struct pkt_pool *pool, struct netdev **dev)
{
    struct capture *c = (struct capture *)netdev_new(sizeof *c, &ops, pool);
    int error;
    if (c == NULL)
        return -ENOMEM;
    loop_work_init(&c->read, read_on, c);
    c->dev.mac[0] = 0x02; /* locally administered; a capture has none of its own */
    c->dev.mtu = MTU;
    c->dev.link_up = true;
    error = open_files(c, arg);
    if (error) {
        netdev_close(&c->dev);
        return error;
    }
    if (c->in)
        loop_defer(&c->read);
    *dev = &c->dev;
    return 0;
}

struct device_driver unix_pcap_driver = {.kind = "pcap", .open = capture_open};
