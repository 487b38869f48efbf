/*
 * test_xen_netfront.c - frames through a vif's rings to a backend that keeps to the protocol, and
 * to one that does not; grants below them.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/sim/sim.h"
#include "test/unit/netfront_fixture.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"
#include "xen/grant.h"
#include "xen/page.h"

#include <errno.h>

/* A frame of `n` bytes that are their own numbers, more or less. */
static struct pkt *make(size_t n)
{
    struct pkt *p = pkt_new_for(pool, n);
    uint8_t *bytes = pkt_append(p, n);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    return p;
}

static void check(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_uint_eq(bytes[i], (uint8_t)(i * 7 + i / 256));
}

static int send(size_t n)
{
    struct pkt *p = make(n);
    int error = netfront_send(nf, p);
    pkt_unref(p);
    return error;
}

/* --- Indices ---------------------------------------------------------------------------------- */

/* Frames of several slots go both ways while all indices pass through 0. */
START_TEST(indices_wrap)
{
    static uint8_t bytes[70000];
    struct pkt *batch[NETDEV_BATCH];
    uint16_t flags;
    netif_extra_info_t extra;
    for (RING_IDX before = 1; before < 3 * SLOTS; before += 61) {
        begin_at(-before);
        for (int i = 0; i < SLOTS; i++) {
            ck_assert_int_eq(send(9000), 0);
            netfront_flush(nf);
            ck_assert_uint_eq(fake_backend_take(&backend, bytes, &flags, &extra), 9000);
            fake_backend_give(&backend, bytes, 9000, 4000, 0, NULL);
            fake_backend_push(&backend);
            ck_assert_uint_eq(receive(batch), 1);
            ck_assert_uint_eq(batch[0]->len, 9000);
            check(batch[0]->data, 9000);
            pkt_unref(batch[0]);
        }
        ck_assert_uint_lt(backend.tx.sring->req_prod, 3 * SLOTS);
        ck_assert_uint_lt(backend.rx.sring->req_prod, 4 * SLOTS);
        end();
    }
}
END_TEST

START_TEST(a_full_ring_that_wraps_is_full)
{
    begin_at(UINT32_MAX - SLOTS / 2);
    for (int i = 0; i < SLOTS; i++)
        ck_assert_int_eq(send(60), 0);
    ck_assert_int_eq(send(60), -ENOSPC);
    netfront_flush(nf);
    ck_assert(!netfront_broken(nf));
    backend.tx.sring->rsp_prod += SLOTS + 1; /* more than was asked */
    ck_assert_int_eq(send(60), -ENOSPC);
    ck_assert(netfront_broken(nf));
    end();
}
END_TEST

/* --- Sending --------------------------------------------------------------------------------- */

START_TEST(frames_of_each_length_are_sent_whole)
{
    static const size_t lengths[] = {1, 60, 1514, 4096, 4097, 8192, 65535};
    static uint8_t bytes[70000];
    uint16_t flags;
    netif_extra_info_t extra;
    begin();
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        ck_assert_int_eq(send(lengths[i]), 0);
        netfront_flush(nf);
        ck_assert_uint_eq(fake_backend_take(&backend, bytes, &flags, &extra), lengths[i]);
        check(bytes, lengths[i]);
        ck_assert_uint_eq(flags & (uint16_t)~NETTXF_more_data, 0);
        fake_backend_push(&backend);
    }
    ck_assert_int_eq(send(0), -EMSGSIZE);
    ck_assert_int_eq(send(65536), -EMSGSIZE);
    end();
}
END_TEST

START_TEST(without_scatter_gather_a_frame_has_one_page)
{
    uint64_t too_long = netfront_stats()->tx_too_long;
    begin();
    netfront_free(nf);
    config.sg = false;
    nf = netfront_new(&config, no_event, NULL);
    ck_assert_int_eq(send(4096), 0);
    ck_assert_int_eq(send(4097), -EMSGSIZE);
    ck_assert_uint_eq(netfront_stats()->tx_too_long, too_long + 1);
    end();
}
END_TEST

