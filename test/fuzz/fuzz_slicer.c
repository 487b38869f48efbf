/*
 * fuzz_slicer.c - whatever a slice's controller may send, through the slicer to a live switch.
 *
 * The switch is ours, with a host at each of its three ports; red has two of them, blue the third.
 * The input is a list of steps (fuzz_world.h): red says something, as OpenFlow or as any bytes, or
 * reads no more, or hangs up; hosts send frames. Whatever comes, the switch is sent good messages
 * only, nothing that red says leaves by blue's port, and blue hears of its own port only.
 *
 * If the first byte of the input is odd there is a second switch, at the end of a cable, and red
 * sees both as one. Then no host gets a packet with a label either.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "openflow/frame.h"
#include "openflow/key.h"
#include "openflow/validate.h"
#include "runtime/loop.h"
#include "runtime/sim/sim.h"
#include "switch/connection.h"
#include "test/fuzz/fuzz_world.h"
#include "test/unit/watcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BLUE_PORT  3
#define CABLE_PORT 4
#define LLDP       0x88cc
#define LABEL      3072 /* the first of the VLANs, of so many: */
#define N_LABELS   16

/* A slice's controller. */
struct peer {
    struct listener *listener;
    struct stream *stream; /* NULL: none */
    bool blue;
};

static struct peer red, blue = {.blue = true};
static struct ctl *ctl;
static struct agent *agent, *far_agent;
static struct dp *far; /* NULL: there is one switch only */
static struct watcher far_host;
static struct pkt_pool *far_pool;

static void must(bool true_, const char *what)
{
    if (true_)
        return;
    fprintf(stderr, "not so: %s\n", what);
    abort();
}

/* --- The slices' controllers ------------------------------------------------------------------ */

/* Blue never says more than hello. */
static void judge_blue(struct span bytes)
{
    struct ofp_msg msg;
    if (bytes.data[1] == OFPT_HELLO || bytes.data[1] == OFPT_ECHO_REQUEST)
        return;
    ofp_decode(&msg, bytes);
    must(msg.type == OFPT_PACKET_IN || msg.type == OFPT_PORT_STATUS, "blue is told of no answers");
    must(msg.type != OFPT_PACKET_IN || msg.packet_in.in_port == BLUE_PORT, "a packet is blue's");
}

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    const struct peer *p = user;
    struct span rest = span_of(bytes, n);
    struct ofp_fault fault;
    long length;
    while ((length = ofp_frame(rest)) > 0) {
        struct span message = span_of(span_take(&rest, (size_t)length), (size_t)length);
        must(ofp_validate(message, OFP_AT_CONTROLLER, &fault), "the slicer sends good messages");
        if (p->blue)
            judge_blue(message);
    }
    must(length != OFP_FRAME_BROKEN, "the slicer sends whole messages");
    return n - rest.len;
}

static void on_closed(void *user, int error)
{
    struct peer *p = user;
    (void)error;
    p->stream = NULL;
}

static const struct stream_events events = {.data = on_data, .closed = on_closed};

static void on_accept(void *user, struct stream *s)
{
    static const uint8_t hello[8] = {OFP_VERSION, OFPT_HELLO, 0, 8};
    struct peer *p = user;
    if (p->stream != NULL)
        stream_abort(p->stream);
    p->stream = s;
    stream_own(s, &events, p);
    stream_write(s, hello, sizeof hello);
}

static void listen_at(struct peer *p, const char *name)
{
    struct endpoint ep;
    must(endpoint_parse(&ep, name, 0) == 0, "the name is one");
    must(net_listen(sim_net(), &ep, on_accept, p, &p->listener) == 0, "it listens");
}

static void hang_up(struct peer *p)
{
    if (p->stream != NULL)
        stream_close(p->stream);
    p->stream = NULL;
}

/* --- Steps ------------------------------------------------------------------------------------ */

/* A message with its length put right; the version is right as a rule. */
static void say(struct span s)
{
    uint8_t message[OFP_MAX_MESSAGE];
    struct ofp_header *h = (void *)message;
    size_t n = s.len < sizeof *h ? sizeof *h : s.len;
    if (n > sizeof message || red.stream == NULL)
        return;
    bytes_zero(message, sizeof *h);
    bytes_copy(message, s.data, s.len);
    if (h->version == 0)
        h->version = OFP_VERSION;
    h->length = be16_of((uint16_t)n);
    stream_write(red.stream, message, n);
}

static void *option(const char *name)
{
    const struct config_option *row = slicer_app.options;
    while (strcmp(row->name, name) != 0)
        row++;
    return row->target;
}

