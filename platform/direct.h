/*
 * direct.h - the options for Morgana's own TCP/IP straight on devices, the same on every platform,
 * and the stack that they ask for.
 *
 * Called by the platforms' files, whose platform_options (runtime/platform.h) begin with these.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_PLATFORM_DIRECT_H
#define MORGANA_PLATFORM_DIRECT_H

#include "netstack/stack.h"
#include "runtime/config.h"

/* The platform's file says what --net may be besides direct:DEVICE ("socket"). */
extern const char direct_other[];

/* What the options set. */
struct direct_args {
    struct config_list net, ip, dns;
    const char *hostname, *tcp_cc, *address_check;
};

extern struct direct_args direct_args;

/* Their rows; what the help says of --net, and the default of --address-check, are the platform's.
 */
/* clang-format off */
#define DIRECT_OPTIONS(net_help, check_default)                                                    \
    {"net", CONFIG_LIST, &direct_args.net, 0, 0, "NET", net_help},                                 \
    {"ip", CONFIG_LIST, &direct_args.ip, 0, 0, "ADDRESS",                                          \
     "of each direct: device in turn: dhcp, A.B.C.D/N[,GATEWAY] [dhcp]"},                          \
    {"address-check", CONFIG_STRING, &direct_args.address_check, 0, 0, "WHEN",                     \
     "whether somebody has our address is found out before it is used, or meanwhile ["             \
     check_default "]"},                                                                           \
    {"dns", CONFIG_LIST, &direct_args.dns, 0, 0, "ADDRESS", "a name server, in place of DHCP's"},  \
    {"hostname", CONFIG_STRING, &direct_args.hostname, 0, 0, "NAME", "told to DHCP servers"},      \
    {"tcp-cc", CONFIG_STRING, &direct_args.tcp_cc, 0, 0, "NAME",                                   \
     "congestion control on direct: devices: cubic, reno"}
/* clang-format on */

/* Do the options agree? `net` (which must live on) stands for --net if that is not given. 0, or
 * -EINVAL: why has been said in the log. */
int direct_check(const char *net);

/* Do they ask for devices? After direct_check(). */
bool direct_wanted(void);

/* The stack that they ask for, on its devices. `config` holds the platform's limits (or what
 * stack_defaults() says); the options change it. After loop_open() and with the devices' drivers
 * there. 0, or a negative errno: why has been said in the log. */
int direct_open(struct stack_config *config, struct stack **stack);

#endif
