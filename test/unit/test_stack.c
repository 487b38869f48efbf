/*
 * test_stack.c - hosts with Morgana's own TCP/IP on simulated links: addresses, names, connections,
 * devices that come and go, links that lose.
 *
 * The host under test is `us`. Its network is kept by `keeper`, 10.0.0.254/24, on the other end of
 * the link: a DHCP server and a name server over Morgana's own UDP.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/icmp.h"
#include "netstack/ip.h"
#include "runtime/device.h"
#include "runtime/sim/sim.h"
#include "test/unit/dhcp_server.h"
#include "test/unit/stacks.h"
#include <errno.h>
#include <stdio.h>

#define US     0x0a000005u /* what the DHCP server gives */
#define KEEPER 0x0a0000feu
#define LOSE   300000 /* of a million */

static struct stack *us, *keeper;

/* --- The keeper ------------------------------------------------------------------------------ */

static struct {
    struct udp_socket dhcp, dns;
    bool refuses, silent; /* DHCP */
    uint32_t gives, lease;
    unsigned asked[DHCP_RELEASE + 1], queries;
} net;

static void on_dhcp(void *user, const struct udp_from *from, struct span message)
{
    enum dhcp_type type = *client_option(message.data, message.len, DHCP_OPT_TYPE);
    bool offer = type == DHCP_DISCOVER;
    struct server_message m;
    static const uint8_t dns[4] = {10, 0, 0, 254};
    (void)user;
    (void)from;
    net.asked[type]++;
    if (net.silent || (!offer && type != DHCP_REQUEST))
        return;
    server_begin(&m, message.data,
                 offer         ? DHCP_OFFER
                 : net.refuses ? DHCP_NAK
                               : DHCP_ACK,
                 net.gives);
    server_u32(&m, DHCP_OPT_SERVER, KEEPER);
    server_u32(&m, DHCP_OPT_LEASE, net.lease);
    server_u32(&m, DHCP_OPT_MASK, 0xffffff00);
    server_u32(&m, DHCP_OPT_ROUTER, KEEPER);
    server_option(&m, DHCP_OPT_DNS, dns, sizeof dns);
    m.bytes[m.len++] = DHCP_OPT_END;
    udp_broadcast(&net.dhcp, 0, KEEPER, DHCP_CLIENT_PORT, span_of(m.bytes, m.len), loop_now());
    stack_touch(keeper);
}

/* Each name has two addresses, of which nobody has the first; but for those with an n, which are
 * not there. */
static void on_dns(void *user, const struct udp_from *from, struct span question)
{
    static const uint8_t records[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 99,
                                      0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 254};
    uint8_t m[512];
    bool found = question.data[13] != 'n';
    (void)user;
    net.queries++;
    memcpy(m, question.data, question.len);
    m[2] = 0x81;
    m[3] = found ? 0x80 : 0x83;
    m[7] = found ? 2 : 0;
    memcpy(m + question.len, records, sizeof records);
    udp_send(&net.dns, from->src, from->port,
             span_of(m, question.len + (found ? sizeof records : 0)), loop_now());
    stack_touch(keeper);
}

static void start_keeper(void)
{
    net.refuses = net.silent = false;
    net.gives = US;
    net.lease = 3600;
    net.queries = 0;
    memset(net.asked, 0, sizeof net.asked);
    keeper = host_on("link:l", "10.0.0.254/24");
    net.dhcp = (struct udp_socket){.receive = on_dhcp};
    net.dns = (struct udp_socket){.receive = on_dns};
    ck_assert_int_eq(udp_open(stack_ip(keeper), &net.dhcp, DHCP_SERVER_PORT), 0);
    ck_assert_int_eq(udp_open(stack_ip(keeper), &net.dns, 53), 0);
}

/* --- A world --------------------------------------------------------------------------------- */

static void start(uint64_t seed, const struct sim_link_config *link)
{
    static const struct sim_faults none;
    sim_start(seed, &none);
    ck_assert_int_eq(loop_open(), 0);
    sim_link_configure("l", link ? link : &(struct sim_link_config){0});
    start_keeper();
}

static void stop(void)
{
    udp_close(&net.dhcp);
    udp_close(&net.dns);
    stack_free(us);
    stack_free(keeper);
    us = keeper = NULL;
    loop_close();
}

