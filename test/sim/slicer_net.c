/*
 * slicer_net.c - see slicer_net.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/sim/slicer_net.h"
#include "runtime/loop.h"
#include "runtime/sim/sim.h"
#include "switch/agent.h"
#include "switch/dp.h"
#include "test/unit/watcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct net_shape net_shape;
struct net_log net_seen;

static struct dp *dp[NET_SWITCHES + 1];
static struct agent *agent[NET_SWITCHES + 1];
static struct pkt_pool *pool;

/* A host, and where. */
static struct host {
    struct watcher watcher;
    unsigned sw;
    uint16_t port;
} host[NET_SWITCHES + 1][NET_PORTS + 1];

/* --- Frames ---------------------------------------------------------------------------------- */

#define LLDP 0x88cc

/* Where what follows the EtherType begins. */
static size_t payload_of(const uint8_t *f, uint16_t *type)
{
    bool tagged = f[12] == 0x81 && f[13] == 0;
    size_t at = tagged ? 18 : 14;
    *type = (uint16_t)(f[at - 2] << 8 | f[at - 1]);
    return at;
}

struct net_frame net_comparable(struct span bytes)
{
    struct net_frame f = {.len = bytes.len < NET_FRAME_MAX ? bytes.len : NET_FRAME_MAX};
    uint16_t type;
    size_t at;
    memcpy(f.bytes, bytes.data, f.len);
    at = payload_of(f.bytes, &type);
    if (type != 0x0800)
        return f;
    memset(f.bytes + at + 10, 0, 2);                               /* IP's */
    memset(f.bytes + at + (f.bytes[at + 9] == 6 ? 36 : 26), 0, 2); /* TCP's; UDP's */
    return f;
}

/* --- Logs ------------------------------------------------------------------------------------ */

void net_note(struct net_log *log, const struct net_heard *heard)
{
    if (log->n == sizeof log->heard / sizeof log->heard[0])
        abort();
    log->heard[log->n++] = *heard;
}

static bool same(const struct net_heard *a, const struct net_heard *b)
{
    return a->view == b->view && a->sw == b->sw && a->port == b->port &&
           a->frame.len == b->frame.len &&
           memcmp(a->frame.bytes, b->frame.bytes, a->frame.len) == 0;
}

static size_t count(const struct net_log *log, const struct net_heard *what)
{
    size_t n = 0;
    for (size_t i = 0; i < log->n; i++)
        n += same(&log->heard[i], what);
    return n;
}

bool net_same(const struct net_log *a, const struct net_log *b)
{
    bool all = a->n == b->n;
    for (size_t i = 0; i < a->n && all; i++)
        all = count(a, &a->heard[i]) == count(b, &a->heard[i]);
    return all;
}

/* --- Hosts ----------------------------------------------------------------------------------- */

/* Hosts do not care for LLDP. */
static void on_frame(struct watcher *w, struct pkt *p)
{
    const struct host *h = container_of(w, struct host, watcher);
    struct net_heard heard = {.view = -1, .sw = h->sw, .port = h->port};
    uint16_t type;
    payload_of(p->data, &type);
    if (type == LLDP)
        return;
    heard.frame = net_comparable(span_of(p->data, p->len));
    net_note(&net_seen, &heard);
}

void net_send(unsigned sw, uint16_t port, const struct net_frame *frame)
{
    struct pkt *p = pkt_new_for(pool, frame->len);
    if (p == NULL)
        abort();
    memcpy(pkt_append(p, frame->len), frame->bytes, frame->len);
    netdev_send(host[sw][port].watcher.dev, &p, 1);
}

/* --- The network ----------------------------------------------------------------------------- */

void net_cable(unsigned a, unsigned b)
{
    uint16_t p = ++net_shape.n_ports[a], q = ++net_shape.n_ports[b];
    net_shape.port[a][p] = (struct net_port){.to = b, .to_port = q};
    net_shape.port[b][q] = (struct net_port){.to = a, .to_port = p};
    snprintf(net_shape.port[a][p].link, sizeof net_shape.port[a][p].link, "link:%u.%u", a, p);
    memcpy(net_shape.port[b][q].link, net_shape.port[a][p].link, sizeof net_shape.port[b][q].link);
}

static void plug(unsigned sw, uint16_t no)
{
    struct net_port *p = &net_shape.port[sw][no];
    struct host *h = &host[sw][no];
    char name[32];
    if (p->to == 0)
        snprintf(p->link, sizeof p->link, "link:%u.%u", sw, no);
    snprintf(name, sizeof name, "%s", p->link);
    if (dp_port_add(dp[sw], name, no) != 0)
        abort();
    if (p->to != 0)
        return;
    if (watcher_begin(&h->watcher, name, pool) != 0)
        abort();
    h->watcher.on_frame = on_frame;
    h->sw = sw;
    h->port = no;
}

static void raise_switch(struct ctl *ctl, unsigned sw)
{
    struct dp_config config;
    struct agent_config agent_config;
    struct stream *ends[2];
    dp_defaults(&config);
    config.id = sw;
    config.max_flows = 4096;
    config.n_buffers = 16;
    config.n_pkts = 256;
    config.n_large = 2;
    dp[sw] = dp_new(&config);
    agent_defaults(&agent_config);
    agent[sw] = agent_new(&agent_config, dp[sw]);
    for (uint16_t no = 1; no <= net_shape.n_ports[sw]; no++)
        plug(sw, no);
    if (stream_pair(ends) != 0)
        abort();
    agent_attach(agent[sw], ends[0]);
    ctl_attach(ctl, ends[1]);
}

void net_raise(struct ctl *ctl)
{
    net_seen.n = 0;
    pool = pkt_pool_new(256, PKT_SMALL, NULL);
    for (unsigned sw = 1; sw <= net_shape.n; sw++)
        raise_switch(ctl, sw);
}

void net_remove(void)
{
    for (unsigned sw = 1; sw <= net_shape.n; sw++) {
        for (uint16_t no = 1; no <= net_shape.n_ports[sw]; no++)
            if (net_shape.port[sw][no].to == 0) {
                host[sw][no].watcher.frames = 0; /* nothing was kept */
                watcher_end(&host[sw][no].watcher);
            }
        agent_free(agent[sw]);
        dp_free(dp[sw]);
    }
    pkt_pool_free(pool);
}

void net_set_down(unsigned sw, uint16_t port, bool down)
{
    struct net_port *p = &net_shape.port[sw][port];
    p->down = down;
    if (p->to != 0)
        net_shape.port[p->to][p->to_port].down = down;
    sim_link_set_up(p->link + 5, !down);
}
