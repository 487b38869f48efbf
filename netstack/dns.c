/*
 * dns.c - the resolver: see dns.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/dns.h"
#include "netstack/ip.h"
#include <errno.h>
#include <string.h>

#define ROUNDS         3
#define ANSWER_TIME    (2 * NS_PER_S) /* in the first round; twice that in the others */
#define TTL_LIMIT      86400u
#define PRETENDERS_MAX 8

/* --- What is known --------------------------------------------------------------------------- */

static struct dns_cached *cache_find(struct dns *dns, const char *name, uint64_t now)
{
    for (size_t i = 0; i < DNS_CACHE; i++) {
        struct dns_cached *c = &dns->cache[i];
        if (c->expires > now && strcmp(c->name, name) == 0)
            return c;
    }
    return NULL;
}

/* Keep a result, in the place of what would end first. */
static void cache_put(struct dns *dns, const char *name, const struct dns_result *result,
                      uint32_t ttl)
{
    struct dns_cached *c = &dns->cache[0];
    if (ttl == 0)
        return;
    for (size_t i = 1; i < DNS_CACHE; i++)
        if (dns->cache[i].expires < c->expires)
            c = &dns->cache[i];
    memcpy(c->name, name, strlen(name) + 1);
    c->result = *result;
    c->expires = dns->ip->now + (ttl < TTL_LIMIT ? ttl : TTL_LIMIT) * NS_PER_S;
}

bool dns_look_up(struct dns *dns, const char *name, struct dns_result *result, uint64_t now)
{
    const struct dns_cached *c = cache_find(dns, name, now);
    if (strcmp(name, "localhost") == 0) {
        *result = (struct dns_result){.addresses = {ADDRESS_LOOPBACK}, .n = 1};
        return true;
    }
    if (c == NULL)
        return false;
    *result = c->result;
    dns->counters.cached++;
    return true;
}

/* --- The end of a query ---------------------------------------------------------------------- */

void dns_cancel(struct dns_query *q)
{
    if (q->dns == NULL)
        return;
    udp_close(&q->socket);
    timer_cancel(&q->timer);
    q->dns->n_queries--;
    q->dns = NULL;
}

static void end(struct dns_query *q, int error, const struct dns_result *result)
{
    q->dns->counters.failed += error != 0;
    q->dns->counters.answered += error == 0;
    dns_cancel(q);
    q->done(q->user, error, result);
}

/* --- Asking ---------------------------------------------------------------------------------- */

static void on_answer(void *user, const struct udp_from *from, struct span payload);
static void on_error(void *user, int error);

/* Put the question to the server whose turn it is, from a new port. 0 or a negative errno. */
static int put_question(struct dns_query *q)
{
    struct dns *dns = q->dns;
    uint8_t message[DNS_QUERY_MAX];
    size_t len;
    int error;
    q->id = (uint16_t)ip_random(dns->ip);
    len = dns_write_query(message, q->id, q->asked);
    udp_close(&q->socket);
    q->socket = (struct udp_socket){.peer = dns->servers[q->server],
                                    .peer_port = DNS_PORT,
                                    .receive = on_answer,
                                    .error = on_error,
                                    .user = q};
    error = udp_open(dns->ip, &q->socket, 0);
    if (error != 0)
        return error;
    dns->counters.sent++;
    return udp_send(&q->socket, q->socket.peer, DNS_PORT, span_of(message, len), dns->ip->now);
}

/* Ask, and wait; that the question could not be sent is no reason not to wait: the way may come
 * back, and the callback must not come now. */
static void ask(struct dns_query *q)
{
    struct dns *dns = q->dns;
    uint64_t wait = q->tries < dns->n_servers ? ANSWER_TIME : 2 * ANSWER_TIME;
    q->tries++;
    q->pretenders = 0;
    put_question(q);
    wheel_arm(&dns->ip->wheel, &q->timer, dns->ip->now + wait);
}

