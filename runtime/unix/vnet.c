/*
 * vnet.c - a packet's offload metadata to and from the header that Linux uses for it on taps and
 * packet sockets: that of virtio (Virtual I/O Device 1.2, section 5.1.6), in the host's byte order.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/unix/device.h"

#define GSO_UDP_L4 5 /* VIRTIO_NET_HDR_GSO_UDP_L4, in Linux since 6.2 */

/* Which PKT_GSO_* that is; 0: none; all of them: one that we do not know. */
static unsigned gso_of(uint8_t type)
{
    switch (type & ~VIRTIO_NET_HDR_GSO_ECN) { /* gso.c always minds CWR */
    case VIRTIO_NET_HDR_GSO_NONE:
        return 0;
    case VIRTIO_NET_HDR_GSO_TCPV4:
        return PKT_GSO_TCP4;
    case VIRTIO_NET_HDR_GSO_TCPV6:
        return PKT_GSO_TCP6;
    case GSO_UDP_L4:
        return PKT_GSO_UDP;
    default:
        return PKT_GSO;
    }
}

bool unix_vnet_read(const struct virtio_net_hdr *h, struct pkt *p, uint32_t moved)
{
    unsigned gso = gso_of(h->gso_type);
    uint32_t start = h->csum_start + moved;
    p->gso_size = h->gso_size;
    p->offload = (uint16_t)gso;
    if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
        p->offload |= PKT_CSUM_PARTIAL;
    else if (h->flags & VIRTIO_NET_HDR_F_DATA_VALID)
        p->offload |= PKT_CSUM_VALID;
    if (gso && (gso == PKT_GSO || !(p->offload & PKT_CSUM_PARTIAL)))
        return false;
    if (!(p->offload & PKT_CSUM_PARTIAL))
        return true;
    p->csum_start = (uint16_t)start;
    p->csum_offset = h->csum_offset;
    return start + h->csum_offset + 2 <= p->len && start <= UINT16_MAX;
}

static uint8_t gso_type(const struct pkt *p)
{
    if (p->offload & PKT_GSO_TCP4)
        return VIRTIO_NET_HDR_GSO_TCPV4;
    return p->offload & PKT_GSO_TCP6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_NONE;
}

/* Where the payload of a TCP super-frame begins (RFC 9293 section 3.1); the kernel wants the
 * headers in one piece and checks this for itself. */
static uint16_t header_len(const struct pkt *p)
{
    uint32_t offset = p->csum_start + 12u;
    return offset < p->len ? (uint16_t)(p->csum_start + 4 * (p->data[offset] >> 4)) : 0;
}

static void write_header(const struct pkt *p, struct virtio_net_hdr *h)
{
    *h = (struct virtio_net_hdr){0};
    if (p->offload & PKT_CSUM_PARTIAL) {
        h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        h->csum_start = p->csum_start;
        h->csum_offset = p->csum_offset;
    } else if (p->offload & PKT_CSUM_VALID) {
        h->flags = VIRTIO_NET_HDR_F_DATA_VALID;
    }
    if (p->offload & PKT_GSO) {
        h->gso_type = gso_type(p);
        h->gso_size = p->gso_size;
        h->hdr_len = header_len(p);
    }
}

size_t unix_vnet_parts(struct pkt *p, struct virtio_net_hdr *h, struct iovec parts[2])
{
    write_header(p, h);
    if ((size_t)(p->data - p->buf) >= sizeof *h) {
        uint8_t *front = p->data - sizeof *h;
        bytes_copy(front, h, sizeof *h);
        parts[0] = (struct iovec){.iov_base = front, .iov_len = sizeof *h + p->len};
        return 1;
    }
    parts[0] = (struct iovec){.iov_base = h, .iov_len = sizeof *h};
    parts[1] = (struct iovec){.iov_base = p->data, .iov_len = p->len};
    return 2;
}
