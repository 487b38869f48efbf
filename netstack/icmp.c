/*
 * icmp.c - ICMP: see icmp.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/icmp.h"
#include "netstack/ip.h"
#include "runtime/checksum.h"
#include <errno.h>

/* RFC 1812 section 4.3.2.8 asks for a limit; echoes have one of their own, so that a flood of them
 * costs no error. */
#define ERRORS_PER_SECOND 100
#define ERRORS_BURST      20
#define ECHOES_PER_SECOND 10000
#define ECHOES_BURST      200
#define ERROR_MAX         576 /* of an error, IP header included (RFC 1812 section 4.3.2.3) */
#define QUOTED_MIN        8   /* bytes behind the IP header (RFC 792) */

/* --- Sending --------------------------------------------------------------------------------- */

/* Sum and send a message. Takes it over. */
static int send_message(struct ip *ip, uint32_t src, uint32_t dst, uint8_t tos, struct pkt *p)
{
    struct hdr_icmp *h = (struct hdr_icmp *)p->data;
    const struct ip_send how = {
        .src = src, .dst = dst, .protocol = HDR_IP_ICMP, .ttl = IP_TTL, .tos = tos};
    h->checksum = be16_of(0);
    h->checksum = checksum_finish(checksum_add(0, p->data, p->len));
    ip->counters.icmp_out++;
    return ip_send(ip, &how, p, ip->now);
}

/* May this packet cause an error? Not one that is an error itself, or went to many, or came from
 * nobody, or is not a first fragment (RFC 1122 section 3.2.2). */
static bool may_complain(const struct ip *ip, const struct pkt *about)
{
    const struct hdr_ipv4 *h = (const struct hdr_ipv4 *)about->data;
    const struct hdr_icmp *icmp;
    size_t len = hdr_ipv4_len(h);
    if (!ip_is_ours(ip, be32_get(h->dst)) || !address_is_unicast(be32_get(h->src)) ||
        be16_get(h->frag) & HDR_IP_OFFSET)
        return false;
    if (h->proto != HDR_IP_ICMP)
        return true;
    icmp = (const struct hdr_icmp *)(about->data + len);
    return about->len >= len + sizeof *icmp &&
           (icmp->type == ICMP_ECHO_REQUEST || icmp->type == ICMP_ECHO_REPLY);
}

void icmp_send_error(struct ip *ip, const struct pkt *about, enum icmp_type type, uint8_t code,
                     uint32_t word)
{
    const struct hdr_ipv4 *h = (const struct hdr_ipv4 *)about->data;
    size_t quoted = ERROR_MAX - sizeof *h - sizeof(struct hdr_icmp);
    struct hdr_icmp header = {.type = type, .code = code};
    struct pkt *p;
    be32 rest = be32_of(word);
    if (!may_complain(ip, about))
        return;
    if (!ip_rate_take(&ip->icmp_rate, ip->now, ERRORS_PER_SECOND, ERRORS_BURST)) {
        ip->counters.icmp_limited++;
        return;
    }
    p = pkt_new(ip->pool);
    if (p == NULL)
        return;
    bytes_copy(&header.u, &rest, sizeof rest);
    if (quoted > about->len)
        quoted = about->len;
    bytes_copy(pkt_append(p, sizeof header), &header, sizeof header);
    bytes_copy(pkt_append(p, quoted), about->data, quoted);
    send_message(ip, be32_get(h->dst), be32_get(h->src), 0, p);
}

int icmp_echo(struct ip *ip, uint32_t dst, uint16_t id, uint16_t seq, struct span payload,
              uint64_t now)
{
    struct hdr_icmp header = {.type = ICMP_ECHO_REQUEST,
                              .u.echo = {.id = be16_of(id), .seq = be16_of(seq)}};
    struct pkt *p = pkt_new_for(ip->pool, sizeof header + payload.len);
    ip->now = now;
    if (p == NULL)
        return -ENOBUFS;
    bytes_copy(pkt_append(p, sizeof header), &header, sizeof header);
    bytes_copy(pkt_append(p, payload.len), payload.data, payload.len);
    return send_message(ip, 0, dst, 0, p);
}

/* --- Echoes ---------------------------------------------------------------------------------- */

/* Not to a broadcast: who asks so makes a whole network answer to somebody (RFC 1122 section
 * 3.2.2.6). */
