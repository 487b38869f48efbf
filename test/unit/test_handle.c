/*
 * test_handle.c - each request's reply and each error that a switch gives, over a live connection
 * to an agent with a fake datapath.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/action.h"
#include "test/unit/agent_world.h"
#include "test/unit/faults.h"

static struct fake_peer *peer;

static void set_up(void)
{
    world_begin();
    peer = controller();
}

static void tear_down(void)
{
    expect_alive(peer);
    fake_free(peer);
}

/* --- Features, configuration, barrier, echo, vendor ------------------------------------------- */

START_TEST(features_reply_lists_every_port)
{
    struct ofp_msg msg;
    const struct ofp_phy_port *port;
    uint16_t n = 0;

    ask(peer, OFPT_FEATURES_REQUEST, 0x1234);
    msg = fake_expect(peer, OFPT_FEATURES_REPLY);
    ck_assert_uint_eq(msg.xid, 0x1234);
    ck_assert_uint_eq(msg.features.datapath_id, 0xabcdef);
    ck_assert_uint_eq(msg.features.n_buffers, 256);
    ck_assert_uint_eq(msg.features.n_tables, 1);
    while ((port = ofp_next_port(&msg.features.ports)) != NULL)
        ck_assert_uint_eq(be16_get(port->port_no), ++n);
    ck_assert_uint_eq(n, 4);
    tear_down();
}
END_TEST

START_TEST(features_reply_holds_as_many_ports_as_go_into_a_message)
{
    struct ofp_msg msg;

    dp->n_ports = 5000;
    ask(peer, OFPT_FEATURES_REQUEST, 1);
    msg = fake_expect(peer, OFPT_FEATURES_REPLY);
    ck_assert_uint_eq(msg.features.ports.len / sizeof(struct ofp_phy_port), 1364);
    tear_down();
}
END_TEST

START_TEST(configuration_is_kept_and_told)
{
    struct ofp_msg msg;

    ask(peer, OFPT_GET_CONFIG_REQUEST, 5);
    msg = fake_expect(peer, OFPT_GET_CONFIG_REPLY);
    ck_assert_uint_eq(msg.xid, 5);
    ck_assert_uint_eq(msg.config.flags, OFPC_FRAG_NORMAL);
    ck_assert_uint_eq(msg.config.miss_send_len, OFP_DEFAULT_MISS_SEND_LEN);
    set_config(peer, OFPC_FRAG_DROP, 1000);
    ask(peer, OFPT_GET_CONFIG_REQUEST, 6);
    msg = fake_expect(peer, OFPT_GET_CONFIG_REPLY);
    ck_assert_uint_eq(msg.config.flags, OFPC_FRAG_DROP);
    ck_assert_uint_eq(msg.config.miss_send_len, 1000);
    ck_assert_uint_eq(dp->config.flags, OFPC_FRAG_DROP);
    ck_assert_uint_eq(dp->config.miss_send_len, 1000);
    tear_down();
}
END_TEST

START_TEST(echo_request_is_answered_with_its_xid_and_data)
{
    const struct ofp_msg echo = {
        .type = OFPT_ECHO_REQUEST, .xid = 0xfffffffe, .data = span_of("mirage", 6)};
    struct ofp_msg reply;

    fake_send(peer, &echo);
    reply = fake_expect(peer, OFPT_ECHO_REPLY);
    ck_assert_uint_eq(reply.xid, 0xfffffffe);
    ck_assert_uint_eq(reply.data.len, 6);
    ck_assert_mem_eq(reply.data.data, "mirage", 6);
    tear_down();
}
END_TEST

START_TEST(longest_echo_is_answered)
{
    static uint8_t data[OFP_MAX_MESSAGE - sizeof(struct ofp_header)];
    const struct ofp_msg echo = {
        .type = OFPT_ECHO_REQUEST, .xid = 1, .data = span_of(data, sizeof data)};

    fake_send(peer, &echo);
    ck_assert_uint_eq(fake_expect(peer, OFPT_ECHO_REPLY).data.len, sizeof data);
    tear_down();
}
END_TEST

