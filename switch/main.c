/*
 * main.c - morgana-switch: the datapath and its agent as a program.
 *
 * It reads the options, opens the platform, makes the datapath with its ports and the agent with
 * its controllers, and turns the loop until it is told to end.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/counter.h"
#include "runtime/log.h"
#include "runtime/platform.h"
#include "runtime/program.h"
#include "switch/agent.h"
#include "switch/commands.h"
#include "switch/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

LOG_MODULE(main);

#define PROGRAM "morgana-switch"

static struct {
    struct config_list controllers, listen;
    const char *fail_mode;
} args = {.fail_mode = "secure"};

static const struct config_option arg_rows[] = {
    {"controller", CONFIG_LIST, &args.controllers, 0, 0, "NAME",
     "call a controller at tcp:HOST[:PORT], unix:PATH"},
    {"listen", CONFIG_LIST, &args.listen, 0, 0, "NAME",
     "take controllers and ovs-ofctl at ptcp:[PORT][:IP], punix:PATH"},
    {"fail-mode", CONFIG_STRING, &args.fail_mode, 0, 0, "MODE",
     "without a controller: secure, or standalone (a learning switch)"},
    {0},
};

/* 0 or -EINVAL. */
static int read_fail_mode(enum agent_fail_mode *mode)
{
    bool standalone = strcmp(args.fail_mode, "standalone") == 0;
    *mode = standalone ? AGENT_STANDALONE : AGENT_SECURE;
    if (standalone || strcmp(args.fail_mode, "secure") == 0)
        return 0;
    log_error("--fail-mode=%s: must be secure or standalone", args.fail_mode);
    return -EINVAL;
}

static int serve_list(struct agent *agent, const struct config_list *names)
{
    int error = 0;
    for (size_t i = 0; i < names->n && error == 0; i++) {
        const char *name = names->value[i], *where = NULL;
        error = agent_serve(agent, platform_net(), name, &where);
        if (error != 0)
            log_error("%s: %s", name, program_serve_error(error));
        else if (where != NULL)
            log_info("listening at %s", where);
    }
    return error;
}

/* What the options make. */
struct limits {
    struct dp_config dp;
    struct setup_config setup;
    struct agent_config agent;
    struct appctl_config appctl;
};

static int run_agent(struct agent *agent, const struct limits *limits)
{
    struct appctl *appctl = appctl_open(&limits->appctl, PROGRAM, platform_net());
    int status = EXIT_FAILURE;
    if (appctl != NULL && serve_list(agent, &args.listen) == 0 &&
        serve_list(agent, &args.controllers) == 0) {
        switch_commands(appctl, agent);
        status = program_run();
    }
    appctl_close(appctl);
    return status;
}

static int run_datapath(struct dp *dp, const struct limits *limits)
{
    struct agent *agent = agent_new(&limits->agent, dp);
    int status = EXIT_FAILURE;
    if (agent == NULL)
        log_error("no memory");
    else
        status = run_agent(agent, limits);
    agent_free(agent);
    return status;
}

static int run(const struct limits *limits)
{
    int status = EXIT_FAILURE;
    struct dp *dp;
    if (platform_open() != 0)
        return status;
    program_begin();
    dp = dp_new(&limits->dp);
    if (dp == NULL)
        log_error("no memory");
    else if (setup_apply(&limits->setup, dp))
        status = run_datapath(dp, limits);
    dp_free(dp);
    counter_log();
    platform_close();
    return status;
}

int main(int argc, char **argv)
{
    struct limits limits = {0};
    struct config_option setup_rows[SETUP_N_OPTIONS], dp_rows[DP_N_OPTIONS];
    struct config_option agent_rows[AGENT_N_OPTIONS], appctl_rows[APPCTL_N_OPTIONS];
    const struct config_option *const tables[] = {
        setup_rows,      arg_rows, appctl_rows, platform_options,
        program_options, dp_rows,  agent_rows,  NULL,
    };
    /* Which datapath it is stands with what most need; limits and times do not. */
    struct config_option identity_rows[3] = {0};
    const struct config_option *const help[] = {
        identity_rows, setup_rows, arg_rows, appctl_rows, platform_options, program_options, NULL,
    };
    const struct config config = {
        .program = PROGRAM,
        .synopsis = "[OPTION]...",
        .about = "An OpenFlow 1.0 switch.",
        .tables = tables,
        .help = help,
    };
    int status;

    dp_defaults(&limits.dp);
    agent_defaults(&limits.agent);
    appctl_defaults(&limits.appctl);
    setup_options(&limits.setup, setup_rows);
    dp_options(&limits.dp, dp_rows);
    identity_rows[0] = dp_rows[0];
    identity_rows[1] = dp_rows[1];
    agent_options(&limits.agent, agent_rows);
    appctl_options(&limits.appctl, appctl_rows);
    status = program_read(&config, argc, argv, NULL);
    if (status >= 0)
        return status;
    if (!program_echo_agrees(PROGRAM, limits.agent.echo_interval, limits.agent.echo_limit) ||
        read_fail_mode(&limits.agent.fail_mode) != 0)
        return EXIT_FAILURE;
    setup_default_port(&limits.setup, platform_ports());
    return run(&limits);
}
