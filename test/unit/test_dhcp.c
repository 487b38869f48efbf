/*
 * test_dhcp.c - the DHCP client, state by state: RFC 2131; its messages: RFC 2132, RFC 3442.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/dhcp.h"
#include "test/unit/dhcp_server.h"
#include "test/unit/ip_world.h"

#define SERVER HOST(254)
#define LEASE  3600u

static struct ip_world w;
static struct dhcp d;

/* What the client did. */
static struct said {
    uint64_t at;
    uint32_t src, dst;
    size_t len;
    uint8_t bytes[DHCP_MAX];
} said[64];
static size_t n_said;
static unsigned bound, lost, checks;
static uint32_t checked;
static struct dhcp_reply lease;

static void on_send(void *user, uint32_t src, uint32_t dst, struct span message)
{
    struct said *s = &said[n_said++ % 64];
    (void)user;
    *s = (struct said){.at = w.now, .src = src, .dst = dst, .len = message.len};
    memcpy(s->bytes, message.data, message.len);
}

static void on_check(void *user, uint32_t address)
{
    (void)user;
    checks++;
    checked = address;
}

static void on_bound(void *user, const struct dhcp_reply *l)
{
    (void)user;
    bound++;
    lease = *l;
}

static void on_lost(void *user)
{
    (void)user;
    lost++;
}

static const struct dhcp_ops ops = {
    .send = on_send, .check = on_check, .bound = on_bound, .lost = on_lost};
static const uint8_t mac[HDR_ETH_ALEN] = {2, 0, 0, 0, 0, 1};

static const struct said *last(void)
{
    ck_assert_uint_gt(n_said, 0);
    return &said[(n_said - 1) % 64];
}

static uint8_t type_said(void)
{
    return *client_option(last()->bytes, last()->len, DHCP_OPT_TYPE);
}

static uint32_t said_u32(uint8_t code)
{
    return client_u32(last()->bytes, last()->len, code);
}

static void start(void)
{
    n_said = 0;
    bound = lost = checks = 0;
    ip_world_bare(&w, 1);
    dhcp_init(&d, &ops, NULL, &w.ip, "guest");
    dhcp_begin(&d, mac, w.now);
}

static void stop(void)
{
    dhcp_end(&d, w.now);
    ip_world_end(&w);
}

/* Wait until the client has said something. */
static void wait_for_word(void)
{
    size_t before = n_said;
    for (int i = 0; i < 100000 && n_said == before; i++)
        ip_world_wait(&w, NS_PER_S / 10);
    ck_assert_uint_eq(n_said, before + 1);
}

/* An offer or acknowledgment with all that it needs. */
static void good_reply(struct server_message *m, enum dhcp_type type, uint32_t address)
{
    server_begin(m, last()->bytes, type, address);
    server_u32(m, DHCP_OPT_SERVER, SERVER);
    if (type == DHCP_NAK)
        return;
    server_u32(m, DHCP_OPT_LEASE, LEASE);
    server_u32(m, DHCP_OPT_MASK, 0xffffff00);
    server_u32(m, DHCP_OPT_ROUTER, SERVER);
}

static void say(const struct server_message *m)
{
    dhcp_receive(&d, span_of(m->bytes, m->len), w.now);
}

static void server_says(enum dhcp_type type, uint32_t address)
{
    struct server_message m;
    good_reply(&m, type, address);
    say(&m);
}

static void get_lease(void)
{
    wait_for_word();
    server_says(DHCP_OFFER, US);
    server_says(DHCP_ACK, US);
    dhcp_checked(&d, true, w.now);
    ck_assert_int_eq(d.state, DHCP_BOUND);
}

