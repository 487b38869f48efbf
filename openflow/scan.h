/*
 * scan.h - taking ovs-ofctl's text apart: items, numbers, addresses, ports.
 *
 * A text is a list of items, separated by commas and blanks. An item is a name, alone or with a
 * value: NAME, NAME=VALUE, NAME:VALUE or NAME(VALUE). Names are read in any case. A number is
 * decimal, or hexadecimal with 0x in front; 010 is refused, as some would mean 10 and some 8.
 * Internal to the parser (parse_*.c), but for apps that read addresses of their own.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_SCAN_H
#define MORGANA_OPENFLOW_SCAN_H

#include "runtime/bytes.h"

/* A piece of a text that somebody else owns; no NUL ends it. */
struct word {
    const char *s;
    size_t n;
};

struct scan_item {
    struct word all; /* as typed, for messages */
    struct word name;
    struct word value; /* empty if there is none; lies behind the name even then */
};

struct word ofp_word_of(const char *text);

/* Is `w` this name, in any case? */
bool ofp_word_is(struct word w, const char *name);

/* What stands before and behind the first `mark` in `w`. False if there is none. */
bool ofp_word_split(struct word w, const char *mark, struct word *before, struct word *behind);

/* The next item of `rest`, which moves past it. False at the end. */
bool ofp_scan_item(struct word *rest, struct scan_item *item);

/* All of `w` as a port: a number (65280 and above also as OpenFlow 1.1 numbers them, from
 * 0xffffff00 on), or a reserved name. */
bool ofp_scan_port(struct word w, uint16_t *port_no);

bool ofp_scan_number(struct word w, uint64_t max, uint64_t *n);

/* A value of one of these kinds; addresses as numbers, their first byte the highest. */
enum scan_kind {
    SCAN_NUMBER,
    SCAN_PORT,
    SCAN_MAC,
    SCAN_IPV4,
};
bool ofp_scan_value(struct word w, enum scan_kind kind, uint64_t max, uint64_t *value);

/* Write `"BAD": WHY` into `error` (OFP_PARSE_ERROR bytes), which is returned. */
const char *ofp_scan_error(char *error, struct word bad, const char *why);

/* The same, for a value that ofp_scan_value() refused. */
const char *ofp_scan_value_error(char *error, struct word bad, enum scan_kind kind, uint64_t max);

#endif
