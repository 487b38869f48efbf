/*
 * test_netdev.c - frame devices' common part: checksums and segmentation against slow and obvious
 * references, ownership, flushing.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/checksum.h"
#include "runtime/gso.h"
#include "runtime/netdev.h"
#include "runtime/sim/sim.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"
#include <string.h>

/* --- A device that keeps what it is given ---------------------------------------------------- */

#define SENT_MAX 70000

struct keeper {
    struct netdev dev;
    struct pkt *sent[SENT_MAX];
    size_t n;
    size_t calls, flushes, closes, largest;
};

static void keep(struct netdev *dev, struct pkt *const *batch, size_t n)
{
    struct keeper *k = (struct keeper *)dev;
    ck_assert_uint_gt(n, 0);
    ck_assert_uint_le(k->n + n, SENT_MAX);
    memcpy(k->sent + k->n, batch, n * sizeof(struct pkt *));
    k->n += n;
    k->calls++;
    if (n > k->largest)
        k->largest = n;
}

static void forget(struct keeper *k)
{
    while (k->n > 0)
        pkt_unref(k->sent[--k->n]);
}

static void flush(struct netdev *dev)
{
    ((struct keeper *)dev)->flushes++;
}

static void on_close(struct netdev *dev)
{
    forget((struct keeper *)dev);
    ((struct keeper *)dev)->closes++;
}

static const struct netdev_ops ops = {.send = keep, .flush = flush, .close = on_close};

static struct pkt_pool *small, *large;

static struct keeper *begin(uint32_t features)
{
    struct keeper *k;
    sim_start(1, &(struct sim_faults){0});
    ck_assert_int_eq(loop_open(), 0);
    large = pkt_pool_new(4, PKT_LARGE, NULL);
    small = pkt_pool_new(300, PKT_SMALL, large);
    k = (struct keeper *)netdev_new(sizeof *k, &ops, small);
    k->dev.features = features;
    return k;
}

static void end(struct keeper *k)
{
    struct pkt_pool_stats stats;
    netdev_close(&k->dev);
    loop_close();
    pkt_pool_stats(small, &stats);
    ck_assert_uint_eq(stats.free, stats.total);
    pkt_pool_stats(large, &stats);
    ck_assert_uint_eq(stats.free, stats.total);
    pkt_pool_free(small);
    pkt_pool_free(large);
}

/* --- Slow and obvious -------------------------------------------------------------------------*/

