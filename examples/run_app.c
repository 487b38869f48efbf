/*
 * run_app.c - a controller with a chain of apps as a program; see run_app.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "examples/run_app.h"
#include "appctl/appctl.h"
#include "controller/commands.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/platform.h"
#include "runtime/program.h"

#include <stdlib.h>

LOG_MODULE(main);

static struct config_list listen_at;
static struct appctl_config appctl_config;

static const struct config_option arg_rows[] = {
    {"listen", CONFIG_LIST, &listen_at, 0, 0, "NAME",
     "take switches at ptcp:[PORT][:IP], punix:PATH"},
    {0},
};

static int listen_at_all(struct ctl *ctl)
{
    int error = 0;
    if (listen_at.n == 0)
        listen_at.value[listen_at.n++] = "ptcp:6653";
    for (size_t i = 0; i < listen_at.n && error == 0; i++) {
        const char *name = listen_at.value[i], *where = NULL;
        error = ctl_serve(ctl, platform_net(), name, &where);
        if (error != 0)
            log_error("%s: %s", name, program_serve_error(error));
        else
            log_info("listening at %s", where != NULL ? where : name);
    }
    return error;
}

static int add_apps(struct ctl *ctl, const struct ctl_app_type *const *apps)
{
    int error = 0;
    for (; *apps != NULL && error == 0; apps++) {
        error = ctl_add_app(ctl, *apps);
        if (error != 0)
            log_error("the app %s cannot be made", (*apps)->name);
    }
    return error;
}

static void on_reload(void *ctl)
{
    ctl_reload(ctl);
}

static int run_ctl(struct ctl *ctl, const char *name)
{
    struct appctl *appctl = appctl_open(&appctl_config, name, platform_net());
    int status = EXIT_FAILURE;
    if (appctl != NULL && listen_at_all(ctl) == 0) {
        controller_commands(appctl, ctl);
        loop_on_signal(LOOP_RELOAD, on_reload, ctl);
        status = program_run();
        loop_on_signal(LOOP_RELOAD, NULL, NULL);
    }
    appctl_close(appctl);
    return status;
}

static int run(const struct ctl_app_type *const *apps, const char *name)
{
    struct ctl_config limits;
    int status = EXIT_FAILURE;
    struct ctl *ctl;

    if (platform_open() != 0)
        return status;
    program_begin();
    ctl_defaults(&limits);
    ctl = ctl_new(&limits);
    if (ctl == NULL)
        log_error("no memory");
    else if (add_apps(ctl, apps) == 0)
        status = run_ctl(ctl, name);
    ctl_free(ctl);
    platform_close();
    return status;
}

/* Whose program it is: the first app of the chain that is the exercise's own. */
static const struct ctl_app_type *own_app(const struct ctl_app_type *const *apps)
{
    while (apps[1] != NULL && ctl_app_by_name((*apps)->name) == *apps)
        apps++;
    return *apps;
}

int run_apps(const struct ctl_app_type *const *apps, int argc, char **argv)
{
    const struct ctl_app_type *own = own_app(apps);
    struct config_option appctl_rows[APPCTL_N_OPTIONS];
    const struct config_option *tables[4 + CTL_APPS_MAX + 1] = {arg_rows, appctl_rows,
                                                                platform_options, program_options};
    const struct config config = {
        .program = own->name,
        .synopsis = "[OPTION]...",
        .about = own->help,
        .tables = tables,
    };
    size_t n = 4;
    int status;

    for (size_t i = 0; i < CTL_APPS_MAX && apps[i] != NULL; i++)
        if (apps[i]->options != NULL)
            tables[n++] = apps[i]->options;
    appctl_defaults(&appctl_config);
    appctl_options(&appctl_config, appctl_rows);
    status = program_read(&config, argc, argv, NULL);
    return status >= 0 ? status : run(apps, own->name);
}

int run_app(const struct ctl_app_type *app, int argc, char **argv)
{
    const struct ctl_app_type *const apps[] = {app, NULL};
    return run_apps(apps, argc, argv);
}
