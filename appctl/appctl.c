/*
 * appctl.c - the control channel as a whole: where it listens, which commands there are.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "appctl/internal.h"
#include "runtime/counter.h"
#include "runtime/entropy.h"
#include "runtime/program.h"

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
    const struct config_option all[APPCTL_N_OPTIONS] = {
        {"ctl", CONFIG_LIST, &c->names, 0, 0, "NAME",
         "take ovs-appctl's commands at punix:PATH, ptcp:[PORT][:IP]"},
        {"ctl-connections", CONFIG_UINT, &c->max_connections, 1, 1024, "N", "of those at once"},
        {"ctl-reply", CONFIG_UINT, &c->max_reply, 4096, 1u << 28, "BYTES",
         "the longest answer to a command"},
        {0},
    };
    bytes_copy(rows, all, sizeof all);
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

/* Run it with its arguments as strings. */
static void run(const struct appctl_command *row, void *user, struct appctl_reply *reply,
                json_t *params)
{
    size_t argc = json_array_size(params), i = 0;
    const char **argv = calloc(argc + 1, sizeof *argv);

    if (argv == NULL) {
        appctl_fail(reply, "no memory");
        return;
    }
    while (i < argc && (argv[i] = json_string_value(json_array_get(params, i))) != NULL)
        i++;
    if (i == argc)
        row->run(user, reply, argc, argv);
    else
        appctl_fail(reply, "\"%s\": argument %zu is not a string", row->name, i + 1);
    free(argv);
}

void appctl_run(struct appctl *a, struct appctl_reply *reply, const char *method, json_t *params)
{
    size_t argc = json_array_size(params);
    const struct appctl_command *row;
    void *user;

    row = find(a, method, &user);
    if (row == NULL)
        appctl_fail(reply, "\"%.80s\" is not a command; \"list-commands\" says those there are",
                    method);
    else if (argc < row->min || argc > row->max)
        appctl_fail(reply, "\"%s\" takes other arguments: %s %s", row->name, row->name,
                    row->usage[0] != '\0' ? row->usage : "(none)");
    else
        run(row, user, reply, params);
}

/* --- The beginning and the end --------------------------------------------------------------- */

static void on_accept(void *user, struct stream *s)
{
    appctl_attach(user, s);
}

/* Who manages a program calls it; it calls nobody. */
static int listen_at(struct appctl *a, struct net *net, const char *name)
{
    struct endpoint ep;
    const char *where = NULL;
    int error = endpoint_parse(&ep, name, 0);
    if (error == 0 && !ep.passive)
        error = -EINVAL;
    if (error == 0)
        error = serve(&a->server, net, name, 0, &where);
    if (error == 0)
        log_info("taking commands at %s", where);
    else
        log_error("--ctl=%s: %s", name,
                  error == -EINVAL ? "not punix:PATH or ptcp:[PORT][:IP]"
                                   : program_serve_error(error));
    return error;
}

struct appctl *appctl_open(const struct appctl_config *config, const char *program, struct net *net)
{
    struct appctl *a = calloc(1, sizeof *a);
    if (a == NULL) {
        log_error("no memory");
        return NULL;
    }
    a->config = *config;
    a->program = program;
    a->server = (struct server){.accept = on_accept, .user = a};
    list_init(&a->peers);
    serve_init(&a->server);
    counter_register(&counter_set);
    json_object_seed((size_t)entropy_u64() | 1); /* Jansson would look for some elsewhere */
    appctl_add(a, appctl_builtin, a);
    for (size_t i = 0; i < config->names.n; i++)
        if (listen_at(a, net, config->names.value[i]) != 0) {
            appctl_close(a);
            return NULL;
        }
    return a;
}

void appctl_close(struct appctl *a)
{
    if (a == NULL)
        return;
    serve_end(&a->server);
    while (!list_empty(&a->peers))
        appctl_peer_end(a);
    free(a);
}
