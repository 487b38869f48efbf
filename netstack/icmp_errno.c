/*
 * icmp_errno.c - what an ICMP error means to a connection.
 *
 * RFC 9293 section 3.9.2.2, RFC 1122 section 4.2.3.9, RFC 5927 section 5.2. Apart from icmp.c so
 * that what has TCP without IP (test/script/) judges as the stack does.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/icmp.h"

#include <errno.h>

int icmp_errno(const struct icmp_error *e, bool *hard)
{
    *hard = false;
    if (e->type == ICMP_PARAMETER_PROBLEM)
        return -EPROTO;
    if (e->type != ICMP_UNREACHABLE)
        return -EHOSTUNREACH;
    switch (e->code) {
    case ICMP_NET_UNREACHABLE:
        return -ENETUNREACH;
    case ICMP_PROTOCOL_UNREACHABLE:
    case ICMP_PORT_UNREACHABLE:
        *hard = true;
        return -ECONNREFUSED;
    case 9: /* prohibited: RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1 */
    case 10:
    case 13:
        *hard = true;
        return -EHOSTUNREACH;
    default:
        return -EHOSTUNREACH;
    }
}
