/*
 * switch_report.h - what was measured of a switch, for people and for programs.
 *
 * Called by the program's entry file, with standard output and standard error.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_BENCH_SWITCH_REPORT_H
#define MORGANA_TOOLS_BENCH_SWITCH_REPORT_H

#include "tools/bench/flow_mods.h"
#include "tools/bench/frames.h"
#include <stdio.h>

/* One line for the trial that has passed. */
void switch_report_trial(FILE *out, const struct frames_result *r);

/* The table at the end; the same as one JSON object on a line: 0, or -ENOMEM or -EIO. */
void switch_report_frames(FILE *out, const struct frames_config *c, const struct frames_result *r);
int switch_report_frames_json(FILE *out, const struct frames_config *c,
                              const struct frames_result *r);

void switch_report_flow_mods(FILE *out, const struct flow_mods_config *c,
                             const struct flow_mods_result *r);
int switch_report_flow_mods_json(FILE *out, const struct flow_mods_config *c,
                                 const struct flow_mods_result *r);

#endif
