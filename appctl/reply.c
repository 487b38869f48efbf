/*
 * reply.c - the text that a command answers with: it grows as it is written, up to a limit.
 *
 * Called by the functions of commands (appctl.h), and by who runs them. Needs nothing else of this
 * folder, so that who has commands can be linked without the channel.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "appctl/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_CAP 1024

bool appctl_full(const struct appctl_reply *reply)
{
    return reply->len >= reply->max;
}

char *appctl_room(struct appctl_reply *reply, size_t n)
{
    size_t cap = reply->cap > 0 ? reply->cap : FIRST_CAP;
    char *data;
    if (appctl_full(reply) || reply->no_memory)
        return NULL;
    if (reply->data != NULL && reply->cap - reply->len >= n)
        return reply->data + reply->len;
    while (cap - reply->len < n)
        cap *= 2;
    data = realloc(reply->data, cap);
    if (data == NULL) {
        reply->no_memory = true;
        return NULL;
    }
    reply->data = data;
    reply->cap = cap;
    return data + reply->len;
}

void appctl_use(struct appctl_reply *reply, size_t n)
{
    reply->len += n;
}

static void say(struct appctl_reply *reply, const char *format, va_list args)
{
    va_list again;
    char *room;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (n < 0 || (room = appctl_room(reply, (size_t)n + 1)) == NULL)
        return;
    vsnprintf(room, (size_t)n + 1, format, args);
    appctl_use(reply, (size_t)n);
}

void appctl_say(struct appctl_reply *reply, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(reply, format, args);
    va_end(args);
}

void appctl_fail(struct appctl_reply *reply, const char *format, ...)
{
    va_list args;
    reply->len = 0;
    reply->failed = true;
    va_start(args, format);
    say(reply, format, args);
    va_end(args);
}

static void say_name(void *user, const char *name, const struct dial *dial)
{
    struct appctl_reply *reply = user;
    if (dial == NULL)
        appctl_say(reply, "listening at %s\n", name);
    else if (timer_armed(&dial->again))
        appctl_say(reply, "%s  next call in %llu ms\n", name,
                   (unsigned long long)((dial->again.deadline - loop_now()) / NS_PER_MS));
}

void appctl_say_names(struct appctl_reply *reply, const struct server *server)
{
    serve_each(server, say_name, reply);
}

void appctl_narrow(struct appctl_reply *reply, const char *how)
{
    reply->narrow = how;
}

/* What a peer of ours sent us may stand in the text: nothing in it moves a terminal's cursor. */
static void make_plain(char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((text[i] < ' ' || text[i] > '~') && text[i] != '\n' && text[i] != '\t')
            text[i] = '.';
}

void appctl_reply_end(struct appctl_reply *reply)
{
    if (appctl_full(reply)) {
        appctl_fail(reply, "the answer is longer than %zu bytes (--ctl-reply): %s", reply->max,
                    reply->narrow != NULL ? reply->narrow : "ask for less at a time");
    }
    if (reply->no_memory) {
        reply->no_memory = false;
        appctl_fail(reply, "no memory for the answer");
    }
    if (reply->len > 0 && reply->data[reply->len - 1] != '\n')
        appctl_say(reply, "\n");
    make_plain(reply->data, reply->len);
}

void appctl_reply_free(struct appctl_reply *reply)
{
    free(reply->data);
    *reply = (struct appctl_reply){.max = reply->max};
}
