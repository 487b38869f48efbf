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

#include <errno.h>
#include <stdlib.h>
#include <string.h>

LOG_MODULE(main);

static struct {
    struct config_list ports, controllers, listen;
    const char *fail_mode;
} args = {.fail_mode = "secure"};

static const struct config_option arg_rows[] = {
    {"port", CONFIG_LIST, &args.ports, 0, 0, "DEVICE",
     "a port, numbered from 1 on: tap:NAME, eth:NAME, xdp:NAME, pcap:IN[,OUT]"},
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

static int add_ports(struct dp *dp)
{
    int error = 0;
    for (size_t i = 0; i < args.ports.n && error == 0; i++) {
        error = dp_port_add(dp, args.ports.value[i], 0);
        if (error != 0)
            log_error("port %s: %s", args.ports.value[i],
                      error == -EINVAL ? "not a device; see --help" : strerror(-error));
    }
    return error;
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

static int run_agent(const struct agent_config *config, struct dp *dp)
{
    struct agent *agent = agent_new(config, dp);
    int status = EXIT_FAILURE;
    if (agent == NULL)
        log_error("no memory");
    else if (serve_list(agent, &args.listen) == 0 && serve_list(agent, &args.controllers) == 0)
        status = program_run();
    agent_free(agent);
    return status;
}

static int run_datapath(const struct agent_config *config, const struct dp_config *dp_config)
{
    struct dp *dp = dp_new(dp_config);
    int status = EXIT_FAILURE;
    if (dp == NULL)
        log_error("no memory");
    else if (add_ports(dp) == 0)
        status = run_agent(config, dp);
    dp_free(dp);
    return status;
}

static int run(const struct agent_config *config, const struct dp_config *dp_config)
{
    int status;
    if (platform_open() != 0)
        return EXIT_FAILURE;
    status = run_datapath(config, dp_config);
    counter_log();
    platform_close();
    return status;
}

int main(int argc, char **argv)
{
    struct agent_config limits;
    struct dp_config dp_config;
    struct config_option limit_rows[AGENT_N_OPTIONS], dp_rows[DP_N_OPTIONS];
    const struct config_option *const tables[] = {arg_rows, platform_options, program_options,
                                                  dp_rows,  limit_rows,       NULL};
    const struct config config = {
        .program = "morgana-switch",
        .synopsis = "[OPTION]...",
        .about = "An OpenFlow 1.0 switch.",
        .tables = tables,
    };
    int status;

    agent_defaults(&limits);
    agent_options(&limits, limit_rows);
    dp_defaults(&dp_config);
    dp_options(&dp_config, dp_rows);
    status = program_read(&config, argc, argv, NULL);
    if (status >= 0)
        return status;
    if (!program_echo_agrees(config.program, limits.echo_interval, limits.echo_limit) ||
        read_fail_mode(&limits.fail_mode) != 0)
        return EXIT_FAILURE;
    return run(&limits, &dp_config);
}
