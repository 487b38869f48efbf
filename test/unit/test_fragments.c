/*
 * test_fragments.c - a datapath puts fragments together if it is told to, and cuts them again on
 * their way out (OpenFlow 1.0 section 5.3.2).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/counter.h"
#include "test/unit/dp_lab.h"
#include "test/unit/pieces.h"
#include "test/unit/random.h"
#include "test/unit/unit.h"

static void begin(void)
{
    lab_begin(NULL, 0);
}

static void end(void)
{
    lab_quiet();
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

static void set_fragments(uint16_t flags)
{
    const struct ofp_msg_config config = {.flags = flags, .miss_send_len = 128};
    dp_set_config(lab.dp, &config);
}

static void send_piece(struct piece f)
{
    lab_send_pkt(1, piece_frame(lab.pool, f));
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
        ck_assert_int_eq((frag & HDR_IP_MF) != 0, i + 1 < w->frames);
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
    for (uint16_t flags = OFPC_FRAG_NORMAL; flags <= OFPC_FRAG_MASK; flags++) {
        set_fragments(flags);
        dp_get_config(lab.dp, &got);
        ck_assert_uint_eq(got.flags, flags);
    }
}
END_TEST

/* RFC 1858: a filter that looks at fragments sees no port in these; the table does. */
START_TEST(tiny_fragments_are_matched_by_their_whole_header)
{
    struct ofp_match match = ofp_match_any();
    uint16_t tp_dst = (uint16_t)(piece_byte(1, 2) << 8 | piece_byte(1, 3));
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
                                  .flags = HDR_IP_DF});
    lab_rest();
    ck_assert_uint_eq(lab.host[2].frames, 4);
    ck_assert_uint_eq(received(got, 1500), n);
    for (size_t i = 0; i < n; i++)
        wrong += got[i] != piece_byte(3, i) && i != 6 && i != 7; /* UDP's checksum */
    ck_assert_uint_eq(wrong, 0);
    ck_assert(got[6] != piece_byte(3, 6) || got[7] != piece_byte(3, 7));
    for (size_t i = 0; i < lab.host[2].frames; i++) {
        const struct hdr_ipv4 *ip = (const void *)(lab.host[2].kept[i]->data + LINK);
        ck_assert_uint_eq(be32_get(ip->src), 0x0b010203);
        ck_assert_uint_eq(be16_get(ip->frag) & HDR_IP_DF, HDR_IP_DF);
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
    send_piece(piece_first);
    send_piece(piece_last);
    lab_rest();
    ck_assert_uint_eq(lab.packet_ins, 0);
    send_piece(piece_middle);
    lab_rest();
    ck_assert_uint_eq(lab.packet_ins, 1);
    ck_assert_uint_eq(lab.packet_in[0].in.total_len, LINK + IP_HEADER + 45);
    ck_assert(lab_packet_out_buffer(lab.packet_in[0].in.buffer_id, lab_output(2)));
    lab_rest();
    ck_assert_uint_eq(lab.host[2].frames, 2); /* 24 and 21 bytes */
}
END_TEST

/* Ports and VLANs may be networks apart. */
START_TEST(only_fragments_of_one_port_and_vlan_belong_together)
{
    const struct ofp_match any = ofp_match_any();
    struct piece tagged = piece_last;
    tagged.vlan = 5;
    lab_flow(&any, 0, lab_output(2));
    set_fragments(OFPC_FRAG_REASM);
    send_piece(piece_first);
    send_piece(piece_middle);
    send_piece(tagged);
    lab_send_pkt(3, piece_frame(lab.pool, piece_last));
    lab_rest();
    ck_assert_uint_eq(lab.host[2].frames, 0);
    send_piece(piece_last);
    lab_rest();
    ck_assert_uint_eq(lab.host[2].frames, 2);
}
END_TEST

START_TEST(a_datagram_that_is_never_whole_is_given_up_in_time)
{
    uint64_t before = counter("timed_out");
    set_fragments(OFPC_FRAG_REASM);
    send_piece(piece_first);
    lab_pass(30 * NS_PER_S);
    send_piece((struct piece){.id = 2, .begin = 0, .n = 8, .more = true});
    lab_pass(29 * NS_PER_S);
    ck_assert_uint_eq(counter("timed_out"), before);
    lab_pass(2 * NS_PER_S);
    ck_assert_uint_eq(counter("timed_out"), before + 1);
    lab_pass(30 * NS_PER_S);
    ck_assert_uint_eq(counter("timed_out"), before + 2);
}
END_TEST

/* Their length field cannot say how long a datagram is. */
START_TEST(fragments_in_frames_of_802_3_are_dropped)
{
    static const uint8_t llc[] = {0xaa, 0xaa, 3, 0, 0, 0};
    uint64_t before = counter("fragments");
    set_fragments(OFPC_FRAG_REASM);
    for (size_t i = 0; i < 2; i++) {
        struct pkt *p = piece_frame(lab.pool, i ? piece_last : piece_first);
        be16 len = be16_of((uint16_t)(p->len + 8 - LINK));
        memmove(pkt_push(p, 8), p->data + 8, 12);
        memcpy(p->data + 12, &len, 2);
        memcpy(p->data + 14, llc, sizeof llc);
        lab_send_pkt(1, p);
    }
    lab_rest();
    ck_assert_uint_eq(counter("fragments"), before);
    ck_assert_uint_eq(lab.packet_ins, 0);
}
END_TEST

START_TEST(fragments_that_wait_are_forgotten_when_they_are_to_be_put_together_no_more)
{
    const struct ofp_match any = ofp_match_any();
    lab_flow(&any, 0, lab_output(2));
    set_fragments(OFPC_FRAG_REASM);
    send_piece(piece_first);
    send_piece(piece_middle);
    lab_rest();
    set_fragments(OFPC_FRAG_NORMAL);
    set_fragments(OFPC_FRAG_REASM);
    send_piece(piece_last);
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
            wrong += got[i] != piece_byte(id, i);
        ck_assert_uint_eq(wrong, 0);
        lab_quiet();
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        reassembly_is_offered_and_told,
        tiny_fragments_are_matched_by_their_whole_header,
        a_datagram_is_changed_whole_and_leaves_in_fragments_as_long_as_they_came,
        options_are_copied_to_fragments_as_they_ask,
        a_miss_is_the_whole_datagram,
        only_fragments_of_one_port_and_vlan_belong_together,
        a_datagram_that_is_never_whole_is_given_up_in_time,
        fragments_in_frames_of_802_3_are_dropped,
        fragments_that_wait_are_forgotten_when_they_are_to_be_put_together_no_more,
        whatever_is_cut_comes_out_the_same,
    };
    Suite *s = suite_create("fragments");
    TCase *c = tcase_create("fragments");
    suite_add_tcase(s, c);
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, begin, end);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(c, tests[i]);
    return unit_main(s);
}