/* RFC 1071 section 1: 16-bit words, in network order, an odd byte padded with zero. */
static uint16_t slow_sum(uint32_t sum, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void put16(uint8_t *at, unsigned n)
{
    at[0] = (uint8_t)(n >> 8);
    at[1] = (uint8_t)n;
}

static void put32(uint8_t *at, uint32_t n)
{
    put16(at, n >> 16);
    put16(at + 2, n & 0xffff);
}

/* What a frame looks like whose payload is bytes `from` to `to` of a long message. */
struct shape {
    int vlans;
    bool ipv6, udp;
    size_t options;     /* IPv4's, or IPv6's extension headers: bytes */
    size_t tcp_options; /* bytes */
    uint8_t flags;
    uint32_t seq;
    uint16_t id;
    size_t payload; /* of the whole message */
};

static uint8_t message_byte(size_t i)
{
    return (uint8_t)(i * 31 + i / 256 * 7 + 3);
}

static size_t network_at(const struct shape *s)
{
    return 14 + 4 * (size_t)s->vlans;
}

static size_t transport_at(const struct shape *s)
{
    return network_at(s) + (s->ipv6 ? 40 : 20) + s->options;
}

static size_t payload_at(const struct shape *s)
{
    return transport_at(s) + (s->udp ? 8 : 20 + s->tcp_options);
}

static void write_ethernet(const struct shape *s, uint8_t *f)
{
    for (int i = 0; i < 12; i++)
        f[i] = (uint8_t)(0x10 + i);
    for (int i = 0; i < s->vlans; i++) {
        put16(f + 12 + 4 * i, i == 0 && s->vlans > 1 ? 0x88a8 : 0x8100);
        put16(f + 14 + 4 * i, 100 + (unsigned)i);
    }
    put16(f + network_at(s) - 2, s->ipv6 ? 0x86dd : 0x0800);
}

static void write_ipv4(const struct shape *s, uint8_t *ip, size_t len, unsigned index)
{
    size_t header = 20 + s->options;
    ip[0] = (uint8_t)(0x40 | header / 4);
    put16(ip + 2, (unsigned)len);
    put16(ip + 4, (uint16_t)(s->id + index));
    put16(ip + 6, 0x4000);
    ip[8] = 64;
    ip[9] = s->udp ? 17 : 6;
    put32(ip + 12, 0x0a000001);
    put32(ip + 16, 0xc0a80102);
    memset(ip + 20, 1, s->options);
    put16(ip + 10, (uint16_t)~slow_sum(0, ip, header));
}

static void write_ipv6(const struct shape *s, uint8_t *ip, size_t len)
{
    ip[0] = 0x60;
    put16(ip + 4, (unsigned)(len - 40));
    ip[6] = s->options ? 60 : s->udp ? 17 : 6;
    ip[7] = 64;
    for (int i = 0; i < 32; i++)
        ip[8 + i] = (uint8_t)(0x20 + 3 * i);
    if (s->options == 0)
        return;
    ip[40] = s->udp ? 17 : 6; /* destination options, one PadN */
    ip[41] = (uint8_t)(s->options / 8 - 1);
    ip[42] = 1;
    ip[43] = (uint8_t)(s->options - 4);
}

static uint16_t pseudo_sum(const struct shape *s, const uint8_t *ip, size_t len)
{
    uint8_t rest[8] = {0};
    put32(rest, (uint32_t)len);
    rest[7] = s->udp ? 17 : 6;
    return slow_sum(slow_sum(0, ip + (s->ipv6 ? 8 : 12), s->ipv6 ? 32 : 8), rest, sizeof rest);
}

/* Write the frame; returns its length. A checksum of `partial` frames is the pseudo-header's. */
static size_t write_frame(const struct shape *s, uint8_t *f, size_t from, size_t to, unsigned index,
                          bool partial)
{
    uint8_t *ip = f + network_at(s), *l4 = f + transport_at(s), *data = f + payload_at(s);
    size_t end = payload_at(s) + (to - from), len = end - transport_at(s);
    uint8_t *checksum = l4 + (s->udp ? 6 : 16);
    uint16_t sum = pseudo_sum(s, ip, len);
    memset(f, 0, payload_at(s));
    write_ethernet(s, f);
    if (s->ipv6)
        write_ipv6(s, ip, end - network_at(s));
    else
        write_ipv4(s, ip, end - network_at(s), index);
    put16(l4, 4711);
    put16(l4 + 2, 80);
    if (s->udp) {
        put16(l4 + 4, (unsigned)len);
    } else {
        put32(l4 + 4, s->seq + (uint32_t)from);
        put32(l4 + 8, 12345);
        l4[12] = (uint8_t)((20 + s->tcp_options) / 4 << 4);
        l4[13] = s->flags;
        if (from > 0)
            l4[13] &= 0x7f; /* CWR */
        if (to < s->payload)
            l4[13] &= 0xf6; /* FIN, PSH */
        put16(l4 + 14, 500);
        memset(l4 + 20, 1, s->tcp_options);
    }
    for (size_t i = from; i < to; i++)
        data[i - from] = message_byte(i);
    sum = pseudo_sum(s, ip, len);
    put16(checksum, sum);
    if (!partial) {
        sum = (uint16_t)~slow_sum(0, l4, len);
        put16(checksum, sum ? sum : 0xffff);
    }
    return end;
}

/* The super-frame that carries the whole message. */
static struct pkt *super_frame(const struct shape *s, uint16_t gso_size)
{
    struct pkt *p = pkt_new_for(small, payload_at(s) + s->payload);
    ck_assert_ptr_nonnull(p);
    pkt_append(p, write_frame(s, p->data, 0, s->payload, 0, true));
    p->csum_start = (uint16_t)transport_at(s);
    p->csum_offset = s->udp ? 6 : 16;
    p->gso_size = gso_size;
    p->offload = PKT_CSUM_PARTIAL;
    p->offload |= s->udp ? PKT_GSO_UDP : s->ipv6 ? PKT_GSO_TCP6 : PKT_GSO_TCP4;
    return p;
}

static struct shape random_shape(uint64_t *seed)
{
    struct shape s = {.vlans = (int)random_below(seed, 3),
                      .ipv6 = random_below(seed, 2),
                      .udp = random_below(seed, 4) == 0,
                      .tcp_options = 4 * random_below(seed, 11),
                      .flags = (uint8_t)random_u64(seed),
                      .seq = (uint32_t)random_u64(seed),
                      .id = (uint16_t)random_u64(seed)};
    s.options = s.ipv6 ? 8 * random_below(seed, 4) : 4 * random_below(seed, 11);
    s.payload = 1 + random_below(seed, 65535 - (payload_at(&s) - network_at(&s)));
    return s;
}

/* --- Checksums ------------------------------------------------------------------------------- */

START_TEST(the_example_of_rfc_1071_sums_as_it_says)
{
    static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    uint64_t sum = checksum_add(0, bytes, sizeof bytes);
    ck_assert_uint_eq(be16_get(checksum_fold(sum)), 0xddf2);
    ck_assert_uint_eq(be16_get(checksum_finish(sum)), 0x220d);
}
END_TEST

START_TEST(a_sum_is_the_slow_sum_at_every_length_and_alignment)
{
    uint8_t bytes[300];
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)random_u64(&seed);
    for (size_t at = 0; at < 9; at++) {
        for (size_t n = 0; n + at <= sizeof bytes; n++)
            ck_assert_uint_eq(be16_get(checksum_fold(checksum_add(0, bytes + at, n))),
                              slow_sum(0, bytes + at, n));
    }
}
END_TEST