START_TEST(an_address_comes_by_discover_offer_request_and_ack)
{
    const struct dhcp_header *h;
    start();
    wait_for_word();
    h = (const struct dhcp_header *)last()->bytes;
    ck_assert_uint_eq(type_said(), DHCP_DISCOVER);
    ck_assert_uint_ge(last()->len, DHCP_MIN);
    ck_assert_uint_eq(h->op, 1);
    ck_assert_mem_eq(h->chaddr, mac, 6);
    ck_assert_uint_eq(be32_get(h->magic), DHCP_MAGIC);
    ck_assert_uint_eq(last()->dst, 0);
    ck_assert_mem_eq(client_option(last()->bytes, last()->len, DHCP_OPT_HOSTNAME) - 2,
                     "\x0c\5guest", 7);
    ck_assert_mem_eq(client_option(last()->bytes, last()->len, DHCP_OPT_CLIENT) - 1,
                     "\7\1\2\0\0\0\0\1", 8);
    server_says(DHCP_OFFER, US);
    ck_assert_uint_eq(type_said(), DHCP_REQUEST);
    ck_assert_uint_eq(said_u32(DHCP_OPT_ADDRESS), US);
    ck_assert_uint_eq(said_u32(DHCP_OPT_SERVER), SERVER);
    ck_assert_uint_eq(last()->src, 0);
    ck_assert_uint_eq(last()->dst, 0);
    server_says(DHCP_ACK, US);
    ck_assert_uint_eq(checks, 1);
    ck_assert_uint_eq(checked, US);
    ck_assert_uint_eq(bound, 0);
    dhcp_checked(&d, true, w.now);
    ck_assert_uint_eq(bound, 1);
    ck_assert_uint_eq(lease.address, US);
    ck_assert_uint_eq(lease.prefix, 24);
    ck_assert_uint_eq(lease.router, SERVER);
    stop();
}
END_TEST

START_TEST(discovers_are_repeated_ever_more_slowly_with_jitter)
{
    uint64_t before, wait = 4;
    start();
    wait_for_word();
    for (int i = 0; i < 7; i++) {
        before = last()->at;
        wait_for_word();
        ck_assert_uint_eq(type_said(), DHCP_DISCOVER);
        ck_assert_uint_ge(last()->at - before, (wait - 1) * NS_PER_S);
        ck_assert_uint_le(last()->at - before, (wait + 1) * NS_PER_S + NS_PER_S / 10);
        wait = wait < 64 ? 2 * wait : 64;
    }
    stop();
}
END_TEST

START_TEST(requests_that_nobody_answers_end_in_a_new_discover)
{
    start();
    wait_for_word();
    server_says(DHCP_OFFER, US);
    for (int i = 0; i < 3; i++) {
        wait_for_word();
        ck_assert_uint_eq(type_said(), DHCP_REQUEST);
    }
    wait_for_word();
    ck_assert_uint_eq(type_said(), DHCP_DISCOVER);
    stop();
}
END_TEST

START_TEST(an_address_that_somebody_has_is_declined_and_another_asked_for_later)
{
    uint64_t declined;
    start();
    wait_for_word();
    server_says(DHCP_OFFER, US);
    server_says(DHCP_ACK, US);
    dhcp_checked(&d, false, w.now);
    ck_assert_uint_eq(type_said(), DHCP_DECLINE);
    ck_assert_uint_eq(said_u32(DHCP_OPT_ADDRESS), US);
    ck_assert_uint_eq(said_u32(DHCP_OPT_SERVER), SERVER);
    ck_assert_uint_eq(bound, 0);
    declined = w.now;
    wait_for_word();
    ck_assert_uint_eq(type_said(), DHCP_DISCOVER);
    ck_assert_uint_ge(w.now - declined, 10 * NS_PER_S); /* section 3.1.5 */
    stop();
}
END_TEST

