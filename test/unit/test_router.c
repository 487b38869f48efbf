/*
 * test_router.c - the app router: what comes in at a fake switch, and what the router has it do.
 *
 * What the controller sends is written down as a story, an event a line:
 *
 *     out 2 R2>h5 10.0.1.5>10.0.2.5 ttl=63 icmp 8/0      a packet by a packet-out, and its port
 *     out 2 R2>h5 10.0.1.5>10.0.2.5 ttl=63 bytes 0-576+  the first fragment of one
 *     out 2 R2>* arp who 10.0.2.5 says 10.0.2.1          R2: the router's MAC address
 * in 10.0.2.0/24 add MATCH ACTIONS, del MATCH out_port=N, free      flow-mods; an empty packet-out
 * of a buffer
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/apps/router.h"
#include "controller/session.h"
#include "runtime/checksum.h"
#include "test/unit/app_files.h"
#include "test/unit/frames.h"

static const char *const network[] = {
    "dpid=1, ip=10.0.1.1/24, port=1",          "dpid=1, ip=10.0.2.1/24, port=2",
    "dpid=1, ip=10.0.3.1/24, port=3, port=4",  "dpid=1, ip=10.0.4.1/24, port=2, vlan=7",
    "dpid=1, route=10.0.9.0/24, via=10.0.2.9", "dpid=1, route=10.0.9.64/26, via=10.0.1.9",
    "dpid=1, route=10.0.8.0/24, via=10.0.1.9",
};

static struct ctl *ctl;
static struct fake_peer *sw;
static char story[20000];

/* --- The world ------------------------------------------------------------------------------- */

static void *option(const char *name)
{
    return app_option(&router_app, name);
}

static void set_lines(const char *const *line, size_t n)
{
    struct config_list *lines = option("router-line");
    lines->n = n;
    for (size_t i = 0; i < n; i++)
        lines->value[i] = line[i];
}

static void set_up(void)
{
    set_lines(network, sizeof network / sizeof network[0]);
    ctl = fake_world(NULL);
    app_log_begin();
    memset(&router_counters, 0, sizeof router_counters);
    sw = NULL;
}

static void tear_down(void)
{
    if (sw != NULL)
        fake_free(sw);
    fake_world_end(ctl);
}

/* --- The story ------------------------------------------------------------------------------- */

static uint32_t config_xid;

static void put(struct text *t, const char *format, unsigned a, unsigned b)
{
    char line[80];
    snprintf(line, sizeof line, format, a, b);
    text_put(t, line);
}

static void put_mac(struct text *t, const uint8_t *mac)
{
    if (mac[0] == 0xff)
        text_put(t, "*");
    else
        put(t, mac[1] == 0x4d ? "R%u" : "h%u", mac[1] == 0x4d ? mac[4] : mac[5], 0);
}

static void put_arp(struct text *t, const struct hdr_arp *arp)
{
    bool asks = be16_get(arp->opcode) == 1;
    text_put(t, asks ? " arp who " : " arp ");
    text_put_ipv4(t, be32_get(asks ? arp->tpa : arp->spa));
    text_put(t, asks ? " says " : " at ");
    if (asks)
        text_put_ipv4(t, be32_get(arp->spa));
    else
        put_mac(t, arp->sha);
}

static bool sums_up(const void *bytes, size_t n)
{
    return bytes_equal(checksum_fold(checksum_add(0, bytes, n)).b, "\xff\xff", 2);
}

static void put_ip(struct text *t, const struct hdr_ipv4 *ip)
{
    size_t header = (ip->ver_ihl & 15) * 4u, len = be16_get(ip->total_len) - header;
    const struct hdr_icmp *icmp = (const void *)((const uint8_t *)ip + header);
    ck_assert(sums_up(ip, header));
    text_put(t, " ");
    text_put_ipv4(t, be32_get(ip->src));
    text_put(t, ">");
    text_put_ipv4(t, be32_get(ip->dst));
    put(t, " ttl=%u", ip->ttl, 0);
    if (be16_get(ip->frag) & HDR_IP_FRAGMENT) {
        unsigned from = (be16_get(ip->frag) & HDR_IP_OFFSET) * 8u;
        put(t, " bytes %u-%u", from, from + (unsigned)len);
        text_put(t, be16_get(ip->frag) & HDR_IP_MF ? "+" : "");
    }
    if (ip->proto == HDR_IP_ICMP && (be16_get(ip->frag) & HDR_IP_FRAGMENT) == 0) {
        ck_assert(sums_up(icmp, len));
        put(t, " icmp %u/%u", icmp->type, icmp->code);
    }
}

static void put_frame(struct text *t, struct span frame)
{
    const struct hdr_eth *eth = (const void *)frame.data;
    bool tagged = be16_get(eth->type) == HDR_ETH_VLAN;
    const uint8_t *payload = frame.data + sizeof *eth + (tagged ? sizeof(struct hdr_vlan) : 0);
    text_put(t, " ");
    put_mac(t, eth->src);
    text_put(t, ">");
    put_mac(t, eth->dst);
    if (be16_get(eth->type) == HDR_ETH_ARP)
        put_arp(t, (const void *)payload);
    else
        put_ip(t, (const void *)payload);
}

static void put_packet_out(struct text *t, const struct ofp_msg_packet_out *out)
{
    if (out->buffer_id != OFP_NO_BUFFER) {
        ck_assert_uint_eq(out->actions.len, 0);
        text_put(t, "free");
        return;
    }
    text_put(t, "out ");
    ofp_print_actions(t, out->actions);
    put_frame(t, out->data);
}

static void put_flow_mod(struct text *t, const struct ofp_msg_flow_mod *mod)
{
    text_put(t, mod->command == OFPFC_ADD ? "add " : "del ");
    ofp_print_match(t, mod->match,
                    mod->command == OFPFC_ADD ? mod->priority : OFP_DEFAULT_PRIORITY);
    if (mod->command == OFPFC_ADD) {
        text_put(t, " ");
        ofp_print_actions(t, mod->actions);
    } else if (mod->out_port != OFPP_NONE) {
        put(t, " out_port=%u", mod->out_port, 0);
    }
    if (mod->buffer_id != OFP_NO_BUFFER)
        text_put(t, " +packet");
}

