/*
 * faults.c - the faults that a switch must answer, as lines for errors_test.py.
 *
 * Writes "TYPE CODE HEX WHY" for each; type and code are what ofp_validate() says, 65535 for good.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include <stdio.h>
#include <stdlib.h>

#include "test/unit/faults.h"

int main(void)
{
    size_t n;
    const struct fault_case *c = fault_cases(&n);
    for (; n > 0; n--, c++) {
        struct ofp_fault fault = {FAULT_NONE, FAULT_NONE};
        struct span message = fault_message(c);
        if (c->receiver == OFP_AT_SWITCH) {
            ofp_validate(message, OFP_AT_SWITCH, &fault);
            printf("%u %u ", fault.type, fault.code);
            for (size_t i = 0; i < message.len; i++)
                printf("%02x", message.data[i]);
            printf(" %s (%s)\n", c->why, c->item);
        }
        free((void *)message.data);
    }
    return 0;
}
