/*
 * config.c - reading options: see config.h.
 *
 * Each kind of value is a function that reads it; everything that can be wrong with a word is said
 * in words, in the one place that finds it.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/config.h"
#include "runtime/timer.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Units of durations, the longest first. */
static const struct {
    const char *name;
    uint64_t ns;
} units[] = {
    {"h", 3600 * NS_PER_S}, {"m", 60 * NS_PER_S}, {"s", NS_PER_S},
    {"ms", NS_PER_MS},      {"us", NS_PER_US},    {"ns", 1},
};
#define N_UNITS (sizeof units / sizeof *units)

#define VALUE_SIZE 32 /* of a number or a duration as text */

static int fail(char *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(char *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error, CONFIG_ERROR, format, args);
    va_end(args);
    return -EINVAL;
}

/* --- Finding an option ----------------------------------------------------------------------- */

static const struct config_option *find(const struct config *c, const char *name, size_t len)
{
    for (const struct config_option *const *table = c->tables; *table; table++)
        for (const struct config_option *o = *table; o->name; o++)
            if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
                return o;
    return NULL;
}

/* The flag that "no-NAME" turns off; NULL if that is not what `name` says. */
static const struct config_option *find_negated(const struct config *c, const char *name)
{
    const struct config_option *o = NULL;
    if (strncmp(name, "no-", 3) == 0)
        o = find(c, name + 3, strlen(name + 3));
    return o && o->kind == CONFIG_FLAG ? o : NULL;
}

/* --- Numbers and durations ------------------------------------------------------------------- */

/* Digits at the front of `text`, decimal or behind 0x. What follows them; NULL if there are none or
 * too many. */
static const char *read_number(const char *text, uint64_t *n)
{
    int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
    const char *digits = base == 16 ? text + 2 : text;
    char *end;
    if (strspn(digits, base == 16 ? "0123456789abcdefABCDEF" : "0123456789") == 0)
        return NULL;
    errno = 0;
    *n = strtoull(digits, &end, base);
    return errno == 0 ? end : NULL;
}

static bool read_uint(const char *text, uint64_t *n)
{
    const char *end = read_number(text, n);
    return end && *end == '\0';
}

static bool read_duration(const char *text, uint64_t *ns)
{
    uint64_t n;
    const char *unit = read_number(text, &n);
    if (unit && *unit == '\0')
        unit = "s";
    for (size_t i = 0; unit && i < N_UNITS; i++)
        if (strcmp(unit, units[i].name) == 0)
            return !__builtin_mul_overflow(n, units[i].ns, ns);
    return false;
}

/* `n` as one would type it for `o`. */
static const char *print_value(const struct config_option *o, uint64_t n, char text[VALUE_SIZE])
{
    size_t i = 0;
    if (o->kind == CONFIG_UINT || n == 0) {
        snprintf(text, VALUE_SIZE, "%" PRIu64, n);
        return text;
    }
    while (n % units[i].ns != 0)
        i++;
    snprintf(text, VALUE_SIZE, "%" PRIu64 "%s", n / units[i].ns, units[i].name);
    return text;
}

static int take_number(const struct config_option *o, uint64_t n, char *error)
{
    char low[VALUE_SIZE], high[VALUE_SIZE];
    if (n < o->min && o->max == 0)
        return fail(error, "--%s: must be at least %s", o->name, print_value(o, o->min, low));
    if (n < o->min || (o->max != 0 && n > o->max))
        return fail(error, "--%s: must be from %s to %s", o->name, print_value(o, o->min, low),
                    print_value(o, o->max, high));
    *(uint64_t *)o->target = n;
    return 0;
}

/* --- Words ----------------------------------------------------------------------------------- */

static int take_listed(const struct config_option *o, const char *value, char *error)
{
    struct config_list *list = o->target;
    if (list->n == CONFIG_LIST_MAX)
        return fail(error, "--%s: may be given at most %d times", o->name, CONFIG_LIST_MAX);
    list->value[list->n++] = value;
    return 0;
}

static int take_value(const struct config_option *o, const char *value, char *error)
{
    uint64_t n;
    switch (o->kind) {
    case CONFIG_UINT:
        if (!read_uint(value, &n))
            return fail(error, "--%s: '%.60s' is not a number", o->name, value);
        return take_number(o, n, error);
    case CONFIG_DURATION:
        if (!read_duration(value, &n))
            return fail(error, "--%s: '%.60s' is not a duration; write 250ms, 5s, 2m or 1h",
                        o->name, value);
        return take_number(o, n, error);
    case CONFIG_LIST:
        return take_listed(o, value, error);
    default:
        *(const char **)o->target = value;
        return 0;
    }
}

