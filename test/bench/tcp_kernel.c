/*
 * tcp_kernel.c - for tcp_bench.py: the kernel's TCP, as the server of all and as one of the
 * clients.
 *
 *     tcp_kernel ADDRESS PORT         says "listening", then serves one connection after the other
 *     tcp_kernel ADDRESS PORT SECONDS CONNECTIONS JOB...
 *
 * See tcp_job.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/bench/tcp_job.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static uint8_t area[4 * JOB_PIECE];

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static struct sockaddr_in address_of(const char *address, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, address, &a.sin_addr);
    return a;
}

/* With CUBIC, as Morgana's and as Debian has it: what sets another default would measure that. */
static int tcp_socket(void)
{
    static const char cubic[] = "cubic";
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (fd < 0)
        die("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, cubic, sizeof cubic - 1) < 0)
        die("cubic");
    return fd;
}

/* --- The server ------------------------------------------------------------------------------ */

/* Read all, answer how much it was. */
static void serve_send(int fd)
{
    uint64_t bytes = 0;
    ssize_t n;
    while ((n = read(fd, area, sizeof area)) > 0)
        bytes += (uint64_t)n;
    if (write(fd, &bytes, sizeof bytes) != sizeof bytes)
        die("answer");
}

static void serve_receive(int fd)
{
    while (write(fd, job_bytes, sizeof job_bytes) > 0)
        ;
}

static void serve_turns(int fd)
{
    uint8_t byte;
    while (read(fd, &byte, 1) == 1 && write(fd, &byte, 1) == 1)
        ;
}

/* A connection to be held is left as it is. */
static void serve(int fd)
{
    static void (*const how[JOB_HOLD])(int) = {serve_send, serve_receive, serve_turns};
    uint8_t kind;
    if (read(fd, &kind, 1) == 1 && kind < JOB_HOLD)
        how[kind](fd);
    if (kind != JOB_HOLD)
        close(fd);
}

static int server(const struct sockaddr_in *at)
{
    struct rlimit files = {65536, 65536};
    int listener = tcp_socket(), fd;
    signal(SIGPIPE, SIG_IGN);
    setrlimit(RLIMIT_NOFILE, &files);
    if (bind(listener, (const struct sockaddr *)at, sizeof *at) < 0 || listen(listener, 4096) < 0)
        die("listen");
    puts("listening");
    fflush(stdout);
    while ((fd = accept(listener, NULL, NULL)) >= 0)
        serve(fd);
    die("accept");
    return EXIT_FAILURE;
}

/* --- The client ------------------------------------------------------------------------------ */

static void do_send(int fd)
{
    while (!job_is_over()) {
        ssize_t n = write(fd, job_bytes, sizeof job_bytes);
        if (n < 0)
            die("write");
        job.given += (uint64_t)n;
    }
    shutdown(fd, SHUT_WR);
    if (recv(fd, &job.bytes, sizeof job.bytes, MSG_WAITALL) != sizeof job.bytes)
        die("answer");
}

static void do_receive(int fd)
{
    ssize_t n = 0;
    while (!job_is_over() && (n = read(fd, area, sizeof area)) > 0)
        job.bytes += (uint64_t)n;
}

static void do_turns(int fd)
{
    uint8_t byte = 'm';
    while (!job_is_over() && write(fd, &byte, 1) == 1 && read(fd, &byte, 1) == 1)
        job.turns++;
}

static void client(const struct sockaddr_in *to)
{
    static void (*const how[JOB_HOLD])(int) = {do_send, do_receive, do_turns};
    int fd = tcp_socket();
    uint8_t kind;
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0)
        die("connect");
    kind = job_begin();
    if (write(fd, &kind, 1) != 1)
        die("write");
    how[kind](fd);
    job_report();
    close(fd);
}

int main(int argc, char **argv)
{
    struct sockaddr_in at;
    if (argc < 3)
        return EXIT_FAILURE;
    at = address_of(argv[1], (uint16_t)strtoul(argv[2], NULL, 10));
    if (argc == 3)
        return server(&at);
    if (!job_read(argv + 1, argc - 1))
        return EXIT_FAILURE;
    while (job_next() && job.kind != JOB_HOLD)
        client(&at);
    return EXIT_SUCCESS;
}
