/*
 * test_agent.c - the switch's side of the channel: hello, keep-alive, slow controllers, several
 * controllers and their roles, who hears what, losing all of them and finding them again.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/sim/sim.h"
#include "test/unit/agent_world.h"
#include "test/unit/corpus.h"

#include <errno.h>

/* --- Hello ----------------------------------------------------------------------------------- */

START_TEST(says_hello_at_once_and_answers_after_the_peers)
{
    struct fake_peer *peer = controller_new();

    fake_expect(peer, OFPT_HELLO);
    fake_expect_nothing(peer);
    ck_assert_uint_eq(agent_counters.connections_up, 0);
    fake_send_bytes(peer, corpus_find("hello")->bytes.data, corpus_find("hello")->bytes.len);
    ck_assert_uint_eq(agent_counters.connections_up, 1);
    expect_alive(peer);
    fake_free(peer);
}
END_TEST

START_TEST(peer_of_another_version_is_refused_with_a_text)
{
    const uint8_t hello[16] = {4, 0, 0, 16, 0, 0, 0, 9, 0, 1, 0, 8, 0, 0, 0, 0x10};
    struct fake_peer *peer = controller_new();

    fake_expect(peer, OFPT_HELLO);
    fake_send_bytes(peer, hello, sizeof hello);
    expect_error(peer, 9, OFPET_HELLO_FAILED, OFPHFC_INCOMPATIBLE);
    ck_assert_ptr_null(peer->stream);
    ck_assert_uint_eq(agent_counters.handshakes_failed, 1);
    fake_free(peer);
}
END_TEST

START_TEST(peer_that_refuses_us_is_left_without_an_answer)
{
    const uint8_t error[12] = {4, OFPT_ERROR, 0, 12};
    struct fake_peer *peer = controller_new();

    fake_expect(peer, OFPT_HELLO);
    fake_send_bytes(peer, error, sizeof error);
    fake_expect_nothing(peer);
    ck_assert_ptr_null(peer->stream);
    fake_free(peer);
}
END_TEST

START_TEST(hello_said_twice_is_no_harm)
{
    struct fake_peer *peer = controller();

    fake_send_bytes(peer, corpus_find("hello")->bytes.data, corpus_find("hello")->bytes.len);
    expect_alive(peer);
    fake_free(peer);
}
END_TEST

START_TEST(connection_without_a_hello_is_dropped_after_the_echo_limit)
{
    struct fake_peer *peer = controller_new();

    fake_wait(44 * NS_PER_S);
    ck_assert_ptr_nonnull(peer->stream);
    fake_wait(2 * NS_PER_S);
    ck_assert_ptr_null(peer->stream);
    ck_assert_uint_eq(agent_counters.handshakes_failed, 1);
    fake_free(peer);
}
END_TEST

START_TEST(by_default_a_peer_that_says_nothing_is_dropped_within_10_s)
{
    struct agent_config config;
    struct fake_peer *peer;

    agent_defaults(&config);
    world_end();
    world_begin_with(&config);
    peer = controller_new();
    fake_wait(10 * NS_PER_S);
    ck_assert_ptr_null(peer->stream);
    fake_free(peer);
}
END_TEST

/* --- Keep-alive ------------------------------------------------------------------------------ */

START_TEST(silence_is_met_with_echo_requests_and_then_the_end)
{
    struct fake_peer *peer = controller();

    fake_wait(14 * NS_PER_S);
    fake_expect_nothing(peer);
    fake_wait(2 * NS_PER_S);
    fake_expect(peer, OFPT_ECHO_REQUEST);
    fake_expect_nothing(peer);
    fake_wait(15 * NS_PER_S);
    fake_expect(peer, OFPT_ECHO_REQUEST);
    ck_assert_ptr_nonnull(peer->stream);
    fake_wait(15 * NS_PER_S);
    ck_assert_ptr_null(peer->stream);
    ck_assert_uint_eq(agent_counters.silent, 1);
    fake_free(peer);
}
END_TEST

START_TEST(answers_to_echo_requests_keep_a_connection_alive)
{
    struct fake_peer *peer = controller();

    for (int i = 0; i < 20; i++) {
        struct ofp_msg reply = {.type = OFPT_ECHO_REPLY};
        fake_wait(16 * NS_PER_S);
        reply.xid = fake_expect(peer, OFPT_ECHO_REQUEST).xid;
        fake_send(peer, &reply);
    }
    expect_alive(peer);
    fake_free(peer);
}
END_TEST

/* --- Bad input ------------------------------------------------------------------------------- */