static void put_message(struct text *t, const struct ofp_msg *msg)
{
    if (msg->type == OFPT_PACKET_OUT) {
        put_packet_out(t, &msg->packet_out);
    } else if (msg->type == OFPT_FLOW_MOD) {
        put_flow_mod(t, &msg->flow_mod);
    } else if (msg->type == OFPT_SET_CONFIG) {
        put(t, "config flags=%u miss_send_len=%u", msg->config.flags, msg->config.miss_send_len);
    } else {
        ck_assert_uint_eq(msg->type, OFPT_GET_CONFIG_REQUEST);
        config_xid = msg->xid;
        text_put(t, "config?");
    }
    text_put_char(t, '\n');
}

/* All that was sent since the last call. */
static const char *told(void)
{
    struct text t = text_of(story, sizeof story);
    fake_settle();
    while (sw->seen < sw->len) {
        struct ofp_msg msg = fake_expect(sw, sw->in[sw->seen + 1]);
        put_message(&t, &msg);
    }
    ck_assert(text_fits(&t));
    return story;
}

#define ck_told(text) ck_assert_str_eq(told(), text)

static bool was_told(const char *line)
{
    return strstr(told(), line) != NULL;
}

/* --- What comes in --------------------------------------------------------------------------- */

static void answer_config(uint16_t flags)
{
    struct ofp_msg reply = {.type = OFPT_GET_CONFIG_REPLY, .xid = config_xid};
    reply.config = (struct ofp_msg_config){.flags = flags, .miss_send_len = UINT16_MAX};
    fake_send(sw, &reply);
}

static void begin_with(uint16_t flags)
{
    ck_assert_int_eq(ctl_add_app(ctl, &router_app), 0);
    sw = fake_joined(ctl, 1, 4);
    told();
    answer_config(flags);
    ck_told("");
}

/* A router whose switch can forward by itself. */
static void begin(void)
{
    begin_with(OFPC_INVALID_TTL_TO_CONTROLLER);
}

static void bytes_in(uint16_t port, const uint8_t *bytes, size_t n, bool buffered)
{
    struct ofp_msg msg = {.type = OFPT_PACKET_IN};
    msg.packet_in = (struct ofp_msg_packet_in){
        .buffer_id = buffered ? FAKE_BUFFER : OFP_NO_BUFFER,
        .total_len = (uint16_t)n,
        .in_port = port,
        .data = span_of(bytes, n),
    };
    fake_send(sw, &msg);
}

static void frame_in(uint16_t port, const struct frame *f)
{
    uint8_t bytes[FRAME_MAX];
    bytes_in(port, bytes, frame_write(f, bytes), false);
}

#define NET(n) (0x0a000000u | (n) << 8) /* 10.0.n.0 */

/* A ping from host 5 of a network, to the router's MAC address there. */
static struct frame ping(unsigned net, uint32_t dst)
{
    return (struct frame){
        .src = {2, 0, 0, 0, 0, 5},
        .dst = {2, 0x4d, 10, 0, (uint8_t)net, 1},
        .type = HDR_ETH_IPV4,
        .ttl = 64,
        .proto = HDR_IP_ICMP,
        .tp_src = 8,
        .nw_src = NET(net) | 5,
        .nw_dst = dst,
        .payload = 32,
        .tagged = net == 4,
        .tci = net == 4 ? 7 : 0,
    };
}

static void ping_in(uint16_t port, unsigned net, uint32_t dst)
{
    struct frame f = ping(net, dst);
    frame_in(port, &f);
}

/* ARP from a host of this number, whose MAC address is 02::MAC. */
static void arp_in(uint16_t port, unsigned opcode, uint32_t sender, uint8_t mac, uint32_t target,
                   uint16_t vlan)
{
    struct frame link = {.type = 0,
                         .src = {2, 0, 0, 0, 0, mac},
                         .dst = {255, 255, 255, 255, 255, 255},
                         .tagged = vlan != 0,
                         .tci = vlan};
    const struct hdr_arp arp = {
        .hardware = be16_of(1),
        .protocol = be16_of(HDR_ETH_IPV4),
        .hardware_len = 6,
        .protocol_len = 4,
        .opcode = be16_of((uint16_t)opcode),
        .sha = {2, 0, 0, 0, 0, mac},
        .spa = be32_of(sender),
        .tpa = be32_of(target),
    };
    uint8_t bytes[FRAME_MAX];
    size_t n;
    link.type = HDR_ETH_ARP;
    n = frame_write(&link, bytes) - sizeof arp;
    memcpy(bytes + n, &arp, sizeof arp);
    bytes_in(port, bytes, n + sizeof arp, false);
}

enum { ASKS = 1, ANSWERS = 2 };

/* Host 5 of networks 1 and 2 is known to be at ports 1 and 2. */
static void meet(void)
{
    arp_in(1, ASKS, NET(1) | 5, 5, NET(1) | 1, 0);
    arp_in(2, ASKS, NET(2) | 5, 6, NET(2) | 1, 0);
    told();
}

/* --- The steps (forwarding.h) ----------------------------------------------------------------- */

START_TEST(of_routes_the_longest_prefix_that_is_usable_is_found)
{
    const struct forward_route routes[] = {
        {.network = 0, .prefix = 0, .usable = true},
        {.network = NET(1), .prefix = 24, .usable = true},
        {.network = NET(0), .prefix = 16, .usable = true},
        {.network = NET(1) | 64, .prefix = 26, .usable = false},
        {.network = NET(1) | 5, .prefix = 32, .usable = true},
    };
    ck_assert_ptr_eq(forward_find_route(routes, 5, NET(1) | 5), &routes[4]);
    ck_assert_ptr_eq(forward_find_route(routes, 5, NET(1) | 65), &routes[1]);
    ck_assert_ptr_eq(forward_find_route(routes, 5, NET(7)), &routes[2]);
    ck_assert_ptr_eq(forward_find_route(routes, 5, 0x0b000001), &routes[0]);
    ck_assert_ptr_null(forward_find_route(routes + 1, 4, 0x0b000001));
}
END_TEST

START_TEST(an_error_quotes_as_much_as_576_bytes_have_room_for)
{
    uint8_t about[1000], message[FORWARD_ERROR_MAX];
    for (size_t i = 0; i < sizeof about; i++)
        about[i] = (uint8_t)(i * 7);
    ck_assert_uint_eq(forward_write_error(message, 3, 1, be32_of(0x01020304), span_of(about, 30)),
                      38);
    ck_assert_mem_eq(message + 4, "\1\2\3\4", 4);
    ck_assert_mem_eq(message + 8, about, 30);
    ck_assert(sums_up(message, 38));
    ck_assert_uint_eq(forward_write_error(message, 3, 1, be32_of(0), span_of(about, 1000)), 556);
    ck_assert_mem_eq(message + 8, about, 548);
    ck_assert(sums_up(message, 556));
}
END_TEST

