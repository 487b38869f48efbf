/*
 * patient.h - an agent that asks for an echo so late that a test's steps are not disturbed.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_PATIENT_H
#define MORGANA_TEST_UNIT_PATIENT_H

#include "runtime/timer.h"
#include "switch/agent.h"

/* The agent's defaults, but after 15 s an echo request and after 45 s the end. */
static inline void patient_defaults(struct agent_config *config)
{
    agent_defaults(config);
    config->echo_interval = 15 * NS_PER_S;
    config->echo_limit = 45 * NS_PER_S;
}

#endif
