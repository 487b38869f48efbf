/*
 * test_endpoint.c - the names of connections.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/endpoint.h"
#include "test/unit/unit.h"
#include <errno.h>
#include <string.h>

#define DEFAULT_PORT 6653

struct sample {
    const char *text;
    enum endpoint_kind kind;
    bool passive;
    uint16_t port;
    const char *host;
    const char *printed; /* NULL: as `text` */
};

static const struct sample good[] = {
    {"tcp:10.0.0.1:6633", ENDPOINT_TCP, false, 6633, "10.0.0.1", NULL},
    {"tcp:10.0.0.1", ENDPOINT_TCP, false, 6653, "10.0.0.1", "tcp:10.0.0.1:6653"},
    {"tcp:[::1]:1", ENDPOINT_TCP, false, 1, "::1", NULL},
    {"tcp:[fe80::1%eth0]", ENDPOINT_TCP, false, 6653, "fe80::1%eth0", "tcp:[fe80::1%eth0]:6653"},
    {"tcp:[::ffff:1.2.3.4]:65535", ENDPOINT_TCP, false, 65535, "::ffff:1.2.3.4", NULL},
    {"tcp:a-host.example.net.:80", ENDPOINT_TCP, false, 80, "a-host.example.net.", NULL},
    {"tcp:1st_host:80", ENDPOINT_TCP, false, 80, "1st_host", NULL},
    {"tcp:255.255.255.255:80", ENDPOINT_TCP, false, 80, "255.255.255.255", NULL},
    {"ssl:h", ENDPOINT_SSL, false, 6653, "h", "ssl:h:6653"},
    {"ptcp:", ENDPOINT_TCP, true, 6653, "", "ptcp:6653"},
    {"ptcp:0", ENDPOINT_TCP, true, 0, "", NULL},
    {"ptcp:6634:127.0.0.1", ENDPOINT_TCP, true, 6634, "127.0.0.1", NULL},
    {"ptcp::127.0.0.1", ENDPOINT_TCP, true, 6653, "127.0.0.1", "ptcp:6653:127.0.0.1"},
    {"ptcp:1:[::1]", ENDPOINT_TCP, true, 1, "::1", NULL},
    {"pssl:1", ENDPOINT_SSL, true, 1, "", NULL},
    {"unix:/run/a:b", ENDPOINT_UNIX, false, 0, "/run/a:b", NULL},
    {"punix:relative", ENDPOINT_UNIX, true, 0, "relative", NULL},
};

static const char *const bad[] = {
    "",
    "tcp",
    "tcp:",
    ":1",
    "udp:10.0.0.1:1",
    "TCP:10.0.0.1:1",
    "tcpx:10.0.0.1:1",
    "tcp:10.0.0.1:",
    "tcp:10.0.0.1:0",
    "tcp:10.0.0.1:65536",
    "tcp:10.0.0.1:99999999999999999999",
    "tcp:10.0.0.1:-1",
    "tcp:10.0.0.1:+1",
    "tcp:10.0.0.1:1x",
    "tcp:10.0.0.1:1:2",
    "tcp:10.0.0.256:1",
    "tcp:10.0.0:1",
    "tcp:10.0.0.1.2:1",
    "tcp:10.0.0.0001:1",
    "tcp:1234:1",
    "tcp:::1",
    "tcp:[::1",
    "tcp:[::1]1",
    "tcp:[]:1",
    "tcp:[::g]:1",
    "tcp:[10.0.0.1]:1",
    "tcp:[::1%]:1",
    "tcp:a..b:1",
    "tcp:.a:1",
    "tcp:.:1",
    "tcp:a b:1",
    "tcp:a/b:1",
    "tcp:a123456789a123456789a123456789a123456789a123456789a123456789abcd:1",
    "ptcp:x",
    "ptcp:65536",
    "ptcp:1:",
    "ptcp:1:[::1]:2",
    "ptcp: 1",
    "unix:",
    "punix:",
};

