/*
 * test_unix_net.c - connecting and listening over the kernel's sockets.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/counter.h"
#include "runtime/log.h"
#include "test/unit/ends.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BURST 500

static struct end a, b;

/* Connect to `to`. */
static void dial(struct end *e, const struct endpoint *to)
{
    CALL(ck_assert_int_eq(net_connect(unix_net(), to, &end_events, e, &e->s), 0));
}

static void dial_name(struct end *e, const char *name)
{
    struct endpoint to = endpoint(name);
    dial(e, &to);
}

static struct listener *serve(const char *name, net_accept_fn *accept, void *user)
{
    struct endpoint at = endpoint(name);
    struct listener *l = NULL;
    ck_assert_int_eq(net_listen(unix_net(), &at, accept, user, &l), 0);
    return l;
}

static int listen_error(const char *name)
{
    struct endpoint at = endpoint(name);
    struct listener *l;
    return net_listen(unix_net(), &at, accept_end, &b, &l);
}

static const char *test_path(const char *scheme)
{
    static char name[2][64];
    static int turn;
    turn = !turn;
    snprintf(name[turn], sizeof name[turn], "%s/tmp/morgana-net-%d", scheme, (int)getpid());
    return name[turn];
}

static void start(void)
{
    a = b = (struct end){0};
    log_set_levels("error"); /* the warnings are meant to come */
    ck_assert_int_eq(loop_open(), 0);
}

static uint64_t wanted_value;
static const char *wanted_name;

static void pick(void *user, const char *module, const char *name, uint64_t value)
{
    (void)user;
    if (!strcmp(module, "net") && !strcmp(name, wanted_name))
        wanted_value = value;
}

static uint64_t counter(const char *name)
{
    wanted_name = name;
    counter_each(pick, NULL);
    return wanted_value;
}

/* --- Connecting ------------------------------------------------------------------------------ */

START_TEST(a_refused_connect_is_told_later)
{
    struct listener *l;
    struct endpoint to;
    start();
    l = serve("ptcp:0:127.0.0.1", accept_end, &b);
    to = active(net_listener_name(l));
    net_listener_close(l);
    dial(&a, &to);
    ck_assert_uint_eq(a.closed, 0);
    UNTIL(a.closed);
    ck_assert_int_eq(a.error, -ECONNREFUSED);
    ck_assert_uint_eq(a.opened, 0);
    close_ends(&a, &b);
}
END_TEST

START_TEST(a_path_that_is_not_there_is_an_error)
{
    start();
    dial_name(&a, test_path("unix:"));
    UNTIL(a.closed);
    ck_assert_int_eq(a.error, -ENOENT);
    close_ends(&a, &b);
}
END_TEST

START_TEST(a_path_too_long_for_the_kernel_is_an_error)
{
    char name[200] = "unix:/tmp/";
    start();
    memset(name + strlen(name), 'x', 150);
    dial_name(&a, name);
    UNTIL(a.closed);
    ck_assert_int_eq(a.error, -ENAMETOOLONG);
    close_ends(&a, &b);
}
END_TEST

START_TEST(names_that_this_net_does_not_serve_are_refused_at_once)
{
    struct endpoint to;
    start();
    to = endpoint("ssl:127.0.0.1:1");
    ck_assert_int_eq(net_connect(unix_net(), &to, &end_events, &a, &a.s), -EAFNOSUPPORT);
    to = endpoint("ptcp:1");
    ck_assert_int_eq(net_connect(unix_net(), &to, &end_events, &a, &a.s), -EINVAL);
    ck_assert_int_eq(listen_error("pssl:0"), -EAFNOSUPPORT);
    ck_assert_int_eq(listen_error("ptcp:0:a.name"), -EINVAL);
    to = endpoint("tcp:127.0.0.1:1");
    ck_assert_int_eq(net_listen(unix_net(), &to, accept_end, &b, NULL), -EINVAL);
    close_ends(&a, &b);
}
END_TEST

START_TEST(a_name_is_resolved_and_its_addresses_tried_in_turn)
{
    struct listener *l;
    struct endpoint to;
    start();
    l = serve("ptcp:0:127.0.0.1", accept_end, &b); /* localhost may well be ::1 first */
    to = active(net_listener_name(l));
    strcpy(to.host, "localhost");
    dial(&a, &to);
    UNTIL(a.opened && b.s);
    net_listener_close(l);
    close_ends(&a, &b);
}
END_TEST

