/*
 * test_tcp_secret.c - the pseudo-random function behind what nobody shall foresee.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_secret.h"
#include "test/unit/unit.h"

/* From the vectors published with SipHash: key and message are 00 01 02 ... 0f. */
START_TEST(siphash_is_that_of_its_authors)
{
    const uint64_t words[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    ck_assert_uint_eq(tcp_siphash(words[0], words[1], words), 0x3f2acc7f57c29bdb);
}
END_TEST

START_TEST(each_use_and_each_input_has_its_own_value)
{
    const struct tcp_secret secret = {1, 2}, other = {1, 3};
    const struct tcp_secret_input in = {.local = 1, .remote = 2, .local_port = 3, .remote_port = 4};
    struct tcp_secret_input changed[5] = {in, in, in, in, in};
    uint64_t value = tcp_secret_value(&secret, TCP_SECRET_ISN, &in);

    ck_assert_uint_eq(value, tcp_secret_value(&secret, TCP_SECRET_ISN, &in));
    ck_assert_uint_ne(value, tcp_secret_value(&other, TCP_SECRET_ISN, &in));
    ck_assert_uint_ne(value, tcp_secret_value(&secret, TCP_SECRET_COOKIE, &in));
    changed[0].local++;
    changed[1].remote++;
    changed[2].local_port++;
    changed[3].remote_port++;
    changed[4].extra++;
    for (int i = 0; i < 5; i++)
        ck_assert_uint_ne(value, tcp_secret_value(&secret, TCP_SECRET_ISN, &changed[i]));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        siphash_is_that_of_its_authors,
        each_use_and_each_input_has_its_own_value,
        NULL,
    };
    return unit_main(unit_suite("tcp_secret", tests));
}
