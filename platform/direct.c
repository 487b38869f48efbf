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

struct direct_args direct_args = {.tcp_cc = "cubic"};

static const char prefix[] = "direct:";

/* The device that an option names; NULL: it is no direct one. */
static const char *device_of(const char *net)
{
    return strncmp(net, prefix, sizeof prefix - 1) == 0 ? net + sizeof prefix - 1 : NULL;
}

bool direct_wanted(void)
{
    return direct_args.net.n > 0 && device_of(direct_args.net.value[0]) != NULL;
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
    for (size_t i = 0; i < direct_args.net.n; i++) {
        const char *net = direct_args.net.value[i];
        if (device_of(net) == NULL && strcmp(net, direct_other) != 0)
            return refuse_net(net);
        if ((device_of(net) != NULL) != direct)
            return refuse("net", net, "either devices or what is none, not both");
    }
    if (!direct && direct_args.ip.n > 0)
        return refuse("ip", direct_args.ip.value[0], "only with --net=direct:DEVICE");
    if (direct && direct_args.ip.n > direct_args.net.n)
        return refuse("ip", direct_args.ip.value[direct_args.net.n],
                      "there are fewer devices than that");
    return 0;
}

static int check_addresses(void)
{
    struct address_config address;
    uint32_t server;
    for (size_t i = 0; i < direct_args.ip.n; i++)
        if (strcmp(direct_args.ip.value[i], "dhcp") != 0 &&
            address_parse_config(direct_args.ip.value[i], &address) != 0)
            return refuse("ip", direct_args.ip.value[i], "must be dhcp or A.B.C.D/N[,GATEWAY]");
    for (size_t i = 0; i < direct_args.dns.n; i++)
        if (address_parse(direct_args.dns.value[i], &server) != 0)
            return refuse("dns", direct_args.dns.value[i], "must be an IPv4 address");
    if (direct_args.dns.n > STACK_DNS_MAX)
        return refuse("dns", direct_args.dns.value[STACK_DNS_MAX], "there are too many");
    return 0;
}

static bool is_one_of(const char *word, const char *one, const char *other)
{
    return strcmp(word, one) == 0 || strcmp(word, other) == 0;
}

int direct_check(const char *net)
{
    int error;
    if (direct_args.net.n == 0)
        direct_args.net.value[direct_args.net.n++] = net;
    error = check_net();
    if (error == 0)
        error = check_addresses();
    if (error == 0 && !is_one_of(direct_args.tcp_cc, "cubic", "reno"))
        error = refuse("tcp-cc", direct_args.tcp_cc, "must be cubic or reno");
    if (error == 0 && direct_args.address_check &&
        !is_one_of(direct_args.address_check, "before", "meanwhile"))
        error = refuse("address-check", direct_args.address_check, "must be before or meanwhile");
    return error;
}

static void read_config(struct stack_config *config)
{
    config->hostname = direct_args.hostname;
    if (direct_args.address_check)
        config->at_once = strcmp(direct_args.address_check, "meanwhile") == 0;
    config->tcp.options.cc = strcmp(direct_args.tcp_cc, "reno") == 0 ? &cc_reno : &cc_cubic;
    for (size_t i = 0; i < direct_args.dns.n; i++)
        address_parse(direct_args.dns.value[i], &config->dns[config->n_dns++]);
}

static int add_device(size_t i, struct stack *s)
{
    struct address_config address;
    const char *ip = i < direct_args.ip.n ? direct_args.ip.value[i] : "dhcp";
    struct stack_interface interface = {.device = device_of(direct_args.net.value[i])};
    int error;
    if (strcmp(ip, "dhcp") != 0 && address_parse_config(ip, &address) == 0)
        interface.address = &address;
    error = stack_add(s, &interface);
    if (error != 0)
        log_error("--net=%s: %s", direct_args.net.value[i],
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
    for (size_t i = 0; i < direct_args.net.n && error == 0; i++)
        error = add_device(i, s);
    if (error != 0) {
        stack_free(s);
        return error;
    }
    stack_register_counters(s);
    *stack = s;
    return 0;
}
