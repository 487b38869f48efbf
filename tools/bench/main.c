/*
 * main.c - morgana-bench: emulated switches against any OpenFlow 1.0 controller; frames and
 * flow-mods through and into any switch.
 *
 * Reads the options, chooses the kernel's sockets and devices and runs; run.h, frames.h and
 * flow_mods.h say how a run goes.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/config.h"
#include "runtime/loop.h"
#include "runtime/unix/unix.h"
#include "tools/bench/report.h"
#include "tools/bench/switch_report.h"
#include <stdlib.h>
#include <string.h>

static struct run_config run;
static struct frames_config frames = {.pairs = 1, .spin = true};
static struct flow_mods_config flow_mods = {.name = "tcp:127.0.0.1:6654"};
static uint64_t flows; /* 0: as the mode has it */
static bool json, help, version;

static const struct config_option options[] = {
    {"mode", CONFIG_STRING, &run.mode, 0, 0, "MODE",
     "latency or throughput, of a controller; frames, search or flow-mods, of a switch"},
    {"controller", CONFIG_STRING, &run.controller, 0, 0, "NAME", "the controller"},
    {"switches", CONFIG_UINT, &run.switches, 1, RUN_SWITCHES_MAX, "N", "switches"},
    {"hosts", CONFIG_UINT, &run.hosts, 2, TRAFFIC_HOSTS_MAX, "N", "hosts per switch"},
    {"ports", CONFIG_UINT, &run.ports, 2, TRAFFIC_PORTS_MAX, "N", "ports per switch"},
    {"frame", CONFIG_UINT, &run.frame, TRAFFIC_FRAME_MIN, TRAFFIC_FRAME_MAX, "N",
     "bytes of a frame, without FCS"},
    {"pipeline", CONFIG_UINT, &run.pipeline, 1, PENDING_MAX, "N",
     "packet-ins outstanding per switch in throughput mode"},
    {"duration", CONFIG_DURATION, &run.duration, NS_PER_MS, RUN_SECONDS_MAX *NS_PER_S, "TIME",
     "how long to count; of each trial of a search"},
    {"warmup", CONFIG_DURATION, &run.warmup, 0, RUN_SECONDS_MAX *NS_PER_S, "TIME",
     "how long to send before that"},
    {"count", CONFIG_UINT, &run.count, 0, 0, "N", "end after N answers instead, without warm-up"},
    {"connect-time", CONFIG_DURATION, &run.connect_time, NS_PER_MS, RUN_SECONDS_MAX *NS_PER_S,
     "TIME", "how long to wait for all switches to be served, or for the switch"},
    {"connect-burst", CONFIG_FLAG, &run.connect_burst, 0, 0, NULL,
     "only connect, and say how many switches were served how fast"},
    {"lost-after", CONFIG_DURATION, &run.lost_after, NS_PER_MS, RUN_SECONDS_MAX *NS_PER_S, "TIME",
     "when an answer or a frame that has not come is lost"},
    {"seed", CONFIG_UINT, &run.seed, 0, 0, "N", "which pseudo-random pairs of hosts"},
    {"from", CONFIG_STRING, &frames.from, 0, 0, "DEVICE", "where frames are sent from"},
    {"to", CONFIG_STRING, &frames.to, 0, 0, "DEVICE", "where they are to come out"},
    {"rate", CONFIG_UINT, &frames.rate, 0, 0, "N", "frames a second; 0: as fast as can be"},
    {"loss", CONFIG_UINT, &frames.loss, 0, 1000000, "N",
     "frames of a million that may be lost in search mode"},
    {"macs", CONFIG_UINT, &frames.pairs, 1, PROBE_FLOWS_MAX, "N", "pairs of MAC addresses"},
    {"flows", CONFIG_UINT, &flows, 0, FLOW_MODS_FLOWS_MAX, "N",
     "flows of frames, or of flow-mods; 0: one a pair of addresses, or 10000"},
    {"switch", CONFIG_STRING, &flow_mods.name, 0, 0, "NAME",
     "the switch, in flow-mods mode: tcp:HOST[:PORT], unix:PATH, ptcp:[PORT][:IP], punix:PATH"},
    {"json", CONFIG_FLAG, &json, 0, 0, NULL, "print one JSON object instead of the table"},
    {"help", CONFIG_FLAG, &help, 0, 0, NULL, "this text"},
    {"version", CONFIG_FLAG, &version, 0, 0, NULL, "the version"},
    {0},
};