START_TEST(each_name_is_read_as_it_says)
{
    const struct sample *want = &good[_i];
    struct endpoint ep;
    ck_assert_int_eq(endpoint_parse(&ep, want->text, DEFAULT_PORT), 0);
    ck_assert_int_eq(ep.kind, want->kind);
    ck_assert_int_eq(ep.passive, want->passive);
    ck_assert_uint_eq(ep.port, want->port);
    ck_assert_str_eq(ep.host, want->host);
}
END_TEST

START_TEST(each_name_is_printed_so_that_it_reads_the_same)
{
    const struct sample *want = &good[_i];
    struct endpoint ep;
    char text[ENDPOINT_NAME_MAX];
    ck_assert_int_eq(endpoint_parse(&ep, want->text, DEFAULT_PORT), 0);
    ck_assert_ptr_eq(endpoint_print(&ep, text, sizeof text), text);
    ck_assert_str_eq(text, want->printed ? want->printed : want->text);
}
END_TEST

START_TEST(what_is_no_name_is_refused_and_nothing_written)
{
    struct endpoint ep, before;
    memset(&ep, 0x55, sizeof ep);
    before = ep;
    ck_assert_int_eq(endpoint_parse(&ep, bad[_i], DEFAULT_PORT), -EINVAL);
    ck_assert_int_eq(memcmp(&ep, &before, sizeof ep), 0);
}
END_TEST

START_TEST(an_active_name_needs_a_port_from_somewhere)
{
    struct endpoint ep;
    ck_assert_int_eq(endpoint_parse(&ep, "tcp:10.0.0.1", 0), -EINVAL);
    ck_assert_int_eq(endpoint_parse(&ep, "ptcp:", 0), 0);
}
END_TEST

START_TEST(a_host_or_path_that_does_not_fit_is_refused)
{
    char text[ENDPOINT_HOST_MAX + 8] = "unix:";
    struct endpoint ep;
    memset(text + 5, 'p', ENDPOINT_HOST_MAX - 1);
    ck_assert_int_eq(endpoint_parse(&ep, text, 0), 0);
    ck_assert_uint_eq(strlen(ep.host), ENDPOINT_HOST_MAX - 1);
    text[5 + ENDPOINT_HOST_MAX - 1] = 'p';
    ck_assert_int_eq(endpoint_parse(&ep, text, 0), -EINVAL);
    memcpy(text, "tcp:a", 5);
    for (size_t i = 5; i < ENDPOINT_HOST_MAX + 5; i++)
        text[i] = i % 2 ? '.' : 'a';
    ck_assert_int_eq(endpoint_parse(&ep, text, 1), -EINVAL);
}
END_TEST

START_TEST(printing_is_cut_to_the_room_there_is)
{
    struct endpoint ep;
    char text[8] = "1234567";
    ck_assert_int_eq(endpoint_parse(&ep, "tcp:10.0.0.1:6653", 0), 0);
    endpoint_print(&ep, text, 6);
    ck_assert_str_eq(text, "tcp:1");
    ck_assert_int_eq(text[6], '7');
}
END_TEST

int main(void)
{
    Suite *s = suite_create("endpoint");
    TCase *c = tcase_create("endpoint");
    tcase_add_loop_test(c, each_name_is_read_as_it_says, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(c, each_name_is_printed_so_that_it_reads_the_same, 0,
                        sizeof good / sizeof good[0]);
    tcase_add_loop_test(c, what_is_no_name_is_refused_and_nothing_written, 0,
                        sizeof bad / sizeof bad[0]);
    tcase_add_test(c, an_active_name_needs_a_port_from_somewhere);
    tcase_add_test(c, a_host_or_path_that_does_not_fit_is_refused);
    tcase_add_test(c, printing_is_cut_to_the_room_there_is);
    suite_add_tcase(s, c);
    return unit_main(s);
}