START_TEST(requests_of_one_write_are_answered_in_their_order)
{
    static const uint8_t types[] = {OFPT_BARRIER_REQUEST, OFPT_FEATURES_REQUEST,
                                    OFPT_ECHO_REQUEST,    OFPT_GET_CONFIG_REQUEST,
                                    OFPT_BARRIER_REQUEST, OFPT_ECHO_REQUEST};
    static const uint8_t replies[] = {OFPT_BARRIER_REPLY,    OFPT_FEATURES_REPLY, OFPT_ECHO_REPLY,
                                      OFPT_GET_CONFIG_REPLY, OFPT_BARRIER_REPLY,  OFPT_ECHO_REPLY};
    uint8_t batch[sizeof types][8];

    for (size_t i = 0; i < sizeof types; i++) {
        const uint8_t request[8] = {1, types[i], 0, 8, 0, 0, 0, (uint8_t)(i + 1)};
        memcpy(batch[i], request, 8);
    }
    fake_send_bytes(peer, batch, sizeof batch);
    for (size_t i = 0; i < sizeof types; i++)
        ck_assert_uint_eq(fake_expect(peer, replies[i]).xid, i + 1);
    tear_down();
}
END_TEST

START_TEST(barrier_is_answered_after_what_came_before_it_is_done)
{
    const struct ofp_match any = {.wildcards = be32_of(OFPFW_ALL)};
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD, .xid = 3};
    uint8_t area[1024];
    struct buf out = buf_of(area, sizeof area);

    msg.flow_mod.match = &any;
    dp->refuses = true;
    dp->fault = (struct ofp_fault){OFPET_FLOW_MOD_FAILED, OFPFMFC_ALL_TABLES_FULL};
    ck_assert(ofp_encode(&out, &msg));
    msg = (struct ofp_msg){.type = OFPT_BARRIER_REQUEST, .xid = 4};
    ck_assert(ofp_encode(&out, &msg));
    fake_send_bytes(peer, area, out.len);
    expect_error(peer, 3, OFPET_FLOW_MOD_FAILED, OFPFMFC_ALL_TABLES_FULL);
    ck_assert_uint_eq(fake_expect(peer, OFPT_BARRIER_REPLY).xid, 4);
    tear_down();
}
END_TEST

START_TEST(vendors_that_are_not_known_are_told_so)
{
    struct ofp_msg msg = {.type = OFPT_VENDOR, .xid = 9, .vendor = {.vendor = 0x123456}};
    const be32 body[2] = {be32_of(99), be32_of(0)},
               role[2] = {be32_of(NXT_ROLE_REQUEST), be32_of(3)};

    fake_send(peer, &msg);
    expect_error(peer, 9, OFPET_BAD_REQUEST, OFPBRC_BAD_VENDOR);
    msg.vendor = (struct ofp_msg_vendor){NX_VENDOR_ID, span_of(body, sizeof body)};
    fake_send(peer, &msg);
    expect_error(peer, 9, OFPET_BAD_REQUEST, OFPBRC_BAD_SUBTYPE);
    msg.vendor.body = span_of(role, sizeof role);
    fake_send(peer, &msg);
    expect_error(peer, 9, OFPET_BAD_REQUEST, OFPBRC_BAD_SUBTYPE);
    tear_down();
}
END_TEST

/* --- Changes ---------------------------------------------------------------------------------- */

