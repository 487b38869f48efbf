/*
 * main.c - morgana-bench: emulated switches against any OpenFlow 1.0 controller.
 *
 * Reads the options, chooses the kernel's sockets and runs; run.h says how a run goes.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/config.h"
#include "runtime/loop.h"
#include "runtime/unix/unix.h"
#include "tools/bench/report.h"
#include <stdlib.h>
#include <string.h>

static struct run_config run;
static bool json, help, version;

static const struct config_option options[] = {
    {"controller", CONFIG_STRING, &run.controller, 0, 0, "NAME", "the controller"},
    {"mode", CONFIG_STRING, &run.mode, 0, 0, "MODE", "latency or throughput"},
    {"switches", CONFIG_UINT, &run.switches, 1, RUN_SWITCHES_MAX, "N", "switches"},
    {"hosts", CONFIG_UINT, &run.hosts, 2, TRAFFIC_HOSTS_MAX, "N", "hosts per switch"},
    {"ports", CONFIG_UINT, &run.ports, 2, TRAFFIC_PORTS_MAX, "N", "ports per switch"},
    {"frame", CONFIG_UINT, &run.frame, TRAFFIC_FRAME_MIN, TRAFFIC_FRAME_MAX, "N",
     "bytes of a frame, without FCS"},
    {"pipeline", CONFIG_UINT, &run.pipeline, 1, PENDING_MAX, "N",
     "packet-ins outstanding per switch in throughput mode"},
    {"duration", CONFIG_DURATION, &run.duration, NS_PER_MS, RUN_SECONDS_MAX *NS_PER_S, "TIME",
     "how long to count"},
    {"warmup", CONFIG_DURATION, &run.warmup, 0, RUN_SECONDS_MAX *NS_PER_S, "TIME",
     "how long to send before that"},
    {"count", CONFIG_UINT, &run.count, 0, 0, "N", "end after N answers instead, without warm-up"},
    {"connect-time", CONFIG_DURATION, &run.connect_time, NS_PER_MS, RUN_SECONDS_MAX *NS_PER_S,
     "TIME", "how long to wait for all switches to be served"},
    {"connect-burst", CONFIG_FLAG, &run.connect_burst, 0, 0, NULL,
     "only connect, and say how many switches were served how fast"},
    {"lost-after", CONFIG_DURATION, &run.lost_after, NS_PER_MS, RUN_SECONDS_MAX *NS_PER_S, "TIME",
     "when an answer that has not come is lost"},
    {"seed", CONFIG_UINT, &run.seed, 0, 0, "N", "which pseudo-random pairs of hosts"},
    {"json", CONFIG_FLAG, &json, 0, 0, NULL, "print one JSON object instead of the table"},
    {"help", CONFIG_FLAG, &help, 0, 0, NULL, "this text"},
    {"version", CONFIG_FLAG, &version, 0, 0, NULL, "the version"},
    {0},
};

static const struct config_option *const tables[] = {options, NULL};
static const struct config config = {
    .program = "morgana-bench",
    .synopsis = "[OPTION]...",
    .about = "Measures an OpenFlow 1.0 controller with emulated switches.",
    .tables = tables,
};

static void print_line(void *user, const char *text)
{
    (void)user;
    puts(text);
}

static void on_second(double rate, const struct run_result *result)
{
    report_second(stderr, rate, result);
}

/* A message for the user about what the option table cannot know; NULL: all is well. */
static const char *wrong_use(int rest)
{
    if (rest > 0)
        return "takes options only; see --help";
    if (strcmp(run.mode, "latency") != 0 && strcmp(run.mode, "throughput") != 0)
        return "--mode must be latency or throughput";
    return NULL;
}

static int measure(void)
{
    static struct run_result result;
    int error = run_bench(&run, unix_net(), &result, on_second);
    if (error != 0)
        return error;
    if (json)
        error = report_json(stdout, &run, &result);
    else
        report_table(stdout, &run, &result);
    run_free(&result);
    return error;
}

int main(int argc, char **argv)
{
    char error[CONFIG_ERROR];
    const char *wrong = error;
    int rest, status;

    run_defaults(&run);
    if (config_parse(&config, argc, argv, &rest, error) == 0)
        wrong = wrong_use(rest);
    if (wrong != NULL) {
        fprintf(stderr, "morgana-bench: %s\n", wrong);
        return 2;
    }
    if (version)
        return puts("morgana-bench " MORGANA_VERSION) >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    if (help) {
        help = false; /* the help shows values as they are before any option */
        config_help(&config, print_line, NULL);
        return EXIT_SUCCESS;
    }
    status = loop_open();
    if (status == 0) {
        status = measure();
        loop_close();
    }
    return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
