/*
 * test_hosts.c - the learning app's table of hosts, against a plain array that is searched.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/hosts.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"

#define AGE 1000

static host_addr nth(uint64_t n)
{
    const uint8_t mac[OFP_ETH_ALEN] = {2, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n};
    return host_addr_of(mac, be16_of(OFP_VLAN_NONE));
}

START_TEST(addresses_are_told_apart_by_kind)
{
    const uint8_t zero[6] = {0}, one[6] = {0, 0, 0, 0, 0, 1},
                  all[6] = {255, 255, 255, 255, 255, 255};
    const uint8_t multi[6] = {1, 0, 0x5e, 0, 0, 1}, lldp[6] = {1, 0x80, 0xc2, 0, 0, 0x0e};
    const uint8_t stp[6] = {1, 0x80, 0xc2, 0, 0, 0}, near[6] = {1, 0x80, 0xc2, 0, 0, 0x10};
    const be16 vlan = be16_of(0x0123), none = be16_of(OFP_VLAN_NONE);

    ck_assert(host_addr_is_zero(host_addr_of(zero, none)));
    ck_assert(host_addr_is_zero(host_addr_of(zero, vlan)));
    ck_assert(!host_addr_is_zero(host_addr_of(one, vlan)));
    ck_assert(host_addr_is_group(host_addr_of(all, none)));
    ck_assert(host_addr_is_group(host_addr_of(multi, none)));
    ck_assert(!host_addr_is_group(host_addr_of(one, vlan)));
    ck_assert(host_addr_is_link_local(host_addr_of(lldp, none)));
    ck_assert(host_addr_is_link_local(host_addr_of(stp, vlan)));
    ck_assert(!host_addr_is_link_local(host_addr_of(near, none)));
    ck_assert(!host_addr_is_link_local(host_addr_of(multi, none)));
    ck_assert(host_addr_of(one, vlan) != host_addr_of(one, none));
}
END_TEST

/* The model: what is known of each of N hosts. */
#define N 400
static struct {
    bool known;
    uint16_t port;
    uint32_t heard;
} model[N];

static void model_check(const struct hosts *t, uint32_t now)
{
    for (unsigned i = 0; i < N; i++) {
        const struct host *h = hosts_find(t, nth(i), now);
        bool alive = model[i].known && now - model[i].heard < AGE;
        ck_assert_int_eq(h != NULL, alive);
        if (alive) {
            ck_assert_uint_eq(h->port, model[i].port);
            ck_assert_uint_eq(hosts_left(t, h, now), AGE - (now - model[i].heard));
        }
    }
}

static void model_learn(struct hosts *t, unsigned i, uint16_t port, uint32_t now)
{
    bool alive = model[i].known && now - model[i].heard < AGE;
    enum hosts_news news = hosts_learn(t, nth(i), port, now);
    ck_assert_int_eq(news, !alive ? HOSTS_NEW : model[i].port != port ? HOSTS_MOVED : HOSTS_KNOWN);
    model[i].known = true;
    model[i].port = port;
    model[i].heard = now;
}

static void model_forget(struct hosts *t, uint16_t port, uint32_t now)
{
    hosts_forget_port(t, port);
    for (unsigned i = 0; i < N; i++)
        if (model[i].port == port)
            model[i].known = false;
    model_check(t, now);
}

START_TEST(table_agrees_with_a_searched_array)
{
    uint64_t random = (uint64_t)_i;
    uint32_t now = UINT32_MAX - 20000; /* the clock wraps around on the way */
    struct hosts t;

    memset(model, 0, sizeof model);
    ck_assert_int_eq(hosts_init(&t, 100000, AGE, random_u64(&random)), 0);
    for (int step = 0; step < 20000; step++) {
        now += (uint32_t)random_below(&random, 5);
        if (random_below(&random, 400) == 0)
            model_forget(&t, (uint16_t)random_below(&random, 8), now);
        else if (random_below(&random, 40) == 0)
            hosts_sweep(&t, (uint32_t)random_below(&random, 100), now);
        else
            model_learn(&t, (unsigned)random_below(&random, N), (uint16_t)random_below(&random, 8),
                        now);
        if (step % 500 == 0)
            model_check(&t, now);
    }
    hosts_sweep(&t, t.mask + 1, now + AGE);
    ck_assert_uint_eq(t.used, 0);
    hosts_free(&t);
}
END_TEST

START_TEST(table_grows_from_small_to_its_maximum_and_then_refuses)
{
    struct hosts t;

    ck_assert_int_eq(hosts_init(&t, 300, AGE, 1), 0);
    ck_assert_uint_le(t.mask, 15);
    for (unsigned i = 0; i < 300; i++)
        ck_assert_int_eq(hosts_learn(&t, nth(i), 1, 0), HOSTS_NEW);
    ck_assert_int_eq(hosts_learn(&t, nth(300), 1, 0), HOSTS_REFUSED);
    ck_assert_ptr_null(hosts_find(&t, nth(300), 0));
    for (unsigned i = 0; i < 300; i++)
        ck_assert_int_eq(hosts_learn(&t, nth(i), 1, 0), HOSTS_KNOWN);
    ck_assert_uint_eq(hosts_sweep(&t, t.mask + 1, AGE), 300);
    ck_assert_int_eq(hosts_learn(&t, nth(300), 1, AGE), HOSTS_NEW);
    hosts_free(&t);
}
END_TEST

START_TEST(sweeps_take_up_where_the_last_one_stopped)
{
    struct hosts t;
    uint32_t aged = 0;

    ck_assert_int_eq(hosts_init(&t, 1000, AGE, 7), 0);
    for (unsigned i = 0; i < 200; i++)
        hosts_learn(&t, nth(i), 1, 0);
    for (unsigned swept = 0; swept <= t.mask; swept += 16)
        aged += hosts_sweep(&t, 16, AGE);
    ck_assert_uint_eq(aged, 200);
    hosts_free(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("hosts");
    TCase *c = tcase_create("hosts");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_test(c, addresses_are_told_apart_by_kind);
    tcase_add_loop_test(c, table_agrees_with_a_searched_array, 0, 8);
    tcase_add_test(c, table_grows_from_small_to_its_maximum_and_then_refuses);
    tcase_add_test(c, sweeps_take_up_where_the_last_one_stopped);
    return unit_main(s);
}