START_TEST(carries_are_never_lost)
{
    static uint8_t ones[65536];
    memset(ones, 0xff, sizeof ones);
    for (size_t n = 0; n < 100; n++)
        ck_assert_uint_eq(be16_get(checksum_fold(checksum_add(0, ones, n))), slow_sum(0, ones, n));
    ck_assert_uint_eq(be16_get(checksum_fold(checksum_add(UINT64_MAX, ones, sizeof ones))), 0xffff);
}
END_TEST

START_TEST(pieces_of_even_length_sum_as_the_whole)
{
    uint8_t bytes[200];
    uint64_t seed = 2;
    for (int round = 0; round < 1000; round++) {
        size_t cut = 2 * random_below(&seed, 60), n = cut + random_below(&seed, 80);
        uint64_t sum;
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)random_u64(&seed);
        sum = checksum_add(checksum_add(0, bytes, cut), bytes + cut, n - cut);
        ck_assert_uint_eq(be16_get(checksum_fold(sum)), slow_sum(0, bytes, n));
    }
}
END_TEST

static struct pkt *plain_frame(const struct shape *s, bool partial)
{
    struct pkt *p = super_frame(s, 0);
    p->offload = partial ? PKT_CSUM_PARTIAL : 0;
    return p;
}

START_TEST(a_partial_checksum_is_made_for_a_device_that_cannot)
{
    static uint8_t right[PKT_LARGE];
    struct keeper *k = begin(0);
    uint64_t seed = 3;
    for (int round = 0; round < 2000; round++) {
        struct shape s = random_shape(&seed);
        s.payload %= 1500;
        struct pkt *p = plain_frame(&s, true);
        size_t n = write_frame(&s, right, 0, s.payload, 0, false);
        netdev_send(&k->dev, &p, 1);
        ck_assert_uint_eq(k->n, 1);
        ck_assert_uint_eq(k->sent[0]->len, n);
        ck_assert_mem_eq(k->sent[0]->data, right, n);
        ck_assert_uint_eq(k->sent[0]->offload & PKT_CSUM_PARTIAL, 0);
        forget(k);
    }
    end(k);
}
END_TEST

START_TEST(a_device_that_can_gets_the_frame_as_it_is)
{
    static const struct shape s = {.payload = 100};
    struct keeper *k = begin(NETDEV_TX_CSUM);
    struct pkt *p = plain_frame(&s, true);
    netdev_send(&k->dev, &p, 1);
    ck_assert_ptr_eq(k->sent[0], p);
    ck_assert_uint_eq(p->offload, PKT_CSUM_PARTIAL);
    end(k);
}
END_TEST

START_TEST(a_shared_frame_is_copied_before_it_is_summed)
{
    static const struct shape s = {.payload = 100};
    static uint8_t before[200];
    struct keeper *k = begin(0);
    struct pkt *p = plain_frame(&s, true);
    memcpy(before, p->data, p->len);
    pkt_ref(p);
    netdev_send(&k->dev, &p, 1);
    ck_assert_ptr_ne(k->sent[0], p);
    ck_assert_mem_eq(p->data, before, p->len);
    ck_assert_uint_eq(p->offload, PKT_CSUM_PARTIAL);
    ck_assert_uint_eq(p->refs, 1);
    pkt_unref(p);
    end(k);
}
END_TEST