START_TEST(a_lease_is_renewed_by_its_server_then_by_any_and_then_lost)
{
    uint64_t start_of_lease;
    start();
    get_lease();
    start_of_lease = w.now;
    wait_for_word(); /* T1: half of it */
    ck_assert_int_eq(d.state, DHCP_RENEWING);
    ck_assert_uint_eq(type_said(), DHCP_REQUEST);
    ck_assert_uint_eq(last()->src, US);
    ck_assert_uint_eq(last()->dst, SERVER);
    ck_assert_ptr_null(client_option(last()->bytes, last()->len, DHCP_OPT_SERVER)); /* table 5 */
    ck_assert_ptr_null(client_option(last()->bytes, last()->len, DHCP_OPT_ADDRESS));
    ck_assert_uint_eq(be32_get(((const struct dhcp_header *)last()->bytes)->ciaddr), US);
    ck_assert_uint_ge(w.now - start_of_lease, LEASE * NS_PER_S / 2 * 15 / 16);
    ck_assert_uint_le(w.now - start_of_lease, LEASE * NS_PER_S / 2 + NS_PER_S);
    while (d.state == DHCP_RENEWING) {
        uint64_t before = last()->at;
        wait_for_word();
        if (d.state == DHCP_RENEWING) /* half of what is left, or 60 s */
            ck_assert_uint_ge(last()->at - before, 60 * NS_PER_S);
    }
    ck_assert_int_eq(d.state, DHCP_REBINDING); /* T2: seven eighths */
    ck_assert_uint_eq(last()->dst, 0);
    ck_assert_uint_ge(w.now - start_of_lease, LEASE * NS_PER_S / 8 * 7);
    ck_assert_uint_eq(lost, 0);
    while (d.state == DHCP_REBINDING)
        ip_world_wait(&w, NS_PER_S / 10);
    ck_assert_uint_eq(lost, 1);
    ck_assert_uint_ge(w.now - start_of_lease, LEASE * NS_PER_S);
    ck_assert_uint_le(w.now - start_of_lease, LEASE * NS_PER_S + NS_PER_S);
    wait_for_word();
    ck_assert_uint_eq(type_said(), DHCP_DISCOVER);
    stop();
}
END_TEST

START_TEST(a_renewed_lease_goes_on_without_a_probe)
{
    start();
    get_lease();
    wait_for_word();
    server_says(DHCP_ACK, US);
    ck_assert_int_eq(d.state, DHCP_BOUND);
    ck_assert_uint_eq(bound, 2);
    ck_assert_uint_eq(checks, 1);
    ck_assert_uint_eq(lost, 0);
    wait_for_word();
    ck_assert_int_eq(d.state, DHCP_RENEWING);
    stop();
}
END_TEST

START_TEST(the_servers_own_times_count_if_they_make_sense)
{
    struct server_message m;
    uint64_t since;
    start();
    wait_for_word();
    server_says(DHCP_OFFER, US);
    good_reply(&m, DHCP_ACK, US);
    server_u32(&m, DHCP_OPT_T1, 100);
    server_u32(&m, DHCP_OPT_T2, 200);
    say(&m);
    dhcp_checked(&d, true, w.now);
    since = w.now;
    wait_for_word();
    ck_assert_uint_ge(w.now - since, 93 * NS_PER_S);
    ck_assert_uint_le(w.now - since, 101 * NS_PER_S);
    good_reply(&m, DHCP_ACK, US);
    server_u32(&m, DHCP_OPT_T1, 200); /* no sense */
    server_u32(&m, DHCP_OPT_T2, 100);
    say(&m);
    since = w.now;
    wait_for_word();
    ck_assert_uint_ge(w.now - since, LEASE * NS_PER_S / 2 * 15 / 16);
    stop();
}
END_TEST

START_TEST(a_nak_ends_the_address_at_once)
{
    start();
    get_lease();
    wait_for_word();
    server_says(DHCP_NAK, 0);
    ck_assert_uint_eq(lost, 1);
    wait_for_word();
    ck_assert_uint_eq(type_said(), DHCP_DISCOVER);
    stop();
}
END_TEST

START_TEST(a_server_that_only_refuses_is_asked_ever_more_slowly)
{
    start();
    for (int i = 0; i < 20; i++) {
        wait_for_word();
        if (type_said() == DHCP_DISCOVER) {
            server_says(DHCP_OFFER, US);
            server_says(DHCP_NAK, 0);
        }
    }
    ck_assert_uint_ge(w.now, 1000 * NS_PER_S + 10 * 80 * NS_PER_S);
    stop();
}
END_TEST