START_TEST(what_the_datapath_refuses_is_answered_with_its_error_and_the_requests_first_64_bytes)
{
    static const char *const names[] = {"flow_mod_add", "packet_out", "port_mod"};

    dp->refuses = true;
    dp->fault = (struct ofp_fault){OFPET_PORT_MOD_FAILED, OFPPMFC_BAD_HW_ADDR};
    for (size_t i = 0; i < 3; i++) {
        struct span sent = corpus_find(names[i])->bytes;
        struct ofp_msg answer;
        fake_send_bytes(peer, sent.data, sent.len);
        answer = fake_expect(peer, OFPT_ERROR);
        ck_assert_uint_eq(answer.error.type, OFPET_PORT_MOD_FAILED);
        ck_assert_uint_eq(answer.error.code, OFPPMFC_BAD_HW_ADDR);
        ck_assert_uint_eq(answer.error.data.len, sent.len < 64 ? sent.len : 64);
        ck_assert_mem_eq(answer.error.data.data, sent.data, answer.error.data.len);
    }
    ck_assert_uint_eq(agent_counters.refused, 3);
    tear_down();
}
END_TEST

START_TEST(what_the_datapath_takes_has_no_answer)
{
    static const char *const names[] = {"flow_mod_add", "packet_out", "port_mod"};

    for (size_t i = 0; i < 3; i++) {
        struct span sent = corpus_find(names[i])->bytes;
        fake_send_bytes(peer, sent.data, sent.len);
        fake_expect_nothing(peer);
    }
    ck_assert_uint_eq(dp->flow_mods, 1);
    ck_assert_uint_eq(dp->packet_outs, 1);
    ck_assert_uint_eq(dp->port_mods, 1);
    tear_down();
}
END_TEST

START_TEST(entry_whose_actions_no_statistics_could_tell_is_too_many)
{
    static uint8_t list[OFP_MAX_MESSAGE];
    const struct ofp_match any = {.wildcards = be32_of(OFPFW_ALL)};
    const size_t most = (OFP_MAX_MESSAGE - 12 - 88) / 8 * 8;
    struct buf actions = buf_of(list, sizeof list);
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD, .xid = 3}, reply;
    struct span entry;

    while (actions.len < most)
        ofp_put_output(&actions, 1, 0);
    msg.flow_mod.match = &any;
    msg.flow_mod.actions = span_of(list, most);
    fake_send(peer, &msg);
    ofp_put_output(&actions, 1, 0);
    msg.flow_mod.actions = span_of(list, most + 8);
    fake_send(peer, &msg);
    expect_error(peer, 3, OFPET_BAD_ACTION, OFPBAC_TOO_MANY);
    ck_assert_uint_eq(dp->flow_mods, 1);

    msg = (struct ofp_msg){.type = OFPT_STATS_REQUEST, .stats = {.type = OFPST_FLOW}};
    msg.stats.flow = (struct ofp_msg_flow_request){&any, OFP_TABLE_ALL, OFPP_NONE};
    fake_send(peer, &msg);
    reply = fake_expect(peer, OFPT_STATS_REPLY);
    ck_assert_ptr_nonnull(ofp_next_flow_stats(&reply.stats.entries, &entry));
    ck_assert_uint_eq(entry.len, most);
    tear_down();
}
END_TEST

/* Faults that validation finds, at the live connection. */
START_TEST(message_with_a_fault_gets_the_error_that_the_specification_names)
{
    size_t n;
    const struct fault_case *cases = fault_cases(&n);
    unsigned tried = 0;

    for (size_t i = 0; i < n; i++) {
        struct span sent;
        if (cases[i].receiver != OFP_AT_SWITCH || cases[i].expected.type == FAULT_NONE)
            continue;
        sent = fault_message(&cases[i]);
        if (be16_get(((const struct ofp_header *)sent.data)->length) == sent.len) {
            fake_send_bytes(peer, sent.data, sent.len);
            expect_error(peer, be32_get(((const struct ofp_header *)sent.data)->xid),
                         cases[i].expected.type, cases[i].expected.code);
            expect_alive(peer);
            tried++;
        }
        free((void *)(uintptr_t)sent.data);
    }
    ck_assert_uint_ge(tried, 30);
    tear_down();
}
END_TEST

/* --- Statistics ------------------------------------------------------------------------------- */

