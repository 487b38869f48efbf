/*
 * print_parts.h - what the files of the printer share. See print.h for what callers get.
 *
 * print.c says what kind of message the bytes hold and prints its first words; the body functions
 * of print_msg.c and print_stats.c, one per kind, print the rest. A body begins every line but its
 * first with a newline and ends no line, so that a message can stand inside another one.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_OPENFLOW_PRINT_PARTS_H
#define MORGANA_OPENFLOW_PRINT_PARTS_H

#include "openflow/names.h"
#include "openflow/print.h"

/* What a body function is told. */
struct ofp_printed {
    const struct ofp_msg *msg;
    struct span bytes; /* the message as received */
    int verbosity;
    int depth; /* how many error messages it stands in */
};

typedef void ofp_print_body(struct text *t, const struct ofp_printed *p);

/* print_msg.c */
ofp_print_body ofp_print_hello, ofp_print_error, ofp_print_echo, ofp_print_vendor, ofp_print_role;
ofp_print_body ofp_print_features, ofp_print_config, ofp_print_packet_in, ofp_print_flow_removed;
ofp_print_body ofp_print_port_status, ofp_print_packet_out, ofp_print_flow_mod, ofp_print_port_mod;
ofp_print_body ofp_print_queue_request, ofp_print_queue_reply;

/* print_stats.c */
ofp_print_body ofp_print_flow_request, ofp_print_port_request, ofp_print_queue_stats_request;
ofp_print_body ofp_print_desc, ofp_print_flows, ofp_print_aggregate, ofp_print_tables;
ofp_print_body ofp_print_port_stats, ofp_print_queue_stats, ofp_print_vendor_stats;

/* print_port.c: a port on five lines or more, and its features. */
void ofp_print_phy_port(struct text *t, const struct ofp_phy_port *port);
void ofp_print_port_features(struct text *t, uint32_t features);

/* print.c: as ofp_print(), without the last newline, inside of `depth` error messages. */
void ofp_print_inside(struct text *t, struct span bytes, int verbosity, int depth);

/* print_text.c: the names of the bits that are set, with blanks between; bits without a name
 * together in hexadecimal; "0" for none. `names[n]` is bit n's. */
void ofp_print_bits(struct text *t, uint32_t bits, const char *const *names, size_t n);

/* "7.25s": with as many decimals as are needed, but at least three if any. */
void ofp_print_duration(struct text *t, uint32_t sec, uint32_t nsec);

/* Sixteen bytes a line in hexadecimal and in ASCII; each line begins with a newline. */
void ofp_print_hex_dump(struct text *t, struct span bytes);

/* One more member of a list that began when t->need was `start`: a comma unless it is the first,
 * then `name`. */
void ofp_print_member(struct text *t, size_t start, const char *name);

#endif
