/*
 * dhcp_message.h - DHCP's messages as a client reads and writes them.
 *
 * RFC 2131 section 2, options of RFC 2132, classless routes of RFC 3442. Reading checks every
 * length and takes only what makes sense: a value that cannot be is as if it were not there. Of an
 * option that comes twice the first counts.
 *
 * Called by dhcp.c, and by the test that plays the server.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_DHCP_MESSAGE_H
#define MORGANA_NETSTACK_DHCP_MESSAGE_H

#include "netstack/wire.h"
#include "runtime/buf.h"

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68
#define DHCP_MAX         576 /* of a message that we write */
#define DHCP_MIN         300 /* shorter ones are padded: RFC 1542 section 2.1 */
#define DHCP_DNS_MAX     3
#define DHCP_ROUTES_MAX  16
#define DHCP_INFINITE    0xffffffffu /* a lease for ever */

enum dhcp_type {
    DHCP_DISCOVER = 1,
    DHCP_OFFER,
    DHCP_REQUEST,
    DHCP_DECLINE,
    DHCP_ACK,
    DHCP_NAK,
    DHCP_RELEASE,
};

enum dhcp_option {
    DHCP_OPT_PAD = 0,
    DHCP_OPT_MASK = 1,
    DHCP_OPT_ROUTER = 3,
    DHCP_OPT_DNS = 6,
    DHCP_OPT_HOSTNAME = 12,
    DHCP_OPT_MTU = 26,
    DHCP_OPT_ADDRESS = 50,
    DHCP_OPT_LEASE = 51,
    DHCP_OPT_OVERLOAD = 52,
    DHCP_OPT_TYPE = 53,
    DHCP_OPT_SERVER = 54,
    DHCP_OPT_PARAMETERS = 55,
    DHCP_OPT_MAX_SIZE = 57,
    DHCP_OPT_T1 = 58,
    DHCP_OPT_T2 = 59,
    DHCP_OPT_CLIENT = 61,
    DHCP_OPT_ROUTES = 121,
    DHCP_OPT_END = 255,
};

/* RFC 2131 figure 1, with the options' magic number. */
struct dhcp_header {
    uint8_t op;    /* 1: to the server, 2: from it */
    uint8_t htype; /* 1: Ethernet */
    uint8_t hlen;  /* 6 */
    uint8_t hops;
    be32 xid;
    be16 secs;
    be16 flags;
    be32 ciaddr, yiaddr, siaddr, giaddr;
    uint8_t chaddr[16];
    uint8_t sname[64];
    uint8_t file[128];
    be32 magic; /* DHCP_MAGIC */
};

#define DHCP_MAGIC 0x63825363u

_Static_assert(sizeof(struct dhcp_header) == 240, "RFC 2131 section 2, RFC 2132 section 2");

struct dhcp_route {
    uint32_t network, gateway;
    uint8_t prefix;
};

/* What a server says. 0: it does not. */
struct dhcp_reply {
    enum dhcp_type type;
    uint32_t xid;
    uint8_t mac[HDR_ETH_ALEN];
    uint32_t address, server;
    unsigned prefix;
    uint32_t router;
    uint32_t dns[DHCP_DNS_MAX];
    unsigned n_dns;
    uint32_t lease, t1, t2; /* seconds */
    uint16_t mtu;
    struct dhcp_route routes[DHCP_ROUTES_MAX];
    unsigned n_routes;
};

/* Read a server's message. False: it is none, or broken. */
bool dhcp_read(struct span message, struct dhcp_reply *r);

/* What a client says. 0: nothing of it. */
struct dhcp_request {
    enum dhcp_type type;
    uint32_t xid;
    uint16_t secs;
    uint8_t mac[HDR_ETH_ALEN];
    uint32_t ciaddr;          /* the address that we have */
    uint32_t address, server; /* the one that we ask for, and whom */
    const char *hostname;     /* NULL: none */
};

/* Write it. Returns its length, at most DHCP_MAX. */
size_t dhcp_write(const struct dhcp_request *r, uint8_t message[DHCP_MAX]);

#endif
