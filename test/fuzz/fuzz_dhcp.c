/*
 * fuzz_dhcp.c - any bytes as a DHCP server's messages: what is understood makes sense, and the
 * client in whatever state stays one.
 *
 * The input is messages of at most 255 bytes behind their fixed header, each behind a byte that
 * says how long it is; the header's fields that must agree with the client's are filled in, but for
 * one in eight messages.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/address.h"
#include "netstack/dhcp.h"
#include "netstack/ip.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dhcp client;
static struct ip ip;
static unsigned in_use;

static void on_send(void *user, uint32_t src, uint32_t dst, struct span message)
{
    (void)user;
    (void)src;
    (void)dst;
    if (message.len < DHCP_MIN || message.len > DHCP_MAX)
        abort();
}

static void on_check(void *user, uint32_t address)
{
    (void)user;
    if (!address_is_unicast(address))
        abort();
}

static void on_bound(void *user, const struct dhcp_reply *l)
{
    (void)user;
    in_use = 1;
    if (!address_is_host(l->address, l->prefix) || l->n_dns > DHCP_DNS_MAX ||
        l->n_routes > DHCP_ROUTES_MAX || l->lease == 0)
        abort();
}

static void on_lost(void *user)
{
    (void)user;
    if (!in_use)
        abort();
    in_use = 0;
}

static uint64_t on_random(void *user)
{
    static uint64_t n;
    (void)user;
    return n += 0x9e3779b97f4a7c15u;
}

static const struct dhcp_ops ops = {
    .send = on_send, .check = on_check, .bound = on_bound, .lost = on_lost};
static const struct ip_ops ip_ops = {.random = on_random};

static void pass(uint64_t ns)
{
    for (uint64_t end = ip.now + ns; ip.now < end;)
        ip_turn(&ip, ip.now + NS_PER_S);
}

/* A message of the server's, whose options are `options`. */
static void say(uint8_t kind, struct span options)
{
    uint8_t bytes[sizeof(struct dhcp_header) + 256] = {0};
    struct dhcp_header *h = (struct dhcp_header *)bytes;
    size_t n = options.len < 256 ? options.len : 256;
    *h = (struct dhcp_header){.op = 2,
                              .htype = 1,
                              .hlen = HDR_ETH_ALEN,
                              .xid = be32_of(client.xid),
                              .yiaddr = be32_of(0x0a000000u | kind),
                              .magic = be32_of(DHCP_MAGIC)};
    memcpy(h->chaddr, client.mac, HDR_ETH_ALEN);
    memcpy(bytes + sizeof *h, options.data, n);
    if (kind % 8 == 7)
        memcpy(bytes, options.data, n);
    dhcp_receive(&client, span_of(bytes, sizeof *h + n), ip.now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t mac[HDR_ETH_ALEN] = {2, 0, 0, 0, 0, 1};
    struct span input = span_of(data, size);
    const uint8_t *head;
    in_use = 0;
    if (ip_init(&ip, &ip_ops, NULL, NULL, NS_PER_S) != 0)
        abort();
    dhcp_init(&client, &ops, NULL, &ip, "fuzz");
    dhcp_begin(&client, mac, ip.now);
    while ((head = span_take(&input, 3)) != NULL) {
        size_t n = head[0] < input.len ? head[0] : input.len;
        pass(head[1] * NS_PER_S);
        say(head[2], span_of(span_take(&input, n), n));
        if (client.state == DHCP_CHECKING)
            dhcp_checked(&client, head[2] & 1, ip.now);
    }
    dhcp_end(&client, ip.now);
    ip_end(&ip);
    return 0;
}
