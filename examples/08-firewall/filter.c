/*
 * filter.c - the app around the three functions of exercise 8: see filter.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "examples/08-firewall/filter.h"
#include "runtime/log.h"

LOG_MODULE(firewall);

#define MAX_RULES 1000

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

const struct ctl_app_type filter_app = {
    .name = "rules-firewall",
    .help = "Exercise 8: what the rules deny does not get through.",
    .options = option_rows,
    .create = firewall_create,
    .destroy = firewall_destroy,
    .packet_in = firewall_packet_in,
    .reload = firewall_reload,
};