START_TEST(each_ring_has_its_event_channel_if_they_are_split)
{
    struct netfront_address at;
    begin();
    netfront_address(nf, &at);
    ck_assert_uint_eq(at.tx_port, at.rx_port);
    netfront_free(nf);
    config.split = true;
    nf = netfront_new(&config, no_event, NULL);
    netfront_address(nf, &at);
    ck_assert_uint_ne(at.tx_port, at.rx_port);
    ck_assert(fake.open[at.tx_port] && fake.open[at.rx_port]);
    ck_assert_int_eq(send(60), 0);
    netfront_flush(nf);
    ck_assert_uint_eq(fake.sent[at.tx_port], 1);
    ck_assert_uint_eq(fake.sent[at.rx_port], 0);
    end();
    ck_assert(!fake.open[at.tx_port] && !fake.open[at.rx_port]);
}
END_TEST

START_TEST(the_steady_path_makes_no_hypercall_but_to_notify)
{
    static uint8_t bytes[70000];
    uint16_t flags;
    netif_extra_info_t extra;
    uint64_t calls, sent;
    begin();
    calls = fake.calls;
    sent = evtchn_stats()->sent;
    for (int i = 0; i < 5000; i++) {
        struct pkt *batch[NETDEV_BATCH];
        ck_assert_int_eq(send(1000), 0);
        netfront_flush(nf);
        ck_assert_uint_eq(fake_backend_take(&backend, bytes, &flags, &extra), 1000);
        fake_backend_give(&backend, bytes, 1000, 4000, 0, NULL);
        fake_backend_push(&backend);
        ck_assert_uint_eq(receive(batch), 1);
        check(batch[0]->data, 1000);
        pkt_unref(batch[0]);
    }
    ck_assert_uint_eq(fake.calls - calls, evtchn_stats()->sent - sent);
    end();
}
END_TEST

/* A backend that answers one by one or many at once is never told to say so. */
START_TEST(what_was_sent_wakes_nobody)
{
    uint8_t bytes[4096];
    uint16_t flags;
    netif_extra_info_t extra;
    int notify;
    begin_at((RING_IDX)-1000);
    for (unsigned i = 0; i < 3000; i++) {
        unsigned n = i % 3 == 0 ? 256 : i % 7;
        for (unsigned k = 0; k < n; k++)
            ck_assert_int_eq(send(60), 0);
        netfront_flush(nf);
        for (unsigned k = 0; k < n; k++)
            ck_assert_uint_eq(fake_backend_take(&backend, bytes, &flags, &extra), 60);
        RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&backend.tx, notify);
        ck_assert_int_eq(notify, 0);
    }
    end();
}
END_TEST

START_TEST(a_full_ring_takes_no_more_until_the_backend_answers)
{
    static uint8_t bytes[70000];
    uint16_t flags;
    netif_extra_info_t extra;
    begin();
    for (int i = 0; i < SLOTS; i++)
        ck_assert_int_eq(send(60), 0);
    ck_assert_int_eq(send(60), -ENOSPC);
    netfront_flush(nf);
    for (int i = 0; i < 3; i++)
        fake_backend_take(&backend, bytes, &flags, &extra);
    ck_assert_int_eq(send(60), -ENOSPC);
    fake_backend_push(&backend);
    ck_assert_int_eq(send(8192), 0);
    ck_assert_int_eq(send(8192), -ENOSPC);
    ck_assert_int_eq(send(60), 0);
    ck_assert_int_eq(send(60), -ENOSPC);
    end();
}
END_TEST

