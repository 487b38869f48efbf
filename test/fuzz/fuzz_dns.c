/*
 * fuzz_dns.c - any bytes as a name server's answer: what is understood makes sense, and whatever
 * name a chain of aliases ends with can be asked for.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/address.h"
#include "netstack/dns_message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct dns_answer *a)
{
    uint8_t query[DNS_QUERY_MAX];
    if (a->n > DNS_ADDRESSES_MAX || a->aliases > DNS_CHAIN_MAX ||
        memchr(a->name, '\0', sizeof a->name) == NULL || dns_write_query(query, 0, a->name) == 0)
        abort();
    for (unsigned i = 0; i < a->n; i++)
        if (!address_is_unicast(a->addresses[i]) && !address_is_loopback(a->addresses[i]))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_answer a;
    uint8_t query[DNS_QUERY_MAX], answer[1500];
    size_t n = dns_write_query(query, 0x1234, "a.b"), rest = size < 1000 ? size : 1000;
    if (dns_read_answer(span_of(data, size), 0x1234, "a.b", &a))
        check(&a);
    /* And behind the question, as an answer begins. */
    memcpy(answer, query, n);
    answer[2] = 0x81;
    answer[7] = 8;
    memcpy(answer + n, data, rest);
    if (dns_read_answer(span_of(answer, n + rest), 0x1234, "a.b", &a))
        check(&a);
    return 0;
}
