/*
 * counter.c - the sets of counters that a program has, and showing them.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/counter.h"
#include "runtime/log.h"
#include <inttypes.h>
#include <stdio.h>

LOG_MODULE(counters);

static struct counter_set *first, **last = &first;

void counter_register(struct counter_set *set)
{
    for (const struct counter_set *s = first; s; s = s->next)
        if (s == set)
            return;
    set->next = NULL;
    *last = set;
    last = &set->next;
}

void counter_each(void (*show)(void *user, const char *module, const char *name, uint64_t value),
                  void *user)
{
    for (const struct counter_set *s = first; s; s = s->next)
        for (size_t i = 0; i < s->n; i++)
            show(user, s->module, s->names[i], s->values[i]);
}

/* The line that grows while a set is walked. */
struct line {
    void (*show)(void *user, const char *text);
    void *user;
    const char *module;
    char text[400];
    size_t len; /* 0: nothing is in it yet */
};

static void end_line(struct line *line)
{
    if (line->len > 0)
        line->show(line->user, line->text);
    line->len = 0;
}

static void add(struct line *line, const char *name, uint64_t value)
{
    char item[100];
    int n = snprintf(item, sizeof item, " %s=%" PRIu64, name, value);
    size_t len = n < (int)sizeof item ? (size_t)n : sizeof item - 1;
    if (line->len + len >= sizeof line->text)
        end_line(line);
    if (line->len == 0)
        line->len = (size_t)snprintf(line->text, sizeof line->text, "%.60s:", line->module);
    snprintf(line->text + line->len, sizeof line->text - line->len, "%s", item);
    line->len += len;
}

void counter_lines(void (*show)(void *user, const char *text), void *user)
{
    for (const struct counter_set *s = first; s; s = s->next) {
        struct line line = {.show = show, .user = user, .module = s->module};
        for (size_t i = 0; i < s->n; i++)
            if (s->values[i] != 0)
                add(&line, s->names[i], s->values[i]);
        end_line(&line);
    }
    show(user, "all others are zero");
}

static void log_text(void *user, const char *text)
{
    (void)user;
    log_info("%s", text);
}

void counter_log(void)
{
    counter_lines(log_text, NULL);
}