static int take_flag(const struct config_option *o, bool on, const char *value, char *error)
{
    if (value)
        return fail(error, "--%s takes no value: say --%s or --no-%s", o->name, o->name, o->name);
    *(bool *)o->target = on;
    return 0;
}

/* Read the option at argv[*i], which is moved to its last word. */
static int take_option(const struct config *c, int argc, char **argv, int *i, char *error)
{
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    const char *value = equals ? equals + 1 : NULL;
    const struct config_option *o = find(c, name, equals ? (size_t)(equals - name) : strlen(name));
    if (o == NULL && (o = find_negated(c, name)) != NULL)
        return take_flag(o, false, value, error);
    if (o == NULL)
        return fail(error, "unknown option '%.80s'; --help lists those there are", argv[*i]);
    if (o->kind == CONFIG_FLAG)
        return take_flag(o, true, value, error);
    if (value == NULL && *i + 1 < argc && strncmp(argv[*i + 1], "--", 2) != 0)
        value = argv[++*i];
    if (value == NULL)
        return fail(error, "--%s needs a value: --%s=%s", o->name, o->name, o->arg);
    return take_value(o, value, error);
}

int config_parse(const struct config *c, int argc, char **argv, int *rest, char *error)
{
    bool options = true;
    *rest = 0;
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        if (!options || word[0] != '-' || word[1] == '\0') {
            argv[1 + (*rest)++] = word;
        } else if (strcmp(word, "--") == 0) {
            options = false;
        } else if (word[1] != '-') {
            return fail(error, "unknown option '%.80s'; options begin with two dashes, see --help",
                        word);
        } else if (take_option(c, argc, argv, &i, error) != 0) {
            return -EINVAL;
        }
    }
    return 0;
}

/* Move one word from *from, its quotes taken off, to `to`; *from is then behind it. False if a
 * quote is left open. */
static bool unquote(char **from, char *to)
{
    char quote = '\0', c;
    while ((c = **from) != '\0' && (quote || strchr(" \t\n", c) == NULL)) {
        ++*from;
        if (c == quote)
            quote = '\0';
        else if (quote == '\0' && (c == '"' || c == '\''))
            quote = c;
        else
            *to++ = c;
    }
    if (c != '\0')
        ++*from;
    *to = '\0';
    return quote == '\0';
}

int config_split(const struct config *c, char *line, char **argv)
{
    int argc = 1;
    argv[0] = (char *)c->program;
    for (;;) {
        line += strspn(line, " \t\n");
        if (*line == '\0')
            return argc;
        if (argc == CONFIG_WORDS_MAX)
            return -E2BIG;
        argv[argc++] = line;
        if (!unquote(&line, argv[argc - 1]))
            return -EINVAL;
    }
}

/* --- Help ------------------------------------------------------------------------------------ */

#define HELP_LINE 200

/* How an option is typed. A flag that is on by itself is shown as what turns it off. */
static int print_usage(const struct config_option *o, char *text)
{
    if (o->kind == CONFIG_FLAG)
        return snprintf(text, HELP_LINE, "--%s%s", *(bool *)o->target ? "no-" : "", o->name);
    return snprintf(text, HELP_LINE, "--%s=%s", o->name, o->arg);
}

/* " [DEFAULT]", or nothing if there is none worth saying. */
static const char *print_default(const struct config_option *o, char *text)
{
    char value[VALUE_SIZE];
    *text = '\0';
    if (o->kind == CONFIG_UINT || o->kind == CONFIG_DURATION)
        snprintf(text, HELP_LINE, " [%s]", print_value(o, *(uint64_t *)o->target, value));
    else if (o->kind == CONFIG_STRING && *(const char **)o->target)
        snprintf(text, HELP_LINE, " [%s]", *(const char **)o->target);
    return text;
}

static int widest_usage(const struct config *c)
{
    char usage[HELP_LINE];
    int widest = 0;
    for (const struct config_option *const *table = c->tables; *table; table++)
        for (const struct config_option *o = *table; o->name; o++) {
            int n = print_usage(o, usage);
            widest = n > widest ? n : widest;
        }
    return widest;
}

void config_help(const struct config *c, void (*line)(void *user, const char *text), void *user)
{
    char text[3 * HELP_LINE], usage[HELP_LINE], standard[HELP_LINE];
    int width = widest_usage(c);
    snprintf(text, sizeof text, "Usage: %s %s", c->program, c->synopsis);
    line(user, text);
    line(user, c->about);
    line(user, "");
    for (const struct config_option *const *table = c->tables; *table; table++)
        for (const struct config_option *o = *table; o->name; o++) {
            print_usage(o, usage);
            snprintf(text, sizeof text, "  %-*s  %s%s", width, usage, o->help,
                     print_default(o, standard));
            line(user, text);
        }
}