static void set_slices(bool big)
{
    static const char *const lines[2][7] = {
        {"slice red controller=tcp:red:6653 rate=1000 flows=50", "in_port=1", "in_port=2",
         "slice blue controller=tcp:blue:6653", "dpid=1,in_port=3"},
        {"slice red controller=tcp:red:6653 rate=1000 flows=50 big=b16", "dpid=1,in_port=1",
         "dpid=1,in_port=2", "dpid=2", "slice blue controller=tcp:blue:6653", "dpid=1,in_port=3"}};
    struct config_list *list = option("slicer-line");
    for (list->n = 0; lines[big][list->n] != NULL; list->n++)
        list->value[list->n] = lines[big][list->n];
    *(uint64_t *)option("slicer-labels") = N_LABELS;
}

static void step(uint8_t kind, struct span s)
{
    uint8_t first = s.len > 0 ? s.data[0] : 0;
    switch (kind % 8) {
    case 0:
    case 1:
    case 2:
        say(s);
        break;
    case 3:
        if (red.stream != NULL && s.len <= STREAM_RESERVE_MAX)
            stream_write(red.stream, s.data, s.len);
        break;
    case 4:
        fuzz_frame(kind / 8, s);
        break;
    case 5:
        if (red.stream != NULL)
            stream_pause(red.stream, first & 1);
        break;
    case 6:
        hang_up(&red);
        break;
    default:
        fuzz_wait(first);
    }
}

/* Discovery's LLDP goes everywhere. */
static void judge_frame(unsigned host, struct span frame)
{
    struct ofp_key key;
    uint16_t vlan;
    ofp_key_extract(&key, frame, 0);
    vlan = be16_get(key.match.dl_vlan);
    must(host + 1 != BLUE_PORT || (far != NULL && be16_get(key.match.dl_type) == LLDP),
         "nothing leaves by blue's port");
    must(far == NULL || vlan < LABEL || vlan >= LABEL + N_LABELS, "labels stay inside");
}

static void on_far_frame(struct watcher *w, struct pkt *p)
{
    (void)w;
    judge_frame(FUZZ_HOSTS, span_of(p->data, p->len));
}

static void check(void)
{
    must(agent_counters.bad == 0, "the switch is sent good messages");
}

/* --- Beginning and end ------------------------------------------------------------------------ */

static struct agent *attach(struct dp *dp)
{
    struct agent_config config;
    struct agent *new;
    struct stream *ends[2];
    agent_defaults(&config);
    new = agent_new(&config, dp);
    must(stream_pair(ends) == 0, "there is memory");
    agent_attach(new, ends[0]);
    ctl_attach(ctl, ends[1]);
    return new;
}

/* Switch 2, at the end of a cable, with a host. */
static void add_far(void)
{
    struct dp_config config;
    dp_defaults(&config);
    config.id = 2;
    config.max_flows = 400;
    config.n_pkts = 128;
    config.n_large = 2;
    far = dp_new(&config);
    must(dp_port_add(fuzz_dp, "link:cable", CABLE_PORT) == 0 &&
             dp_port_add(far, "link:cable", 1) == 0 && dp_port_add(far, "link:far", 2) == 0,
         "ports can be added");
    far_pool = pkt_pool_new(64, PKT_SMALL, NULL);
    must(watcher_begin(&far_host, "link:far", far_pool) == 0, "there is a host");
    far_host.on_frame = on_far_frame;
    far_agent = attach(far);
}

static void remove_far(void)
{
    far_host.frames = 0; /* nothing was kept */
    watcher_end(&far_host);
    dp_free(far);
    pkt_pool_free(far_pool);
    far = NULL;
}

static void begin(bool big)
{
    struct ctl_config config;
    fuzz_begin();
    fuzz_on_frame = judge_frame;
    listen_at(&red, "ptcp:6653:red");
    listen_at(&blue, "ptcp:6653:blue");
    ctl_defaults(&config);
    ctl = ctl_new(&config);
    ctl_use_net(ctl, sim_net());
    set_slices(big);
    must(!big || ctl_add_app(ctl, &discovery_app) == 0, "discovery begins");
    must(ctl_add_app(ctl, &slicer_app) == 0, "the slicer begins");
    agent = attach(fuzz_dp);
    if (big)
        add_far();
    fuzz_wait(big ? 250 : 1); /* until ports are known to be at the edge */
    must(red.stream != NULL && blue.stream != NULL, "both controllers have the switch");
}

static void end(void)
{
    net_listener_close(red.listener);
    net_listener_close(blue.listener);
    agent_free(agent);
    if (far != NULL)
        agent_free(far_agent);
    ctl_free(ctl);
    hang_up(&red);
    hang_up(&blue);
    fuzz_rest();
    if (far != NULL)
        remove_far();
    fuzz_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin(size > 0 && data[0] & 1);
    fuzz_steps(span_of(data, size), step, check);
    end();
    return 0;
}
