/*
 * control.c - what an operator tells the domain: see control.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/control.h"
#include "runtime/log.h"
#include "xen/console.h"
#include "xen/guest.h"
#include "xen/xenstore.h"

#include <stdlib.h>
#include <xen/sched.h>

LOG_MODULE(control);

#define SHUTDOWN_PATH "control/shutdown"

static struct {
    void (*fn)(void *user);
    void *user;
} handlers[LOOP_N_SIGNALS];

static struct xenstore_watch watch;
static bool reboot;

static void raise(enum loop_signal sig)
{
    if (handlers[sig].fn)
        handlers[sig].fn(handlers[sig].user);
    else if (sig == LOOP_TERMINATE)
        exit(EXIT_SUCCESS);
}

/* --- Shutdown -------------------------------------------------------------------------------- */

static void on_order(void *user, int error, const char *order, size_t n)
{
    (void)user;
    if (error || n == 0)
        return;
    xenstore_write(0, SHUTDOWN_PATH, "", NULL, NULL); /* the tools wait for this */
    log_info("told by " SHUTDOWN_PATH ": %s", order);
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

static void on_line(void *user, const char *line)
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

/* The tools ask before they tell: what is not announced they do not order. */
static int announce(void)
{
    int error = xenstore_write(0, "control/feature-poweroff", "1", NULL, NULL);
    return error ? error : xenstore_write(0, "control/feature-reboot", "1", NULL, NULL);
}

int control_open(void)
{
    int error = console_open(on_line, NULL);
    if (error == 0)
        error = xenstore_open(guest.store, guest.store_port);
    if (error == 0)
        error = announce();
    return error ? error : xenstore_watch(&watch, SHUTDOWN_PATH, on_change, NULL);
}

void control_close(void)
{
    xenstore_unwatch(&watch);
    xenstore_close();
    console_close();
    memset(handlers, 0, sizeof handlers);
}
