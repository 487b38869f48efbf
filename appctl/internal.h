/*
 * internal.h - what the files of the control channel share. See appctl.h for what callers get.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_APPCTL_INTERNAL_H
#define MORGANA_APPCTL_INTERNAL_H

#include "appctl/appctl.h"
#include "runtime/bytes.h"
#include "runtime/log.h"
#include "runtime/loop.h"

/* --- reply.c --------------------------------------------------------------------------------- */

struct appctl_reply {
    char *data; /* len bytes of text, no NUL behind it; NULL: none yet */
    size_t len, cap;
    size_t max;
    const char *narrow; /* how to ask for less, or NULL */
    bool failed;
    bool no_memory;
};

/* All of it has been said: see to it that it ends in a newline, or is the error that it is too
 * long or that there is no memory. Its bytes that a terminal should not see become dots. */
void appctl_reply_end(struct appctl_reply *reply);

/* Give its text back: it is empty. */
void appctl_reply_free(struct appctl_reply *reply);

/* --- appctl.c -------------------------------------------------------------------------------- */

struct appctl {
    struct appctl_config config;
    const char *program;
    struct appctl_way *way; /* that leads in */
    struct appctl_table {
        const struct appctl_command *rows;
        void *user;
    } table[APPCTL_TABLES_MAX];
    size_t n_tables;
};

struct appctl_counters {
    uint64_t connections;
    uint64_t displaced; /* connections that made room for others */
    uint64_t requests;
    uint64_t failed;   /* ... that were answered with an error */
    uint64_t too_long; /* ... of those: their answer was longer than --ctl-reply */
    uint64_t bad;      /* messages that are no request */
};

extern struct appctl_counters appctl_counters;

/* Run the command that is called `name` with its arguments, and end the reply, which has been given
 * its `max`. One that has failed already is just ended. */
void appctl_answer(struct appctl *a, struct appctl_reply *reply, const char *name, size_t argc,
                   const char *const *argv);

/* --- The way in: rpc/rpc.c or console.c, as the program is linked ---------------------------- */

struct appctl_way;

/* Open it. NULL if that cannot be; it has been logged. */
struct appctl_way *appctl_way_open(struct appctl *a, struct net *net);

/* Nothing leads in any more; NULL is allowed. */
void appctl_way_close(struct appctl_way *way);

/* Its own options, APPCTL_N_OPTIONS - 2 at most. Returns how many. */
size_t appctl_way_options(struct appctl_config *config, struct config_option *rows);

/* --- builtin.c ------------------------------------------------------------------------------- */

/* The commands of every program; their user is the struct appctl. */
extern const struct appctl_command appctl_builtin[];

/* "exit", under whatever name. */
void appctl_exit(void *user, struct appctl_reply *reply, size_t argc, const char *const *argv);

#endif