/* A UDP checksum of 0 would say that there is none (RFC 768). */
START_TEST(a_sum_of_zero_is_stored_as_ones)
{
    static const struct shape s = {.udp = true, .payload = 2};
    struct keeper *k = begin(0);
    struct pkt *p = plain_frame(&s, true);
    uint8_t *l4 = p->data + transport_at(&s);
    put16(l4 + 8, 0);
    put16(l4 + 8, (uint16_t)~slow_sum(0, l4, 10));
    netdev_send(&k->dev, &p, 1);
    ck_assert_uint_eq(l4[6], 0xff);
    ck_assert_uint_eq(l4[7], 0xff);
    end(k);
}
END_TEST

START_TEST(a_checksum_outside_the_frame_is_an_error)
{
    static const struct shape s = {.payload = 100};
    static const uint16_t wrong[][2] = {{153, 0}, {154, 16}, {0, 153}, {65535, 65535}, {200, 0}};
    struct keeper *k = begin(0);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct pkt *p = plain_frame(&s, true);
        ck_assert_uint_eq(p->len, 154);
        p->csum_start = wrong[i][0];
        p->csum_offset = wrong[i][1];
        netdev_send(&k->dev, &p, 1);
        ck_assert_uint_eq(k->n, 0);
        ck_assert_uint_eq(k->dev.stats.tx_errors, i + 1);
    }
    end(k);
}
END_TEST

/* --- Segmentation ---------------------------------------------------------------------------- */

/* Every segment is the frame that a sender without offloads would have written. */
static void check_segments(const struct keeper *k, const struct shape *s, size_t gso_size,
                           bool partial)
{
    static uint8_t right[PKT_LARGE];
    size_t from = 0;
    for (size_t i = 0; i < k->n; i++) {
        size_t to = from + gso_size < s->payload ? from + gso_size : s->payload;
        size_t n = write_frame(s, right, from, to, (unsigned)i, partial);
        ck_assert_uint_eq(k->sent[i]->len, n);
        ck_assert_mem_eq(k->sent[i]->data, right, n);
        ck_assert_uint_eq(k->sent[i]->offload, partial ? PKT_CSUM_PARTIAL : PKT_CSUM_VALID);
        if (partial)
            ck_assert_uint_eq(k->sent[i]->csum_start, transport_at(s));
        from = to;
    }
    ck_assert_uint_eq(from, s->payload);
}

START_TEST(segments_are_what_a_sender_without_offloads_would_send)
{
    struct keeper *k = begin(0);
    uint64_t seed = 4;
    for (int round = 0; round < 1500; round++) {
        struct shape s = random_shape(&seed);
        uint16_t gso_size = (uint16_t)(300 + random_below(&seed, 1200));
        struct pkt *p = super_frame(&s, gso_size);
        netdev_send(&k->dev, &p, 1);
        check_segments(k, &s, gso_size, false);
        forget(k);
    }
    ck_assert_uint_le(k->largest, NETDEV_BATCH);
    end(k);
}
END_TEST

START_TEST(a_device_that_sums_gets_segments_to_be_summed)
{
    struct keeper *k = begin(NETDEV_TX_CSUM);
    uint64_t seed = 5;
    for (int round = 0; round < 300; round++) {
        struct shape s = random_shape(&seed);
        uint16_t gso_size = (uint16_t)(500 + random_below(&seed, 1000));
        struct pkt *p = super_frame(&s, gso_size);
        netdev_send(&k->dev, &p, 1);
        check_segments(k, &s, gso_size, true);
        forget(k);
    }
    end(k);
}
END_TEST

START_TEST(a_device_that_cuts_gets_the_super_frame_if_it_sums_too)
{
    static const struct shape tcp4 = {.payload = 5000}, tcp6 = {.ipv6 = true, .payload = 5000},
                              udp = {.udp = true, .payload = 5000};
    static const struct {
        const struct shape *shape;
        uint32_t feature;
    } cases[] = {{&tcp4, NETDEV_TX_GSO4}, {&tcp6, NETDEV_TX_GSO6}, {&udp, NETDEV_TX_GSO_UDP}};
    for (size_t i = 0; i < 3; i++) {
        struct keeper *k = begin(cases[i].feature | NETDEV_TX_CSUM);
        struct pkt *p = super_frame(cases[i].shape, 1000);
        netdev_send(&k->dev, &p, 1);
        ck_assert_uint_eq(k->n, 1);
        ck_assert_ptr_eq(k->sent[0], p);
        forget(k);
        k->dev.features = cases[i].feature;
        p = super_frame(cases[i].shape, 1000);
        netdev_send(&k->dev, &p, 1);
        ck_assert_uint_eq(k->n, 5);
        end(k);
    }
}
END_TEST

