/*
 * packet_in.c - packets for the controllers: OpenFlow 1.0 section 5.4.1.
 *
 * A packet is kept in a buffer and its first bytes are sent; if no buffer is free, all of it is. A
 * frame that the kernel handed up unfinished is finished first: what a controller sends back in a
 * packet-out leaves as it is. A super-frame that cannot be buffered is sent in the segments that it
 * stands for.
 *
 * A switch that is to be slow sends its packet-ins later, in order; so many may wait as there are
 * buffers.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/gso.h"
#include "runtime/loop.h"
#include "switch/datapath.h"

#include <stdlib.h>

/* --- Sending --------------------------------------------------------------------------------- */

#define DATA_MAX (OFP_MAX_MESSAGE - sizeof(struct ofp_packet_in))

static void tell(struct dp *dp, const struct pkt *p, struct ofp_msg_packet_in *in, size_t max_len)
{
    if (max_len > DATA_MAX)
        max_len = DATA_MAX;
    in->total_len = p->len < UINT16_MAX ? (uint16_t)p->len : UINT16_MAX;
    in->data = span_of(p->data, p->len < max_len ? p->len : max_len);
    dp_counters.packet_ins++;
    dp_counters.packet_ins_unbuffered += in->buffer_id == OFP_NO_BUFFER;
    dp->listener.packet_in(dp->listener_user, in);
}

/* With its checksum made, on a copy if others hold the packet. */
static void tell_finished(struct dp *dp, struct pkt *p, struct ofp_msg_packet_in *in,
                          size_t max_len)
{
    struct pkt *own = pkt_ref(p), *copy;
    if (!(p->offload & PKT_CSUM_PARTIAL)) {
        tell(dp, p, in, max_len);
    } else if ((copy = pkt_writable(own)) != NULL) {
        own = copy;
        if (pkt_finish_checksum(own))
            tell(dp, own, in, max_len);
    } else {
        dp_counters.packet_ins_dropped++;
    }
    pkt_unref(own);
}

static void tell_segments(struct dp *dp, const struct pkt *p, struct ofp_msg_packet_in *in)
{
    struct gso gso;
    struct pkt *segment;
    if (!gso_begin(&gso, p))
        return;
    while ((segment = gso_next(&gso, dp->pool)) != NULL) {
        tell_finished(dp, segment, in, DATA_MAX);
        pkt_unref(segment);
    }
    dp_counters.packet_ins_dropped += !gso_done(&gso);
}

static void tell_packet(struct dp *dp, struct pkt *p, uint16_t in_port,
                        enum ofp_packet_in_reason reason, uint16_t max_len)
{
    struct ofp_msg_packet_in in = {
        .buffer_id = buffers_put(dp->buffers, p, in_port, loop_now()),
        .in_port = in_port,
        .reason = (uint8_t)reason,
    };
    if (in.buffer_id != OFP_NO_BUFFER)
        tell_finished(dp, p, &in, max_len);
    else if (p->offload & PKT_GSO)
        tell_segments(dp, p, &in);
    else
        tell_finished(dp, p, &in, DATA_MAX);
}

/* --- A switch that is slow ------------------------------------------------------------------- */

struct late {
    struct list link;
    uint64_t due;
    struct pkt *p;
    uint16_t in_port, max_len;
    enum ofp_packet_in_reason reason;
};

static void expect_first(struct dp *dp)
{
    if (!list_empty(&dp->late))
        loop_timer_arm(&dp->slow, container_of(dp->late.next, struct late, link)->due);
}

static void drop_late(struct dp *dp, struct late *l)
{
    list_remove(&l->link);
    dp->n_late--;
    pkt_unref(l->p);
    free(l);
}

static void put_late(struct dp *dp, struct pkt *p, uint16_t in_port,
                     enum ofp_packet_in_reason reason, uint16_t max_len)
{
    struct late *l = dp->n_late < dp->config.n_buffers ? malloc(sizeof *l) : NULL;
    if (l == NULL) {
        dp_counters.packet_ins_dropped++;
        return;
    }
    *l = (struct late){
        .due = loop_now() + dp->config.packet_in_delay,
        .p = pkt_ref(p),
        .in_port = in_port,
        .max_len = max_len,
        .reason = reason,
    };
    list_append(&dp->late, &l->link);
    dp->n_late++;
    expect_first(dp);
}

static void send_late(void *user)
{
    struct dp *dp = user;
    while (!list_empty(&dp->late)) {
        struct late *l = container_of(dp->late.next, struct late, link);
        if (l->due > loop_now())
            break;
        if (dp->listener.packet_in)
            tell_packet(dp, l->p, l->in_port, l->reason, l->max_len);
        drop_late(dp, l);
    }
    expect_first(dp);
}

/* --- For the datapath ------------------------------------------------------------------------ */

void packet_in(struct dp *dp, struct pkt *p, uint16_t in_port, enum ofp_packet_in_reason reason,
               uint16_t max_len)
{
    if (dp->listener.packet_in == NULL)
        return;
    if (dp->config.packet_in_delay > 0)
        put_late(dp, p, in_port, reason, max_len);
    else
        tell_packet(dp, p, in_port, reason, max_len);
}

void packet_in_init(struct dp *dp)
{
    list_init(&dp->late);
    timer_init(&dp->slow, send_late, dp);
}

void packet_in_free(struct dp *dp)
{
    timer_cancel(&dp->slow);
    while (!list_empty(&dp->late))
        drop_late(dp, container_of(dp->late.next, struct late, link));
}
