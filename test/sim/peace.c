/*
 * peace.c - the last part of a run: no more faults, and all must work.
 *
 * Each host says something to all; from then on it is known, and what is sent to it must reach it
 * and, under the learning app, nobody else. That must hold again after hosts have changed places,
 * whether the controller could see it or not, and after a switch has been slow for a while.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/sim/emulated.h"

#include <inttypes.h>

#define SPEAK_TIME  (50 * NS_PER_MS)
#define ALL         HOSTS_MAX /* as a target: all hosts */
#define SLOW_WINDOW 500

/* The switches that take part: a twin has gone. */
#define EACH_SWITCH(e)                                                                             \
    for (size_t i_ = 0; i_ < world.n_emulated; i_++)                                               \
        for (struct emulated *e = world.emulated[i_]; e && !e->twin; e = NULL)

static bool has_hosts(const struct emulated *e, size_t from, size_t to)
{
    return from < e->n_hosts && (to < e->n_hosts || to == ALL);
}

/* On every switch that has such hosts at once, host `from` sends to host `to`. */
static void send(size_t from, size_t to)
{
    EACH_SWITCH(e)
    {
        if (!has_hosts(e, from, to))
            continue;
        e->received = 0;
        e->twice = false;
        e->watched = world.last_serial + 1;
        pipeline_send(e, from, to == ALL ? e->n_hosts : to);
    }
    world_pass(SPEAK_TIME);
}

/* A hub lets all hear; a learning switch, which knows them, only the one. */
static void check_heard(const struct emulated *e, size_t from, size_t to)
{
    uint32_t all = ((1u << e->n_hosts) - 1) & ~(1u << from);
    uint32_t due = world.learning && to != ALL ? 1u << to : all;
    world_expect(e->received == due && !e->twice,
                 "switch %u: what host %zu sent to %zu was heard by 0x%x, not by 0x%x%s", e->number,
                 from, to, e->received, due, e->twice ? ", and twice" : "");
}

static void speak(size_t from, size_t to)
{
    send(from, to);
    if (world_failed())
        return;
    EACH_SWITCH(e)
    {
        if (has_hosts(e, from, to))
            check_heard(e, from, to);
    }
}

static void all_speak(void)
{
    for (size_t from = 0; from < HOSTS_MAX; from++)
        speak(from, ALL);
    for (size_t from = 0; from < HOSTS_MAX; from++)
        for (size_t to = 0; to < HOSTS_MAX; to++)
            if (from != to)
                speak(from, to);
}

static uint64_t packet_ins(void)
{
    uint64_t n = 0;
    EACH_SWITCH(e) n += e->packet_ins;
    return n;
}

/* All pairs have spoken: there is a flow for each. */
static void flows_are_there(void)
{
    uint64_t before = packet_ins();
    for (size_t from = 0; from < HOSTS_MAX; from++)
        speak(from, (from + 1) % HOSTS_MAX);
    world_expect(!world.learning || packet_ins() == before,
                 "%" PRIu64 " packets had no flow, though all had spoken", packet_ins() - before);
}

/* Two hosts change places; the controller hears it from them. */
static void hosts_move(size_t a, size_t b)
{
    EACH_SWITCH(e)
    {
        if (has_hosts(e, a, b))
            pipeline_swap(e, a, b);
    }
    all_speak();
}

/* ... while one of their ports is down: both are not known any more when they are back. */
static void hosts_move_unseen(void)
{
    EACH_SWITCH(e)
    {
        uint16_t port = e->port_of[0];
        emulated_flap(e, port);
        pipeline_swap(e, 0, 1);
        emulated_flap(e, port);
    }
    world_pass(SPEAK_TIME);
    all_speak();
}

/* Host 1 falls silent until it is forgotten, though host 0 speaks to it all the time, and then
 * moves: no flow may have outlived what was known of it. */
static void silent_host_moves(void)
{
    for (int i = 0; i < 12; i++) {
        send(0, 1);
        world_pass(30 * NS_PER_S);
    }
    hosts_move(1, 2);
}

/* Switches that read nothing for a while, and cause as many answers as they can: each keeps its
 * session. */
static void switches_are_slow(void)
{
    uint32_t before[EMULATED_MAX];
    sim_set_faults(&(struct sim_faults){.window = SLOW_WINDOW});
    EACH_SWITCH(e)
    {
        before[e->number] = e->sessions;
        stream_pause(e->stream, true);
        for (int i = 0; i < DEBTS_MAX; i++)
            pipeline_send(e, 0, e->n_hosts);
    }
    world_pass(world.config.echo_limit / 2);
    if (world_failed())
        return;
    EACH_SWITCH(e)
    {
        if (e->stream)
            stream_pause(e->stream, false);
    }
    world_pass(10 * world.config.echo_limit);
    EACH_SWITCH(e)
    {
        world_expect(e->stream && e->sessions == before[e->number],
                     "switch %u was slow for a while and lost its session", e->number);
        emulated_forgive(e);
    }
}

void peace(void)
{
    world.part = PEACE;
    all_speak();
    flows_are_there();
    hosts_move(0, 1);
    hosts_move_unseen();
    silent_host_moves();
    if (!world_failed())
        switches_are_slow();
    all_speak();
}
