/*
 * dhcp_message.c - DHCP's messages: see dhcp_message.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/dhcp_message.h"
#include "netstack/address.h"
#include <string.h>

#define HOSTNAME_MAX 63
#define MTU_MIN      576 /* less is not a link's (RFC 1122 section 3.3.3) */
#define LEASE_MIN    20  /* s; who offers less wants to keep us busy */

/* --- Reading options ------------------------------------------------------------------------- */

static uint32_t read_u32(struct span value)
{
    const be32 *v = span_take(&value, sizeof *v);
    return v ? be32_get(*v) : 0;
}

static uint16_t read_u16(struct span value)
{
    const be16 *v = span_take(&value, sizeof *v);
    return v ? be16_get(*v) : 0;
}

/* An address that a host can have; 0: it is not one. */
static uint32_t read_host(struct span value)
{
    uint32_t a = read_u32(value);
    return address_is_unicast(a) ? a : 0;
}

static void read_dns(struct span value, struct dhcp_reply *r)
{
    for (; r->n_dns < DHCP_DNS_MAX && value.len >= sizeof(be32); span_take(&value, sizeof(be32)))
        if ((r->dns[r->n_dns] = read_host(value)) != 0)
            r->n_dns++;
}

/* One row of RFC 3442: the prefix, as many octets of the network as it has, the router. */
static bool read_route(struct span *value, struct dhcp_route *route)
{
    const uint8_t *prefix = span_take(value, 1), *octets;
    size_t n;
    *route = (struct dhcp_route){0};
    if (prefix == NULL || *prefix > 32)
        return false;
    route->prefix = *prefix;
    n = (*prefix + 7u) / 8;
    octets = span_take(value, n);
    if (octets == NULL || value->len < sizeof(be32))
        return false;
    for (size_t i = 0; i < n; i++)
        route->network |= (uint32_t)octets[i] << (24 - 8 * i);
    route->network &= address_mask(route->prefix);
    route->gateway = read_u32(*value);
    span_take(value, sizeof(be32));
    return route->gateway == 0 || address_is_unicast(route->gateway);
}

/* All rows, or none: half a table might send traffic where it must not go. */
static void read_routes(struct span value, struct dhcp_reply *r)
{
    unsigned n = 0;
    while (value.len > 0)
        if (n == DHCP_ROUTES_MAX || !read_route(&value, &r->routes[n++]))
            return;
    r->n_routes = n;
}

static void read_mask(struct span value, struct dhcp_reply *r)
{
    int prefix = value.len == sizeof(be32) ? address_prefix_of(read_u32(value)) : -1;
    if (prefix > 0)
        r->prefix = (unsigned)prefix;
}

static void read_option(uint8_t code, struct span value, struct dhcp_reply *r)
{
    switch (code) {
    case DHCP_OPT_MASK:
        read_mask(value, r);
        break;
    case DHCP_OPT_ROUTER:
        r->router = read_host(value);
        break;
    case DHCP_OPT_DNS:
        read_dns(value, r);
        break;
    case DHCP_OPT_MTU:
        r->mtu = read_u16(value);
        break;
    case DHCP_OPT_LEASE:
        r->lease = read_u32(value);
        break;
    case DHCP_OPT_TYPE:
        r->type = value.len == 1 ? (enum dhcp_type)value.data[0] : 0;
        break;
    case DHCP_OPT_SERVER:
        r->server = read_host(value);
        break;
    case DHCP_OPT_T1:
        r->t1 = read_u32(value);
        break;
    case DHCP_OPT_T2:
        r->t2 = read_u32(value);
        break;
    case DHCP_OPT_ROUTES:
        read_routes(value, r);
        break;
    default:
        break;
    }
}

/* Which options have been met. */
struct seen {
    uint64_t bits[4];
    uint8_t overload;
};

static bool first_time(struct seen *seen, uint8_t code)
{
    uint64_t bit = 1ull << (code % 64), *word = &seen->bits[code / 64];
    bool first = !(*word & bit);
    *word |= bit;
    return first;
}

/* Read a field of options. False: one runs out of it. */
static bool read_options(struct span field, struct seen *seen, struct dhcp_reply *r)
{
    while (field.len > 0) {
        uint8_t code = *(const uint8_t *)span_take(&field, 1);
        const uint8_t *len, *value;
        if (code == DHCP_OPT_END)
            return true;
        if (code == DHCP_OPT_PAD)
            continue;
        len = span_take(&field, 1);
        value = len ? span_take(&field, *len) : NULL;
        if (value == NULL)
            return false;
        if (code == DHCP_OPT_OVERLOAD && *len == 1)
            seen->overload |= value[0];
        if (first_time(seen, code))
            read_option(code, span_of(value, *len), r);
    }
    return true;
}

/* --- Reading --------------------------------------------------------------------------------- */