START_TEST(length_below_the_header_is_answered_and_ends_the_connection)
{
    const uint8_t bytes[8] = {1, OFPT_ECHO_REQUEST, 0, 7, 0, 0, 0, 5};
    struct fake_peer *peer = controller();

    fake_send_bytes(peer, bytes, sizeof bytes);
    expect_error(peer, 5, OFPET_BAD_REQUEST, OFPBRC_BAD_LEN);
    ck_assert_ptr_null(peer->stream);
    ck_assert_uint_eq(agent_counters.broken, 1);
    fake_free(peer);
}
END_TEST

START_TEST(error_is_never_answered_with_an_error)
{
    const uint8_t error[9] = {1, OFPT_ERROR, 0, 9, 0, 0, 0, 5};
    struct fake_peer *peer = controller();

    fake_send_bytes(peer, error, sizeof error);
    fake_send_bytes(peer, corpus_find("error")->bytes.data, corpus_find("error")->bytes.len);
    ck_assert_uint_eq(agent_counters.bad, 1);
    expect_alive(peer);
    fake_free(peer);
}
END_TEST

START_TEST(messages_in_single_bytes_are_put_together)
{
    const uint8_t bytes[16] = {1, OFPT_BARRIER_REQUEST, 0, 8, 0, 0, 0, 5,
                               1, OFPT_BARRIER_REQUEST, 0, 8, 0, 0, 0, 6};
    struct fake_peer *peer = controller();

    for (size_t i = 0; i < sizeof bytes; i++)
        fake_send_bytes(peer, bytes + i, 1);
    ck_assert_uint_eq(fake_expect(peer, OFPT_BARRIER_REPLY).xid, 5);
    ck_assert_uint_eq(fake_expect(peer, OFPT_BARRIER_REPLY).xid, 6);
    fake_free(peer);
}
END_TEST

/* --- Slow controllers ------------------------------------------------------------------------ */

static struct connection *first_connection(void)
{
    return container_of(agent->connections.next, struct connection, link);
}

/* At most echo requests have come. */
static void expect_echo_or_nothing(struct fake_peer *peer)
{
    while (peer->seen < peer->len)
        fake_expect(peer, OFPT_ECHO_REQUEST);
}

/* As much as can be sent of barriers, to an agent whose answers nobody reads. Returns how many. */
static uint32_t flood(struct fake_peer *peer, uint32_t most)
{
    uint32_t n = 0;
    stream_pause(peer->stream, true);
    while (n < most) {
        uint8_t request[8] = {1, OFPT_BARRIER_REQUEST, 0, 8};
        const be32 xid = be32_of(n);
        memcpy(request + 4, &xid, sizeof xid);
        if (stream_write(peer->stream, request, sizeof request) != 0)
            break;
        if (++n % 1000 == 0)
            fake_settle();
    }
    fake_settle();
    return n;
}

START_TEST(controller_that_does_not_read_is_not_heard_until_it_does_and_loses_no_answer)
{
    struct fake_peer *peer = controller();
    struct connection *c = first_connection();
    uint32_t n = flood(peer, 1000000);

    ck_assert_uint_lt(n, 1000000);
    ck_assert(c->stream->paused);
    ck_assert_uint_eq(agent_counters.paused, 1);
    ck_assert_uint_lt(c->stream->out_bytes, STREAM_OUT_LIMIT + OFP_MAX_MESSAGE);
    stream_pause(peer->stream, false);
    fake_wait(NS_PER_S);
    for (uint32_t i = 0; i < n; i++)
        ck_assert_uint_eq(fake_expect(peer, OFPT_BARRIER_REPLY).xid, i);
    expect_alive(peer);
    fake_free(peer);
}
END_TEST

/* All flows. */
static const struct ofp_match any_match = {.wildcards = {{0, 0x3f, 0xff, 0xff}}};
static const struct ofp_msg all_flows = {
    .type = OFPT_STATS_REQUEST,
    .xid = 77,
    .stats = {.type = OFPST_FLOW, .flow = {&any_match, OFP_TABLE_ALL, OFPP_NONE}}};

START_TEST(slow_controller_costs_the_limit_and_one_message)
{
    struct fake_peer *peer = controller();
    struct connection *c = first_connection();

    for (uint32_t i = 0; i < 100000; i++)
        fake_dp_add(dp->table, i, 1);
    stream_pause(peer->stream, true);
    for (int i = 0; i < 1000; i++)
        fake_send(peer, &all_flows);
    ck_assert(c->stream->paused && c->walk.on);
    ck_assert_uint_ge(c->stream->out_bytes, STREAM_OUT_LIMIT);
    ck_assert_uint_lt(c->stream->out_bytes, STREAM_OUT_LIMIT + OFP_MAX_MESSAGE);
    fake_free(peer);
}
END_TEST

