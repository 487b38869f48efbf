/*
 * run_app.h - a controller with one app, or a chain of them, as a program, so that an exercise is
 * the app alone.
 *
 * Called by the exercises' main(). What it does is what controller/main.c does for the apps that
 * come with Morgana.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_EXAMPLES_RUN_APP_H
#define MORGANA_EXAMPLES_RUN_APP_H

#include "controller/ctl.h"

/* Read the options (--listen=ptcp:PORT, --ctl=punix:PATH, the app's own, ...; --help), wait for
 * switches, and show them to `app` until the program is ended. Returns its exit status. */
int run_app(const struct ctl_app_type *app, int argc, char **argv);

/* The same for a chain of apps, which ends with NULL; at most CTL_APPS_MAX. The program is called
 * and described as the first of them that is not one of those that come with Morgana. */
int run_apps(const struct ctl_app_type *const *apps, int argc, char **argv);

#endif