#define UNTIL(condition)                                                                           \
    do {                                                                                           \
        uint64_t limit_ = loop_now() + 600 * NS_PER_S;                                             \
        while (!(condition) && loop_now() < limit_ && sim_run(loop_now() + 10 * NS_PER_MS))        \
            continue;                                                                              \
        ck_assert_msg(condition, "never came: %s\n%s", #condition, sim_log());                     \
    } while (0)

static void wait_s(uint64_t seconds)
{
    sim_run(loop_now() + seconds * NS_PER_S);
}

static uint32_t our_address(void)
{
    return stack_address(us, 0);
}

static void both_ready(void)
{
    UNTIL(our_address() != 0 && stack_address(keeper, 0) != 0);
}

/* --- A connection that says something -------------------------------------------------------- */

static struct {
    struct stream *active, *passive;
    struct listener *listener;
    unsigned opened, closed;
    int error;
    size_t heard, wrong; /* bytes; those that are not of the pattern */
    bool ended;
} talk;

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 2654435761u >> 13);
}

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    (void)user;
    for (size_t i = 0; i < n; i++)
        talk.wrong += bytes[i] != pattern(talk.heard + i);
    talk.heard += n;
    return n;
}

static void on_opened(void *user)
{
    (void)user;
    talk.opened++;
}

static void on_closed(void *user, int error)
{
    (void)user;
    talk.closed++;
    talk.error = error;
    talk.active = NULL;
}

static void passive_closed(void *user, int error)
{
    (void)user;
    talk.ended = error == 0;
    talk.passive = NULL;
}

static const struct stream_events active_events = {
    .opened = on_opened, .data = on_data, .closed = on_closed};
static const struct stream_events passive_events = {.data = on_data, .closed = passive_closed};

static void on_accept(void *user, struct stream *s)
{
    (void)user;
    talk.passive = s;
    stream_own(s, &passive_events, NULL);
}

static void listen_at(struct stack *s, const char *name)
{
    struct endpoint ep;
    ck_assert_int_eq(endpoint_parse(&ep, name, 0), 0);
    ck_assert_int_eq(net_listen(stack_net(s), &ep, on_accept, NULL, &talk.listener), 0);
}

static void connect_to(const char *name)
{
    struct endpoint ep;
    ck_assert_int_eq(endpoint_parse(&ep, name, 0), 0);
    talk.opened = talk.closed = 0;
    talk.heard = talk.wrong = 0;
    talk.ended = false;
    talk.error = 1;
    ck_assert_int_eq(net_connect(stack_net(us), &ep, &active_events, NULL, &talk.active), 0);
}

/* The connection works. */
static void say_something(void)
{
    size_t before = talk.heard;
    ck_assert_int_eq(stream_write(talk.active, "hello", 5), 0);
    UNTIL(talk.heard >= before + 5);
}

static void end_talk(void)
{
    if (talk.active)
        stream_abort(talk.active);
    wait_s(10);
    if (talk.passive)
        stream_abort(talk.passive);
    net_listener_close(talk.listener);
    memset(&talk, 0, sizeof talk);
    wait_s(1);
}

/* --- Addresses ------------------------------------------------------------------------------- */

START_TEST(an_address_by_hand_is_used_after_it_was_probed)
{
    start(1, NULL);
    us = host_on("link:l", "10.0.0.5/24");
    sim_run(3 * NS_PER_S);
    ck_assert_uint_eq(our_address(), 0);
    both_ready();
    ck_assert_uint_le(loop_now(), 8 * NS_PER_S); /* RFC 5227 section 1.1's times together */
    stop();
}
END_TEST

START_TEST(an_address_comes_by_dhcp_whatever_the_link_loses)
{
    const struct sim_link_config lossy = {.lose_per_million = LOSE, .delay_max = NS_PER_MS};
    for (uint64_t seed = 1; seed <= 50; seed++) {
        start(seed, &lossy);
        us = host_on("link:l", NULL);
        both_ready();
        ck_assert_uint_eq(our_address(), US);
        stop();
    }
}
END_TEST

START_TEST(the_same_seed_gives_the_same_run)
{
    const struct sim_link_config lossy = {.lose_per_million = LOSE, .delay_max = NS_PER_MS};
    uint64_t digest[2];
    for (int i = 0; i < 2; i++) {
        start(7, &lossy);
        us = host_on("link:l", NULL);
        wait_s(300);
        digest[i] = sim_digest();
        stop();
    }
    ck_assert_uint_eq(digest[0], digest[1]);
}
END_TEST

