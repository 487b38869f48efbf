/*
 * test_key.c - the flow key: every branch of the flowchart (OpenFlow 1.0 section 3.4), every
 * truncation, and agreement with a slow reference on random frames.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/unit.h"
#include "test/unit/reference_key.h"

#define MACS   "\x02\x00\x00\x00\x00\x0d\x02\x00\x00\x00\x00\x0e"
#define SNAP   "\xaa\xaa\x03\x00\x00\x00"
#define ADDRS  "\x0a\x01\x02\x03\x0a\x04\x05\x06"
#define PORTS  "\x30\x39\x00\x50"
#define TCP    PORTS "\0\0\0\1\0\0\0\2\x50\x10\xff\xff\0\0\0\0"
#define UDP    PORTS "\x00\x08\0\0"
#define PING   "\x08\x01\0\0\0\1\0\2"
#define ARP    "\x00\x01\x08\x00\x06\x04"
#define ARP_IP "\2\0\0\0\0\1\x0a\x01\x02\x03\2\0\0\0\0\2\x0a\x04\x05\x06"
/* An IPv4 header: version and IHL, TOS, total length, flags and offset, protocol. */
#define IP(ver_ihl, tos, total, frag, proto)                                                       \
    ver_ihl tos total "\x12\x34" frag "\x40" proto "\0\0" ADDRS

#define SRC 0x0a010203
#define DST 0x0a040506
#define NO  0xffff /* no VLAN */

