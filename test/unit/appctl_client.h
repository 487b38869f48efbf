/*
 * appctl_client.h - who calls a control channel in a test: it sends bytes and keeps what comes.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_APPCTL_CLIENT_H
#define MORGANA_TEST_UNIT_APPCTL_CLIENT_H

#include "appctl/appctl.h"
#include "runtime/loop.h"
#include "test/unit/unit.h"

#include <stdio.h>
#include <string.h>

struct client {
    struct stream *s; /* NULL: the other end has closed it */
    char *text;       /* what has come; NUL-terminated */
    size_t n, cap;
};

static inline size_t client_data(void *user, const uint8_t *bytes, size_t n)
{
    struct client *c = user;
    if (c->n + n >= c->cap) {
        c->cap = 2 * (c->n + n) + 1;
        c->text = realloc(c->text, c->cap);
        ck_assert_ptr_nonnull(c->text);
    }
    memcpy(c->text + c->n, bytes, n);
    c->n += n;
    c->text[c->n] = '\0';
    return n;
}

static inline void client_closed(void *user, int error)
{
    struct client *c = user;
    (void)error;
    c->s = NULL;
}

static inline void client_rest(void)
{
    while (loop_poll())
        ;
}

static inline void client_begin(struct client *c, struct appctl *a)
{
    static const struct stream_events events = {.data = client_data, .closed = client_closed};
    struct stream *ends[2];
    ck_assert_int_eq(stream_pair(ends), 0);
    *c = (struct client){.s = ends[0], .text = calloc(1, 1)};
    stream_own(ends[0], &events, c);
    ck_assert_int_eq(appctl_attach(a, ends[1]), 0);
    client_rest();
}

static inline void client_end(struct client *c)
{
    if (c->s != NULL)
        stream_close(c->s);
    client_rest();
    free(c->text);
}

/* Send `n` bytes; then nothing moves any more. */
static inline void client_send_bytes(struct client *c, const void *bytes, size_t n)
{
    const uint8_t *from = bytes;
    while (n > 0 && c->s != NULL) {
        size_t part = n < STREAM_RESERVE_MAX ? n : STREAM_RESERVE_MAX;
        ck_assert_int_eq(stream_write(c->s, from, part), 0);
        from += part;
        n -= part;
        client_rest();
    }
}

static inline void client_send(struct client *c, const char *text)
{
    client_send_bytes(c, text, strlen(text));
}

/* Forget what has come. */
static inline void client_forget(struct client *c)
{
    c->n = 0;
    c->text[0] = '\0';
}

/* Just this has come since the last time. */
static inline void client_expect(struct client *c, const char *text)
{
    ck_assert_str_eq(c->text, text);
    client_forget(c);
}

/* Run a command, words with blanks between; a word in double quotes may have blanks. What it says,
 * or fails with, is returned as JSON has it, without the quotes around it: valid until the next
 * call. */
static inline const char *client_run(struct client *c, const char *command, bool *failed)
{
    static const char head_good[] = "{\"error\":null,\"id\":1,\"result\":\"";
    static const char head_bad[] = "{\"error\":\"";
    static char said[1 << 20];
    char request[2048], *to = request;
    bool quoted = false;
    size_t skip, tail;

    to += sprintf(to, "{\"id\":1,\"method\":\"");
    for (bool first = true; *command != '\0'; command++) {
        if (*command == '"')
            quoted = !quoted;
        else if (*command == ' ' && !quoted) {
            to += sprintf(to, first ? "\",\"params\":[\"" : "\",\"");
            first = false;
        } else
            *to++ = *command;
    }
    *to = '\0';
    sprintf(to, strstr(request, "\"params\"") != NULL ? "\"]}" : "\",\"params\":[]}");
    client_forget(c);
    client_send(c, request);
    *failed = strncmp(c->text, head_good, sizeof head_good - 1) != 0;
    skip = *failed ? sizeof head_bad - 1 : sizeof head_good - 1;
    tail = *failed ? strlen("\",\"id\":1,\"result\":null}") : strlen("\"}");
    ck_assert_uint_ge(c->n, skip + tail);
    ck_assert_uint_lt(c->n, sizeof said);
    memcpy(said, c->text + skip, c->n - skip - tail);
    said[c->n - skip - tail] = '\0';
    return said;
}

/* It must not fail; or it must. */
static inline const char *client_do(struct client *c, const char *command)
{
    bool failed;
    const char *said = client_run(c, command, &failed);
    ck_assert_msg(!failed, "%s: %s", command, said);
    return said;
}

static inline const char *client_fail(struct client *c, const char *command)
{
    bool failed;
    const char *said = client_run(c, command, &failed);
    ck_assert_msg(failed, "%s: %s", command, said);
    return said;
}

#define client_says(said, part)                                                                    \
    ck_assert_msg(strstr(said, part) != NULL, "no %s in: %s", part, said)

#endif