/* --- Joining --------------------------------------------------------------------------------- */

START_TEST(a_switch_that_joins_is_told_to_sort_what_comes_in)
{
    ck_assert_int_eq(ctl_add_app(ctl, &router_app), 0);
    sw = fake_joined(ctl, 1, 4);
    told();
    ck_assert_ptr_nonnull(strstr(story, "config flags=4 miss_send_len=65535\nconfig?\n"));
    ck_assert_ptr_nonnull(
        strstr(story, "del in_port=1,vlan_tci=0x0000\n"
                      "add priority=32769,in_port=1,vlan_tci=0x0000 drop\n"
                      "add priority=32770,arp,in_port=1,vlan_tci=0x0000 CONTROLLER:65535\n"
                      "add priority=32771,ip,in_port=1,vlan_tci=0x0000,"
                      "dl_dst=02:4d:0a:00:01:01 CONTROLLER:65535\n"
                      "add priority=32773,ip,in_port=1,vlan_tci=0x0000,"
                      "dl_dst=02:4d:0a:00:01:01,nw_src=0.0.0.0/8 drop\n"));
    ck_assert_ptr_nonnull(strstr(story, "nw_src=127.0.0.0/8 drop\n"));
    ck_assert_ptr_nonnull(strstr(story, "nw_src=224.0.0.0/3 drop\n"));
    /* Hosts at two ports of one network hear each other. */
    ck_assert_ptr_nonnull(strstr(
        story, "add priority=32769,in_port=3,vlan_tci=0x0000 output:4\n"
               "add priority=32770,arp,in_port=3,vlan_tci=0x0000 output:4,CONTROLLER:65535\n"));
    ck_assert_ptr_nonnull(strstr(story, "add priority=32769,in_port=2,dl_vlan=7 drop\n"));
}
END_TEST

START_TEST(a_datapath_without_interfaces_is_no_router)
{
    ck_assert_int_eq(ctl_add_app(ctl, &router_app), 0);
    sw = fake_joined(ctl, 2, 4);
    ck_told("");
    ping_in(1, 1, NET(2) | 5);
    ck_told("");
    ck_assert_uint_eq(ctl_counters.unconsumed, 1);
}
END_TEST

START_TEST(what_comes_in_by_no_interface_is_for_other_apps)
{
    struct frame f = ping(1, NET(2) | 5);
    begin();
    f.tagged = true;
    f.tci = 9;
    frame_in(1, &f);
    ck_told("");
    ck_assert_uint_eq(ctl_counters.unconsumed, 1);
}
END_TEST

/* --- ARP ------------------------------------------------------------------------------------- */

START_TEST(arp_is_answered_for_the_address_of_that_interface_only)
{
    begin();
    arp_in(1, ASKS, NET(1) | 5, 5, NET(1) | 1, 0);
    ck_told("out output:1 R1>h5 arp 10.0.1.1 at R1\n");
    arp_in(4, ASKS, NET(3) | 5, 5, NET(3) | 1, 0);
    ck_told("out output:4 R3>h5 arp 10.0.3.1 at R3\n");
    arp_in(2, ASKS, NET(4) | 5, 5, NET(4) | 1, 7);
    ck_told("out mod_vlan_vid:7,output:2 R4>h5 arp 10.0.4.1 at R4\n");
    arp_in(1, ASKS, 0, 5, NET(1) | 1, 0); /* RFC 5227: a probe */
    ck_told("out output:1 R1>h5 arp 10.0.1.1 at R1\n");
    arp_in(1, ASKS, NET(1) | 5, 5, NET(2) | 1, 0);
    arp_in(1, ASKS, NET(1) | 5, 5, NET(1) | 6, 0);
    ck_told("");
}
END_TEST

START_TEST(who_lies_about_its_address_is_not_believed)
{
    begin();
    arp_in(1, ASKS, NET(1) | 1, 5, NET(1) | 1, 0); /* ours */
    ck_assert_uint_eq(router_counters.arp_conflicts, 1);
    arp_in(1, ASKS, NET(2) | 5, 5, NET(1) | 1, 0); /* another network's */
    arp_in(1, ANSWERS, NET(1) | 7, 7, NET(1) | 1, 0);
    told();
    ping_in(2, 2, NET(1) | 5);
    ck_told("out output:1 R1>* arp who 10.0.1.5 says 10.0.1.1\n");
}
END_TEST

START_TEST(arp_that_is_not_of_ethernet_and_ipv4_is_counted_and_dropped)
{
    struct frame f = {.type = HDR_ETH_ARP,
                      .dst = {255, 255, 255, 255, 255, 255},
                      .nw_src = NET(1) | 5,
                      .nw_dst = NET(1) | 1};
    uint8_t bytes[FRAME_MAX];
    size_t n = frame_write(&f, bytes);
    begin();
    bytes[14] = 9;
    bytes_in(1, bytes, n, false);
    bytes[14] = 0;
    bytes[22] = 1; /* the sender is a group */
    bytes_in(1, bytes, n, false);
    bytes[22] = 2;
    bytes_in(1, bytes, n - 1, false);
    ck_told("");
    ck_assert_uint_eq(router_counters.arp_bad, 3);
    bytes_in(1, bytes, n, false);
    ck_told("out output:1 R1>h170 arp 10.0.1.1 at R1\n");
}
END_TEST

/* --- Forwarding ------------------------------------------------------------------------------ */

START_TEST(a_packet_waits_for_its_neighbour_and_those_behind_it_take_a_flow)
{
    begin();
    ping_in(1, 1, NET(2) | 5);
    ck_told("out output:2 R2>* arp who 10.0.2.5 says 10.0.2.1\n");
    ping_in(1, 1, NET(2) | 5);
    ck_told("");
    arp_in(2, ANSWERS, NET(2) | 5, 6, NET(2) | 1, 0);
    ck_told("out output:2 R2>h6 10.0.1.5>10.0.2.5 ttl=63 icmp 8/0\n"
            "out output:2 R2>h6 10.0.1.5>10.0.2.5 ttl=63 icmp 8/0\n");
    ping_in(1, 1, NET(2) | 5);
    ck_told("add priority=32772,ip,in_port=1,vlan_tci=0x0000,dl_dst=02:4d:0a:00:01:01,"
            "nw_dst=10.0.2.5 dec_ttl,mod_dl_src:02:4d:0a:00:02:01,mod_dl_dst:02:00:00:00:00:06,"
            "output:2\n"
            "out dec_ttl,mod_dl_src:02:4d:0a:00:02:01,mod_dl_dst:02:00:00:00:00:06,output:2 "
            "h5>R1 10.0.1.5>10.0.2.5 ttl=64 icmp 8/0\n");
}
END_TEST

