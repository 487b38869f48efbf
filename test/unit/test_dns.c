/*
 * test_dns.c - the resolver: RFC 1035, and what RFC 5452 asks against forgers.
 *
 * The server is the neighbour 53.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/dns.h"
#include "test/unit/ip_world.h"
#include <errno.h>
#include <stdio.h>

#define SERVER HOST(53)

static struct ip_world w;
static struct dns dns;
static struct dns_query q;
static struct test_frame f;
static unsigned done;
static int done_error;
static struct dns_result result;

static void on_done(void *user, int error, const struct dns_result *r)
{
    (void)user;
    done++;
    done_error = error;
    if (error == 0)
        result = *r;
}

static void start(unsigned servers)
{
    static const uint32_t addresses[] = {SERVER, HOST(54), HOST(55)};
    done = 0;
    ip_world_start(&w);
    for (uint32_t n = 53; n < 56; n++)
        meet(&w, n);
    dns_init(&dns, &w.ip);
    dns_set_servers(&dns, addresses, servers);
}

static void stop(void)
{
    dns_cancel(&q);
    ck_assert_uint_eq(dns.n_queries, 0);
    ck_assert_uint_eq(w.ip.udp.n, 0);
    ip_world_end(&w);
}

static void ask(const char *name)
{
    ck_assert_int_eq(dns_ask(&dns, &q, name, on_done, NULL, w.now), 0);
}

/* --- The server's half ----------------------------------------------------------------------- */

/* The question that was sent last. */
static struct asked {
    uint32_t server;
    uint16_t port, id;
    size_t len; /* of the question */
    uint8_t question[300];
} asked;

static void hear(void)
{
    const struct hdr_ipv4 *h;
    const struct hdr_udp *u;
    size_t i = w.n_sent;
    do
        ck_assert_uint_gt(i--, 0);
    while (w.sent[i]->data[13] != (HDR_ETH_IPV4 & 0xff)); /* ARP's are none */
    h = sent_ip(&w, i);
    u = (const struct hdr_udp *)(h + 1);
    ck_assert_uint_eq(h->proto, HDR_IP_UDP);
    ck_assert_uint_eq(be16_get(u->dst), 53);
    asked.server = be32_get(h->dst);
    asked.port = be16_get(u->src);
    asked.id = be16_get(*(const be16 *)(u + 1));
    asked.len = be16_get(u->len) - 8u - 12;
    memcpy(asked.question, (const uint8_t *)(u + 1) + 12, asked.len);
}

/* Let time pass until the next question, or the end; the servers are there but say nothing. */
static void wait_for_question(void)
{
    uint64_t before = dns.counters.sent;
    for (uint32_t n = 53; n < 56; n++)
        meet(&w, n);
    while (dns.counters.sent == before && done == 0)
        ip_world_wait(&w, NS_PER_S / 10);
}

static struct {
    size_t len;
    uint8_t bytes[1500];
} m;

static void put(const void *bytes, size_t n)
{
    memcpy(m.bytes + m.len, bytes, n);
    m.len += n;
}

/* Begin an answer to it with `n` records; `flags` besides QR and RA. */
static void answer(uint16_t flags, unsigned n)
{
    const uint8_t head[12] = {(uint8_t)(asked.id >> 8),
                              (uint8_t)asked.id,
                              (uint8_t)(0x81 | flags >> 8),
                              (uint8_t)(0x80 | flags),
                              0,
                              1,
                              0,
                              (uint8_t)n};
    m.len = 0;
    put(head, sizeof head);
    put(asked.question, asked.len);
}

/* A record of the name at `owner` (a pointer); its data. */
static void record(uint16_t owner, uint8_t type, uint32_t ttl, const void *data, size_t n)
{
    const uint8_t head[12] = {(uint8_t)(0xc0 | owner >> 8),
                              (uint8_t)owner,
                              0,
                              type,
                              0,
                              1,
                              (uint8_t)(ttl >> 24),
                              (uint8_t)(ttl >> 16),
                              (uint8_t)(ttl >> 8),
                              (uint8_t)ttl,
                              (uint8_t)(n >> 8),
                              (uint8_t)n};
    put(head, sizeof head);
    put(data, n);
}

static const uint8_t address_1[] = {192, 0, 2, 1}, address_2[] = {192, 0, 2, 2};