/* The mask of an address whose server names none (RFC 791 section 3.2's classes). */
static unsigned classful_prefix(uint32_t a)
{
    return a >> 31 == 0 ? 8 : a >> 30 == 2 ? 16 : 24;
}

/* An offer or an acknowledgment has an address that a host can have, a server and a lease; what
 * else makes no sense is left out. */
static bool make_sense(struct dhcp_reply *r)
{
    if (r->type == DHCP_NAK)
        return true;
    if (r->type != DHCP_OFFER && r->type != DHCP_ACK)
        return false;
    if (r->prefix == 0)
        r->prefix = classful_prefix(r->address);
    if (r->server == 0 || r->lease < LEASE_MIN || !address_is_host(r->address, r->prefix))
        return false;
    if (r->mtu < MTU_MIN)
        r->mtu = 0;
    return true;
}

bool dhcp_read(struct span message, struct dhcp_reply *r)
{
    const struct dhcp_header *h = span_take(&message, sizeof *h);
    struct seen seen = {{0}, 0};
    *r = (struct dhcp_reply){0};
    if (h == NULL || h->op != 2 || h->htype != 1 || h->hlen != HDR_ETH_ALEN ||
        be32_get(h->magic) != DHCP_MAGIC)
        return false;
    r->xid = be32_get(h->xid);
    r->address = be32_get(h->yiaddr);
    bytes_copy(r->mac, h->chaddr, HDR_ETH_ALEN);
    if (!read_options(message, &seen, r))
        return false;
    if (seen.overload & 1 && !read_options(span_of(h->file, sizeof h->file), &seen, r))
        return false;
    if (seen.overload & 2 && !read_options(span_of(h->sname, sizeof h->sname), &seen, r))
        return false;
    return make_sense(r);
}

/* --- Writing --------------------------------------------------------------------------------- */

static void put_option(struct buf *b, uint8_t code, const void *value, size_t len)
{
    uint8_t head[2] = {code, (uint8_t)len};
    buf_append(b, head, sizeof head);
    buf_append(b, value, len);
}

static void put_address(struct buf *b, uint8_t code, uint32_t address)
{
    be32 value = be32_of(address);
    if (address != 0)
        put_option(b, code, &value, sizeof value);
}

static void put_header(struct buf *b, const struct dhcp_request *r)
{
    struct dhcp_header *h = buf_put(b, sizeof *h);
    *h = (struct dhcp_header){.op = 1,
                              .htype = 1,
                              .hlen = HDR_ETH_ALEN,
                              .xid = be32_of(r->xid),
                              .secs = be16_of(r->secs),
                              .ciaddr = be32_of(r->ciaddr),
                              .magic = be32_of(DHCP_MAGIC)};
    bytes_copy(h->chaddr, r->mac, HDR_ETH_ALEN);
}

/* What is asked for, in a discover or a request only (RFC 2131 table 5). */
static void put_wishes(struct buf *b, const struct dhcp_request *r)
{
    static const uint8_t parameters[] = {DHCP_OPT_MASK, DHCP_OPT_ROUTES, DHCP_OPT_ROUTER,
                                         DHCP_OPT_DNS,  DHCP_OPT_MTU,    DHCP_OPT_LEASE,
                                         DHCP_OPT_T1,   DHCP_OPT_T2};
    be16 most = be16_of(1500);
    size_t len = r->hostname ? strnlen(r->hostname, HOSTNAME_MAX) : 0;
    if (r->type != DHCP_DISCOVER && r->type != DHCP_REQUEST)
        return;
    put_option(b, DHCP_OPT_PARAMETERS, parameters, sizeof parameters);
    put_option(b, DHCP_OPT_MAX_SIZE, &most, sizeof most);
    if (len > 0)
        put_option(b, DHCP_OPT_HOSTNAME, r->hostname, len);
}

size_t dhcp_write(const struct dhcp_request *r, uint8_t message[DHCP_MAX])
{
    struct buf b = buf_of(message, DHCP_MAX);
    uint8_t type = (uint8_t)r->type, client[1 + HDR_ETH_ALEN] = {1}, end = DHCP_OPT_END;
    bytes_copy(client + 1, r->mac, HDR_ETH_ALEN);
    put_header(&b, r);
    put_option(&b, DHCP_OPT_TYPE, &type, sizeof type);
    put_option(&b, DHCP_OPT_CLIENT, client, sizeof client);
    put_address(&b, DHCP_OPT_ADDRESS, r->address);
    put_address(&b, DHCP_OPT_SERVER, r->server);
    put_wishes(&b, r);
    buf_append(&b, &end, sizeof end);
    if (b.len < DHCP_MIN) {
        size_t pad = DHCP_MIN - b.len;
        bytes_zero(buf_put(&b, pad), pad);
    }
    return b.len;
}
