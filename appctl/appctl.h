/*
 * appctl.h - the control channel: commands by which an operator manages a running program.
 *
 * A program puts rows into its table of commands; a row's function writes text into a reply. Every
 * program has the commands of builtin.c besides. How an operator gets there was settled when the
 * program was linked; there are two ways in.
 *
 * rpc/ speaks what `ovs-appctl -t SOCKET COMMAND [ARG]...` speaks: JSON-RPC 1.0 over a stream,
 *
 *     {"method": COMMAND, "params": [ARG, ...], "id": ID}
 *     {"error": null, "id": ID, "result": TEXT}    or    {"error": TEXT, "id": ID, "result": null}
 *
 * messages back to back, as RFC 7047 section 4 has it for the Open vSwitch database. How
 * data flows: a stream's bytes -> frame.c (where does the message end?) -> message.c (is it a
 * request?) -> a row's function -> reply.c (its text) -> message.c -> the stream. peer.c holds that
 * together, for one stream.
 *
 * console.c, in a domU, takes the same as lines that are typed, and answers below them: "COMMAND
 * [ARG]...", split into words as options are (runtime/config.h).
 *
 * What is bounded: a request (64 KB, 16 levels deep; a line), a reply (--ctl-reply; what is longer
 * is an error that says so), the peers (--ctl-connections; the one that has been silent for longest
 * makes room, so that nobody can lock the operator out), and a peer's turn: it gets one request
 * done in a turn of the loop, and none while more than APPCTL_OUT_LIMIT bytes of replies wait for
 * it to read; on a console none while the last one's answer is not written.
 *
 * No sockets in here: it stands on runtime/'s streams. Called by entry files and by who has rows.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_APPCTL_APPCTL_H
#define MORGANA_APPCTL_APPCTL_H

#include "runtime/config.h"
#include "runtime/serve.h"

struct appctl;
struct appctl_reply;

#define APPCTL_REQUEST_MAX STREAM_INPUT_MAX /* bytes */
#define APPCTL_OUT_LIMIT   65536
#define APPCTL_TABLES_MAX  32

/* A command. Tables of them end in a row without a name. */
struct appctl_command {
    const char *name;  /* "add-port" */
    const char *usage; /* its arguments: "DEVICE [NUMBER]" */
    size_t min, max;   /* how many arguments it takes */
    /* Do it. `user` is its table's; argv[0] to argv[argc - 1] are its arguments. What it says is
     * the result, unless it fails. Must not free the appctl. */
    void (*run)(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv);
};

/* appctl_defaults() fills it in; appctl_options() makes options of it. */
struct appctl_config {
    struct config_list names; /* where to listen: ptcp:, punix:; rpc/ */
    uint64_t max_connections; /* rpc/ */
    uint64_t max_reply;       /* bytes of text */
};

void appctl_defaults(struct appctl_config *config);

/* Rows that set `config` from a command line, for a struct config's tables. */
#define APPCTL_N_OPTIONS 4
void appctl_options(struct appctl_config *config, struct config_option rows[APPCTL_N_OPTIONS]);

/* A control channel of `program` (as its version names it; not copied), with its way in: in a domU
 * the console, else it listens at all of config->names. NULL if that cannot be; it has been logged.
 */
struct appctl *appctl_open(const struct appctl_config *config, const char *program,
                           struct net *net);

/* End every connection (what was answered is still written, but not on a console), listen no more,
 * free. NULL is allowed. */
void appctl_close(struct appctl *a);

/* Offer these commands; the rows and `user` stay the caller's and must outlive `a`. Of two rows
 * with one name the first counts. 0, or -ENOSPC past APPCTL_TABLES_MAX tables. */
int appctl_add(struct appctl *a, const struct appctl_command *rows, void *user);

/* With rpc/: serve a stream that is open already. `a` owns it from now on. 0 or -ENOMEM, the stream
 * then closed. */
int appctl_attach(struct appctl *a, struct stream *s);

/* --- Replies: for the functions of commands -------------------------------------------------- */

/* Append text, printf-like. */
void appctl_say(struct appctl_reply *reply, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The command has failed: what was said is dropped, this is the error. */
void appctl_fail(struct appctl_reply *reply, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Has it reached its limit? It will then be an error, and there is no use in saying more. */
bool appctl_full(const struct appctl_reply *reply);

/* What to do if it becomes too long, for that error (not copied): "ask for less at a time" unless
 * told. */
void appctl_narrow(struct appctl_reply *reply, const char *how);

/* Room for at least `n` bytes of text at its end; NULL if it is full or there is no memory. What
 * was written there counts once appctl_use() says how much it was. */
char *appctl_room(struct appctl_reply *reply, size_t n);
void appctl_use(struct appctl_reply *reply, size_t n);

/* Say where `server` listens and whom it calls, a line each. */
void appctl_say_names(struct appctl_reply *reply, const struct server *server);

#endif
