/*
 * test_xen_lending.c - super-frames that stay in the pages in which they came: lent to who receives
 * them, shown to who sends them, and given back.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/sim/sim.h"
#include "test/unit/netfront_fixture.h"
#include "test/unit/unit.h"

#include <errno.h>

#define LEN       65000
#define LEN_PAGES 17 /* of it, and the page behind the first */
#define LENT      (SLOTS / LEN_PAGES)

static uint8_t frame[LEN], taken[70000];

static void give(size_t n)
{
    const netif_extra_info_t extra = {.type = XEN_NETIF_EXTRA_TYPE_GSO,
                                      .u.gso = {.size = 1448, .type = XEN_NETIF_GSO_TYPE_TCPV4}};
    for (size_t i = 0; i < n; i++)
        frame[i] = (uint8_t)(i * 7 + i / 256);
    fake_backend_tcp4(frame);
    fake_backend_give(&backend, frame, n, XEN_PAGE, NETRXF_csum_blank, &extra);
    fake_backend_push(&backend);
}

/* The packet of a frame that the backend gives. */
static struct pkt *come(size_t n)
{
    struct pkt *batch[NETDEV_BATCH];
    give(n);
    ck_assert_uint_eq(receive(batch), 1);
    ck_assert_uint_eq(batch[0]->len, n);
    ck_assert_mem_eq(batch[0]->data, frame, n);
    ck_assert_uint_eq(batch[0]->offload, PKT_CSUM_PARTIAL | PKT_GSO_TCP4);
    return batch[0];
}

/* The backend takes `n` bytes. */
static void go(struct pkt *p, size_t n)
{
    netif_extra_info_t extra;
    uint16_t flags;
    ck_assert_int_eq(netfront_send(nf, p), 0);
    netfront_flush(nf);
    ck_assert_uint_eq(fake_backend_take(&backend, taken, &flags, &extra), n);
}

static void answered(void)
{
    struct pkt *batch[NETDEV_BATCH];
    fake_backend_push(&backend);
    ck_assert_uint_eq(receive(batch), 0);
}

START_TEST(a_super_frame_is_lent_and_its_pages_are_the_backends_no_more)
{
    grant_ref_t refs[SLOTS];
    struct pkt *p;
    begin();
    for (unsigned i = 0; i < SLOTS; i++)
        refs[i] = RING_GET_REQUEST(&backend.rx, i)->gref;
    p = come(LEN);
    ck_assert(pkt_is_lent(p));
    for (unsigned i = 0; i < SLOTS; i++)
        ck_assert_uint_eq(fake_grant(refs[i])->flags, i < LEN_PAGES ? 0 : GTF_permit_access);
    pkt_unref(p);
    for (int i = 0; i < 1000; i++) {
        p = come(LEN - 60 * (size_t)i);
        pkt_unref(p);
    }
    ck_assert_uint_eq(stats.rx_dropped + stats.rx_errors, 0);
    end();
}
END_TEST

START_TEST(it_is_sent_from_where_it_is)
{
    const uint8_t *at;
    struct pkt *p;
    begin();
    p = come(LEN);
    at = p->data;
    ck_assert_int_eq(netfront_send(nf, p), 0);
    ck_assert_uint_eq(p->refs, 1 + LEN_PAGES - 1);
    netfront_flush(nf);
    ck_assert_ptr_eq(fake_backend_page(RING_GET_REQUEST(&backend.tx, 0)->gref, true), at);
    ck_assert_uint_eq(fake_backend_take(&backend, taken, &(uint16_t){0}, &(netif_extra_info_t){0}),
                      LEN);
    ck_assert_mem_eq(taken, frame, LEN);
    answered();
    ck_assert_uint_eq(p->refs, 1);
    go(p, LEN); /* and again */
    ck_assert_mem_eq(taken, frame, LEN);
    answered();
    pkt_unref(p);
    end();
}
END_TEST

/* The slots' own pages are used by turns with those that are lent. */
START_TEST(frames_that_are_copied_go_between)
{
    begin();
    for (int i = 0; i < 200; i++) {
        struct pkt *lent = come(30000 + (size_t)i), *own = pkt_new(pool);
        memcpy(pkt_append(own, 1000), frame + i, 1000);
        go(own, 1000);
        ck_assert_mem_eq(taken, frame + i, 1000);
        go(lent, 30000 + (size_t)i);
        ck_assert_mem_eq(taken, frame, 30000 + (size_t)i);
        pkt_unref(lent);
        pkt_unref(own);
        answered();
    }
    end();
}
END_TEST

