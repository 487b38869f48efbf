/*
 * capture.c - the TCP segments of a capture file. See capture.h.
 *
 * libpcap reads the file, pcap or pcapng; from the link's header on, reading is our own. IP
 * fragments are not put together: TCP avoids them, and what is in them counts as missing.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/dump/capture.h"

#include "openflow/frame_headers.h"
#include <errno.h>
#include <pcap.h>
#include <string.h>

/* --- From the link's header to IP ------------------------------------------------------------ */

/* An EtherType with up to two VLAN tags in front of it; `rest` loses the tags. */
static uint16_t untag(uint16_t type, struct span *rest)
{
    const struct hdr_vlan *tag;
    while ((type == HDR_ETH_VLAN || type == HDR_ETH_QINQ) &&
           (tag = span_take(rest, sizeof *tag)) != NULL)
        type = be16_get(tag->type);
    return type;
}

static bool take_header(struct span *rest, size_t header_len, size_t type_at)
{
    const uint8_t *header = span_take(rest, header_len);
    uint16_t type;
    if (header == NULL)
        return false;
    type = untag(be16_get(*(const be16 *)(header + type_at)), rest);
    return type == HDR_ETH_IPV4 || type == HDR_ETH_IPV6;
}

static bool take_ethernet(struct span *rest)
{
    return take_header(rest, sizeof(struct hdr_eth), offsetof(struct hdr_eth, type));
}

/* "Linux cooked": the EtherType is at the end of version 1's header and begins version 2's. */
static bool take_cooked(struct span *rest)
{
    return take_header(rest, 16, 14);
}

static bool take_cooked2(struct span *rest)
{
    return take_header(rest, 20, 0);
}

static bool take_nothing(struct span *rest)
{
    (void)rest;
    return true;
}

/* An address family of some system's: that IP follows shows in IP's version. */
static bool take_loopback(struct span *rest)
{
    return span_take(rest, 4) != NULL;
}

static const struct link_type {
    int dlt;
    bool (*take)(struct span *rest); /* the link's header off; false if no IP follows */
} link_types[] = {
    {DLT_EN10MB, take_ethernet}, {DLT_LINUX_SLL, take_cooked}, {DLT_LINUX_SLL2, take_cooked2},
    {DLT_RAW, take_nothing},     {DLT_IPV4, take_nothing},     {DLT_IPV6, take_nothing},
    {DLT_NULL, take_loopback},   {DLT_LOOP, take_loopback},
};

static const struct link_type *link_type(int dlt)
{
    for (size_t i = 0; i < sizeof link_types / sizeof link_types[0]; i++)
        if (link_types[i].dlt == dlt)
            return &link_types[i];
    return NULL;
}

/* --- From IP to TCP -------------------------------------------------------------------------- */

static void set_end(struct dump_end *end, uint8_t version, const void *addr, size_t addr_len)
{
    *end = (struct dump_end){.version = version};
    bytes_copy(end->addr, addr, addr_len);
}

/* Cut `rest` to the length that an IP header claims. A capture of a frame that the device was to
 * cut into segments claims 0. */
static void cut(struct span *rest, size_t claimed)
{
    if (claimed > 0 && claimed < rest->len)
        rest->len = claimed;
}

/* Take an IPv4 header off. False if no TCP header follows. */
static bool take_ipv4(struct span *rest, struct dump_segment *s)
{
    const struct hdr_ipv4 *ip = (const struct hdr_ipv4 *)rest->data;
    size_t header_len;
    if (rest->len < sizeof *ip)
        return false;
    header_len = (ip->ver_ihl & 0x0f) * 4;
    cut(rest, be16_get(ip->total_len));
    if (header_len < sizeof *ip || ip->proto != HDR_IP_TCP ||
        be16_get(ip->frag) & HDR_IP_FRAGMENT || span_take(rest, header_len) == NULL)
        return false;
    set_end(&s->from, 4, &ip->src, sizeof ip->src);
    set_end(&s->to, 4, &ip->dst, sizeof ip->dst);
    return true;
}