START_TEST(a_lease_is_renewed_under_a_connection)
{
    start(1, NULL);
    net.lease = 60;
    us = host_on("link:l", NULL);
    both_ready();
    listen_at(keeper, "ptcp:80");
    connect_to("tcp:10.0.0.254:80");
    UNTIL(talk.opened);
    for (int i = 0; i < 100; i++) {
        wait_s(5);
        say_something();
    }
    ck_assert_uint_ge(net.asked[DHCP_REQUEST], 15);
    ck_assert_uint_eq(net.asked[DHCP_DISCOVER], 1);
    end_talk();
    stop();
}
END_TEST

START_TEST(a_refused_renewal_ends_the_connections_of_the_address)
{
    start(1, NULL);
    net.lease = 60;
    us = host_on("link:l", NULL);
    both_ready();
    listen_at(keeper, "ptcp:80");
    connect_to("tcp:10.0.0.254:80");
    UNTIL(talk.opened);
    net.refuses = true;
    UNTIL(talk.closed);
    ck_assert_int_eq(talk.error, -EADDRNOTAVAIL);
    ck_assert_uint_eq(our_address(), 0);
    net.refuses = false;
    net.gives = US + 1;
    UNTIL(our_address() == US + 1);
    connect_to("tcp:10.0.0.254:80");
    UNTIL(talk.opened);
    say_something();
    end_talk();
    stop();
}
END_TEST

START_TEST(the_lease_is_given_back_when_the_stack_ends)
{
    start(1, NULL);
    us = host_on("link:l", NULL);
    both_ready();
    stack_free(us);
    us = NULL;
    wait_s(1);
    ck_assert_uint_eq(net.asked[DHCP_RELEASE], 1);
    stop();
}
END_TEST

START_TEST(an_address_that_another_host_has_is_not_used)
{
    start(1, NULL);
    us = host_on("link:l", "10.0.0.254/24"); /* both want it: who is first has it */
    wait_s(120);
    ck_assert((our_address() == 0) != (stack_address(keeper, 0) == 0));
    stop();
    start(1, NULL);
    net.gives = KEEPER;
    net.silent = true;
    us = host_on("link:l", NULL);
    UNTIL(stack_address(keeper, 0));
    net.silent = false;
    wait_s(180);
    ck_assert_uint_eq(our_address(), 0);
    ck_assert_uint_ge(net.asked[DHCP_DECLINE], 2);
    net.gives = US;
    both_ready();
    stop();
}
END_TEST

START_TEST(an_address_may_be_used_before_it_was_probed)
{
    start(1, NULL);
    us = host_with(true);
    plug(us, "link:l", "10.0.0.5/24");
    sim_run(NS_PER_MS);
    ck_assert_uint_eq(our_address(), US);
    stop();
    start(1, NULL);
    us = host_with(true);
    plug(us, "link:l", "10.0.0.254/24"); /* both want it: one has it in the end */
    sim_run(NS_PER_MS);
    ck_assert_uint_ne(our_address(), 0);
    wait_s(120);
    ck_assert((our_address() == 0) != (stack_address(keeper, 0) == 0));
    stop();
    start(1, NULL);
    us = host_with(true);
    plug(us, "link:l", NULL);
    UNTIL(our_address());
    ck_assert_uint_le(loop_now(), 3 * NS_PER_S);
    stop();
}
END_TEST

/* --- Names and connections ------------------------------------------------------------------- */

START_TEST(a_connection_by_name_tries_each_address)
{
    start(1, NULL);
    us = host_on("link:l", NULL);
    both_ready();
    listen_at(keeper, "ptcp:80");
    connect_to("tcp:controller.example:80");
    UNTIL(talk.opened || talk.closed);
    ck_assert_uint_eq(talk.opened, 1); /* the first of them is nobody's */
    say_something();
    ck_assert_uint_eq(net.queries, 1);
    stream_abort(talk.active);
    connect_to("tcp:controller.example:80"); /* known by now */
    UNTIL(talk.opened);
    ck_assert_uint_eq(net.queries, 1);
    end_talk();
    stop();
}
END_TEST

