/*
 * appctl.c - the commands that there are, and running one by its name.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "appctl/internal.h"
#include "runtime/counter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

LOG_MODULE(appctl);

struct appctl_counters appctl_counters;

static const char *const counter_names[] = {
    "connections", "displaced", "requests", "failed", "too_long", "bad",
};
_Static_assert(sizeof appctl_counters ==
                   sizeof counter_names / sizeof counter_names[0] * sizeof(uint64_t),
               "a name for each counter");

static struct counter_set counter_set = {
    .module = "appctl",
    .names = counter_names,
    .values = (const uint64_t *)&appctl_counters,
    .n = sizeof counter_names / sizeof counter_names[0],
};

void appctl_defaults(struct appctl_config *config)
{
    *config = (struct appctl_config){.max_connections = 8, .max_reply = 4 * 1024 * 1024};
}

void appctl_options(struct appctl_config *c, struct config_option rows[APPCTL_N_OPTIONS])
{
    const struct config_option own[] = {
        {"ctl-reply", CONFIG_UINT, &c->max_reply, 4096, 1u << 28, "BYTES",
         "the longest answer to a command"},
        {0},
    };
    bytes_copy(rows + appctl_way_options(c, rows), own, sizeof own);
}

/* --- Commands -------------------------------------------------------------------------------- */

int appctl_add(struct appctl *a, const struct appctl_command *rows, void *user)
{
    if (a->n_tables == APPCTL_TABLES_MAX)
        return -ENOSPC;
    a->table[a->n_tables++] = (struct appctl_table){rows, user};
    return 0;
}

static const struct appctl_command *find(const struct appctl *a, const char *name, void **user)
{
    for (size_t i = 0; i < a->n_tables; i++)
        for (const struct appctl_command *row = a->table[i].rows; row->name != NULL; row++)
            if (strcmp(row->name, name) == 0) {
                *user = a->table[i].user;
                return row;
            }
    return NULL;
}

static void run(struct appctl *a, struct appctl_reply *reply, const char *name, size_t argc,
                const char *const *argv)
{
    const struct appctl_command *row;
    void *user;

    row = find(a, name, &user);
    if (row == NULL)
        appctl_fail(reply, "\"%.80s\" is not a command; \"list-commands\" says those there are",
                    name);
    else if (argc < row->min || argc > row->max)
        appctl_fail(reply, "\"%s\" takes other arguments: %s %s", row->name, row->name,
                    row->usage[0] != '\0' ? row->usage : "(none)");
    else
        row->run(user, reply, argc, argv);
}

void appctl_answer(struct appctl *a, struct appctl_reply *reply, const char *name, size_t argc,
                   const char *const *argv)
{
    appctl_counters.requests++;
    if (!reply->failed)
        run(a, reply, name, argc, argv);
    appctl_counters.too_long += appctl_full(reply);
    appctl_reply_end(reply);
    appctl_counters.failed += reply->failed;
}

/* --- The beginning and the end --------------------------------------------------------------- */

struct appctl *appctl_open(const struct appctl_config *config, const char *program, struct net *net)
{
    struct appctl *a = calloc(1, sizeof *a);
    if (a == NULL) {
        log_error("no memory");
        return NULL;
    }
    a->config = *config;
    a->program = program;
    counter_register(&counter_set);
    appctl_add(a, appctl_builtin, a);
    a->way = appctl_way_open(a, net);
    if (a->way != NULL)
        return a;
    appctl_close(a);
    return NULL;
}

void appctl_close(struct appctl *a)
{
    if (a == NULL)
        return;
    appctl_way_close(a->way);
    free(a);
}
