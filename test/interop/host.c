/*
 * host.c - for tests of Morgana's own TCP/IP against real peers: a host that does what it is told.
 *
 *     host PATH [option ...]
 *
 * The options are those of runtime/platform.h (--net=direct:..., --ip=..., ...). Whoever connects
 * to the unix socket PATH has a session: it sends a command a line, and hears a line for each thing
 * that happens:
 *
 *     connect NAME   a stream to tcp:HOST:PORT   opened, heard N (in all), ended, closed REASON
 *     listen NAME    ptcp:PORT[:IP]              listening NAME; accepted PEER, then as above
 *     send N         N bytes of the pattern, as fast as the peer takes them      sent N
 *     echo           from now on send back what comes
 *     pause, resume  input
 *     finish, close, abort
 *     info           TCP's view of the stream    info NAME=VALUE ...
 *     counters       counter MODULE NAME VALUE ..., counters end
 *
 * A session has one stream at a time; a new one takes the place of the last, which is closed. For
 * several streams at once there are several sessions. A session's end closes its stream.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/stack.h"
#include "runtime/counter.h"
#include "runtime/list.h"
#include "runtime/loop.h"
#include "runtime/platform.h"
#include "runtime/program.h"
#include "runtime/unix/unix.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE  512
#define PIECE 65536

struct session {
    struct list link; /* in `sessions` */
    struct stream *control, *stream;
    struct listener *listener;
    bool echoes, finishing;
    size_t heard, wrong, to_send, sent;
};

static struct list sessions;

/* --- What is said ---------------------------------------------------------------------------- */

static void say(struct session *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct session *s, const char *format, ...)
{
    char line[LINE];
    va_list args;
    int n;
    va_start(args, format);
    n = vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    line[n] = '\n';
    stream_write(s->control, line, (size_t)n + 1);
}

/* --- The stream ------------------------------------------------------------------------------ */

/* Byte number `i` of what is sent. */
static uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 2654435761u >> 13);
}

static void send_more(struct session *s)
{
    while (s->stream && s->sent < s->to_send) {
        size_t n = s->to_send - s->sent < PIECE ? s->to_send - s->sent : PIECE;
        uint8_t *to = stream_reserve(s->stream, n);
        if (to == NULL)
            return;
        for (size_t i = 0; i < n; i++)
            to[i] = pattern(s->sent + i);
        stream_commit(s->stream, n);
        s->sent += n;
        if (s->sent == s->to_send)
            say(s, "sent %zu", s->sent);
    }
    if (s->stream && s->finishing)
        stream_finish(s->stream);
}

static void on_opened(void *session)
{
    say(session, "opened");
}

/* Send back as much as there is room for. Returns how much that was; the rest is shown again when
 * there is more. */
static size_t echo(struct session *s, const uint8_t *bytes, size_t n)
{
    size_t done = 0;
    while (done < n) {
        size_t part = n - done < PIECE ? n - done : PIECE;
        if (stream_write(s->stream, bytes + done, part) != 0) {
            stream_pause(s->stream, true);
            break;
        }
        done += part;
    }
    return done;
}

static size_t on_data(void *session, const uint8_t *bytes, size_t n)
{
    struct session *s = session;
    if (s->echoes)
        n = echo(s, bytes, n);
    for (size_t i = 0; i < n; i++)
        s->wrong += bytes[i] != pattern(s->heard + i);
    s->heard += n;
    say(s, "heard %zu", s->heard);
    return n;
}

static void on_drained(void *session)
{
    struct session *s = session;
    if (s->echoes)
        stream_pause(s->stream, false);
    send_more(s);
}

static void on_ended(void *session)
{
    say(session, "ended");
}

static void on_closed(void *session, int error)
{
    struct session *s = session;
    s->stream = NULL;
    say(s, "closed %s", error ? strerror(-error) : "in order");
}

static const struct stream_events events = {.opened = on_opened,
                                            .data = on_data,
                                            .drained = on_drained,
                                            .ended = on_ended,
                                            .closed = on_closed};

static void begin_stream(struct session *s)
{
    if (s->stream)
        stream_close(s->stream);
    s->stream = NULL;
    s->heard = s->wrong = s->to_send = s->sent = 0;
    s->echoes = s->finishing = false;
}

static void on_accept(void *session, struct stream *stream)
{
    struct session *s = session;
    begin_stream(s);
    s->stream = stream;
    stream_own(stream, &events, s);
    say(s, "accepted %s", stream->peer);
}

/* --- Commands -------------------------------------------------------------------------------- */

static void do_connect(struct session *s, const char *name)
{
    struct endpoint ep;
    int error = endpoint_parse(&ep, name, 0);
    begin_stream(s);
    if (error == 0)
        error = net_connect(platform_net(), &ep, &events, s, &s->stream);
    if (error != 0)
        say(s, "closed %s", strerror(-error));
}

static void do_listen(struct session *s, const char *name)
{
    struct endpoint ep;
    int error = endpoint_parse(&ep, name, 0);
    net_listener_close(s->listener);
    s->listener = NULL;
    if (error == 0)
        error = net_listen(platform_net(), &ep, on_accept, s, &s->listener);
    say(s, "listening %s", error ? strerror(-error) : net_listener_name(s->listener));
}

