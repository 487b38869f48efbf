/*
 * rules.h - a firewall's rules as people write them into a file.
 *
 * A line is a verdict and a match in ovs-ofctl's syntax (openflow/parse.h); the first rule that
 * matches a packet decides, so order is all:
 *
 *     # the web server, for everybody but one network
 *     deny           ip,nw_src=10.0.66.0/24
 *     allow          tcp,nw_dst=10.0.0.9,tp_dst=80
 *     allow+replies  tcp,in_port=1,dl_src=02:00:00:00:00:01
 *     default deny
 *
 * `allow+replies` allows the answers too, for as long as there is traffic. Before the match may
 * stand `dpid=HEX,`: the rule is then for this switch, else for all. A match that is left out is
 * everything. The last rule is `default allow` or `default deny`, wherever it stands and `deny` if
 * it does not; just before it ARP is allowed, without which nobody finds anybody. What follows a #
 * means nothing.
 *
 * OpenFlow 1.0 sees no ports in a fragment, not even in the first one: tp_src and tp_dst are 0
 * (section 3.4). So who cuts a datagram in pieces would get around any rule that names ports.
 * Therefore, if there is such a rule, TCP and UDP with both ports 0 are denied before all rules,
 * unless the file says `fragments allow`; `fragments deny` says so in any case. An ICMP fragment
 * looks like an echo reply.
 *
 * A rule is kept as the flow that enforces it (flow_file.h): one that denies has no actions, one
 * that allows sends to the controller, where the app behind the firewall forwards the packet and,
 * as a rule, those like it by an exact flow. Priorities descend from line to line.
 *
 * Called by firewall.c and by exercise 8.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_RULES_H
#define MORGANA_CONTROLLER_APPS_RULES_H

#include "controller/apps/flow_file.h"
#include "controller/apps/line_file.h"

enum rule_verdict { RULE_DENY, RULE_ALLOW, RULE_ALLOW_REPLIES };

#define RULES_MAX     30000
#define RULE_PRIORITY 65000 /* of the first one; others count down from it */

/* A rule's cookie: this, RULE_REPLIES perhaps, and its line; 0 for what no line says. */
#define RULE_COOKIE  0x7275d1e500000000u
#define RULE_REPLIES 0x80000000u
#define RULE_LINE    0x7fffffffu

struct rules {
    struct flow_set set; /* by ascending priority: the last is the first rule */
    unsigned default_line, fragments_line;
    bool default_allow, fragments_allow, names_ports;
};

/* Read rules: at most `max`, which is the value of this option. False if there are errors: each has
 * been logged; there is nothing to free then. */
bool rules_read(struct rules *rules, const struct line_source *from, size_t max,
                const char *max_option);
void rules_free(struct rules *rules);

/* The rule number i, from 0 on, in the order in which they are asked; there are rules->set.n. */
static inline const struct flow_line *rule_at(const struct rules *rules, size_t i)
{
    return &rules->set.flow[rules->set.n - 1 - i];
}

/* Is it for packets with this key on this datapath? */
static inline bool rule_matches(const struct flow_line *rule, uint64_t dpid,
                                const struct ofp_key *key)
{
    return (rule->all || rule->dpid == dpid) && ofp_key_matches(key, &rule->key, &rule->mask);
}

enum rule_verdict rule_verdict(const struct flow_line *rule);

/* The first rule that matches: there is one. */
const struct flow_line *rules_judge(const struct rules *rules, uint64_t dpid,
                                    const struct ofp_key *key);

#endif
