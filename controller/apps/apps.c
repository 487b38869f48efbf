/*
 * apps.c - the apps that come with Morgana, by name. A new app gets its place here.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"

#include <string.h>

const struct ctl_app_type *const ctl_apps[] = {
    &balancer_app, &discovery_app, &firewall_app, &hub_app,    &learning_app, &monitor_app,
    &paths_app,    &router_app,    &slicer_app,   &static_app, &stp_app,      NULL};

const struct ctl_app_type *ctl_app_by_name(const char *name)
{
    const struct ctl_app_type *const *type = ctl_apps;
    while (*type != NULL && strcmp((*type)->name, name) != 0)
        type++;
    return *type;
}
