/*
 * xen.c - the platform that kernels for Xen are linked with: see runtime/platform.h.
 *
 * A domain's vif 0 is for its own connections, with an address from DHCP, unless it is told
 * otherwise; a switch's ports are then the others.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "platform/direct.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/platform.h"
#include "xen/counters.h"
#include "xen/grant.h"
#include "xen/page.h"
#include "xen/vif.h"

#include <errno.h>
#include <string.h>

LOG_MODULE(platform);

const char direct_other[] = "none";

static uint64_t queues = VIF_QUEUES_MAX;

const struct config_option platform_options[] = {
    DIRECT_OPTIONS("connections go through: direct:vif:N, none (there are none) [direct:vif:0]",
                   "meanwhile"),
    {"vif-queues", CONFIG_UINT, &queues, 1, VIF_QUEUES_MAX, "N",
     "of a vif, if its backend offers as many"},
    {0},
};

static struct stack *stack; /* NULL: --net=none */

/* --- A network that nothing can be reached through ------------------------------------------- */

static int no_connect(struct net *net, const struct endpoint *to,
                      const struct stream_events *events, void *user, struct stream **s)
{
    (void)net;
    (void)to;
    (void)events;
    (void)user;
    (void)s;
    return -EAFNOSUPPORT;
}

static int no_listen(struct net *net, const struct endpoint *at, net_accept_fn *accept, void *user,
                     struct listener **l)
{
    (void)net;
    (void)at;
    (void)accept;
    (void)user;
    (void)l;
    return -EAFNOSUPPORT;
}

static const struct net_ops no_net_ops = {.connect = no_connect, .listen = no_listen};
static struct net no_net = {.ops = &no_net_ops};

/* --- The platform ---------------------------------------------------------------------------- */

static int open_devices(void)
{
    int error = grant_open();
    xen_counters_register();
    if (error == 0 && (error = vif_open((unsigned)queues)) != 0)
        grant_close();
    return error;
}

/* Limits for a domain that may be small: packets take a sixteenth of its memory, super-frames as
 * much, what connections have received and nobody has read an eighth. */
static void limit_by_memory(struct stack_config *config)
{
    size_t pages = page_stats()->total;
    stack_defaults(config);
    config->rx_packets = config->tx_packets = (uint32_t)(pages / 16);
    config->rx_super_frames = config->tx_super_frames = (uint32_t)(pages / 512);
    config->tcp.max_receive = pages / 8 * PAGE_SIZE;
    config->tcp.max_conns = config->tcp.max_time_wait = config->tcp.max_records =
        (unsigned)(pages / 8);
    config->tcp.max_half_open = (unsigned)(pages / 32);
}

static int open_stack(void)
{
    struct stack_config config;
    if (!direct_wanted())
        return 0;
    limit_by_memory(&config);
    config.at_once = true; /* whoever made the domain has planned its address; it shall serve now */
    return direct_open(&config, &stack);
}

static int open_loop(void)
{
    int error;
    log_debug("main() opens its platform");
    error = loop_open();
    if (error == 0 && (error = open_devices()) != 0)
        loop_close();
    if (error != 0)
        log_error("cannot start: %s", strerror(-error));
    return error;
}

int platform_open(void)
{
    int error = direct_check("direct:vif:0");
    if (error == 0)
        error = open_loop();
    if (error == 0 && (error = open_stack()) != 0)
        platform_close();
    return error;
}

struct net *platform_net(void)
{
    return stack != NULL ? stack_net(stack) : &no_net;
}

const char *platform_ports(void)
{
    return "vif:*";
}

void platform_close(void)
{
    stack_free(stack);
    stack = NULL;
    vif_close();
    grant_close();
    loop_close();
}
