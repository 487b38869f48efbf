/*
 * static_flows.c - the app `static`: flows from a file, on each switch that they are for.
 *
 * Flows come from --static-file (flow_file.h says how lines look) and, where there are no files, as
 * in a domU, from --static-flow=LINE, again and again. They are sent when a switch joins. On
 * SIGHUP, or by the command static/reload, the file is read again, and the switches that have
 * joined are told of the differences only. A file with an error changes nothing.
 *
 * Static flows stay: each asks for a flow-removed message, and one that somebody deletes, an app
 * before this one or a person, is sent again. What times out, as it was written to, is not.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "controller/apps/flow_file.h"
#include "controller/apps/line_file.h"
#include "openflow/parse.h"
#include "runtime/counter.h"
#include "runtime/log.h"

#include <inttypes.h>
#include <stdlib.h>

LOG_MODULE(static);

static struct {
    const char *file;
    struct config_list flows;
    uint64_t max;
} options = {.max = 65536};

static const struct config_option option_rows[] = {
    {"static-file", CONFIG_STRING, &options.file, 0, 0, "PATH", "flows in ovs-ofctl's syntax"},
    {"static-flow", CONFIG_LIST, &options.flows, 0, 0, "LINE", "a flow, as in a line of the file"},
    {"static-max", CONFIG_UINT, &options.max, 1, 1 << 24, "N", "static flows"},
    {0},
};

static struct {
    uint64_t added, deleted, restored, reloads, bad_files;
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

/* --- Sending --------------------------------------------------------------------------------- */

static bool is_for(const struct flow_line *f, const struct ctl_dp *dp)
{
    return f->all || f->dpid == ctl_dp_id(dp);
}

static void send_flow(struct ctl_dp *dp, const struct flow_line *f, uint16_t command)
{
    /* Section 4.3: emergency flows leave in silence. */
    uint16_t report = f->flags & OFPFF_EMERG ? 0 : OFPFF_SEND_FLOW_REM;
    struct ofp_msg_flow_mod flow = {.match = &f->match,
                                    .cookie = f->cookie,
                                    .command = command,
                                    .priority = f->priority,
                                    .flags = f->flags,
                                    .out_port = OFPP_NONE};
    if (command == OFPFC_ADD) {
        flow.idle_timeout = f->idle;
        flow.hard_timeout = f->hard;
        flow.flags |= report;
        flow.actions = span_of(f->actions, f->actions_len);
    }
    if (ctl_flow_mod(dp, &flow, NULL) == 0)
        ++*(command == OFPFC_ADD ? &counters.added : &counters.deleted);
}

/* What to do on a datapath to come from one set to another. */
struct change {
    const struct flow_set *old, *new;
    uint16_t command; /* first the deletions, then the additions */
};

/* Both sets are sorted: one pass finds what is in one only, or differs. */
static void apply(void *user, struct ctl_dp *dp)
{
    const struct change *c = user;
    size_t i = 0, j = 0;
    while (i < c->old->n || j < c->new->n) {
        const struct flow_line *was = i < c->old->n ? &c->old->flow[i] : NULL;
        const struct flow_line *is = j < c->new->n ? &c->new->flow[j] : NULL;
        int order = was == NULL ? 1 : is == NULL ? -1 : flow_compare(was, is);
        i += order <= 0;
        j += order >= 0;
        if (order < 0 && c->command == OFPFC_DELETE_STRICT && is_for(was, dp))
            send_flow(dp, was, OFPFC_DELETE_STRICT);
        if (order >= 0 && c->command == OFPFC_ADD && is_for(is, dp) &&
            (order > 0 || !flow_same(was, is)))
            send_flow(dp, is, OFPFC_ADD);
    }
}

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
    struct flow_set new = flow_set_new(options.max), old = app->set;
    struct change change = {&old, &new, OFPFC_DELETE_STRICT};
    counters.reloads++;
    if (!read_all(&new)) {
        counters.bad_files++;
        log_error("the flows stay as they were: mend the lines above and reload");
        flow_set_free(&new);
        return false;
    }
    app->set = new;
    ctl_each_dp(app->ctl, apply, &change);
    change.command = OFPFC_ADD;
    ctl_each_dp(app->ctl, apply, &change);
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
    *app = (struct static_flows){.ctl = ctl, .set = flow_set_new(options.max)};
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
    for (size_t i = 0; i < app->set.n; i++)
        if (is_for(&app->set.flow[i], dp))
            send_flow(dp, &app->set.flow[i], OFPFC_ADD);
}

static void static_flow_removed(void *self, struct ctl_dp *dp,
                                const struct ofp_msg_flow_removed *removed)
{
    const struct static_flows *app = self;
    const struct flow_line *f =
        flow_set_find(&app->set, ctl_dp_id(dp), removed->match, removed->priority);
    if (f == NULL || removed->reason != OFPRR_DELETE || f->cookie != removed->cookie)
        return;
    counters.restored++;
    send_flow(dp, f, OFPFC_ADD);
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
