/*
 * apps.h - the apps that come with Morgana; apps.c lists them.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_APPS_H
#define MORGANA_CONTROLLER_APPS_APPS_H

#include "controller/ctl.h"

extern const struct ctl_app_type balancer_app, discovery_app, firewall_app, hub_app, learning_app,
    monitor_app, paths_app, router_app, slicer_app, static_app, stp_app;

#endif
