/*
 * console.c - the domain's console: see console.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/console.h"
#include "runtime/loop.h"
#include "runtime/typed.h"
#include "xen/hypercall.h"
#include "xen/line.h"

#include <stdio.h>
#include <xen/sched.h>

#define BUFFER    16384
#define PART      2048  /* of an answer, and to the end of a line: as much as the ring holds */
#define PART_MAX  4096  /* ... which is cut if it is longer */
#define LINE_MORE 8     /* what is put around a line at most */
#define YIELDS    20000 /* for the reader, before we give up on it */

struct listener {
    void (*fn)(void *user, char *line); /* NULL: nobody */
    void *user;
};

static struct {
    struct xencons_interface *ring;
    evtchn_port_t port;
    struct {
        char bytes[BUFFER]; /* a ring as well: from..to, counted without end */
        uint32_t from, to;
        bool cut; /* it ends within a line of an answer */
    } out;
    struct line typed;
    bool typed_hidden; /* by a line of the log */
    struct {
        const char *text; /* what is still to be put */
        size_t n;
        void (*done)(void *user); /* NULL: there is no answer */
        void *user;
    } answer;
    struct listener program, other;
    struct loop_work again;
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
static void move(void)
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

static bool has_room(size_t n)
{
    return n <= BUFFER - waiting();
}

static void put(const char *text, size_t n)
{
    for (; n > 0; n--)
        console.out.bytes[console.out.to++ % BUFFER] = *text++;
}

static void put_text(const char *text)
{
    put(text, strlen(text));
}

/* Have the next byte stand in a line of its own. */
static void begin_line(void)
{
    if (console.out.cut)
        put_text("\r\n");
    console.out.cut = false;
    if (console.typed.len > 0 && !console.typed_hidden) {
        put_text(LINE_ERASE);
        console.typed_hidden = true;
    }
}

void console_write(const char *line)
{
    size_t n = strlen(line);
    if (!has_room(n + LINE_MORE)) {
        console.stats.dropped++;
        return;
    }
    console.stats.lines++;
    begin_line();
    put(line, n);
    put_text("\r\n");
    move();
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
        move();
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

/* --- Answers --------------------------------------------------------------------------------- */

/* Put a part of the answer: whole lines, if they are not too long. */
static void put_part(void)
{
    while (console.answer.n > 0 && waiting() < (console.out.cut ? PART_MAX : PART)) {
        char c = *console.answer.text++;
        console.answer.n--;
        console.out.cut = c != '\n';
        if (c == '\n')
            put_text("\r\n");
        else
            put(&c, 1);
    }
}

void typed_answer(const char *text, size_t n, void (*done)(void *user), void *user)
{
    console.answer.text = text;
    console.answer.n = n;
    console.answer.done = done;
    console.answer.user = user;
    loop_defer(&console.again);
}

/* If all of it has been put. */
static void end_answer(void)
{
    void (*done)(void *user) = console.answer.done;
    if (done == NULL || console.answer.n > 0)
        return;
    console.answer.done = NULL;
    done(console.answer.user);
}

/* --- Input ----------------------------------------------------------------------------------- */

static void show_typed(void)
{
    for (size_t i = 0; i < console.typed.len; i++) {
        char c = line_shown(console.typed.bytes[i]);
        put(&c, 1);
    }
    console.typed_hidden = false;
}

static void refuse_line(void)
{
    char text[80];
    snprintf(text, sizeof text, "a line has at most %d characters: nothing was done",
             LINE_SIZE - 1);
    console_write(text);
}

/* What is typed begins anew before anybody hears of this: what is said now stands below it. */
static void end_line(void)
{
    struct listener l = console.program.fn != NULL ? console.program : console.other;
    bool is_empty = console.typed.len == 0, too_long = console.typed.too_long;
    console.typed.len = 0;
    console.typed.too_long = false;
    if (too_long)
        refuse_line();
    else if (!is_empty && l.fn != NULL)
        l.fn(l.user, console.typed.bytes);
}

static void take_byte(char c)
{
    char echo[LINE_ECHO];
    bool is_whole;
    if (console.typed_hidden && has_room(console.typed.len))
        show_typed();
    is_whole = line_take(&console.typed, c, echo);
    if (!console.typed_hidden && has_room(strlen(echo)))
        put_text(echo);
    if (is_whole)
        end_line();
}

/* Up to a line that is to be answered: what is behind it waits in the ring. */
static void read_input(void)
{
    struct xencons_interface *r = console.ring;
    uint32_t from = r->in_cons, to = xen_read(r->in_prod);
    if (from == to || console.answer.done != NULL)
        return;
    xen_rmb();
    if (to - from > sizeof r->in) /* not to be believed: as if nothing had been typed */
        from = to;
    while (from != to && console.answer.done == NULL)
        take_byte(r->in[MASK_XENCONS_IDX(from++, r->in)]);
    xen_mb();
    xen_write(r->in_cons, from);
    evtchn_send(console.port);
}

void typed_on_line(void (*fn)(void *user, char *line), void *user)
{
    console.program.fn = fn;
    console.program.user = user;
    if (fn == NULL)
        memset(&console.answer, 0, sizeof console.answer);
}

/* --- Beginning and end ----------------------------------------------------------------------- */

/* The log goes before the answer, and that before what is typed. */
static void pump(void)
{
    move();
    while (waiting() == 0 && console.answer.n > 0) {
        put_part();
        move();
    }
    if (waiting() == 0 && console.typed_hidden) {
        show_typed();
        move();
    }
}

/* Something was read, or typed, or the last answer is written. */
static void go_on(void *user)
{
    (void)user;
    pump();
    end_answer();
    read_input();
    move();
}

void console_begin(struct xencons_interface *ring, evtchn_port_t port)
{
    console.ring = ring;
    console.port = port;
}

int console_open(void (*fn)(void *user, char *line), void *user)
{
    console.other = (struct listener){fn, user};
    loop_work_init(&console.again, go_on, NULL);
    return evtchn_bind(console.port, go_on, NULL);
}

void console_close(void)
{
    loop_work_cancel(&console.again);
    evtchn_release(console.port);
}

int console_resume(struct xencons_interface *ring, evtchn_port_t port)
{
    console_begin(ring, port);
    pump();
    return evtchn_bind(port, go_on, NULL);
}

const struct console_stats *console_stats(void)
{
    return &console.stats;
}