/* Read the parts of an answer; counts those flows that were there from the beginning. */
static void expect_flows(struct fake_peer *peer, uint32_t n, uint32_t xid)
{
    bool *seen = calloc(n, sizeof *seen), more = true;
    uint32_t missing = n;

    while (more) {
        struct ofp_msg reply = fake_expect(peer, OFPT_STATS_REPLY);
        const struct ofp_flow_stats *e;
        struct span actions;
        ck_assert_uint_eq(reply.xid, xid);
        more = reply.stats.flags & OFPSF_REPLY_MORE;
        while ((e = ofp_next_flow_stats(&reply.stats.entries, &actions)) != NULL) {
            uint64_t i = be64_get(e->cookie);
            ck_assert(i >= n || !seen[i]);
            if (i < n) {
                seen[i] = true;
                missing--;
            }
        }
    }
    ck_assert_uint_eq(missing, 0);
    free(seen);
}

START_TEST(long_answers_of_several_connections_are_complete_though_the_table_changes_between_parts)
{
    enum { N = 30000, PEERS = 3 };
    struct fake_peer *peers[PEERS];

    for (uint32_t i = 0; i < N; i++)
        fake_dp_add(dp->table, i, 1);
    for (int p = 0; p < PEERS; p++) {
        peers[p] = controller();
        stream_pause(peers[p]->stream, true);
        fake_send(peers[p], &all_flows);
        ask(peers[p], OFPT_BARRIER_REQUEST, 78);
    }
    for (uint32_t i = 0; i < N; i++)
        fake_dp_add(dp->table, N + i, 1);
    for (int p = 0; p < PEERS; p++) {
        stream_pause(peers[p]->stream, false);
        fake_wait(NS_PER_S);
        expect_flows(peers[p], N, 77);
        ck_assert_uint_eq(fake_expect(peers[p], OFPT_BARRIER_REPLY).xid, 78);
        expect_alive(peers[p]);
    }
    for (int p = 0; p < PEERS; p++)
        fake_free(peers[p]);
}
END_TEST

START_TEST(flood_of_long_questions_leaves_each_turn_to_others_after_a_bounded_part)
{
    enum { N = 3 * CONNECTION_BUDGET, QUESTIONS = 100 };
    const struct ofp_msg sum = {
        .type = OFPT_STATS_REQUEST,
        .xid = 77,
        .stats = {.type = OFPST_AGGREGATE, .flow = {&any_match, OFP_TABLE_ALL, OFPP_NONE}}};
    static uint8_t area[QUESTIONS * 64];
    struct buf questions = buf_of(area, sizeof area);
    struct fake_peer *peer = controller();
    unsigned turns = 0;

    for (uint32_t i = 0; i < N; i++)
        fake_dp_add(dp->table, i, 1);
    for (int i = 0; i < QUESTIONS; i++)
        ck_assert(ofp_encode(&questions, &sum));
    ck_assert_int_eq(stream_write(peer->stream, area, questions.len), 0);
    while (agent_counters.tx[OFPT_STATS_REPLY] < QUESTIONS) {
        loop_poll();
        ck_assert_uint_le(agent_counters.tx[OFPT_STATS_REPLY], ++turns / 3 + 1);
    }
    fake_settle();
    for (int i = 0; i < QUESTIONS; i++)
        ck_assert_uint_eq(fake_expect(peer, OFPT_STATS_REPLY).stats.aggregate.flow_count, N);
    expect_alive(peer);
    fake_free(peer);
}
END_TEST

START_TEST(connection_that_ends_within_a_long_answer_takes_it_along)
{
    struct fake_peer *peer = controller(), *other = controller();

    for (uint32_t i = 0; i < 100000; i++)
        fake_dp_add(dp->table, i, 1);
    stream_pause(peer->stream, true);
    fake_send(peer, &all_flows);
    fake_free(peer);
    ck_assert_uint_eq(agent_counters.connections_ended, 1);
    expect_alive(other);
    fake_free(other);
}
END_TEST

