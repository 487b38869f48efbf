/*
 * fuzz_router.c - any frames, one after the other, into a router: what it has its switch do is good
 * OpenFlow, and the packets that it sends have whole headers with right checksums.
 *
 * The input is a list of steps: a byte with the port in its lower two bits, a buffer in the next,
 * and a second of silence in the fourth; two bytes that say how long the frame is; and so much of
 * it. The switch does not tell of ended TTLs if the input's first byte is odd: then all goes
 * through the controller.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/apps/router.h"
#include "openflow/frame.h"
#include "openflow/validate.h"
#include "runtime/checksum.h"
#include "runtime/loop.h"
#include "runtime/sim/sim.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PORTS 4

static struct stream *stream;
static uint32_t config_xid;

static void must(bool true_)
{
    if (!true_)
        abort();
}

/* --- What the router sends -------------------------------------------------------------------- */

static void judge_ip(struct span packet)
{
    const struct hdr_ipv4 *ip = (const struct hdr_ipv4 *)packet.data;
    size_t header;
    must(packet.len >= sizeof *ip && ip->ver_ihl >> 4 == 4);
    header = (size_t)(ip->ver_ihl & 15) * 4;
    must(header >= sizeof *ip && header <= packet.len && be16_get(ip->total_len) == packet.len);
    must(bytes_equal(checksum_fold(checksum_add(0, ip, header)).b, "\xff\xff", 2));
}

/* Frames of its own come from no buffer and no port. */
static void judge_frame(const struct ofp_msg_packet_out *out)
{
    struct span frame = out->data;
    const struct hdr_eth *eth = span_take(&frame, sizeof *eth);
    if (out->buffer_id != OFP_NO_BUFFER || out->in_port != OFPP_NONE)
        return;
    must(eth != NULL && (eth->src[0] & 1) == 0);
    if (be16_get(eth->type) == HDR_ETH_IPV4)
        judge_ip(frame);
    else
        must(be16_get(eth->type) == HDR_ETH_ARP && frame.len == sizeof(struct hdr_arp));
}

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    struct span rest = span_of(bytes, n);
    struct ofp_fault fault;
    struct ofp_msg msg;
    long length;
    (void)user;
    while ((length = ofp_frame(rest)) > 0) {
        struct span message = span_of(span_take(&rest, (size_t)length), (size_t)length);
        must(ofp_validate(message, OFP_AT_SWITCH, &fault));
        ofp_decode(&msg, message);
        if (msg.type == OFPT_PACKET_OUT)
            judge_frame(&msg.packet_out);
        if (msg.type == OFPT_GET_CONFIG_REQUEST)
            config_xid = msg.xid;
    }
    must(length != OFP_FRAME_BROKEN);
    return n - rest.len;
}

static void on_closed(void *user, int error)
{
    (void)user;
    (void)error;
    stream = NULL;
}

static const struct stream_events events = {.data = on_data, .closed = on_closed};

/* --- The switch ------------------------------------------------------------------------------- */

static void pass(uint64_t ns)
{
    sim_run(loop_now() + ns);
}

static void say(const struct ofp_msg *msg)
{
    static uint8_t area[OFP_MAX_MESSAGE];
    struct buf out = buf_of(area, sizeof area);
    must(stream != NULL && ofp_encode(&out, msg) && stream_write(stream, area, out.len) == 0);
    pass(NS_PER_MS);
}

static void join(struct ctl *ctl, uint16_t flags)
{
    struct ofp_phy_port port[PORTS] = {{.port_no = be16_of(0)}};
    struct ofp_msg msg = {.type = OFPT_HELLO};
    struct stream *ends[2];
    must(stream_pair(ends) == 0);
    stream = ends[0];
    stream_own(stream, &events, NULL);
    must(ctl_attach(ctl, ends[1]) == 0);
    say(&msg);
    for (uint16_t i = 0; i < PORTS; i++)
        port[i].port_no = be16_of((uint16_t)(i + 1));
    msg.type = OFPT_FEATURES_REPLY;
    msg.features = (struct ofp_msg_features){.datapath_id = 1, .ports = span_of(port, sizeof port)};
    say(&msg);
    msg = (struct ofp_msg){.type = OFPT_GET_CONFIG_REPLY, .xid = config_xid};
    msg.config.flags = flags;
    say(&msg);
}

static void frame_in(uint8_t kind, struct span frame)
{
    struct ofp_msg msg = {.type = OFPT_PACKET_IN};
    msg.packet_in = (struct ofp_msg_packet_in){
        .buffer_id = kind & 4 ? 1 : OFP_NO_BUFFER,
        .total_len = (uint16_t)frame.len,
        .in_port = (uint16_t)(kind % PORTS + 1),
        .data = frame,
    };
    say(&msg);
}

static void run(struct span input)
{
    const uint8_t *head;
    while ((head = span_take(&input, 3)) != NULL) {
        size_t n = (size_t)head[1] << 8 | head[2];
        if (n > input.len)
            n = input.len;
        if (head[0] & 8)
            pass(NS_PER_S);
        frame_in(head[0], span_of(span_take(&input, n), n));
    }
}

/* --- The controller --------------------------------------------------------------------------- */

static void set_lines(void)
{
    static const char *const line[] = {
        "ip=10.0.1.1/24, port=1",          "ip=10.0.2.1/24, port=2, mtu=68",
        "ip=10.0.3.1/24, port=3, port=4",  "ip=10.0.4.1/30, port=2, vlan=7",
        "route=10.0.9.0/24, via=10.0.2.9", "route=0.0.0.0/0, via=10.0.4.2",
    };
    const struct config_option *row = router_app.options;
    struct config_list *lines;
    while (strcmp(row->name, "router-line") != 0)
        row++;
    lines = row->target;
    for (lines->n = 0; lines->n < sizeof line / sizeof line[0]; lines->n++)
        lines->value[lines->n] = line[lines->n];
}

static void no_log(void *user, enum log_level level, const char *line)
{
    (void)user;
    (void)level;
    (void)line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sim_faults kind;
    struct ctl_config limits;
    struct ctl *ctl;
    if (size == 0)
        return 0;
    sim_start(1, &kind);
    must(loop_open() == 0);
    log_set_sink(no_log, NULL);
    ctl_defaults(&limits);
    limits.echo_limit = limits.echo_interval = 1000000 * NS_PER_S;
    ctl = ctl_new(&limits);
    set_lines();
    must(ctl != NULL && ctl_add_app(ctl, &router_app) == 0);
    join(ctl, data[0] & 1 ? OFPC_FRAG_NORMAL : OFPC_INVALID_TTL_TO_CONTROLLER);
    run(span_of(data + 1, size - 1));
    if (stream != NULL)
        stream_close(stream);
    pass(NS_PER_MS);
    ctl_free(ctl);
    pass(NS_PER_MS);
    loop_close();
    stream_pool_free();
    return 0;
}