START_TEST(a_gateway_is_asked_for_and_the_longest_prefix_wins)
{
    begin();
    ping_in(1, 1, NET(9) | 5);
    ck_told("out output:2 R2>* arp who 10.0.2.9 says 10.0.2.1\n");
    ping_in(2, 2, NET(9) | 70);
    ck_told("out output:1 R1>* arp who 10.0.1.9 says 10.0.1.1\n");
    arp_in(2, ANSWERS, NET(2) | 9, 9, NET(2) | 1, 0);
    ck_told("out output:2 R2>h9 10.0.1.5>10.0.9.5 ttl=63 icmp 8/0\n");
}
END_TEST

START_TEST(a_switch_that_does_not_tell_of_ended_ttls_forwards_nothing_by_itself)
{
    begin_with(OFPC_FRAG_NORMAL);
    ck_assert_ptr_nonnull(strstr(logged, "forwarded by the controller"));
    meet();
    ping_in(1, 1, NET(2) | 5);
    ck_told("out output:2 R2>h6 10.0.1.5>10.0.2.5 ttl=63 icmp 8/0\n");
    ck_assert_uint_eq(router_counters.flows, 0);
}
END_TEST

START_TEST(a_switch_that_refuses_dec_ttl_forwards_nothing_by_itself)
{
    struct ofp_msg error = {.type = OFPT_ERROR, .xid = 99};
    error.error = (struct ofp_msg_error){.type = OFPET_BAD_ACTION, .code = OFPBAC_BAD_VENDOR};
    begin();
    meet();
    ping_in(1, 1, NET(2) | 5);
    ck_assert(was_told("add priority=32772"));
    fake_send(sw, &error);
    ping_in(1, 1, NET(2) | 5);
    ck_told("out output:2 R2>h6 10.0.1.5>10.0.2.5 ttl=63 icmp 8/0\n");
}
END_TEST

START_TEST(what_lay_in_the_switchs_buffer_leaves_it)
{
    struct frame f = ping(1, NET(2) | 5);
    uint8_t bytes[FRAME_MAX];
    size_t n = frame_write(&f, bytes);
    begin();
    bytes_in(1, bytes, n, true);
    ck_told("out output:2 R2>* arp who 10.0.2.5 says 10.0.2.1\nfree\n");
    meet();
    bytes_in(1, bytes, n, true);
    ck_assert(was_told("output:2 +packet\n"));
    ck_assert_ptr_null(strstr(story, "free"));
}
END_TEST

START_TEST(a_packet_that_the_switch_has_cut_goes_by_a_flow_or_not_at_all)
{
    struct frame f = ping(1, NET(2) | 5);
    uint8_t bytes[FRAME_MAX];
    struct ofp_msg msg = {.type = OFPT_PACKET_IN};
    size_t n = frame_write(&f, bytes);
    msg.packet_in = (struct ofp_msg_packet_in){.buffer_id = FAKE_BUFFER,
                                               .total_len = (uint16_t)n,
                                               .in_port = 1,
                                               .data = span_of(bytes, n - 10)};
    begin();
    fake_send(sw, &msg);
    ck_told("free\n");
    ck_assert_uint_eq(router_counters.dropped, 1);
    meet();
    fake_send(sw, &msg);
    ck_assert(was_told("output:2 +packet\n"));
}
END_TEST

START_TEST(a_router_on_a_stick_sends_back_by_the_port_that_a_packet_came_by)
{
    begin();
    arp_in(2, ASKS, NET(2) | 5, 6, NET(2) | 1, 0);
    arp_in(2, ASKS, NET(4) | 5, 8, NET(4) | 1, 7);
    told();
    ping_in(2, 2, NET(4) | 5);
    ck_assert(was_told("mod_dl_dst:02:00:00:00:00:08,mod_vlan_vid:7,IN_PORT\n"));
    ping_in(2, 4, NET(2) | 5);
    ck_assert(was_told("mod_dl_dst:02:00:00:00:00:06,strip_vlan,IN_PORT\n"));
}
END_TEST

START_TEST(who_could_send_there_itself_is_told_so)
{
    begin();
    meet();
    ping_in(1, 1, NET(8) | 5); /* by 10.0.1.9 */
    ck_told("out output:1 R1>h5 10.0.1.1>10.0.1.5 ttl=64 icmp 5/1\n"
            "out output:1 R1>* arp who 10.0.1.9 says 10.0.1.1\n");
}
END_TEST

/* --- MTUs ------------------------------------------------------------------------------------- */

static void begin_narrow(void)
{
    static const char *const narrow[] = {"ip=10.0.1.1/24, port=1",
                                         "ip=10.0.2.1/24, port=2, mtu=600"};
    set_lines(narrow, 2);
    begin();
    meet();
}

/* A ping from network 1 to 2 with so many bytes behind its IP header. */
static void long_ping_in(uint16_t bytes_of_it, uint16_t frag)
{
    struct frame f = ping(1, NET(2) | 5);
    uint8_t bytes[FRAME_MAX];
    struct hdr_ipv4 *ip = (struct hdr_ipv4 *)(bytes + sizeof(struct hdr_eth));
    size_t n;
    f.payload = (uint16_t)(bytes_of_it - sizeof(struct hdr_icmp));
    n = frame_write(&f, bytes);
    ip->frag = be16_of(frag);
    ip->checksum = be16_of(0);
    ip->checksum = checksum_finish(checksum_add(0, ip, sizeof *ip));
    bytes_in(1, bytes, n, false);
}

START_TEST(into_a_network_with_a_smaller_mtu_the_controller_forwards)
{
    begin_narrow();
    long_ping_in(580, HDR_IP_DF);
    ck_told("out output:2 R2>h6 10.0.1.5>10.0.2.5 ttl=63 icmp 8/0\n");
    ping_in(2, 2, NET(1) | 5); /* what comes from there is never too long */
    ck_assert(was_told("add priority=32772"));
}
END_TEST