static struct ofp_msg_stats stats(struct ofp_msg_stats request)
{
    const struct ofp_msg msg = {.type = OFPT_STATS_REQUEST, .xid = 0x57a75, .stats = request};
    struct ofp_msg reply;
    fake_send(peer, &msg);
    reply = fake_expect(peer, OFPT_STATS_REPLY);
    ck_assert_uint_eq(reply.xid, 0x57a75);
    ck_assert_uint_eq(reply.stats.type, request.type);
    return reply.stats;
}

static const struct ofp_match any = {.wildcards = {{0, 0x3f, 0xff, 0xff}}};

static struct ofp_msg_stats flows(uint16_t type, uint8_t table_id, uint16_t out_port)
{
    return stats((struct ofp_msg_stats){.type = type, .flow = {&any, table_id, out_port}});
}

START_TEST(description_says_who_we_are)
{
    struct ofp_msg_stats reply = stats((struct ofp_msg_stats){.type = OFPST_DESC});

    ck_assert_uint_gt(strlen(reply.desc->mfr_desc), 0);
    ck_assert_ptr_nonnull(strstr(reply.desc->sw_desc, MORGANA_VERSION));
    ck_assert_str_eq(reply.desc->dp_desc, "the fake one");
    tear_down();
}
END_TEST

START_TEST(flow_statistics_tell_all_of_an_entry)
{
    /* Wild addresses as no canonical match has them: told as they were said. */
    const struct ofp_match match = {
        .wildcards = be32_of(OFPFW_ALL & ~OFPFW_IN_PORT),
        .in_port = be16_of(3),
    };
    const struct flow init = {.priority = 77,
                              .cookie = 0x1122334455667788,
                              .idle_timeout = 60,
                              .hard_timeout = 600,
                              .flags = OFPFF_SEND_FLOW_REM};
    uint8_t area[64];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_msg_stats reply;
    const struct ofp_flow_stats *e;
    struct span list;

    ofp_put_output(&actions, 5, 0);
    ofp_put_dec_ttl(&actions);
    ck_assert_int_eq(table_insert(dp->table, &match, &init, span_of(area, actions.len)), 0);
    fake_wait(5 * NS_PER_S + 7 * NS_PER_MS);
    reply = flows(OFPST_FLOW, OFP_TABLE_ALL, OFPP_NONE);
    ck_assert_uint_eq(reply.flags, 0);
    e = ofp_next_flow_stats(&reply.entries, &list);
    ck_assert_ptr_nonnull(e);
    ck_assert_uint_eq(reply.entries.len, 0);
    ck_assert_uint_eq(e->table_id, 0);
    ck_assert_mem_eq(&e->match, &match, sizeof match);
    ck_assert_uint_eq(be32_get(e->duration_sec), 5);
    ck_assert_uint_ge(be32_get(e->duration_nsec), 7000000);
    ck_assert_uint_lt(be32_get(e->duration_nsec), 20000000);
    ck_assert_uint_eq(be16_get(e->priority), 77);
    ck_assert_uint_eq(be16_get(e->idle_timeout), 60);
    ck_assert_uint_eq(be16_get(e->hard_timeout), 600);
    ck_assert_uint_eq(be64_get(e->cookie), 0x1122334455667788);
    ck_assert_uint_eq(be64_get(e->packet_count), 0);
    ck_assert_uint_eq(list.len, actions.len);
    ck_assert_mem_eq(list.data, area, actions.len);
    tear_down();
}
END_TEST

