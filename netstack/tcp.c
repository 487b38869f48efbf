/*
 * tcp.c - an instance of TCP: its beginning and end, its time, its counters. See tcp.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

#include <stdlib.h>
#include <string.h>

const char *const tcp_counter_names[TCP_N_COUNTERS] = {
#define TCP_COUNTER(name) #name,
    TCP_COUNTERS(TCP_COUNTER)
#undef TCP_COUNTER
};

const char *tcp_state_name(enum tcp_state state)
{
    static const char *const names[] = {
        [TCP_CLOSED] = "CLOSED",           [TCP_LISTEN] = "LISTEN",
        [TCP_SYN_SENT] = "SYN-SENT",       [TCP_SYN_RECEIVED] = "SYN-RECEIVED",
        [TCP_ESTABLISHED] = "ESTABLISHED", [TCP_FIN_WAIT_1] = "FIN-WAIT-1",
        [TCP_FIN_WAIT_2] = "FIN-WAIT-2",   [TCP_CLOSE_WAIT] = "CLOSE-WAIT",
        [TCP_CLOSING] = "CLOSING",         [TCP_LAST_ACK] = "LAST-ACK",
        [TCP_TIME_WAIT] = "TIME-WAIT",
    };
    return names[state];
}

void tcp_defaults(struct tcp_config *config)
{
    *config = (struct tcp_config){
        .max_conns = 16384,
        .max_half_open = 1024,
        .max_time_wait = 8192,
        .max_records = 16384,
        .max_receive = (size_t)16 << 20,
        .port_first = 49152,
        .port_last = 65535,
        .time_wait = 60 * NS_PER_S,
        .options =
            {
                .cc = &cc_cubic,
                .keepalive_probes = 9,
                .keepalive_idle = 7200 * NS_PER_S, /* RFC 9293 MUST-28 */
                .keepalive_interval = 75 * NS_PER_S,
                .user_timeout = 300 * NS_PER_S, /* RFC 9293 section 3.8.3: SHLD-11 asks 100 s */
                .receive_max = 4u << 20,
            },
    };
}

/* --- Beginning and end ------------------------------------------------------------------------ */

/* At least twice as many chains as there may be members. */
static bool make_table(struct tcp *t)
{
    uint64_t most = (uint64_t)t->config.max_conns + t->config.max_time_wait;
    uint32_t size = 16;
    while (size < most && size < 1u << 30)
        size *= 2;
    t->table_mask = size - 1;
    t->table = calloc(size, sizeof(struct tcp_node *));
    return t->table != NULL;
}

static bool make_records(struct tcp *t)
{
    t->record_area = calloc(t->config.max_records + 1u, sizeof *t->record_area);
    if (t->record_area == NULL)
        return false;
    for (uint32_t i = 0; i < t->config.max_records; i++)
        list_append(&t->free_records, &t->record_area[i].link);
    return true;
}

static bool make_time_waits(struct tcp *t)
{
    t->time_wait_area = calloc(t->config.max_time_wait + 1u, sizeof *t->time_wait_area);
    if (t->time_wait_area == NULL)
        return false;
    for (uint32_t i = 0; i < t->config.max_time_wait; i++)
        list_append(&t->free_time_waits, &t->time_wait_area[i].link);
    return true;
}

struct tcp *tcp_new(const struct tcp_config *config, uint64_t now)
{
    struct tcp *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->config = *config;
    t->now = now;
    memcpy(&t->secret, config->secret, sizeof t->secret);
    memcpy(&t->table_seed, config->secret + sizeof t->secret, sizeof t->table_seed);
    wheel_init(&t->wheel, now);
    list_init(&t->conns);
    list_init(&t->listeners);
    list_init(&t->free_records);
    list_init(&t->free_time_waits);
    list_init(&t->time_waits);
    timer_init(&t->time_wait_timer, tcp_time_wait_expire, t);
    if (make_table(t) && make_records(t) && make_time_waits(t))
        return t;
    tcp_free(t);
    return NULL;
}

void tcp_free(struct tcp *t)
{
    struct list *it, *after;
    if (t == NULL)
        return;
    list_each(it, after, &t->conns) tcp_conn_free(container_of(it, struct tcp_conn, link));
    list_each(it, after, &t->listeners) free(container_of(it, struct tcp_listener, link));
    free(t->time_wait_area);
    free(t->record_area);
    free(t->table);
    free(t);
}

/* --- Time, and what it holds ------------------------------------------------------------------ */

uint64_t tcp_due(const struct tcp *t)
{
    return wheel_next(&t->wheel);
}

void tcp_turn(struct tcp *t, uint64_t now)
{
    t->now = now;
    wheel_turn(&t->wheel, now);
}

const struct tcp_counters *tcp_counters(const struct tcp *t)
{
    return &t->counters;
}

void tcp_usage(const struct tcp *t, struct tcp_usage *usage)
{
    *usage = t->usage;
}

void tcp_address_gone(struct tcp *t, uint32_t local, int error, uint64_t now)
{
    struct list *it, *after;
    t->now = now;
    list_each(it, after, &t->conns)
    {
        struct tcp_conn *c = container_of(it, struct tcp_conn, link);
        if (c->node.name.local != local || c->over)
            continue;
        tcp_conn_enter(c);
        tcp_conn_over(c, error);
        tcp_conn_leave_owner(c);
    }
}
