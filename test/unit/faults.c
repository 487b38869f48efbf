/*
 * faults.c - messages with one thing wrong, and what must come of it.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/unit/faults.h"

#define SWITCH     OFP_AT_SWITCH
#define CONTROLLER OFP_AT_CONTROLLER
#define EITHER     OFP_AT_EITHER

#define GOOD                                                                                       \
    {                                                                                              \
        0xffff, 0xffff                                                                             \
    }
#define REQUEST(code)                                                                              \
    {                                                                                              \
        OFPET_BAD_REQUEST, OFPBRC_##code                                                           \
    }
#define ACTION(code)                                                                               \
    {                                                                                              \
        OFPET_BAD_ACTION, OFPBAC_##code                                                            \
    }
#define FLOW_MOD(code)                                                                             \
    {                                                                                              \
        OFPET_FLOW_MOD_FAILED, OFPFMFC_##code                                                      \
    }

/* Where the first action lies, and the n-th of corpus_actions(). */
#define IN_FLOW(offset)   (sizeof(struct ofp_flow_mod) + (offset))
#define IN_PACKET(offset) (sizeof(struct ofp_packet_out) + (offset))
#define OUTPUT            0
#define VLAN_VID          8
#define VLAN_PCP          16
#define DL_SRC            32
#define NW_TOS            80
#define ENQUEUE           104
#define DEC_TTL           120
#define AT(type, member)  offsetof(struct type, member)
#define STATS(offset)     (sizeof(struct ofp_stats_header) + (offset))

