/*
 * static_flows.c - the app `static`: flows from a file, on each switch that they are for.
 *
 * Flows come from --static-file (flow_file.h says how lines look) and, where there are no files,
 * from --static-flow=LINE, again and again. They are sent when a switch joins. On SIGHUP, or by the
 * command static/reload, the file is read again, and the switches that have joined are told of the
 * differences only. A file with an error changes nothing.
 *
 * Static flows stay: each asks for a flow-removed message, and one that somebody deletes, an app
 * before this one or a person, is sent again. What times out, as it was written to, is not.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/apps/flow_sync.h"
#include "controller/apps/line_file.h"
#include "openflow/parse.h"
#include "runtime/counter.h"
#include "runtime/log.h"

#include <stdlib.h>

LOG_MODULE(static);

#define MAX_OPTION "static-max"

static struct {
    const char *file;
    struct config_list flows;
    uint64_t max;
} options = {.max = 65536};

static const struct config_option option_rows[] = {
    {"static-file", CONFIG_STRING, &options.file, 0, 0, "PATH", "flows in ovs-ofctl's syntax"},
    {"static-flow", CONFIG_LIST, &options.flows, 0, 0, "LINE", "a flow, as in a line of the file"},
    {MAX_OPTION, CONFIG_UINT, &options.max, 1, 1 << 24, "N", "static flows"},
    {0},
};

static struct {
    struct flow_sync_counts sent;
    uint64_t restored, reloads, bad_files;
} counters;

static const char *const counter_names[] = {"added", "deleted", "restored", "reloads", "bad_files"};

static struct counter_set counter_set = {
    .module = "static",
    .names = counter_names,
    .values = (const uint64_t *)&counters,
    .n = sizeof counter_names / sizeof counter_names[0],
};

struct static_flows {
    struct ctl *ctl;
    struct flow_set set;
};

/* --- Reading --------------------------------------------------------------------------------- */

static const char *add_line(void *user, const char *text, unsigned line, char *error)
{
    return flow_set_add(user, text, line, error);
}

static bool read_all(struct flow_set *set)
{
    const struct line_source from = {options.file, "--static-flow", &options.flows};
    char error[OFP_PARSE_ERROR];
    const char *wrong;
    unsigned line;
    if (!lines_read(&from, add_line, set))
        return false;
    wrong = flow_set_close(set, &line, error);
    if (wrong != NULL)
        log_error("%s:%u: %s", options.file != NULL ? options.file : "--static-flow", line, wrong);
    return wrong == NULL;
}

/* Returns whether the file was good. */
static bool reload(struct static_flows *app)
{
    static const struct flow_step steps[] = {{OFPFC_DELETE_STRICT, true, true},
                                             {OFPFC_ADD, true, true}};
    struct flow_set new = flow_set_new(options.max, MAX_OPTION), old = app->set;
    counters.reloads++;
    if (!read_all(&new)) {
        counters.bad_files++;
        log_error("the flows stay as they were: mend the lines above and reload");
        flow_set_free(&new);
        return false;
    }
    app->set = new;
    flow_sets_change(app->ctl, &old, &new, steps, 2, &counters.sent);
    log_info("%zu flows, %zu before", new.n, old.n);
    flow_set_free(&old);
    return true;
}

static void static_reload(void *self)
{
    reload(self);
}

static void reload_command(void *user, struct appctl_reply *reply, size_t argc,
                           const char *const *argv)
{
    struct static_flows *app = user;
    (void)argc;
    (void)argv;
    if (reload(app))
        appctl_say(reply, "%zu flows\n", app->set.n);
    else
        appctl_fail(reply, "the flows stay as they were: the log says which lines are wrong");
}

static const struct appctl_command command_rows[] = {
    {"static/reload", "", 0, 0, reload_command},
    {0},
};

/* --- The app --------------------------------------------------------------------------------- */

static void *static_create(struct ctl *ctl)
{
    struct static_flows *app = calloc(1, sizeof *app);
    if (app == NULL)
        return NULL;
    *app = (struct static_flows){.ctl = ctl, .set = flow_set_new(options.max, MAX_OPTION)};
    if (options.file == NULL && options.flows.n == 0)
        log_warn("no flows: say --static-file=PATH or --static-flow=LINE");
    if (!read_all(&app->set)) {
        flow_set_free(&app->set);
        free(app);
        return NULL;
    }
    counter_register(&counter_set);
    return app;
}

static void static_destroy(void *self)
{
    struct static_flows *app = self;
    flow_set_free(&app->set);
    free(app);
}

static void static_join(void *self, struct ctl_dp *dp)
{
    const struct static_flows *app = self;
    flow_set_send(&app->set, dp, &counters.sent);
}

static void static_flow_removed(void *self, struct ctl_dp *dp,
                                const struct ofp_msg_flow_removed *removed)
{
    const struct static_flows *app = self;
    const struct flow_line *f = flow_set_lost(&app->set, dp, removed);
    if (f == NULL)
        return;
    counters.restored++;
    flow_line_send(f, dp, &counters.sent);
}

const struct ctl_app_type static_app = {
    .name = "static",
    .help = "flows from a file, on each switch that they are for; last in the chain",
    .options = option_rows,
    .create = static_create,
    .destroy = static_destroy,
    .join = static_join,
    .flow_removed = static_flow_removed,
    .reload = static_reload,
    .commands = command_rows,
};
