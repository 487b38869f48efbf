/*
 * router.c - exercise 7: the six things that a router does with a packet. README.md beside it says
 * what to write, controller/apps/forwarding.h what each function is given; the rest of the app, who
 * calls them and when, is Morgana's (controller/apps/router.h).
 *
 * As long as a function says false (NULL, 0) the packet goes nowhere.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/forwarding.h"
#include "controller/apps/apps.h"
#include "examples/07-router/steps.h"
#include "examples/run_app.h"
#include "openflow/action.h"
#include "runtime/checksum.h"

/* 1. Who has this address? We do. */
bool forward_answer_arp(struct hdr_arp *arp, const uint8_t mac[OFP_ETH_ALEN])
{
    (void)arp;
    (void)mac;
    /* Here: make an answer of it, in place. */
    return false;
}

/* 2. Somebody pings the router itself. */
bool forward_answer_echo(struct hdr_icmp *icmp, size_t len)
{
    (void)icmp;
    (void)len;
    /* Here: make a reply of it, in place, with its checksum. */
    return false;
}

/* 3. Which way? */
const struct forward_route *forward_find_route(const struct forward_route *routes, size_t n,
                                               uint32_t address)
{
    (void)routes;
    (void)n;
    (void)address;
    /* Here: of the usable routes whose network the address is in, that with the longest prefix. */
    return NULL;
}

/* 4. The packet goes on, sent by the controller. */
bool forward_age(struct hdr_ipv4 *ip)
{
    (void)ip;
    /* Here: one less in its TTL, and the header's checksum made again. */
    return false;
}

/* 5. Those behind it go on by a flow, in the switch. */
bool forward_rewrite(struct buf *actions, const uint8_t src[OFP_ETH_ALEN],
                     const uint8_t dst[OFP_ETH_ALEN])
{
    (void)actions;
    (void)src;
    (void)dst;
    /* Here: the actions that do in the switch what 4 does, and set the MAC addresses. */
    return false;
}

/* 6. It cannot go on: tell its sender. */
size_t forward_write_error(uint8_t message[FORWARD_ERROR_MAX], uint8_t type, uint8_t code,
                           be32 rest, struct span about)
{
    (void)message;
    (void)type;
    (void)code;
    (void)rest;
    (void)about;
    /* Here: a struct hdr_icmp, and behind it as much of the packet as there is room for. */
    return 0;
}

int main(int argc, char **argv)
{
    const struct ctl_app_type *const apps[] = {&router_app, &steps_app, NULL};
    return run_apps(apps, argc, argv);
}