START_TEST(flow_statistics_past_64_kb_come_in_parts_with_more_and_lack_nothing)
{
    enum { N = 5000 };
    const struct ofp_msg request = {
        .type = OFPT_STATS_REQUEST,
        .xid = 21,
        .stats = {.type = OFPST_FLOW, .flow = {&any, OFP_TABLE_ALL, OFPP_NONE}}};
    static bool seen[N];
    unsigned parts = 0, n = 0;
    bool more = true;

    for (uint32_t i = 0; i < N; i++)
        fake_dp_add(dp->table, i, 1 + i % 5);
    fake_send(peer, &request);
    while (more) {
        struct ofp_msg reply = fake_expect(peer, OFPT_STATS_REPLY);
        const struct ofp_flow_stats *e;
        struct span actions;
        ck_assert_uint_eq(reply.xid, 21);
        more = reply.stats.flags & OFPSF_REPLY_MORE;
        while ((e = ofp_next_flow_stats(&reply.stats.entries, &actions)) != NULL) {
            uint64_t i = be64_get(e->cookie);
            ck_assert(i < N && !seen[i]);
            ck_assert_uint_eq(actions.len, (1 + i % 5) * 8);
            seen[i] = true;
            n++;
        }
        ck_assert_uint_eq(reply.stats.entries.len, 0);
        parts++;
    }
    ck_assert_uint_eq(n, N);
    ck_assert_uint_ge(parts, N * (88 + 24) / 65535);
    ck_assert_uint_le(parts, N * (88 + 24) / 65535 + 2);
    tear_down();
}
END_TEST

static unsigned count(struct ofp_msg_stats reply)
{
    struct span actions;
    unsigned n = 0;
    while (ofp_next_flow_stats(&reply.entries, &actions) != NULL)
        n++;
    return n;
}

START_TEST(flow_statistics_honour_table_and_out_port_and_match)
{
    struct ofp_match one = {.wildcards = be32_of(OFPFW_ALL & ~(unsigned)OFPFW_DL_SRC)};

    for (uint32_t i = 0; i < 10; i++)
        fake_dp_add(dp->table, i, i);
    for (uint32_t i = 0; i < 3; i++)
        fake_dp_add(dp->emergency, i, i);
    ck_assert_uint_eq(count(flows(OFPST_FLOW, OFP_TABLE_ALL, OFPP_NONE)), 10);
    ck_assert_uint_eq(count(flows(OFPST_FLOW, 0, OFPP_NONE)), 10);
    ck_assert_uint_eq(count(flows(OFPST_FLOW, OFP_TABLE_EMERG, OFPP_NONE)), 3);
    ck_assert_uint_eq(count(flows(OFPST_FLOW, 1, OFPP_NONE)), 0);
    ck_assert_uint_eq(count(flows(OFPST_FLOW, OFP_TABLE_ALL, 7)), 3);
    ck_assert_uint_eq(count(flows(OFPST_FLOW, OFP_TABLE_ALL, 10)), 0);
    one.dl_src[0] = 4;
    ck_assert_uint_eq(
        count(stats((struct ofp_msg_stats){.type = OFPST_FLOW, .flow = {&one, 0, OFPP_NONE}})), 1);
    tear_down();
}
END_TEST

static bool used(void *user, struct flow *flow)
{
    (void)user;
    flow->packets = flow->cookie + 1;
    flow->bytes = 100 * flow->packets;
    return true;
}

START_TEST(aggregate_is_the_sum_of_what_flow_statistics_tell)
{
    const struct table_filter all = {.out_port = OFPP_NONE};
    struct ofp_msg_aggregate sum;

    for (uint32_t i = 0; i < 10; i++)
        fake_dp_add(dp->table, i, i);
    table_each(dp->table, &all, used, NULL);
    sum = flows(OFPST_AGGREGATE, OFP_TABLE_ALL, OFPP_NONE).aggregate;
    ck_assert_uint_eq(sum.flow_count, 10);
    ck_assert_uint_eq(sum.packet_count, 55);
    ck_assert_uint_eq(sum.byte_count, 5500);
    sum = flows(OFPST_AGGREGATE, OFP_TABLE_ALL, 9).aggregate;
    ck_assert_uint_eq(sum.flow_count, 1);
    ck_assert_uint_eq(sum.packet_count, 10);
    sum = flows(OFPST_AGGREGATE, 5, OFPP_NONE).aggregate;
    ck_assert_uint_eq(sum.flow_count, 0);
    tear_down();
}
END_TEST

