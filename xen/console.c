/*
 * console.c - the domain's console: see console.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/console.h"
#include "xen/hypercall.h"

#include <xen/sched.h>

#define BUFFER 16384
#define YIELDS 20000 /* for the reader, before we give up on it */

static struct {
    struct xencons_interface *ring;
    evtchn_port_t port;
    struct {
        char bytes[BUFFER]; /* a ring as well: from..to, counted without end */
        uint32_t from, to;
    } out;
    struct {
        char bytes[CONSOLE_LINE];
        size_t len;
    } in;
    void (*fn)(void *user, const char *line);
    void *user;
    struct console_stats stats;
} console;

/* --- Output ---------------------------------------------------------------------------------- */

static uint32_t waiting(void)
{
    return console.out.to - console.out.from;
}

/* How much room the ring has; none if its indices are not to be believed. */
static uint32_t ring_room(void)
{
    struct xencons_interface *r = console.ring;
    uint32_t used = r->out_prod - xen_read(r->out_cons);
    return used <= sizeof r->out ? (uint32_t)sizeof r->out - used : 0;
}

/* Move as much as there is room for, and tell the reader. */
static void pump(void)
{
    struct xencons_interface *r = console.ring;
    uint32_t room = ring_room(), n = waiting() < room ? waiting() : room, at = r->out_prod;
    if (n == 0)
        return;
    xen_mb(); /* the reader is done with what we write over */
    for (; n > 0; n--)
        r->out[MASK_XENCONS_IDX(at++, r->out)] = console.out.bytes[console.out.from++ % BUFFER];
    xen_wmb();
    xen_write(r->out_prod, at);
    evtchn_send(console.port);
}

static void put(const char *text, size_t n)
{
    for (; n > 0; n--)
        console.out.bytes[console.out.to++ % BUFFER] = *text++;
}

void console_write(const char *line)
{
    size_t n = strlen(line);
    if (n + 2 > BUFFER - waiting()) {
        console.stats.dropped++;
        return;
    }
    console.stats.lines++;
    put(line, n);
    put("\r\n", 2);
    pump();
}

/* Is all of it read? */
static bool all_read(void)
{
    return waiting() == 0 && xen_read(console.ring->out_cons) == console.ring->out_prod;
}

void console_flush(void)
{
    if (console.ring == NULL)
        return;
    for (int i = 0; i < YIELDS && !all_read(); i++) {
        pump();
        hypercall_sched(SCHEDOP_yield, NULL);
    }
}

void console_write_now(const char *line)
{
    if (console.ring == NULL)
        return;
    console_flush();
    console_write(line);
}

/* --- Input ----------------------------------------------------------------------------------- */

static void end_line(void)
{
    if (console.in.len == 0)
        return;
    console.in.bytes[console.in.len] = '\0';
    console.in.len = 0;
    console.fn(console.user, console.in.bytes);
}

static void take_byte(char c)
{
    if (c == '\r' || c == '\n')
        end_line();
    else if (console.in.len < CONSOLE_LINE - 1)
        console.in.bytes[console.in.len++] = c;
}

static void read_input(void)
{
    struct xencons_interface *r = console.ring;
    uint32_t from = r->in_cons, to = xen_read(r->in_prod);
    if (from == to)
        return;
    xen_rmb();
    if (to - from > sizeof r->in) /* not to be believed: as if nothing had been typed */
        from = to;
    while (from != to)
        take_byte(r->in[MASK_XENCONS_IDX(from++, r->in)]);
    xen_mb();
    xen_write(r->in_cons, from);
    evtchn_send(console.port);
}

static void on_event(void *user)
{
    (void)user;
    pump();
    read_input();
}

/* --- Beginning and end ----------------------------------------------------------------------- */

void console_begin(struct xencons_interface *ring, evtchn_port_t port)
{
    console.ring = ring;
    console.port = port;
}

int console_open(void (*fn)(void *user, const char *line), void *user)
{
    console.fn = fn;
    console.user = user;
    return evtchn_bind(console.port, on_event, NULL);
}

void console_close(void)
{
    evtchn_release(console.port);
}

int console_resume(struct xencons_interface *ring, evtchn_port_t port)
{
    console_begin(ring, port);
    pump();
    return evtchn_bind(port, on_event, NULL);
}

const struct console_stats *console_stats(void)
{
    return &console.stats;
}