static bool take_ipv6(struct span *rest, struct dump_segment *s)
{
    const struct hdr_ipv6 *ip = span_take(rest, sizeof *ip);
    const struct hdr_ipv6_extension *e;
    uint8_t next;
    if (ip == NULL)
        return false;
    cut(rest, be16_get(ip->payload_len));
    set_end(&s->from, 6, ip->src, sizeof ip->src);
    set_end(&s->to, 6, ip->dst, sizeof ip->dst);
    for (next = ip->next;
         next == HDR_IP_HOPOPTS || next == HDR_IP_ROUTING || next == HDR_IP_DSTOPTS;
         next = e->next) {
        e = (const struct hdr_ipv6_extension *)rest->data;
        if (rest->len < sizeof *e || span_take(rest, (e->length + 1u) * 8) == NULL)
            return false;
    }
    return next == HDR_IP_TCP;
}

static bool read_tcp(struct span rest, struct dump_segment *s)
{
    const struct hdr_tcp *tcp = (const struct hdr_tcp *)rest.data;
    uint32_t len;
    if (rest.len < sizeof *tcp)
        return false;
    len = (tcp->offset >> 4) * 4u;
    if (len < sizeof *tcp || span_take(&rest, len) == NULL)
        return false;
    s->from.port = tcp->src;
    s->to.port = tcp->dst;
    s->seq = be32_get(tcp->seq);
    s->syn = tcp->flags & TCP_SYN;
    s->fin = tcp->flags & TCP_FIN;
    s->rst = tcp->flags & TCP_RST;
    s->payload = rest;
    return true;
}

/* Read the TCP segment of a packet. False if it has none. */
static bool read_segment(const struct link_type *link, struct span packet, struct dump_segment *s)
{
    if (!link->take(&packet) || packet.len == 0)
        return false;
    switch (packet.data[0] >> 4) {
    case 4:
        return take_ipv4(&packet, s) && read_tcp(packet, s);
    case 6:
        return take_ipv6(&packet, s) && read_tcp(packet, s);
    default:
        return false;
    }
}

/* --- The file -------------------------------------------------------------------------------- */

static bool is_of_interest(const struct dump_ports *ports, const struct dump_segment *s)
{
    for (size_t i = 0; i < ports->n; i++)
        if (ports->port[i] == be16_get(s->from.port) || ports->port[i] == be16_get(s->to.port))
            return true;
    return false;
}

static bool fail(char *error, const char *path, const char *why)
{
    snprintf(error, DUMP_ERROR, "%s: %s", strcmp(path, "-") == 0 ? "standard input" : path, why);
    return false;
}

static bool read_packets(pcap_t *pcap, const char *path, const struct dump_ports *ports,
                         struct dump_tcp *t, char *error)
{
    const struct link_type *link = link_type(pcap_datalink(pcap));
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int got;
    if (link == NULL)
        return fail(error, path, "captured on a kind of link that is not known here");
    while ((got = pcap_next_ex(pcap, &header, &bytes)) == 1) {
        struct dump_segment s = {
            .when = {.sec = header->ts.tv_sec, .nsec = (uint32_t)header->ts.tv_usec}};
        if (read_segment(link, span_of(bytes, header->caplen), &s) && is_of_interest(ports, &s) &&
            !dump_tcp_add(t, &s))
            return fail(error, path, "out of memory");
    }
    return got == PCAP_ERROR_BREAK || fail(error, path, pcap_geterr(pcap));
}

bool dump_capture(const char *path, const struct dump_ports *ports, struct dump_tcp *t, char *error)
{
    char why[PCAP_ERRBUF_SIZE];
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    pcap_t *pcap;
    bool ok;
    if (file == NULL)
        return fail(error, path, strerror(errno));
    pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
    if (pcap == NULL) {
        fclose(file);
        return fail(error, path, why);
    }
    ok = read_packets(pcap, path, ports, t, error);
    pcap_close(pcap); /* and the file */
    return ok;
}
