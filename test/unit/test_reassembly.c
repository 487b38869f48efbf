/*
 * test_reassembly.c - fragments put together, hostile ones too, and cut again on their way out.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/checksum.h"
#include "runtime/counter.h"
#include "switch/reassembly.h"
#include "test/unit/dp_lab.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"

#include <stdlib.h>

#define MORE      0x2000
#define DONT      0x4000
#define IP_HEADER sizeof(struct hdr_ipv4)
#define LINK      sizeof(struct hdr_eth)

/* --- Fragments to order ----------------------------------------------------------------------- */

/* A fragment of the datagram `id`; all else zero: untagged, without options. */
struct piece {
    uint16_t id, begin, n;
    bool more;
    uint16_t flags;    /* besides */
    uint8_t proto;     /* 0: UDP */
    uint8_t src;       /* 10.0.0.x */
    uint16_t vlan;     /* 0: none */
    uint16_t cut;      /* bytes that are missing at the end */
    uint8_t options;   /* bytes of them */
    const char *value; /* their contents */
};

static uint8_t byte_at(uint16_t id, size_t i)
{
    return (uint8_t)(id * 31 + i * 7 + i / 256);
}

static void put_link(struct pkt *p, const struct piece *f)
{
    static const uint8_t macs[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
    const be16 tag[2] = {be16_of(HDR_ETH_VLAN), be16_of(f->vlan)}, type = be16_of(HDR_ETH_IPV4);
    memcpy(pkt_append(p, sizeof macs), macs, sizeof macs);
    if (f->vlan)
        memcpy(pkt_append(p, sizeof tag), tag, sizeof tag);
    memcpy(pkt_append(p, sizeof type), &type, sizeof type);
}

static void put_ip(struct pkt *p, const struct piece *f)
{
    size_t header = IP_HEADER + f->options;
    struct hdr_ipv4 ip = {
        .ver_ihl = (uint8_t)(0x40 | header / 4),
        .total_len = be16_of((uint16_t)(header + f->n)),
        .id = be16_of(f->id),
        .frag = be16_of((uint16_t)(f->begin / 8 | (f->more ? MORE : 0) | f->flags)),
        .ttl = 64,
        .proto = f->proto ? f->proto : HDR_IP_UDP,
        .src = be32_of(0x0a000000u | f->src),
        .dst = be32_of(0x0a0000ff),
    };
    uint8_t *at = pkt_append(p, header);
    memcpy(at, &ip, sizeof ip);
    memcpy(at + sizeof ip, f->value ? f->value : "", f->options);
    ip.checksum = checksum_finish(checksum_add(0, at, header));
    memcpy(at, &ip, sizeof ip);
}

static struct pkt *make(struct piece f)
{
    struct pkt *p = pkt_new_for(lab.pool, 100 + f.n);
    ck_assert_ptr_nonnull(p);
    put_link(p, &f);
    put_ip(p, &f);
    for (size_t i = 0; i < f.n; i++)
        *pkt_append(p, 1) = byte_at(f.id, f.begin + i);
    pkt_trim(p, f.cut);
    return p;
}

/* --- The module by itself --------------------------------------------------------------------- */

static struct reassembly *r;

static struct pkt *put_at(uint16_t in_port, struct piece f)
{
    struct pkt *p = make(f), *whole = reassembly_put(r, p, in_port);
    pkt_unref(p);
    return whole;
}

static struct pkt *put(struct piece f)
{
    return put_at(1, f);
}

static const struct reassembly_limits limits = {
    .datagrams = 4, .fragments = 16, .bytes = 1 << 20, .time = 60 * NS_PER_S};

static void begin(void)
{
    lab_begin(NULL, 0);
    r = reassembly_new(&limits, lab.pool);
}

static uint32_t free_pkts(void)
{
    struct pkt_pool_stats stats;
    pkt_pool_stats(lab.pool, &stats);
    return stats.free;
}

static void end(void)
{
    struct pkt_pool_stats stats;
    reassembly_free(r);
    lab_quiet();
    pkt_pool_stats(lab.pool, &stats);
    ck_assert_uint_eq(stats.free, stats.total);
    lab_end();
}

struct wanted {
    const char *name;
    uint64_t value;
};

static void find_counter(void *user, const char *module, const char *name, uint64_t value)
{
    struct wanted *wanted = user;
    if (strcmp(module, "reassembly") == 0 && strcmp(name, wanted->name) == 0)
        wanted->value = value;
}

static uint64_t counter(const char *name)
{
    struct wanted wanted = {name, 0};
    counter_each(find_counter, &wanted);
    return wanted.value;
}

/* It is datagram `id` of `n` bytes, whole and right. Gives it back. */
static void check_whole(struct pkt *p, uint16_t id, size_t n)
{
    const struct hdr_ipv4 *ip;
    size_t wrong = 0;
    ck_assert_ptr_nonnull(p);
    ip = (const void *)(p->data + LINK);
    ck_assert_uint_eq(p->len, LINK + IP_HEADER + n);
    ck_assert_uint_eq(be16_get(ip->total_len), IP_HEADER + n);
    ck_assert_uint_eq(be16_get(ip->frag) & HDR_IP_FRAGMENT, 0);
    ck_assert_uint_eq(be16_get(ip->id), id);
    ck_assert_uint_eq(be16_get(checksum_finish(checksum_add(0, ip, IP_HEADER))), 0);
    for (size_t i = 0; i < n; i++)
        wrong += p->data[LINK + IP_HEADER + i] != byte_at(id, i);
    ck_assert_uint_eq(wrong, 0);
    pkt_unref(p);
}

static const struct piece first = {.id = 1, .begin = 0, .n = 16, .more = true};
static const struct piece middle = {.id = 1, .begin = 16, .n = 24, .more = true};
static const struct piece last = {.id = 1, .begin = 40, .n = 5};

START_TEST(fragments_in_any_order_make_the_datagram)
{
    static const struct piece *const order[6][3] = {
        {&first, &middle, &last}, {&first, &last, &middle}, {&middle, &first, &last},
        {&middle, &last, &first}, {&last, &first, &middle}, {&last, &middle, &first},
    };
    ck_assert_ptr_null(put(*order[_i][0]));
    ck_assert_ptr_null(put(*order[_i][1]));
    check_whole(put(*order[_i][2]), 1, 45);
    ck_assert_ptr_null(put(*order[_i][0])); /* which begins anew */
}
END_TEST

START_TEST(a_repeated_fragment_is_ignored)
{
    uint64_t before = counter("repeated");
    put(first);
    put(middle);
    ck_assert_ptr_null(put(first));
    ck_assert_ptr_null(put(middle));
    check_whole(put(last), 1, 45);
    ck_assert_uint_eq(counter("repeated"), before + 2);
}
END_TEST

/* RFC 5722. The first two are what "teardrop" and "bonk" sent. */
static const struct piece overlapping[] = {
    {.id = 1, .begin = 8, .n = 4},                 /* inside the first */
    {.id = 1, .begin = 8, .n = 100},               /* over its end */
    {.id = 1, .begin = 0, .n = 24, .more = true},  /* over all of it */
    {.id = 1, .begin = 0, .n = 8, .more = true},   /* part of it */
    {.id = 1, .begin = 8, .n = 8, .more = true},   /* its end */
    {.id = 1, .begin = 8, .n = 320, .more = true}, /* over all three */
};

START_TEST(an_overlap_drops_the_datagram_and_what_still_comes_of_it)
{
    uint64_t before = counter("overlaps");
    uint32_t all = free_pkts();
    put(first);
    ck_assert_ptr_null(put(overlapping[_i]));
    ck_assert_uint_eq(counter("overlaps"), before + 1);
    ck_assert_uint_eq(free_pkts(), all);
    ck_assert_ptr_null(put(first));
    ck_assert_ptr_null(put(middle));
    ck_assert_ptr_null(put(last));
    ck_assert_uint_eq(free_pkts(), all);
    lab_pass(61 * NS_PER_S); /* by then the id may be another datagram's */
    put(first);
    put(middle);
    check_whole(put(last), 1, 45);
}
END_TEST

START_TEST(ends_that_disagree_drop_the_datagram)
{
    uint64_t before = counter("overlaps");
    put(last);
    ck_assert_ptr_null(put((struct piece){.id = 1, .begin = 48, .n = 8, .more = true}));
    ck_assert_uint_eq(counter("overlaps"), before + 1);
    put((struct piece){.id = 2, .begin = 48, .n = 8, .more = true});
    ck_assert_ptr_null(put((struct piece){.id = 2, .begin = 40, .n = 8}));
    ck_assert_uint_eq(counter("overlaps"), before + 2);
    put((struct piece){.id = 3, .begin = 40, .n = 8});
    ck_assert_ptr_null(put((struct piece){.id = 3, .begin = 16, .n = 8}));
    ck_assert_uint_eq(counter("overlaps"), before + 3);
}
END_TEST

/* "Ping of death" and others that cannot be. */
static const struct piece impossible[] = {
    {.id = 1, .begin = 65528, .n = 1000},
    {.id = 1, .begin = 65528, .n = 8, .more = true},
    {.id = 1, .begin = 64720, .n = 800},           /* with a header it is longer than 65535 */
    {.id = 1, .begin = 8, .n = 0},                 /* nothing */
    {.id = 1, .begin = 0, .n = 0, .more = true},   /* nothing */
    {.id = 1, .begin = 16, .n = 23, .more = true}, /* not a multiple of 8 */
    {.id = 1, .begin = 16, .n = 24, .more = true, .cut = 1},
};

START_TEST(what_cannot_be_is_dropped_and_harms_no_other)
{
    uint64_t before = counter("bad");
    put(first);
    ck_assert_ptr_null(put(impossible[_i]));
    ck_assert_uint_eq(counter("bad"), before + 1);
    put(middle);
    check_whole(put(last), 1, 45);
}
END_TEST

START_TEST(the_longest_datagram_is_put_together)
{
    const size_t n = 65535 - IP_HEADER;
    struct pkt *whole = NULL;
    reassembly_free(r);
    r = reassembly_new(&(struct reassembly_limits){1, 64, 1 << 20, NS_PER_S}, lab.pool);
    for (size_t at = 0; at < n; at += 1480)
        whole = put((struct piece){.id = 9,
                                   .begin = (uint16_t)at,
                                   .n = (uint16_t)(n - at < 1480 ? n - at : 1480),
                                   .more = n - at > 1480});
    check_whole(whole, 9, n);
}
END_TEST

START_TEST(a_datagram_that_is_never_whole_is_given_up_in_time)
{
    uint64_t before = counter("timed_out");
    uint32_t all = free_pkts();
    put(first);
    lab_pass(30 * NS_PER_S);
    put((struct piece){.id = 2, .begin = 0, .n = 8, .more = true});
    lab_pass(29 * NS_PER_S);
    put(middle); /* which gives it no more time: RFC 1122 section 3.3.2 */
    ck_assert_uint_eq(counter("timed_out"), before);
    lab_pass(2 * NS_PER_S);
    ck_assert_uint_eq(counter("timed_out"), before + 1);
    ck_assert_uint_eq(free_pkts(), all - 1);
    lab_pass(30 * NS_PER_S);
    ck_assert_uint_eq(counter("timed_out"), before + 2);
    ck_assert_uint_eq(free_pkts(), all);
}
END_TEST

START_TEST(fragments_that_differ_in_whose_they_are_are_kept_apart)
{
    static const struct piece others[] = {
        {.id = 2, .begin = 8, .n = 8},
        {.id = 1, .begin = 8, .n = 8, .proto = HDR_IP_TCP},
        {.id = 1, .begin = 8, .n = 8, .src = 9},
    };
    const struct piece begins = {.id = 1, .begin = 0, .n = 8, .more = true};
    const struct piece ends = {.id = 1, .begin = 8, .n = 8};
    struct piece tagged = ends;
    tagged.vlan = 5;
    put(begins);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_ptr_null(put(others[i]));
    reassembly_clear(r);
    put(begins);
    ck_assert_ptr_null(put_at(2, ends));
    ck_assert_ptr_null(put(tagged));
    check_whole(put(ends), 1, 16);
}
END_TEST

START_TEST(a_flood_of_datagrams_costs_the_limit_and_the_newest_gets_through)
{
    uint64_t before = counter("evicted");
    uint32_t all = free_pkts();
    for (uint16_t id = 1; id <= 5000; id++) {
        ck_assert_ptr_null(put((struct piece){.id = id, .begin = 0, .n = 8, .more = true}));
        ck_assert_uint_le(all - free_pkts(), limits.datagrams);
    }
    check_whole(put((struct piece){.id = 5000, .begin = 8, .n = 8}), 5000, 16);
    ck_assert_uint_eq(counter("evicted"), before + 5000 - limits.datagrams);
}
END_TEST

START_TEST(a_flood_of_fragments_costs_the_limit)
{
    uint32_t all = free_pkts();
    put((struct piece){.id = 7, .begin = 0, .n = 8, .more = true});
    for (uint16_t i = 8000; i > 0; i--) {
        ck_assert_ptr_null(
            put((struct piece){.id = 1, .begin = (uint16_t)(8 * i), .n = 8, .more = true}));
        ck_assert_uint_le(all - free_pkts(), limits.fragments);
    }
    ck_assert_ptr_null(put((struct piece){.id = 7, .begin = 8, .n = 8})); /* it made room */
}
END_TEST

START_TEST(large_buffers_count_as_such)
{
    struct pkt_pool_stats stats;
    for (uint16_t id = 0; id < 100; id++) {
        reassembly_free(r);
        r = reassembly_new(&(struct reassembly_limits){4, 16, 2 * PKT_LARGE, NS_PER_S}, lab.pool);
        for (uint16_t at = 0; at < 5; at++)
            put((struct piece){.id = id, .begin = (uint16_t)(at * 4000), .n = 4000, .more = true});
        pkt_pool_stats(lab.large, &stats);
        ck_assert_uint_ge(stats.free, stats.total - 2);
    }
}
END_TEST

START_TEST(without_a_buffer_for_the_whole_it_is_dropped)
{
    uint64_t before = counter("no_memory");
    struct pkt *held[8];
    for (int i = 0; i < 8; i++)
        held[i] = pkt_new(lab.large);
    put((struct piece){.id = 1, .begin = 0, .n = 1480, .more = true});
    put((struct piece){.id = 1, .begin = 1480, .n = 1480, .more = true});
    ck_assert_ptr_null(put((struct piece){.id = 1, .begin = 2960, .n = 8}));
    ck_assert_uint_eq(counter("no_memory"), before + 1);
    for (int i = 0; i < 8; i++)
        pkt_unref(held[i]);
}
END_TEST

/* --- In the datapath -------------------------------------------------------------------------- */

static void set_fragments(uint16_t flags)
{
    const struct ofp_msg_config config = {.flags = flags, .miss_send_len = 128};
    dp_set_config(lab.dp, &config);
}

static void send_piece(struct piece f)
{
    lab_send_pkt(1, make(f));
}

/* Host 2's frames put together: the payload of all of them; each is at most `most` bytes of IP. */
static size_t received(uint8_t *to, size_t most)
{
    const struct watcher *w = &lab.host[2];
    size_t n = 0;
    for (size_t i = 0; i < w->frames; i++) {
        const struct hdr_ipv4 *ip = (const void *)(w->kept[i]->data + LINK);
        size_t header = (size_t)(ip->ver_ihl & 15) * 4, len = be16_get(ip->total_len) - header;
        uint16_t frag = be16_get(ip->frag);
        ck_assert_uint_le(header + len, most);
        ck_assert_uint_eq(w->kept[i]->len, LINK + header + len);
        ck_assert_uint_eq(be16_get(checksum_finish(checksum_add(0, ip, header))), 0);
        ck_assert_uint_eq((frag & HDR_IP_OFFSET) * 8u, n);
        ck_assert_int_eq((frag & MORE) != 0, i + 1 < w->frames);
        memcpy(to + n, (const uint8_t *)ip + header, len);
        n += len;
    }
    return n;
}

START_TEST(reassembly_is_offered_and_told)
{
    struct ofp_msg_features features;
    struct ofp_msg_config got;
    dp_features(lab.dp, &features);
    ck_assert_uint_ne(features.capabilities & OFPC_IP_REASM, 0);
    for (uint16_t flags = OFPC_FRAG_NORMAL; flags <= OFPC_FRAG_REASM; flags++) {
        set_fragments(flags);
        dp_get_config(lab.dp, &got);
        ck_assert_uint_eq(got.flags, flags);
    }
    set_fragments(OFPC_FRAG_MASK); /* no such */
    dp_get_config(lab.dp, &got);
    ck_assert_uint_eq(got.flags, OFPC_FRAG_NORMAL);
}
END_TEST

/* RFC 1858: a filter that looks at fragments sees no port in these; the table does. */
START_TEST(tiny_fragments_are_matched_by_their_whole_header)
{
    struct ofp_match match = ofp_match_any();
    uint16_t tp_dst = (uint16_t)(byte_at(1, 2) << 8 | byte_at(1, 3));
    uint8_t got[100];
    match.wildcards = be32_of(OFPFW_ALL & ~(OFPFW_DL_TYPE | OFPFW_NW_PROTO | OFPFW_TP_DST));
    match.dl_type = be16_of(HDR_ETH_IPV4);
    match.nw_proto = HDR_IP_TCP;
    match.tp_dst = be16_of(tp_dst);
    lab_flow(&match, 5, lab_output(2));
    set_fragments(OFPC_FRAG_REASM);
    for (uint16_t at = 0; at < 64; at += 8)
        send_piece(
            (struct piece){.id = 1, .begin = at, .n = 8, .more = at < 56, .proto = HDR_IP_TCP});
    lab_rest();
    ck_assert_uint_eq(lab.packet_ins, 0);
    ck_assert_uint_eq(received(got, 28), 64);
    ck_assert_uint_eq(lab.host[2].frames, 8);
}
END_TEST

/* The checksum of what left, over all fragments, is right though an action changed an address. */
START_TEST(a_datagram_is_changed_whole_and_leaves_in_fragments_as_long_as_they_came)
{
    const struct ofp_match any = ofp_match_any();
    struct buf *actions = lab_actions();
    static uint8_t got[70000];
    size_t n = 5000, wrong = 0;
    ofp_put_set_nw_src(actions, 0x0b010203);
    ofp_put_output(actions, 2, 0);
    lab_flow(&any, 0, span_of(actions->data, actions->len));
    set_fragments(OFPC_FRAG_REASM);
    for (size_t at = 0; at < n; at += 1480)
        send_piece((struct piece){.id = 3,
                                  .begin = (uint16_t)at,
                                  .n = (uint16_t)(n - at < 1480 ? n - at : 1480),
                                  .more = n - at > 1480,
                                  .flags = DONT});
    lab_rest();
    ck_assert_uint_eq(lab.host[2].frames, 4);
    ck_assert_uint_eq(received(got, 1500), n);
    for (size_t i = 0; i < n; i++)
        wrong += got[i] != byte_at(3, i) && i != 6 && i != 7; /* UDP's checksum */
    ck_assert_uint_eq(wrong, 0);
    ck_assert(got[6] != byte_at(3, 6) || got[7] != byte_at(3, 7));
    for (size_t i = 0; i < lab.host[2].frames; i++) {
        const struct hdr_ipv4 *ip = (const void *)(lab.host[2].kept[i]->data + LINK);
        ck_assert_uint_eq(be32_get(ip->src), 0x0b010203);
        ck_assert_uint_eq(be16_get(ip->frag) & DONT, DONT);
        ck_assert_uint_eq(be16_get(ip->id), 3);
    }
}
END_TEST

/* RFC 791 section 3.1: of record route (7) and security (130) only the latter is copied. Options
 * make the first fragment's header longer, but not the frames. */
START_TEST(options_are_copied_to_fragments_as_they_ask)
{
    static const char value[] = "\x07\x07\x04\0\0\0\0\x82\x04\1\2\0";
    static const uint8_t blank[] = {1, 1, 1, 1, 1, 1, 1, 0x82, 4, 1, 2, 0};
    const struct ofp_match any = ofp_match_any();
    uint8_t got[4000];
    const struct watcher *w = &lab.host[2];
    lab_flow(&any, 0, lab_output(2));
    set_fragments(OFPC_FRAG_REASM);
    send_piece((struct piece){
        .id = 4, .begin = 0, .n = 1464, .more = true, .options = 12, .value = value});
    send_piece((struct piece){.id = 4, .begin = 1464, .n = 1480, .more = true});
    send_piece((struct piece){.id = 4, .begin = 2944, .n = 10});
    lab_rest();
    ck_assert_uint_eq(received(got, 1500), 2954);
    ck_assert_uint_eq(w->frames, 3);
    ck_assert_mem_eq(w->kept[0]->data + LINK + IP_HEADER, value, 12);
    for (size_t i = 1; i < w->frames; i++)
        ck_assert_mem_eq(w->kept[i]->data + LINK + IP_HEADER, blank, 12);
}
END_TEST

START_TEST(a_miss_is_the_whole_datagram)
{
    set_fragments(OFPC_FRAG_REASM);
    send_piece(first);
    send_piece(last);
    lab_rest();
    ck_assert_uint_eq(lab.packet_ins, 0);
    send_piece(middle);
    lab_rest();
    ck_assert_uint_eq(lab.packet_ins, 1);
    ck_assert_uint_eq(lab.packet_in[0].in.total_len, LINK + IP_HEADER + 45);
    ck_assert(lab_packet_out_buffer(lab.packet_in[0].in.buffer_id, lab_output(2)));
    lab_rest();
    ck_assert_uint_eq(lab.host[2].frames, 2); /* 24 and 21 bytes */
}
END_TEST

START_TEST(fragments_that_wait_are_forgotten_when_they_are_to_be_put_together_no_more)
{
    const struct ofp_match any = ofp_match_any();
    lab_flow(&any, 0, lab_output(2));
    set_fragments(OFPC_FRAG_REASM);
    send_piece(first);
    send_piece(middle);
    lab_rest();
    set_fragments(OFPC_FRAG_NORMAL);
    set_fragments(OFPC_FRAG_REASM);
    send_piece(last);
    lab_rest();
    ck_assert_uint_eq(lab.host[2].frames, 0);
}
END_TEST

/* Datagrams of any length in fragments of any length, out of order, repeated: what leaves is what
 * came. */
START_TEST(whatever_is_cut_comes_out_the_same)
{
    const struct ofp_match any = ofp_match_any();
    static uint8_t got[4000];
    uint64_t seed = 1;
    lab_flow(&any, 0, lab_output(2));
    set_fragments(OFPC_FRAG_REASM);
    for (uint16_t id = 1; id <= 500; id++) {
        size_t n = 0, total = 16 + random_below(&seed, 3000);
        struct piece pieces[400];
        size_t at = 0, wrong = 0;
        while (at < total) {
            size_t len = 8 + random_below(&seed, 180) * 8;
            bool more = len < total - at;
            pieces[n++] = (struct piece){.id = id,
                                         .begin = (uint16_t)at,
                                         .n = (uint16_t)(more ? len : total - at),
                                         .more = more};
            at += more ? len : total - at;
        }
        if (n < 2)
            continue; /* it is no fragment */
        for (size_t i = n; i > 1; i--) {
            size_t j = random_below(&seed, i);
            struct piece swapped = pieces[i - 1];
            pieces[i - 1] = pieces[j];
            pieces[j] = swapped;
        }
        for (size_t i = 0; i < n; i++) {
            send_piece(pieces[i]);
            if (i + 1 < n && random_below(&seed, 3) == 0)
                send_piece(pieces[i]);
        }
        lab_rest();
        ck_assert_uint_eq(received(got, 1500), total);
        for (size_t i = 0; i < total; i++)
            wrong += got[i] != byte_at(id, i);
        ck_assert_uint_eq(wrong, 0);
        lab_quiet();
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_repeated_fragment_is_ignored,
        ends_that_disagree_drop_the_datagram,
        the_longest_datagram_is_put_together,
        a_datagram_that_is_never_whole_is_given_up_in_time,
        fragments_that_differ_in_whose_they_are_are_kept_apart,
        a_flood_of_datagrams_costs_the_limit_and_the_newest_gets_through,
        a_flood_of_fragments_costs_the_limit,
        large_buffers_count_as_such,
        without_a_buffer_for_the_whole_it_is_dropped,
        reassembly_is_offered_and_told,
        tiny_fragments_are_matched_by_their_whole_header,
        a_datagram_is_changed_whole_and_leaves_in_fragments_as_long_as_they_came,
        options_are_copied_to_fragments_as_they_ask,
        a_miss_is_the_whole_datagram,
        fragments_that_wait_are_forgotten_when_they_are_to_be_put_together_no_more,
        whatever_is_cut_comes_out_the_same,
    };
    Suite *s = suite_create("reassembly");
    TCase *c = tcase_create("reassembly");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, begin, end);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(c, tests[i]);
    tcase_add_loop_test(c, fragments_in_any_order_make_the_datagram, 0, 6);
    tcase_add_loop_test(c, an_overlap_drops_the_datagram_and_what_still_comes_of_it, 0,
                        sizeof overlapping / sizeof overlapping[0]);
    tcase_add_loop_test(c, what_cannot_be_is_dropped_and_harms_no_other, 0,
                        sizeof impossible / sizeof impossible[0]);
    return unit_main(s);
}
