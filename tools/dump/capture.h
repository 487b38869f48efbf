/*
 * capture.h - the TCP segments of a capture file.
 *
 * Used by morgana-dump alone, and with it the only place that uses libpcap.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_DUMP_CAPTURE_H
#define MORGANA_TOOLS_DUMP_CAPTURE_H

#include "tools/dump/tcp.h"

#define DUMP_ERROR     400
#define DUMP_PORTS_MAX 64

/* Which segments are of interest: those from or to one of these TCP ports. */
struct dump_ports {
    uint16_t port[DUMP_PORTS_MAX];
    size_t n;
};

/* Hand every segment of interest in the capture `path` ("-": standard input) to `t`. False with a
 * message in `error` (DUMP_ERROR bytes) if it cannot be read to its end; what came before the
 * fault has been handed on. */
bool dump_capture(const char *path, const struct dump_ports *ports, struct dump_tcp *t,
                  char *error);

#endif
