/*
 * parse_match.h - a match item by item, for who parses a text that has other items too.
 *
 * Internal to the parser: parse_flow.c calls ofp_parse_match_item() with what is not its own.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_PARSE_MATCH_H
#define MORGANA_OPENFLOW_PARSE_MATCH_H

#include "openflow/scan.h"
#include "openflow/wire.h"

/* Make `match`, which began as ofp_match_any(), narrower by one item. NULL, or the error. */
const char *ofp_parse_match_item(const struct scan_item *item, struct ofp_match *match,
                                 char *error);

/* After the last item: judge what only all of them tell, and zero what is wild. NULL, or the error.
 */
const char *ofp_parse_match_end(struct ofp_match *match, char *error);

#endif
