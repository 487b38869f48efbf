/*
 * flow_commands.c - the switch's commands about flows, in ovs-ofctl's syntax.
 *
 * Called by the control channel. A flow that is typed here becomes the message that ovs-ofctl would
 * send, is judged by ofp_validate() like any other, and goes the way of a controller's flow-mod
 * (handle.c): nothing is possible here that is not there, and the faults are the same, in words.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/parse.h"
#include "openflow/print.h"
#include "switch/commands.h"
#include "switch/connection.h"
#include "switch/table.h"

#include <stdlib.h>
#include <string.h>

/* --- Faults in words ------------------------------------------------------------------------- */

static const struct {
    uint16_t type, code;
    const char *words;
} faults[] = {
    {OFPET_FLOW_MOD_FAILED, OFPFMFC_ALL_TABLES_FULL, "the table is full; see --max-flows"},
    {OFPET_FLOW_MOD_FAILED, OFPFMFC_OVERLAP, "it overlaps another flow of the same priority"},
    {OFPET_FLOW_MOD_FAILED, OFPFMFC_BAD_EMERG_TIMEOUT, "an emergency flow has no time-outs"},
    {OFPET_FLOW_MOD_FAILED, OFPFMFC_UNSUPPORTED, "the actions cannot be done in this order"},
    {OFPET_BAD_ACTION, OFPBAC_BAD_OUT_PORT, "an action names a port that it cannot output to"},
    {OFPET_BAD_ACTION, OFPBAC_BAD_ARGUMENT, "an action's argument is out of its range"},
    {OFPET_BAD_ACTION, OFPBAC_TOO_MANY, "there are too many actions"},
    {OFPET_BAD_ACTION, OFPBAC_BAD_QUEUE, "an action names a queue that is not there; add-queue"},
    {OFPET_BAD_ACTION, OFPBAC_BAD_TYPE, "there is no such action"},
    {OFPET_BAD_REQUEST, OFPBRC_BUFFER_UNKNOWN, "no packet waits under this buffer_id"},
    {OFPET_BAD_REQUEST, OFPBRC_BUFFER_EMPTY, "the packet of this buffer_id has gone already"},
};

static const char *words_of(struct ofp_fault fault)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (faults[i].type == fault.type && faults[i].code == fault.code)
            return faults[i].words;
    return "the switch refuses it";
}

static void fail(struct appctl_reply *reply, struct ofp_fault fault)
{
    appctl_fail(reply, "%s (%s)", words_of(fault), ofp_error_name(fault.type, fault.code));
}

/* --- Flow-mods ------------------------------------------------------------------------------- */

/* A flow-mod, as it is parsed and as it is sent. */
struct typed {
    struct ofp_msg msg;
    struct ofp_match match;
    struct buf actions, sent;
    uint8_t areas[2][OFP_MAX_MESSAGE];
};

/* False if the text is not one; that has been said. */
static bool parse(struct appctl_reply *reply, struct typed *typed, const char *text,
                  uint16_t command)
{
    char error[OFP_PARSE_ERROR];
    typed->msg = (struct ofp_msg){.type = OFPT_FLOW_MOD};
    typed->actions = buf_of(typed->areas[0], sizeof typed->areas[0]);
    typed->sent = buf_of(typed->areas[1], sizeof typed->areas[1]);
    if (ofp_parse_flow(text, command, &typed->msg.flow_mod, &typed->match, &typed->actions,
                       error) == NULL)
        return true;
    appctl_fail(reply, "%s", error);
    return false;
}

static bool apply(struct agent *agent, struct typed *typed, struct ofp_fault *fault)
{
    struct ofp_msg msg;
    struct span bytes;

    *fault = (struct ofp_fault){OFPET_BAD_ACTION, OFPBAC_TOO_MANY};
    if (!ofp_encode(&typed->sent, &typed->msg))
        return false;
    bytes = span_of(typed->sent.data, typed->sent.len);
    if (!ofp_validate(bytes, OFP_AT_SWITCH, fault))
        return false;
    ofp_decode(&msg, bytes);
    return handle_flow_mod(agent, &msg.flow_mod, fault);
}

