/*
 * ofp_text.c - flows from text to bytes, for parse_test.py.
 *
 * Reads lines: a command of ovs-ofctl's (add-flow, mod-flows, del-flows) with
 * " --strict" behind it or not, a tab, and the flow. Answers each with a line: the flow-mod in
 * hexadecimal, or "error: " and the parser's message.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/parse.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    uint16_t command;
} commands[] = {
    {"add-flow", OFPFC_ADD},
    {"mod-flows", OFPFC_MODIFY},
    {"mod-flows --strict", OFPFC_MODIFY_STRICT},
    {"del-flows", OFPFC_DELETE},
    {"del-flows --strict", OFPFC_DELETE_STRICT},
};

static int command_of(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].command;
    return -1;
}

static void answer(uint16_t command, const char *text)
{
    static uint8_t action_bytes[4096], bytes[8192];
    struct buf actions = buf_of(action_bytes, sizeof action_bytes);
    struct buf out = buf_of(bytes, sizeof bytes);
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD};
    struct ofp_match match;
    char error[OFP_PARSE_ERROR];
    if (ofp_parse_flow(text, command, &msg.flow_mod, &match, &actions, error) != NULL) {
        printf("error: %s\n", error);
        return;
    }
    if (!ofp_encode(&out, &msg)) {
        printf("error: too long for a message\n");
        return;
    }
    for (size_t i = 0; i < out.len; i++)
        printf("%02x", out.data[i]);
    printf("\n");
}

int main(void)
{
    char line[16384];
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *text = strchr(line, '\t');
        int command;
        line[strcspn(line, "\n")] = '\0';
        if (text == NULL)
            return 1;
        *text++ = '\0';
        if ((command = command_of(line)) < 0)
            return 1;
        answer((uint16_t)command, text);
    }
    return 0;
}