START_TEST(what_cannot_be_reached_is_said)
{
    start(1, NULL);
    us = host_on("link:l", NULL);
    both_ready();
    connect_to("tcp:nobody.example:80");
    UNTIL(talk.closed);
    ck_assert_int_eq(talk.error, -ENXIO);
    connect_to("tcp:10.0.0.254:81"); /* nobody listens */
    UNTIL(talk.closed);
    ck_assert_int_eq(talk.error, -ECONNREFUSED);
    connect_to("tcp:10.0.0.99:80"); /* nobody is there */
    UNTIL(talk.closed);
    ck_assert(talk.error == -EHOSTUNREACH || talk.error == -ETIMEDOUT);
    connect_to("tcp:224.0.0.1:80");
    UNTIL(talk.closed);
    ck_assert_int_eq(talk.error, -ENETUNREACH);
    stop();
    start(1, NULL);
    us = host_on("link:other", NULL); /* no address at all */
    connect_to("tcp:10.0.0.254:80");
    UNTIL(talk.closed);
    ck_assert_int_eq(talk.error, -ENETUNREACH);
    connect_to("tcp:nobody.example:80");
    UNTIL(talk.closed);
    ck_assert_int_eq(talk.error, -ENETUNREACH);
    stop();
}
END_TEST

START_TEST(a_connect_before_the_first_address_waits_for_it)
{
    start(1, NULL);
    us = host_on("link:l", "10.0.0.5/24");
    connect_to("tcp:10.0.0.254:81"); /* nobody listens */
    UNTIL(talk.closed);
    ck_assert_int_eq(talk.error, -ECONNREFUSED);
    stop();
    start(1, NULL);
    us = host_on("link:l", "10.0.0.5/24");
    connect_to("tcp:10.0.0.254:81");
    sim_run(NS_PER_S);
    ck_assert(!talk.closed);
    stop(); /* it waits, and nothing is left of it */
}
END_TEST

START_TEST(who_gives_a_connect_up_hears_no_more_of_it)
{
    static const char *const names[] = {"tcp:10.0.0.254:80", "tcp:a.example:80",
                                        "tcp:10.0.0.99:80"};
    start(1, NULL);
    us = host_on("link:l", NULL);
    both_ready();
    for (size_t i = 0; i < 3; i++)
        for (unsigned after = 0; after < 20; after++) {
            connect_to(names[i]);
            sim_run(loop_now() + after * NS_PER_MS);
            if (talk.active)
                stream_abort(talk.active);
            ck_assert_uint_eq(talk.opened, 0);
        }
    wait_s(60);
    stop();
}
END_TEST

START_TEST(listening_is_as_with_the_kernel)
{
    struct listener *l, *other;
    struct endpoint ep;
    static const struct {
        const char *name;
        int error;
    } rows[] = {{"punix:/tmp/x", -EAFNOSUPPORT},
                {"pssl:80", -EAFNOSUPPORT},
                {"ptcp:80:[::1]", -EAFNOSUPPORT},
                {"ptcp:80:localhost", -EINVAL}};
    start(1, NULL);
    us = host_on("link:l", "10.0.0.5/24");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_int_eq(endpoint_parse(&ep, rows[i].name, 0), 0);
        ck_assert_int_eq(net_listen(stack_net(us), &ep, on_accept, NULL, &l), rows[i].error);
    }
    ck_assert_int_eq(endpoint_parse(&ep, "ptcp:80", 0), 0);
    ck_assert_int_eq(net_listen(stack_net(us), &ep, on_accept, NULL, &l), 0);
    ck_assert_str_eq(net_listener_name(l), "ptcp:80");
    ck_assert_int_eq(net_listen(stack_net(us), &ep, on_accept, NULL, &other), -EADDRINUSE);
    net_listener_close(l);
    ck_assert_int_eq(endpoint_parse(&ep, "ptcp:0:10.0.0.5", 0), 0);
    ck_assert_int_eq(net_listen(stack_net(us), &ep, on_accept, NULL, &l), 0);
    ck_assert(strncmp(net_listener_name(l), "ptcp:", 5) == 0);
    ck_assert_ptr_nonnull(strstr(net_listener_name(l), ":10.0.0.5"));
    net_listener_close(l);
    stop();
}
END_TEST

START_TEST(a_peer_has_a_name)
{
    start(1, NULL);
    us = host_on("link:l", NULL);
    both_ready();
    listen_at(keeper, "ptcp:80");
    connect_to("tcp:10.0.0.254:80");
    UNTIL(talk.opened && talk.passive);
    ck_assert_str_eq(talk.active->peer, "tcp:10.0.0.254:80");
    ck_assert(strncmp(talk.passive->peer, "tcp:10.0.0.5:", 13) == 0);
    ck_assert_ptr_nonnull(stack_conn(talk.active));
    end_talk();
    stop();
}
END_TEST

