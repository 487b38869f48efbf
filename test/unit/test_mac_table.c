/*
 * test_mac_table.c - the table of hosts, against a plain array that is searched.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/mac_table.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"

#include <string.h>

#define AGE 1000

static mac_addr nth(uint64_t n)
{
    const uint8_t mac[MAC_LEN] = {2, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n};
    return mac_addr_of(mac, be16_of(0xffff));
}

START_TEST(addresses_are_told_apart_by_kind)
{
    const uint8_t zero[6] = {0}, one[6] = {0, 0, 0, 0, 0, 1},
                  all[6] = {255, 255, 255, 255, 255, 255};
    const uint8_t multi[6] = {1, 0, 0x5e, 0, 0, 1}, lldp[6] = {1, 0x80, 0xc2, 0, 0, 0x0e};
    const uint8_t stp[6] = {1, 0x80, 0xc2, 0, 0, 0}, near[6] = {1, 0x80, 0xc2, 0, 0, 0x10};
    const be16 vlan = be16_of(0x0123), none = be16_of(0xffff);

    ck_assert(mac_addr_is_zero(mac_addr_of(zero, none)));
    ck_assert(mac_addr_is_zero(mac_addr_of(zero, vlan)));
    ck_assert(!mac_addr_is_zero(mac_addr_of(one, vlan)));
    ck_assert(mac_addr_is_group(mac_addr_of(all, none)));
    ck_assert(mac_addr_is_group(mac_addr_of(multi, none)));
    ck_assert(!mac_addr_is_group(mac_addr_of(one, vlan)));
    ck_assert(mac_addr_is_link_local(mac_addr_of(lldp, none)));
    ck_assert(mac_addr_is_link_local(mac_addr_of(stp, vlan)));
    ck_assert(!mac_addr_is_link_local(mac_addr_of(near, none)));
    ck_assert(!mac_addr_is_link_local(mac_addr_of(multi, none)));
    ck_assert(mac_addr_of(one, vlan) != mac_addr_of(one, none));
}
END_TEST

/* The model: what is known of each of N hosts. */
#define N 400
static struct {
    bool known;
    uint16_t port;
    uint32_t heard;
} model[N];

static void model_check(const struct mac_table *t, uint32_t now)
{
    for (unsigned i = 0; i < N; i++) {
        const struct mac_entry *h = mac_table_find(t, nth(i), now);
        bool alive = model[i].known && now - model[i].heard < AGE;
        ck_assert_int_eq(h != NULL, alive);
        if (alive) {
            ck_assert_uint_eq(h->port, model[i].port);
            ck_assert_uint_eq(mac_table_left(t, h, now), AGE - (now - model[i].heard));
        }
    }
}

static void model_learn(struct mac_table *t, unsigned i, uint16_t port, uint32_t now)
{
    bool alive = model[i].known && now - model[i].heard < AGE;
    enum mac_table_news news = mac_table_learn(t, nth(i), port, now);
    ck_assert_int_eq(news, !alive ? MAC_NEW : model[i].port != port ? MAC_MOVED : MAC_KNOWN);
    model[i].known = true;
    model[i].port = port;
    model[i].heard = now;
}

static void model_forget(struct mac_table *t, uint16_t port, uint32_t now)
{
    mac_table_forget_port(t, port);
    for (unsigned i = 0; i < N; i++)
        if (model[i].port == port)
            model[i].known = false;
    model_check(t, now);
}

START_TEST(table_agrees_with_a_searched_array)
{
    uint64_t random = (uint64_t)_i;
    uint32_t now = UINT32_MAX - 20000; /* the clock wraps around on the way */
    struct mac_table t;

    memset(model, 0, sizeof model);
    ck_assert_int_eq(mac_table_init(&t, 100000, AGE, random_u64(&random)), 0);
    for (int step = 0; step < 20000; step++) {
        now += (uint32_t)random_below(&random, 5);
        if (random_below(&random, 400) == 0)
            model_forget(&t, (uint16_t)random_below(&random, 8), now);
        else if (random_below(&random, 40) == 0)
            mac_table_sweep(&t, (uint32_t)random_below(&random, 100), now);
        else
            model_learn(&t, (unsigned)random_below(&random, N), (uint16_t)random_below(&random, 8),
                        now);
        if (step % 500 == 0)
            model_check(&t, now);
    }
    mac_table_sweep(&t, t.mask + 1, now + AGE);
    ck_assert_uint_eq(t.used, 0);
    mac_table_free(&t);
}
END_TEST

START_TEST(table_grows_from_small_to_its_maximum_and_then_refuses)
{
    struct mac_table t;

    ck_assert_int_eq(mac_table_init(&t, 300, AGE, 1), 0);
    ck_assert_uint_le(t.mask, 15);
    for (unsigned i = 0; i < 300; i++)
        ck_assert_int_eq(mac_table_learn(&t, nth(i), 1, 0), MAC_NEW);
    ck_assert_int_eq(mac_table_learn(&t, nth(300), 1, 0), MAC_REFUSED);
    ck_assert_ptr_null(mac_table_find(&t, nth(300), 0));
    for (unsigned i = 0; i < 300; i++)
        ck_assert_int_eq(mac_table_learn(&t, nth(i), 1, 0), MAC_KNOWN);
    ck_assert_uint_eq(mac_table_sweep(&t, t.mask + 1, AGE), 300);
    ck_assert_int_eq(mac_table_learn(&t, nth(300), 1, AGE), MAC_NEW);
    mac_table_free(&t);
}
END_TEST

START_TEST(sweeps_take_up_where_the_last_one_stopped)
{
    struct mac_table t;
    uint32_t aged = 0;

    ck_assert_int_eq(mac_table_init(&t, 1000, AGE, 7), 0);
    for (unsigned i = 0; i < 200; i++)
        mac_table_learn(&t, nth(i), 1, 0);
    for (unsigned swept = 0; swept <= t.mask; swept += 16)
        aged += mac_table_sweep(&t, 16, AGE);
    ck_assert_uint_eq(aged, 200);
    mac_table_free(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("mac_table");
    TCase *c = tcase_create("mac_table");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_test(c, addresses_are_told_apart_by_kind);
    tcase_add_loop_test(c, table_agrees_with_a_searched_array, 0, 8);
    tcase_add_test(c, table_grows_from_small_to_its_maximum_and_then_refuses);
    tcase_add_test(c, sweeps_take_up_where_the_last_one_stopped);
    return unit_main(s);
}