START_TEST(a_pool_that_runs_out_costs_segments_and_no_more)
{
    static const struct shape s = {.payload = 60000};
    struct keeper *k = begin(0);
    struct pkt *p = super_frame(&s, 100);
    netdev_send(&k->dev, &p, 1);
    ck_assert_uint_eq(k->n, 300); /* the whole pool */
    ck_assert_uint_eq(k->dev.stats.tx_dropped, 1);
    end(k);
}
END_TEST

START_TEST(a_super_frame_that_contradicts_itself_is_an_error)
{
    static const struct shape s = {.payload = 3000};
    struct keeper *k = begin(0);
    for (int i = 0; i < 9; i++) {
        struct pkt *p = super_frame(&s, 1000);
        switch (i) {
        case 0: /* nothing to cut into */
            p->gso_size = 0;
            break;
        case 1: /* another kind */
            p->offload = PKT_CSUM_PARTIAL | PKT_GSO_TCP6;
            break;
        case 2: /* two kinds */
            p->offload |= PKT_GSO_TCP6;
            break;
        case 3: /* nothing said of its checksum */
            p->offload = PKT_GSO_TCP4;
            break;
        case 4: /* a transport header elsewhere */
            p->csum_start += 4;
            break;
        case 5: /* a short IPv4 header */
            p->data[14] = 0x44;
            break;
        case 6: /* a short TCP header */
            p->data[46] = 0x40;
            break;
        case 7: /* no payload */
            pkt_trim(p, 3000);
            break;
        case 8: /* another protocol */
            p->data[23] = 17;
            break;
        }
        netdev_send(&k->dev, &p, 1);
        ck_assert_uint_eq(k->n, 0);
        ck_assert_uint_eq(k->dev.stats.tx_errors, (unsigned)i + 1);
    }
    end(k);
}
END_TEST

/* Whatever the metadata and the bytes say: nothing outside the frame is touched (the sanitizers
 * see to that), no packet is lost, and every segment has the length that was asked for. */
START_TEST(hostile_frames_do_no_harm)
{
    struct keeper *k = begin(0);
    uint64_t seed = 6;
    for (int round = 0; round < 20000; round++) {
        struct shape s = random_shape(&seed);
        s.payload %= 3000;
        struct pkt *p = super_frame(&s, (uint16_t)random_below(&seed, 2000));
        k->dev.features = (uint32_t)random_below(&seed, 16);
        pkt_trim(p, random_below(&seed, 2) * random_below(&seed, p->len + 1));
        for (uint64_t n = random_below(&seed, 4); n > 0 && p->len > 0; n--)
            p->data[random_below(&seed, p->len < 100 ? p->len : 100)] = (uint8_t)random_u64(&seed);
        if (random_below(&seed, 4) == 0)
            p->csum_start = (uint16_t)random_below(&seed, 200);
        if (random_below(&seed, 4) == 0)
            p->offload = (uint16_t)random_below(&seed, 32);
        netdev_send(&k->dev, &p, 1);
        forget(k);
    }
    end(k);
}
END_TEST

/* --- Ownership and turns --------------------------------------------------------------------- */

START_TEST(a_mixed_batch_keeps_its_order)
{
    static const struct shape one = {.payload = 46}, many = {.payload = 2500};
    struct keeper *k = begin(0);
    struct pkt *batch[5];
    for (int i = 0; i < 5; i++) {
        batch[i] = i == 2 ? super_frame(&many, 1000) : plain_frame(&one, i % 2);
        batch[i]->data[0] = (uint8_t)i;
    }
    netdev_send(&k->dev, batch, 5);
    ck_assert_uint_eq(k->n, 7);
    for (size_t i = 0; i < 7; i++)
        ck_assert_uint_eq(k->sent[i]->data[0], i < 2 ? i : i < 5 ? 2 : i - 2);
    end(k);
}
END_TEST

