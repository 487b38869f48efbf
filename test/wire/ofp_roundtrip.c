/*
 * ofp_roundtrip.c - what the library makes of messages, for the tests beside it.
 *
 * Reads lines "VERBOSITY HEX" from standard input. For each it writes "= HEX", the message decoded
 * and encoded again ("=" alone if it is not valid), then its text, each line behind "| ".
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/print.h"
#include "openflow/validate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX (2 * OFP_MAX_MESSAGE + 16)
#define TEXT_MAX (1 << 22)

/* The bytes of the hexadecimal digits in `s`. */
static struct span parse_hex(const char *s, uint8_t *bytes)
{
    size_t n = 0;
    unsigned byte;
    for (; n < OFP_MAX_MESSAGE && sscanf(s, "%2x", &byte) == 1; s += 2)
        bytes[n++] = (uint8_t)byte;
    return span_of(bytes, n);
}

static void put_encoded(struct span message)
{
    static uint8_t area[OFP_MAX_MESSAGE];
    struct buf out = buf_of(area, sizeof area);
    struct ofp_msg msg;
    struct ofp_fault fault;
    if (ofp_validate(message, OFP_AT_EITHER, &fault)) {
        ofp_decode(&msg, message);
        ofp_encode(&out, &msg);
    }
    printf("= ");
    for (size_t i = 0; i < out.len; i++)
        printf("%02x", area[i]);
    printf("\n");
}

static void put_text(struct span message, int verbosity)
{
    static char text[TEXT_MAX];
    struct text t = text_of(text, sizeof text);
    ofp_print(&t, message, verbosity);
    for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
        printf("| %.*s\n", (int)(end - line), line);
}

int main(void)
{
    static char line[LINE_MAX];
    static uint8_t bytes[OFP_MAX_MESSAGE];
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *hex;
        int verbosity = (int)strtol(line, &hex, 10);
        struct span message = parse_hex(hex + 1, bytes);
        put_encoded(message);
        put_text(message, verbosity);
        fflush(stdout);
    }
    return 0;
}
