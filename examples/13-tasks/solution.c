/*
 * solution.c - exercise 13, solved: tasks that sleep, race, serve and share work.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "examples/run_task.h"
#include "runtime/entropy.h"
#include "runtime/log.h"
#include "runtime/platform.h"
#include "runtime/program.h"
#include "runtime/say.h"
#include "runtime/task_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

LOG_MODULE(tasks);

#define MS (NS_PER_S / 1000)

static struct {
    const char *part, *listen;
    uint64_t silence;
} args = {.part = "sleep", .listen = "ptcp:7:127.0.0.1", .silence = NS_PER_S};

static const struct config_option options[] = {
    {"part", CONFIG_STRING, &args.part, 0, 0, "PART", "sleep, coin, echo or map"},
    {"listen", CONFIG_STRING, &args.listen, 0, 0, "NAME", "echo: where"},
    {"silence", CONFIG_DURATION, &args.silence, 0, 0, "TIME", "echo: who is silent so long goes"},
    {0},
};

/* --- Sleep: three tasks ---------------------------------------------------------------------- */

static int sleep_long(void *arg)
{
    int error;
    (void)arg;
    say("long begins");
    error = task_sleep(200 * MS);
    if (error == 0)
        say("long");
    return error;
}

static int sleep_short(void *arg)
{
    int error;
    (void)arg;
    say("short begins");
    error = task_sleep(100 * MS);
    if (error == 0)
        say("short");
    return error;
}

/* Both sleep at once, and this task waits for both. */
static int part_sleep(void)
{
    struct task *a = task_start(sleep_long, NULL), *b = task_start(sleep_short, NULL);
    int error = a != NULL && b != NULL ? task_join(a, NULL) : -ENOMEM;
    if (error == 0)
        error = task_join(b, NULL);
    if (error == 0)
        say("both");
    return error;
}

/* --- Coin: who wakes first wins -------------------------------------------------------------- */

static int side(void *arg)
{
    (void)arg;
    return task_sleep(entropy_u64() % (100 * MS));
}

/* The loser is cancelled; if both woke in one turn of the loop there is a first all the same. */
static int part_coin(void)
{
    struct task *sides[2] = {task_start(side, NULL), task_start(side, NULL)};
    int first = sides[0] != NULL && sides[1] != NULL ? task_first(sides, 2, NULL) : -ENOMEM;
    if (first < 0)
        return first;
    say(first == 0 ? "heads" : "tails");
    return 0;
}

/* --- Echo: a task for each who has come ------------------------------------------------------ */

/* Say back what is said, until there is no more, or nothing for too long. */
static int echo(void *arg)
{
    struct task_stream *peer = arg;
    char bytes[512];
    int n, error = 0;

    do {
        task_limit(loop_now() + args.silence);
        n = task_read(peer, bytes, sizeof bytes);
        if (n > 0)
            error = task_write(peer, bytes, (size_t)n);
    } while (n > 0 && error == 0);
    if (n == -ETIMEDOUT)
        log_info("one was silent");
    task_close(peer);
    return 0;
}

static int part_echo(void)
{
    struct task_listener *listener;
    struct task_stream *peer;
    struct endpoint at;
    int error = endpoint_parse(&at, args.listen, 7);

    if (error == 0)
        error = task_listen(platform_net(), &at, 16, &listener);
    if (error != 0)
        return error;
    log_info("listening at %s", task_listener_name(listener));
    while ((error = task_accept(listener, &peer)) == 0) {
        struct task *t = task_start(echo, peer);
        if (t == NULL)
            task_close(peer);
        task_release(t);
    }
    task_listener_close(listener);
    return error;
}

/* --- Map: many jobs, a few at once ----------------------------------------------------------- */

#define JOBS    12
#define AT_ONCE 3

static int reckoned; /* how often */

/* A job that takes a while. */
static int square(int n)
{
    static int running, most;
    int error;
    reckoned++;
    if (++running > most)
        say("%d at once", most = running);
    error = task_sleep((20 + entropy_u64() % 10) * MS);
    running--;
    return error != 0 ? error : n * n;
}

struct map {
    int next; /* the first job that nobody has taken */
    int result[JOBS];
};

/* Takes one job after another until none is left. No lock: only waits let others run. */
static int worker(void *arg)
{
    struct map *m = arg;
    while (m->next < JOBS) {
        int n = m->next++;
        m->result[n] = square(n);
    }
    return 0;
}

/* m->result[n] is the square of n; never more than AT_ONCE are reckoned at once. */
static int map(struct map *m)
{
    struct task *workers[AT_ONCE];
    int error = 0;
    for (int i = 0; i < AT_ONCE; i++)
        workers[i] = task_start(worker, m);
    for (int i = 0; i < AT_ONCE; i++)
        if (workers[i] == NULL || task_join(workers[i], NULL) != 0)
            error = -ENOMEM;
    return error;
}

static int part_map(void)
{
    struct map m = {0};
    int error = map(&m);
    for (int i = 0; i < JOBS && error == 0; i++)
        say("%d squared is %d", i, m.result[i]);
    say("%d jobs for %d squares", reckoned, JOBS);
    return error;
}

/* --------------------------------------------------------------------------------------------- */

static int run_part(void *arg)
{
    (void)arg;
    if (strcmp(args.part, "sleep") == 0)
        return part_sleep();
    if (strcmp(args.part, "coin") == 0)
        return part_coin();
    if (strcmp(args.part, "echo") == 0)
        return part_echo();
    return strcmp(args.part, "map") == 0 ? part_map() : -EINVAL;
}

int main(int argc, char **argv)
{
    const struct config_option *const tables[] = {options, platform_options, program_options, NULL};
    const struct config config = {
        .program = "tasks",
        .synopsis = "[OPTION]...",
        .about = "Exercise 13: cooperative threads.",
        .tables = tables,
    };
    int status = program_read(&config, argc, argv, NULL);
    return status >= 0 ? status : run_task(run_part, NULL);
}
