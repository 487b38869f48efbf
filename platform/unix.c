/*
 * unix.c - the platform that programs for UNIX are linked with: see runtime/platform.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/platform.h"
#include "runtime/unix/unix.h"

#include <errno.h>
#include <string.h>

LOG_MODULE(platform);

static struct {
    const char *net;
} args = {.net = "socket"};

const struct config_option platform_options[] = {
    {"net", CONFIG_STRING, &args.net, 0, 0, "NET", "connections go through: socket (the kernel)"},
    {0},
};

static int check_args(void)
{
    if (strcmp(args.net, "socket") == 0)
        return 0;
    log_error("--net=%s: must be socket", args.net);
    return -EINVAL;
}

int platform_open(void)
{
    int error = check_args();
    if (error != 0)
        return error;
    if ((error = loop_open()) == 0 && (error = unix_devices_open()) != 0)
        loop_close();
    if (error != 0)
        log_error("cannot start: %s", strerror(-error));
    return error;
}

struct net *platform_net(void)
{
    return unix_net();
}

void platform_close(void)
{
    unix_devices_close();
    loop_close();
}