START_TEST(offloads_are_told)
{
    static uint8_t bytes[70000];
    struct pkt *p;
    uint16_t flags;
    netif_extra_info_t extra = {0};
    begin();
    p = make(9000);
    p->offload = PKT_CSUM_PARTIAL | PKT_GSO_TCP6;
    p->gso_size = 1400;
    ck_assert_int_eq(netfront_send(nf, p), 0);
    netfront_flush(nf);
    ck_assert_uint_eq(fake_backend_take(&backend, bytes, &flags, &extra), 9000);
    check(bytes, 9000);
    ck_assert_uint_eq(flags, NETTXF_csum_blank | NETTXF_data_validated | NETTXF_extra_info |
                                 NETTXF_more_data);
    ck_assert_uint_eq(extra.type, XEN_NETIF_EXTRA_TYPE_GSO);
    ck_assert_uint_eq(extra.flags, 0);
    ck_assert_uint_eq(extra.u.gso.size, 1400);
    ck_assert_uint_eq(extra.u.gso.type, XEN_NETIF_GSO_TYPE_TCPV6);
    fake_backend_push(&backend);
    ck_assert_int_eq(send(60), 0); /* the answer to the extra slot is none to a frame */
    ck_assert_uint_eq(receive((struct pkt *[NETDEV_BATCH]){NULL}), 0);
    ck_assert(!netfront_broken(nf));
    pkt_unref(p);
    end();
}
END_TEST

/* The backend runs while the guest yields. */
static void run_backend(void)
{
    static uint8_t bytes[70000];
    uint16_t flags;
    netif_extra_info_t extra;
    if (fake.yields % 3 == 0 && fake_backend_take(&backend, bytes, &flags, &extra) > 0)
        fake_backend_push(&backend);
}

START_TEST(the_last_frames_are_waited_for)
{
    begin();
    fake.on_yield = run_backend;
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(send(5000), 0);
    netfront_drain(nf);
    ck_assert_uint_eq(fake.yields, 5 * 3);
    ck_assert_uint_eq(backend.tx.req_cons, backend.tx.sring->req_prod);
    netfront_drain(nf); /* nothing is under way: it waits for nothing */
    ck_assert_uint_eq(fake.yields, 5 * 3);
    end();
}
END_TEST

START_TEST(a_backend_that_is_gone_is_not_waited_for_for_ever)
{
    begin();
    ck_assert_int_eq(send(5000), 0);
    netfront_drain(nf);
    ck_assert_uint_ge(fake.yields, 1000);
    end();
}
END_TEST

/* --- Receiving ------------------------------------------------------------------------------- */

START_TEST(frames_in_any_pieces_are_received_whole)
{
    struct pkt *batch[NETDEV_BATCH], *p;
    uint64_t random = 5;
    begin();
    for (int i = 0; i < 2000; i++) {
        size_t n = 1 + random_below(&random, i % 10 ? 1500 : 40000);
        size_t piece = n > 2000 ? 4096 : 1 + n / 17 + random_below(&random, 2000);
        p = make(n);
        fake_backend_give(&backend, p->data, n, piece, 0, NULL);
        pkt_unref(p);
        fake_backend_push(&backend);
        ck_assert_uint_eq(receive(batch), 1);
        ck_assert_uint_eq(batch[0]->len, n);
        check(batch[0]->data, n);
        pkt_unref(batch[0]);
    }
    ck_assert_uint_eq(stats.rx_errors + stats.rx_dropped, 0);
    end();
}
END_TEST

START_TEST(a_super_frame_keeps_its_metadata)
{
    static uint8_t frame[9054];
    const netif_extra_info_t extra = {.type = XEN_NETIF_EXTRA_TYPE_GSO,
                                      .u.gso = {.size = 1448, .type = XEN_NETIF_GSO_TYPE_TCPV4}};
    struct pkt *batch[NETDEV_BATCH];
    begin();
    fake_backend_tcp4(frame);
    fake_backend_give(&backend, frame, sizeof frame, 4096,
                      NETRXF_csum_blank | NETRXF_data_validated, &extra);
    fake_backend_push(&backend);
    ck_assert_uint_eq(receive(batch), 1);
    ck_assert_uint_eq(batch[0]->len, sizeof frame);
    ck_assert_uint_eq(batch[0]->offload, PKT_CSUM_PARTIAL | PKT_GSO_TCP4);
    ck_assert_uint_eq(batch[0]->gso_size, 1448);
    ck_assert_uint_eq(batch[0]->csum_start, 34);
    ck_assert_uint_eq(batch[0]->csum_offset, 16);
    pkt_unref(batch[0]);
    /* What does not agree with the frame is dropped. */
    frame[23] = 17;
    fake_backend_give(&backend, frame, sizeof frame, 4096, NETRXF_csum_blank, &extra);
    frame[23] = 6;
    frame[12] = 0x86;
    frame[13] = 0xdd;
    fake_backend_give(&backend, frame, sizeof frame, 4096, NETRXF_csum_blank, &extra);
    fake_backend_give(&backend, frame, 20, 4096, NETRXF_csum_blank, NULL);
    fake_backend_push(&backend);
    ck_assert_uint_eq(receive(batch), 0);
    ck_assert_uint_eq(stats.rx_errors, 3);
    end();
}
END_TEST