static void do_send(struct session *s, const char *n)
{
    s->to_send += strtoul(n, NULL, 10);
    send_more(s);
}

static void do_echo(struct session *s, const char *rest)
{
    (void)rest;
    s->echoes = true;
}

static void do_pause(struct session *s, const char *rest)
{
    (void)rest;
    if (s->stream)
        stream_pause(s->stream, true);
}

static void do_resume(struct session *s, const char *rest)
{
    (void)rest;
    if (s->stream)
        stream_pause(s->stream, false);
}

static void do_finish(struct session *s, const char *rest)
{
    (void)rest;
    s->finishing = true;
    if (s->sent == s->to_send)
        send_more(s);
}

static void do_close(struct session *s, const char *rest)
{
    (void)rest;
    begin_stream(s);
}

static void do_abort(struct session *s, const char *rest)
{
    (void)rest;
    if (s->stream)
        stream_abort(s->stream);
    s->stream = NULL;
}

static void do_info(struct session *s, const char *rest)
{
    const struct tcp_conn *c = s->stream ? stack_conn(s->stream) : NULL;
    struct tcp_info i;
    (void)rest;
    if (c == NULL) {
        say(s, "info none wrong=%zu", s->wrong);
        return;
    }
    tcp_info(c, &i);
    say(s, "info %s wrong=%zu mss=%u mtu=%u cwnd=%u retransmitted=%" PRIu64 " srtt=%" PRIu64,
        tcp_state_name(i.state), s->wrong, i.snd_mss, i.path_mtu, i.cwnd, i.bytes_retransmitted,
        i.srtt);
}

static void say_counter(void *session, const char *module, const char *name, uint64_t value)
{
    if (value > 0)
        say(session, "counter %s %s %" PRIu64, module, name, value);
}

static void do_counters(struct session *s, const char *rest)
{
    (void)rest;
    counter_each(say_counter, s);
    say(s, "counters end");
}

static const struct {
    const char *name;
    void (*run)(struct session *s, const char *rest);
} commands[] = {{"connect", do_connect}, {"listen", do_listen},    {"send", do_send},
                {"echo", do_echo},       {"pause", do_pause},      {"resume", do_resume},
                {"finish", do_finish},   {"close", do_close},      {"abort", do_abort},
                {"info", do_info},       {"counters", do_counters}};

static void obey(struct session *s, char *line)
{
    char *rest = strchr(line, ' ');
    if (rest)
        *rest++ = '\0';
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, line) == 0) {
            commands[i].run(s, rest ? rest : "");
            return;
        }
    say(s, "no such command: %s", line);
}

/* --- Sessions -------------------------------------------------------------------------------- */

static size_t control_data(void *session, const uint8_t *bytes, size_t n)
{
    const uint8_t *end;
    size_t used = 0;
    while ((end = memchr(bytes + used, '\n', n - used)) != NULL) {
        char line[LINE];
        snprintf(line, sizeof line, "%.*s", (int)(end - (bytes + used)),
                 (const char *)bytes + used);
        used = (size_t)(end - bytes) + 1;
        obey(session, line);
    }
    return used;
}

/* All of a session but its control, which is gone. */
static void session_free(struct session *s)
{
    begin_stream(s);
    net_listener_close(s->listener);
    list_remove(&s->link);
    free(s);
}

static void control_closed(void *session, int error)
{
    (void)error;
    session_free(session);
}

static const struct stream_events control_events = {.data = control_data, .closed = control_closed};

static void on_control(void *user, struct stream *control)
{
    struct session *s = calloc(1, sizeof *s);
    (void)user;
    if (s == NULL) {
        stream_abort(control);
        return;
    }
    s->control = control;
    list_append(&sessions, &s->link);
    stream_own(control, &control_events, s);
}

static void end_sessions(void)
{
    while (!list_empty(&sessions)) {
        struct session *s = container_of(sessions.next, struct session, link);
        stream_abort(s->control);
        session_free(s);
    }
}

/* --- The program ----------------------------------------------------------------------------- */

static int run(const char *path)
{
    struct endpoint at = {.kind = ENDPOINT_UNIX, .passive = true};
    struct listener *listener = NULL;
    int status = EXIT_FAILURE;
    if (platform_open() != 0)
        return status;
    program_begin();
    list_init(&sessions);
    snprintf(at.host, sizeof at.host, "%s", path);
    if (net_listen(unix_net(), &at, on_control, NULL, &listener) == 0)
        status = program_run();
    net_listener_close(listener);
    end_sessions();
    platform_close();
    return status;
}

int main(int argc, char **argv)
{
    static const struct config_option *const tables[] = {platform_options, NULL};
    const struct config config = {
        .program = "host", .synopsis = "PATH [OPTION]...", .about = "A host.", .tables = tables};
    char error[CONFIG_ERROR];
    int rest;
    if (config_parse(&config, argc, argv, &rest, error) != 0 || rest != 1) {
        fprintf(stderr, "host: %s\n", rest == 1 ? error : "PATH and options");
        return EXIT_FAILURE;
    }
    return run(argv[1]);
}
