/*
 * solution.c - exercise 7, solved: the six functions are those of Morgana's own app `router`,
 * controller/apps/forwarding.c, which this program is linked with.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "examples/07-router/steps.h"
#include "examples/run_app.h"

int main(int argc, char **argv)
{
    const struct ctl_app_type *const apps[] = {&router_app, &steps_app, NULL};
    return run_apps(apps, argc, argv);
}
