/*
 * loop_run.c - turning the loop until it is stopped, where time is real: on UNIX and on Xen.
 *
 * The platform's loop.c supplies loop_turn(). In virtual time (runtime/sim/) who turns the loop
 * also moves the clock, and does it otherwise.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/loop.h"

static bool stopping;
static int stop_status;

int loop_run(void)
{
    while (!stopping)
        loop_turn(true);
    stopping = false;
    return stop_status;
}

void loop_stop(int status)
{
    stopping = true;
    stop_status = status;
}

bool loop_poll(void)
{
    return loop_turn(false);
}