START_TEST(a_link_that_comes_back_asks_whether_the_address_still_holds)
{
    start();
    get_lease();
    dhcp_pause(&d, w.now);
    ip_world_wait(&w, 10 * NS_PER_S);
    ck_assert_uint_eq(lost, 0);
    dhcp_begin(&d, mac, w.now);
    ck_assert_int_eq(d.state, DHCP_REBOOTING);
    ck_assert_uint_eq(type_said(), DHCP_REQUEST);
    ck_assert_uint_eq(said_u32(DHCP_OPT_ADDRESS), US);
    ck_assert_uint_eq(said_u32(DHCP_OPT_SERVER), 0);
    server_says(DHCP_ACK, US);
    ck_assert_int_eq(d.state, DHCP_BOUND);
    dhcp_pause(&d, w.now);
    dhcp_begin(&d, mac, w.now); /* and if nobody answers it is used on (section 3.2) */
    ip_world_wait(&w, 30 * NS_PER_S);
    ck_assert_int_eq(d.state, DHCP_BOUND);
    dhcp_pause(&d, w.now);
    ip_world_wait(&w, (LEASE + 1) * NS_PER_S); /* but not past its end */
    ck_assert_uint_eq(lost, 1);
    stop();
}
END_TEST

START_TEST(the_lease_is_given_back_at_the_end)
{
    start();
    get_lease();
    dhcp_end(&d, w.now);
    ck_assert_uint_eq(type_said(), DHCP_RELEASE);
    ck_assert_uint_eq(last()->dst, SERVER);
    ck_assert_uint_eq(said_u32(DHCP_OPT_SERVER), SERVER);
    ck_assert_uint_eq(be32_get(((const struct dhcp_header *)last()->bytes)->ciaddr), US);
    ip_world_wait(&w, 2 * LEASE * NS_PER_S);
    stop();
    ck_assert_uint_eq(lost, 0);
}
END_TEST

START_TEST(a_lease_for_ever_is_never_renewed)
{
    struct server_message m;
    size_t before;
    start();
    wait_for_word();
    for (enum dhcp_type type = DHCP_OFFER; type == DHCP_OFFER || type == DHCP_ACK;
         type = type == DHCP_OFFER ? DHCP_ACK : DHCP_NAK) {
        server_begin(&m, last()->bytes, type, US);
        server_u32(&m, DHCP_OPT_SERVER, SERVER);
        server_u32(&m, DHCP_OPT_LEASE, DHCP_INFINITE);
        say(&m);
    }
    dhcp_checked(&d, true, w.now);
    before = n_said;
    w.now += 1000000 * NS_PER_S;
    ip_turn(&w.ip, w.now);
    ck_assert_uint_eq(n_said, before);
    ck_assert_int_eq(d.state, DHCP_BOUND);
    ck_assert_uint_eq(lease.prefix, 8); /* without a mask: the class's */
    stop();
}
END_TEST

/* --- Messages that are not to be believed ---------------------------------------------------- */

static void another_transaction(struct server_message *m)
{
    server_header(m)->xid.b[0] ^= 1;
}

static void another_client(struct server_message *m)
{
    server_header(m)->chaddr[5] ^= 1;
}

static void a_request(struct server_message *m)
{
    server_header(m)->op = 1;
}

static void no_magic(struct server_message *m)
{
    server_header(m)->magic.b[3] ^= 1;
}

static void another_network(struct server_message *m)
{
    server_header(m)->htype = 6;
}

static void a_broadcast(struct server_message *m)
{
    server_header(m)->yiaddr = be32_of(HOST(255));
}

static void a_group(struct server_message *m)
{
    server_header(m)->yiaddr = be32_of(0xe0000001);
}

static void nobody(struct server_message *m)
{
    server_header(m)->yiaddr = be32_of(0);
}

static void an_option_past_the_end(struct server_message *m)
{
    m->bytes[m->len++] = 200;
    m->bytes[m->len++] = 100;
    m->bytes[m->len++] = 0;
}

static void cut(struct server_message *m)
{
    m->len -= 3;
}

static void no_options(struct server_message *m)
{
    m->len = sizeof(struct dhcp_header);
}

