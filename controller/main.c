/*
 * main.c - morgana-controller: the controller's library and apps as a program.
 *
 * It reads the options, opens the platform, hangs the apps in their order into a controller,
 * listens and connects, and turns the loop until it is told to end.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/commands.h"
#include "controller/ctl.h"
#include "runtime/counter.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/platform.h"
#include "runtime/program.h"
#include "runtime/say.h"

#include <errno.h>
#include <stdlib.h>

LOG_MODULE(main);

#define PROGRAM "morgana-controller"

static struct {
    struct config_list listen, connect, apps;
} args;

static const struct config_option arg_rows[] = {
    {"listen", CONFIG_LIST, &args.listen, 0, 0, "NAME",
     "take switches at ptcp:[PORT][:IP], punix:PATH"},
    {"connect", CONFIG_LIST, &args.connect, 0, 0, "NAME",
     "call a switch at tcp:HOST[:PORT], unix:PATH"},
    {"app", CONFIG_LIST, &args.apps, 0, 0, "NAME", "an app of the chain, by name [learning]"},
    {0},
};

static void help_apps(void)
{
    say("\nApps, each in its turn:\n");
    for (const struct ctl_app_type *const *app = ctl_apps; *app != NULL; app++)
        say("  %-10s %s", (*app)->name, (*app)->help);
}

static void list_default(struct config_list *list, const char *value)
{
    if (list->n == 0)
        list->value[list->n++] = value;
}

/* An app that cannot be made has said itself why. */
static const char *why_no_app(int error)
{
    switch (error) {
    case -ENOENT:
        return "there is none of this name; --help lists them";
    case -ENOSPC:
        return "there are too many";
    default:
        return "it cannot be made";
    }
}

static int add_apps(struct ctl *ctl)
{
    list_default(&args.apps, "learning");
    ctl_use_net(ctl, platform_net());
    for (size_t i = 0; i < args.apps.n; i++) {
        const struct ctl_app_type *type = ctl_app_by_name(args.apps.value[i]);
        int error = type != NULL ? ctl_add_app(ctl, type) : -ENOENT;
        if (error != 0) {
            log_error("app %s: %s", args.apps.value[i], why_no_app(error));
            return error;
        }
    }
    return 0;
}

static int serve_name(struct ctl *ctl, const char *name)
{
    const char *where = NULL;
    int error = ctl_serve(ctl, platform_net(), name, &where);
    if (error != 0)
        log_error("%s: %s", name, program_serve_error(error));
    else if (where != NULL)
        log_info("listening at %s", where);
    else
        log_info("connecting to %s", name);
    return error;
}

static int serve_all(struct ctl *ctl)
{
    int error = 0;
    if (args.connect.n == 0)
        list_default(&args.listen, "ptcp:6653");
    for (size_t i = 0; i < args.listen.n && error == 0; i++)
        error = serve_name(ctl, args.listen.value[i]);
    for (size_t i = 0; i < args.connect.n && error == 0; i++)
        error = serve_name(ctl, args.connect.value[i]);
    return error;
}

static void on_reload(void *ctl)
{
    ctl_reload(ctl);
}

static int run_ctl(struct ctl *ctl, const struct appctl_config *appctl_config)
{
    struct appctl *appctl = appctl_open(appctl_config, PROGRAM, platform_net());
    int status = EXIT_FAILURE;
    loop_on_signal(LOOP_RELOAD, on_reload, ctl);
    if (appctl != NULL && serve_all(ctl) == 0) {
        controller_commands(appctl, ctl);
        status = program_run();
    }
    appctl_close(appctl);
    return status;
}

static int run(const struct ctl_config *config, const struct appctl_config *appctl_config)
{
    int status = EXIT_FAILURE;
    struct ctl *ctl;

    if (platform_open() != 0)
        return status;
    program_begin();
    ctl = ctl_new(config);
    if (ctl == NULL)
        log_error("no memory");
    else if (add_apps(ctl) == 0)
        status = run_ctl(ctl, appctl_config);
    ctl_free(ctl);
    counter_log();
    platform_close();
    return status;
}

int main(int argc, char **argv)
{
    struct ctl_config limits;
    struct appctl_config appctl_config;
    struct config_option limit_rows[CTL_N_OPTIONS], appctl_rows[APPCTL_N_OPTIONS];
    const struct config_option *tables[5 + CTL_APPS_MAX + 1] = {
        arg_rows, appctl_rows, platform_options, program_options, limit_rows};
    const struct config_option *const help[] = {arg_rows, appctl_rows, platform_options,
                                                program_options, NULL};
    const struct config config = {
        .program = PROGRAM,
        .synopsis = "[OPTION]...",
        .about = "An OpenFlow 1.0 controller.",
        .tables = tables,
        .help = help,
    };
    size_t n = 5;
    int status;

    for (size_t i = 0; ctl_apps[i] != NULL; i++)
        if (ctl_apps[i]->options != NULL)
            tables[n++] = ctl_apps[i]->options;
    ctl_defaults(&limits);
    ctl_options(&limits, limit_rows);
    appctl_defaults(&appctl_config);
    appctl_options(&appctl_config, appctl_rows);
    status = program_read(&config, argc, argv, help_apps);
    if (status >= 0)
        return status;
    return program_echo_agrees(PROGRAM, limits.echo_interval, limits.echo_limit)
               ? run(&limits, &appctl_config)
               : EXIT_FAILURE;
}