START_TEST(what_is_sent_is_flushed_once_a_turn_and_before_the_close)
{
    static const struct shape s = {.payload = 10};
    struct keeper *k = begin(0);
    loop_poll();
    ck_assert_uint_eq(k->flushes, 0);
    for (int i = 0; i < 3; i++) {
        struct pkt *p = plain_frame(&s, false);
        netdev_send(&k->dev, &p, 1);
    }
    ck_assert_uint_eq(k->flushes, 0);
    loop_poll();
    ck_assert_uint_eq(k->flushes, 1);
    loop_poll();
    ck_assert_uint_eq(k->flushes, 1);
    struct pkt *p = plain_frame(&s, false);
    netdev_send(&k->dev, &p, 1);
    netdev_close(&k->dev);
    ck_assert_uint_eq(k->flushes, 2);
    ck_assert_uint_eq(k->closes, 1);
    netdev_close(NULL);
    loop_close();
    pkt_pool_free(small);
    pkt_pool_free(large);
}
END_TEST

struct owner {
    struct netdev *dev;
    struct pkt *kept;
    size_t packets, links;
    bool close;
};

static void on_receive(void *user, struct pkt *const *batch, size_t n)
{
    struct owner *o = user;
    o->packets += n;
    if (o->kept == NULL)
        o->kept = pkt_ref(batch[0]);
    if (o->close)
        netdev_close(o->dev);
}

static void on_link(void *user)
{
    ((struct owner *)user)->links++;
}

START_TEST(a_received_packet_is_lent_and_counted)
{
    static const struct netdev_events events = {.receive = on_receive, .link = on_link};
    static const struct shape s = {.payload = 46};
    struct keeper *k = begin(0);
    struct owner o = {.dev = &k->dev};
    struct pkt *batch[2] = {plain_frame(&s, false), plain_frame(&s, false)};
    ck_assert(netdev_receive(&k->dev, batch, 2));
    ck_assert_uint_eq(k->dev.stats.rx_dropped, 2);
    netdev_own(&k->dev, &events, &o);
    batch[0] = plain_frame(&s, false);
    batch[1] = plain_frame(&s, false);
    ck_assert(netdev_receive(&k->dev, batch, 2));
    ck_assert_uint_eq(o.packets, 2);
    ck_assert_uint_eq(k->dev.stats.rx_packets, 4);
    ck_assert_uint_eq(k->dev.stats.rx_bytes, 400);
    ck_assert_uint_eq(o.kept->refs, 1);
    pkt_unref(o.kept);
    ck_assert(netdev_set_link(&k->dev, true) && netdev_set_link(&k->dev, true));
    ck_assert_uint_eq(o.links, 1);
    end(k);
}
END_TEST

START_TEST(a_driver_hears_that_the_owner_has_closed_its_device)
{
    static const struct netdev_events events = {.receive = on_receive};
    static const struct shape s = {.payload = 46};
    struct keeper *k = begin(0);
    struct owner o = {.dev = &k->dev, .close = true};
    struct pkt *p = plain_frame(&s, false);
    netdev_own(&k->dev, &events, &o);
    ck_assert(!netdev_receive(&k->dev, &p, 1));
    ck_assert_uint_eq(k->closes, 1);
    pkt_unref(o.kept);
    loop_close();
    pkt_pool_free(small);
    pkt_pool_free(large);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_example_of_rfc_1071_sums_as_it_says,
        a_sum_is_the_slow_sum_at_every_length_and_alignment,
        carries_are_never_lost,
        pieces_of_even_length_sum_as_the_whole,
        a_partial_checksum_is_made_for_a_device_that_cannot,
        a_device_that_can_gets_the_frame_as_it_is,
        a_shared_frame_is_copied_before_it_is_summed,
        a_sum_of_zero_is_stored_as_ones,
        a_checksum_outside_the_frame_is_an_error,
        segments_are_what_a_sender_without_offloads_would_send,
        a_device_that_sums_gets_segments_to_be_summed,
        a_device_that_cuts_gets_the_super_frame_if_it_sums_too,
        a_pool_that_runs_out_costs_segments_and_no_more,
        a_super_frame_that_contradicts_itself_is_an_error,
        hostile_frames_do_no_harm,
        a_mixed_batch_keeps_its_order,
        what_is_sent_is_flushed_once_a_turn_and_before_the_close,
        a_received_packet_is_lent_and_counted,
        a_driver_hears_that_the_owner_has_closed_its_device,
        NULL,
    };
    return unit_main(unit_suite("netdev", tests));
}