/* RFC 791 section 3.2. */
START_TEST(a_packet_that_is_too_long_leaves_in_fragments)
{
    begin_narrow();
    long_ping_in(1208, 0);
    ck_told("out output:2 R2>h6 10.0.1.5>10.0.2.5 ttl=63 bytes 0-576+\n"
            "out output:2 R2>h6 10.0.1.5>10.0.2.5 ttl=63 bytes 576-1152+\n"
            "out output:2 R2>h6 10.0.1.5>10.0.2.5 ttl=63 bytes 1152-1208\n");
    long_ping_in(608, HDR_IP_MF | 10); /* is one already */
    ck_told("out output:2 R2>h6 10.0.1.5>10.0.2.5 ttl=63 bytes 80-656+\n"
            "out output:2 R2>h6 10.0.1.5>10.0.2.5 ttl=63 bytes 656-688+\n");
    ck_assert_uint_eq(router_counters.cut, 2);
}
END_TEST

/* RFC 1191 section 4. */
START_TEST(the_sender_of_a_packet_that_may_not_be_cut_is_told_how_long_it_may_be)
{
    const struct hdr_icmp *icmp;
    begin_narrow();
    long_ping_in(581, HDR_IP_DF);
    ck_told("out output:1 R1>h5 10.0.1.1>10.0.1.5 ttl=64 icmp 3/4\n");
    icmp = (const void *)(sw->in + sw->len - (576 - sizeof(struct hdr_ipv4)));
    ck_assert_uint_eq(be16_get(icmp->u.unreachable.next_mtu), 600);
    ck_assert_uint_eq(be16_get(icmp->u.unreachable.unused), 0);
    ck_assert_uint_eq(router_counters.too_long, 1);
}
END_TEST

/* --- Neighbours ------------------------------------------------------------------------------ */

START_TEST(who_does_not_answer_is_asked_three_times_and_the_sender_told)
{
    begin();
    meet();
    ping_in(1, 1, NET(2) | 66);
    for (int i = 0; i < 3; i++) {
        ck_told("out output:2 R2>* arp who 10.0.2.66 says 10.0.2.1\n");
        fake_wait(NS_PER_S);
    }
    ck_told("out output:1 R1>h5 10.0.1.1>10.0.1.5 ttl=64 icmp 3/1\n");
    fake_wait(5 * NS_PER_S);
    ck_told("");
}
END_TEST

START_TEST(so_many_packets_wait_and_no_more)
{
    begin();
    meet();
    for (int i = 0; i < NEIGHBOUR_WAITING + 5; i++)
        ping_in(1, 1, NET(2) | 66);
    told();
    arp_in(2, ANSWERS, NET(2) | 66, 66, NET(2) | 1, 0);
    told();
    for (int i = 0; i < NEIGHBOUR_WAITING; i++) {
        char *line = strstr(story, "ttl=63");
        ck_assert_ptr_nonnull(line);
        *line = '-';
    }
    ck_assert_ptr_null(strstr(story, "ttl=63"));
}
END_TEST

START_TEST(a_scan_does_not_fill_the_table)
{
    *(uint64_t *)option("router-neighbours") = 8;
    begin();
    *(uint64_t *)option("router-neighbours") = 4096;
    for (unsigned i = 50; i < 60; i++)
        ping_in(1, 1, NET(2) | i);
    told();
    ck_assert_uint_eq(router_counters.asked, 4);
    ck_assert_uint_eq(router_counters.neighbours_refused, 6);
    meet();
    ping_in(1, 1, NET(2) | 5);
    ck_assert(was_told("mod_dl_dst:02:00:00:00:00:06,output:2"));
}
END_TEST

START_TEST(a_silent_neighbour_is_asked_again_and_forgotten_with_its_flows)
{
    *(uint64_t *)option("router-age") = 5 * NS_PER_S;
    begin();
    *(uint64_t *)option("router-age") = 60 * NS_PER_S;
    meet();
    fake_wait(5 * NS_PER_S);
    told();
    ck_assert_ptr_nonnull(strstr(story, "out output:1 R1>h5 arp who 10.0.1.5 says 10.0.1.1\n"));
    ck_assert_ptr_nonnull(strstr(story, "out output:2 R2>h6 arp who 10.0.2.5 says 10.0.2.1\n"));
    arp_in(1, ANSWERS, NET(1) | 5, 5, NET(1) | 1, 0);
    fake_wait(4 * NS_PER_S);
    ck_assert(was_told("del ip,dl_dst=02:4d:0a:00:01:01 out_port=2\n"));
    ck_assert_ptr_null(strstr(story, "out_port=1\n"));
    ping_in(1, 1, NET(2) | 5);
    ck_told("out output:2 R2>* arp who 10.0.2.5 says 10.0.2.1\n");
}
END_TEST

START_TEST(a_neighbour_that_moves_takes_its_flows_along)
{
    begin();
    arp_in(3, ASKS, NET(3) | 5, 5, NET(3) | 1, 0);
    told();
    arp_in(3, ASKS, NET(3) | 5, 5, NET(3) | 1, 0);
    ck_told("out output:3 R3>h5 arp 10.0.3.1 at R3\n");
    arp_in(4, ASKS, NET(3) | 5, 5, NET(3) | 99, 0); /* RFC 826: whatever it says */
    ck_assert(was_told("del ip,dl_dst=02:4d:0a:00:01:01 out_port=3\n"));
    ping_in(1, 1, NET(3) | 5);
    ck_assert(was_told("mod_dl_dst:02:00:00:00:00:05,output:4\n"));
}
END_TEST

static void port_is(uint16_t port, bool up)
{
    struct ofp_phy_port desc;
    struct ofp_msg msg = {.type = OFPT_PORT_STATUS};
    fake_port(&desc, port, 0, up ? 0 : OFPPS_LINK_DOWN);
    msg.port_status = (struct ofp_msg_port_status){.reason = OFPPR_MODIFY, .desc = &desc};
    fake_send(sw, &msg);
}

START_TEST(a_network_behind_a_port_that_is_down_is_not_there)
{
    begin();
    meet();
    port_is(2, false);
    ck_assert(was_told("out_port=2\n"));
    ping_in(1, 1, NET(2) | 5);
    ck_told("out output:1 R1>h5 10.0.1.1>10.0.1.5 ttl=64 icmp 3/0\n");
    ping_in(1, 1, NET(9) | 5); /* its gateway is there, too */
    ck_told("out output:1 R1>h5 10.0.1.1>10.0.1.5 ttl=64 icmp 3/0\n");
    port_is(2, true);
    ping_in(1, 1, NET(2) | 5);
    ck_told("out output:2 R2>* arp who 10.0.2.5 says 10.0.2.1\n");
}
END_TEST