static const struct config_option *const tables[] = {options, NULL};
static const struct config config = {
    .program = "morgana-bench",
    .synopsis = "[OPTION]...",
    .about = "Measures an OpenFlow 1.0 controller with emulated switches, or a switch.",
    .tables = tables,
};

static void print_line(void *user, const char *text)
{
    (void)user;
    puts(text);
}

/* --- A controller ---------------------------------------------------------------------------- */

static void on_second(double rate, const struct run_result *result)
{
    report_second(stderr, rate, result);
}

static int measure_controller(void)
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

/* --- A switch -------------------------------------------------------------------------------- */

static void on_trial(const struct frames_result *result)
{
    switch_report_trial(stderr, result);
}

static int run_frames(struct frames_result *result)
{
    int error = unix_devices_open();
    if (error != 0)
        return error;
    error = frames_run(&frames, result, on_trial);
    unix_devices_close();
    return error;
}

static int measure_frames(void)
{
    static struct frames_result result;
    int error;
    frames.search = strcmp(run.mode, "search") == 0;
    frames.flows = flows > 0 ? flows : frames.pairs;
    frames.frame = run.frame;
    frames.duration = run.duration;
    frames.warmup = run.warmup;
    frames.connect_time = run.connect_time;
    frames.lost_after = run.lost_after;
    error = run_frames(&result);
    if (error != 0)
        return error;
    if (json)
        return switch_report_frames_json(stdout, &frames, &result);
    switch_report_frames(stdout, &frames, &result);
    return 0;
}

static int measure_flow_mods(void)
{
    struct flow_mods_result result;
    int error;
    flow_mods.flows = flows > 0 ? flows : 10000;
    flow_mods.duration = run.duration;
    flow_mods.warmup = run.warmup;
    flow_mods.connect_time = run.connect_time;
    flow_mods.lost_after = run.lost_after;
    error = flow_mods_run(&flow_mods, unix_net(), &result);
    if (error != 0)
        return error;
    if (json)
        return switch_report_flow_mods_json(stdout, &flow_mods, &result);
    switch_report_flow_mods(stdout, &flow_mods, &result);
    return 0;
}

/* --- Modes ----------------------------------------------------------------------------------- */

/* What the option table cannot know: a message for the user; NULL: all is well. */

static const char *wrong_frames(void)
{
    if (frames.from == NULL || frames.to == NULL)
        return "--from and --to must name two devices";
    if (flows > PROBE_FLOWS_MAX)
        return "--flows: so many are for flow-mods only";
    return flows > 0 && flows < frames.pairs ? "--flows must not be below --macs" : NULL;
}

static const char *never_wrong(void)
{
    return NULL;
}

static const struct mode {
    const char *name;
    const char *(*wrong)(void);
    int (*measure)(void); /* 0 or a negative errno */
} modes[] = {
    {"latency", never_wrong, measure_controller},  {"throughput", never_wrong, measure_controller},
    {"frames", wrong_frames, measure_frames},      {"search", wrong_frames, measure_frames},
    {"flow-mods", never_wrong, measure_flow_mods},
};

static const struct mode *mode_named(const char *name)
{
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(modes[i].name, name) == 0)
            return &modes[i];
    return NULL;
}

static const char *wrong_use(int rest)
{
    const struct mode *mode = mode_named(run.mode);
    if (rest > 0)
        return "takes options only; see --help";
    if (mode == NULL)
        return "--mode must be latency, throughput, frames, search or flow-mods";
    return mode->wrong();
}

static int measure(void)
{
    int error = loop_open();
    if (error != 0)
        return error;
    error = mode_named(run.mode)->measure();
    loop_close();
    return error;
}

int main(int argc, char **argv)
{
    char error[CONFIG_ERROR];
    const char *wrong = error;
    int rest;

    run_defaults(&run);
    if (config_parse(&config, argc, argv, &rest, error) == 0)
        wrong = help || version ? NULL : wrong_use(rest);
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
    return measure() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
