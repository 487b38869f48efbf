/*
 * log.c - the levelled log of log.h: which lines are written, and what they look like.
 *
 *     2026-11-22T18:06:35.123Z WARN  ctl: tcp:10.0.0.1:4711: no features reply within 5 s
 *
 * Text may hold what a peer sent: whatever could move a terminal's cursor or forge a line is
 * escaped.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/buf.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_SIZE 1024 /* of a line with its NUL; longer ones are cut */
#define NAME_SIZE 24
#define MAX_RULES 32
#define BURST     10

static const struct {
    const char *name, *mark;
} levels[] = {{"error", "ERROR"}, {"warn", "WARN "}, {"info", "INFO "}, {"debug", "DEBUG"}};

/* What log_set_levels() was told: kept for modules that have not yet logged. */
struct rules {
    size_t n;
    struct rule {
        char module[NAME_SIZE]; /* "": all */
        enum log_level level;
    } rule[MAX_RULES];
};

static struct rules rules;
static struct log_module *modules;
static void (*line_sink)(void *user, enum log_level level, const char *line);
static void *line_user;
static enum log_form form;

/* --- Levels ---------------------------------------------------------------------------------- */

static struct rule *find_rule(struct rules *set, const char *module)
{
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->rule[i].module, module) == 0)
            return &set->rule[i];
    return NULL;
}

static void apply_rules(struct log_module *m)
{
    const struct rule *r = find_rule(&rules, m->name);
    if (r == NULL)
        r = find_rule(&rules, "");
    if (r)
        m->level = r->level;
}

bool log_enabled(struct log_module *m, enum log_level level)
{
    if (!m->known) {
        m->known = true;
        m->next = modules;
        modules = m;
        apply_rules(m);
    }
    return level <= m->level;
}

static bool read_level(struct span text, enum log_level *level)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (strlen(levels[i].name) == text.len &&
            bytes_equal(levels[i].name, text.data, text.len)) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* Add to `set` what one item says: "MODULE:LEVEL", or "LEVEL", which undoes all before it. */
static bool read_rule(struct rules *set, struct span item)
{
    const uint8_t *colon = item.len ? memchr(item.data, ':', item.len) : NULL;
    struct span name = span_of(item.data, colon ? (size_t)(colon - item.data) : 0);
    struct rule new = {0}, *old;
    if (colon)
        span_take(&item, name.len + 1);
    if (name.len >= NAME_SIZE || (colon && name.len == 0) || !read_level(item, &new.level))
        return false;
    bytes_copy(new.module, name.data, name.len);
    if (!colon)
        set->n = 0;
    old = find_rule(set, new.module);
    if (old == NULL && set->n == MAX_RULES)
        return false;
    *(old ? old : &set->rule[set->n++]) = new;
    return true;
}

int log_set_levels(const char *text)
{
    struct rules set = rules;
    for (const char *end; text; text = *end ? end + 1 : NULL) {
        end = strchrnul(text, ',');
        if (!read_rule(&set, span_of(text, (size_t)(end - text))))
            return -EINVAL;
    }
    rules = set;
    for (struct log_module *m = modules; m; m = m->next)
        apply_rules(m);
    return 0;
}

/* Several files may be of one module: is this the first of them? */
static bool is_first(const struct log_module *m)
{
    const struct log_module *before = modules;
    while (before != m && strcmp(before->name, m->name) != 0)
        before = before->next;
    return before == m;
}

void log_each(void (*show)(void *user, const char *module, const char *level), void *user)
{
    for (const struct log_module *m = modules; m; m = m->next)
        if (is_first(m))
            show(user, m->name, levels[m->level].name);
}

/* --- Limits ---------------------------------------------------------------------------------- */

/* Take one line of the limit's burst. False if there is none: the line is to be withheld. */
static bool take(struct log_limit *limit)
{
    uint64_t now = loop_now();
    if (limit->used > 0 && now >= limit->next) {
        uint64_t back = 1 + (now - limit->next) / NS_PER_S;
        limit->used -= back < limit->used ? (uint32_t)back : limit->used;
        limit->next += back * NS_PER_S;
    }
    if (limit->used == BURST) {
        limit->withheld++;
        return false;
    }
    if (limit->used++ == 0)
        limit->next = now + NS_PER_S;
    return true;
}

