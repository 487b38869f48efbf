/*
 * solution.c - exercise 7, solved: the six functions are those of Morgana's own app `router`,
 * controller/apps/forwarding.c, which this program is linked with.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "examples/run_app.h"

int main(int argc, char **argv)
{
    return run_app(&router_app, argc, argv);
}