/* --- For the router, and errors --------------------------------------------------------------- */

START_TEST(the_router_answers_pings_of_each_of_its_addresses)
{
    struct frame f = ping(1, NET(3) | 1);
    begin();
    meet();
    ping_in(1, 1, NET(1) | 1);
    ck_told("out output:1 R1>h5 10.0.1.1>10.0.1.5 ttl=64 icmp 0/0\n");
    f.payload = 1000;
    frame_in(1, &f);
    ck_told("out output:1 R1>h5 10.0.3.1>10.0.1.5 ttl=64 icmp 0/0\n");
    f.ttl = 1; /* it is not forwarded */
    frame_in(1, &f);
    ck_told("out output:1 R1>h5 10.0.3.1>10.0.1.5 ttl=64 icmp 0/0\n");
}
END_TEST

START_TEST(an_echo_with_a_bad_checksum_or_in_fragments_is_not_answered)
{
    struct frame f = ping(1, NET(1) | 1);
    uint8_t bytes[FRAME_MAX];
    size_t n = frame_write(&f, bytes);
    begin();
    meet();
    bytes[n - 1]++;
    bytes_in(1, bytes, n, false);
    f.part = FRAME_FIRST;
    f.payload = 200;
    frame_in(1, &f);
    ck_told("");
    ck_assert_uint_eq(router_counters.bad_header, 1);
    ck_assert_uint_eq(router_counters.fragments_for_us, 1);
}
END_TEST

static const struct {
    const char *what;
    unsigned net; /* where it comes from */
    uint32_t dst;
    uint8_t ttl, proto;
    const char *answer; /* ICMP's type and code */
} complaints[] = {
    {"RFC 1812 5.2.7.1: no route", 1, 0xc0a80101, 64, HDR_IP_UDP, "3/0"},
    {"RFC 1812 5.3.1: the TTL ends", 1, NET(2) | 5, 1, HDR_IP_UDP, "11/0"},
    {"RFC 1812 5.3.1: it has ended", 1, NET(2) | 5, 0, HDR_IP_TCP, "11/0"},
    {"RFC 1122 3.2.2.1: no such port", 1, NET(1) | 1, 64, HDR_IP_UDP, "3/3"},
    {"RFC 1122 3.2.2.1: no such protocol", 1, NET(2) | 1, 64, HDR_IP_TCP, "3/2"},
};

START_TEST(the_sender_is_told_what_became_of_its_packet)
{
    struct frame f = ping(complaints[_i].net, complaints[_i].dst);
    char line[100];
    begin();
    meet();
    f.ttl = complaints[_i].ttl;
    f.proto = complaints[_i].proto;
    frame_in(1, &f);
    snprintf(line, sizeof line, "out output:1 R1>h5 10.0.1.1>10.0.1.5 ttl=64 icmp %s\n",
             complaints[_i].answer);
    ck_told(line);
}
END_TEST

START_TEST(errors_have_a_rate)
{
    unsigned n = 0;
    begin();
    meet();
    for (int i = 0; i < 30; i++)
        ping_in(1, 1, 0xc0a80101);
    told();
    for (const char *at = story; (at = strstr(at, "icmp 3/0")) != NULL; at++)
        n++;
    ck_assert_uint_ge(n, 10);
    ck_assert_uint_le(n, 14); /* the test takes some milliseconds */
    ck_assert_uint_eq(router_counters.errors_withheld, 30 - n);
    fake_wait(NS_PER_S);
    ping_in(1, 1, 0xc0a80101);
    ck_told("out output:1 R1>h5 10.0.1.1>10.0.1.5 ttl=64 icmp 3/0\n");
}
END_TEST

/* RFC 1812 section 4.3.2.7. */
static void be_icmp_error(struct frame *f)
{
    f->tp_src = 3;
}
static void be_unknown_icmp(struct frame *f)
{
    f->tp_src = 44;
}
static void be_a_later_fragment(struct frame *f)
{
    f->part = FRAME_LAST;
    f->payload = 200;
    f->proto = HDR_IP_UDP;
}
static void be_from_the_broadcast(struct frame *f)
{
    f->nw_src = NET(1) | 255;
}
static void be_from_loopback(struct frame *f)
{
    f->nw_src = 0x7f000001;
}
static void be_from_a_group(struct frame *f)
{
    f->nw_src = 0xe0000001;
}
static void be_from_us(struct frame *f)
{
    f->nw_src = NET(1) | 1;
}
static void be_to_all_on_the_link(struct frame *f)
{
    memset(f->dst, 0xff, 6);
}
static void be_to_the_broadcast(struct frame *f)
{
    f->nw_dst = NET(2) | 255;
}
static void be_to_everybody(struct frame *f)
{
    f->nw_dst = UINT32_MAX;
}
static void be_to_a_group(struct frame *f)
{
    f->nw_dst = 0xe0000005;
}
static void be_to_loopback(struct frame *f)
{
    f->nw_dst = 0x7f000001;
}
static void be_to_nowhere(struct frame *f)
{
    f->nw_dst = 0;
}

static void (*const hushed[])(struct frame *f) = {
    be_icmp_error,       be_unknown_icmp, be_a_later_fragment, be_from_the_broadcast,
    be_from_loopback,    be_from_a_group, be_from_us,          be_to_all_on_the_link,
    be_to_the_broadcast, be_to_everybody, be_to_a_group,       be_to_loopback,
    be_to_nowhere,
};

START_TEST(about_some_packets_nothing_is_said_and_they_go_nowhere)
{
    struct frame f = ping(1, 0xc0a80101); /* to which there is no route */
    begin();
    meet();
    hushed[_i](&f);
    frame_in(1, &f);
    ck_told("");
}
END_TEST

/* --- Judging --------------------------------------------------------------------------------- */

/* A byte of the IP header is made this, and the checksum right again. */
static const struct {
    const char *what;
    size_t at;
    uint8_t is;
} bad_headers[] = {
    {"RFC 1812 5.2.2 (3): not version 4", 0, 0x65},
    {"(4): a header of less than 20 bytes", 0, 0x44},
    {"(4): a header beyond the packet", 0, 0x4f},
    {"(5): shorter than its header", 3, 19},
    {"(1): longer than the frame", 2, 0xff},
};

static void mend_checksum(uint8_t *ip)
{
    be16 sum;
    memset(ip + 10, 0, 2);
    sum = checksum_finish(checksum_add(0, ip, (ip[0] & 15) * 4u));
    memcpy(ip + 10, &sum, 2);
}