/* This server was of no use. */
static void ask_next(struct dns_query *q, int error)
{
    struct dns *dns = q->dns;
    if (dns->n_servers == 0 || q->tries >= ROUNDS * dns->n_servers) {
        dns->counters.timed_out += error == -ETIMEDOUT;
        end(q, error, NULL);
        return;
    }
    q->server = (q->server + 1) % dns->n_servers;
    ask(q);
}

static void on_timer(void *user)
{
    ask_next(user, -ETIMEDOUT);
}

static void on_error(void *user, int error)
{
    ask_next(user, error);
}

/* --- Answers --------------------------------------------------------------------------------- */

static void found(struct dns_query *q, const struct dns_answer *a)
{
    struct dns_result result = {.n = a->n};
    memcpy(result.addresses, a->addresses, sizeof result.addresses);
    if (a->truncated)
        q->dns->counters.truncated++;
    else
        cache_put(q->dns, q->name, &result, a->ttl < q->ttl ? a->ttl : q->ttl);
    end(q, 0, &result);
}

/* Only the beginning of the chain of aliases was in the answer: ask for its end. */
static void follow(struct dns_query *q, const struct dns_answer *a)
{
    q->aliases += a->aliases;
    if (a->ttl < q->ttl)
        q->ttl = a->ttl;
    memcpy(q->asked, a->name, sizeof q->asked);
    q->tries = 0;
    if (q->aliases > DNS_CHAIN_MAX)
        end(q, -ENXIO, NULL);
    else
        ask(q);
}

/* Somebody guesses, or an answer comes late: when that happens often, ask anew. */
static void pretender(struct dns_query *q)
{
    q->dns->counters.ignored++;
    if (++q->pretenders > PRETENDERS_MAX)
        ask_next(q, -ETIMEDOUT);
}

static void on_answer(void *user, const struct udp_from *from, struct span payload)
{
    struct dns_query *q = user;
    struct dns_answer a;
    (void)from; /* the socket hears its peer only */
    if (!dns_read_answer(payload, q->id, q->asked, &a))
        pretender(q);
    else if (a.n > 0)
        found(q, &a);
    else if (a.rcode == DNS_NO_ERROR && a.aliases > 0)
        follow(q, &a);
    else if (a.truncated || (a.rcode != DNS_NO_ERROR && a.rcode != DNS_NAME_ERROR))
        ask_next(q, -ENXIO);
    else
        end(q, -ENXIO, NULL);
}

/* --- For those who ask ----------------------------------------------------------------------- */

void dns_init(struct dns *dns, struct ip *ip)
{
    *dns = (struct dns){.ip = ip};
}

void dns_set_servers(struct dns *dns, const uint32_t *servers, unsigned n)
{
    dns->n_servers = n < DNS_SERVERS_MAX ? n : DNS_SERVERS_MAX;
    for (unsigned i = 0; i < dns->n_servers; i++)
        dns->servers[i] = servers[i];
}

static int check(struct dns *dns, const char *name)
{
    uint8_t message[DNS_QUERY_MAX];
    if (dns_write_query(message, 0, name) == 0)
        return -EINVAL;
    if (dns->n_servers == 0)
        return -ENXIO;
    return dns->n_queries == DNS_QUERIES_MAX ? -ENOBUFS : 0;
}

int dns_ask(struct dns *dns, struct dns_query *q, const char *name,
            void (*done)(void *user, int error, const struct dns_result *result), void *user,
            uint64_t now)
{
    int error = check(dns, name);
    if (error != 0) {
        dns->counters.refused++;
        return error;
    }
    *q = (struct dns_query){.dns = dns, .ttl = TTL_LIMIT, .done = done, .user = user};
    memcpy(q->name, name, strlen(name) + 1);
    memcpy(q->asked, q->name, sizeof q->asked);
    timer_init(&q->timer, on_timer, q);
    dns->n_queries++;
    dns->counters.queries++;
    dns->ip->now = now;
    ask(q);
    return 0;
}
