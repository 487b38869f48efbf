/*
 * icmp.h - the Internet control message protocol of a host.
 *
 * RFC 792, RFC 1122 section 3.2.2, RFC 1812 section 4.3. Echo requests are answered; errors are
 * sent within a rate and never about what must not cause one; errors that come are handed to the
 * protocol whose packet they quote. Source quench (RFC 6633) and redirects, which anybody on the
 * way could forge, are ignored.
 *
 * Called by ip_*.c, udp.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_ICMP_H
#define MORGANA_NETSTACK_ICMP_H

#include "netstack/wire.h"
#include "runtime/pkt.h"

struct ip;

/* What an error says. */
struct icmp_error {
    uint8_t type, code; /* enum icmp_type */
    uint16_t next_mtu;  /* with ICMP_FRAGMENTATION_NEEDED; 0: not said */
    uint16_t total_len; /* of the packet that it quotes */
    uint32_t local;     /* from where that was sent: an address of ours */
    uint32_t remote;    /* to whom */
    uint8_t protocol;   /* of what lies behind its IP header: */
    struct span quoted; /* at least eight bytes */
};

/* The error as an errno, negative; *hard: it will not go away (RFC 1122 section 4.2.3.9). */
int icmp_errno(const struct icmp_error *e, bool *hard);

/* A message to `dst`, an address of ours or a broadcast; `p`, lent, begins at the ICMP header, and
 * at `p->data - header` lies the IP header. */
void icmp_input(struct ip *ip, const struct hdr_ipv4 *header, struct pkt *p);

/* Answer the packet `about` (lent; it begins at its IP header, and was to us) by an error. `word`
 * goes behind the checksum: a pointer in its first byte, or 0. */
void icmp_send_error(struct ip *ip, const struct pkt *about, enum icmp_type type, uint8_t code,
                     uint32_t word);

/* Tell whoever sent `packet`, which begins at its IP header and was ours, of an error. */
void icmp_notify(struct ip *ip, uint8_t type, uint8_t code, uint16_t next_mtu, struct span packet);

/* Ask `dst` for an echo of `payload`; ops->echo_reply() follows. 0, or a negative errno as
 * ip_send(). */
int icmp_echo(struct ip *ip, uint32_t dst, uint16_t id, uint16_t seq, struct span payload,
              uint64_t now);

#endif