static const struct frame {
    const char *name;
    const char *bytes;
    size_t len;
    uint16_t vlan, type;
    uint8_t pcp, tos, proto;
    uint32_t src, dst;
    uint16_t tp_src, tp_dst;
} frames[] = {
#define FRAME(name, bytes, ...)                                                                    \
    {                                                                                              \
        name, bytes, sizeof(bytes) - 1, __VA_ARGS__                                                \
    }
    FRAME("tcp", MACS "\x08\x00" IP("\x45", "\xb8", "\x00\x28", "\x40\x00", "\x06") TCP, NO, 0x0800,
          0, 0xb8, 6, SRC, DST, 12345, 80),
    FRAME("tcp, ECN bits set", MACS "\x08\x00" IP("\x45", "\xbb", "\0\x28", "\0\0", "\x06") TCP, NO,
          0x0800, 0, 0xb8, 6, SRC, DST, 12345, 80),
    FRAME("udp", MACS "\x08\x00" IP("\x45", "\0", "\x00\x1c", "\0\0", "\x11") UDP, NO, 0x0800, 0, 0,
          17, SRC, DST, 12345, 80),
    FRAME("icmp", MACS "\x08\x00" IP("\x45", "\0", "\x00\x1c", "\0\0", "\x01") PING, NO, 0x0800, 0,
          0, 1, SRC, DST, 8, 1),
    FRAME("another protocol has no ports",
          MACS "\x08\x00" IP("\x45", "\0", "\x00\x28", "\0\0", "\x84") TCP, NO, 0x0800, 0, 0, 132,
          SRC, DST, 0, 0),
    FRAME("ip options are skipped",
          MACS "\x08\x00" IP("\x47", "\0", "\x00\x24", "\0\0", "\x11") "\1\1\1\1\1\1\1\1" UDP, NO,
          0x0800, 0, 0, 17, SRC, DST, 12345, 80),
    FRAME("longest options",
          MACS "\x08\x00" IP("\x4f", "\0", "\x00\x44", "\0\0",
                             "\x11") "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
                                     "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1" UDP,
          NO, 0x0800, 0, 0, 17, SRC, DST, 12345, 80),
    FRAME("first fragment", MACS "\x08\x00" IP("\x45", "\0", "\x00\x28", "\x20\x00", "\x06") TCP,
          NO, 0x0800, 0, 0, 6, SRC, DST, 0, 0),
    FRAME("later fragment", MACS "\x08\x00" IP("\x45", "\0", "\x00\x28", "\x20\x05", "\x06") TCP,
          NO, 0x0800, 0, 0, 6, SRC, DST, 0, 0),
    FRAME("last fragment", MACS "\x08\x00" IP("\x45", "\0", "\x00\x28", "\x10\x00", "\x06") TCP, NO,
          0x0800, 0, 0, 6, SRC, DST, 0, 0),
    FRAME("don't-fragment is no fragment",
          MACS "\x08\x00" IP("\x45", "\0", "\x00\x1c", "\x40\x00", "\x11") UDP, NO, 0x0800, 0, 0,
          17, SRC, DST, 12345, 80),
    FRAME("the evil bit is no fragment",
          MACS "\x08\x00" IP("\x45", "\0", "\x00\x1c", "\x80\x00", "\x11") UDP, NO, 0x0800, 0, 0,
          17, SRC, DST, 12345, 80),
    FRAME("padding is no transport header",
          MACS "\x08\x00" IP("\x45", "\0", "\x00\x14", "\0\0", "\x11") UDP, NO, 0x0800, 0, 0, 17,
          SRC, DST, 0, 0),
    FRAME("a transport header partly in the padding",
          MACS "\x08\x00" IP("\x45", "\0", "\x00\x1b", "\0\0", "\x11") UDP, NO, 0x0800, 0, 0, 17,
          SRC, DST, 0, 0),
    FRAME("a packet that goes on behind the frame's end",
          MACS "\x08\x00" IP("\x45", "\0", "\x05\xdc", "\0\0", "\x06") TCP, NO, 0x0800, 0, 0, 6,
          SRC, DST, 12345, 80),
    FRAME("total length shorter than the header",
          MACS "\x08\x00" IP("\x46", "\0", "\x00\x17", "\0\0", "\x11") "\1\1\1\1" UDP, NO, 0x0800,
          0, 0, 0, 0, 0, 0, 0),
    FRAME("ihl below 5", MACS "\x08\x00" IP("\x44", "\0", "\x00\x1c", "\0\0", "\x11") UDP, NO,
          0x0800, 0, 0, 0, 0, 0, 0, 0),
    FRAME("ihl behind the frame's end",
          MACS "\x08\x00" IP("\x4f", "\0", "\x05\xdc", "\0\0", "\x11") UDP, NO, 0x0800, 0, 0, 0, 0,
          0, 0, 0),
    FRAME("version 6 as 0x0800", MACS "\x08\x00" IP("\x65", "\0", "\x00\x1c", "\0\0", "\x11") UDP,
          NO, 0x0800, 0, 0, 0, 0, 0, 0, 0),
    FRAME("ipv6", MACS "\x86\xdd" IP("\x60", "\0", "\x00\x1c", "\0\0", "\x11") UDP, NO, 0x86dd, 0,
          0, 0, 0, 0, 0, 0),

    FRAME("vlan", MACS "\x81\x00\x60\x2a\x08\x00" IP("\x45", "\0", "\x00\x1c", "\0\0", "\x11") UDP,
          42, 0x0800, 3, 0, 17, SRC, DST, 12345, 80),
    FRAME("vlan with CFI and all else set",
          MACS "\x81\x00\xff\xff\x08\x00" IP("\x45", "\0", "\x00\x1c", "\0\0", "\x11") UDP, 4095,
          0x0800, 7, 0, 17, SRC, DST, 12345, 80),
    FRAME("priority tag", MACS "\x81\x00\xa0\x00\x88\xcc", 0, 0x88cc, 5, 0, 0, 0, 0, 0, 0),
    FRAME("a second tag is not looked behind",
          MACS "\x81\x00\x20\x01\x81\x00\x00\x02\x08\x00" IP("\x45", "\0", "\x00\x1c", "\0\0",
                                                             "\x11") UDP,
          1, 0x8100, 1, 0, 0, 0, 0, 0, 0),
    FRAME("a service tag is no 802.1Q tag",
          MACS "\x88\xa8\x20\x01\x08\x00" IP("\x45", "\0", "\x00\x1c", "\0\0", "\x11") UDP, NO,
          0x88a8, 0, 0, 0, 0, 0, 0, 0),
    FRAME("half a tag is none", MACS "\x81\x00\x60\x2a\x08", NO, 0x8100, 0, 0, 0, 0, 0, 0, 0),

    FRAME("snap", MACS "\x00\x24" SNAP "\x08\x00" IP("\x45", "\0", "\x00\x1c", "\0\0", "\x11") UDP,
          NO, 0x0800, 0, 0, 17, SRC, DST, 12345, 80),
    FRAME("snap behind a tag",
          MACS "\x81\x00\x00\x07\x00\x24" SNAP "\x08\x06" ARP "\x00\x01" ARP_IP, 7, 0x0806, 0, 0, 1,
          SRC, DST, 0, 0),
    FRAME("a tag behind snap is no tag", MACS "\x00\x24" SNAP "\x81\x00\x00\x07\x08\x00", NO,
          0x8100, 0, 0, 0, 0, 0, 0, 0),
    FRAME("snap of another OUI", MACS "\x00\x24\xaa\xaa\x03\x00\x00\x0c\x20\x00\0\0\0\0", NO,
          0x05ff, 0, 0, 0, 0, 0, 0, 0),
    FRAME("snap without an EtherType", MACS "\x00\x24" SNAP "\x05\xff\0\0\0\0", NO, 0x05ff, 0, 0, 0,
          0, 0, 0, 0),
    FRAME("llc", MACS "\x00\x26\x42\x42\x03\x00\x00\x00\x08\x00\0\0", NO, 0x05ff, 0, 0, 0, 0, 0, 0,
          0),
    FRAME("llc with another control", MACS "\x00\x26\xaa\xaa\x7f\x00\x00\x00\x08\x00\0\0", NO,
          0x05ff, 0, 0, 0, 0, 0, 0, 0),
    FRAME("greatest length", MACS "\x05\xff" SNAP "\x88\xcc\0\0", NO, 0x88cc, 0, 0, 0, 0, 0, 0, 0),
    FRAME("least EtherType", MACS "\x06\x00" SNAP "\x88\xcc\0\0", NO, 0x0600, 0, 0, 0, 0, 0, 0, 0),

    FRAME("arp request", MACS "\x08\x06" ARP "\x00\x01" ARP_IP, NO, 0x0806, 0, 0, 1, SRC, DST, 0,
          0),
    FRAME("arp reply", MACS "\x08\x06" ARP "\x00\x02" ARP_IP, NO, 0x0806, 0, 0, 2, SRC, DST, 0, 0),
    FRAME("greatest opcode", MACS "\x08\x06" ARP "\x00\xff" ARP_IP, NO, 0x0806, 0, 0, 255, SRC, DST,
          0, 0),
    FRAME("an opcode that does not fit", MACS "\x08\x06" ARP "\x01\x01" ARP_IP, NO, 0x0806, 0, 0, 0,
          SRC, DST, 0, 0),
    FRAME("arp of other hardware", MACS "\x08\x06\x00\x06\x08\x00\x06\x04\x00\x01" ARP_IP, NO,
          0x0806, 0, 0, 0, 0, 0, 0, 0),
    FRAME("arp for another protocol", MACS "\x08\x06\x00\x01\x86\xdd\x06\x04\x00\x01" ARP_IP, NO,
          0x0806, 0, 0, 0, 0, 0, 0, 0),
    FRAME("arp with long hardware addresses",
          MACS "\x08\x06\x00\x01\x08\x00\x08\x04\x00\x01" ARP_IP, NO, 0x0806, 0, 0, 0, 0, 0, 0, 0),
    FRAME("arp with long protocol addresses",
          MACS "\x08\x06\x00\x01\x08\x00\x06\x10\x00\x01" ARP_IP, NO, 0x0806, 0, 0, 0, 0, 0, 0, 0),
    FRAME("rarp is not arp", MACS "\x80\x35" ARP "\x00\x03" ARP_IP, NO, 0x8035, 0, 0, 0, 0, 0, 0,
          0),
#undef FRAME
};
#define N_FRAMES (sizeof frames / sizeof frames[0])

