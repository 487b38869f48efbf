/*
 * config.h - one option grammar for the shell and for a domU's command line.
 *
 * Options are rows of a table: a name, what kind of value it takes, where the value goes. Both
 * `--name=value` and `--name value` are understood, `--flag` and `--no-flag`. In a domU the same
 * words come from one line (extra="..."), split at blanks outside quotes. A value out of range, an
 * unknown option and a missing value are said in words that tell what to do.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_CONFIG_H
#define MORGANA_RUNTIME_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#define CONFIG_ERROR     200
#define CONFIG_LIST_MAX  64
#define CONFIG_WORDS_MAX 128

enum config_kind {
    CONFIG_FLAG,     /* bool */
    CONFIG_STRING,   /* const char *, pointing into the words */
    CONFIG_UINT,     /* uint64_t within min..max; 0x prefix allowed */
    CONFIG_DURATION, /* uint64_t nanoseconds within min..max; "250ms", "5s", "2m"; bare: seconds */
    CONFIG_LIST,     /* struct config_list: may be given again and again */
};

struct config_list {
    const char *value[CONFIG_LIST_MAX];
    size_t n;
};

struct config_option {
    const char *name; /* without dashes */
    enum config_kind kind;
    void *target;      /* holds the default beforehand */
    uint64_t min, max; /* UINT, DURATION; max 0: no bound */
    const char *arg;   /* what the value is called in the help: "HOST" */
    const char *help;  /* one line */
};

/* A program's options: several tables (its own, its apps'), each ending in a row without a name. */
struct config {
    const char *program;                       /* "morgana-controller" */
    const char *synopsis;                      /* for the help's first line: "[OPTION]... FILE" */
    const char *about;                         /* one sentence */
    const struct config_option *const *tables; /* NULL-terminated */
    const struct config_option *const *help;   /* those that --help shows; NULL: all of them */
};

/* Read `argc` words (argv[0] is skipped). Those that are no options are moved, in order, to the
 * front of argv from 1 on, and *rest says how many; "--" ends the options. 0, or -EINVAL with a
 * message in `error` (CONFIG_ERROR bytes). "--help" and "--version" are the program's own flags. */
int config_parse(const struct config *c, int argc, char **argv, int *rest, char *error);

/* Split `line` (which is written to) into at most CONFIG_WORDS_MAX words, as many as argv has
 * places, argv[0] being the program's name. Returns argc, or -E2BIG, or -EINVAL for a quote left
 * open. */
int config_split(const struct config *c, char *line, char **argv);

/* The help for all tables, line by line; defaults are what the targets hold. */
void config_help(const struct config *c, void (*line)(void *user, const char *text), void *user);

#endif
