/*
 * steps.h - exercise 7 is given this: an app with the command "steps", which tries of your
 * functions what no packet of the lab shows, and says what is wrong, a line each. ./try gives it.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_EXAMPLES_STEPS_H
#define MORGANA_EXAMPLES_STEPS_H

#include "controller/ctl.h"

extern const struct ctl_app_type steps_app;

#endif
