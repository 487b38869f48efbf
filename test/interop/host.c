/*
 * host.c - for tests of Morgana's own TCP/IP against real peers: a host that does what it is told.
 *
 *     host PATH [option ...]
 *
 * The options are those of runtime/platform.h (--net=direct:..., --ip=..., ...). Whoever connects
 * to the unix socket PATH sends a command a line, and hears a line for each thing that happens:
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
 * There is one stream at a time; a new one takes the place of the last, which is closed.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/stack.h"
#include "runtime/counter.h"
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

static struct {
    struct listener *control_listener, *listener;
    struct stream *control, *stream;
    bool echoes, finishing;
    size_t heard, wrong, to_send, sent;
} host;

/* --- What is said ---------------------------------------------------------------------------- */

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    char line[LINE];
    va_list args;
    int n;
    va_start(args, format);
    n = vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    line[n] = '\n';
    if (host.control)
        stream_write(host.control, line, (size_t)n + 1);
}

/* --- The stream ------------------------------------------------------------------------------ */

/* Byte number `i` of what is sent. */
static uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 2654435761u >> 13);
}

static void send_more(void)
{
    while (host.stream && host.sent < host.to_send) {
        size_t n = host.to_send - host.sent < PIECE ? host.to_send - host.sent : PIECE;
        uint8_t *to = stream_reserve(host.stream, n);
        if (to == NULL)
            return;
        for (size_t i = 0; i < n; i++)
            to[i] = pattern(host.sent + i);
        stream_commit(host.stream, n);
        host.sent += n;
        if (host.sent == host.to_send)
            say("sent %zu", host.sent);
    }
    if (host.stream && host.finishing)
        stream_finish(host.stream);
}

static void on_opened(void *user)
{
    (void)user;
    say("opened");
}

/* Send back as much as there is room for. Returns how much that was; the rest is shown again when
 * there is more. */
static size_t echo(const uint8_t *bytes, size_t n)
{
    size_t done = 0;
    while (done < n) {
        size_t part = n - done < PIECE ? n - done : PIECE;
        if (stream_write(host.stream, bytes + done, part) != 0) {
            stream_pause(host.stream, true);
            break;
        }
        done += part;
    }
    return done;
}

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    (void)user;
    if (host.echoes)
        n = echo(bytes, n);
    for (size_t i = 0; i < n; i++)
        host.wrong += bytes[i] != pattern(host.heard + i);
    host.heard += n;
    say("heard %zu", host.heard);
    return n;
}

static void on_drained(void *user)
{
    (void)user;
    if (host.echoes)
        stream_pause(host.stream, false);
    send_more();
}

static void on_ended(void *user)
{
    (void)user;
    say("ended");
}

static void on_closed(void *user, int error)
{
    (void)user;
    host.stream = NULL;
    say("closed %s", error ? strerror(-error) : "in order");
}

static const struct stream_events events = {.opened = on_opened,
                                            .data = on_data,
                                            .drained = on_drained,
                                            .ended = on_ended,
                                            .closed = on_closed};

static void begin_stream(void)
{
    if (host.stream)
        stream_close(host.stream);
    host.stream = NULL;
    host.heard = host.wrong = host.to_send = host.sent = 0;
    host.echoes = host.finishing = false;
}

static void on_accept(void *user, struct stream *s)
{
    (void)user;
    begin_stream();
    host.stream = s;
    stream_own(s, &events, NULL);
    say("accepted %s", s->peer);
}

/* --- Commands -------------------------------------------------------------------------------- */

static void do_connect(const char *name)
{
    struct endpoint ep;
    int error = endpoint_parse(&ep, name, 0);
    begin_stream();
    if (error == 0)
        error = net_connect(platform_net(), &ep, &events, NULL, &host.stream);
    if (error != 0)
        say("closed %s", strerror(-error));
}

