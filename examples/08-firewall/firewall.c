/*
 * firewall.c - exercise 8: a firewall before a learning switch. README.md beside it says what to
 * write; as it is here everything gets through.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "examples/08-firewall/filter.h"
#include "examples/run_app.h"

enum rule_verdict judge(const struct rules *rules, uint64_t dpid, const struct ofp_key *key)
{
    (void)rules;
    (void)dpid;
    (void)key;
    /* Here: ask the rules one after the other; the first one that matches decides. */
    return RULE_ALLOW;
}

void drop_in_switch(struct ctl_dp *dp, const struct ctl_packet *packet)
{
    (void)dp;
    (void)packet;
    /* Here: install an entry that drops packets like this one for IDLE seconds. */
}

void forget_entries(void *user, struct ctl_dp *dp)
{
    (void)user;
    (void)dp;
    /* Here: the rules are others now. Delete what the switch has learned under the old ones. */
}

int main(int argc, char **argv)
{
    const struct ctl_app_type *const apps[] = {&filter_app, &learning_app, NULL};

    return run_apps(apps, argc, argv);
}