/* Then it is copied: what else lies in the page in front is nobody's business. */
START_TEST(a_header_may_be_put_in_front)
{
    struct pkt *p;
    begin();
    p = come(30000);
    memcpy(pkt_push(p, 4), "tag!", 4);
    go(p, 30004);
    ck_assert_uint_eq(p->refs, 1);
    ck_assert_mem_eq(taken, "tag!", 4);
    ck_assert_mem_eq(taken + 4, frame, 30000);
    ck_assert_ptr_null(pkt_push(p, PKT_HEADROOM - 3));
    ck_assert_ptr_null(pkt_append(p, XEN_PAGE));
    answered();
    pkt_unref(p);
    end();
}
END_TEST

START_TEST(one_whose_header_is_gone_is_sent_from_where_it_is)
{
    struct pkt *p;
    begin();
    p = come(LEN);
    ck_assert(pkt_pull(p, 100));
    go(p, LEN - 100);
    ck_assert_uint_eq(p->refs, 1 + LEN_PAGES - 1);
    ck_assert_mem_eq(taken, frame + 100, LEN - 100);
    answered();
    pkt_unref(p);
    end();
}
END_TEST

/* Of what other frames have left in the last page the next backend sees nothing. */
START_TEST(what_lies_behind_it_is_not_shown)
{
    struct pkt *p, *batch[NETDEV_BATCH];
    const uint8_t *page;
    begin();
    memset(taken, 0x77, XEN_PAGE);
    for (int i = 0; i < 2 * SLOTS; i++) { /* into each page */
        fake_backend_give(&backend, taken, XEN_PAGE, XEN_PAGE, 0, NULL);
        fake_backend_push(&backend);
        ck_assert_uint_eq(receive(batch), 1);
        pkt_unref(batch[0]);
    }
    p = come(5000);
    ck_assert(pkt_is_lent(p));
    ck_assert_int_eq(netfront_send(nf, p), 0);
    netfront_flush(nf);
    page = fake_backend_page(RING_GET_REQUEST(&backend.tx, 2)->gref, true);
    ck_assert_ptr_eq(page, p->data + XEN_PAGE);
    for (size_t i = 5000 - XEN_PAGE; i < XEN_PAGE; i++)
        ck_assert_uint_eq(page[i], 0);
    pkt_unref(p);
    end();
}
END_TEST

START_TEST(memory_in_pieces_has_room_for_a_ring)
{
    static void *held[PAGES];
    size_t n = 0;
    begin();
    netfront_free(nf);
    while ((held[n] = page_alloc(1)) != NULL)
        n++;
    for (size_t i = 0; i < n; i++) /* of 48 pages 40 are free, side by side */
        if (i % 48 < 40) {
            page_free(held[i]);
            held[i] = NULL;
        }
    nf = netfront_new(&config, no_event, NULL);
    ck_assert_ptr_nonnull(nf);
    while (n-- > 0)
        page_free(held[n]);
    end();
}
END_TEST

START_TEST(who_writes_into_one_that_others_hold_has_a_copy)
{
    struct pkt *p, *q;
    begin();
    p = come(LEN);
    q = pkt_writable(pkt_ref(p));
    ck_assert_ptr_ne(p, q);
    ck_assert(!pkt_is_lent(q));
    ck_assert_mem_eq(q->data, frame, LEN);
    ck_assert_uint_eq(q->gso_size, 1448);
    pkt_unref(q);
    pkt_unref(p);
    end();
}
END_TEST

/* Slots are offered, and frames copied, however many packets somebody keeps. */
START_TEST(those_that_are_kept_cost_no_slot)
{
    struct pkt *held[LENT + 8];
    begin();
    for (size_t i = 0; i < LENT + 8; i++) {
        held[i] = come(LEN);
        ck_assert_int_eq(pkt_is_lent(held[i]), i < LENT);
    }
    give(LEN);
    ck_assert_uint_eq(receive((struct pkt *[NETDEV_BATCH]){NULL}), 0); /* the pool is empty, too */
    ck_assert_uint_eq(stats.rx_dropped, 1);
    ck_assert_uint_eq(backend.rx.sring->req_prod - backend.rx.req_cons, SLOTS);
    pkt_unref(held[0]);
    held[0] = come(60);
    ck_assert(pkt_is_lent(held[0]));
    for (size_t i = 0; i < LENT + 8; i++)
        pkt_unref(held[i]);
    end();
}
END_TEST