START_TEST(what_a_slow_controller_did_not_ask_for_is_dropped_and_counted)
{
    struct fake_peer *slow = controller(), *other = controller();
    struct connection *c = first_connection();
    unsigned n = 0;

    stream_pause(slow->stream, true);
    for (int i = 0; i < 2000; i++)
        fake_dp_packet_in(dp, OFPR_ACTION, false, 1000);
    ck_assert_uint_gt(agent_counters.async_dropped, 900);
    ck_assert_uint_lt(agent_counters.async_dropped, 1000);
    ck_assert_uint_lt(c->stream->out_bytes, STREAM_OUT_LIMIT + 2000);
    for (int i = 0; i < 2000; i++)
        fake_expect(other, OFPT_PACKET_IN);
    stream_pause(slow->stream, false);
    fake_wait(NS_PER_S);
    for (; slow->seen < slow->len; n++)
        fake_expect(slow, OFPT_PACKET_IN);
    ck_assert_uint_eq(n + agent_counters.async_dropped, 2000);
    expect_alive(slow);
    fake_free(slow);
    fake_free(other);
}
END_TEST

START_TEST(modelled_slow_switch_takes_its_time_for_each_flow_mod_and_what_is_behind_it_waits)
{
    static const uint8_t barrier[8] = {1, OFPT_BARRIER_REQUEST, 0, 8};
    struct span mod = corpus_find("flow_mod_add")->bytes;
    struct fake_peer *peer = controller(), *other = controller();
    uint8_t batch[2048];
    size_t n = 0;

    dp->delay = 20 * NS_PER_S; /* longer than the keep-alive's interval */
    for (int i = 0; i < 3; i++, n += mod.len)
        memcpy(batch + n, mod.data, mod.len);
    memcpy(batch + n, barrier, sizeof barrier);
    fake_send_bytes(peer, batch, n + sizeof barrier);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_uint_eq(dp->flow_mods, i);
        fake_wait(19 * NS_PER_S);
        ck_assert_uint_eq(dp->flow_mods, i);
        expect_echo_or_nothing(peer);
        fake_forget(other);
        expect_alive(other);
        fake_wait(NS_PER_S + 10 * NS_PER_MS);
    }
    ck_assert_uint_eq(dp->flow_mods, 3);
    fake_expect(peer, OFPT_BARRIER_REPLY);
    expect_alive(peer);
    fake_free(peer);
    fake_free(other);
}
END_TEST

START_TEST(controller_that_never_reads_again_is_dropped_after_the_echo_limit)
{
    struct fake_peer *peer = controller();

    flood(peer, 1000000);
    fake_wait(46 * NS_PER_S);
    ck_assert_uint_eq(agent_counters.silent, 1);
    ck_assert_uint_eq(agent->n_connections, 0);
    stream_pause(peer->stream, false);
    fake_free(peer);
}
END_TEST

START_TEST(connections_past_the_maximum_are_refused_and_counted)
{
    struct fake_peer *peer[65];

    for (int i = 0; i < 65; i++)
        peer[i] = controller_new();
    ck_assert_ptr_nonnull(peer[63]->stream);
    ck_assert_ptr_null(peer[64]->stream);
    ck_assert_uint_eq(agent_counters.connections_refused, 1);
    for (int i = 0; i < 65; i++)
        fake_free(peer[i]);
}
END_TEST

/* --- Who hears what -------------------------------------------------------------------------- */

START_TEST(missed_packet_is_cut_for_each_controller_as_it_has_asked)
{
    struct fake_peer *a = controller(), *b = controller();

    set_config(b, OFPC_FRAG_NORMAL, 500);
    ck_assert_uint_eq(dp->config.miss_send_len, 500);
    fake_dp_packet_in(dp, OFPR_NO_MATCH, true, 500);
    ck_assert_uint_eq(fake_expect(a, OFPT_PACKET_IN).packet_in.data.len, 128);
    ck_assert_uint_eq(fake_expect(b, OFPT_PACKET_IN).packet_in.data.len, 500);
    fake_dp_packet_in(dp, OFPR_NO_MATCH, false, 1514);
    ck_assert_uint_eq(fake_expect(a, OFPT_PACKET_IN).packet_in.data.len, 1514);
    ck_assert_uint_eq(fake_expect(b, OFPT_PACKET_IN).packet_in.data.len, 1514);
    fake_dp_packet_in(dp, OFPR_ACTION, true, 700);
    ck_assert_uint_eq(fake_expect(a, OFPT_PACKET_IN).packet_in.data.len, 700);
    ck_assert_uint_eq(fake_expect(b, OFPT_PACKET_IN).packet_in.data.len, 700);
    fake_free(b);
    ck_assert_uint_eq(dp->config.miss_send_len, 128);
    fake_free(a);
}
END_TEST

START_TEST(packet_longer_than_a_message_is_cut)
{
    struct fake_peer *peer = controller();
    struct ofp_msg msg;

    fake_dp_packet_in(dp, OFPR_ACTION, false, 65535);
    msg = fake_expect(peer, OFPT_PACKET_IN);
    ck_assert_uint_eq(msg.packet_in.total_len, 65535);
    ck_assert_uint_eq(msg.packet_in.data.len, 65535 - 18);
    fake_free(peer);
}
END_TEST

