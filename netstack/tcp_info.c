/*
 * tcp_info.c - what is to be known of a connection, at a glance.
 *
 * Called by owners for their statistics, and by tests.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"

static void sender_info(const struct tcp_conn *c, struct tcp_info *info)
{
    info->in_recovery = c->phase == TCP_RECOVERY;
    info->in_loss = c->phase == TCP_LOSS;
    info->snd_wscale = c->snd_wscale;
    info->backoff = c->backoff;
    info->snd_mss = (uint16_t)c->cc.mss;
    info->path_mtu = c->mtu;
    info->rto = c->rto;
    info->srtt = c->srtt;
    info->rttvar = c->rttvar;
    info->min_rtt = c->srtt ? c->min_rtt : 0;
    info->cwnd = c->cc.w.cwnd;
    info->ssthresh = c->cc.w.ssthresh;
    info->snd_wnd = c->snd_wnd;
    info->flight = tcp_outstanding(c);
    info->unsent = tcp_is_open(c) ? tcp_unsent(c) : 0;
    info->sacked = c->sacked;
    info->lost = c->lost_bytes;
    info->bytes_acked = c->bytes_acked;
    info->bytes_retransmitted = c->bytes_again;
    info->segments_out = c->segments_out;
    info->reordering_seen = c->rack.reordering_seen;
    info->dsacks_seen = c->dsacks_seen;
    info->last_sent = c->spoken;
}

static void receiver_info(const struct tcp_conn *c, struct tcp_info *info)
{
    info->rcv_wscale = c->rcv_wscale;
    info->rcv_mss = c->rcv_mss;
    info->own_mss = tcp_own_mss(c->link_mtu, &c->options);
    info->rcv_wnd = tcp_rcv_window(c);
    info->readable = c->rcv_bytes;
    info->out_of_order = c->ooo_bytes;
    info->bytes_received = c->bytes_received;
    info->segments_in = c->segments_in;
    info->last_received = c->heard;
}

void tcp_info(const struct tcp_conn *c, struct tcp_info *info)
{
    *info = (struct tcp_info){
        .state = (enum tcp_state)c->state,
        .local = c->node.name.local,
        .remote = c->node.name.remote,
        .local_port = c->node.name.local_port,
        .remote_port = c->node.name.remote_port,
        .timestamps = c->timestamps,
        .sack = c->sack,
        .window_scaling = c->wscale,
    };
    sender_info(c, info);
    receiver_info(c, info);
}
