/*
 * line_file.h - what an app reads line by line, from a file or, where there are no files, from an
 * option that is given again and again.
 *
 * Empty lines and those that begin with a # mean nothing. A line may begin with `dpid=HEX` and a
 * comma or blanks: then it is for this datapath, else for all. Every error is logged with where it
 * stands, so that one need not come back for the next.
 *
 * Called by apps that have such files: static_flows.c (flow_file.c), router.c (router_file.c).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_CONTROLLER_APPS_LINE_FILE_H
#define MORGANA_CONTROLLER_APPS_LINE_FILE_H

#include "runtime/config.h"

#include <stdbool.h>

#define LINE_FILE_MAX 2048 /* characters of a line, its end and a NUL included */

/* Where lines come from: first the file, then the options. */
struct line_source {
    const char *path;   /* NULL: there is no file */
    const char *option; /* what to call these: "--static-flow" */
    const struct config_list *lines;
};

/* Take a line, numbered from 1 on in the file; all options are line 0. NULL, or what is wrong, in
 * words, which may lie in `error` (OFP_PARSE_ERROR bytes). */
typedef const char *line_fn(void *user, const char *text, unsigned line, char *error);

/* Call fn(user, ...) for every line. False: the file cannot be read, or a line was wrong; that has
 * been logged. */
bool lines_read(const struct line_source *from, line_fn *fn, void *user);

/* Does a line mean nothing? */
bool line_is_empty(const char *text);

/* Take "dpid=HEX" off the begin of `*text`, if it is there: *all says that it is not. NULL, or what
 * is wrong. */
const char *line_read_dpid(const char **text, bool *all, uint64_t *dpid);

#endif
