/*
 * test_acd.c - address conflict detection: RFC 5227.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/ip_world.h"

static struct ip_world w;
static struct test_frame f;
static unsigned claimed, taken;
static uint64_t claimed_at;

static void on_claimed(void *user)
{
    (void)user;
    claimed++;
    claimed_at = w.now;
    ip_set_address(&w.ip, 0, US, 24, w.now);
}

static void on_taken(void *user)
{
    (void)user;
    taken++;
}

static void begin(unsigned how)
{
    static const struct acd_events events = {.claimed = on_claimed, .taken = on_taken};
    claimed = taken = 0;
    ip_world_bare(&w, 1);
    acd_begin(&w.ip.interfaces[0].acd, US, how, &events, NULL);
}

static void somebody(enum arp_op op, uint32_t sender, uint32_t target)
{
    frame_arp(&f, op, 9, sender, target);
    frame_come(&w, &f, 0);
}

START_TEST(an_address_is_probed_three_times_and_announced_twice)
{
    uint64_t at[5], start;
    begin(false);
    start = w.now;
    for (size_t n = 0; n < 5 && w.now < start + 60 * NS_PER_S;) {
        ip_world_wait(&w, NS_PER_S / 100);
        if (w.n_sent > n)
            at[n++] = w.now;
    }
    ip_world_wait(&w, 60 * NS_PER_S);
    ck_assert_uint_eq(w.n_sent, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert(sent_to(&w, i, 255));
        ck_assert_uint_eq(be16_get(sent_arp(&w, i)->opcode), ARP_REQUEST);
        ck_assert_uint_eq(be32_get(sent_arp(&w, i)->spa), i < 3 ? 0 : US);
        ck_assert_uint_eq(be32_get(sent_arp(&w, i)->tpa), US);
    }
    ck_assert_uint_le(at[0] - start, 1020 * NS_PER_MS); /* PROBE_WAIT */
    for (size_t i = 1; i < 3; i++) {                    /* PROBE_MIN, PROBE_MAX */
        ck_assert_uint_ge(at[i] - at[i - 1], 980 * NS_PER_MS);
        ck_assert_uint_le(at[i] - at[i - 1], 2020 * NS_PER_MS);
    }
    ck_assert_uint_ge(claimed_at - at[2], 1980 * NS_PER_MS); /* ANNOUNCE_WAIT */
    ck_assert_uint_eq(at[3], claimed_at);
    ck_assert_uint_ge(at[4] - at[3], 1980 * NS_PER_MS); /* ANNOUNCE_INTERVAL */
    ck_assert_uint_eq(claimed, 1);
    ip_world_end(&w);
}
END_TEST

START_TEST(who_uses_or_wants_the_address_that_we_probe_keeps_it)
{
    begin(false);
    ip_world_wait(&w, NS_PER_S);
    somebody(ARP_REPLY, US, 0);
    ck_assert_uint_eq(taken, 1);
    ip_world_wait(&w, 20 * NS_PER_S);
    ck_assert_uint_eq(claimed, 0);
    ip_world_end(&w);
    begin(false);
    ip_world_wait(&w, NS_PER_S);
    somebody(ARP_REQUEST, 0, US); /* a probe of somebody else's */
    ck_assert_uint_eq(taken, 1);
    ip_world_end(&w);
}
END_TEST

START_TEST(an_address_in_use_is_defended_once_and_given_up_at_the_second_conflict)
{
    begin(false);
    ip_world_wait(&w, 20 * NS_PER_S);
    ip_world_forget(&w);
    somebody(ARP_REQUEST, US, HOST(3));
    ck_assert_uint_eq(w.n_sent, 1);
    ck_assert_uint_eq(be32_get(sent_arp(&w, 0)->spa), US);
    ck_assert_uint_eq(be32_get(sent_arp(&w, 0)->tpa), US);
    ip_world_wait(&w, 11 * NS_PER_S);
    somebody(ARP_REQUEST, US, HOST(3));
    ck_assert_uint_eq(w.n_sent, 2);
    ck_assert_uint_eq(taken, 0);
    ip_world_wait(&w, 9 * NS_PER_S);
    somebody(ARP_REQUEST, US, HOST(3));
    ck_assert_uint_eq(taken, 1);
    ck_assert_uint_eq(w.n_sent, 2);
    ip_world_end(&w);
}
END_TEST