static void flow_mod(struct agent *agent, struct appctl_reply *reply, const char *text,
                     uint16_t command)
{
    struct typed *typed = malloc(sizeof *typed);
    struct ofp_fault fault;
    if (typed == NULL)
        appctl_fail(reply, "no memory");
    else if (parse(reply, typed, text, command) && !apply(agent, typed, &fault))
        fail(reply, fault);
    free(typed);
}

static void add_flow(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    (void)argc;
    flow_mod(user, reply, argv[0], OFPFC_ADD);
}

/* "[--strict] [FLOW]": the words behind the option, of which there is one at most. False if there
 * are more. */
static bool take_strict(struct appctl_reply *reply, size_t argc, const char *const *argv,
                        bool *strict, const char **text)
{
    *strict = argc > 0 && strcmp(argv[0], "--strict") == 0;
    *text = argc > *strict ? argv[*strict] : NULL;
    if (argc <= 1u + *strict)
        return true;
    appctl_fail(reply, "only --strict may stand before the flow; a flow is one word, without "
                       "blanks or in quotes");
    return false;
}

static void mod_flows(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    const char *text;
    bool strict;
    if (!take_strict(reply, argc, argv, &strict, &text))
        return;
    if (text == NULL)
        appctl_fail(reply, "say which flows, and their new actions");
    else
        flow_mod(user, reply, text, strict ? OFPFC_MODIFY_STRICT : OFPFC_MODIFY);
}

static void del_flows(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    const char *text;
    bool strict;
    if (take_strict(reply, argc, argv, &strict, &text))
        flow_mod(user, reply, text != NULL ? text : "",
                 strict ? OFPFC_DELETE_STRICT : OFPFC_DELETE);
}

/* --- Dumps ----------------------------------------------------------------------------------- */

/* One line, in as much room as it takes: few need more than the first that is asked for. */
static bool say_flow(void *user, struct flow *flow)
{
    struct appctl_reply *reply = user;
    struct ofp_flow_stats entry;
    struct text t;
    size_t room = 256;

    flow_describe(flow, &entry);
    do {
        char *to = appctl_room(reply, room);
        if (to == NULL)
            return false;
        t = text_of(to, room);
        text_put_char(&t, ' ');
        ofp_print_flow(&t, &entry, flow_actions(flow));
        text_put_char(&t, '\n');
        room = t.need + 1;
    } while (!text_fits(&t));
    appctl_use(reply, t.need);
    return true;
}

static void dump(struct agent *agent, struct appctl_reply *reply,
                 const struct ofp_msg_flow_mod *which)
{
    struct dp *dp = agent->dp;
    bool emergency = which->flags & OFPFF_EMERG;
    struct table_filter filter = table_filter_of(which->match);

    appctl_narrow(reply, "say which flows with a MATCH, or use ovs-ofctl dump-flows");
    filter.out_port = which->out_port;
    table_each(emergency ? dp_emergency_table(dp) : dp_table(dp), &filter, say_flow, reply);
}

/* MATCH as for del-flows: fields, out_port=, emerg. */
static void dump_flows(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv)
{
    struct typed *typed = malloc(sizeof *typed);
    if (typed == NULL)
        appctl_fail(reply, "no memory");
    else if (parse(reply, typed, argc > 0 ? argv[0] : "", OFPFC_DELETE))
        dump(user, reply, &typed->msg.flow_mod);
    free(typed);
}

const struct appctl_command switch_flow_commands[] = {
    {"dump-flows", "[MATCH]", 0, 1, dump_flows},
    {"add-flow", "FLOW", 1, 1, add_flow},
    {"mod-flows", "[--strict] FLOW", 1, 2, mod_flows},
    {"del-flows", "[--strict] [MATCH]", 0, 2, del_flows},
    {0},
};
