/*
 * control.c - what an operator tells the domain: see control.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/control.h"
#include "runtime/log.h"
#include "xen/console.h"
#include "xen/guest.h"
#include "xen/suspend.h"
#include "xen/xenstore.h"

#include <stdio.h>
#include <stdlib.h>
#include <xen/sched.h>

LOG_MODULE(control);

#define SHUTDOWN_PATH "control/shutdown"

static struct {
    void (*fn)(void *user);
    void *user;
} handlers[LOOP_N_SIGNALS];

static struct xenstore_watch watch;
static struct loop_work suspend_work;
static bool reboot;

static void raise(enum loop_signal sig)
{
    if (handlers[sig].fn)
        handlers[sig].fn(handlers[sig].user);
    else if (sig == LOOP_TERMINATE)
        exit(EXIT_SUCCESS);
}

/* The tools ask before they tell: what is not announced they do not order. */
static int announce(void)
{
    static const char *const orders[] = {"poweroff", "reboot", "suspend"};
    int error = 0;
    for (size_t i = 0; i < sizeof orders / sizeof *orders && error == 0; i++) {
        char path[64];
        snprintf(path, sizeof path, "control/feature-%s", orders[i]);
        error = xenstore_write(0, path, "1", NULL, NULL);
    }
    return error;
}

/* --- Suspending ------------------------------------------------------------------------------ */

/* An answer comes behind those to all calls that were made before. At the end of the turn, when
 * nobody else is at work. */
static void on_answer(void *user, int error, const char *data, size_t n)
{
    (void)user;
    (void)error;
    (void)data;
    (void)n;
    loop_defer(&suspend_work);
}

static void suspend_when_idle(void *user)
{
    (void)user;
    if (!xenstore_idle()) {
        xenstore_read(0, SHUTDOWN_PATH, on_answer, NULL);
        return;
    }
    suspend();
    announce();
}

/* --- Shutdown -------------------------------------------------------------------------------- */

static void on_order(void *user, int error, const char *order, size_t n)
{
    (void)user;
    if (error || n == 0)
        return;
    log_info("told by " SHUTDOWN_PATH ": %s", order);
    if (strcmp(order, "suspend") == 0) {
        xenstore_write(0, SHUTDOWN_PATH, "", on_answer, NULL);
        return;
    }
    xenstore_write(0, SHUTDOWN_PATH, "", NULL, NULL); /* the tools wait for this */
    reboot = strcmp(order, "reboot") == 0;
    if (reboot || strcmp(order, "poweroff") == 0 || strcmp(order, "halt") == 0)
        raise(LOOP_TERMINATE);
    else
        log_warn("this order is not known");
}

static void on_change(void *user, const char *changed)
{
    (void)user;
    (void)changed;
    xenstore_read(0, SHUTDOWN_PATH, on_order, NULL);
}

unsigned control_shutdown_reason(int status)
{
    if (status != EXIT_SUCCESS)
        return SHUTDOWN_crash;
    return reboot ? SHUTDOWN_reboot : SHUTDOWN_poweroff;
}

/* --- The console ----------------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum loop_signal sig;
} words[] = {
    {"counters", LOOP_COUNTERS},
    {"reload", LOOP_RELOAD},
    {"poweroff", LOOP_TERMINATE},
};
#define N_WORDS (sizeof words / sizeof *words)

/* Of a program that takes no commands itself (appctl/). */
static void on_line(void *user, char *line)
{
    (void)user;
    for (size_t i = 0; i < N_WORDS; i++) {
        if (strcmp(words[i].word, line) == 0) {
            raise(words[i].sig);
            return;
        }
    }
    console_write("say one of: counters, reload, poweroff");
}

/* --- Opening and closing --------------------------------------------------------------------- */

void control_on_signal(enum loop_signal sig, void (*fn)(void *user), void *user)
{
    handlers[sig].fn = fn;
    handlers[sig].user = user;
}

int control_open(void)
{
    int error = console_open(on_line, NULL);
    loop_work_init(&suspend_work, suspend_when_idle, NULL);
    if (error == 0)
        error = xenstore_open(guest.store, guest.store_port);
    if (error == 0)
        error = announce();
    return error ? error : xenstore_watch(&watch, SHUTDOWN_PATH, on_change, NULL);
}

void control_close(void)
{
    loop_work_cancel(&suspend_work);
    xenstore_unwatch(&watch);
    xenstore_close();
    console_close();
    memset(handlers, 0, sizeof handlers);
}
