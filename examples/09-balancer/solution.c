/*
 * solution.c - exercise 9, solved: the three functions are those of Morgana's own app `balancer`,
 * controller/apps/balancing.c, which this program is linked with.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "examples/run_app.h"

int main(int argc, char **argv)
{
    struct ctl_app_type balancer = balancer_app; /* the app around, with its options */
    const struct ctl_app_type *const apps[] = {&balancer, &learning_app, NULL};

    balancer.help = "Exercise 9: several servers behind one address.";
    return run_apps(apps, argc, argv);
}
