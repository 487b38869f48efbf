/*
 * run_switch.c - a switch with hooks as a program; see run_switch.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "examples/run_switch.h"
#include "runtime/log.h"
#include "runtime/platform.h"
#include "runtime/program.h"
#include "switch/agent.h"
#include "switch/setup.h"

#include <stdlib.h>

LOG_MODULE(main);

static struct config_list controllers, listen_at;

static const struct config_option arg_rows[] = {
    {"controller", CONFIG_LIST, &controllers, 0, 0, "NAME",
     "call a controller at tcp:HOST[:PORT], unix:PATH"},
    {"listen", CONFIG_LIST, &listen_at, 0, 0, "NAME",
     "take ovs-ofctl at ptcp:[PORT][:IP], punix:PATH"},
    {0},
};

static bool serve_all(struct agent *agent, const struct config_list *names)
{
    for (size_t i = 0; i < names->n; i++) {
        const char *name = names->value[i], *where = NULL;
        int error = agent_serve(agent, platform_net(), name, &where);
        if (error != 0) {
            log_error("%s: %s", name, program_serve_error(error));
            return false;
        }
        if (where != NULL)
            log_info("listening at %s", where);
    }
    return true;
}

static int run_datapath(struct dp *dp, const struct setup_config *setup)
{
    struct agent_config agent_config;
    struct agent *agent;
    int status = EXIT_FAILURE;

    agent_defaults(&agent_config);
    agent_config.fail_mode = AGENT_STANDALONE;
    agent = agent_new(&agent_config, dp);
    if (agent == NULL)
        log_error("no memory");
    else if (setup_apply(setup, dp) && serve_all(agent, &listen_at) &&
             serve_all(agent, &controllers))
        status = program_run();
    agent_free(agent);
    return status;
}

static int run(const struct dp_hooks *hooks, const struct dp_config *dp_config,
               const struct setup_config *setup)
{
    int status = EXIT_FAILURE;
    struct dp *dp;

    if (platform_open() != 0)
        return status;
    program_begin();
    dp = dp_new(dp_config);
    if (dp == NULL) {
        log_error("no memory");
    } else {
        dp_set_hooks(dp, hooks, NULL);
        status = run_datapath(dp, setup);
    }
    dp_free(dp);
    platform_close();
    return status;
}

int run_switch(const struct dp_hooks *hooks, const struct config_option *options, int argc,
               char **argv)
{
    struct setup_config setup = {0};
    struct dp_config dp_config;
    struct config_option setup_rows[SETUP_N_OPTIONS], dp_rows[DP_N_OPTIONS];
    const struct config_option *const tables[] = {
        options, setup_rows, arg_rows, platform_options, program_options, dp_rows, NULL};
    const struct config config = {
        .program = "switch",
        .synopsis = "[OPTION]...",
        .about = "Exercise 11: a switch that loses, counts and limits.",
        .tables = tables,
    };
    int status;

    dp_defaults(&dp_config);
    setup_options(&setup, setup_rows);
    dp_options(&dp_config, dp_rows);
    status = program_read(&config, argc, argv, NULL);
    if (status >= 0)
        return status;
    setup_default_port(&setup, platform_ports());
    return run(hooks, &dp_config, &setup);
}
