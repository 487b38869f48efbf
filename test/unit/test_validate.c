/*
 * test_validate.c - each fault gets the error that the specification asks for, and whatever passes
 * is safe to read.
 *
 * The table takes a good message from the corpus, changes it in one way and says what must come of
 * it. After it, every truncation and every single-byte change of every message.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openflow/msg.h"
#include "test/unit/corpus.h"
#include "test/unit/unit.h"
#include "test/unit/walk.h"

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

/* The message `item`, made `len` bytes long with its header saying so (0: as it is; cut, or filled
 * up with zeros), `bytes` (in hexadecimal) put at `at`; received by `receiver`. */
static const struct mutation {
    const char *why; /* with the section that says so */
    const char *item;
    enum ofp_receiver receiver;
    size_t len;
    size_t at;
    const char *bytes;
    struct ofp_fault expected;
} mutations[] = {
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
    {"5.2.4: no such action of Nicira's", "flow_mod_add", SWITCH, 0, IN_FLOW(DEC_TTL + 8), "0001",
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
    {"5.5.4: no such vendor", "vendor_unknown", SWITCH, 0, 0, "", REQUEST(BAD_VENDOR)},
    {"5.5.4: no such vendor, which the controller lets pass", "vendor_unknown", CONTROLLER, 0, 0,
     "", GOOD},
    {"5.5.4: nor are others' messages for who looks on", "vendor_unknown", EITHER, 0, 0, "", GOOD},
    {"5.5.4: no subtype of Nicira's", "vendor_role_request", SWITCH, 15, 0, "", REQUEST(BAD_LEN)},
    {"5.5.4: no subtype of Nicira's", "vendor_role_reply", CONTROLLER, 12, 0, "", REQUEST(BAD_LEN)},
    {"5.5.4: no such subtype", "vendor_role_request", SWITCH, 0, 12, "0000000c",
     REQUEST(BAD_SUBTYPE)},
    {"5.5.4: no such subtype, which the controller lets pass", "vendor_role_reply", CONTROLLER, 0,
     12, "0000000c", GOOD},
    {"5.5.4: a role reply is not for a switch", "vendor_role_reply", SWITCH, 0, 0, "",
     REQUEST(BAD_SUBTYPE)},
    {"5.5.4: a role request without role", "vendor_role_request", SWITCH, 16, 0, "",
     REQUEST(BAD_LEN)},
    {"5.5.4: a role reply that is too long", "vendor_role_reply", CONTROLLER, 24, 0, "",
     REQUEST(BAD_LEN)},
    {"5.3.5: statistics of no vendor", "stats_request_vendor", SWITCH, 15, 0, "", REQUEST(BAD_LEN)},
    {"5.3.5: no such vendor", "stats_request_vendor", SWITCH, 0, 0, "", REQUEST(BAD_VENDOR)},
    {"5.3.5: no such statistics of Nicira's", "stats_request_vendor", SWITCH, 0, 12, "00002320",
     REQUEST(BAD_SUBTYPE)},
    {"5.3.5: no such vendor, which the controller lets pass", "stats_reply_vendor", CONTROLLER, 0,
     12, "00abcdef", GOOD},
};

/* Put `hex` at `to`. */
static void put_hex(uint8_t *to, const char *hex)
{
    for (; *hex != '\0'; hex += 2) {
        unsigned value;
        ck_assert_int_eq(sscanf(hex, "%2x", &value), 1);
        *to++ = (uint8_t)value;
    }
}

/* `bytes` cut or filled up to `len`, in memory of exactly that size; the caller frees it. */
static uint8_t *resized(struct span bytes, size_t len)
{
    uint8_t *copy = calloc(1, len ? len : 1);
    bytes_copy(copy, bytes.data, len < bytes.len ? len : bytes.len);
    return copy;
}

static void set_length(uint8_t *message, size_t len)
{
    message[2] = (uint8_t)(len >> 8);
    message[3] = (uint8_t)len;
}

START_TEST(each_fault_gets_its_error)
{
    for (size_t i = 0; i < sizeof mutations / sizeof mutations[0]; i++) {
        const struct mutation *m = &mutations[i];
        struct span original = corpus_find(m->item)->bytes;
        size_t len = m->len ? m->len : original.len;
        uint8_t *bytes = resized(original, len);
        struct ofp_fault fault = GOOD;
        bool good = m->expected.type == 0xffff, judged;
        set_length(bytes, len);
        ck_assert(m->at + strlen(m->bytes) / 2 <= len);
        put_hex(bytes + m->at, m->bytes);
        judged = ofp_validate(span_of(bytes, len), m->receiver, &fault);
        ck_assert_msg(judged == good && fault.type == m->expected.type &&
                          fault.code == m->expected.code,
                      "%s (%s): %d, %d", m->why, m->item, fault.type, fault.code);
        free(bytes);
    }
}
END_TEST

START_TEST(the_corpus_is_good)
{
    size_t n;
    const struct corpus_item *item = corpus_all(&n);
    for (; n > 0; n--, item++) {
        struct ofp_fault fault = GOOD;
        ck_assert_msg(ofp_validate(item->bytes, item->receiver, &fault), "%s: %d, %d", item->name,
                      fault.type, fault.code);
        ck_assert_msg(ofp_validate(item->bytes, OFP_AT_EITHER, &fault), "%s", item->name);
    }
}
END_TEST

START_TEST(each_type_has_a_receiver)
{
    static const uint8_t at_switch_only[] = {
        OFPT_FEATURES_REQUEST, OFPT_GET_CONFIG_REQUEST, OFPT_SET_CONFIG,
        OFPT_PACKET_OUT,       OFPT_FLOW_MOD,           OFPT_PORT_MOD,
        OFPT_STATS_REQUEST,    OFPT_BARRIER_REQUEST,    OFPT_QUEUE_GET_CONFIG_REQUEST,
    };
    static const uint8_t at_either[] = {OFPT_HELLO, OFPT_ERROR, OFPT_ECHO_REQUEST, OFPT_ECHO_REPLY,
                                        OFPT_VENDOR};
    for (uint8_t type = 0; type < OFPT_N_TYPES; type++) {
        struct ofp_header h = {1, type, be16_of(8), be32_of(1)};
        struct ofp_fault s = GOOD, c = GOOD;
        bool symmetric = memchr(at_either, type, sizeof at_either) != NULL;
        bool of_switch = memchr(at_switch_only, type, sizeof at_switch_only) != NULL;
        ofp_validate(span_of(&h, sizeof h), OFP_AT_SWITCH, &s);
        ofp_validate(span_of(&h, sizeof h), OFP_AT_CONTROLLER, &c);
        ck_assert_int_eq(s.code == OFPBRC_BAD_TYPE, !symmetric && !of_switch);
        ck_assert_int_eq(c.code == OFPBRC_BAD_TYPE, !symmetric && of_switch);
    }
}
END_TEST

START_TEST(types_have_the_names_of_the_specification)
{
    ck_assert_str_eq(ofp_type_name(OFPT_HELLO), "OFPT_HELLO");
    ck_assert_str_eq(ofp_type_name(OFPT_PACKET_IN), "OFPT_PACKET_IN");
    ck_assert_str_eq(ofp_type_name(OFPT_QUEUE_GET_CONFIG_REPLY), "OFPT_QUEUE_GET_CONFIG_REPLY");
    ck_assert_ptr_null(ofp_type_name(OFPT_N_TYPES));
    ck_assert_ptr_null(ofp_type_name(255));
}
END_TEST

START_TEST(a_list_of_actions_is_judged_by_itself)
{
    struct span actions = corpus_actions();
    struct ofp_fault fault;
    for (size_t len = 0; len <= actions.len; len++) {
        uint8_t *copy = resized(actions, len);
        bool whole = len == 0 || len == 8 || len == 16 || len == 24 || len == 32 || len == 48 ||
                     (len >= 64 && len <= 104 && len % 8 == 0) || len == 120 || len == 136;
        fault = (struct ofp_fault)GOOD;
        ck_assert_int_eq(ofp_validate_actions(span_of(copy, len), &fault), whole);
        ck_assert(whole || (fault.type == OFPET_BAD_ACTION && fault.code == OFPBAC_BAD_LEN));
        free(copy);
    }
}
END_TEST

/* How many codes each type of error has, section 5.4.4. */
static bool is_defined(struct ofp_fault fault)
{
    static const uint16_t codes[] = {2, 9, 9, 6, 2, 3};
    return fault.type < sizeof codes / sizeof codes[0] && fault.code < codes[fault.type];
}

/* Fail without asking Check at every one of millions of looks: it writes a line each time. */
static void must(bool holds, const char *name, const char *what)
{
    if (!holds)
        ck_abort_msg("%s: %s", name, what);
}

/* Good bytes can be read to the end, and come back from encoding: the second time, exactly. */
static void check_readable(struct span bytes, const char *name)
{
    static uint8_t once[4096], twice[4096];
    struct buf first = buf_of(once, sizeof once), second = buf_of(twice, sizeof twice);
    struct ofp_msg msg;
    unsigned sum = 0;
    ofp_decode(&msg, bytes);
    must(walk_msg(&msg, &sum), name, "a list does not end");
    must(ofp_encode(&first, &msg) && first.len == bytes.len, name, "encodes otherwise");
    ofp_decode(&msg, span_of(once, first.len));
    must(ofp_encode(&second, &msg) && second.len == first.len, name, "encodes otherwise again");
    must(memcmp(twice, once, first.len) == 0, name, "is not stable");
}

static bool judged_good(struct span bytes, enum ofp_receiver receiver, const char *name)
{
    struct ofp_fault fault = GOOD;
    bool good = ofp_validate(bytes, receiver, &fault);
    must(good || is_defined(fault), name, "the error is none of the specification's");
    return good;
}

/* Whatever `bytes` are, everybody refuses them with an error that exists, or can read them. */
static void check_any(struct span bytes, const char *name)
{
    bool at_switch = judged_good(bytes, OFP_AT_SWITCH, name);
    bool at_controller = judged_good(bytes, OFP_AT_CONTROLLER, name);
    bool at_either = judged_good(bytes, OFP_AT_EITHER, name);
    must(at_either || !(at_switch || at_controller), name, "who looks on is stricter");
    if (at_either)
        check_readable(bytes, name);
}

START_TEST(every_truncation_is_refused_or_safe)
{
    size_t n;
    const struct corpus_item *item = corpus_all(&n);
    for (; n > 0; n--, item++)
        for (size_t len = 0; len < item->bytes.len; len++) {
            uint8_t *bytes = resized(item->bytes, len);
            check_any(span_of(bytes, len), item->name);
            if (len >= 4)
                set_length(bytes, len); /* cut, and the header agrees */
            check_any(span_of(bytes, len), item->name);
            free(bytes);
        }
}
END_TEST

START_TEST(every_single_byte_change_is_refused_or_safe)
{
    size_t n;
    const struct corpus_item *item = corpus_all(&n);
    for (; n > 0; n--, item++) {
        uint8_t *bytes = resized(item->bytes, item->bytes.len);
        for (size_t i = 0; i < item->bytes.len; i++) {
            for (int j = 0; j < 255; j++) {
                bytes[i]++;
                check_any(span_of(bytes, item->bytes.len), item->name);
            }
            bytes[i]++;
        }
        ck_assert_mem_eq(bytes, item->bytes.data, item->bytes.len);
        free(bytes);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_fault_gets_its_error,
        the_corpus_is_good,
        each_type_has_a_receiver,
        types_have_the_names_of_the_specification,
        a_list_of_actions_is_judged_by_itself,
        every_truncation_is_refused_or_safe,
        every_single_byte_change_is_refused_or_safe,
        NULL,
    };
    return unit_main(unit_suite("validate", tests));
}