START_TEST(everything_asynchronous_waits_for_the_hello)
{
    struct fake_peer *peer = controller_new();

    fake_dp_packet_in(dp, OFPR_NO_MATCH, false, 60);
    fake_dp_flow_removed(dp);
    fake_dp_port_status(dp, 1);
    say_hello(peer);
    fake_dp_port_status(dp, 2);
    fake_expect(peer, OFPT_PORT_STATUS);
    fake_expect_nothing(peer);
    fake_free(peer);
}
END_TEST

START_TEST(controller_that_heard_another_datapath_id_joins_anew)
{
    struct fake_peer *early = controller(), *later;

    dp->id++; /* made from a port's address: the port has come */
    fake_dp_port_status(dp, 1);
    fake_settle();
    ck_assert_ptr_null(early->stream);
    later = controller();
    fake_dp_port_status(dp, 2);
    fake_expect(later, OFPT_PORT_STATUS);
    ck_assert_ptr_nonnull(later->stream);
    fake_free(early);
    fake_free(later);
}
END_TEST

/* --- Roles ----------------------------------------------------------------------------------- */

START_TEST(new_master_makes_the_old_one_a_slave_and_leaves_equals_alone)
{
    struct fake_peer *a = controller(), *b = controller(), *equal = controller();
    const struct ofp_msg out = {.type = OFPT_PACKET_OUT,
                                .xid = 3,
                                .packet_out = {.buffer_id = OFP_NO_BUFFER, .in_port = OFPP_NONE}};

    take_role(a, NX_ROLE_MASTER);
    take_role(b, NX_ROLE_MASTER);
    fake_send(a, &out);
    expect_error(a, 3, OFPET_BAD_REQUEST, OFPBRC_EPERM);
    fake_send(b, &out);
    fake_send(equal, &out);
    ck_assert_uint_eq(dp->packet_outs, 2);
    take_role(a, NX_ROLE_OTHER);
    fake_send(a, &out);
    ck_assert_uint_eq(dp->packet_outs, 3);
    expect_alive(a);
    expect_alive(b);
    expect_alive(equal);
    fake_free(a);
    fake_free(b);
    fake_free(equal);
}
END_TEST

START_TEST(slave_may_change_nothing_but_may_ask_everything)
{
    static const char *const changes[] = {"flow_mod_add", "packet_out", "port_mod"};
    size_t n;
    const struct corpus_item *items = corpus_all(&n);
    struct fake_peer *peer = controller();
    struct ofp_msg error;

    take_role(peer, NX_ROLE_SLAVE);
    for (size_t i = 0; i < 3; i++) {
        struct span sent = corpus_find(changes[i])->bytes;
        fake_send_bytes(peer, sent.data, sent.len);
        error = fake_expect(peer, OFPT_ERROR);
        ck_assert_uint_eq(error.error.type, OFPET_BAD_REQUEST);
        ck_assert_uint_eq(error.error.code, OFPBRC_EPERM);
        ck_assert_mem_eq(error.error.data.data, sent.data, error.error.data.len);
    }
    ck_assert_uint_eq(dp->flow_mods + dp->packet_outs + dp->port_mods, 0);
    dp->n_ports = 10; /* whatever port the corpus asks for */
    dp->n_queues = 10;
    for (size_t i = 0; i < n; i++) {
        uint8_t type = items[i].bytes.data[1];
        if (type != OFPT_FEATURES_REQUEST && type != OFPT_GET_CONFIG_REQUEST &&
            type != OFPT_BARRIER_REQUEST)
            continue;
        fake_send_bytes(peer, items[i].bytes.data, items[i].bytes.len);
        fake_expect(peer, (uint8_t)(type + 1));
    }
    expect_alive(peer);
    fake_free(peer);
}
END_TEST

START_TEST(slave_hears_of_ports_only)
{
    struct fake_peer *slave = controller(), *master = controller();

    take_role(slave, NX_ROLE_SLAVE);
    take_role(master, NX_ROLE_MASTER);
    fake_dp_packet_in(dp, OFPR_NO_MATCH, false, 60);
    fake_dp_flow_removed(dp);
    fake_dp_port_status(dp, 3);
    fake_expect(master, OFPT_PACKET_IN);
    ck_assert_uint_eq(fake_expect(master, OFPT_FLOW_REMOVED).flow_removed.cookie, 42);
    fake_expect(master, OFPT_PORT_STATUS);
    fake_expect(slave, OFPT_PORT_STATUS);
    expect_alive(slave);
    expect_alive(master);
    fake_free(slave);
    fake_free(master);
}
END_TEST

