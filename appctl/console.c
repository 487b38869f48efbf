/*
 * console.c - the way in by a console: "COMMAND [ARG]..." is typed, and answered below.
 *
 * Linked in a domU instead of rpc/: there is no socket for ovs-appctl there, and an operator has
 * the console. Called by appctl.c.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "appctl/internal.h"
#include "runtime/typed.h"

#include <errno.h>
#include <stdlib.h>

LOG_MODULE(appctl);

struct appctl_way {
    struct appctl *appctl;
    struct appctl_reply reply; /* being written */
};

/* What an operator says who looks for a way to end a domain. */
static const struct appctl_command rows[] = {
    {"poweroff", "", 0, 0, appctl_exit},
    {0},
};

size_t appctl_way_options(struct appctl_config *config, struct config_option *options)
{
    (void)config;
    (void)options;
    return 0;
}

static void on_written(void *user)
{
    struct appctl_way *way = user;
    appctl_reply_free(&way->reply);
}

static void on_line(void *user, char *line)
{
    struct appctl_way *way = user;
    const struct config words_of = {.program = way->appctl->program};
    char *words[CONFIG_WORDS_MAX];
    int n = config_split(&words_of, line, words);

    if (n == 1)
        return; /* blanks */
    way->reply = (struct appctl_reply){.max = way->appctl->config.max_reply};
    if (n == -E2BIG)
        appctl_fail(&way->reply, "more than %d words", CONFIG_WORDS_MAX - 1);
    else if (n < 0)
        appctl_fail(&way->reply, "a quote is left open");
    appctl_answer(way->appctl, &way->reply, words[1], n > 2 ? (size_t)n - 2 : 0,
                  (const char *const *)&words[2]);
    typed_answer(way->reply.data, way->reply.len, on_written, way);
}

struct appctl_way *appctl_way_open(struct appctl *a, struct net *net)
{
    struct appctl_way *way = calloc(1, sizeof *way);
    (void)net;
    if (way == NULL) {
        log_error("no memory");
        return NULL;
    }
    way->appctl = a;
    appctl_add(a, rows, NULL);
    typed_on_line(on_line, way);
    return way;
}

void appctl_way_close(struct appctl_way *way)
{
    if (way == NULL)
        return;
    typed_on_line(NULL, NULL);
    appctl_reply_free(&way->reply);
    free(way);
}
