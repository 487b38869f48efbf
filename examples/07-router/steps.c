/*
 * steps.c - tries the functions of exercise 7 by themselves; see steps.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "examples/07-router/steps.h"
#include "appctl/appctl.h"
#include "controller/apps/forwarding.h"

#define ROOM 256 /* more than forward_rewrite() needs; actions are multiples of 8 bytes long */

static bool rewrite(uint8_t *area, size_t room, size_t *used)
{
    static const uint8_t src[OFP_ETH_ALEN] = {2, 0, 0, 0, 0, 1};
    static const uint8_t dst[OFP_ETH_ALEN] = {2, 0, 0, 0, 0, 2};
    struct buf list = buf_of(area, room);
    bool done = forward_rewrite(&list, src, dst);
    *used = list.len;
    return done;
}

/* All that it appends has room, and then all but a part of that. */
static void try_rewrite(struct appctl_reply *reply)
{
    uint8_t area[ROOM];
    size_t whole, used;

    if (!rewrite(area, ROOM, &whole))
        appctl_say(reply, "forward_rewrite() says false though there is room\n");
    for (size_t room = 0; room < whole; room += 8)
        if (rewrite(area, room, &used))
            appctl_say(reply, "forward_rewrite() says true with room for %zu of %zu bytes\n", room,
                       whole);
}

static void try_steps(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    (void)user;
    (void)argc;
    (void)argv;
    try_rewrite(reply);
}

static const struct appctl_command command_rows[] = {
    {"steps", "", 0, 0, try_steps},
    {0},
};

const struct ctl_app_type steps_app = {
    .name = "steps",
    .help = "Exercise 7: a router, and a command that tries its steps by themselves.",
    .commands = command_rows,
};