START_TEST(what_cannot_be_an_offer_to_us_is_ignored)
{
    static void (*const spoils[])(struct server_message * m) = {
        another_transaction,   another_client, a_request, no_magic, another_network,
        a_broadcast,           a_group,        nobody,    cut,      no_options,
        an_option_past_the_end};
    struct server_message m;
    start();
    wait_for_word();
    for (size_t i = 0; i < sizeof spoils / sizeof spoils[0]; i++) {
        good_reply(&m, DHCP_OFFER, US);
        spoils[i](&m);
        say(&m);
        ck_assert_uint_eq(d.counters.ignored, i + 1);
    }
    good_reply(&m, DHCP_OFFER, US);
    for (m.len = 0; m.len < sizeof(struct dhcp_header); m.len++)
        say(&m);
    ck_assert_int_eq(d.state, DHCP_SELECTING);
    stop();
}
END_TEST

START_TEST(an_offer_without_server_or_lease_or_with_a_tiny_one_is_ignored)
{
    struct server_message m;
    start();
    wait_for_word();
    server_begin(&m, last()->bytes, DHCP_OFFER, US);
    say(&m);
    server_u32(&m, DHCP_OPT_SERVER, SERVER);
    say(&m);
    server_u32(&m, DHCP_OPT_LEASE, 1);
    say(&m);
    ck_assert_uint_eq(d.counters.ignored, 3);
    stop();
}
END_TEST

START_TEST(only_the_server_that_was_asked_can_grant_or_refuse)
{
    struct server_message m;
    start();
    wait_for_word();
    server_says(DHCP_ACK, US); /* nothing was asked for yet */
    server_says(DHCP_NAK, 0);
    server_says(DHCP_OFFER, US);
    for (int i = 0; i < 2; i++) {
        server_begin(&m, last()->bytes, i ? DHCP_NAK : DHCP_ACK, US);
        server_u32(&m, DHCP_OPT_SERVER, HOST(66));
        server_u32(&m, DHCP_OPT_LEASE, LEASE);
        server_u32(&m, DHCP_OPT_MASK, 0xffffff00);
        say(&m);
    }
    server_says(DHCP_ACK, HOST(9)); /* another address than the one offered */
    server_says(DHCP_OFFER, HOST(9));
    ck_assert_int_eq(d.state, DHCP_REQUESTING);
    ck_assert_uint_eq(d.counters.ignored, 6);
    server_says(DHCP_ACK, US);
    ck_assert_int_eq(d.state, DHCP_CHECKING);
    stop();
}
END_TEST

/* --- Options --------------------------------------------------------------------------------- */

static struct dhcp_reply read_offer(struct server_message *m)
{
    struct dhcp_reply r;
    ck_assert(dhcp_read(span_of(m->bytes, m->len), &r));
    return r;
}

static void plain_offer(struct server_message *m)
{
    static const struct dhcp_header request = {
        .op = 1, .htype = 1, .hlen = 6, .magic = {{0x63, 0x82, 0x53, 0x63}}};
    server_begin(m, (const uint8_t *)&request, DHCP_OFFER, US);
    server_u32(m, DHCP_OPT_SERVER, SERVER);
    server_u32(m, DHCP_OPT_LEASE, LEASE);
    server_u32(m, DHCP_OPT_MASK, 0xffffff00);
}

START_TEST(options_are_read_and_those_that_make_no_sense_left_out)
{
    static const uint8_t dns[] = {10, 0, 0, 53, 224, 0, 0, 1, 10, 0, 0, 54, 9, 9, 9, 9, 8, 8, 8, 8};
    struct server_message m;
    struct dhcp_reply r;
    be16 mtu = be16_of(1400), tiny = be16_of(100);
    plain_offer(&m);
    server_option(&m, DHCP_OPT_DNS, dns, sizeof dns);
    server_option(&m, DHCP_OPT_MTU, &mtu, 2);
    server_u32(&m, DHCP_OPT_MASK, 0xffff0000); /* again: the first one counts */
    r = read_offer(&m);
    ck_assert_uint_eq(r.n_dns, 3);
    ck_assert_uint_eq(r.dns[0], HOST(53));
    ck_assert_uint_eq(r.dns[1], HOST(54));
    ck_assert_uint_eq(r.mtu, 1400);
    ck_assert_uint_eq(r.prefix, 24);
    plain_offer(&m);
    server_option(&m, DHCP_OPT_MTU, &tiny, 2);
    server_u32(&m, DHCP_OPT_ROUTER, 0x7f000001);
    server_option(&m, DHCP_OPT_DNS, dns, 3);
    r = read_offer(&m);
    ck_assert_uint_eq(r.mtu, 0);
    ck_assert_uint_eq(r.router, 0);
    ck_assert_uint_eq(r.n_dns, 0);
}
END_TEST

