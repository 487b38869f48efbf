/*
 * internal.h - what the files of runtime/unix/ know of each other.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_UNIX_INTERNAL_H
#define MORGANA_RUNTIME_UNIX_INTERNAL_H

#include "runtime/unix/unix.h"
#include <event2/event.h>
#include <sys/socket.h>

/* The program's event_base. (loop.c) */
struct event_base *unix_base(void);

/* Every handler of an event says so: loop_poll() wants to know. (loop.c) */
void unix_happened(void);

/* End what the net still holds; called by loop_close(). (net.c) */
void unix_net_close(void);

/* The name of an address, as endpoint.h has it. (address.c) */
void unix_address_name(const struct sockaddr *sa, socklen_t len, bool passive,
                       char name[ENDPOINT_NAME_MAX]);

/* The addresses of a numeric host ("" when passive: every address), without asking anybody. 0, or
 * -EINVAL if it is a name. Free them with evutil_freeaddrinfo(). (address.c) */
int unix_numeric_addresses(const struct endpoint *ep, struct evutil_addrinfo **list);

/* The address of a unix socket. 0, or -ENAMETOOLONG. (address.c) */
struct sockaddr_un;
int unix_path_address(const struct endpoint *ep, struct sockaddr_un *sun);

#endif
