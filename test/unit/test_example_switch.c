/*
 * test_example_switch.c - the example of an application around the datapath does what it says: a
 * miss handler, a vendor's action from the wire to the hook, a controller without a socket.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "doc/example_switch.h"
#include "openflow/action.h"
#include "openflow/match.h"
#include "runtime/sim/sim.h"
#include "switch/table.h"
#include "test/unit/frames.h"
#include "test/unit/unit.h"
#include "test/unit/watcher.h"

static struct example_switch e;
static struct pkt_pool *pool;
static struct watcher host[3];

/* --- A controller's app: what the test says, and the errors that came ------------------------- */

static struct ctl_dp *joined;
static struct ofp_fault error;
static unsigned errors;

static void on_join(void *self, struct ctl_dp *dp)
{
    (void)self;
    joined = dp;
}

static void on_error(void *self, struct ctl_dp *dp, uint32_t xid, const struct ofp_msg_error *e_)
{
    (void)self;
    (void)dp;
    (void)xid;
    error = (struct ofp_fault){e_->type, e_->code};
    errors++;
}

static const struct ctl_app_type app = {.name = "test", .join = on_join, .error = on_error};

/* --- The world -------------------------------------------------------------------------------- */

static void rest(void)
{
    sim_run(loop_now() + 10 * NS_PER_MS);
}

static void begin(void)
{
    char name[] = "link:0";
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
    ck_assert(example_begin(&e, &app));
    pool = pkt_pool_new(128, PKT_SMALL, NULL);
    for (int i = 1; i <= 2; i++) {
        name[5] = (char)('0' + i);
        ck_assert_int_eq(dp_port_add(e.dp, name, (uint16_t)i), 0);
        ck_assert_int_eq(watcher_begin(&host[i], name, pool), 0);
    }
    errors = 0;
    rest();
    ck_assert_ptr_nonnull(joined);
}

static void end(void)
{
    for (int i = 1; i <= 2; i++)
        watcher_end(&host[i]);
    example_end(&e);
    rest();
    loop_close();
    pkt_pool_free(pool);
}

/* Returns its length. */
static size_t send_frame(int from, const struct frame *f)
{
    struct pkt *p = frame_pkt(f, pool);
    size_t n = p->len;
    netdev_send(host[from].dev, &p, 1);
    rest();
    return n;
}

/* Have all that has no entry of its own go to port 2, by an action of this vendor on the way. */
static void install(uint32_t vendor, uint32_t meter)
{
    const struct ofp_match any = ofp_match_any();
    const be32 body[1] = {be32_of(meter)};
    uint8_t area[64];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_msg_flow_mod mod = {.match = &any, .command = OFPFC_ADD, .out_port = OFPP_NONE};
    ofp_put_vendor_action(&actions, vendor, body, sizeof body);
    ofp_put_output(&actions, 2, 0);
    mod.actions = span_of(area, actions.len);
    ck_assert_int_eq(ctl_flow_mod(joined, &mod, NULL), 0);
    rest();
}

static uint32_t flows(void)
{
    struct table_stats stats;
    table_get_stats(dp_table(e.dp), &stats);
    return stats.active;
}

/* --- Tests ------------------------------------------------------------------------------------ */

START_TEST(vendor_action_goes_from_the_wire_to_the_hook)
{
    struct frame f = frame_between(1, 2, HDR_IP_UDP);
    size_t n;
    install(EXAMPLE_VENDOR, 3);
    ck_assert_uint_eq(errors, 0);
    ck_assert_uint_eq(flows(), 1);
    n = send_frame(1, &f);
    ck_assert_uint_eq(e.meter[3], n);
    ck_assert_uint_eq(host[2].frames, 1);
    install(EXAMPLE_VENDOR, EXAMPLE_METERS); /* none of those that there are: the hook's to check */
    send_frame(1, &f);
    ck_assert_uint_eq(e.meter[3], n);
    ck_assert_uint_eq(host[2].frames, 2);
}
END_TEST

START_TEST(actions_of_other_vendors_are_refused_as_before)
{
    install(EXAMPLE_VENDOR + 1, 3);
    ck_assert_uint_eq(errors, 1);
    ck_assert_uint_eq(error.type, OFPET_BAD_ACTION);
    ck_assert_uint_eq(error.code, OFPBAC_BAD_VENDOR);
    install(NX_VENDOR_ID, 3);
    ck_assert_uint_eq(errors, 2);
    ck_assert_uint_eq(error.code, OFPBAC_BAD_VENDOR_TYPE);
    ck_assert_uint_eq(flows(), 0);
}
END_TEST

START_TEST(without_a_hook_no_vendor_is_known)
{
    dp_set_hooks(e.dp, &(struct dp_hooks){0}, NULL);
    install(EXAMPLE_VENDOR, 3);
    ck_assert_uint_eq(errors, 1);
    ck_assert_uint_eq(error.code, OFPBAC_BAD_VENDOR);
    install(0, 3); /* what the id of no hook is */
    ck_assert_uint_eq(errors, 2);
    ck_assert_uint_eq(error.code, OFPBAC_BAD_VENDOR);
}
END_TEST

START_TEST(misses_are_decided_by_the_application)
{
    struct frame udp = frame_between(1, 2, HDR_IP_UDP), arp = udp;
    arp.type = HDR_ETH_ARP;
    send_frame(1, &arp);
    ck_assert_uint_eq(host[2].frames, 1);
    ck_assert_uint_eq(flows(), 0);
    send_frame(1, &udp);
    ck_assert_uint_eq(host[2].frames, 1);
    ck_assert_uint_eq(flows(), 1);
    sim_run(loop_now() + 12 * NS_PER_S);
    ck_assert_uint_eq(flows(), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        vendor_action_goes_from_the_wire_to_the_hook,
        actions_of_other_vendors_are_refused_as_before,
        without_a_hook_no_vendor_is_known,
        misses_are_decided_by_the_application,
    };
    Suite *s = suite_create("example_switch");
    TCase *c = tcase_create("example_switch");
    suite_add_tcase(s, c);
    tcase_add_checked_fixture(c, begin, end);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(c, tests[i]);
    return unit_main(s);
}
