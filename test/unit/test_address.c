/*
 * test_address.c - IPv4 addresses as text, and their kinds.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/address.h"
#include "test/unit/unit.h"
#include <errno.h>

START_TEST(an_address_is_four_decimal_numbers)
{
    static const char *const bad[] = {"",          "1",        "1.2.3",     "1.2.3.4.5",
                                      "1.2.3.256", "01.2.3.4", "1.2.3.4 ",  " 1.2.3.4",
                                      "1.2.3.-4",  "1..3.4",   "0x1.2.3.4", "1.2.3.",
                                      "1.2.3.4/8", "a.b.c.d",  "1.2.3.0004"};
    uint32_t a;
    ck_assert_int_eq(address_parse("10.0.255.1", &a), 0);
    ck_assert_uint_eq(a, 0x0a00ff01);
    ck_assert_int_eq(address_parse("0.0.0.0", &a), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(address_parse(bad[i], &a) == -EINVAL, "%s", bad[i]);
}
END_TEST

START_TEST(an_address_is_printed_as_it_is_read)
{
    char text[ADDRESS_TEXT];
    ck_assert_str_eq(address_print(0xfffefdfc, text), "255.254.253.252");
    ck_assert_str_eq(address_print(1, text), "0.0.0.1");
}
END_TEST

START_TEST(a_configuration_is_an_address_its_network_and_a_gateway_in_it)
{
    static const char *const bad[] = {
        "10.0.0.2",   /* no prefix */
        "10.0.0.2/0", /* no network */
        "10.0.0.2/33",
        "10.0.0.0/24",   /* the network itself */
        "10.0.0.255/24", /* its broadcast */
        "127.0.0.1/8",   /* nobody's on a wire */
        "224.0.0.1/24",  /* a group */
        "0.0.0.1/8",
        "10.0.0.2/24,10.0.1.1", /* a gateway that is no neighbour */
        "10.0.0.2/24,10.0.0.2", /* ourselves */
        "10.0.0.2/24,10.0.0.255",
        "10.0.0.2/24,",
        "10.0.0.2/24 ",
        "10.0.0.2/24,10.0.0.1,",
    };
    struct address_config c;
    ck_assert_int_eq(address_parse_config("10.0.0.2/24", &c), 0);
    ck_assert_uint_eq(c.address, 0x0a000002);
    ck_assert_uint_eq(c.prefix, 24);
    ck_assert_uint_eq(c.gateway, 0);
    ck_assert_int_eq(address_parse_config("10.0.0.2/24,10.0.0.254", &c), 0);
    ck_assert_uint_eq(c.gateway, 0x0a0000fe);
    ck_assert_int_eq(address_parse_config("10.0.0.0/31,10.0.0.1", &c), 0); /* RFC 3021 */
    ck_assert_int_eq(address_parse_config("10.0.0.7/32", &c), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(address_parse_config(bad[i], &c) == -EINVAL, "%s", bad[i]);
}
END_TEST

START_TEST(a_mask_has_its_ones_in_front)
{
    ck_assert_int_eq(address_prefix_of(0xffffff00), 24);
    ck_assert_int_eq(address_prefix_of(0xffffffff), 32);
    ck_assert_int_eq(address_prefix_of(0), 0);
    ck_assert_int_eq(address_prefix_of(0xffff00ff), -1);
    for (unsigned prefix = 0; prefix <= 32; prefix++)
        ck_assert_int_eq(address_prefix_of(address_mask(prefix)), (int)prefix);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {an_address_is_four_decimal_numbers,
                                  an_address_is_printed_as_it_is_read,
                                  a_configuration_is_an_address_its_network_and_a_gateway_in_it,
                                  a_mask_has_its_ones_in_front, NULL};
    return unit_main(unit_suite("address", tests));
}
