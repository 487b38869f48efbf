/*
 * run_app.h - a controller with one app as a program, so that an exercise is the app alone.
 *
 * Called by the exercises' main(). What it does is what controller/main.c does for many apps.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_EXAMPLES_RUN_APP_H
#define MORGANA_EXAMPLES_RUN_APP_H

#include "controller/ctl.h"

/* Read the options (--listen=ptcp:PORT, ...; --help), wait for switches, and show them to `app`
 * until the program is ended. Returns its exit status. */
int run_app(const struct ctl_app_type *app, int argc, char **argv);

#endif