static void answer_echo(struct ip *ip, const struct hdr_ipv4 *header, const struct pkt *p)
{
    struct pkt *reply;
    ip->counters.echo_requests++;
    if (!ip_is_ours(ip, be32_get(header->dst)))
        return;
    if (!ip_rate_take(&ip->echo_rate, ip->now, ECHOES_PER_SECOND, ECHOES_BURST)) {
        ip->counters.icmp_limited++;
        return;
    }
    reply = pkt_new_for(ip->pool, p->len);
    if (reply == NULL)
        return;
    bytes_copy(pkt_append(reply, p->len), p->data, p->len);
    ((struct hdr_icmp *)reply->data)->type = ICMP_ECHO_REPLY;
    send_message(ip, be32_get(header->dst), be32_get(header->src), header->tos, reply);
}

static void take_reply(struct ip *ip, const struct hdr_ipv4 *header, const struct pkt *p)
{
    const struct hdr_icmp *h = (const struct hdr_icmp *)p->data;
    if (ip->ops->echo_reply)
        ip->ops->echo_reply(ip->user, be32_get(header->src), be16_get(h->u.echo.id),
                            be16_get(h->u.echo.seq),
                            span_of(p->data + sizeof *h, p->len - sizeof *h));
}

/* --- Errors that come ------------------------------------------------------------------------ */

void icmp_notify(struct ip *ip, uint8_t type, uint8_t code, uint16_t next_mtu, struct span packet)
{
    struct icmp_error e = {.type = type, .code = code, .next_mtu = next_mtu};
    const struct hdr_ipv4 *h = (const struct hdr_ipv4 *)packet.data;
    if (packet.len < sizeof *h || h->ver_ihl >> 4 != 4 || hdr_ipv4_len(h) < sizeof *h ||
        packet.len < hdr_ipv4_len(h) + QUOTED_MIN || be16_get(h->frag) & HDR_IP_OFFSET) {
        ip->counters.icmp_bad++;
        return;
    }
    e.local = be32_get(h->src);
    e.remote = be32_get(h->dst);
    e.protocol = h->proto;
    e.total_len = be16_get(h->total_len);
    span_take(&packet, hdr_ipv4_len(h));
    e.quoted = packet;
    if (!ip_is_ours(ip, e.local))
        ip->counters.icmp_bad++;
    else if (e.protocol == HDR_IP_TCP && ip->ops->tcp_error)
        ip->ops->tcp_error(ip->user, &e);
    else if (e.protocol == HDR_IP_UDP)
        udp_error(ip, &e);
}

static void take_error(struct ip *ip, const struct pkt *p)
{
    const struct hdr_icmp *h = (const struct hdr_icmp *)p->data;
    bool too_big = h->type == ICMP_UNREACHABLE && h->code == ICMP_FRAGMENTATION_NEEDED;
    icmp_notify(ip, h->type, h->code, too_big ? be16_get(h->u.unreachable.next_mtu) : 0,
                span_of(p->data + sizeof *h, p->len - sizeof *h));
}

static bool is_good(const struct pkt *p)
{
    if (p->len < sizeof(struct hdr_icmp))
        return false;
    return p->offload & (PKT_CSUM_PARTIAL | PKT_CSUM_VALID) ||
           be16_get(checksum_finish(checksum_add(0, p->data, p->len))) == 0;
}

void icmp_input(struct ip *ip, const struct hdr_ipv4 *header, struct pkt *p)
{
    ip->counters.icmp_in++;
    if (!is_good(p)) {
        ip->counters.icmp_bad++;
        return;
    }
    switch (((const struct hdr_icmp *)p->data)->type) {
    case ICMP_ECHO_REQUEST:
        answer_echo(ip, header, p);
        break;
    case ICMP_ECHO_REPLY:
        take_reply(ip, header, p);
        break;
    case ICMP_UNREACHABLE:
    case ICMP_TIME_EXCEEDED:
    case ICMP_PARAMETER_PROBLEM:
        take_error(ip, p);
        break;
    case ICMP_SOURCE_QUENCH:
    case ICMP_REDIRECT:
        ip->counters.redirects_ignored++;
        break;
    default: /* RFC 1122 section 3.2.2: silently */
        break;
    }
}
