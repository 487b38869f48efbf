/*
 * rules.c - reading a firewall's rules, and asking them; see rules.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/rules.h"

#include "openflow/action.h"
#include "openflow/frame_headers.h"
#include "openflow/parse.h"
#include "runtime/log.h"

#include <stdio.h>
#include <string.h>

LOG_MODULE(rules);

static const char *const blanks = " \t\r\n";

/* --- A rule ---------------------------------------------------------------------------------- */

enum rule_verdict rule_verdict(const struct flow_line *rule)
{
    if (rule->actions_len == 0)
        return RULE_DENY;
    return rule->cookie & RULE_REPLIES ? RULE_ALLOW_REPLIES : RULE_ALLOW;
}

/* The whole packet comes to the controller: it may have to be sent back. */
static struct flow_line rule_of(enum rule_verdict verdict, unsigned line)
{
    struct flow_line f = {.all = true, .line = line, .cookie = RULE_COOKIE | line};
    struct buf actions = buf_of(f.actions, sizeof f.actions);
    if (verdict != RULE_DENY)
        ofp_put_output(&actions, OFPP_CONTROLLER, UINT16_MAX);
    if (verdict == RULE_ALLOW_REPLIES)
        f.cookie |= RULE_REPLIES;
    f.actions_len = actions.len;
    return f;
}

/* The first RULE_PRIORITY is left to what goes before all rules. */
static const char *put_rule(struct rules *rules, struct flow_line *f, char *error)
{
    f->priority = (uint16_t)(RULE_PRIORITY - 1 - rules->set.n);
    return flow_set_put(&rules->set, f, error);
}

/* One without wildcards would go before all others, whatever its priority. */
static const char *refuse_exact(const struct ofp_match *match)
{
    struct ofp_key key, mask;
    return ofp_match_canonical(match, &key, &mask) == 0
               ? "all twelve fields are named, and such a flow goes before all others (section "
                 "3.4): leave one out, nw_tos perhaps"
               : NULL;
}

static bool names_ports(const struct ofp_match *match)
{
    uint32_t wild = be32_get(match->wildcards);
    return (match->nw_proto == HDR_IP_TCP || match->nw_proto == HDR_IP_UDP) &&
           (wild & (OFPFW_TP_SRC | OFPFW_TP_DST)) != (OFPFW_TP_SRC | OFPFW_TP_DST);
}

static const char *add_rule(struct rules *rules, enum rule_verdict verdict, const char *text,
                            unsigned line, char *error)
{
    struct flow_line f = rule_of(verdict, line);
    const char *wrong;
    wrong = line_read_dpid(&text, &f.all, &f.dpid);
    if (wrong == NULL)
        wrong = ofp_parse_match(text, &f.match, error);
    if (wrong == NULL)
        wrong = refuse_exact(&f.match);
    if (wrong != NULL)
        return wrong;
    rules->names_ports |= names_ports(&f.match);
    return put_rule(rules, &f, error);
}

/* --- A line ---------------------------------------------------------------------------------- */

/* "default" or "fragments", and what it shall be. */
static const char *set_policy(const char *text, unsigned line, bool *allow, unsigned *said,
                              char *error)
{
    *allow = strcmp(text, "allow") == 0;
    if (!*allow && strcmp(text, "deny") != 0)
        return "say allow or deny";
    if (*said != 0) {
        snprintf(error, OFP_PARSE_ERROR, "line %u says that already: leave one of the two out",
                 *said);
        return error;
    }
    *said = line;
    return NULL;
}

/* Cut the first word off. Returns the rest, without the blanks around it. */
static char *cut_word(char *text)
{
    char *rest = text + strcspn(text, blanks);
    size_t n;
    if (*rest != '\0')
        *rest++ = '\0';
    rest += strspn(rest, blanks);
    for (n = strlen(rest); n > 0 && strchr(blanks, rest[n - 1]) != NULL; n--)
        rest[n - 1] = '\0';
    return rest;
}

