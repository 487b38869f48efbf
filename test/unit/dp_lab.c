/*
 * dp_lab.c - a datapath between simulated hosts: see dp_lab.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/dp_lab.h"
#include "test/unit/unit.h"

#include <stdio.h>

struct lab lab;

/* --- What the datapath says ------------------------------------------------------------------- */

static void on_packet_in(void *user, const struct ofp_msg_packet_in *in)
{
    struct lab_packet_in *to = &lab.packet_in[lab.packet_ins++ % LAB_KEEPS];
    (void)user;
    to->in = *in;
    if (in->data.len <= sizeof to->data)
        memcpy(to->data, in->data.data, in->data.len);
    to->in.data.data = to->data;
}

static void on_flow_removed(void *user, const struct ofp_msg_flow_removed *removed)
{
    struct lab_flow_removed *to = &lab.flow_removed[lab.flow_removeds++ % LAB_KEEPS];
    (void)user;
    to->removed = *removed;
    to->match = *removed->match;
    to->removed.match = &to->match;
}

static void on_port_status(void *user, const struct ofp_msg_port_status *status)
{
    struct lab_port_status *to = &lab.port_status[lab.port_statuses++ % LAB_KEEPS];
    (void)user;
    to->reason = status->reason;
    to->desc = *status->desc;
}

/* --- Beginning and end ------------------------------------------------------------------------ */

static void add_host(int n, uint32_t features)
{
    char name[24];
    snprintf(name, sizeof name, "%d", n);
    sim_link_configure(name, &(struct sim_link_config){.features = features});
    snprintf(name, sizeof name, "link:%d", n);
    ck_assert_int_eq(dp_port_add(lab.dp, name, (uint16_t)n), 0);
    ck_assert_int_eq(watcher_begin(&lab.host[n], name, lab.pool), 0);
}

void lab_begin(const struct dp_config *config, uint32_t features)
{
    static const struct dp_listener listener = {on_packet_in, on_flow_removed, on_port_status};
    struct dp_config defaults;
    dp_defaults(&defaults);
    defaults.id = 1;
    memset(&lab, 0, sizeof lab);
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
    lab.large = pkt_pool_new(8, PKT_LARGE, NULL);
    lab.pool = pkt_pool_new(2048, PKT_SMALL, lab.large);
    lab.dp = dp_new(config ? config : &defaults);
    ck_assert_ptr_nonnull(lab.dp);
    dp_listen(lab.dp, &listener, NULL);
    for (int n = 1; n <= LAB_HOSTS; n++)
        add_host(n, features);
    lab_rest();
    lab_quiet();
}

void lab_end(void)
{
    for (int n = 1; n <= LAB_HOSTS; n++)
        watcher_end(&lab.host[n]);
    dp_free(lab.dp);
    loop_close();
    pkt_pool_free(lab.pool);
    pkt_pool_free(lab.large);
}

/* --- Time ------------------------------------------------------------------------------------- */

/* Nothing in these tests takes a millisecond of itself. */
void lab_rest(void)
{
    lab_pass(NS_PER_MS);
}

void lab_pass(uint64_t ns)
{
    sim_run(loop_now() + ns);
}

void lab_quiet(void)
{
    for (int n = 1; n <= LAB_HOSTS; n++)
        watcher_forget(&lab.host[n]);
    lab.packet_ins = lab.flow_removeds = lab.port_statuses = 0;
}

/* --- Frames ----------------------------------------------------------------------------------- */

void lab_send_pkt(int host, struct pkt *p)
{
    netdev_send(lab.host[host].dev, &p, 1);
}

void lab_send(int host, const struct frame *f)
{
    lab_send_pkt(host, frame_pkt(f, lab.pool));
}

bool lab_got(uint32_t hosts, const struct frame *f)
{
    bool good = true;
    lab_rest();
    for (int n = 1; n <= LAB_HOSTS; n++) {
        const struct watcher *w = &lab.host[n];
        if (w->frames != (hosts >> n & 1) || (w->frames == 1 && !frame_is(f, w->kept[0])))
            good = false;
        watcher_forget(&lab.host[n]);
    }
    return good;
}

/* --- Requests --------------------------------------------------------------------------------- */

struct buf *lab_actions(void)
{
    static uint8_t areas[4][1024];
    static struct buf lists[4];
    static int next;
    int i = next++ % 4;
    lists[i] = buf_of(areas[i], sizeof areas[i]);
    return &lists[i];
}

struct span lab_output(uint16_t port)
{
    struct buf *b = lab_actions();
    ofp_put_output(b, port, UINT16_MAX);
    return span_of(b->data, b->len);
}

bool lab_flow_mod(const struct ofp_msg_flow_mod *mod)
{
    return dp_flow_mod(lab.dp, mod, &lab.fault);
}

void lab_flow(const struct ofp_match *match, uint16_t priority, struct span actions)
{
    const struct ofp_msg_flow_mod mod = {
        .match = match,
        .command = OFPFC_ADD,
        .priority = priority,
        .buffer_id = OFP_NO_BUFFER,
        .out_port = OFPP_NONE,
        .actions = actions,
    };
    ck_assert(lab_flow_mod(&mod));
}

static bool packet_out(const struct ofp_msg_packet_out *out)
{
    return dp_packet_out(lab.dp, out, &lab.fault);
}

bool lab_packet_out(uint16_t in_port, const struct frame *f, struct span actions)
{
    uint8_t area[FRAME_MAX];
    size_t len = frame_write(f, area);
    return packet_out(&(struct ofp_msg_packet_out){.buffer_id = OFP_NO_BUFFER,
                                                   .in_port = in_port,
                                                   .actions = actions,
                                                   .data = span_of(area, len)});
}

bool lab_packet_out_buffer(uint32_t buffer_id, struct span actions)
{
    return packet_out(&(struct ofp_msg_packet_out){
        .buffer_id = buffer_id, .in_port = OFPP_NONE, .actions = actions});
}

bool lab_port_mod(uint16_t port, uint32_t config, uint32_t mask)
{
    struct ofp_msg_port_mod mod = {.port_no = port, .config = config, .mask = mask};
    struct ofp_phy_port desc;
    if (dp_port_desc(lab.dp, port, &desc))
        memcpy(mod.hw_addr, desc.hw_addr, sizeof mod.hw_addr);
    return dp_port_mod(lab.dp, &mod, &lab.fault);
}
