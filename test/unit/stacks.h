/*
 * stacks.h - for tests: hosts with Morgana's own TCP/IP on simulated links.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_STACKS_H
#define MORGANA_TEST_UNIT_STACKS_H

#include "netstack/stack.h"
#include "test/unit/unit.h"

/* One that has few packets, and no interface yet; it uses addresses `at_once`. */
static inline struct stack *host_with(bool at_once)
{
    struct stack_config config;
    struct stack *s;
    stack_defaults(&config);
    config.rx_packets = config.tx_packets = 1024;
    config.rx_super_frames = config.tx_super_frames = 32;
    config.at_once = at_once;
    s = stack_new(&config);
    ck_assert_ptr_nonnull(s);
    return s;
}

static inline struct stack *small_host(void)
{
    return host_with(false);
}

/* Give it a device, with this address; NULL: by DHCP. */
static inline void plug(struct stack *s, const char *device, const char *address)
{
    struct address_config config;
    struct stack_interface interface = {.device = device};
    if (address) {
        ck_assert_int_eq(address_parse_config(address, &config), 0);
        interface.address = &config;
    }
    ck_assert_int_eq(stack_add(s, &interface), 0);
}

static inline struct stack *host_on(const char *device, const char *address)
{
    struct stack *s = small_host();
    plug(s, device, address);
    return s;
}

#endif