static const char *take_line(void *user, const char *said, unsigned line, char *error)
{
    static const char *const verdicts[] = {"deny", "allow", "allow+replies"};
    struct rules *rules = user;
    char copy[LINE_FILE_MAX], *text = copy, *rest;
    snprintf(copy, sizeof copy, "%.*s", (int)strcspn(said, "#"), said);
    text += strspn(text, blanks);
    rest = cut_word(text);
    if (*text == '\0')
        return NULL;
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++)
        if (strcmp(text, verdicts[i]) == 0)
            return add_rule(rules, (enum rule_verdict)i, rest, line, error);
    if (strcmp(text, "default") == 0)
        return set_policy(rest, line, &rules->default_allow, &rules->default_line, error);
    if (strcmp(text, "fragments") == 0)
        return set_policy(rest, line, &rules->fragments_allow, &rules->fragments_line, error);
    return "a line begins with allow, allow+replies, deny, default or fragments";
}

#define RULES_UNWRITTEN 4 /* at most */

/* --- What no line says ----------------------------------------------------------------------- */

static const char *deny_fragments(struct rules *rules, uint8_t proto, char *error)
{
    struct flow_line f = rule_of(RULE_DENY, rules->fragments_line);
    f.match = ofp_match_any();
    f.match.wildcards =
        be32_of(be32_get(f.match.wildcards) &
                ~(uint32_t)(OFPFW_DL_TYPE | OFPFW_NW_PROTO | OFPFW_TP_SRC | OFPFW_TP_DST));
    f.match.dl_type = be16_of(HDR_ETH_IPV4);
    f.match.nw_proto = proto;
    f.priority = RULE_PRIORITY;
    return flow_set_put(&rules->set, &f, error);
}

static const char *add_fragments(struct rules *rules, char *error)
{
    const char *wrong;
    if (rules->fragments_line != 0 ? rules->fragments_allow : !rules->names_ports)
        return NULL;
    wrong = deny_fragments(rules, HDR_IP_TCP, error);
    return wrong != NULL ? wrong : deny_fragments(rules, HDR_IP_UDP, error);
}

static const char *add_last(struct rules *rules, char *error)
{
    struct flow_line arp = rule_of(RULE_ALLOW, 0);
    struct flow_line last =
        rule_of(rules->default_allow ? RULE_ALLOW : RULE_DENY, rules->default_line);
    const char *wrong;
    arp.match = last.match = ofp_match_any();
    arp.match.wildcards = be32_of(be32_get(arp.match.wildcards) & ~(uint32_t)OFPFW_DL_TYPE);
    arp.match.dl_type = be16_of(HDR_ETH_ARP);
    wrong = put_rule(rules, &arp, error);
    return wrong != NULL ? wrong : put_rule(rules, &last, error);
}

/* --- All of them ----------------------------------------------------------------------------- */

/* The rest follows; what is the same twice cannot be, as no two have the same priority and match.
 */
static bool complete(struct rules *rules)
{
    char error[OFP_PARSE_ERROR];
    unsigned line;
    const char *wrong;
    rules->set.max += RULES_UNWRITTEN;
    wrong = add_last(rules, error);
    if (wrong == NULL)
        wrong = add_fragments(rules, error);
    if (wrong == NULL)
        wrong = flow_set_close(&rules->set, &line, error);
    if (wrong != NULL)
        log_error("%s", wrong);
    return wrong == NULL;
}

bool rules_read(struct rules *rules, const struct line_source *from, size_t max,
                const char *max_option)
{
    *rules = (struct rules){.set = flow_set_new(max, max_option)};
    if (lines_read(from, take_line, rules) && complete(rules))
        return true;
    rules_free(rules);
    return false;
}

void rules_free(struct rules *rules)
{
    flow_set_free(&rules->set);
    *rules = (struct rules){0};
}

const struct flow_line *rules_judge(const struct rules *rules, uint64_t dpid,
                                    const struct ofp_key *key)
{
    size_t i = 0;
    while (!rule_matches(rule_at(rules, i), dpid, key))
        i++;
    return rule_at(rules, i);
}
