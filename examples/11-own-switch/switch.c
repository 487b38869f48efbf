/*
 * switch.c - exercise 11: a switch that loses packets, counts them and limits their rate. README.md
 * beside it says what to write.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "examples/run_switch.h"
#include "runtime/counter.h"

static struct {
    uint64_t drop; /* of a hundred packets */
    uint64_t rate; /* packets a second; 0: no limit */
} args;

static const struct config_option options[] = {
    {"drop", CONFIG_UINT, &args.drop, 0, 100, "PERCENT", "lose so many of a hundred packets"},
    {"rate", CONFIG_UINT, &args.rate, 0, 1000000, "N", "let so many packets a second through"},
    {0},
};

static struct {
    uint64_t seen, lost, limited;
} counters;

static const char *const counter_names[] = {"seen", "lost", "limited"};

static struct counter_set counter_set = {
    .module = "own",
    .names = counter_names,
    .values = (const uint64_t *)&counters,
    .n = sizeof counter_names / sizeof counter_names[0],
};

static enum dp_verdict before_lookup(void *user, struct pkt **p, const struct ofp_key *key)
{
    (void)user;
    (void)p;
    (void)key;
    /* Here: count the packet; decide whether it is lost, or one too many. */
    return DP_GO_ON;
}

static const struct dp_hooks hooks = {.before_lookup = before_lookup};

int main(int argc, char **argv)
{
    counter_register(&counter_set);
    return run_switch(&hooks, options, argc, argv);
}
