/*
 * example_switch.h - what the example of an application around the datapath offers.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_DOC_EXAMPLE_SWITCH_H
#define MORGANA_DOC_EXAMPLE_SWITCH_H

#include "controller/ctl.h"
#include "switch/agent.h"

#define EXAMPLE_VENDOR 0x00e4a3b1 /* whose action it is: an OUI, or a number that ONF gave */
#define EXAMPLE_METERS 16

struct example_switch {
    struct dp *dp;
    struct agent *agent;
    struct ctl *ctl;
    uint64_t meter[EXAMPLE_METERS]; /* bytes that our action counted */
};

/* Make it, with `app` as its controller's. False if there is no memory; end it in any case. */
bool example_begin(struct example_switch *e, const struct ctl_app_type *app);

void example_end(struct example_switch *e);

#endif
