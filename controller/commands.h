/*
 * commands.h - what an operator may tell the controller over its control channel (appctl/).
 *
 * The commands are listed in morgana-controller(8). Called by the entry file.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_COMMANDS_H
#define MORGANA_CONTROLLER_COMMANDS_H

#include "controller/ctl.h"

/* Offer the controller's commands and those of its apps, all of which have been added. The
 * controller must outlive `a`. */
void controller_commands(struct appctl *a, struct ctl *ctl);

#endif
