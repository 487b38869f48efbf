/*
 * messages.c - the OpenFlow messages of one direction of a byte stream. See messages.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/dump/messages.h"

#include "openflow/frame.h"
#include "openflow/print.h"
#include "openflow/validate.h"
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

/* --- Lines ----------------------------------------------------------------------------------- */

/* "2026-11-22 18:04:05.678901 10.0.0.1:6653 > 10.0.0.2:4711: " */
static void put_label(const struct dump_messages *m)
{
    time_t sec = (time_t)m->when.sec;
    struct tm tm;
    char date[64];
    if (m->label[0] == '\0')
        return;
    if (gmtime_r(&sec, &tm) == NULL || strftime(date, sizeof date, "%F %T", &tm) == 0)
        snprintf(date, sizeof date, "%" PRId64, m->when.sec);
    fprintf(m->out->to, "%s.%06" PRIu32 " %s: ", date, m->when.nsec / 1000, m->label);
}

/* A line about `n` bytes that are not printed. */
static void put_note(const struct dump_messages *m, size_t n, const char *what)
{
    put_label(m);
    fprintf(m->out->to, "(***%zu bytes %s***)\n", n, what);
}

/* Make room for a text of `need` characters; if there is no memory, longer texts are cut off. */
static void reserve_text(struct dump_output *out, size_t need)
{
    char *larger = realloc(out->text, need + 1);
    if (larger == NULL)
        return;
    out->text = larger;
    out->text_cap = need + 1;
}

static void put_message(struct dump_messages *m, struct span message)
{
    struct dump_output *out = m->out;
    struct text t = text_of(out->text, out->text_cap);
    ofp_print(&t, message, out->verbosity);
    if (!text_fits(&t)) {
        reserve_text(out, t.need);
        t = text_of(out->text, out->text_cap);
        ofp_print(&t, message, out->verbosity);
    }
    put_label(m);
    if (out->text != NULL)
        fputs(out->text, out->to);
    out->messages++;
}

/* --- Where messages begin -------------------------------------------------------------------- */

enum verdict {
    NO,
    PERHAPS, /* more bytes will tell */
    YES
};

static bool header_is_plausible(struct span s)
{
    const struct ofp_header *h = (const struct ofp_header *)s.data;
    return h->version == OFP_VERSION && h->type < OFPT_N_TYPES && be16_get(h->length) >= sizeof *h;
}

/* Does a message begin where `s` does? Only if it is good and another may follow it. */
static enum verdict begins_message(struct span s)
{
    const struct ofp_header *h = (const struct ofp_header *)s.data;
    struct ofp_fault fault;
    struct span message;
    if (s.len < sizeof *h)
        return PERHAPS;
    if (!header_is_plausible(s))
        return NO;
    if (s.len < be16_get(h->length))
        return PERHAPS;
    message = span_of(s.data, be16_get(h->length));
    span_take(&s, message.len);
    if (!ofp_validate(message, OFP_AT_EITHER, &fault))
        return NO;
    return s.len < sizeof *h || header_is_plausible(s) ? YES : NO;
}

/* Skip to where a message begins. False if that is not among the bytes at hand. */
static bool find_message(struct dump_messages *m, struct span *rest)
{
    size_t skipped = 0;
    enum verdict verdict;
    while ((verdict = begins_message(*rest)) == NO) {
        span_take(rest, 1);
        skipped++;
    }
    if (skipped > 0)
        put_note(m, skipped, "skipped: no message begins there");
    m->out->skipped += skipped;
    m->lost = verdict != YES;
    return verdict == YES;
}

#define VERSION_MAX 6 /* OpenFlow 1.5's */

/* Does a message of some version begin there, if the stream has been understood so far? */
static bool is_framed(struct span rest)
{
    return rest.len == 0 || (rest.data[0] >= OFP_VERSION && rest.data[0] <= VERSION_MAX);
}

/* Print every complete message at the front of `rest`, and take it off. */
static void take_messages(struct dump_messages *m, struct span *rest)
{
    while (!m->lost || find_message(m, rest)) {
        long n = ofp_frame(*rest);
        if (n == 0 && is_framed(*rest))
            return;
        m->lost = n == OFP_FRAME_BROKEN || !is_framed(*rest);
        if (m->lost)
            continue;
        put_message(m, span_of(rest->data, (size_t)n));
        span_take(rest, (size_t)n);
    }
}

/* --- The stream ------------------------------------------------------------------------------ */

void dump_messages_init(struct dump_messages *m, struct dump_output *out, bool lost)
{
    *m = (struct dump_messages){.out = out, .lost = lost};
}

bool dump_messages_add(struct dump_messages *m, struct dump_time when, struct span bytes)
{
    struct span rest;
    uint8_t *larger = realloc(m->bytes, m->len + bytes.len + 1);
    if (larger == NULL)
        return false;
    m->bytes = larger;
    m->when = when;
    bytes_copy(m->bytes + m->len, bytes.data, bytes.len);
    rest = span_of(m->bytes, m->len + bytes.len);
    take_messages(m, &rest);
    bytes_move(m->bytes, rest.data, rest.len);
    m->len = rest.len;
    return true;
}

/* Whatever is left cannot be completed any more. */
static void drop_rest(struct dump_messages *m)
{
    if (m->len > 0 && m->lost)
        put_note(m, m->len, "skipped: no message begins there");
    else if (m->len > 0)
        put_message(m, span_of(m->bytes, m->len));
    m->out->skipped += m->len;
    m->len = 0;
}

void dump_messages_gap(struct dump_messages *m, struct dump_time when, size_t n)
{
    m->when = when;
    drop_rest(m);
    put_note(m, n, "missing from the capture");
    m->out->missing += n;
    m->lost = true;
}

void dump_messages_end(struct dump_messages *m)
{
    drop_rest(m);
    free(m->bytes);
    m->bytes = NULL;
}