static void arrive_from(uint32_t server, uint16_t port)
{
    frame_udp(&f, port, asked.port, m.bytes, m.len);
    frame_ip(&f)->src = be32_of(server);
    frame_sum_ip(&f);
    frame_come(&w, &f, 0);
}

static void arrive(void)
{
    arrive_from(asked.server, 53);
}

/* --- Tests ----------------------------------------------------------------------------------- */

START_TEST(a_name_becomes_its_addresses)
{
    static const uint8_t question[] = "\3www\7example\3org\0\0\1\0";
    start(1);
    ask("www.example.org");
    hear();
    ck_assert_uint_eq(asked.len, sizeof question);
    ck_assert_mem_eq(asked.question, question, sizeof question - 1);
    answer(0, 2);
    record(12, 1, 60, address_1, 4);
    record(12, 1, 60, address_2, 4);
    arrive();
    ck_assert_uint_eq(done, 1);
    ck_assert_int_eq(done_error, 0);
    ck_assert_uint_eq(result.n, 2);
    ck_assert_uint_eq(result.addresses[0], 0xc0000201);
    ck_assert_uint_eq(result.addresses[1], 0xc0000202);
    stop();
}
END_TEST

START_TEST(what_was_learned_is_known_as_long_as_it_says)
{
    struct dns_result known;
    start(1);
    ask("a.b");
    hear();
    answer(0, 1);
    record(12, 1, 60, address_1, 4);
    arrive();
    ck_assert(dns_look_up(&dns, "a.b", &known, w.now + 59 * NS_PER_S));
    ck_assert_uint_eq(known.addresses[0], 0xc0000201);
    ck_assert(!dns_look_up(&dns, "a.b", &known, w.now + 61 * NS_PER_S));
    ck_assert(!dns_look_up(&dns, "b.a", &known, w.now));
    for (int i = 0; i < 3 * DNS_CACHE; i++) { /* bounded */
        char name[16];
        snprintf(name, sizeof name, "n%d.b", i);
        ask(name);
        hear();
        answer(0, 1);
        record(12, 1, 100, address_1, 4);
        arrive();
        ip_world_forget(&w);
        ck_assert(dns_look_up(&dns, name, &known, w.now));
    }
    ck_assert(dns_look_up(&dns, "localhost", &known, w.now));
    ck_assert_uint_eq(known.addresses[0], ADDRESS_LOOPBACK);
    stop();
}
END_TEST

START_TEST(aliases_are_followed_in_whatever_order_they_come)
{
    static const uint8_t c1[] = {1, 'x', 0}, c2[] = {1, 'y', 0};
    start(1);
    ask("a.b");
    hear();
    answer(0, 3); /* owners by name, for pointers cannot lead forwards */
    put((uint8_t[]){1, 'x', 0, 0, 5, 0, 1, 0, 0, 0, 50, 0, 3}, 13);
    put(c2, 3);
    put((uint8_t[]){1, 'y', 0, 0, 1, 0, 1, 0, 0, 0, 70, 0, 4}, 13);
    put(address_2, 4);
    record(12, 5, 40, c1, 3); /* a.b is x */
    arrive();
    ck_assert_uint_eq(done, 1);
    ck_assert_int_eq(done_error, 0);
    ck_assert_uint_eq(result.addresses[0], 0xc0000202);
    ck_assert(!dns_look_up(&dns, "a.b", &result, w.now + 41 * NS_PER_S)); /* the least of them */
    stop();
}
END_TEST

START_TEST(an_alias_without_address_is_asked_for_and_a_ring_of_them_ends)
{
    static const uint8_t c1[] = {1, 'x', 0};
    start(1);
    ask("a.b");
    for (int i = 0; i < 20 && done == 0; i++) {
        const uint8_t next[] = {2, 'x', (uint8_t)('a' + i), 0};
        hear();
        ip_world_forget(&w);
        answer(0, 1);
        record(12, 5, 40, next, 4);
        arrive();
    }
    ck_assert_uint_eq(done, 1);
    ck_assert_int_eq(done_error, -ENXIO);
    ask("a.b");
    hear();
    answer(0, 1);
    record(12, 5, 40, c1, 3);
    arrive();
    hear();
    ck_assert_mem_eq(asked.question, c1, 3);
    answer(0, 1);
    record(12, 1, 40, address_1, 4);
    arrive();
    ck_assert_int_eq(done_error, 0);
    ck_assert_uint_eq(result.addresses[0], 0xc0000201);
    stop();
}
END_TEST

