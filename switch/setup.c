/*
 * setup.c - ports, queues and rates in words; see setup.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/setup.h"
#include "openflow/parse.h"
#include "runtime/log.h"
#include "runtime/netdev.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_MODULE(main);

void setup_options(struct setup_config *c, struct config_option rows[SETUP_N_OPTIONS])
{
    const struct config_option all[SETUP_N_OPTIONS] = {
        {"port", CONFIG_LIST, &c->ports, 0, 0, "DEVICE[@N]",
         "a port: tap:NAME, eth:NAME, xdp:NAME, pcap:IN[,OUT]; its number"},
        {"port-rate", CONFIG_LIST, &c->rates, 0, 0, "PORT:RATE",
         "what a port with queues can send, in bits a second: 10M"},
        {"queue", CONFIG_LIST, &c->queues, 0, 0, "PORT:ID[:PERCENT]",
         "a queue of a port, and how much of that it is guaranteed"},
        {0},
    };
    bytes_copy(rows, all, sizeof all);
}

static const char *fail(char *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static const char *fail(char *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error, SETUP_ERROR, format, args);
    va_end(args);
    return error;
}

/* --- Ports ----------------------------------------------------------------------------------- */

static bool read_port_number(const char *text, uint16_t *port_no)
{
    char ignored[OFP_PARSE_ERROR];
    return ofp_parse_port(text, port_no, ignored) == NULL && *port_no > 0 &&
           (*port_no < OFPP_MAX || *port_no == OFPP_LOCAL);
}

static const char *port_error(int error)
{
    switch (error) {
    case -EINVAL:
        return "not a device: say tap:NAME, eth:NAME, xdp:NAME or pcap:IN[,OUT]";
    case -EEXIST:
        return "its device, or its number, is another port's already";
    case -ENOSPC:
        return "all port numbers are taken";
    default:
        return strerror(-error);
    }
}

/* The kind in "KIND:*", of which every device is to be a port. */
static bool cut_kind(const char *device, char kind[NETDEV_NAME_MAX])
{
    size_t n = strcspn(device, ":");
    if (strcmp(device + n, ":*") != 0 || n >= NETDEV_NAME_MAX)
        return false;
    bytes_copy(kind, device, n);
    kind[n] = '\0';
    return true;
}

static const char *search(struct dp *dp, const char *device, const char *kind, char *error)
{
    int status = dp_port_search(dp, kind);
    return status == 0 ? NULL
                       : fail(error, "%.200s: %s", device,
                              status == -EEXIST   ? "devices are looked for already"
                              : status == -EINVAL ? "devices of this kind must be named"
                                                  : strerror(-status));
}

const char *setup_port(struct dp *dp, const char *device, const char *number, char *error)
{
    char kind[NETDEV_NAME_MAX];
    uint16_t port_no = 0;
    int status;
    if (cut_kind(device, kind))
        return number == NULL ? search(dp, device, kind, error)
                              : fail(error, "%.200s: their numbers are their own", device);
    if (number != NULL && !read_port_number(number, &port_no))
        return fail(error, "\"%.80s\" is no port number: say 1 to %d, or LOCAL", number,
                    OFPP_MAX - 1);
    status = dp_port_add(dp, device, port_no);
    return status == 0 ? NULL : fail(error, "%.200s: %s", device, port_error(status));
}

static bool find_device(const struct dp *dp, const char *device, uint16_t *port_no)
{
    for (*port_no = 0; dp_port_next(dp, port_no);)
        if (strcmp(dp_port_name(dp, *port_no), device) == 0)
            return true;
    return false;
}

const char *setup_find_port(const struct dp *dp, const char *port, uint16_t *port_no, char *error)
{
    if (read_port_number(port, port_no) && dp_port_name(dp, *port_no) != NULL)
        return NULL;
    return find_device(dp, port, port_no) ? NULL : fail(error, "there is no port \"%.200s\"", port);
}

/* --- Queues ---------------------------------------------------------------------------------- */

/* Digits and nothing else, up to `max`. */
static bool read_number(const char *text, uint64_t max, uint64_t *n)
{
    char *end;
    if (strspn(text, "0123456789") != strlen(text) || *text == '\0')
        return false;
    errno = 0;
    *n = strtoull(text, &end, 10);
    return errno == 0 && *n <= max;
}

/* "10M" in units of one. */
static bool read_rate(const char *text, uint64_t *rate)
{
    static const struct {
        char mark;
        uint64_t unit;
    } units[] = {{'k', 1000}, {'M', 1000000}, {'G', 1000000000}};
    char digits[24];
    size_t n = strlen(text);
    uint64_t unit = 1;

    for (size_t i = 0; n > 0 && i < sizeof units / sizeof units[0]; i++)
        if (text[n - 1] == units[i].mark)
            unit = units[i].unit;
    n -= unit > 1;
    if (n >= sizeof digits)
        return false;
    bytes_copy(digits, text, n);
    digits[n] = '\0';
    return read_number(digits, UINT64_MAX / unit, rate) &&
           !__builtin_mul_overflow(*rate, unit, rate);
}