START_TEST(table_statistics_tell_the_one_table)
{
    struct ofp_msg_stats reply;
    const struct ofp_table_stats *e;

    fake_dp_add(dp->table, 1, 1);
    reply = stats((struct ofp_msg_stats){.type = OFPST_TABLE});
    e = ofp_next_table_stats(&reply.entries);
    ck_assert_ptr_nonnull(e);
    ck_assert_uint_eq(reply.entries.len, 0);
    ck_assert_uint_eq(e->table_id, 0);
    ck_assert_uint_eq(be32_get(e->wildcards), OFPFW_ALL);
    ck_assert_uint_eq(be32_get(e->max_entries), 1 << 20);
    ck_assert_uint_eq(be32_get(e->active_count), 1);
    tear_down();
}
END_TEST

static struct ofp_msg_stats ports(uint16_t type, uint16_t port_no, uint32_t queue_id)
{
    return stats((struct ofp_msg_stats){.type = type, .port = {port_no, queue_id}});
}

START_TEST(port_statistics_tell_one_port_or_all)
{
    struct ofp_msg_stats reply = ports(OFPST_PORT, OFPP_NONE, 0);
    const struct ofp_port_stats *e;

    for (uint16_t i = 1; i <= 4; i++) {
        e = ofp_next_port_stats(&reply.entries);
        ck_assert_uint_eq(be16_get(e->port_no), i);
        ck_assert_uint_eq(be64_get(e->rx_packets), i * 10u);
    }
    ck_assert_uint_eq(reply.entries.len, 0);
    reply = ports(OFPST_PORT, 3, 0);
    e = ofp_next_port_stats(&reply.entries);
    ck_assert_uint_eq(be16_get(e->port_no), 3);
    ck_assert_uint_eq(reply.entries.len, 0);
    ck_assert_uint_eq(ports(OFPST_PORT, 5, 0).entries.len, 0);
    tear_down();
}
END_TEST

START_TEST(port_statistics_past_64_kb_come_in_parts)
{
    const struct ofp_msg request = {.type = OFPT_STATS_REQUEST,
                                    .stats = {.type = OFPST_PORT, .port = {OFPP_NONE, 0}}};
    unsigned n = 0;
    struct ofp_msg reply;

    dp->n_ports = 2000;
    fake_send(peer, &request);
    do {
        reply = fake_expect(peer, OFPT_STATS_REPLY);
        n += reply.stats.entries.len / sizeof(struct ofp_port_stats);
    } while (reply.stats.flags & OFPSF_REPLY_MORE);
    ck_assert_uint_eq(n, 2000);
    tear_down();
}
END_TEST

START_TEST(queue_statistics_tell_one_queue_or_all_of_a_port_or_of_all)
{
    struct ofp_msg_stats reply;
    const struct ofp_queue_stats *e;

    dp->n_queues = 3;
    for (int all = 0; all < 2; all++) {
        reply = ports(OFPST_QUEUE, all ? OFPP_ALL : 1, OFPQ_ALL);
        ck_assert_uint_eq(reply.entries.len, 3 * sizeof *e);
        e = ofp_next_queue_stats(&reply.entries);
        ck_assert_uint_eq(be16_get(e->port_no), 1);
    }
    reply = ports(OFPST_QUEUE, OFPP_ALL, 2);
    e = ofp_next_queue_stats(&reply.entries);
    ck_assert_uint_eq(reply.entries.len, 0);
    ck_assert_uint_eq(be32_get(e->queue_id), 2);
    ck_assert_uint_eq(be64_get(e->tx_packets), 1002);
    ck_assert_uint_eq(be64_get(e->tx_bytes), 2002);
    ck_assert_uint_eq(be64_get(e->tx_errors), 3002);
    ck_assert_uint_eq(ports(OFPST_QUEUE, 2, OFPQ_ALL).entries.len, 0);
    tear_down();
}
END_TEST