START_TEST(an_address_to_be_kept_is_defended_at_most_once_in_ten_seconds)
{
    begin(ACD_KEEP);
    ip_world_wait(&w, 20 * NS_PER_S);
    ip_world_forget(&w);
    for (int i = 0; i < 210; i++) {
        somebody(ARP_REPLY, US, HOST(3));
        ip_world_wait(&w, NS_PER_S / 10);
    }
    ck_assert_uint_eq(w.n_sent, 3);
    ck_assert_uint_eq(taken, 0);
    ip_world_end(&w);
}
END_TEST

START_TEST(an_address_is_announced_twice_more_at_another_place)
{
    struct acd *acd;
    begin(false);
    acd = &w.ip.interfaces[0].acd;
    acd_announce(acd); /* it is not known to be ours */
    ip_world_wait(&w, 20 * NS_PER_S);
    ck_assert_uint_eq(w.n_sent, 5);
    ip_world_forget(&w);
    acd_announce(acd);
    ck_assert_uint_eq(w.n_sent, 1);
    ip_world_wait(&w, 20 * NS_PER_S);
    ck_assert_uint_eq(w.n_sent, 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert(sent_to(&w, i, 255));
        ck_assert_uint_eq(be16_get(sent_arp(&w, i)->opcode), ARP_REQUEST);
        ck_assert_uint_eq(be32_get(sent_arp(&w, i)->spa), US);
        ck_assert_uint_eq(be32_get(sent_arp(&w, i)->tpa), US);
    }
    ck_assert_uint_eq(claimed, 1);
    somebody(ARP_REQUEST, US, HOST(3)); /* it is defended as before */
    ck_assert_uint_eq(w.n_sent, 3);
    ip_world_end(&w);
}
END_TEST

START_TEST(a_probe_for_an_address_in_use_is_answered)
{
    begin(false);
    ip_world_wait(&w, 20 * NS_PER_S);
    ip_world_forget(&w);
    somebody(ARP_REQUEST, 0, US);
    ck_assert_uint_eq(w.n_sent, 1);
    ck_assert_uint_eq(be16_get(sent_arp(&w, 0)->opcode), ARP_REPLY);
    ck_assert_uint_eq(taken, 0);
    ip_world_end(&w);
}
END_TEST

START_TEST(an_address_that_is_used_at_once_is_probed_all_the_same)
{
    begin(ACD_AT_ONCE);
    ck_assert_uint_eq(claimed, 1); /* during the call */
    ip_world_wait(&w, 60 * NS_PER_S);
    ck_assert_uint_eq(claimed, 1);
    ck_assert_uint_eq(w.n_sent, 5);
    for (size_t i = 0; i < 5; i++)
        ck_assert_uint_eq(be32_get(sent_arp(&w, i)->spa), i < 3 ? 0 : US);
    ip_world_end(&w);
}
END_TEST

START_TEST(an_address_that_is_used_at_once_is_given_up_if_somebody_has_it)
{
    begin(ACD_AT_ONCE | ACD_KEEP);
    ip_world_wait(&w, NS_PER_S);
    somebody(ARP_REPLY, US, 0);
    ck_assert_uint_eq(taken, 1);
    ip_world_forget(&w);
    ip_world_wait(&w, 20 * NS_PER_S);
    ck_assert_uint_eq(w.n_sent, 0);
    ip_world_end(&w);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_address_is_probed_three_times_and_announced_twice,
        who_uses_or_wants_the_address_that_we_probe_keeps_it,
        an_address_in_use_is_defended_once_and_given_up_at_the_second_conflict,
        an_address_to_be_kept_is_defended_at_most_once_in_ten_seconds,
        an_address_is_announced_twice_more_at_another_place,
        a_probe_for_an_address_in_use_is_answered,
        an_address_that_is_used_at_once_is_probed_all_the_same,
        an_address_that_is_used_at_once_is_given_up_if_somebody_has_it,
        NULL};
    return unit_main(unit_suite("acd", tests));
}
