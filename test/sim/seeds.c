/*
 * seeds.c - the main() of simulations: see seeds.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/sim/seeds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
    bool help;
    uint64_t seed;
    const char *seeds;
} options;

static const struct config_option rows[] = {
    {"seed", CONFIG_UINT, &options.seed, 1, 0, "N", "run this seed only"},
    {"seeds", CONFIG_STRING, &options.seeds, 0, 0, "A-B", "run these seeds"},
    {"help", CONFIG_FLAG, &options.help, 0, 0, NULL, "show this"},
    {0},
};

static int run_range(const struct simulation *s, const char *program, uint64_t first, uint64_t last)
{
    unsigned passed = 0, bad = 0;
    for (uint64_t seed = first; seed <= last && seed >= first; seed++) {
        bool well = s->run(program, seed, first == last);
        passed += well;
        bad += !well;
    }
    if (s->never_happened && passed + bad >= s->many)
        bad += s->never_happened();
    printf("%u passed, %u failed\n", passed, bad);
    return bad == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void print_line(void *user, const char *line)
{
    (void)user;
    puts(line);
}

static int usage(const struct simulation *s, const char *message)
{
    fprintf(stderr, "%s: %s\n", s->name, message);
    return 2;
}

int seeds_main(const struct simulation *s, int argc, char **argv)
{
    const struct config_option *const tables[] = {rows, s->options, NULL};
    const struct config config = {s->name, "[OPTION]...", s->help, tables, NULL};
    uint64_t first, last;
    char error[CONFIG_ERROR];
    const char *wrong;
    int rest;
    options.seeds = s->seeds;
    if (config_parse(&config, argc, argv, &rest, error) != 0)
        return usage(s, error);
    if (options.help) {
        config_help(&config, print_line, NULL);
        return EXIT_SUCCESS;
    }
    if (sscanf(options.seeds, "%" SCNu64 "-%" SCNu64, &first, &last) != 2)
        return usage(s, "--seeds: write two numbers, as in 1-100");
    if (options.seed != 0)
        first = last = options.seed;
    wrong = s->refuse ? s->refuse() : NULL;
    return wrong ? usage(s, wrong) : run_range(s, argv[0], first, last);
}
