/*
 * tcp_time_wait.c - what is left of a connection that only waits: TIME-WAIT, and FIN-WAIT-2 when
 * its owner has closed it.
 *
 * RFC 9293 section 3.10.7.4 for TIME-WAIT; resets do not end it (RFC 1337 section 3, fix F1); a new
 * SYN may (RFC 9293 section 3.6.1, RFC 6191). Entries lie in an area of their own, a tenth of a
 * connection's size; when they are out the oldest ends early, which is counted.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

#define STRAY_EVERY (500 * NS_PER_MS)

void tcp_time_wait_free(struct tcp *t, struct tcp_time_wait *w)
{
    tcp_node_remove(t, &w->node);
    list_remove(&w->link);
    list_append(&t->free_time_waits, &w->link);
    t->usage.time_wait--;
}

static struct tcp_time_wait *oldest(const struct tcp *t)
{
    return list_empty(&t->time_waits)
               ? NULL
               : container_of(t->time_waits.next, struct tcp_time_wait, link);
}

/* All wait equally long, so the list is in order of expiry. */
static void wait_anew(struct tcp *t, struct tcp_time_wait *w)
{
    w->expires = t->now + t->config.time_wait;
    list_remove(&w->link);
    list_append(&t->time_waits, &w->link);
    if (!timer_armed(&t->time_wait_timer))
        wheel_arm(&t->wheel, &t->time_wait_timer, w->expires);
}

void tcp_time_wait_expire(void *instance)
{
    struct tcp *t = instance;
    struct tcp_time_wait *w;
    while ((w = oldest(t)) != NULL && w->expires <= t->now)
        tcp_time_wait_free(t, w);
    if (w)
        wheel_arm(&t->wheel, &t->time_wait_timer, w->expires);
}

static struct tcp_time_wait *entry_new(struct tcp *t)
{
    struct list *it;
    if (list_empty(&t->free_time_waits) && oldest(t)) {
        t->counters.evicted_time_wait++;
        tcp_time_wait_free(t, oldest(t));
    }
    it = list_pop(&t->free_time_waits);
    return it ? container_of(it, struct tcp_time_wait, link) : NULL;
}

void tcp_time_wait_add(struct tcp_conn *c, bool fin_wait_2)
{
    struct tcp *t = c->t;
    struct tcp_time_wait *w = entry_new(t);
    uint16_t window = tcp_rcv_offer(c, false);

    tcp_conn_over(c, 0);
    c->state = fin_wait_2 ? TCP_FIN_WAIT_2 : TCP_TIME_WAIT;
    if (w == NULL)
        return;
    *w = (struct tcp_time_wait){
        .node = {.name = c->node.name, .is_time_wait = true},
        .snd_nxt = c->snd_nxt,
        .rcv_nxt = c->rcv_nxt,
        .rcv_wnd = tcp_rcv_window(c),
        .window = window,
        .ts_recent = c->ts_recent,
        .ts_offset = c->ts_offset,
        .timestamps = c->timestamps,
        .fin_wait_2 = fin_wait_2,
    };
    list_init(&w->link);
    tcp_node_add(t, &w->node);
    t->usage.time_wait++;
    wait_anew(t, w);
}

/* --- A segment arrives ------------------------------------------------------------------------ */

static void acknowledge(struct tcp *t, struct tcp_time_wait *w)
{
    struct tcp_parsed_options o = {.wscale = TCP_NO_WSCALE,
                                   .timestamps = w->timestamps,
                                   .tsval = tcp_ts_now(t, w->ts_offset),
                                   .tsecr = w->ts_recent};
    tcp_emit_bare(t, &w->node.name, w->snd_nxt, w->rcv_nxt, TCP_ACK, w->window, &o);
}

/* As for connections: what takes no sequence space is answered now and then only. */
static void answer_stray(struct tcp *t, struct tcp_time_wait *w, const struct tcp_segment *s)
{
    if (tcp_segment_len(s) == 0) {
        if (w->acked_stray && t->now - w->acked_stray < STRAY_EVERY)
            return;
        w->acked_stray = t->now;
    }
    acknowledge(t, w);
}

/* RFC 6191 section 2: the timestamps show that it is new; without them, its sequence number. Our
 * own new sequence numbers must lie beyond the old ones too (RFC 9293 section 3.6.1). */
static bool is_new_syn(const struct tcp *t, const struct tcp_time_wait *w,
                       const struct tcp_segment *s)
{
    if ((s->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) != TCP_SYN || w->fin_wait_2)
        return false;
    if (!seq_gt(tcp_initial_seq(t, &w->node.name), w->snd_nxt))
        return false;
    if (w->timestamps && s->options.timestamps && s->options.tsval != w->ts_recent)
        return seq_gt(s->options.tsval, w->ts_recent);
    return seq_gt(s->seq, w->rcv_nxt);
}

/* The peer's FIN, in FIN-WAIT-2: TIME-WAIT begins. Text that nobody will read resets it. */
static void fin_wait_2_segment(struct tcp *t, struct tcp_time_wait *w, const struct tcp_segment *s)
{
    if (s->flags & TCP_RST) {
        if (s->seq == w->rcv_nxt)
            tcp_time_wait_free(t, w);
    } else if (seq_gt(s->seq + s->len, w->rcv_nxt) && s->flags & TCP_ACK) {
        tcp_emit_refusal(t, s);
        tcp_time_wait_free(t, w);
    } else if (s->flags & TCP_FIN && s->seq + s->len == w->rcv_nxt) {
        w->rcv_nxt++;
        w->fin_wait_2 = false;
        if (s->options.timestamps)
            w->ts_recent = s->options.tsval;
        acknowledge(t, w);
        wait_anew(t, w);
    } else if (seq_lt(s->seq, w->rcv_nxt) || s->flags & TCP_SYN) {
        answer_stray(t, w, s);
    }
}

bool tcp_time_wait_segment(struct tcp *t, struct tcp_time_wait *w, const struct tcp_segment *s)
{
    if (is_new_syn(t, w, s)) {
        if (tcp_find_listener(t, s->dst, s->dport) == NULL)
            return true;
        t->counters.time_wait_reused++;
        tcp_time_wait_free(t, w);
        return true;
    }
    if (w->fin_wait_2) {
        fin_wait_2_segment(t, w, s);
        return false;
    }
    if (s->flags & TCP_RST || !(s->flags & (TCP_ACK | TCP_SYN))) /* RFC 1337: a reset may be old */
        return false;
    if (tcp_segment_len(s) == 0 && s->seq == w->rcv_nxt) /* nothing is wrong with it */
        return false;
    if (s->flags & TCP_FIN && s->seq + s->len + 1 == w->rcv_nxt)
        wait_anew(t, w); /* it has not seen our acknowledgment */
    answer_stray(t, w, s);
    return false;
}