START_TEST(slave_sets_its_own_miss_send_len_but_not_everybodys_fragments)
{
    struct fake_peer *slave = controller();

    take_role(slave, NX_ROLE_SLAVE);
    set_config(slave, OFPC_FRAG_NORMAL, 200);
    fake_expect_nothing(slave);
    set_config(slave, OFPC_FRAG_DROP, 300);
    expect_error(slave, 0, OFPET_BAD_REQUEST, OFPBRC_EPERM);
    ask(slave, OFPT_GET_CONFIG_REQUEST, 1);
    ck_assert_uint_eq(fake_expect(slave, OFPT_GET_CONFIG_REPLY).config.miss_send_len, 200);
    ck_assert_uint_eq(dp->config.flags, OFPC_FRAG_NORMAL);
    fake_free(slave);
}
END_TEST

/* Open vSwitch's extension: each controller asks for itself. */
START_TEST(packets_whose_ttl_ends_are_for_controllers_that_have_asked)
{
    struct fake_peer *one = controller(), *other = controller();

    set_config(one, OFPC_INVALID_TTL_TO_CONTROLLER, 200);
    ck_assert_uint_eq(dp->config.flags, OFPC_INVALID_TTL_TO_CONTROLLER);
    ask(one, OFPT_GET_CONFIG_REQUEST, 1);
    ck_assert_uint_eq(fake_expect(one, OFPT_GET_CONFIG_REPLY).config.flags,
                      OFPC_INVALID_TTL_TO_CONTROLLER);
    ask(other, OFPT_GET_CONFIG_REQUEST, 1);
    ck_assert_uint_eq(fake_expect(other, OFPT_GET_CONFIG_REPLY).config.flags, OFPC_FRAG_NORMAL);
    fake_dp_packet_in(dp, OFPR_INVALID_TTL, true, 500);
    ck_assert_uint_eq(fake_expect(one, OFPT_PACKET_IN).packet_in.data.len, 200);
    fake_expect_nothing(other);
    fake_free(one);
    fake_settle();
    ck_assert_uint_eq(dp->config.flags, OFPC_FRAG_NORMAL);
    fake_free(other);
}
END_TEST

/* --- Names, fail mode ------------------------------------------------------------------------ */

/* A controller that listens by name in the simulated network, and its connections. */
struct place {
    struct listener *listener;
    struct fake_peer *peer; /* the last */
    struct fake_peer *all[8];
    unsigned calls;
};

static void on_call(void *user, struct stream *s)
{
    struct place *place = user;
    ck_assert_uint_lt(place->calls, 8);
    place->peer = place->all[place->calls++] = fake_adopt(s, OFP_AT_CONTROLLER);
}

static void place_open(struct place *place, const char *name)
{
    struct endpoint at;
    ck_assert_int_eq(endpoint_parse(&at, name, 0), 0);
    ck_assert_int_eq(net_listen(sim_net(), &at, on_call, place, &place->listener), 0);
}

static void place_close(struct place *place)
{
    net_listener_close(place->listener);
    while (place->calls > 0)
        fake_free(place->all[--place->calls]);
    *place = (struct place){0};
}

/* Wait until it has been called and say hello. */
static void place_answers(struct place *place)
{
    for (int i = 0; i < 20 && (place->peer == NULL || place->peer->stream == NULL); i++)
        fake_wait(NS_PER_S);
    ck_assert(place->peer != NULL && place->peer->stream != NULL);
    say_hello(place->peer);
}

static void begin_standalone(void)
{
    struct agent_config config;
    patient_defaults(&config);
    config.fail_mode = AGENT_STANDALONE;
    world_end();
    world_begin_with(&config);
}

static void serve_name(const char *name)
{
    ck_assert_int_eq(agent_serve(agent, sim_net(), name, NULL), 0);
}

START_TEST(calls_to_a_controller_that_is_away_come_at_growing_intervals_up_to_the_longest)
{
    uint64_t before;

    serve_name("tcp:away");
    fake_wait(60 * NS_PER_S);
    before = agent_counters.connects_failed;
    ck_assert_uint_ge(before, 9);
    ck_assert_uint_le(before, 20);
    fake_wait(800 * NS_PER_S);
    ck_assert_uint_ge(agent_counters.connects_failed - before, 99);
    ck_assert_uint_le(agent_counters.connects_failed - before, 201);
}
END_TEST