/* They are received when those before have given their packets back. */
START_TEST(frames_for_which_there_is_no_packet_yet_wait)
{
    struct pkt *batch[NETDEV_BATCH], *held[LENT];
    size_t n, all = 0;
    begin();
    for (size_t i = 0; i < LENT; i++)
        held[i] = come(LEN);
    for (int i = 0; i < 11; i++)
        give(LEN);
    for (int turn = 0; turn < 2; turn++) {
        n = receive(batch);
        ck_assert_uint_eq(n, turn == 0 ? 8 : 3);
        ck_assert_int_eq(netfront_more(nf), turn == 0);
        for (all += n; n > 0; n--)
            pkt_unref(batch[n - 1]);
    }
    ck_assert_uint_eq(all, 11);
    ck_assert_uint_eq(stats.rx_dropped, 0);
    for (size_t i = 0; i < LENT; i++)
        pkt_unref(held[i]);
    end();
}
END_TEST

START_TEST(a_page_that_the_backend_still_writes_is_not_lent)
{
    grant_ref_t ref;
    struct pkt *p;
    begin();
    ref = RING_GET_REQUEST(&backend.rx, 5)->gref;
    give(LEN);
    fake_grant(ref)->flags |= GTF_writing;
    ck_assert_uint_eq(receive(&p), 1);
    ck_assert(!pkt_is_lent(p));
    ck_assert_mem_eq(p->data, frame, LEN);
    fake_grant(ref)->flags = GTF_permit_access;
    pkt_unref(p);
    for (int i = 0; i < 64; i++) /* what was taken back is offered again */
        pkt_unref(come(LEN));
    end();
}
END_TEST

/* The packet and its pages are kept until the backend lets go. */
START_TEST(a_backend_that_keeps_what_it_gives_back_breaks_the_ring)
{
    struct pkt *p, *batch[NETDEV_BATCH];
    grant_ref_t ref;
    size_t used;
    begin();
    p = come(LEN);
    ck_assert_int_eq(netfront_send(nf, p), 0);
    netfront_flush(nf);
    ref = RING_GET_REQUEST(&backend.tx, 4)->gref;
    fake_backend_take(&backend, taken, &(uint16_t){0}, &(netif_extra_info_t){0});
    fake_grant(ref)->flags |= GTF_reading;
    fake_backend_push(&backend);
    ck_assert_uint_eq(receive(batch), 0);
    ck_assert(netfront_broken(nf));
    pkt_unref(p);
    netfront_free(nf);
    nf = NULL;
    used = page_stats()->used;
    sim_run(loop_now() + 3 * NS_PER_S);
    ck_assert_uint_eq(page_stats()->used, used);
    fake_grant(ref)->flags &= (uint16_t)~GTF_reading;
    sim_run(loop_now() + 3 * NS_PER_S);
    ck_assert_uint_lt(page_stats()->used, used);
    end();
}
END_TEST

START_TEST(a_packet_outlives_its_vif)
{
    struct pkt *p, *q;
    begin();
    p = come(LEN);
    q = come(9000);
    ck_assert_int_eq(netfront_send(nf, q), 0); /* to nobody */
    netfront_free(nf);
    nf = NULL;
    ck_assert_mem_eq(q->data, frame, 9000);
    pkt_unref(q);
    ck_assert_mem_eq(p->data, frame, LEN);
    pkt_unref(p);
    end();
}
END_TEST

/* No hypercall but those that tell the backend. */
START_TEST(lending_makes_no_hypercall)
{
    uint64_t calls, sent;
    begin();
    calls = fake.calls;
    sent = evtchn_stats()->sent;
    for (int i = 0; i < 1000; i++) {
        struct pkt *p = come(LEN);
        go(p, LEN);
        pkt_unref(p);
        answered();
    }
    ck_assert_uint_eq(fake.calls - calls, evtchn_stats()->sent - sent);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_super_frame_is_lent_and_its_pages_are_the_backends_no_more,
        it_is_sent_from_where_it_is,
        frames_that_are_copied_go_between,
        a_header_may_be_put_in_front,
        one_whose_header_is_gone_is_sent_from_where_it_is,
        what_lies_behind_it_is_not_shown,
        memory_in_pieces_has_room_for_a_ring,
        who_writes_into_one_that_others_hold_has_a_copy,
        those_that_are_kept_cost_no_slot,
        frames_for_which_there_is_no_packet_yet_wait,
        a_page_that_the_backend_still_writes_is_not_lent,
        a_backend_that_keeps_what_it_gives_back_breaks_the_ring,
        a_packet_outlives_its_vif,
        lending_makes_no_hypercall,
        NULL,
    };
    return unit_main(unit_suite("xen_lending", tests));
}