/* --- Devices that come and go ---------------------------------------------------------------- */

START_TEST(a_connection_outlives_a_link_that_goes_down)
{
    start(1, NULL);
    us = host_on("link:l", NULL);
    both_ready();
    listen_at(keeper, "ptcp:80");
    connect_to("tcp:10.0.0.254:80");
    UNTIL(talk.opened);
    for (int i = 0; i < 3; i++) {
        sim_link_set_up("l", false);
        ck_assert_int_eq(stream_write(talk.active, "while down", 10), 0);
        wait_s(5);
        sim_link_set_up("l", true);
        say_something();
    }
    end_talk();
    stop();
}
END_TEST

START_TEST(a_connection_outlives_a_device_that_is_pulled_and_plugged_in_again)
{
    start(1, NULL);
    us = host_on("link:l", "10.0.0.5/24");
    both_ready();
    listen_at(keeper, "ptcp:80");
    connect_to("tcp:10.0.0.254:80");
    UNTIL(talk.opened);
    sim_link_plug("l", false);
    ck_assert_int_eq(stream_write(talk.active, "while away", 10), 0);
    wait_s(5);
    ck_assert_uint_eq(our_address(), 0);
    sim_link_plug("l", true);
    say_something();
    end_talk();
    stop();
}
END_TEST

START_TEST(two_interfaces_reach_two_networks)
{
    struct stack *other;
    start(1, NULL);
    us = host_on("link:l", NULL);
    plug(us, "link:m", "11.0.0.1/24");
    other = host_on("link:m", "11.0.0.2/24");
    both_ready();
    UNTIL(stack_address(us, 1) && stack_address(other, 0));
    for (int i = 0; i < 2; i++) {
        listen_at(i ? other : keeper, "ptcp:80");
        connect_to(i ? "tcp:11.0.0.2:80" : "tcp:10.0.0.254:80");
        UNTIL(talk.opened);
        say_something();
        ck_assert(strstr(talk.passive->peer, i ? "tcp:11.0.0.1:" : "tcp:10.0.0.5:"));
        end_talk();
    }
    stack_free(other);
    stop();
}
END_TEST

START_TEST(super_segments_and_partial_checksums_go_where_the_device_takes_them)
{
    const struct sim_link_config fast = {.delay_min = NS_PER_MS,
                                         .features = NETDEV_TX_CSUM | NETDEV_TX_GSO4 |
                                                     NETDEV_RX_CSUM | NETDEV_RX_GSO};
    static uint8_t bytes[60000];
    start(1, &fast);
    us = host_on("link:l", NULL);
    both_ready();
    listen_at(keeper, "ptcp:80");
    connect_to("tcp:10.0.0.254:80");
    UNTIL(talk.opened);
    for (int i = 0; i < 16; i++)
        ck_assert_int_eq(stream_write(talk.active, bytes, sizeof bytes), 0);
    UNTIL(talk.heard == 16 * sizeof bytes);
    ck_assert_uint_lt(stack_ip(us)->counters.frames_out, 16 * sizeof bytes / 1460);
    end_talk();
    stop();
}
END_TEST

START_TEST(an_echo_in_fragments_comes_back)
{
    static uint8_t bytes[20000];
    start(1, NULL);
    us = host_on("link:l", NULL);
    both_ready();
    ck_assert_int_eq(
        icmp_echo(stack_ip(us), KEEPER, 1, 2, span_of(bytes, sizeof bytes), loop_now()), 0);
    stack_touch(us);
    UNTIL(stack_ip(us)->fragment_counters.datagrams == 1);
    ck_assert_uint_eq(stack_ip(keeper)->counters.echo_requests, 1);
    stop();
}
END_TEST

/* --- Whole lives ----------------------------------------------------------------------------- */

#define BYTES 100000

/* Send all of them and end, while the link goes down now and then. */
static void send_all(void)
{
    static uint8_t bytes[BYTES];
    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = pattern(i);
    for (size_t at = 0; at < BYTES; at += BYTES / 2)
        ck_assert_int_eq(stream_write(talk.active, bytes + at, BYTES / 2), 0);
    stream_finish(talk.active);
    for (int i = 0; i < 3; i++) {
        sim_link_set_up("l", false);
        sim_run(loop_now() + sim_random(300 * NS_PER_MS));
        sim_link_set_up("l", true);
        sim_run(loop_now() + sim_random(500 * NS_PER_MS));
    }
}