START_TEST(a_name_that_is_not_there_is_an_error_at_once)
{
    start(2);
    ask("a.b");
    hear();
    answer(3, 0);
    arrive();
    ck_assert_uint_eq(done, 1);
    ck_assert_int_eq(done_error, -ENXIO);
    ask("a.b");
    hear();
    answer(0, 0); /* no address of it */
    arrive();
    ck_assert_uint_eq(done, 2);
    ck_assert_int_eq(done_error, -ENXIO);
    stop();
}
END_TEST

START_TEST(servers_are_asked_in_turn_three_times_round)
{
    start(3);
    ask("a.b");
    for (unsigned i = 0; i < 9; i++) {
        ck_assert_uint_eq(dns.counters.sent, i + 1);
        hear();
        ck_assert_uint_eq(asked.server, HOST(53 + i % 3));
        wait_for_question();
    }
    ck_assert_uint_eq(done, 1);
    ck_assert_int_eq(done_error, -ETIMEDOUT);
    stop();
}
END_TEST

START_TEST(a_server_that_fails_or_has_no_port_is_left_for_the_next)
{
    uint8_t quoted[28] = {0x45};
    start(3);
    ask("a.b");
    hear();
    answer(2, 0); /* SERVFAIL */
    arrive();
    hear();
    ck_assert_uint_eq(asked.server, HOST(54));
    memcpy(quoted, sent_ip(&w, w.n_sent - 1), 28);
    frame_icmp(&f, ICMP_UNREACHABLE, ICMP_PORT_UNREACHABLE, 0, quoted, 28);
    frame_come(&w, &f, 0);
    hear();
    ck_assert_uint_eq(asked.server, HOST(55));
    answer(0, 1);
    record(12, 1, 60, address_1, 4);
    arrive();
    ck_assert_int_eq(done_error, 0);
    stop();
}
END_TEST

START_TEST(each_question_has_a_new_id_and_port)
{
    uint16_t ids[9], ports[9];
    unsigned same = 0;
    start(3);
    ask("a.b");
    for (unsigned i = 0; i < 9; i++) {
        hear();
        ids[i] = asked.id;
        ports[i] = asked.port;
        ck_assert_uint_ge(asked.port, 49152);
        wait_for_question();
        for (unsigned k = 0; k < i; k++)
            same += (ids[k] == ids[i]) + (ports[k] == ports[i]);
    }
    ck_assert_uint_eq(same, 0);
    stop();
}
END_TEST

START_TEST(what_does_not_answer_the_question_is_ignored)
{
    start(1);
    ask("a.b");
    hear();
    answer(0, 1);
    record(12, 1, 60, address_1, 4);
    arrive_from(HOST(54), 53); /* another host */
    arrive_from(SERVER, 54);   /* another port */
    ck_assert_uint_eq(done, 0);
    m.bytes[0] ^= 1; /* another id */
    arrive();
    m.bytes[0] ^= 1;
    m.bytes[2] ^= 0x80; /* a question */
    arrive();
    m.bytes[2] ^= 0x80;
    m.bytes[13] ^= 1; /* of another name */
    arrive();
    m.bytes[13] ^= 1;
    m.bytes[5] = 0; /* of none */
    arrive();
    m.bytes[5] = 1;
    ck_assert_uint_eq(done, 0);
    ck_assert_uint_eq(dns.counters.ignored, 4);
    m.bytes[13] ^= 0x20; /* the case of letters does not matter */
    arrive();
    ck_assert_uint_eq(done, 1);
    stop();
}
END_TEST

START_TEST(after_many_guesses_the_question_is_put_anew)
{
    uint16_t id, port;
    start(1);
    ask("a.b");
    hear();
    id = asked.id;
    port = asked.port;
    for (int i = 0; i < 9; i++) {
        asked.id = (uint16_t)(id + 1 + i);
        answer(0, 1);
        record(12, 1, 60, address_2, 4);
        arrive();
    }
    ck_assert_uint_eq(done, 0);
    hear();
    ck_assert(asked.port != port && asked.id != id);
    stop();
}
END_TEST

