/*
 * tcp_open.c - how a connection begins: names, ports and sequence numbers, the handshake's options,
 * memory.
 *
 * RFC 9293 sections 3.4.1 and 3.5; ISNs: RFC 6528; ports: RFC 6056; MSS: RFC 6691 and RFC 9293
 * section 3.7.1; window scale and timestamps: RFC 7323.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

#include <errno.h>
#include <stdlib.h>

#define HEADERS      40         /* IPv4's and TCP's without options */
#define CWND_MAX     (1u << 30) /* so that sequence numbers in flight can be compared */
#define ISN_TICK     4000       /* ns (RFC 9293 section 3.4.1: about 4 us) */
#define QUICK_ACKS   16         /* at the beginning, when the peer's window is small */
#define MIN_RTT_NONE UINT64_MAX

/* --- Numbers from the secret ------------------------------------------------------------------ */

static uint64_t secret_of(const struct tcp *t, enum tcp_secret_use use, const struct tcp_name *name,
                          uint32_t extra)
{
    struct tcp_secret_input in = {name->local, name->remote, name->local_port, name->remote_port,
                                  extra};
    return tcp_secret_value(&t->secret, use, &in);
}

tcp_seq tcp_initial_seq(const struct tcp *t, const struct tcp_name *name)
{
    return (tcp_seq)(t->now / ISN_TICK + secret_of(t, TCP_SECRET_ISN, name, 0));
}

uint32_t tcp_ts_offset(const struct tcp *t, const struct tcp_name *name)
{
    return (uint32_t)secret_of(t, TCP_SECRET_TIMESTAMP, name, 0);
}

/* A port that makes `name` new: RFC 6056 section 3.3.4, double-hash port selection. 0, or
 * -EADDRNOTAVAIL. */
static int choose_port(struct tcp *t, struct tcp_name *name)
{
    uint32_t count = (uint32_t)t->config.port_last - t->config.port_first + 1;
    uint64_t hash = secret_of(t, TCP_SECRET_PORT, name, 0);
    uint32_t *next = &t->port_counter[(hash >> 32) % TCP_PORT_COUNTERS];
    for (uint32_t tries = count; tries > 0; tries--) {
        name->local_port = (uint16_t)(t->config.port_first + ((uint32_t)hash + *next) % count);
        ++*next;
        if (tcp_find(t, name) == NULL && !tcp_find_listener(t, name->local, name->local_port))
            return 0;
    }
    return -EADDRNOTAVAIL;
}

/* --- Memory ----------------------------------------------------------------------------------- */

static void conn_init(struct tcp_conn *c, const struct tcp_route *route)
{
    list_init(&c->waiting);
    list_init(&c->records);
    list_init(&c->flying);
    list_init(&c->lost);
    c->peer_mss = TCP_MSS_DEFAULT;
    c->gso_max = route->gso_max;
    c->mtu = route->mtu;
    c->link_mtu = route->link_mtu;
    c->rto = TCP_RTO_INITIAL;
    c->min_rtt = MIN_RTT_NONE;
    c->rcv_mss = TCP_MSS_DEFAULT;
    c->ts_offset = tcp_ts_offset(c->t, &c->node.name);
    c->heard = c->spoken = c->stalled = c->t->now;
    tcp_timers_init(c);
    tcp_rcv_init(c);
}

struct tcp_conn *tcp_conn_new(struct tcp *t, const struct tcp_name *name,
                              const struct tcp_options *options, int *error)
{
    struct tcp_route route;
    struct tcp_conn *c;

    if (t->usage.conns >= t->config.max_conns) {
        t->counters.refused_conns++;
        *error = -ENOBUFS;
        return NULL;
    }
    *error = t->config.lower->route(t->config.lower_user, name->remote, &route);
    if (*error != 0)
        return NULL;
    c = calloc(1, sizeof *c);
    if (c == NULL) {
        *error = -ENOMEM;
        return NULL;
    }
    c->t = t;
    c->node.name = *name;
    c->options = *options;
    conn_init(c, &route);
    tcp_node_add(t, &c->node);
    c->hashed = true;
    list_append(&t->conns, &c->link);
    t->usage.conns++;
    return c;
}