START_TEST(a_header_that_is_wrong_ends_the_packet_in_silence)
{
    struct frame f = ping(1, NET(2) | 5);
    uint8_t bytes[FRAME_MAX];
    size_t n;
    f.payload = 4;
    f.proto = HDR_IP_UDP;
    n = frame_write(&f, bytes);
    begin();
    bytes[14 + bad_headers[_i].at] = bad_headers[_i].is;
    mend_checksum(bytes + 14);
    bytes_in(1, bytes, n, false);
    ck_told("");
    ck_assert_uint_eq(router_counters.bad_header, 1);
}
END_TEST

START_TEST(a_wrong_checksum_and_a_frame_that_is_cut_end_the_packet)
{
    struct frame f = ping(1, NET(2) | 5);
    uint8_t bytes[FRAME_MAX];
    size_t n = frame_write(&f, bytes);
    begin();
    for (size_t i = 14; i < n; i++)
        bytes_in(1, bytes, i, false);
    bytes[14 + 8]++;
    bytes_in(1, bytes, n, false);
    ck_told("");
}
END_TEST

static const struct {
    const uint8_t option[4];
    const char *answer; /* NULL: it is forwarded */
    uint8_t pointer;
} ip_options[] = {
    {{1, 1, 1, 0}, NULL, 0},    {{7, 3, 4, 0}, NULL, 0},    {{131, 3, 4, 0}, "3/5", 0},
    {{1, 137, 3, 4}, "3/5", 0}, {{7, 1, 0, 0}, "12/0", 20}, {{1, 7, 9, 0}, "12/0", 21},
    {{1, 1, 1, 7}, "12/0", 23},
};

START_TEST(options_are_well_formed_and_no_source_routes)
{
    struct frame f = ping(1, NET(2) | 5);
    uint8_t bytes[FRAME_MAX];
    char line[100];
    size_t n;
    f.options = 1;
    n = frame_write(&f, bytes);
    memcpy(bytes + 34, ip_options[_i].option, 4);
    mend_checksum(bytes + 14);
    begin_with(OFPC_FRAG_NORMAL);
    meet();
    bytes_in(1, bytes, n, false);
    if (ip_options[_i].answer == NULL) {
        ck_told("out output:2 R2>h6 10.0.1.5>10.0.2.5 ttl=63 icmp 8/0\n");
        return;
    }
    snprintf(line, sizeof line, "out output:1 R1>h5 10.0.1.1>10.0.1.5 ttl=64 icmp %s\n",
             ip_options[_i].answer);
    ck_told(line);
    ck_assert_uint_eq(sw->in[sw->len - (20 + 8 + 24 + 40) + 24], ip_options[_i].pointer);
}
END_TEST

/* --- The file, and what an operator asks -------------------------------------------------------
 */

static const struct {
    const char *line[3];
    const char *said;
} bad_lines[] = {
    {{"ip=10.0.1.1, port=1"}, "\"ip=10.0.1.1\": wants an address and its prefix"},
    {{"ip=10.0.1.0/24, port=1"}, "no host of this network"},
    {{"ip=10.0.1.255/24, port=1"}, "no host of this network"},
    {{"ip=127.0.0.1/8, port=1"}, "no host of this network"},
    {{"ip=10.0.1.1/24"}, "an interface wants ip= and port="},
    {{"ip=10.0.1.1/24, port=0"}, "wants a port of a switch"},
    {{"ip=10.0.1.1/24, port=FLOOD"}, "wants a port of a switch"},
    {{"ip=10.0.1.1/24, port=1, vlan=4095"}, "wants a VLAN: 1 to 4094"},
    {{"ip=10.0.1.1/24, port=1, mac=01:00:00:00:00:01"}, "wants the MAC address of a host"},
    {{"ip=10.0.1.1/24, port=1, mtu=67"}, "\"mtu=67\": wants the longest packet"},
    {{"ip=10.0.1.1/24, port=1, mtu=65536"}, "wants the longest packet: 68 to 65535"},
    {{"ip=10.0.1.1/24, port=1, metric=2"}, "\"metric=2\": is not one of ip, port"},
    {{"route=10.0.2.0/24, via=10.0.1.2, mtu=900"}, "a route wants route= and via="},
    {{"ip=10.0.1.1/24, port=1, via=10.0.1.2"}, "an interface wants"},
    {{"port=1"}, "a line is an interface (ip=, port=) or a route (route=, via=)"},
    {{"route=10.0.2.0/24"}, "a route wants route= and via="},
    {{"route=10.0.2.1/24, via=10.0.1.2"}, "has bits behind its prefix"},
    {{"route=10.0.2.0/33, via=10.0.1.2"}, "wants a network"},
    {{"route=10.0.2.0/24, via=224.0.0.1"}, "wants the address of a gateway"},
    {{"dpid=zz, ip=10.0.1.1/24, port=1"}, "dpid= wants 1 to 16 hexadecimal digits"},
    {{"ip=10.0.1.1/24, port=1", "ip=10.0.2.1/24, port=1"}, "at the same port and VLAN as"},
    {{"ip=10.0.1.1/24, port=1", "ip=10.0.1.2/25, port=2"}, "has addresses of the network of"},
    {{"ip=10.0.1.1/24, port=1", "route=10.0.9.0/24, via=10.0.2.2"}, "the gateway is no neighbour"},
    {{"ip=10.0.1.1/24, port=1", "route=10.0.9.0/24, via=10.0.1.1"}, "the gateway is no neighbour"},
    {{"ip=10.0.1.1/24, port=1", "route=10.0.9.0/24, via=10.0.1.2",
      "route=10.0.9.0/24, via=10.0.1.3"},
     "has a route to this network already"},
};

START_TEST(a_line_that_is_wrong_is_said_and_ends_the_program)
{
    size_t n = 0;
    while (n < 3 && bad_lines[_i].line[n] != NULL)
        n++;
    set_lines(bad_lines[_i].line, n);
    ck_assert_int_lt(ctl_add_app(ctl, &router_app), 0);
    ck_assert_msg(strstr(logged, bad_lines[_i].said) != NULL, "not said: %s", logged);
}
END_TEST