START_TEST(classless_routes_are_read_as_a_whole_or_not_at_all)
{
    static const uint8_t routes[] = {0,  10, 0, 0,   254,             /* the default route */
                                     24, 10, 9, 8,   10,  0, 0, 3,    /* 10.9.8/24 */
                                     32, 10, 9, 9,   9,   0, 0, 0, 0, /* a neighbour */
                                     20, 10, 9, 255, 10,  0, 0, 4};   /* bits behind it */
    struct server_message m;
    struct dhcp_reply r;
    plain_offer(&m);
    server_option(&m, DHCP_OPT_ROUTES, routes, sizeof routes);
    r = read_offer(&m);
    ck_assert_uint_eq(r.n_routes, 4);
    ck_assert_uint_eq(r.routes[0].prefix, 0);
    ck_assert_uint_eq(r.routes[0].gateway, HOST(254));
    ck_assert_uint_eq(r.routes[1].network, 0x0a090800);
    ck_assert_uint_eq(r.routes[2].gateway, 0);
    ck_assert_uint_eq(r.routes[3].network, 0x0a09f000);
    for (size_t n = 0; n < sizeof routes; n++) {
        bool whole = n == 0 || n == 5 || n == 13 || n == 22;
        plain_offer(&m);
        server_option(&m, DHCP_OPT_ROUTES, routes, n);
        r = read_offer(&m);
        ck_assert_msg((r.n_routes > 0) == (whole && n > 0), "%zu bytes", n);
    }
    plain_offer(&m);
    server_option(&m, DHCP_OPT_ROUTES, (uint8_t[]){33, 1, 2, 3, 4, 5, 10, 0, 0, 1}, 10);
    ck_assert_uint_eq(read_offer(&m).n_routes, 0);
}
END_TEST

START_TEST(options_lie_in_the_names_fields_too)
{
    struct server_message m;
    struct dhcp_reply r;
    static const uint8_t both = 3, mtu[] = {26, 2, 5, 120, 255}, router[] = {3, 4, 10, 0, 0, 254};
    plain_offer(&m);
    server_option(&m, DHCP_OPT_OVERLOAD, &both, 1);
    memcpy(server_header(&m)->file, mtu, sizeof mtu);
    memcpy(server_header(&m)->sname, router, sizeof router);
    r = read_offer(&m);
    ck_assert_uint_eq(r.mtu, 1400);
    ck_assert_uint_eq(r.router, HOST(254));
    memset(server_header(&m)->sname, 60, 64); /* runs out of its field */
    ck_assert(!dhcp_read(span_of(m.bytes, m.len), &r));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_address_comes_by_discover_offer_request_and_ack,
        discovers_are_repeated_ever_more_slowly_with_jitter,
        requests_that_nobody_answers_end_in_a_new_discover,
        an_address_that_somebody_has_is_declined_and_another_asked_for_later,
        a_lease_is_renewed_by_its_server_then_by_any_and_then_lost,
        a_renewed_lease_goes_on_without_a_probe,
        the_servers_own_times_count_if_they_make_sense,
        a_nak_ends_the_address_at_once,
        a_server_that_only_refuses_is_asked_ever_more_slowly,
        a_link_that_comes_back_asks_whether_the_address_still_holds,
        the_lease_is_given_back_at_the_end,
        a_lease_for_ever_is_never_renewed,
        what_cannot_be_an_offer_to_us_is_ignored,
        an_offer_without_server_or_lease_or_with_a_tiny_one_is_ignored,
        only_the_server_that_was_asked_can_grant_or_refuse,
        options_are_read_and_those_that_make_no_sense_left_out,
        classless_routes_are_read_as_a_whole_or_not_at_all,
        options_lie_in_the_names_fields_too,
        NULL};
    return unit_main(unit_suite("dhcp", tests));
}