static const struct fault_case cases[] = {
    {"5.1: another version", "barrier_request", SWITCH, 0, 0, "02", REQUEST(BAD_VERSION)},
    {"5.1: version 0", "barrier_request", SWITCH, 0, 0, "00", REQUEST(BAD_VERSION)},
    {"5.1: version before type and length", "barrier_request", SWITCH, 9, 0, "0463",
     REQUEST(BAD_VERSION)},
    {"4.2: a newer hello", "hello", SWITCH, 0, 0, "06", GOOD},
    {"4.2: a newer hello at the controller", "hello", CONTROLLER, 0, 0, "ff", GOOD},
    {"4.2: a hello of no version",
     "hello",
     SWITCH,
     0,
     0,
     "00",
     {OFPET_HELLO_FAILED, OFPHFC_INCOMPATIBLE}},
    {"4.2: a peer's error in its own version", "error", CONTROLLER, 0, 0, "04", GOOD},
    {"4.2: an error of no version", "error", CONTROLLER, 0, 0, "00", REQUEST(BAD_VERSION)},
    {"5.5.2: an echo of another version", "echo_request", SWITCH, 0, 0, "04", REQUEST(BAD_VERSION)},

    {"5.1: no such type", "barrier_request", SWITCH, 0, 1, "16", REQUEST(BAD_TYPE)},
    {"5.1: no such type", "barrier_request", EITHER, 0, 1, "ff", REQUEST(BAD_TYPE)},
    {"5.3: a request at the controller", "features_request", CONTROLLER, 0, 0, "",
     REQUEST(BAD_TYPE)},
    {"5.3: a flow-mod at the controller", "flow_mod_add", CONTROLLER, 0, 0, "", REQUEST(BAD_TYPE)},
    {"5.3: stats asked of the controller", "stats_request_desc", CONTROLLER, 0, 0, "",
     REQUEST(BAD_TYPE)},
    {"5.3: a reply at a switch", "features_reply", SWITCH, 0, 0, "", REQUEST(BAD_TYPE)},
    {"5.4: a packet-in at a switch", "packet_in", SWITCH, 0, 0, "", REQUEST(BAD_TYPE)},
    {"5.3.5: stats told to a switch", "stats_reply_desc", SWITCH, 0, 0, "", REQUEST(BAD_TYPE)},
    {"4.2: an error at a switch", "error_hello_failed", SWITCH, 0, 0, "", GOOD},
    {"who looks on sees either's", "packet_in", EITHER, 0, 0, "", GOOD},
    {"who looks on sees either's", "flow_mod_add", EITHER, 0, 0, "", GOOD},

    {"5.1: the header's length is not the message's", "barrier_request", SWITCH, 0, 2, "0009",
     REQUEST(BAD_LEN)},
    {"5.1: the header's length is not the message's", "packet_in", CONTROLLER, 0, 2, "004b",
     REQUEST(BAD_LEN)},
    {"5.3.1: a body where none is", "features_request", SWITCH, 16, 0, "", REQUEST(BAD_LEN)},
    {"5.3.2: a body where none is", "get_config_request", SWITCH, 12, 0, "", REQUEST(BAD_LEN)},
    {"5.3.7: a body where none is", "barrier_request", SWITCH, 9, 0, "", REQUEST(BAD_LEN)},
    {"5.3.2: cut short", "set_config", SWITCH, 11, 0, "", REQUEST(BAD_LEN)},
    {"5.3.2: too long", "set_config", SWITCH, 16, 0, "", REQUEST(BAD_LEN)},
    {"5.3.1: part of a port", "features_reply", CONTROLLER, 32 + 47, 0, "", REQUEST(BAD_LEN)},
    {"5.3.1: one port of three", "features_reply", CONTROLLER, 32 + 48, 0, "", GOOD},
    {"5.5.1: a hello with a body", "hello", SWITCH, 300, 0, "", GOOD},
    {"5.4.4: an error without code", "error", CONTROLLER, 11, 0, "", REQUEST(BAD_LEN)},
    {"5.4.4: an error without data", "error", CONTROLLER, 12, 0, "", GOOD},
    {"5.4.2: cut short", "flow_removed", CONTROLLER, 87, 0, "", REQUEST(BAD_LEN)},
    {"5.4.3: cut short", "port_status", CONTROLLER, 63, 0, "", REQUEST(BAD_LEN)},
    {"5.4.3: too long", "port_status", CONTROLLER, 72, 0, "", REQUEST(BAD_LEN)},

    {"5.4.1: shorter than its header", "packet_in", CONTROLLER, 17, 0, "", REQUEST(BAD_LEN)},
    {"5.4.1: total_len below the data", "packet_in", CONTROLLER, 0, 12, "0001", GOOD},
    {"5.4.1: total_len above the data", "packet_in", CONTROLLER, 0, 12, "ffff", GOOD},
    {"5.4.1: a reason that 1.0 does not know", "packet_in", CONTROLLER, 0, 16, "ff", GOOD},

    {"5.3.3: not whole actions", "flow_mod_add", SWITCH, 72 + 4, 0, "", REQUEST(BAD_LEN)},
    {"5.3.3: cut short", "flow_mod_add", SWITCH, 71, 0, "", REQUEST(BAD_LEN)},
    {"4.6: no such command", "flow_mod_add", SWITCH, 0, AT(ofp_flow_mod, command), "0005",
     FLOW_MOD(BAD_COMMAND)},
    {"4.6: no such command", "flow_mod_add", SWITCH, 0, AT(ofp_flow_mod, command), "ffff",
     FLOW_MOD(BAD_COMMAND)},
    {"4.6: an emergency entry that times out", "flow_mod_add_emerg", SWITCH, 0,
     AT(ofp_flow_mod, idle_timeout), "0001", FLOW_MOD(BAD_EMERG_TIMEOUT)},
    {"4.6: an emergency entry that times out", "flow_mod_add_emerg", SWITCH, 0,
     AT(ofp_flow_mod, hard_timeout), "0100", FLOW_MOD(BAD_EMERG_TIMEOUT)},
    {"5.3.3: flags that 1.0 has no error for", "flow_mod_add", SWITCH, 0, AT(ofp_flow_mod, flags),
     "fff8", GOOD},

    {"5.2.1: output to a physical port", "flow_mod_add", SWITCH, 0, IN_FLOW(OUTPUT + 4), "feff",
     GOOD},
    {"5.2.1: output to port 0", "flow_mod_add", SWITCH, 0, IN_FLOW(OUTPUT + 4), "0000",
     ACTION(BAD_OUT_PORT)},
    {"5.2.1: output to a number without meaning", "flow_mod_add", SWITCH, 0, IN_FLOW(OUTPUT + 4),
     "ff00", ACTION(BAD_OUT_PORT)},
    {"5.2.1: output to a number without meaning", "flow_mod_add", SWITCH, 0, IN_FLOW(OUTPUT + 4),
     "fff7", ACTION(BAD_OUT_PORT)},
    {"5.2.1: output to IN_PORT", "flow_mod_add", SWITCH, 0, IN_FLOW(OUTPUT + 4), "fff8", GOOD},
    {"5.2.1: output to TABLE in a flow", "flow_mod_add", SWITCH, 0, IN_FLOW(OUTPUT + 4), "fff9",
     ACTION(BAD_OUT_PORT)},
    {"5.2.1: output to TABLE in a packet-out", "packet_out", SWITCH, 0, IN_PACKET(OUTPUT + 4),
     "fff9", GOOD},
    {"5.2.1: output to NORMAL", "flow_mod_add", SWITCH, 0, IN_FLOW(OUTPUT + 4), "fffa", GOOD},
    {"5.2.1: output to LOCAL", "flow_mod_add", SWITCH, 0, IN_FLOW(OUTPUT + 4), "fffe", GOOD},
    {"5.2.1: output to NONE", "flow_mod_add", SWITCH, 0, IN_FLOW(OUTPUT + 4), "ffff",
     ACTION(BAD_OUT_PORT)},
    {"5.2.1: output to NONE in a packet-out", "packet_out", SWITCH, 0, IN_PACKET(OUTPUT + 4),
     "ffff", ACTION(BAD_OUT_PORT)},
    {"5.2.4: enqueue to IN_PORT", "flow_mod_add", SWITCH, 0, IN_FLOW(ENQUEUE + 4), "fff8", GOOD},
    {"5.2.4: enqueue to port 0", "flow_mod_add", SWITCH, 0, IN_FLOW(ENQUEUE + 4), "0000",
     ACTION(BAD_OUT_PORT)},
    {"5.2.4: enqueue to OFPP_MAX", "flow_mod_add", SWITCH, 0, IN_FLOW(ENQUEUE + 4), "ff00",
     ACTION(BAD_OUT_PORT)},
    {"5.2.4: enqueue to FLOOD", "flow_mod_add", SWITCH, 0, IN_FLOW(ENQUEUE + 4), "fffb",
     ACTION(BAD_OUT_PORT)},
    {"5.2.4: enqueue to LOCAL", "flow_mod_add", SWITCH, 0, IN_FLOW(ENQUEUE + 4), "fffe",
     ACTION(BAD_OUT_PORT)},
    {"5.2.4: VLAN 4095", "flow_mod_add", SWITCH, 0, IN_FLOW(VLAN_VID + 4), "0fff", GOOD},
    {"5.2.4: VLAN 4096", "flow_mod_add", SWITCH, 0, IN_FLOW(VLAN_VID + 4), "1000",
     ACTION(BAD_ARGUMENT)},
    {"5.2.4: PCP 7", "flow_mod_add", SWITCH, 0, IN_FLOW(VLAN_PCP + 4), "07", GOOD},
    {"5.2.4: PCP 8", "flow_mod_add", SWITCH, 0, IN_FLOW(VLAN_PCP + 4), "08", ACTION(BAD_ARGUMENT)},
    {"5.2.4: TOS 0xfc", "flow_mod_add", SWITCH, 0, IN_FLOW(NW_TOS + 4), "fc", GOOD},
    {"5.2.4: TOS with ECN", "flow_mod_add", SWITCH, 0, IN_FLOW(NW_TOS + 4), "fd",
     ACTION(BAD_ARGUMENT)},
    {"5.2.4: TOS with ECN", "packet_out", SWITCH, 0, IN_PACKET(NW_TOS + 4), "02",
     ACTION(BAD_ARGUMENT)},
    {"5.2.4: no such action", "flow_mod_add", SWITCH, 0, IN_FLOW(OUTPUT), "000c", ACTION(BAD_TYPE)},
    {"5.2.4: no such action", "packet_out", SWITCH, 0, IN_PACKET(OUTPUT), "fffe", ACTION(BAD_TYPE)},
    {"5.2.4: length 0", "flow_mod_add", SWITCH, 0, IN_FLOW(OUTPUT + 2), "0000", ACTION(BAD_LEN)},
    {"5.2.4: length 4", "flow_mod_add", SWITCH, 0, IN_FLOW(OUTPUT + 2), "0004", ACTION(BAD_LEN)},
    {"5.2.4: length 12", "flow_mod_add", SWITCH, 0, IN_FLOW(OUTPUT + 2), "000c", ACTION(BAD_LEN)},
    {"5.2.4: wrong for its type", "flow_mod_add", SWITCH, 0, IN_FLOW(OUTPUT + 2), "0010",
     ACTION(BAD_LEN)},
    {"5.2.4: wrong for its type", "flow_mod_add", SWITCH, 0, IN_FLOW(DL_SRC + 2), "0008",
     ACTION(BAD_LEN)},
    {"5.2.4: past the end", "flow_mod_add", SWITCH, 0, IN_FLOW(DEC_TTL + 2), "0018",
     ACTION(BAD_LEN)},
    {"5.2.4: past the end", "packet_out", SWITCH, 0, IN_PACKET(DEC_TTL + 2), "0018",
     ACTION(BAD_LEN)},
    {"5.2.4: cut in the middle", "flow_mod_add", SWITCH, 72 + DL_SRC + 8, 0, "", ACTION(BAD_LEN)},
    {"5.2.4: no such vendor", "flow_mod_add", SWITCH, 0, IN_FLOW(DEC_TTL + 4), "00abcdef",
     ACTION(BAD_VENDOR)},
    {"5.2.4: no such action of Nicira's", "flow_mod_add", SWITCH, 0, IN_FLOW(DEC_TTL + 8), "7777",
     ACTION(BAD_VENDOR_TYPE)},
    {"5.2.4: too short for Nicira's subtype", "flow_mod_add", SWITCH, 72 + DEC_TTL + 8,
     IN_FLOW(DEC_TTL + 2), "0008", ACTION(BAD_LEN)},
    {"5.2.4: dec_ttl that is too long", "flow_mod_add", SWITCH, 72 + DEC_TTL + 24,
     IN_FLOW(DEC_TTL + 2), "0018", ACTION(BAD_LEN)},
    {"4.6: the command is judged before the actions", "flow_mod_delete_strict", SWITCH, 0,
     AT(ofp_flow_mod, command), "0005", FLOW_MOD(BAD_COMMAND)},
    {"4.6: what a deletion ignores, an addition does not", "flow_mod_delete_strict", SWITCH, 0,
     AT(ofp_flow_mod, command), "0000", ACTION(BAD_VENDOR)},
    {"4.6: ignored actions must still have a length", "flow_mod_delete_strict", SWITCH, 0,
     IN_FLOW(2), "0000", ACTION(BAD_LEN)},
    {"4.6: ignored actions must still have their type's length", "flow_mod_delete_strict", SWITCH,
     0, IN_FLOW(16), "0005", ACTION(BAD_LEN)},

    {"5.3.6: actions past the end", "packet_out_buffered", SWITCH, 0,
     AT(ofp_packet_out, actions_len), "0090", REQUEST(BAD_LEN)},
    {"5.3.6: actions past the end", "packet_out_drop", SWITCH, 0, AT(ofp_packet_out, actions_len),
     "0001", REQUEST(BAD_LEN)},
    {"5.3.6: actions past the end", "packet_out", SWITCH, 0, AT(ofp_packet_out, actions_len),
     "ffff", REQUEST(BAD_LEN)},
    {"5.3.6: not whole actions", "packet_out", SWITCH, 0, AT(ofp_packet_out, actions_len), "0004",
     REQUEST(BAD_LEN)},
    {"5.3.6: fewer actions, more packet", "packet_out", SWITCH, 0, AT(ofp_packet_out, actions_len),
     "0008", GOOD},
    {"5.3.6: actions end within one", "packet_out", SWITCH, 0, AT(ofp_packet_out, actions_len),
     "0028", ACTION(BAD_LEN)},
    {"5.3.6: shorter than its header", "packet_out", SWITCH, 15, 0, "", REQUEST(BAD_LEN)},

    {"5.3.3: port 0",
     "port_mod",
     SWITCH,
     0,
     AT(ofp_port_mod, port_no),
     "0000",
     {OFPET_PORT_MOD_FAILED, OFPPMFC_BAD_PORT}},
    {"5.3.3: a reserved port",
     "port_mod",
     SWITCH,
     0,
     AT(ofp_port_mod, port_no),
     "ff00",
     {OFPET_PORT_MOD_FAILED, OFPPMFC_BAD_PORT}},
    {"5.3.3: FLOOD is no port",
     "port_mod",
     SWITCH,
     0,
     AT(ofp_port_mod, port_no),
     "fffb",
     {OFPET_PORT_MOD_FAILED, OFPPMFC_BAD_PORT}},
    {"5.3.3: the local port", "port_mod", SWITCH, 0, AT(ofp_port_mod, port_no), "fffe", GOOD},
    {"5.3.3: too long", "port_mod", SWITCH, 40, 0, "", REQUEST(BAD_LEN)},
    {"5.3.4: port 0",
     "queue_get_config_request",
     SWITCH,
     0,
     8,
     "0000",
     {OFPET_QUEUE_OP_FAILED, OFPQOFC_BAD_PORT}},
    {"5.3.4: not below OFPP_MAX",
     "queue_get_config_request",
     SWITCH,
     0,
     8,
     "ff00",
     {OFPET_QUEUE_OP_FAILED, OFPQOFC_BAD_PORT}},
    {"5.3.4: the last physical port", "queue_get_config_request", SWITCH, 0, 8, "feff", GOOD},

    {"5.2.2: a queue below its header", "queue_get_config_reply", CONTROLLER, 0, 16 + 4, "0007",
     REQUEST(BAD_LEN)},
    {"5.2.2: a queue past the end", "queue_get_config_reply", CONTROLLER, 0, 16 + 48 + 4, "0010",
     REQUEST(BAD_LEN)},
    {"5.2.2: a property of length 0", "queue_get_config_reply", CONTROLLER, 0, 16 + 8 + 2, "0000",
     REQUEST(BAD_LEN)},
    {"5.2.2: a property past its queue", "queue_get_config_reply", CONTROLLER, 0, 16 + 8 + 2,
     "0030", REQUEST(BAD_LEN)},
    {"5.2.2: a minimum rate without the rate", "queue_get_config_reply", CONTROLLER, 16 + 16,
     16 + 4, "0010000000010008", REQUEST(BAD_LEN)},
    {"5.2.2: a minimum rate that is too long", "queue_get_config_reply", CONTROLLER, 0, 16 + 8 + 2,
     "0018", REQUEST(BAD_LEN)},
    {"5.2.2: properties that are no multiple of 8", "queue_get_config_reply_empty", CONTROLLER,
     16 + 32, 16, "00000001002000000002000900000000000002000f", REQUEST(BAD_LEN)},

    {"5.3.5: no such statistics", "stats_request_desc", SWITCH, 0, 8, "0006", REQUEST(BAD_STAT)},
    {"5.3.5: no such statistics", "stats_reply_desc", CONTROLLER, 0, 8, "000d", REQUEST(BAD_STAT)},
    {"5.3.5: no type of statistics", "stats_request_desc", SWITCH, 11, 0, "", REQUEST(BAD_LEN)},
    {"5.3.5: a body where none is", "stats_request_desc", SWITCH, 16, 0, "", REQUEST(BAD_LEN)},
    {"5.3.5: a body where none is", "stats_request_table", SWITCH, 16, 0, "", REQUEST(BAD_LEN)},
    {"5.3.5: flags that mean nothing", "stats_request_desc", SWITCH, 0, 10, "ffff", GOOD},
    {"5.3.5: cut short", "stats_request_flow", SWITCH, 55, 0, "", REQUEST(BAD_LEN)},
    {"5.3.5: too long", "stats_request_aggregate", SWITCH, 57, 0, "", REQUEST(BAD_LEN)},
    {"5.3.5: cut short", "stats_request_port", SWITCH, 19, 0, "", REQUEST(BAD_LEN)},
    {"5.3.5: cut short", "stats_request_queue", SWITCH, 16, 0, "", REQUEST(BAD_LEN)},
    {"5.3.5: cut short", "stats_reply_desc", CONTROLLER, 1067, 0, "", REQUEST(BAD_LEN)},
    {"5.3.5: no body", "stats_reply_desc", CONTROLLER, 12, 0, "", REQUEST(BAD_LEN)},
    {"5.3.5: two aggregates", "stats_reply_aggregate", CONTROLLER, 12 + 48, 0, "",
     REQUEST(BAD_LEN)},
    {"5.3.5: part of a table", "stats_reply_table", CONTROLLER, 12 + 65, 0, "", REQUEST(BAD_LEN)},
    {"5.3.5: part of a port", "stats_reply_port", CONTROLLER, 12 + 103, 0, "", REQUEST(BAD_LEN)},
    {"5.3.5: part of a queue", "stats_reply_queue", CONTROLLER, 12 + 33, 0, "", REQUEST(BAD_LEN)},
    {"5.3.5: no entries", "stats_reply_port", CONTROLLER, 12, 0, "", GOOD},
    {"5.3.5: a flow of length 0", "stats_reply_flow", CONTROLLER, 0, STATS(0), "0000",
     REQUEST(BAD_LEN)},
    {"5.3.5: a flow below its header", "stats_reply_flow", CONTROLLER, 0, STATS(0), "0057",
     REQUEST(BAD_LEN)},
    {"5.3.5: a flow past the end", "stats_reply_flow", CONTROLLER, 0, STATS(0), "ffff",
     REQUEST(BAD_LEN)},
    {"5.3.5: part of a flow", "stats_reply_flow", CONTROLLER, 12 + 88 + 87, 0, "",
     REQUEST(BAD_LEN)},
    {"5.3.5: a flow's action of length 0", "stats_reply_flow", CONTROLLER, 0,
     STATS(2 * 88 + OUTPUT + 2), "0000", ACTION(BAD_LEN)},
    {"5.3.5: a flow's action, wrong for its type", "stats_reply_flow", CONTROLLER, 0,
     STATS(2 * 88 + DL_SRC + 2), "0008", ACTION(BAD_LEN)},
    {"5.3.5: a flow's action that is not ours to judge", "stats_reply_flow", CONTROLLER, 0,
     STATS(2 * 88 + NW_TOS + 4), "ff", GOOD},

    {"5.5.4: no vendor", "vendor_unknown", CONTROLLER, 11, 0, "", REQUEST(BAD_LEN)},
    {"5.5.4: no such vendor", "vendor_unknown_body", SWITCH, 0, 0, "", REQUEST(BAD_VENDOR)},
    {"5.5.4: no such vendor, which the controller lets pass", "vendor_unknown", CONTROLLER, 0, 0,
     "", GOOD},
    {"5.5.4: nor are others' messages for who looks on", "vendor_unknown", EITHER, 0, 0, "", GOOD},
    {"5.5.4: no subtype of Nicira's", "vendor_role_request", SWITCH, 15, 0, "", REQUEST(BAD_LEN)},
    {"5.5.4: no subtype of Nicira's", "vendor_role_reply", CONTROLLER, 12, 0, "", REQUEST(BAD_LEN)},
    {"5.5.4: no such subtype", "vendor_role_request", SWITCH, 0, 12, "0000ffff",
     REQUEST(BAD_SUBTYPE)},
    {"5.5.4: no such subtype, which the controller lets pass", "vendor_role_reply", CONTROLLER, 0,
     12, "0000ffff", GOOD},
    {"5.5.4: a role reply is not for a switch", "vendor_role_reply", SWITCH, 0, 0, "",
     REQUEST(BAD_SUBTYPE)},
    {"5.5.4: a role request without role", "vendor_role_request", SWITCH, 16, 0, "",
     REQUEST(BAD_LEN)},
    {"5.5.4: a role reply that is too long", "vendor_role_reply", CONTROLLER, 24, 0, "",
     REQUEST(BAD_LEN)},
    {"5.3.5: statistics of no vendor", "stats_request_vendor", SWITCH, 15, 0, "", REQUEST(BAD_LEN)},
    {"5.3.5: no such vendor", "stats_request_vendor", SWITCH, 0, 0, "", REQUEST(BAD_VENDOR)},
    {"5.3.5: no such statistics of Nicira's", "stats_request_vendor", SWITCH, 0, 12,
     "000023200000ffff", REQUEST(BAD_SUBTYPE)},
    {"5.3.5: no such vendor, which the controller lets pass", "stats_reply_vendor", CONTROLLER, 0,
     12, "00abcdef", GOOD},
};

const struct fault_case *fault_cases(size_t *n)
{
    *n = sizeof cases / sizeof cases[0];
    return cases;
}

static void put_hex(uint8_t *to, const char *hex)
{
    for (; *hex != '\0'; hex += 2) {
        unsigned value = 0;
        int n = sscanf(hex, "%2x", &value);
        assert(n == 1);
        *to++ = (uint8_t)value;
        (void)n;
    }
}

struct span fault_message(const struct fault_case *c)
{
    struct span good = corpus_find(c->item)->bytes;
    size_t len = c->len ? c->len : good.len;
    uint8_t *bytes = calloc(1, len);
    assert(bytes != NULL && c->at + strlen(c->bytes) / 2 <= len);
    memcpy(bytes, good.data, len < good.len ? len : good.len);
    bytes[2] = (uint8_t)(len >> 8);
    bytes[3] = (uint8_t)len;
    put_hex(bytes + c->at, c->bytes);
    return span_of(bytes, len);
}
