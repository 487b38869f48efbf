/*
 * endpoint.c - reads and writes the names of connections; the grammar is in endpoint.h.
 *
 * Host names follow RFC 1123 section 2.1 (and allow '_'); what IPv6 addresses may look like within
 * their brackets (RFC 3986 section 3.2.2) is left to the net that uses them.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/endpoint.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct scheme {
    const char *name;
    enum endpoint_kind kind;
    bool passive;
} schemes[] = {
    {"tcp", ENDPOINT_TCP, false},   {"ptcp", ENDPOINT_TCP, true}, {"unix", ENDPOINT_UNIX, false},
    {"punix", ENDPOINT_UNIX, true}, {"ssl", ENDPOINT_SSL, false}, {"pssl", ENDPOINT_SSL, true},
};

#define N_SCHEMES (sizeof schemes / sizeof schemes[0])

static const char digits[] = "0123456789";
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

/* The scheme that `*text` begins with; `*text` is moved behind its colon. NULL: none. */
static const struct scheme *take_scheme(const char **text)
{
    size_t n = strcspn(*text, ":");
    for (size_t i = 0; i < N_SCHEMES; i++) {
        if (strlen(schemes[i].name) != n || strncmp(schemes[i].name, *text, n) != 0)
            continue;
        if ((*text)[n] != ':')
            return NULL;
        *text += n + 1;
        return &schemes[i];
    }
    return NULL;
}

/* The port that `*text` begins with, moved behind it. False if there is none up to 65535. */
static bool take_port(const char **text, uint16_t *port)
{
    size_t n = strspn(*text, digits);
    unsigned value = 0;
    if (n == 0 || n > 5)
        return false;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + (unsigned)((*text)[i] - '0');
    *port = (uint16_t)value;
    *text += n;
    return value <= UINT16_MAX;
}

/* Is it four numbers of up to 255 with dots between? */
static bool is_ipv4(const char *text)
{
    for (int i = 0; i < 4; i++) {
        uint16_t number;
        if (strspn(text, digits) > 3 || !take_port(&text, &number) || number > 255)
            return false;
        if (*text != (i < 3 ? '.' : '\0'))
            return false;
        text++;
    }
    return true;
}

/* A last label of digits alone belongs to an address, never to a name (RFC 1123 section 2.1). */
static bool is_name_or_ipv4(const char *host)
{
    const char *label = host;
    size_t n;
    while ((n = strspn(label, letters)) > 0 && n < 64 && label[n] == '.' && label[n + 1])
        label += n + 1;
    if (n == 0 || n > 63 || (label[n] != '\0' && strcmp(label + n, ".") != 0))
        return false;
    return strspn(label, digits) < n || is_ipv4(host);
}

/* What may stand in brackets: an IPv6 address, perhaps with a zone (RFC 4007 section 11). */
static bool is_ipv6(const char *host)
{
    size_t n = strspn(host, "0123456789abcdefABCDEF:.");
    if (memchr(host, ':', n) == NULL)
        return false;
    if (host[n] != '%')
        return host[n] == '\0';
    return host[n + 1] && strspn(host + n + 1, letters) == strlen(host + n + 1);
}

/* The host that `*text` begins with, moved behind it. False if that is none. */
static bool take_host(const char **text, char host[ENDPOINT_HOST_MAX])
{
    bool bracket = **text == '[';
    const char *begin = *text + bracket;
    size_t n = strcspn(begin, bracket ? "]" : ":");
    if (n == 0 || n >= ENDPOINT_HOST_MAX || (bracket && begin[n] != ']'))
        return false;
    memcpy(host, begin, n);
    host[n] = '\0';
    *text = begin + n + bracket;
    return bracket ? is_ipv6(host) : is_name_or_ipv4(host);
}

/* PATH, all of `text`. */
static bool parse_path(struct endpoint *ep, const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || n >= ENDPOINT_HOST_MAX)
        return false;
    memcpy(ep->host, text, n + 1);
    return true;
}

/* HOST[:PORT] */
static bool parse_active(struct endpoint *ep, const char *text)
{
    if (!take_host(&text, ep->host))
        return false;
    if (*text == ':') {
        text++;
        if (!take_port(&text, &ep->port))
            return false;
    }
    return *text == '\0' && ep->port != 0;
}

/* [PORT][:IP] */
static bool parse_passive(struct endpoint *ep, const char *text)
{
    if (*text && *text != ':' && !take_port(&text, &ep->port))
        return false;
    if (*text == ':') {
        text++;
        if (!take_host(&text, ep->host))
            return false;
    }
    return *text == '\0';
}

int endpoint_parse(struct endpoint *ep, const char *text, uint16_t default_port)
{
    const struct scheme *scheme = take_scheme(&text);
    struct endpoint e = {.port = default_port};
    bool ok;
    if (scheme == NULL)
        return -EINVAL;
    e.kind = scheme->kind;
    e.passive = scheme->passive;
    if (e.kind == ENDPOINT_UNIX)
        e.port = 0;
    ok = e.kind == ENDPOINT_UNIX ? parse_path(&e, text)
         : e.passive             ? parse_passive(&e, text)
                                 : parse_active(&e, text);
    if (!ok)
        return -EINVAL;
    *ep = e;
    return 0;
}

static const char *scheme_name(const struct endpoint *ep)
{
    for (size_t i = 0; i < N_SCHEMES; i++)
        if (schemes[i].kind == ep->kind && schemes[i].passive == ep->passive)
            return schemes[i].name;
    return "?";
}

char *endpoint_print(const struct endpoint *ep, char *text, size_t cap)
{
    const char *name = scheme_name(ep);
    bool v6 = strchr(ep->host, ':') != NULL;
    const char *open = v6 ? "[" : "", *close = v6 ? "]" : "";
    if (ep->kind == ENDPOINT_UNIX)
        snprintf(text, cap, "%s:%s", name, ep->host);
    else if (!ep->passive)
        snprintf(text, cap, "%s:%s%s%s:%u", name, open, ep->host, close, ep->port);
    else if (ep->host[0])
        snprintf(text, cap, "%s:%u:%s%s%s", name, ep->port, open, ep->host, close);
    else
        snprintf(text, cap, "%s:%u", name, ep->port);
    return text;
}