START_TEST(a_reload_keeps_what_has_not_changed)
{
    const char *const same[] = {"# in other lines", "ip=10.0.1.1/24,port=1",
                                "ip=10.0.2.1/24, port=2"};
    const char *const more[] = {"ip=10.0.3.1/24, port=3", "ip=10.0.1.1/24, port=1",
                                "ip=10.0.2.1/24, port=2", "route=10.0.9.0/24, via=10.0.2.5"};
    set_lines(same + 1, 2);
    begin();
    meet();
    set_lines(same, 3);
    ctl_reload(ctl);
    ck_told("");
    set_lines(more, 4);
    ctl_reload(ctl);
    ck_assert(was_told("del ip,dl_dst=02:4d:0a:00:01:01 out_port=2\n"));
    ck_assert_ptr_null(strstr(story, "in_port=1"));
    ck_assert_ptr_null(strstr(story, "in_port=2"));
    ck_assert_ptr_nonnull(strstr(story, "add priority=32771,ip,in_port=3"));
    ping_in(1, 1, NET(9) | 5); /* its gateway is known still */
    ck_assert(was_told("add priority=32772"));
}
END_TEST

START_TEST(a_reload_ends_what_is_not_there_any_more_and_a_bad_one_changes_nothing)
{
    const char *const less[] = {"ip=10.0.1.1/24, port=1, mac=02:4d:00:00:01:07", "# nothing", ""};
    const char *const bad[] = {"ip=10.0.1.1/24"};
    begin();
    meet();
    set_lines(bad, 1);
    ctl_reload(ctl);
    ck_told("");
    ping_in(1, 1, NET(2) | 5);
    ck_assert(was_told("add priority=32772"));
    set_lines(less, 3);
    ctl_reload(ctl);
    ck_assert(was_told("del in_port=2,vlan_tci=0x0000\n"));
    ping_in(2, 2, NET(1) | 5);
    ck_told("");
    ck_assert_uint_eq(ctl_counters.unconsumed, 1);
    arp_in(1, ASKS, NET(1) | 5, 5, NET(1) | 1, 0);
    ck_told("out output:1 R1>h5 arp 10.0.1.1 at R1\n");
}
END_TEST

START_TEST(two_routers_know_their_own_networks_and_neighbours)
{
    const char *const two[] = {"dpid=1, ip=10.0.1.1/24, port=1", "dpid=2, ip=10.0.1.2/24, port=1",
                               "dpid=2, ip=10.0.2.1/24, port=2"};
    struct fake_peer *first;
    set_lines(two, 3);
    begin();
    meet();
    first = sw;
    sw = fake_joined(ctl, 2, 4);
    told();
    ping_in(2, 2, NET(1) | 5);
    ck_told("out output:1 R1>* arp who 10.0.1.5 says 10.0.1.2\n");
    fake_free(first);
    ck_told("");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("router");
    TCase *c = tcase_create("router");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, of_routes_the_longest_prefix_that_is_usable_is_found);
    tcase_add_test(c, an_error_quotes_as_much_as_576_bytes_have_room_for);
    tcase_add_test(c, a_switch_that_joins_is_told_to_sort_what_comes_in);
    tcase_add_test(c, a_datapath_without_interfaces_is_no_router);
    tcase_add_test(c, what_comes_in_by_no_interface_is_for_other_apps);
    tcase_add_test(c, arp_is_answered_for_the_address_of_that_interface_only);
    tcase_add_test(c, who_lies_about_its_address_is_not_believed);
    tcase_add_test(c, arp_that_is_not_of_ethernet_and_ipv4_is_counted_and_dropped);
    tcase_add_test(c, a_packet_waits_for_its_neighbour_and_those_behind_it_take_a_flow);
    tcase_add_test(c, a_gateway_is_asked_for_and_the_longest_prefix_wins);
    tcase_add_test(c, a_switch_that_does_not_tell_of_ended_ttls_forwards_nothing_by_itself);
    tcase_add_test(c, a_switch_that_refuses_dec_ttl_forwards_nothing_by_itself);
    tcase_add_test(c, what_lay_in_the_switchs_buffer_leaves_it);
    tcase_add_test(c, a_packet_that_the_switch_has_cut_goes_by_a_flow_or_not_at_all);
    tcase_add_test(c, a_router_on_a_stick_sends_back_by_the_port_that_a_packet_came_by);
    tcase_add_test(c, who_could_send_there_itself_is_told_so);
    tcase_add_test(c, who_does_not_answer_is_asked_three_times_and_the_sender_told);
    tcase_add_test(c, so_many_packets_wait_and_no_more);
    tcase_add_test(c, a_scan_does_not_fill_the_table);
    tcase_add_test(c, a_silent_neighbour_is_asked_again_and_forgotten_with_its_flows);
    tcase_add_test(c, a_neighbour_that_moves_takes_its_flows_along);
    tcase_add_test(c, a_network_behind_a_port_that_is_down_is_not_there);
    tcase_add_test(c, the_router_answers_pings_of_each_of_its_addresses);
    tcase_add_test(c, an_echo_with_a_bad_checksum_or_in_fragments_is_not_answered);
    tcase_add_loop_test(c, the_sender_is_told_what_became_of_its_packet, 0,
                        sizeof complaints / sizeof complaints[0]);
    tcase_add_test(c, errors_have_a_rate);
    tcase_add_loop_test(c, about_some_packets_nothing_is_said_and_they_go_nowhere, 0,
                        sizeof hushed / sizeof hushed[0]);
    tcase_add_loop_test(c, a_header_that_is_wrong_ends_the_packet_in_silence, 0,
                        sizeof bad_headers / sizeof bad_headers[0]);
    tcase_add_test(c, a_wrong_checksum_and_a_frame_that_is_cut_end_the_packet);
    tcase_add_loop_test(c, options_are_well_formed_and_no_source_routes, 0,
                        sizeof ip_options / sizeof ip_options[0]);
    tcase_add_loop_test(c, a_line_that_is_wrong_is_said_and_ends_the_program, 0,
                        sizeof bad_lines / sizeof bad_lines[0]);
    tcase_add_test(c, a_reload_keeps_what_has_not_changed);
    tcase_add_test(c, a_reload_ends_what_is_not_there_any_more_and_a_bad_one_changes_nothing);
    tcase_add_test(c, into_a_network_with_a_smaller_mtu_the_controller_forwards);
    tcase_add_test(c, a_packet_that_is_too_long_leaves_in_fragments);
    tcase_add_test(c, the_sender_of_a_packet_that_may_not_be_cut_is_told_how_long_it_may_be);
    tcase_add_test(c, two_routers_know_their_own_networks_and_neighbours);
    return unit_main(s);
}
