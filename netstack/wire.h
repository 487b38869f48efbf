/*
 * wire.h - what the fields of headers (runtime/headers.h) mean: ARP: RFC 826; IPv4: RFC 791; ICMP:
 * RFC 792. Used throughout netstack/.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_WIRE_H
#define MORGANA_NETSTACK_WIRE_H

#include "runtime/headers.h"

enum { ARP_ETHERNET = 1 };
enum arp_op { ARP_REQUEST = 1, ARP_REPLY = 2 };

enum { IP_OPTION_END = 0, IP_OPTION_NOP = 1, IP_OPTION_LSRR = 131, IP_OPTION_SSRR = 137 };

enum icmp_type {
    ICMP_ECHO_REPLY = 0,
    ICMP_UNREACHABLE = 3,
    ICMP_SOURCE_QUENCH = 4,
    ICMP_REDIRECT = 5,
    ICMP_ECHO_REQUEST = 8,
    ICMP_TIME_EXCEEDED = 11,
    ICMP_PARAMETER_PROBLEM = 12,
};

/* Codes of ICMP_UNREACHABLE, and of ICMP_TIME_EXCEEDED. */
enum {
    ICMP_NET_UNREACHABLE = 0,
    ICMP_HOST_UNREACHABLE = 1,
    ICMP_PROTOCOL_UNREACHABLE = 2,
    ICMP_PORT_UNREACHABLE = 3,
    ICMP_FRAGMENTATION_NEEDED = 4,
};
enum { ICMP_REASSEMBLY_TIME = 1 };

#endif