/* "12.5" or "12.5%" in tenths, as the specification counts them (section 5.2.2). */
static bool read_percent(const char *text, uint16_t *tenths)
{
    unsigned whole, tenth = 0;
    int n = 0, more = 0;
    if (strspn(text, "0123456789.%") != strlen(text) || sscanf(text, "%3u%n", &whole, &n) != 1)
        return false;
    if (sscanf(text + n, ".%1u%n", &tenth, &more) == 1)
        n += more;
    n += text[n] == '%';
    *tenths = (uint16_t)(whole * 10 + tenth);
    return text[n] == '\0' && *tenths <= 1000;
}

const char *setup_rate(struct dp *dp, const char *port, const char *rate, char *error)
{
    uint64_t bits;
    uint16_t port_no;
    const char *bad = setup_find_port(dp, port, &port_no, error);
    if (bad != NULL)
        return bad;
    if (!read_rate(rate, &bits))
        return fail(error, "\"%.80s\" is no rate: say bits a second, as 500k, 10M or 1G", rate);
    dp_port_set_rate(dp, port_no, bits);
    return NULL;
}

const char *setup_queue_id(const char *text, uint32_t *id, char *error)
{
    uint64_t n;
    if (!read_number(text, OFPQ_ALL - 1, &n))
        return fail(error, "\"%.80s\" is no queue: say a number from 0 to %u", text, OFPQ_ALL - 1);
    *id = (uint32_t)n;
    return NULL;
}

static const char *queue_error(int error)
{
    return error == -EEXIST   ? "the port has it already"
           : error == -ENOSPC ? "a port has no room for more queues"
                              : strerror(-error);
}

const char *setup_queue(struct dp *dp, const char *port, const char *id, const char *percent,
                        char *error)
{
    uint16_t port_no, rate = OFPQ_MIN_RATE_UNCFG;
    uint32_t queue_id = 0;
    const char *bad = setup_find_port(dp, port, &port_no, error);
    int status;
    if (bad == NULL)
        bad = setup_queue_id(id, &queue_id, error);
    if (bad != NULL)
        return bad;
    if (percent != NULL && !read_percent(percent, &rate))
        return fail(error, "\"%.80s\" is no share: say per cent from 0 to 100, as 25 or 12.5",
                    percent);
    status = dp_queue_add(dp, port_no, queue_id, rate);
    return status == 0 ? NULL : fail(error, "queue %s: %s", id, queue_error(status));
}

/* --- The command line ------------------------------------------------------------------------ */

#define WORD_MAX 512

/* Cut a copy of `text` at its colons into `n` parts; those that it has not are NULL. False if it
 * has more. */
static bool cut(const char *text, char copy[WORD_MAX], const char **part, size_t n)
{
    char *at = copy;
    snprintf(copy, WORD_MAX, "%s", text);
    for (size_t i = 0; i < n; i++) {
        part[i] = at;
        at = at != NULL ? strchr(at, ':') : NULL;
        if (at != NULL)
            *at++ = '\0';
    }
    return at == NULL;
}

/* The number stands behind the last '@', unless that is part of a path. */
static const char *apply_port(struct dp *dp, const char *text, char *error)
{
    char device[WORD_MAX], *at;
    snprintf(device, sizeof device, "%s", text);
    at = strrchr(device, '@');
    if (at == NULL || strchr(at, '/') != NULL)
        return setup_port(dp, device, NULL, error);
    *at = '\0';
    return setup_port(dp, device, at + 1, error);
}

static const char *apply_rate(struct dp *dp, const char *text, char *error)
{
    const char *part[2];
    char copy[WORD_MAX];
    if (!cut(text, copy, part, 2) || part[1] == NULL)
        return fail(error, "say PORT:RATE, as 1:10M");
    return setup_rate(dp, part[0], part[1], error);
}

static const char *apply_queue(struct dp *dp, const char *text, char *error)
{
    const char *part[3];
    char copy[WORD_MAX];
    if (!cut(text, copy, part, 3) || part[1] == NULL)
        return fail(error, "say PORT:ID or PORT:ID:PERCENT, as 1:0:25");
    return setup_queue(dp, part[0], part[1], part[2], error);
}

static bool apply(const struct config_list *list, const char *option, struct dp *dp,
                  const char *(*one)(struct dp *dp, const char *text, char *error))
{
    char error[SETUP_ERROR];
    for (size_t i = 0; i < list->n; i++)
        if (one(dp, list->value[i], error) != NULL) {
            log_error("--%s=%s: %s", option, list->value[i], error);
            return false;
        }
    return true;
}

void setup_default_port(struct setup_config *config, const char *device)
{
    if (config->ports.n == 0 && device != NULL)
        config->ports.value[config->ports.n++] = device;
}

bool setup_apply(const struct setup_config *config, struct dp *dp)
{
    return apply(&config->ports, "port", dp, apply_port) &&
           apply(&config->rates, "port-rate", dp, apply_rate) &&
           apply(&config->queues, "queue", dp, apply_queue);
}