/* --- Lines ----------------------------------------------------------------------------------- */

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The day of the Gregorian calendar that is `days` after 1970-01-01, without a system's library. */
static void put_date(struct buf *line, uint64_t days)
{
    unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year = 1970, month = 0;
    for (unsigned length; days >= (length = is_leap(year) ? 366 : 365); year++)
        days -= length;
    lengths[1] += is_leap(year);
    for (; days >= lengths[month]; month++)
        days -= lengths[month];
    line->len += (size_t)snprintf((char *)line->data + line->len, line->cap - line->len,
                                  "%04u-%02u-%02u", year, month + 1, (unsigned)days + 1);
}

static void put_time(struct buf *line)
{
    uint64_t ms = loop_wall() / NS_PER_MS, seconds = ms / 1000;
    put_date(line, seconds / 86400);
    line->len += (size_t)snprintf((char *)line->data + line->len, line->cap - line->len,
                                  "T%02u:%02u:%02u.%03uZ", (unsigned)(seconds / 3600 % 24),
                                  (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60),
                                  (unsigned)(ms % 1000));
}

/* How a character stands in a line of each form. What is not printable ASCII is escaped. */
static const char *escape_of(unsigned char c)
{
    bool printable = c >= 0x20 && c < 0x7f;
    if (form == LOG_TEXT)
        return printable ? "%c" : "\\x%02x";
    return c == '"' || c == '\\' ? "\\%c" : printable ? "%c" : "\\u%04x"; /* RFC 8259 section 7 */
}

/* Append `text`, escaped, as far as there is room. */
static void put_text(struct buf *line, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        char escaped[8];
        int n = snprintf(escaped, sizeof escaped, escape_of(c), c);
        if (!buf_append(line, escaped, (size_t)n))
            return;
    }
}

/* Append something that is one already. */
static void put_raw(struct buf *line, const char *text)
{
    buf_append(line, text, strlen(text));
}

/* How many lines a limit has withheld, `format` with it; nothing if it is none. */
static void put_withheld(struct buf *line, struct log_limit *limit, const char *format)
{
    char text[48];
    if (limit == NULL || limit->withheld == 0)
        return;
    snprintf(text, sizeof text, format, (unsigned)limit->withheld);
    limit->withheld = 0;
    put_raw(line, text);
}

/* 2026-01-31T12:00:00.000Z WARN  module: text */
static void put_for_people(struct buf *line, const struct log_module *m, enum log_level level,
                           struct log_limit *limit, const char *text)
{
    put_time(line);
    put_raw(line, " ");
    put_raw(line, levels[level].mark);
    put_raw(line, " ");
    put_raw(line, m->name);
    put_raw(line, ": ");
    put_withheld(line, limit, "(%u like it withheld) ");
    put_text(line, text);
}

#define JSON_END "\"}"

/* An object (RFC 8259) in a line; "withheld" only if lines were. */
static void put_for_machines(struct buf *line, const struct log_module *m, enum log_level level,
                             struct log_limit *limit, const char *text)
{
    line->cap -= strlen(JSON_END);
    put_raw(line, "{\"time\":\"");
    put_time(line);
    put_raw(line, "\",\"level\":\"");
    put_raw(line, levels[level].name);
    put_raw(line, "\",\"module\":\"");
    put_raw(line, m->name);
    put_raw(line, "\",");
    put_withheld(line, limit, "\"withheld\":%u,");
    put_raw(line, "\"message\":\"");
    put_text(line, text);
    line->cap += strlen(JSON_END);
    put_raw(line, JSON_END);
}

static void finish(enum log_level level, struct buf *line)
{
    line->data[line->len] = '\0';
    if (line_sink)
        line_sink(line_user, level, (const char *)line->data);
    else
        log_platform_write((const char *)line->data);
}

void log_line(struct log_module *m, enum log_level level, struct log_limit *limit,
              const char *format, ...)
{
    char area[LINE_SIZE], text[LINE_SIZE];
    struct buf line = buf_of(area, sizeof area - 1);
    va_list args;
    if (!log_enabled(m, level) || (limit && !take(limit)))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (form == LOG_TEXT)
        put_for_people(&line, m, level, limit, text);
    else
        put_for_machines(&line, m, level, limit, text);
    finish(level, &line);
}

void log_set_form(enum log_form new)
{
    form = new;
}

void log_set_sink(void (*sink)(void *user, enum log_level level, const char *line), void *user)
{
    line_sink = sink;
    line_user = user;
}
