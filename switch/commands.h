/*
 * commands.h - what an operator may tell the switch over its control channel (appctl/).
 *
 * The commands are listed in morgana-switch(8). Called by the entry file.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_COMMANDS_H
#define MORGANA_SWITCH_COMMANDS_H

#include "appctl/appctl.h"
#include "switch/agent.h"

/* Offer the switch's commands. The agent must outlive `a`. */
void switch_commands(struct appctl *a, struct agent *agent);

/* flow_commands.c: those about flows; their user is the struct agent. */
extern const struct appctl_command switch_flow_commands[];

#endif
