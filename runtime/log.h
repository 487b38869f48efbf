/*
 * log.h - a levelled log, with a level for each module and a limit for each source of noise.
 *
 * A file names its module once with LOG_MODULE(name), then says log_warn("..."). A module's level
 * is set by name while the program runs (--log=ctl:debug). One line per message, without a newline.
 * What a hostile peer can cause at will goes through a struct log_limit.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_LOG_H
#define MORGANA_RUNTIME_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log_module {
    const char *name;
    enum log_level level;
    struct log_module *next; /* of those that were used or named: see log.c */
    bool known;
};

/* At most one line a second, after a burst of ten; how many were kept back is said with the next.
 */
struct log_limit {
    uint64_t next; /* loop time: when one line of the burst comes back */
    uint32_t used; /* lines of the burst */
    uint32_t withheld;
};

#define LOG_MODULE(n) static struct log_module log_this_module = {.name = #n, .level = LOG_INFO}

#define log_error(...) log_line(&log_this_module, LOG_ERROR, NULL, __VA_ARGS__)
#define log_warn(...)  log_line(&log_this_module, LOG_WARN, NULL, __VA_ARGS__)
#define log_info(...)  log_line(&log_this_module, LOG_INFO, NULL, __VA_ARGS__)
#define log_debug(...)                                                                             \
    do {                                                                                           \
        if (log_enabled(&log_this_module, LOG_DEBUG))                                              \
            log_line(&log_this_module, LOG_DEBUG, NULL, __VA_ARGS__);                              \
    } while (0)
#define log_warn_limited(limit, ...) log_line(&log_this_module, LOG_WARN, limit, __VA_ARGS__)

bool log_enabled(struct log_module *m, enum log_level level);

/* Write one line, printf-like, if the module's level allows; `limit` may be NULL. What is not
 * printable ASCII is escaped (\xNN, in JSON \u00NN), what is too long for a line is cut. */
void log_line(struct log_module *m, enum log_level level, struct log_limit *limit,
              const char *format, ...) __attribute__((format(printf, 4, 5)));

/* "MODULE:LEVEL" or "LEVEL" for all (error, warn, info, debug), several with commas, the later
 * ones overruling; also for modules that have not yet logged. 0, or -EINVAL with nothing changed.
 */
int log_set_levels(const char *text);

/* Call show() for each module that has logged so far, with the name of its level. */
void log_each(void (*show)(void *user, const char *module, const char *level), void *user);

/* How lines look: for people "TIME LEVEL module: text"; for machines an object of JSON with "time",
 * "level", "module", "message" and, if a limit held lines back, "withheld": how many. */
enum log_form { LOG_TEXT, LOG_JSON };
void log_set_form(enum log_form form);

/* Where finished lines go: each is given without its newline. NULL: the platform's own place
 * (standard error, the console). */
void log_set_sink(void (*sink)(void *user, enum log_level level, const char *line), void *user);

/* The platform's own place, which it supplies. */
void log_platform_write(const char *line);

#endif
