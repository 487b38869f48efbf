/*
 * address.c - names of connections (endpoint.h) to socket addresses, and back.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/unix/internal.h"
#include <errno.h>
#include <event2/util.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

int unix_numeric_addresses(const struct endpoint *ep, struct evutil_addrinfo **list)
{
    struct evutil_addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    char port[8];
    if (ep->passive)
        hints.ai_flags |= AI_PASSIVE;
    snprintf(port, sizeof port, "%u", ep->port);
    return evutil_getaddrinfo(ep->host[0] ? ep->host : NULL, port, &hints, list) ? -EINVAL : 0;
}

int unix_path_address(const struct endpoint *ep, struct sockaddr_un *sun)
{
    size_t n = strlen(ep->host);
    *sun = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (n >= sizeof sun->sun_path)
        return -ENAMETOOLONG;
    memcpy(sun->sun_path, ep->host, n + 1);
    return 0;
}

/* An IPv4 address that an IPv6 socket shows as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), as
 * itself. */
static void unmap(struct sockaddr_storage *ss, socklen_t *len)
{
    struct sockaddr_in6 six;
    struct sockaddr_in four = {.sin_family = AF_INET};
    memcpy(&six, ss, sizeof six);
    if (six.sin6_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&six.sin6_addr))
        return;
    four.sin_port = six.sin6_port;
    memcpy(&four.sin_addr, six.sin6_addr.s6_addr + 12, 4);
    memcpy(ss, &four, sizeof four);
    *len = sizeof four;
}

static bool is_any(const struct sockaddr_storage *ss)
{
    static const uint8_t zero[16];
    if (ss->ss_family == AF_INET6)
        return !memcmp(&((const struct sockaddr_in6 *)ss)->sin6_addr, zero, 16);
    return !memcmp(&((const struct sockaddr_in *)ss)->sin_addr, zero, 4);
}

/* Host and port of an Internet address. */
static void read_internet(const struct sockaddr *sa, socklen_t len, struct endpoint *ep)
{
    struct sockaddr_storage ss = {0};
    memcpy(&ss, sa, len < sizeof ss ? len : sizeof ss);
    unmap(&ss, &len);
    getnameinfo((struct sockaddr *)&ss, len, ep->host, sizeof ep->host, NULL, 0, NI_NUMERICHOST);
    if (ep->passive && is_any(&ss))
        ep->host[0] = '\0';
    ep->port = ntohs(ss.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&ss)->sin6_port
                                              : ((struct sockaddr_in *)&ss)->sin_port);
}

void unix_address_name(const struct sockaddr *sa, socklen_t len, bool passive,
                       char name[ENDPOINT_NAME_MAX])
{
    struct endpoint ep = {.kind = ENDPOINT_TCP, .passive = passive};
    read_internet(sa, len, &ep);
    endpoint_print(&ep, name, ENDPOINT_NAME_MAX);
}
