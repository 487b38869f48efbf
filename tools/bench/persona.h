/*
 * persona.h - what an emulated switch says of itself: answers to everything but packets.
 *
 * Called by the emulated switch (eswitch.c) for messages that are not answers to its packet-ins.
 * OpenFlow 1.0 sections 5.3 to 5.5, the switch's side.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TOOLS_BENCH_PERSONA_H
#define MORGANA_TOOLS_BENCH_PERSONA_H

#include "openflow/msg.h"
#include "tools/bench/traffic.h"

#define PERSONA_BUFFERS 65536 /* what the features reply claims */

struct persona {
    uint32_t index; /* of the switch: its datapath id is one more */
    const struct traffic *traffic;
    uint16_t flags, miss_send_len; /* as set-config left them */
    uint64_t missed;               /* packet-ins sent so far: lookups that matched nothing */
};

void persona_init(struct persona *p, uint32_t index, const struct traffic *traffic);

/* Append the answer to `request`, if it wants one: validated, and of a type that a switch receives.
 * False if there is no room for it. */
bool persona_answer(struct persona *p, struct buf *out, struct span request);

#endif
