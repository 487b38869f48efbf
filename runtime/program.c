/*
 * program.c - options and signals that long-running programs share; see program.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/program.h"
#include "runtime/counter.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/say.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const char *log, *log_format;
    bool help, help_all, version;
} args = {.log_format = "text"};

const struct config_option program_options[] = {
    {"log", CONFIG_STRING, &args.log, 0, 0, "LEVELS",
     "error, warn, info, debug; or MODULE:LEVEL,..."},
    {"log-format", CONFIG_STRING, &args.log_format, 0, 0, "FORM",
     "text, for people, or json, an object a line"},
    {"help", CONFIG_FLAG, &args.help, 0, 0, NULL, "say this and end"},
    {"help-all", CONFIG_FLAG, &args.help_all, 0, 0, NULL,
     "say all options, limits and times too, and end"},
    {"version", CONFIG_FLAG, &args.version, 0, 0, NULL, "say the version and end"},
    {0},
};

static void help_line(void *user, const char *text)
{
    (void)user;
    say("%s", text);
}

/* One screen, or all there is. It shows values as they are before any option. */
static int show_help(const struct config *config, void (*more_help)(void))
{
    struct config shown = *config;
    if (!args.help_all && config->help != NULL)
        shown.tables = config->help;
    args.help = args.help_all = false;
    config_help(&shown, help_line, NULL);
    if (more_help != NULL)
        more_help();
    return EXIT_SUCCESS;
}

/* False if there is no such form. */
static bool read_form(const char *name)
{
    bool json = strcmp(name, "json") == 0;
    log_set_form(json ? LOG_JSON : LOG_TEXT);
    return json || strcmp(name, "text") == 0;
}

int program_read(const struct config *config, int argc, char **argv, void (*more_help)(void))
{
    const char *program = config->program;
    char error[CONFIG_ERROR];
    int rest;

    if (config_parse(config, argc, argv, &rest, error) != 0) {
        say_error("%s: %s", program, error);
        return EXIT_FAILURE;
    }
    if (args.help || args.help_all)
        return show_help(config, more_help);
    if (args.version) {
        say("%s %s", program, MORGANA_VERSION);
        return EXIT_SUCCESS;
    }
    if (rest > 0)
        say_error("%s: takes no argument such as \"%s\"; see --help", program, argv[1]);
    else if (args.log != NULL && log_set_levels(args.log) != 0)
        say_error("%s: \"%s\" names no levels; see --help", program, args.log);
    else if (!read_form(args.log_format))
        say_error("%s: --log-format must be text or json", program);
    else
        return -1;
    return EXIT_FAILURE;
}

bool program_echo_agrees(const char *program, uint64_t interval, uint64_t limit)
{
    if (limit > interval)
        return true;
    say_error("%s: --echo-limit must be longer than --echo-interval", program);
    return false;
}

static void on_terminate(void *user)
{
    (void)user;
    loop_stop(EXIT_SUCCESS);
}

static void on_counters(void *user)
{
    (void)user;
    counter_log();
}

void program_begin(void)
{
    loop_on_signal(LOOP_TERMINATE, on_terminate, NULL);
    loop_on_signal(LOOP_COUNTERS, on_counters, NULL);
}

int program_run(void)
{
    return loop_run();
}

const char *program_serve_error(int error)
{
    switch (error) {
    case -EINVAL:
        return "not ptcp:[PORT][:IP], punix:PATH, tcp:HOST[:PORT] or unix:PATH";
    case -EAFNOSUPPORT:
        return "this kind of connection is not served";
    case -EADDRINUSE:
        return "somebody listens there already: end that, or choose another port";
    case -EACCES:
    case -EPERM:
        return "not permitted: be root, or choose another name";
    default:
        return strerror(-error);
    }
}