START_TEST(a_host_comes_finds_a_name_says_all_and_goes_whatever_its_link_does)
{
    const struct sim_link_config bad = {.delay_min = NS_PER_MS,
                                        .delay_max = 3 * NS_PER_MS,
                                        .lose_per_million = 20000,
                                        .repeat_per_million = 20000,
                                        .reorder_per_million = 20000,
                                        .damage_per_million = 20000};
    for (uint64_t seed = 1; seed <= 200; seed++) {
        start(seed, &bad);
        us = host_on("link:l", NULL);
        both_ready();
        listen_at(keeper, "ptcp:80");
        do {
            connect_to("tcp:keeper.example:80");
            UNTIL(talk.opened || talk.closed);
        } while (talk.closed);
        send_all();
        UNTIL(talk.closed && talk.passive == NULL);
        ck_assert_msg(talk.wrong == 0 && talk.heard == BYTES && talk.ended && talk.error == 0,
                      "seed %u: %zu bytes, %zu wrong, %d", (unsigned)seed, talk.heard, talk.wrong,
                      talk.error);
        end_talk();
        stop();
    }
}
END_TEST

/* --- A device that moves --------------------------------------------------------------------- */

static struct netdev *mobile;
static unsigned announced;

/* An ARP request from an address for the same (RFC 5227 section 1.1). */
static void count_announcements(struct netdev *dev, struct pkt *const *batch, size_t n)
{
    (void)dev;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *frame = batch[i]->data;
        announced += batch[i]->len >= 42 && frame[12] == 0x08 && frame[13] == 0x06 &&
                     memcmp(frame + 28, frame + 38, 4) == 0;
        pkt_unref(batch[i]);
    }
}

static void close_mobile(struct netdev *dev)
{
    ck_assert_ptr_eq(dev, mobile);
}

static int open_mobile(const char *arg, struct pkt_pool *pool, struct netdev **dev)
{
    static const struct netdev_ops ops = {.send = count_announcements, .close = close_mobile};
    (void)arg;
    *dev = mobile = netdev_new(sizeof *mobile, &ops, pool);
    ck_assert_ptr_nonnull(mobile);
    memcpy(mobile->mac, "\x02\0\0\0\0\x05", sizeof mobile->mac);
    mobile->mtu = 1500;
    mobile->link_up = true;
    return 0;
}

START_TEST(who_is_moved_says_where_its_address_is_now)
{
    static struct device_driver driver = {.kind = "mobile", .open = open_mobile};
    start(1, NULL);
    device_register(&driver);
    us = host_on("mobile:0", "10.0.0.7/24");
    sim_run(loop_now() + 60 * NS_PER_S);
    ck_assert_uint_eq(announced, 2);
    netdev_moved(mobile);
    sim_run(loop_now() + 1);
    ck_assert_uint_eq(announced, 3);
    sim_run(loop_now() + 60 * NS_PER_S);
    ck_assert_uint_eq(announced, 4);
    stop();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_address_by_hand_is_used_after_it_was_probed,
        an_address_comes_by_dhcp_whatever_the_link_loses,
        the_same_seed_gives_the_same_run,
        a_lease_is_renewed_under_a_connection,
        a_refused_renewal_ends_the_connections_of_the_address,
        the_lease_is_given_back_when_the_stack_ends,
        an_address_that_another_host_has_is_not_used,
        an_address_may_be_used_before_it_was_probed,
        a_connection_by_name_tries_each_address,
        what_cannot_be_reached_is_said,
        a_connect_before_the_first_address_waits_for_it,
        who_gives_a_connect_up_hears_no_more_of_it,
        listening_is_as_with_the_kernel,
        a_peer_has_a_name,
        a_connection_outlives_a_link_that_goes_down,
        a_connection_outlives_a_device_that_is_pulled_and_plugged_in_again,
        two_interfaces_reach_two_networks,
        super_segments_and_partial_checksums_go_where_the_device_takes_them,
        an_echo_in_fragments_comes_back,
        a_host_comes_finds_a_name_says_all_and_goes_whatever_its_link_does,
        who_is_moved_says_where_its_address_is_now,
        NULL};
    return unit_main(unit_suite("stack", tests));
}
