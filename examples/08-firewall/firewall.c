/*
 * firewall.c - exercise 8: a firewall before a learning switch. README.md beside it says what to
 * write; as it is here it reads the rules and lets everything through.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/apps/rules.h"
#include "examples/run_app.h"
#include "runtime/log.h"

LOG_MODULE(firewall);

#define MAX_RULES 1000
#define IDLE      30 /* seconds that an entry may go unused */

static const char *file = "net.rules";
static struct config_list no_lines;

static const struct config_option option_rows[] = {
    {"rules", CONFIG_STRING, &file, 0, 0, "PATH", "the file of rules"},
    {0},
};

struct firewall {
    struct ctl *ctl;
    struct rules rules;
};

static struct firewall firewall;

static bool read_rules(struct rules *rules)
{
    const struct line_source from = {.path = file, .option = "", .lines = &no_lines};
    return rules_read(rules, &from, MAX_RULES, "rules");
}

static enum rule_verdict judge(const struct rules *rules, uint64_t dpid, const struct ofp_key *key)
{
    (void)rules;
    (void)dpid;
    (void)key;
    /* Here: ask the rules one after the other; the first one that matches decides. */
    return RULE_ALLOW;
}

static void drop_in_switch(struct ctl_dp *dp, const struct ctl_packet *packet)
{
    (void)dp;
    (void)packet;
    /* Here: install an entry that drops packets like this one for IDLE seconds. */
}

static void forget_entries(void *user, struct ctl_dp *dp)
{
    (void)user;
    (void)dp;
    /* Here: the rules are others now. Delete what the switch has learned under the old ones. */
}

static bool firewall_packet_in(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    const struct firewall *f = self;

    if (judge(&f->rules, ctl_dp_id(dp), &packet->key) != RULE_DENY)
        return false; /* the learning switch, behind us, sends it on */
    drop_in_switch(dp, packet);
    return true;
}

/* The file has changed, and somebody has said so (SIGHUP). */
static void firewall_reload(void *self)
{
    struct firewall *f = self;
    struct rules new_rules;

    if (!read_rules(&new_rules))
        return; /* its errors have been logged; the old ones hold on */
    rules_free(&f->rules);
    f->rules = new_rules;
    log_info("the rules have changed");
    ctl_each_dp(f->ctl, forget_entries, NULL);
}

static void *firewall_create(struct ctl *ctl)
{
    firewall.ctl = ctl;
    return read_rules(&firewall.rules) ? &firewall : NULL;
}

static void firewall_destroy(void *self)
{
    rules_free(&((struct firewall *)self)->rules);
}

static const struct ctl_app_type firewall_type = {
    .name = "rules-firewall",
    .help = "Exercise 8: what the rules deny does not get through.",
    .options = option_rows,
    .create = firewall_create,
    .destroy = firewall_destroy,
    .packet_in = firewall_packet_in,
    .reload = firewall_reload,
};

int main(int argc, char **argv)
{
    const struct ctl_app_type *const apps[] = {&firewall_type, &learning_app, NULL};

    return run_apps(apps, argc, argv);
}
