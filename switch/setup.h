/*
 * setup.h - ports, queues and rates in words: as the command line and the control channel say them.
 *
 *     --port=DEVICE[@NUMBER]       eth:veth1, eth:veth1@7, tap:br0@LOCAL
 *     --port=KIND:*                vif:*     each that nobody else uses, also those that come later
 *     --port-rate=PORT:RATE        1:10M     bits a second; k, M and G are powers of 1000
 *     --queue=PORT:ID[:PERCENT]    1:0:12.5  of what the port can send; without: no guarantee
 *
 * What is wrong is said in words that tell what to do. Called by the entry file and by commands.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_SWITCH_SETUP_H
#define MORGANA_SWITCH_SETUP_H

#include "runtime/config.h"
#include "switch/dp.h"

/* What the command line says. */
struct setup_config {
    struct config_list ports, rates, queues;
};

/* Rows that set `config` from a command line, for a struct config's tables. */
#define SETUP_N_OPTIONS 4
void setup_options(struct setup_config *config, struct config_option rows[SETUP_N_OPTIONS]);

/* The port if none is named; `device` (which must live on) may be NULL: there is none then. */
void setup_default_port(struct setup_config *config, const char *device);

/* Give the datapath all of it. False if something of it cannot be; it has been logged. */
bool setup_apply(const struct setup_config *config, struct dp *dp);

/* --- One by one ------------------------------------------------------------------------------ */

/* Each: NULL if it is done, else what is wrong, which lies in `error` (SETUP_ERROR bytes). */
#define SETUP_ERROR 512

/* Add a device as a port, or with "KIND:*" all of a kind; `number` ("7", "LOCAL") may be NULL: the
 * lowest free one. */
const char *setup_port(struct dp *dp, const char *device, const char *number, char *error);

/* A port that there is, by its number or its device's name. */
const char *setup_find_port(const struct dp *dp, const char *port, uint16_t *port_no, char *error);

/* What a port can send: "10M"; "0": what its device says. */
const char *setup_rate(struct dp *dp, const char *port, const char *rate, char *error);

/* Add a queue; `percent` may be NULL: nothing is guaranteed. */
const char *setup_queue(struct dp *dp, const char *port, const char *id, const char *percent,
                        char *error);

/* A queue's number. */
const char *setup_queue_id(const char *text, uint32_t *id, char *error);

#endif