void tcp_conn_free(struct tcp_conn *c)
{
    tcp_timers_cancel(c);
    tcp_listener_forget(c);
    tcp_record_free_all(c);
    tcp_rcv_drop(c);
    if (c->hashed)
        tcp_node_remove(c->t, &c->node);
    list_remove(&c->link);
    c->t->usage.conns--;
    free(c);
}

/* --- The handshake ---------------------------------------------------------------------------- */

uint16_t tcp_own_mss(uint16_t link_mtu, const struct tcp_options *options)
{
    uint32_t most = max32(link_mtu, TCP_MTU_MIN) - HEADERS;
    return (uint16_t)(options->mss_max ? min32(most, options->mss_max) : most);
}

/* Text and options of a full segment: RFC 6691, RFC 9293 section 3.7.1 (Eff.snd.MSS). */
static void set_snd_mss(struct tcp_conn *c)
{
    c->snd_mss = (uint16_t)min32(c->peer_mss, tcp_own_mss(c->mtu, &c->options));
}

static uint32_t cc_mss(const struct tcp_conn *c)
{
    return c->snd_mss - (c->timestamps ? TCP_TIMESTAMPS_LEN : 0u);
}

void tcp_conn_agree(struct tcp_conn *c, const struct tcp_parsed_options *o)
{
    /* Less than 88 leaves no room for text beside options: a peer cannot want that. */
    c->peer_mss = (uint16_t)max32(o->mss ? o->mss : TCP_MSS_DEFAULT, 88);
    c->sack = o->sack_permitted;
    c->timestamps = o->timestamps;
    c->ts_recent = o->tsval;
    c->ts_recent_at = c->t->now;
    c->wscale = o->wscale != TCP_NO_WSCALE;
    c->snd_wscale = c->wscale ? o->wscale : 0;
    if (!c->wscale)
        c->rcv_wscale = 0;
    set_snd_mss(c);
}

void tcp_conn_established(struct tcp_conn *c)
{
    struct tcp *t = c->t;
    c->state = TCP_ESTABLISHED;
    c->quick = QUICK_ACKS;
    c->stalled = t->now;
    c->recovery.point = c->iss; /* RFC 6582 section 3.2, step 1 */
    cc_init(&c->cc, c->options.cc ? c->options.cc : &cc_cubic, cc_mss(c), CWND_MAX);
    if (c->backoff > 1) /* RFC 5681 section 3.1; RFC 6928 section 2: once may have been needless */
        cc_timeout_again(&c->cc);
    c->backoff = 0;
    tcp_rack_init(c);
    tcp_timer_rest(c);
    if (c->passive) {
        t->counters.opened_passive++;
        tcp_listener_finished(c);
    } else {
        c->opened_note = true;
    }
}

void tcp_conn_set_mtu(struct tcp_conn *c, uint16_t mtu)
{
    c->mtu = mtu;
    set_snd_mss(c);
    if (tcp_is_open(c))
        cc_set_mss(&c->cc, cc_mss(c));
}

static int name_connection(struct tcp *t, struct tcp_name *name)
{
    struct tcp_route route;
    if (name->local == 0) {
        int error = t->config.lower->route(t->config.lower_user, name->remote, &route);
        if (error != 0)
            return error;
        name->local = route.src;
    }
    if (name->local_port == 0)
        return choose_port(t, name);
    return tcp_find(t, name) ? -EADDRINUSE : 0;
}

int tcp_connect(struct tcp *t, uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport,
                const struct tcp_options *options, const struct tcp_events *events, void *user,
                uint64_t now, struct tcp_conn **made)
{
    struct tcp_name name = {src, dst, sport, dport};
    struct tcp_conn *c;
    int error;

    t->now = now;
    error = name_connection(t, &name);
    if (error != 0)
        return error;
    c = tcp_conn_new(t, &name, options ? options : &t->config.options, &error);
    if (c == NULL)
        return error;
    t->counters.opened_active++;
    tcp_own(c, events, user);
    c->state = TCP_SYN_SENT;
    c->iss = tcp_initial_seq(t, &name);
    c->snd_una = c->iss;
    c->snd_nxt = c->iss + 1;
    set_snd_mss(c);
    tcp_emit_syn(c);
    tcp_timer_send(c);
    *made = c;
    return 0;
}