static void expect_queue_fault(uint16_t port_no, uint32_t queue_id, uint16_t code)
{
    const struct ofp_msg msg = {.type = OFPT_STATS_REQUEST,
                                .xid = 8,
                                .stats = {.type = OFPST_QUEUE, .port = {port_no, queue_id}}};
    fake_send(peer, &msg);
    expect_error(peer, 8, OFPET_QUEUE_OP_FAILED, code);
}

START_TEST(queue_or_port_that_is_not_there_is_an_error)
{
    const struct ofp_msg config = {
        .type = OFPT_QUEUE_GET_CONFIG_REQUEST, .xid = 4, .queue_config = {.port = 5}};

    dp->n_queues = 3;
    expect_queue_fault(1, 3, OFPQOFC_BAD_QUEUE);
    expect_queue_fault(OFPP_ALL, 3, OFPQOFC_BAD_QUEUE);
    expect_queue_fault(5, OFPQ_ALL, OFPQOFC_BAD_PORT);
    fake_send(peer, &config);
    expect_error(peer, 4, OFPET_QUEUE_OP_FAILED, OFPQOFC_BAD_PORT);
    tear_down();
}
END_TEST

START_TEST(queue_configuration_tells_each_queue_and_its_rate)
{
    const struct ofp_msg request = {
        .type = OFPT_QUEUE_GET_CONFIG_REQUEST, .xid = 4, .queue_config = {.port = 1}};
    struct ofp_msg reply;
    struct span properties;

    dp->n_queues = 3;
    fake_send(peer, &request);
    reply = fake_expect(peer, OFPT_QUEUE_GET_CONFIG_REPLY);
    ck_assert_uint_eq(reply.xid, 4);
    ck_assert_uint_eq(reply.queue_config.port, 1);
    for (uint32_t i = 0; i < 3; i++) {
        const struct ofp_packet_queue *q = ofp_next_queue(&reply.queue_config.queues, &properties);
        const struct ofp_queue_prop_min_rate *rate = (const void *)ofp_next_queue_prop(&properties);
        ck_assert_uint_eq(be32_get(q->queue_id), i);
        ck_assert_int_eq(rate != NULL, i % 2 == 0);
        if (rate != NULL)
            ck_assert_uint_eq(be16_get(rate->rate), 100 + i);
    }
    ck_assert_uint_eq(reply.queue_config.queues.len, 0);
    tear_down();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        features_reply_lists_every_port,
        features_reply_holds_as_many_ports_as_go_into_a_message,
        configuration_is_kept_and_told,
        echo_request_is_answered_with_its_xid_and_data,
        longest_echo_is_answered,
        requests_of_one_write_are_answered_in_their_order,
        barrier_is_answered_after_what_came_before_it_is_done,
        vendors_that_are_not_known_are_told_so,
        what_the_datapath_refuses_is_answered_with_its_error_and_the_requests_first_64_bytes,
        what_the_datapath_takes_has_no_answer,
        entry_whose_actions_no_statistics_could_tell_is_too_many,
        message_with_a_fault_gets_the_error_that_the_specification_names,
        description_says_who_we_are,
        flow_statistics_tell_all_of_an_entry,
        flow_statistics_past_64_kb_come_in_parts_with_more_and_lack_nothing,
        flow_statistics_honour_table_and_out_port_and_match,
        aggregate_is_the_sum_of_what_flow_statistics_tell,
        table_statistics_tell_the_one_table,
        port_statistics_tell_one_port_or_all,
        port_statistics_past_64_kb_come_in_parts,
        queue_statistics_tell_one_queue_or_all_of_a_port_or_of_all,
        queue_or_port_that_is_not_there_is_an_error,
        queue_configuration_tells_each_queue_and_its_rate,
        NULL,
    };
    return world_main("handle", tests, set_up);
}
