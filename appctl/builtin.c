/*
 * builtin.c - the commands that every program has. Their names are Open vSwitch's where it has one.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "appctl/internal.h"
#include "runtime/counter.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    const struct appctl_command *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* All rows, if `rows` has a place for them. Returns how many there are. */
static size_t gather(const struct appctl *a, const struct appctl_command **rows)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_tables; i++)
        for (const struct appctl_command *row = a->table[i].rows; row->name != NULL; row++, n++)
            if (rows != NULL)
                rows[n] = row;
    return n;
}

static void list_commands(void *user, struct appctl_reply *reply, size_t argc,
                          const char *const *argv)
{
    const struct appctl *a = user;
    size_t n = gather(a, NULL);
    const struct appctl_command **rows = calloc(n, sizeof(void *));
    (void)argc;
    (void)argv;
    if (rows == NULL) {
        appctl_fail(reply, "no memory");
        return;
    }
    gather(a, rows);
    qsort(rows, n, sizeof(void *), by_name);
    appctl_say(reply, "The available commands are:\n");
    for (size_t i = 0; i < n; i++)
        appctl_say(reply, "  %-15s %s\n", rows[i]->name, rows[i]->usage);
    free(rows);
}

static void version(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    const struct appctl *a = user;
    (void)argc;
    (void)argv;
    appctl_say(reply, "%s %s\n", a->program, MORGANA_VERSION);
}

/* The reply still leaves, for this turn is finished. */
void appctl_exit(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    (void)user;
    (void)reply;
    (void)argc;
    (void)argv;
    loop_stop(EXIT_SUCCESS);
}

/* --- Counters, as SIGUSR1 shows them --------------------------------------------------------- */

static void say_line(void *user, const char *line)
{
    appctl_say(user, "%s\n", line);
}

static void counters(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    (void)user;
    (void)argc;
    (void)argv;
    counter_lines(say_line, reply);
}

/* --- The log --------------------------------------------------------------------------------- */

static void say_module(void *user, const char *module, const char *level)
{
    appctl_say(user, "%-15s %s\n", module, level);
}

static void log_list(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    (void)user;
    (void)argc;
    (void)argv;
    log_each(say_module, reply);
}

static void log_set(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    (void)user;
    (void)argc;
    if (log_set_levels(argv[0]) != 0)
        appctl_fail(reply,
                    "\"%.80s\" names no levels: say error, warn, info or debug, for all or as "
                    "MODULE:LEVEL, several with commas between",
                    argv[0]);
}

const struct appctl_command appctl_builtin[] = {
    {"counters", "", 0, 0, counters},      {"exit", "", 0, 0, appctl_exit},
    {"help", "", 0, 0, list_commands},     {"list-commands", "", 0, 0, list_commands},
    {"version", "", 0, 0, version},        {"vlog/list", "", 0, 0, log_list},
    {"vlog/set", "LEVELS", 1, 1, log_set}, {0},
};