START_TEST(standalone_switch_is_so_until_a_controller_has_said_hello_and_again_when_it_is_lost)
{
    struct place place = {0};

    begin_standalone();
    ck_assert_int_eq(dp->mode, DP_STANDALONE);
    place_open(&place, "ptcp:6653:one");
    serve_name("tcp:one");
    fake_settle();
    ck_assert_uint_eq(place.calls, 1);
    ck_assert_int_eq(dp->mode, DP_STANDALONE);
    say_hello(place.peer);
    ck_assert_int_eq(dp->mode, DP_CONTROLLED);
    sim_cut_all();
    fake_settle();
    ck_assert_int_eq(dp->mode, DP_STANDALONE);
    ck_assert_uint_eq(agent_counters.controllers_lost, 1);
    place_answers(&place);
    ck_assert_int_eq(dp->mode, DP_CONTROLLED);
    ck_assert_uint_eq(place.calls, 2);
    place_close(&place);
}
END_TEST

START_TEST(secure_switch_is_in_emergency_while_no_controller_answers)
{
    struct place place = {0};

    ck_assert_int_eq(dp->mode, DP_CONTROLLED); /* it has none to lose */
    serve_name("tcp:one");
    fake_settle();
    ck_assert_int_eq(dp->mode, DP_EMERGENCY);
    place_open(&place, "ptcp:6653:one");
    place_answers(&place);
    ck_assert_int_eq(dp->mode, DP_CONTROLLED);
    place_close(&place);
    ck_assert_uint_eq(agent_counters.controllers_lost, 1);
    ck_assert_int_eq(dp->mode, DP_EMERGENCY);
}
END_TEST

START_TEST(lost_controller_is_no_loss_while_another_is_there)
{
    struct place one = {0}, two = {0};
    unsigned modes;

    begin_standalone();
    place_open(&one, "ptcp:6653:one");
    place_open(&two, "ptcp:6653:two");
    serve_name("tcp:one");
    serve_name("tcp:two");
    place_answers(&one);
    place_answers(&two);
    take_role(one.peer, NX_ROLE_MASTER);
    take_role(two.peer, NX_ROLE_SLAVE);
    modes = dp->modes;
    place_close(&one);
    fake_wait(5 * NS_PER_S);
    ck_assert_int_eq(dp->mode, DP_CONTROLLED);
    ck_assert_uint_eq(dp->modes, modes);
    ck_assert_uint_eq(agent_counters.controllers_lost, 0);
    take_role(two.peer, NX_ROLE_MASTER);
    fake_dp_packet_in(dp, OFPR_NO_MATCH, false, 60);
    fake_expect(two.peer, OFPT_PACKET_IN);

    place_open(&one, "ptcp:6653:one");
    place_answers(&one);
    place_close(&two);
    fake_wait(5 * NS_PER_S);
    ck_assert_int_eq(dp->mode, DP_CONTROLLED);
    place_close(&one);
    fake_wait(5 * NS_PER_S);
    ck_assert_int_eq(dp->mode, DP_STANDALONE);
}
END_TEST

/* Come to the agent's listener. */
static struct fake_peer *guest(const char *name)
{
    struct endpoint to;
    ck_assert_int_eq(endpoint_parse(&to, name, OFP_TCP_PORT), 0);
    return fake_call(sim_net(), &to, OFP_AT_CONTROLLER);
}

START_TEST(guest_and_controller_are_served_at_the_same_time)
{
    const char *where = NULL;
    struct place one = {0};
    struct fake_peer *visitor;

    begin_standalone();
    ck_assert_int_eq(agent_serve(agent, sim_net(), "ptcp:6654:switch", &where), 0);
    ck_assert_str_eq(where, "ptcp:6654:switch");
    visitor = guest("tcp:switch:6654");
    say_hello(visitor);
    ck_assert_int_eq(dp->mode, DP_STANDALONE); /* ovs-ofctl is no controller */
    expect_alive(visitor);

    place_open(&one, "ptcp:6653:one");
    serve_name("tcp:one");
    place_answers(&one);
    fake_dp_packet_in(dp, OFPR_NO_MATCH, false, 60);
    fake_expect(one.peer, OFPT_PACKET_IN);
    expect_alive(visitor);
    set_config(visitor, OFPC_FRAG_NORMAL, 100);
    fake_dp_packet_in(dp, OFPR_NO_MATCH, true, 128);
    ck_assert_uint_eq(fake_expect(one.peer, OFPT_PACKET_IN).packet_in.data.len, 128);
    ck_assert_uint_eq(fake_expect(visitor, OFPT_PACKET_IN).packet_in.data.len, 100);
    place_close(&one);
    fake_settle();
    ck_assert_int_eq(dp->mode, DP_STANDALONE);
    expect_alive(visitor);
    fake_free(visitor);
}
END_TEST

