/*
 * test_vnet.c - what is written to the kernel to send a packet (runtime/unix/vnet.c).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/unix/device.h"
#include "test/unit/unit.h"
#include <string.h>

/* What the kernel would gather from the parts. */
static size_t gather(const struct iovec *parts, size_t n, uint8_t to[256])
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        memcpy(to + len, parts[i].iov_base, parts[i].iov_len);
        len += parts[i].iov_len;
    }
    return len;
}

/* A packet of 60 bytes whose data begins `front` bytes into its buffer. */
static struct pkt *packet(struct pkt_pool *pool, size_t front)
{
    struct pkt *p = pkt_new(pool);
    p->data = p->buf + front;
    memset(pkt_append(p, 60), 0xab, 60);
    p->offload = PKT_CSUM_PARTIAL;
    p->csum_start = 34;
    p->csum_offset = 6;
    return p;
}

static void check(size_t front, size_t parts_wanted)
{
    struct pkt_pool *pool = pkt_pool_new(1, PKT_SMALL, NULL);
    struct pkt *p = packet(pool, front);
    struct virtio_net_hdr h, first;
    struct iovec parts[2];
    uint8_t written[256];
    size_t n = unix_vnet_parts(p, &h, parts);
    ck_assert_uint_eq(n, parts_wanted);
    ck_assert_uint_eq(gather(parts, n, written), sizeof h + 60);
    memcpy(&first, written, sizeof first);
    ck_assert_uint_eq(first.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
    ck_assert_uint_eq(first.csum_start, 34);
    ck_assert_uint_eq(first.csum_offset, 6);
    ck_assert_mem_eq(written + sizeof h, p->data, 60);
    for (size_t i = 0; i < 60; i++)
        ck_assert_uint_eq(p->data[i], 0xab);
    ck_assert_uint_eq(p->len, 60);
    pkt_unref(p);
    pkt_pool_free(pool);
}

START_TEST(header_and_frame_are_one_part_if_there_is_room_in_front)
{
    check(PKT_HEADROOM, 1);
    check(sizeof(struct virtio_net_hdr), 1);
}
END_TEST

START_TEST(header_and_frame_are_two_parts_if_there_is_none)
{
    check(sizeof(struct virtio_net_hdr) - 1, 2);
    check(0, 2);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        header_and_frame_are_one_part_if_there_is_room_in_front,
        header_and_frame_are_two_parts_if_there_is_none,
        NULL,
    };
    return unit_main(unit_suite("vnet", tests));
}
