/*
 * run_app.c - a controller with one app as a program; see run_app.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "examples/run_app.h"
#include "runtime/log.h"
#include "runtime/platform.h"
#include "runtime/program.h"

#include <stdlib.h>

LOG_MODULE(main);

static struct config_list listen_at;

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

static int run(const struct ctl_app_type *app)
{
    struct ctl_config limits;
    int status = EXIT_FAILURE;
    struct ctl *ctl;

    if (platform_open() != 0)
        return status;
    ctl_defaults(&limits);
    ctl = ctl_new(&limits);
    if (ctl == NULL || ctl_add_app(ctl, app) != 0)
        log_error("the app %s cannot be made", app->name);
    else if (listen_at_all(ctl) == 0)
        status = program_run();
    ctl_free(ctl);
    platform_close();
    return status;
}

int run_app(const struct ctl_app_type *app, int argc, char **argv)
{
    const struct config_option *const tables[] = {arg_rows, platform_options, program_options,
                                                  app->options, NULL};
    const struct config config = {
        .program = app->name,
        .synopsis = "[OPTION]...",
        .about = app->help,
        .tables = tables,
    };
    int status = program_read(&config, argc, argv, NULL);
    return status >= 0 ? status : run(app);
}