/* The key of a copy that lies in a block of its very size (so that ASan sees a read behind it), at
 * an odd address. */
static struct ofp_key key_of(const void *bytes, size_t len, uint16_t in_port)
{
    uint8_t *copy = malloc(len + 1);
    struct ofp_key key;
    memset(&key, 0x5a, sizeof key);
    if (len > 0)
        memcpy(copy + 1, bytes, len);
    ofp_key_extract(&key, span_of(copy + 1, len), in_port);
    free(copy);
    return key;
}

START_TEST(every_branch_of_the_flowchart)
{
    const struct frame *f = &frames[_i];
    struct ofp_match want = {
        .in_port = be16_of(0xfffe),
        .dl_src = {2, 0, 0, 0, 0, 0x0e},
        .dl_dst = {2, 0, 0, 0, 0, 0x0d},
        .dl_vlan = be16_of(f->vlan),
        .dl_vlan_pcp = f->pcp,
        .dl_type = be16_of(f->type),
        .nw_tos = f->tos,
        .nw_proto = f->proto,
        .nw_src = be32_of(f->src),
        .nw_dst = be32_of(f->dst),
        .tp_src = be16_of(f->tp_src),
        .tp_dst = be16_of(f->tp_dst),
    };
    struct ofp_key got = key_of(f->bytes, f->len, 0xfffe);
    ck_assert_msg(memcmp(&got, &want, sizeof want) == 0, "%s", f->name);
}
END_TEST

