/*
 * address.c - IPv4 addresses to and from text: see address.h.
 *
 * Called by the stack and by whoever reads options.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/address.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A decimal number of at most three digits up to `max`, without leading zeros: they would be octal
 * elsewhere. Returns what follows it; NULL: there is none. */
static const char *read_number(const char *text, unsigned max, unsigned *n)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 3 || (digits > 1 && text[0] == '0'))
        return NULL;
    *n = (unsigned)strtoul(text, NULL, 10);
    return *n <= max ? text + digits : NULL;
}

/* The address that `text` begins with. Returns what follows it; NULL: there is none. */
static const char *read_address(const char *text, uint32_t *address)
{
    uint32_t a = 0;
    for (int i = 0; i < 4; i++) {
        unsigned byte;
        if (i > 0 && *text++ != '.')
            return NULL;
        text = read_number(text, 255, &byte);
        if (text == NULL)
            return NULL;
        a = a << 8 | byte;
    }
    *address = a;
    return text;
}

int address_parse(const char *text, uint32_t *address)
{
    const char *end = read_address(text, address);
    return end && *end == '\0' ? 0 : -EINVAL;
}

static bool config_is_good(const struct address_config *c)
{
    if (!address_is_host(c->address, c->prefix))
        return false;
    return c->gateway == 0 || (c->gateway != c->address && address_is_host(c->gateway, c->prefix) &&
                               (c->gateway ^ c->address) >> (32 - c->prefix) == 0);
}

int address_parse_config(const char *text, struct address_config *config)
{
    struct address_config c = {0};
    text = read_address(text, &c.address);
    if (text == NULL || *text != '/' || (text = read_number(text + 1, 32, &c.prefix)) == NULL)
        return -EINVAL;
    if (*text == ',' && address_parse(text + 1, &c.gateway) == 0)
        text = "";
    if (*text != '\0' || c.prefix == 0 || !config_is_good(&c))
        return -EINVAL;
    *config = c;
    return 0;
}

char *address_print(uint32_t a, char text[ADDRESS_TEXT])
{
    snprintf(text, ADDRESS_TEXT, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
    return text;
}

int address_prefix_of(uint32_t mask)
{
    unsigned prefix = mask == 0 ? 0 : 32 - (unsigned)__builtin_ctz(mask);
    return address_mask(prefix) == mask ? (int)prefix : -1;
}

bool address_is_host(uint32_t a, unsigned prefix)
{
    if (!address_is_unicast(a))
        return false;
    return prefix >= 31 ||
           ((a & ~address_mask(prefix)) != 0 && (a | address_mask(prefix)) != ADDRESS_BROADCAST);
}