START_TEST(output_before_the_connection_is_sent_after_it)
{
    struct listener *l;
    struct endpoint to;
    size_t sent = 0;
    start();
    l = serve("ptcp:0:127.0.0.1", accept_end, &b);
    to = active(net_listener_name(l));
    dial(&a, &to);
    send_pattern(a.s, &sent, 10000, 1000);
    CALL(stream_finish(a.s));
    UNTIL(b.ended);
    check_pattern(&b, 10000);
    ck_assert_uint_eq(a.opened, 1);
    net_listener_close(l);
    close_ends(&a, &b);
}
END_TEST

START_TEST(an_attempt_can_be_given_up_at_any_time)
{
    static const char *const names[] = {"tcp:127.0.0.1:1", "tcp:no.such.name.invalid:1",
                                        "tcp:localhost:1", "unix:/nowhere/at/all"};
    for (int turns = 0; turns < 4; turns++) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            start();
            dial_name(&a, names[i]);
            for (int n = 0; n < turns; n++)
                loop_poll();
            end_abort(&a);
            close_ends(&a, &b);
        }
    }
}
END_TEST

START_TEST(a_stream_may_be_closed_when_it_opens)
{
    struct listener *l;
    struct endpoint to;
    start();
    l = serve("ptcp:0:127.0.0.1", accept_end, &b);
    to = active(net_listener_name(l));
    a.on_opened = end_close;
    dial(&a, &to);
    UNTIL(b.ended);
    net_listener_close(l);
    close_ends(&a, &b);
}
END_TEST

/* --- Listening ------------------------------------------------------------------------------- */

START_TEST(a_listener_says_its_real_port)
{
    static const char *const asked[] = {"ptcp:0", "ptcp:0:127.0.0.1", "ptcp:0:[::1]"};
    start();
    for (size_t i = 0; i < 3; i++) {
        struct listener *l = serve(asked[i], accept_end, &b);
        struct endpoint at = endpoint(net_listener_name(l)), want = endpoint(asked[i]);
        ck_assert_uint_ne(at.port, 0);
        ck_assert(at.passive);
        ck_assert_str_eq(at.host, want.host);
        net_listener_close(l);
    }
    net_listener_close(NULL);
    close_ends(&a, &b);
}
END_TEST

START_TEST(listening_everywhere_serves_both_families)
{
    static const char *const hosts[] = {"127.0.0.1", "::1"};
    static const char *const peers[] = {"tcp:127.0.0.1:", "tcp:[::1]:"};
    struct listener *l;
    struct endpoint to;
    start();
    l = serve("ptcp:0", accept_end, &b);
    for (size_t i = 0; i < 2; i++) {
        to = active(net_listener_name(l));
        strcpy(to.host, hosts[i]);
        dial(&a, &to);
        UNTIL(a.opened && b.s);
        ck_assert_int_eq(strncmp(b.s->peer, peers[i], strlen(peers[i])), 0);
        end_close(&a);
        end_close(&b);
        a = b = (struct end){0};
    }
    net_listener_close(l);
    close_ends(&a, &b);
}
END_TEST

START_TEST(a_port_in_use_is_an_error)
{
    struct listener *l;
    start();
    l = serve("ptcp:0:127.0.0.1", accept_end, &b);
    ck_assert_int_eq(listen_error(net_listener_name(l)), -EADDRINUSE);
    net_listener_close(l);
    close_ends(&a, &b);
}
END_TEST

START_TEST(a_stale_path_is_replaced_and_a_live_one_is_not)
{
    const char *name = test_path("punix:"), *path = strchr(name, ':') + 1;
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    struct listener *l;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    start();
    strcpy(sun.sun_path, path);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof sun), 0);
    close(fd); /* the file stays, nobody listens */
    l = serve(name, accept_end, &b);
    ck_assert_int_eq(listen_error(name), -EADDRINUSE);
    net_listener_close(l);
    ck_assert_int_eq(access(path, F_OK), -1);
    close_ends(&a, &b);
}
END_TEST

START_TEST(a_file_that_is_no_socket_is_left_alone)
{
    const char *name = test_path("punix:"), *path = strchr(name, ':') + 1;
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    start();
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(listen_error(name), -EADDRINUSE);
    ck_assert_int_eq(unlink(path), 0);
    close_ends(&a, &b);
}
END_TEST

static struct listener *closing;

static void accept_and_stop(void *user, struct stream *s)
{
    net_listener_close(closing);
    accept_end(user, s);
}

