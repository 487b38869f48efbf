/*
 * direct.c - Morgana's own TCP/IP as the options ask for it: see direct.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "platform/direct.h"
#include "netstack/cc.h"
#include "runtime/log.h"
#include "runtime/platform.h"

#include <errno.h>
#include <string.h>

LOG_MODULE(platform);

static struct {
    struct config_list net, ip, dns;
    const char *hostname, *tcp_cc, *address_check;
} args = {.tcp_cc = "cubic"};

const struct config_option platform_options[] = {
    {"net", CONFIG_LIST, &args.net, 0, 0, "NET", direct_net_help},
    {"ip", CONFIG_LIST, &args.ip, 0, 0, "ADDRESS",
     "of each direct: device in turn: dhcp, A.B.C.D/N[,GATEWAY] [dhcp]"},
    {"address-check", CONFIG_STRING, &args.address_check, 0, 0, "WHEN", direct_check_help},
    {"dns", CONFIG_LIST, &args.dns, 0, 0, "ADDRESS", "a name server, in place of DHCP's"},
    {"hostname", CONFIG_STRING, &args.hostname, 0, 0, "NAME", "told to DHCP servers"},
    {"tcp-cc", CONFIG_STRING, &args.tcp_cc, 0, 0, "NAME",
     "congestion control on direct: devices: cubic, reno"},
    {0},
};

static const char prefix[] = "direct:";

/* The device that an option names; NULL: it is no direct one. */
static const char *device_of(const char *net)
{
    return strncmp(net, prefix, sizeof prefix - 1) == 0 ? net + sizeof prefix - 1 : NULL;
}

bool direct_wanted(void)
{
    return args.net.n > 0 && device_of(args.net.value[0]) != NULL;
}

/* Say what is wrong with it. */
static int refuse(const char *option, const char *value, const char *why)
{
    log_error("--%s=%s: %s", option, value, why);
    return -EINVAL;
}

static int refuse_net(const char *net)
{
    log_error("--net=%s: must be %s or direct:DEVICE", net, direct_other);
    return -EINVAL;
}

static int check_net(void)
{
    bool direct = direct_wanted();
    for (size_t i = 0; i < args.net.n; i++) {
        const char *net = args.net.value[i];
        if (device_of(net) == NULL && strcmp(net, direct_other) != 0)
            return refuse_net(net);
        if ((device_of(net) != NULL) != direct)
            return refuse("net", net, "either devices or what is none, not both");
    }
    if (!direct && args.ip.n > 0)
        return refuse("ip", args.ip.value[0], "only with --net=direct:DEVICE");
    if (direct && args.ip.n > args.net.n)
        return refuse("ip", args.ip.value[args.net.n], "there are fewer devices than that");
    return 0;
}

static int check_addresses(void)
{
    struct address_config address;
    uint32_t server;
    for (size_t i = 0; i < args.ip.n; i++)
        if (strcmp(args.ip.value[i], "dhcp") != 0 &&
            address_parse_config(args.ip.value[i], &address) != 0)
            return refuse("ip", args.ip.value[i], "must be dhcp or A.B.C.D/N[,GATEWAY]");
    for (size_t i = 0; i < args.dns.n; i++)
        if (address_parse(args.dns.value[i], &server) != 0)
            return refuse("dns", args.dns.value[i], "must be an IPv4 address");
    if (args.dns.n > STACK_DNS_MAX)
        return refuse("dns", args.dns.value[STACK_DNS_MAX], "there are too many");
    return 0;
}

static bool is_one_of(const char *word, const char *one, const char *other)
{
    return strcmp(word, one) == 0 || strcmp(word, other) == 0;
}

int direct_check(const char *net)
{
    int error;
    if (args.net.n == 0)
        args.net.value[args.net.n++] = net;
    error = check_net();
    if (error == 0)
        error = check_addresses();
    if (error == 0 && !is_one_of(args.tcp_cc, "cubic", "reno"))
        error = refuse("tcp-cc", args.tcp_cc, "must be cubic or reno");
    if (error == 0 && args.address_check && !is_one_of(args.address_check, "before", "meanwhile"))
        error = refuse("address-check", args.address_check, "must be before or meanwhile");
    return error;
}

static void read_config(struct stack_config *config)
{
    config->hostname = args.hostname;
    if (args.address_check)
        config->at_once = strcmp(args.address_check, "meanwhile") == 0;
    config->tcp.options.cc = strcmp(args.tcp_cc, "reno") == 0 ? &cc_reno : &cc_cubic;
    for (size_t i = 0; i < args.dns.n; i++)
        address_parse(args.dns.value[i], &config->dns[config->n_dns++]);
}

static int add_device(size_t i, struct stack *s)
{
    struct address_config address;
    const char *ip = i < args.ip.n ? args.ip.value[i] : "dhcp";
    struct stack_interface interface = {.device = device_of(args.net.value[i])};
    int error;
    if (strcmp(ip, "dhcp") != 0 && address_parse_config(ip, &address) == 0)
        interface.address = &address;
    error = stack_add(s, &interface);
    if (error != 0)
        log_error("--net=%s: %s", args.net.value[i],
                  error == -EINVAL ? "there is no such kind of device" : strerror(-error));
    return error;
}

int direct_open(struct stack_config *config, struct stack **stack)
{
    struct stack *s;
    int error = 0;
    read_config(config);
    s = stack_new(config);
    if (s == NULL) {
        log_error("cannot start: no memory for the network");
        return -ENOMEM;
    }
    for (size_t i = 0; i < args.net.n && error == 0; i++)
        error = add_device(i, s);
    if (error != 0) {
        stack_free(s);
        return error;
    }
    stack_register_counters(s);
    *stack = s;
    return 0;
}
