/*
 * xen.c - the platform that kernels for Xen are linked with: see runtime/platform.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/platform.h"

#include <string.h>

LOG_MODULE(platform);

const struct config_option platform_options[] = {
    {0},
};

int platform_open(void)
{
    int error = loop_open();
    if (error != 0)
        log_error("cannot start: %s", strerror(-error));
    return error;
}

struct net *platform_net(void)
{
    return NULL;
}

void platform_close(void)
{
    loop_close();
}
