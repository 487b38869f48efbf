/*
 * balancer.c - exercise 9: who gets a connection, and what the switch writes into its packets.
 * README.md beside it says what to write; as it is here nobody is answered.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/apps/balancing.h"
#include "examples/run_app.h"

int balance_choose(struct servers *s, enum server_pick pick, const struct connection_id *id)
{
    (void)pick;
    (void)id;
    /* Here: choose by the connection. As it is, all go to the first server that is there. */
    for (size_t i = 0; i < s->n; i++)
        if (server_can_take(&s->server[i]))
            return (int)i;
    return -1;
}

bool balance_there(struct buf *actions, const struct backend *server)
{
    (void)actions;
    (void)server;
    /* Here: the packet is for the balanced address; send it to the server's addresses instead. */
    return false;
}

bool balance_back(struct ofp_match *match, struct buf *actions, const struct backend *server,
                  const struct balanced *balanced)
{
    (void)match;
    (void)actions;
    (void)server;
    (void)balanced;
    /* Here: turn the match around, and have the answer come from the balanced address. */
    return false;
}

int main(int argc, char **argv)
{
    struct ctl_app_type balancer = balancer_app; /* the app around, with its options */
    const struct ctl_app_type *const apps[] = {&balancer, &learning_app, NULL};

    balancer.help = "Exercise 9: several servers behind one address.";
    return run_apps(apps, argc, argv);
}