START_TEST(guest_may_be_silent_for_five_times_as_long)
{
    struct agent_config config;
    struct fake_peer *reader, *mute;

    agent_defaults(&config);
    world_end();
    world_begin_with(&config);
    ck_assert_int_eq(agent_serve(agent, sim_net(), "ptcp:6654:switch", NULL), 0);
    reader = guest("tcp:switch:6654");
    mute = guest("tcp:switch:6654");
    say_hello(reader);
    fake_wait(14 * NS_PER_S);
    fake_expect_nothing(reader);
    fake_wait(30 * NS_PER_S);
    fake_expect(reader, OFPT_ECHO_REQUEST);
    ck_assert_ptr_nonnull(reader->stream);
    ck_assert_ptr_nonnull(mute->stream);
    fake_wait(2 * NS_PER_S);
    ck_assert_ptr_null(reader->stream);
    ck_assert_ptr_null(mute->stream);
    fake_free(reader);
    fake_free(mute);
}
END_TEST

START_TEST(names_that_cannot_be_served_are_refused)
{
    ck_assert_int_eq(agent_serve(agent, sim_net(), "carrier-pigeon:9", NULL), -EINVAL);
    ck_assert_int_eq(agent_serve(agent, sim_net(), "ptcp:1:here", NULL), 0);
    ck_assert_int_eq(agent_serve(agent, sim_net(), "ptcp:1:here", NULL), -EADDRINUSE);
    ck_assert_uint_eq(agent->n_connections, 0);
}
END_TEST

START_TEST(freeing_an_agent_ends_its_connections)
{
    struct fake_peer *a = controller(), *b = controller_new();
    struct agent_config config;

    agent_free(agent);
    fake_settle();
    ck_assert_ptr_null(a->stream);
    ck_assert_ptr_null(b->stream);
    fake_free(a);
    fake_free(b);
    agent_defaults(&config);
    agent = agent_new(&config, dp);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        says_hello_at_once_and_answers_after_the_peers,
        peer_of_another_version_is_refused_with_a_text,
        peer_that_refuses_us_is_left_without_an_answer,
        hello_said_twice_is_no_harm,
        connection_without_a_hello_is_dropped_after_the_echo_limit,
        by_default_a_peer_that_says_nothing_is_dropped_within_10_s,
        silence_is_met_with_echo_requests_and_then_the_end,
        answers_to_echo_requests_keep_a_connection_alive,
        length_below_the_header_is_answered_and_ends_the_connection,
        error_is_never_answered_with_an_error,
        messages_in_single_bytes_are_put_together,
        controller_that_does_not_read_is_not_heard_until_it_does_and_loses_no_answer,
        slow_controller_costs_the_limit_and_one_message,
        long_answers_of_several_connections_are_complete_though_the_table_changes_between_parts,
        flood_of_long_questions_leaves_each_turn_to_others_after_a_bounded_part,
        connection_that_ends_within_a_long_answer_takes_it_along,
        what_a_slow_controller_did_not_ask_for_is_dropped_and_counted,
        controller_that_never_reads_again_is_dropped_after_the_echo_limit,
        modelled_slow_switch_takes_its_time_for_each_flow_mod_and_what_is_behind_it_waits,
        connections_past_the_maximum_are_refused_and_counted,
        missed_packet_is_cut_for_each_controller_as_it_has_asked,
        packet_longer_than_a_message_is_cut,
        everything_asynchronous_waits_for_the_hello,
        controller_that_heard_another_datapath_id_joins_anew,
        new_master_makes_the_old_one_a_slave_and_leaves_equals_alone,
        slave_may_change_nothing_but_may_ask_everything,
        slave_hears_of_ports_only,
        slave_sets_its_own_miss_send_len_but_not_everybodys_fragments,
        packets_whose_ttl_ends_are_for_controllers_that_have_asked,
        calls_to_a_controller_that_is_away_come_at_growing_intervals_up_to_the_longest,
        standalone_switch_is_so_until_a_controller_has_said_hello_and_again_when_it_is_lost,
        secure_switch_is_in_emergency_while_no_controller_answers,
        lost_controller_is_no_loss_while_another_is_there,
        guest_and_controller_are_served_at_the_same_time,
        guest_may_be_silent_for_five_times_as_long,
        names_that_cannot_be_served_are_refused,
        freeing_an_agent_ends_its_connections,
        NULL,
    };
    return world_main("agent", tests, world_begin);
}
