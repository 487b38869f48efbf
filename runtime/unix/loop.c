/*
 * loop.c - the loop on UNIX: a libevent event_base, turned by hand.
 *
 * A turn is one pass of event_base_loop() (wait, then deliver), then the wheel and the deferred
 * work (runtime/loop.c). libevent knows of one timer only, the bell that ends the wait when the
 * wheel wants to be turned, and that is touched only when it must ring earlier than it would: the
 * steady path makes no call for it. If epoll cannot be had, libevent takes another method by
 * itself.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/loop.h"
#include "runtime/unix/internal.h"
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

static struct event_base *base;
static struct event *bell; /* ends a wait */
static uint64_t bell_at;   /* when it rings; TIMER_NEVER: it does not */
static uint64_t now;
static bool now_known; /* the clock was read in this turn */
static bool happened;  /* something was delivered in this turn */

/* --- Time ------------------------------------------------------------------------------------ */

static uint64_t read_clock(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* The first who asks in a turn reads the clock; a wait that comes before is not yet over then. */
uint64_t loop_now(void)
{
    if (!now_known)
        now = read_clock(CLOCK_MONOTONIC);
    now_known = true;
    return now;
}

uint64_t loop_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

static void on_bell(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    (void)user;
    bell_at = TIMER_NEVER;
}

/* Have the wait end at `due`. One that rings too early does no harm. */
static void set_bell(uint64_t due)
{
    uint64_t from, wait;
    struct timeval tv;
    if (due >= bell_at)
        return;
    from = read_clock(CLOCK_MONOTONIC);
    wait = due > from ? due - from : 0;
    tv.tv_sec = (time_t)(wait / NS_PER_S);
    tv.tv_usec = (suseconds_t)(wait % NS_PER_S / NS_PER_US);
    event_add(bell, &tv);
    bell_at = due;
}

/* --- Turns ----------------------------------------------------------------------------------- */

struct event_base *unix_base(void)
{
    return base;
}

void unix_happened(void)
{
    happened = true;
}

bool loop_turn(bool wait)
{
    uint64_t due = loop_due();
    int how = EVLOOP_NO_EXIT_ON_EMPTY;
    if (due == 0 || !wait)
        how |= EVLOOP_NONBLOCK;
    else
        how |= EVLOOP_ONCE;
    if (due > 0)
        set_bell(due);
    happened = false;
    now_known = false;
    event_base_loop(base, how);
    return loop_finish_turn(loop_now()) || happened;
}

/* --- Signals --------------------------------------------------------------------------------- */

#define SIGNALS_EACH 2

static struct handler {
    const int signals[SIGNALS_EACH]; /* 0: no more */
    void (*const without)(int);      /* what a signal does when there is no handler */
    struct event *events[SIGNALS_EACH];
    void (*fn)(void *user);
    void *user;
} handlers[LOOP_N_SIGNALS] = {
    [LOOP_TERMINATE] = {.signals = {SIGINT, SIGTERM}, .without = SIG_DFL},
    [LOOP_COUNTERS] = {.signals = {SIGUSR1}, .without = SIG_IGN},
    [LOOP_RELOAD] = {.signals = {SIGHUP}, .without = SIG_IGN},
};

static void on_signal(evutil_socket_t fd, short what, void *user)
{
    struct handler *h = user;
    (void)fd;
    (void)what;
    unix_happened();
    h->fn(h->user);
}

static void remove_handler(struct handler *h)
{
    for (size_t i = 0; i < SIGNALS_EACH; i++) {
        if (h->events[i])
            event_free(h->events[i]);
        h->events[i] = NULL;
    }
    h->fn = NULL;
}

void loop_on_signal(enum loop_signal sig, void (*fn)(void *user), void *user)
{
    struct handler *h = &handlers[sig];
    remove_handler(h);
    h->fn = fn;
    h->user = user;
    for (size_t i = 0; i < SIGNALS_EACH && h->signals[i]; i++) {
        if (fn == NULL) {
            signal(h->signals[i], h->without);
            continue;
        }
        h->events[i] = evsignal_new(base, h->signals[i], on_signal, h);
        if (h->events[i])
            event_add(h->events[i], NULL);
    }
}

/* --- Opening and closing --------------------------------------------------------------------- */

static struct event_base *base_new(void)
{
    struct event_config *config = event_config_new();
    struct event_base *b = NULL;
    if (config == NULL)
        return NULL;
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME);
    b = event_base_new_with_config(config);
    event_config_free(config);
    return b;
}

/* A controller of a thousand switches has more streams than the usual soft limit; poll-based code
 * is what that limit protects, and there is none here. */
static void allow_descriptors(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

int loop_open(void)
{
    signal(SIGPIPE, SIG_IGN);
    allow_descriptors();
    base = base_new();
    if (base == NULL)
        return -ENOMEM;
    bell = evtimer_new(base, on_bell, NULL);
    if (bell == NULL) {
        event_base_free(base);
        return -ENOMEM;
    }
    bell_at = TIMER_NEVER;
    now_known = false;
    loop_begin(loop_now());
    return 0;
}

void loop_close(void)
{
    for (size_t i = 0; i < LOOP_N_SIGNALS; i++)
        remove_handler(&handlers[i]);
    loop_finish_turn(loop_now()); /* what streams closed just now have yet to write */
    unix_net_close();
    stream_pair_abort_all();
    loop_finish_turn(loop_now()); /* what was freed by that */
    event_free(bell);
    event_base_free(base);
    base = NULL;
    stream_pool_free();
}