START_TEST(a_truncated_answer_serves_if_there_is_an_address_in_it)
{
    struct dns_result known;
    start(1);
    ask("a.b");
    hear();
    answer(0x200, 5);
    record(12, 1, 60, address_1, 4);
    record(12, 1, 60, address_2, 4);
    m.len -= 6;
    arrive();
    ck_assert_uint_eq(done, 1);
    ck_assert_int_eq(done_error, 0);
    ck_assert_uint_eq(result.n, 1);
    ck_assert(!dns_look_up(&dns, "a.b", &known, w.now)); /* RFC 2181 section 9 */
    stop();
}
END_TEST

START_TEST(broken_messages_are_ignored)
{
    size_t whole;
    struct dns_answer a;
    uint8_t loop[] = {0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1};
    uint8_t forwards[] = {0, 1,    0x81, 0x80, 0,   1, 0, 1, 0, 0, 0,
                          0, 0xc0, 14,   1,    'a', 0, 0, 1, 0, 1};
    start(1);
    ask("a.b");
    hear();
    answer(0, 2);
    record(12, 1, 60, address_1, 4);
    record(12, 1, 60, address_2, 4);
    whole = m.len;
    for (size_t n = 0; n < whole; n++)
        ck_assert(!dns_read_answer(span_of(m.bytes, n), asked.id, "a.b", &a));
    ck_assert(dns_read_answer(span_of(m.bytes, whole), asked.id, "a.b", &a));
    ck_assert(!dns_read_answer(span_of(loop, sizeof loop), 1, "a", &a));
    ck_assert(!dns_read_answer(span_of(forwards, sizeof forwards), 1, "a", &a));
    stop();
}
END_TEST

START_TEST(addresses_that_nobody_can_have_are_left_out)
{
    static const uint8_t group[] = {224, 0, 0, 1}, none[] = {0, 0, 0, 0};
    start(1);
    ask("a.b");
    hear();
    answer(0, 3);
    record(12, 1, 60, group, 4);
    record(12, 1, 60, none, 4);
    record(12, 1, 60, address_1, 4);
    arrive();
    ck_assert_uint_eq(result.n, 1);
    ck_assert_uint_eq(result.addresses[0], 0xc0000201);
    stop();
}
END_TEST

START_TEST(what_is_no_name_is_refused)
{
    static const char long_label[] = "a23456789012345678901234567890123456789012345678901234567890"
                                     "1234.b";
    static const char *const bad[] = {"", ".", "a..b", ".a", long_label};
    char longest[DNS_NAME_MAX + 1];
    start(1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(dns_ask(&dns, &q, bad[i], on_done, NULL, w.now) == -EINVAL, "%s", bad[i]);
    for (size_t i = 0; i < sizeof longest; i++)
        longest[i] = i % 2 ? '.' : 'a';
    longest[DNS_NAME_MAX] = '\0';
    ck_assert_int_eq(dns_ask(&dns, &q, longest, on_done, NULL, w.now), -EINVAL);
    longest[DNS_NAME_MAX - 1] = '\0';
    ask(longest);
    dns_cancel(&q);
    dns_set_servers(&dns, NULL, 0);
    ck_assert_int_eq(dns_ask(&dns, &q, "a.b", on_done, NULL, w.now), -ENXIO);
    stop();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_name_becomes_its_addresses,
                                  what_was_learned_is_known_as_long_as_it_says,
                                  aliases_are_followed_in_whatever_order_they_come,
                                  an_alias_without_address_is_asked_for_and_a_ring_of_them_ends,
                                  a_name_that_is_not_there_is_an_error_at_once,
                                  servers_are_asked_in_turn_three_times_round,
                                  a_server_that_fails_or_has_no_port_is_left_for_the_next,
                                  each_question_has_a_new_id_and_port,
                                  what_does_not_answer_the_question_is_ignored,
                                  after_many_guesses_the_question_is_put_anew,
                                  a_truncated_answer_serves_if_there_is_an_address_in_it,
                                  broken_messages_are_ignored,
                                  addresses_that_nobody_can_have_are_left_out,
                                  what_is_no_name_is_refused,
                                  NULL};
    return unit_main(unit_suite("dns", tests));
}