START_TEST(a_listener_may_be_closed_when_it_accepts)
{
    struct end more = {0};
    struct endpoint to;
    start();
    closing = serve("ptcp:0:127.0.0.1", accept_and_stop, &b);
    to = active(net_listener_name(closing));
    dial(&a, &to);
    dial(&more, &to);
    UNTIL(b.s && (a.opened || a.closed) && (more.opened || more.closed));
    end_close(&more);
    close_ends(&a, &b);
}
END_TEST

/* --- Bursts and shortage --------------------------------------------------------------------- */

static struct end dialled[BURST], taken[BURST];
static size_t n_taken;

static void accept_one(void *user, struct stream *s)
{
    struct end *e = user;
    e[n_taken].s = s;
    stream_own(s, &end_events, &e[n_taken++]);
}

static size_t count_opened(void)
{
    size_t n = 0;
    for (size_t i = 0; i < BURST; i++)
        n += dialled[i].opened;
    return n;
}

static void close_burst(void)
{
    for (size_t i = 0; i < BURST; i++) {
        end_abort(&dialled[i]);
        end_abort(&taken[i]);
        free(taken[i].got);
    }
    close_ends(&a, &b);
}

START_TEST(a_burst_of_connections_is_served)
{
    const char *name = _i ? test_path("punix:") : "ptcp:0:127.0.0.1";
    struct rlimit files = {.rlim_cur = 4 * BURST, .rlim_max = 4 * BURST};
    struct listener *l;
    struct endpoint to;
    setrlimit(RLIMIT_NOFILE, &files);
    start();
    l = serve(name, accept_one, taken);
    to = active(net_listener_name(l));
    for (size_t i = 0; i < BURST; i++)
        dial(&dialled[i], &to);
    UNTIL(n_taken == BURST && count_opened() == BURST);
    for (size_t i = 0; i < BURST; i++)
        CALL(ck_assert_int_eq(stream_write(dialled[i].s, "x", 1), 0));
    for (size_t i = 0; i < BURST; i++)
        UNTIL(taken[i].n == 1);
    net_listener_close(l);
    close_burst();
}
END_TEST

/* Let the program have `n` more descriptors than are open. */
static void allow_files(int n)
{
    int next = dup(0);
    struct rlimit files;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = (rlim_t)(next + n);
    close(next);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
}

static size_t count_turned_away(void)
{
    size_t n = 0;
    for (size_t i = 0; i < BURST; i++)
        n += dialled[i].ended || dialled[i].closed;
    return n;
}

START_TEST(without_descriptors_connections_are_turned_away_not_retried_for_ever)
{
    struct listener *l;
    struct endpoint to;
    int fds[20];
    start();
    l = serve("ptcp:0:127.0.0.1", accept_one, taken);
    to = active(net_listener_name(l));
    for (size_t i = 0; i < 20; i++)
        dial(&dialled[i], &to);
    loop_poll(); /* now their descriptors are taken, those of the accepted are not */
    for (size_t i = 0; i < 20; i++)
        fds[i] = dup(0);
    allow_files(0);
    UNTIL(count_turned_away() + n_taken == 20);
    ck_assert_uint_gt(counter("accept_refused"), 0);
    settle(); /* it comes to rest: nothing is left in the queue */
    for (size_t i = 0; i < 20; i++)
        close(fds[i]);
    n_taken = 0;
    dial(&a, &to);
    UNTIL(a.opened && n_taken == 1);
    net_listener_close(l);
    close_burst();
}
END_TEST

int main(void)
{
    static Suite *s;
    TCase *burst = tcase_create("burst");
    const TTest *const tests[] = {
        a_refused_connect_is_told_later,
        a_path_that_is_not_there_is_an_error,
        a_path_too_long_for_the_kernel_is_an_error,
        names_that_this_net_does_not_serve_are_refused_at_once,
        a_name_is_resolved_and_its_addresses_tried_in_turn,
        output_before_the_connection_is_sent_after_it,
        an_attempt_can_be_given_up_at_any_time,
        a_stream_may_be_closed_when_it_opens,
        a_listener_says_its_real_port,
        listening_everywhere_serves_both_families,
        a_port_in_use_is_an_error,
        a_stale_path_is_replaced_and_a_live_one_is_not,
        a_file_that_is_no_socket_is_left_alone,
        a_listener_may_be_closed_when_it_accepts,
        without_descriptors_connections_are_turned_away_not_retried_for_ever,
        NULL,
    };
    s = unit_suite("unix_net", tests);
    tcase_add_loop_test(burst, a_burst_of_connections_is_served, 0, 2);
    tcase_set_timeout(burst, 120);
    suite_add_tcase(s, burst);
    return unit_main(s);
}