START_TEST(a_frame_without_an_ethernet_header_has_only_a_port)
{
    struct ofp_match want = {.in_port = be16_of(7), .dl_vlan = be16_of(OFP_VLAN_NONE)};
    struct ofp_key got;
    for (size_t len = 0; len < 14; len++) {
        got = key_of(frames[0].bytes, len, 7);
        ck_assert_mem_eq(&got, &want, sizeof want);
    }
    ofp_key_extract(&got, span_of(NULL, 0), 7);
    ck_assert_mem_eq(&got, &want, sizeof want);
}
END_TEST

static void agree(const void *bytes, size_t len, const char *what)
{
    struct ofp_key want = reference_key(span_of(bytes, len), 0x0102);
    struct ofp_key got = key_of(bytes, len, 0x0102);
    ck_assert_msg(ofp_key_equal(&got, &want), "%s, %zu bytes of it", what, len);
}

START_TEST(every_truncation_agrees_with_the_reference)
{
    for (size_t len = 0; len <= frames[_i].len; len++)
        agree(frames[_i].bytes, len, frames[_i].name);
}
END_TEST

/* Every single byte set to a few values that matter. */
START_TEST(every_change_of_a_byte_agrees_with_the_reference)
{
    static const uint8_t values[] = {0x00, 0x01, 0x05, 0x06, 0x08, 0x11, 0x44,
                                     0x45, 0x4f, 0x50, 0x54, 0x81, 0xaa, 0xff};
    const struct frame *f = &frames[_i];
    uint8_t bytes[200];
    for (size_t at = 0; at < f->len; at++) {
        for (size_t v = 0; v < sizeof values; v++) {
            memcpy(bytes, f->bytes, f->len);
            bytes[at] = values[v];
            agree(bytes, f->len, f->name);
        }
    }
}
END_TEST

START_TEST(keys_are_equal_if_all_bits_are)
{
    struct ofp_key a = key_of(frames[0].bytes, frames[0].len, 1), b = a;
    ck_assert(ofp_key_equal(&a, &b));
    for (int bit = 0; bit < 320; bit++) {
        b.word[bit / 64] ^= 1ull << bit % 64;
        ck_assert(!ofp_key_equal(&a, &b));
        b = a;
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("key");
    TCase *c = tcase_create("key");
    tcase_add_loop_test(c, every_branch_of_the_flowchart, 0, N_FRAMES);
    tcase_add_loop_test(c, every_truncation_agrees_with_the_reference, 0, N_FRAMES);
    tcase_add_loop_test(c, every_change_of_a_byte_agrees_with_the_reference, 0, N_FRAMES);
    tcase_add_test(c, a_frame_without_an_ethernet_header_has_only_a_port);
    tcase_add_test(c, keys_are_equal_if_all_bits_are);
    suite_add_tcase(s, c);
    return unit_main(s);
}