/* An Ethernet frame with IPv6 and UDP behind the headers that begin with kind `next`: `more` bytes
 * of them, each of which says in its first byte what follows, in its second how many times eight
 * bytes it has behind its first eight. Returns the length. */
static size_t make_udp6(uint8_t *frame, uint8_t next, const char *more, size_t n)
{
    memset(frame, 0, 54 + n + 8);
    frame[12] = 0x86;
    frame[13] = 0xdd;
    frame[14] = 0x60;
    frame[20] = next;
    memcpy(frame + 54, more, n);
    return 54 + n + 8;
}

static void give_blank(const uint8_t *frame, size_t n)
{
    fake_backend_give(&backend, frame, n, 4096, NETRXF_csum_blank | NETRXF_data_validated, NULL);
    fake_backend_push(&backend);
}

/* RFC 8200, section 4: as Linux's backend leaves it to us. */
START_TEST(a_blank_checksum_behind_headers_of_ipv6_is_found)
{
    static const struct {
        uint8_t next;
        size_t n;
        char more[33];
    } good[] = {{17, 0, ""},
                {0, 8, "\x11"},       /* hop by hop */
                {60, 16, "\x11\x01"}, /* to the destination */
                {0, 32, "\x2b\x00......\x3c\x00......\x11\x01.............."}}, /* with a route */
        bad[] = {{44, 8, "\x11"}, {0, 8, "\x11\xff"}, {0, 8, "\x2c"}, {0, 8, "\x3b"}};
    uint8_t frame[128];
    struct pkt *batch[NETDEV_BATCH];
    begin();
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        give_blank(frame, make_udp6(frame, good[i].next, good[i].more, good[i].n));
        ck_assert_uint_eq(receive(batch), 1);
        ck_assert_uint_eq(batch[0]->offload, PKT_CSUM_PARTIAL);
        ck_assert_uint_eq(batch[0]->csum_start, 54 + good[i].n);
        ck_assert_uint_eq(batch[0]->csum_offset, 6);
        pkt_unref(batch[0]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        give_blank(frame, make_udp6(frame, bad[i].next, bad[i].more, bad[i].n));
    ck_assert_uint_eq(receive(batch), 0);
    ck_assert_uint_eq(stats.rx_errors, sizeof bad / sizeof *bad);
    end();
}
END_TEST

START_TEST(a_fragment_has_no_blank_checksum)
{
    uint8_t frame[60];
    struct pkt *batch[NETDEV_BATCH];
    begin();
    fake_backend_tcp4(frame);
    frame[21] = 1; /* its offset */
    give_blank(frame, sizeof frame);
    ck_assert_uint_eq(receive(batch), 0);
    ck_assert_uint_eq(stats.rx_errors, 1);
    end();
}
END_TEST

START_TEST(a_frame_without_a_packet_is_dropped_and_its_slots_go_on)
{
    struct pkt *batch[NETDEV_BATCH], *held[512], *p;
    size_t n = 0;
    begin();
    p = make(100);
    while (n < 512 && (held[n] = pkt_new(pool)) != NULL)
        n++;
    for (int i = 0; i < 3 * SLOTS; i++) {
        fake_backend_give(&backend, p->data, 100, 4000, 0, NULL);
        fake_backend_push(&backend);
        ck_assert_uint_eq(receive(batch), 0);
    }
    ck_assert_uint_eq(stats.rx_dropped, 3 * SLOTS);
    while (n > 0)
        pkt_unref(held[--n]);
    pkt_unref(p);
    end();
}
END_TEST

START_TEST(a_part_of_a_frame_waits_for_the_rest)
{
    struct pkt *batch[NETDEV_BATCH];
    netif_rx_request_t q;
    begin();
    q = fake_backend_request(&backend);
    fake_backend_answer(
        &backend, (netif_rx_response_t){.id = q.id, .flags = NETRXF_more_data, .status = 100});
    fake_backend_push(&backend);
    ck_assert_uint_eq(receive(batch), 0);
    ck_assert(!netfront_more(nf)); /* nobody turns in circles for it */
    q = fake_backend_request(&backend);
    fake_backend_answer(&backend, (netif_rx_response_t){.id = q.id, .status = 50});
    fake_backend_push(&backend);
    ck_assert_uint_eq(backend.rx.sring->rsp_event, backend.rx.sring->rsp_prod);
    ck_assert(netfront_more(nf));
    ck_assert_uint_eq(receive(batch), 1);
    ck_assert(!netfront_more(nf));
    ck_assert_uint_eq(batch[0]->len, 150);
    pkt_unref(batch[0]);
    end();
}
END_TEST

/* --- A backend that does not keep to the protocol --------------------------------------------- */

START_TEST(a_bad_answer_costs_its_frame_only)
{
    static const netif_rx_response_t bad[] = {
        {.id = 0, .status = 0},
        {.id = 1, .status = -1},
        {.id = 77, .status = 60},
        {.id = 3, .offset = 4097, .status = 1},
        {.id = 4, .offset = 4090, .status = 7},
        {.id = 5, .offset = 65535, .status = 32767},
    };
    struct pkt *batch[NETDEV_BATCH], *p;
    begin();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        fake_backend_answer(&backend, bad[i]);
    p = make(100);
    fake_backend_give(&backend, p->data, 100, 4000, 0, NULL);
    fake_backend_push(&backend);
    ck_assert_uint_eq(receive(batch), 1);
    ck_assert_uint_eq(stats.rx_errors, sizeof bad / sizeof *bad);
    check(batch[0]->data, 100);
    pkt_unref(batch[0]);
    pkt_unref(p);
    end();
}
END_TEST

START_TEST(a_frame_that_has_no_room_to_end_breaks_the_ring)
{
    struct pkt *batch[NETDEV_BATCH];
    begin();
    for (uint16_t i = 0; i < SLOTS; i++) {
        ck_assert_uint_eq(receive(batch), 0);
        ck_assert(!netfront_broken(nf));
        fake_backend_answer(&backend,
                            (netif_rx_response_t){.id = i, .flags = NETRXF_more_data, .status = 1});
        fake_backend_push(&backend);
    }
    ck_assert_uint_eq(receive(batch), 0);
    ck_assert(netfront_broken(nf));
    end();
}
END_TEST

START_TEST(a_frame_in_too_many_pieces_is_dropped)
{
    struct pkt *batch[NETDEV_BATCH], *p;
    begin();
    p = make(100);
    fake_backend_give(&backend, p->data, 100, 2, 0, NULL);
    fake_backend_push(&backend);
    ck_assert_uint_eq(receive(batch), 0);
    ck_assert_uint_eq(stats.rx_errors, 1);
    ck_assert(!netfront_broken(nf));
    pkt_unref(p);
    end();
}
END_TEST

static void expect_broken(void)
{
    struct pkt *batch[NETDEV_BATCH];
    ck_assert_uint_eq(receive(batch), 0);
    ck_assert(netfront_broken(nf));
    ck_assert(!netfront_more(nf));
    ck_assert_int_eq(send(60), -ENOSPC);
    end();
}

START_TEST(indices_and_ids_that_cannot_be_break_the_ring)
{
    begin();
    backend.rx.sring->rsp_prod = SLOTS + 1;
    expect_broken();
    begin();
    backend.tx.sring->rsp_prod = 1; /* nothing was sent */
    expect_broken();
    begin();
    ck_assert_int_eq(send(60), 0);
    netfront_flush(nf);
    *RING_GET_RESPONSE(&backend.tx, 0) = (netif_tx_response_t){.id = 9};
    backend.tx.sring->rsp_prod = 1;
    expect_broken();
    begin();
    ck_assert_int_eq(send(60), 0);
    netfront_flush(nf);
    *RING_GET_RESPONSE(&backend.tx, 0) = (netif_tx_response_t){.id = 60000};
    backend.tx.sring->rsp_prod = 1;
    expect_broken();
}
END_TEST

/* --- Grants ---------------------------------------------------------------------------------- */

START_TEST(a_page_in_use_is_kept_until_the_backend_lets_go)
{
    size_t used;
    grant_ref_t ref;
    void *page;
    begin();
    used = page_stats()->used;
    page = page_alloc(1);
    ref = grant_page(7, page, false);
    fake_grant(ref)->flags |= GTF_reading;
    ck_assert(!grant_end(ref));
    grant_end_then(ref, page_free, page);
    ck_assert_uint_eq(grant_stats()->kept, 1);
    sim_run(loop_now() + 3 * NS_PER_S);
    ck_assert_uint_eq(page_stats()->used, used + 1);
    fake_grant(ref)->flags &= (uint16_t)~GTF_reading;
    sim_run(loop_now() + 3 * NS_PER_S);
    ck_assert_uint_eq(grant_stats()->kept, 0);
    ck_assert_uint_eq(page_stats()->used, used);
    ck_assert_uint_eq(fake_grant(ref)->flags, 0);
    end();
}
END_TEST

START_TEST(grants_are_refused_when_the_table_is_full)
{
    grant_ref_t refs[FAKE_GRANT_FRAMES * 512];
    void *page;
    size_t n = 0;
    begin();
    page = page_alloc(1);
    while (n < sizeof refs / sizeof *refs && (refs[n] = grant_page(7, page, true)) != 0)
        n++;
    ck_assert_uint_eq(refs[n], 0);
    ck_assert_uint_eq(grant_stats()->refused, 1);
    ck_assert_uint_eq(grant_stats()->used, FAKE_GRANT_FRAMES * 512 - GNTTAB_NR_RESERVED_ENTRIES);
    ck_assert_ptr_null(netfront_new(&config, no_event, NULL));
    while (n > 0)
        ck_assert(grant_end(refs[--n]));
    page_free(page);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        indices_wrap,
        a_full_ring_that_wraps_is_full,
        frames_of_each_length_are_sent_whole,
        without_scatter_gather_a_frame_has_one_page,
        each_ring_has_its_event_channel_if_they_are_split,
        the_steady_path_makes_no_hypercall_but_to_notify,
        what_was_sent_wakes_nobody,
        a_full_ring_takes_no_more_until_the_backend_answers,
        offloads_are_told,
        the_last_frames_are_waited_for,
        a_backend_that_is_gone_is_not_waited_for_for_ever,
        frames_in_any_pieces_are_received_whole,
        a_super_frame_keeps_its_metadata,
        a_blank_checksum_behind_headers_of_ipv6_is_found,
        a_fragment_has_no_blank_checksum,
        a_frame_without_a_packet_is_dropped_and_its_slots_go_on,
        a_part_of_a_frame_waits_for_the_rest,
        a_bad_answer_costs_its_frame_only,
        a_frame_that_has_no_room_to_end_breaks_the_ring,
        a_frame_in_too_many_pieces_is_dropped,
        indices_and_ids_that_cannot_be_break_the_ring,
        a_page_in_use_is_kept_until_the_backend_lets_go,
        grants_are_refused_when_the_table_is_full,
        NULL,
    };
    return unit_main(unit_suite("xen_netfront", tests));
}