static void do_listen(const char *name)
{
    struct endpoint ep;
    int error = endpoint_parse(&ep, name, 0);
    net_listener_close(host.listener);
    host.listener = NULL;
    if (error == 0)
        error = net_listen(platform_net(), &ep, on_accept, NULL, &host.listener);
    say("listening %s", error ? strerror(-error) : net_listener_name(host.listener));
}

static void do_send(const char *n)
{
    host.to_send += strtoul(n, NULL, 10);
    send_more();
}

static void do_echo(const char *rest)
{
    (void)rest;
    host.echoes = true;
}

static void do_pause(const char *rest)
{
    (void)rest;
    if (host.stream)
        stream_pause(host.stream, true);
}

static void do_resume(const char *rest)
{
    (void)rest;
    if (host.stream)
        stream_pause(host.stream, false);
}

static void do_finish(const char *rest)
{
    (void)rest;
    host.finishing = true;
    if (host.sent == host.to_send)
        send_more();
}

static void do_close(const char *rest)
{
    (void)rest;
    begin_stream();
}

static void do_abort(const char *rest)
{
    (void)rest;
    if (host.stream)
        stream_abort(host.stream);
    host.stream = NULL;
}

static void do_info(const char *rest)
{
    const struct tcp_conn *c = host.stream ? stack_conn(host.stream) : NULL;
    struct tcp_info i;
    (void)rest;
    if (c == NULL) {
        say("info none wrong=%zu", host.wrong);
        return;
    }
    tcp_info(c, &i);
    say("info %s wrong=%zu mss=%u mtu=%u cwnd=%u retransmitted=%" PRIu64 " srtt=%" PRIu64,
        tcp_state_name(i.state), host.wrong, i.snd_mss, i.path_mtu, i.cwnd, i.bytes_retransmitted,
        i.srtt);
}

static void say_counter(void *user, const char *module, const char *name, uint64_t value)
{
    (void)user;
    if (value > 0)
        say("counter %s %s %" PRIu64, module, name, value);
}

static void do_counters(const char *rest)
{
    (void)rest;
    counter_each(say_counter, NULL);
    say("counters end");
}

static const struct {
    const char *name;
    void (*run)(const char *rest);
} commands[] = {{"connect", do_connect}, {"listen", do_listen},    {"send", do_send},
                {"echo", do_echo},       {"pause", do_pause},      {"resume", do_resume},
                {"finish", do_finish},   {"close", do_close},      {"abort", do_abort},
                {"info", do_info},       {"counters", do_counters}};

static void obey(char *line)
{
    char *rest = strchr(line, ' ');
    if (rest)
        *rest++ = '\0';
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, line) == 0) {
            commands[i].run(rest ? rest : "");
            return;
        }
    say("no such command: %s", line);
}

static size_t control_data(void *user, const uint8_t *bytes, size_t n)
{
    const uint8_t *end;
    size_t used = 0;
    (void)user;
    while ((end = memchr(bytes + used, '\n', n - used)) != NULL) {
        char line[LINE];
        snprintf(line, sizeof line, "%.*s", (int)(end - (bytes + used)),
                 (const char *)bytes + used);
        used = (size_t)(end - bytes) + 1;
        obey(line);
    }
    return used;
}

static void control_closed(void *user, int error)
{
    (void)user;
    (void)error;
    host.control = NULL;
}

static const struct stream_events control_events = {.data = control_data, .closed = control_closed};

static void on_control(void *user, struct stream *s)
{
    (void)user;
    if (host.control)
        stream_abort(host.control);
    host.control = s;
    stream_own(s, &control_events, NULL);
}

/* --- The program ----------------------------------------------------------------------------- */

static int run(const char *path)
{
    struct endpoint at = {.kind = ENDPOINT_UNIX, .passive = true};
    int status = EXIT_FAILURE;
    if (platform_open() != 0)
        return status;
    snprintf(at.host, sizeof at.host, "%s", path);
    if (net_listen(unix_net(), &at, on_control, NULL, &host.control_listener) == 0)
        status = program_run();
    net_listener_close(host.listener);
    net_listener_close(host.control_listener);
    begin_stream();
    if (host.control)
        stream_abort(host.control);
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
