/*
 * solution.c - exercise 8, solved: a firewall before a learning switch.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "examples/08-firewall/filter.h"
#include "examples/run_app.h"
#include "openflow/match.h"

/* The first rule that matches decides. The file's last one matches everything. */
enum rule_verdict judge(const struct rules *rules, uint64_t dpid, const struct ofp_key *key)
{
    for (size_t i = 0; i < rules->set.n; i++)
        if (rule_matches(rule_at(rules, i), dpid, key))
            return rule_verdict(rule_at(rules, i));
    return RULE_DENY;
}

/* Packets like this one end in the switch from now on, and this one with them: an entry without
 * actions drops. */
void drop_in_switch(struct ctl_dp *dp, const struct ctl_packet *packet)
{
    struct ofp_msg_flow_mod flow = {
        .match = &packet->key.match,
        .command = OFPFC_ADD,
        .idle_timeout = IDLE,
        .out_port = OFPP_NONE,
    };

    ctl_flow_mod(dp, &flow, packet);
}

/* What the switch has learned under other rules is worth nothing: delete every entry. */
void forget_entries(void *user, struct ctl_dp *dp)
{
    const struct ofp_match all = ofp_match_any();
    struct ofp_msg_flow_mod flow = {
        .match = &all,
        .command = OFPFC_DELETE,
        .out_port = OFPP_NONE,
    };

    (void)user;
    ctl_flow_mod(dp, &flow, NULL);
}

int main(int argc, char **argv)
{
    const struct ctl_app_type *const apps[] = {&filter_app, &learning_app, NULL};

    return run_apps(apps, argc, argv);
}
