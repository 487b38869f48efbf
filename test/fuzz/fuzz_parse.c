/*
 * fuzz_parse.c - any text as a flow: it is refused in words, or what comes of it is valid and,
 * printed and read again, stays the same.
 *
 * The first byte chooses the command.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/match.h"
#include "openflow/parse.h"
#include "openflow/print.h"
#include "openflow/validate.h"

#include <stdlib.h>
#include <string.h>

#define ACTIONS_MAX 1024

static char error[OFP_PARSE_ERROR];

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* What a match says of what OpenFlow 1.0 compares. */
static struct ofp_match canonical(const struct ofp_match *match)
{
    struct ofp_key key, mask;
    uint32_t wildcards = ofp_match_canonical(match, &key, &mask);
    key.match.wildcards = be32_of(wildcards);
    return key.match;
}

/* ICMP's type and code are printed as such, and then have 8 bits: no frame matches greater ones. */
static bool can_match(const struct ofp_match *m)
{
    return m->nw_proto != 1 || (m->tp_src.b[0] == 0 && m->tp_dst.b[0] == 0);
}

static void check_match(const struct ofp_match *match)
{
    char printed[1024];
    struct text t = text_of(printed, sizeof printed);
    struct ofp_match m = canonical(match), again;
    if (!can_match(&m))
        return;
    ofp_print_match(&t, &m, OFP_DEFAULT_PRIORITY);
    must(text_fits(&t) && ofp_parse_match(printed, &again, error) == NULL);
    must(memcmp(&m, &again, sizeof m) == 0);
}

static void check_actions(struct span actions)
{
    char printed[64 * ACTIONS_MAX];
    uint8_t bytes[ACTIONS_MAX];
    struct text t = text_of(printed, sizeof printed);
    struct buf again = buf_of(bytes, sizeof bytes);
    struct ofp_fault fault;
    must(ofp_validate_actions(actions, &fault));
    ofp_print_actions(&t, actions);
    must(text_fits(&t) && ofp_parse_actions(printed, &again, error) == NULL);
    must(again.len == actions.len && bytes_equal(bytes, actions.data, actions.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bytes[ACTIONS_MAX];
    struct buf actions = buf_of(bytes, sizeof bytes);
    struct ofp_msg_flow_mod flow;
    struct ofp_match match;
    if (size == 0)
        return 0;
    char *text = malloc(size); /* its very size, so that ASan sees what lies behind */
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (ofp_parse_flow(text, data[0] % OFPFC_N_COMMANDS, &flow, &match, &actions, error) == NULL) {
        check_match(&match);
        check_actions(flow.actions);
    } else {
        must(memchr(error, '\0', sizeof error) != NULL && error[0] != '\0');
    }
    free(text);
    return 0;
}
