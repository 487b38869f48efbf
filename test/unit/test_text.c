/*
 * test_text.c - what openflow/text.h promises: the same text as libc's, cut off where the array
 * ends.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/unit.h"
#include "openflow/text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const uint64_t numbers[] = {
    0, 1, 9, 10, 15, 16, 99, 100, 255, 65535, 4294967295u, 1ull << 63, INT64_MAX, UINT64_MAX,
};
#define N_NUMBERS (sizeof numbers / sizeof numbers[0])

START_TEST(numbers_equal_printf)
{
    for (size_t i = 0; i < N_NUMBERS; i++) {
        char got[200], want[200];
        uint64_t n = numbers[i];
        struct text t = text_of(got, sizeof got);
        text_put_u64(&t, n);
        text_put_char(&t, ' ');
        text_put_i64(&t, (int64_t)n);
        text_put_char(&t, ' ');
        text_put_digits(&t, n, 9);
        text_put_char(&t, ' ');
        text_put_hex(&t, n, 4);
        text_put_char(&t, ' ');
        text_put_0x(&t, n);
        snprintf(want, sizeof want,
                 "%" PRIu64 " %" PRId64 " %09" PRIu64 " %04" PRIx64 " 0x%" PRIx64, n, (int64_t)n, n,
                 n, n);
        ck_assert_str_eq(got, want);
        ck_assert_uint_eq(t.need, strlen(want));
    }
}
END_TEST

START_TEST(addresses_are_written_as_people_do)
{
    char got[100];
    struct text t = text_of(got, sizeof got);
    text_put_mac(&t, (const uint8_t[]){0x00, 0x1b, 0xff, 0x09, 0xa0, 0x0c});
    text_put(&t, " ");
    text_put_ipv4(&t, 0x0a00ff01);
    ck_assert_str_eq(got, "00:1b:ff:09:a0:0c 10.0.255.1");
}
END_TEST

/* Every address of eight words that are each zero, one or longer, and those that hold an IPv4
 * address. */
START_TEST(ipv6_addresses_equal_inet_ntop)
{
    static const uint16_t words[] = {0, 1, 0xffff};
    for (unsigned n = 0; n < 6561; n++) {
        uint8_t address[16];
        char got[100], want[100];
        struct text t = text_of(got, sizeof got);
        for (unsigned i = 0, rest = n; i < 8; i++, rest /= 3) {
            address[2 * i] = (uint8_t)(words[rest % 3] >> 8);
            address[2 * i + 1] = (uint8_t)words[rest % 3];
        }
        text_put_ipv6(&t, address);
        ck_assert_str_eq(got, inet_ntop(AF_INET6, address, want, sizeof want));
    }
}
END_TEST

START_TEST(fields_end_at_their_nul_or_size)
{
    char got[100];
    struct text t = text_of(got, sizeof got);
    text_put_field(&t, "eth0\0rest", 9);
    text_put_field(&t, "|abcdef", 4);
    text_put_field(&t, "\x01\x7f\xff~ \n", 6);
    ck_assert_str_eq(got, "eth0|abc...~ .");
}
END_TEST

static void put_all(struct text *t)
{
    text_put(t, "port=");
    text_put_u64(t, 65534);
    text_put_char(t, ',');
    text_put_mac(t, (const uint8_t[]){1, 2, 3, 4, 5, 6});
    text_put_field(t, "name", 16);
    text_put_hex(t, 0xbeef, 8);
    text_put_ipv4(t, 0x7f000001);
}

/* At every size: a prefix of the whole text, terminated, nothing behind the array touched. */
START_TEST(what_does_not_fit_is_cut_off)
{
    char whole[200], got[200];
    struct text t = text_of(whole, sizeof whole);
    put_all(&t);
    size_t len = t.need;
    ck_assert_uint_eq(len, strlen(whole));
    for (size_t cap = 0; cap <= len + 2; cap++) {
        size_t kept = cap == 0 ? 0 : cap - 1 < len ? cap - 1 : len;
        memset(got, '#', sizeof got);
        t = text_of(got, cap);
        put_all(&t);
        ck_assert_uint_eq(t.need, len);
        ck_assert_int_eq(text_fits(&t), cap > len);
        ck_assert_mem_eq(got, whole, kept);
        ck_assert(cap == 0 || got[kept] == '\0');
        ck_assert_int_eq(got[cap], '#');
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        numbers_equal_printf,           addresses_are_written_as_people_do,
        ipv6_addresses_equal_inet_ntop, fields_end_at_their_nul_or_size,
        what_does_not_fit_is_cut_off,   NULL};
    return unit_main(unit_suite("text", tests));
}
