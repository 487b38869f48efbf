/*
 * report.h - a run's figures for people and for programs.
 *
 * Called by the program's entry file, with standard output and standard error.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_BENCH_REPORT_H
#define MORGANA_TOOLS_BENCH_REPORT_H

#include "tools/bench/run.h"
#include <stdio.h>

/* One line for the second that has passed. */
void report_second(FILE *out, double rate, const struct run_result *result);

/* The table at the end. */
void report_table(FILE *out, const struct run_config *config, const struct run_result *result);

/* The same as one JSON object on a line. 0, or -ENOMEM or -EIO. */
int report_json(FILE *out, const struct run_config *config, const struct run_result *result);

#endif
