/*
 * flood.c - frames of 64 bytes from one interface, more than any switch carries, and how many of
 * them come to another.
 *
 *     flood FROM TO SECONDS WARMUP      as many as can be
 *     flood FROM TO SECONDS 0 RATE      so many a second
 *
 * Neither end is to cost much, since what they cost is taken from the switch that is between them:
 * the machine has few cores. The frames are made by the kernel, which runs an XDP program on a
 * frame of ours again and again (BPF_PROG_TEST_RUN with BPF_F_TEST_XDP_LIVE_FRAMES: see
 * Documentation/bpf/bpf_prog_run.rst of Linux); the program sends each out of FROM. If that is a
 * veth its peer must have NAPI, that is generic receive offload or an XDP program. Nobody listens
 * at TO: its own counter says what came, and since the frames are for another MAC address the
 * kernel drops them as early as it can.
 *
 * Prints one JSON object: frames that came in `seconds` of the flood after the warm-up, frames that
 * came in all, the warm-up's and the late ones included, and frames that were sent (0: as many as
 * could be).
 *
 * Called by switch_bench.py, in the namespace of both interfaces, as root.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#define LATE_NS  200000000 /* what comes so long after the last frame was sent counts as come */
#define AGAIN_US 10000
#define NS       1e9

/* A UDP datagram to the port discard between addresses for such tests (RFC 2544, appendix C). Its
 * MAC addresses are locally administered, and nobody's. */
static uint8_t frame[60] = {
    2,    0, 0, 0,  0, 2,  2, 0, 0,  0,  0, 1, 8,   0,                       /* Ethernet */
    0x45, 0, 0, 46, 0, 0,  0, 0, 64, 17, 0, 0, 198, 18, 0, 1, 198, 19, 0, 1, /* RFC 791 */
    0xc0, 0, 0, 9,  0, 26, 0, 0, /* RFC 768; no checksum */
};
#define IP_AT       14
#define IP_END      34
#define IP_CHECKSUM 24

static _Noreturn void die(const char *what, int error)
{
    fprintf(stderr, "flood: %s: %s\n", what, strerror(error));
    exit(EXIT_FAILURE);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / NS;
}

static void wait_ns(long ns)
{
    nanosleep(&(struct timespec){.tv_sec = ns / (long)NS, .tv_nsec = ns % (long)NS}, NULL);
}

/* Frames that have come to an interface. */
static uint64_t frames_at(const char *interface)
{
    char path[128];
    unsigned long long count;
    FILE *file;
    snprintf(path, sizeof path, "/sys/class/net/%s/statistics/rx_packets", interface);
    file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%llu", &count) != 1)
        die(path, file == NULL ? errno : EIO);
    fclose(file);
    return count;
}

/* --- Sending --------------------------------------------------------------------------------- */

static void fill_checksum(void)
{
    uint32_t sum = 0;
    for (int i = IP_AT; i < IP_END; i += 2)
        sum += (uint32_t)(frame[i] << 8 | frame[i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~(sum + (sum >> 16));
    frame[IP_CHECKSUM] = (uint8_t)(sum >> 8);
    frame[IP_CHECKSUM + 1] = (uint8_t)sum;
}

/* return bpf_redirect(interface, 0); Returns a descriptor. */
static int load(const char *from)
{
    const struct bpf_insn program[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K,
         .dst_reg = BPF_REG_1,
         .imm = (int)if_nametoindex(from)},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 0},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect},
        {.code = BPF_JMP | BPF_EXIT},
    };
    int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "flood", "ISC", program,
                           sizeof program / sizeof program[0], NULL);
    if (fd < 0)
        die("the program", errno);
    return fd;
}

/* Have the kernel send `n` frames, or until a signal comes. */
static void send_frames(int program, int n)
{
    struct bpf_test_run_opts options = {.sz = sizeof options,
                                        .data_in = frame,
                                        .data_size_in = sizeof frame,
                                        .repeat = n,
                                        .flags = BPF_F_TEST_XDP_LIVE_FRAMES};
    int error = bpf_prog_test_run_opts(program, &options);
    if (error < 0 && error != -EINTR)
        die("sending", -error);
}

static void on_alarm(int signal)
{
    (void)signal; /* it is there to interrupt */
}

/* Interrupt in `seconds`, and again and again in case that is just before the call. 0: no more. */
static void set_alarm(double seconds)
{
    struct itimerval alarm = {0};
    if (seconds > 0) {
        alarm.it_value.tv_sec = (time_t)seconds;
        alarm.it_value.tv_usec = (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6) + 1;
        alarm.it_interval.tv_usec = AGAIN_US;
    }
    setitimer(ITIMER_REAL, &alarm, NULL);
}

static void flood(int program, double seconds)
{
    double end = now() + seconds;
    set_alarm(seconds);
    while (now() < end)
        send_frames(program, INT_MAX);
    set_alarm(0);
}

/* Send one by one. Returns how many. */
static uint64_t trickle(int program, double seconds, double rate)
{
    uint64_t sent = 0;
    for (double end = now() + seconds; now() < end; sent++) {
        send_frames(program, 1);
        wait_ns((long)(NS / rate));
    }
    return sent;
}

int main(int argc, char **argv)
{
    uint64_t before, sent = 0, at_begin, at_end;
    double began, seconds;
    int program;
    if (argc != 5 && argc != 6) {
        fprintf(stderr, "usage: flood FROM TO SECONDS WARMUP [RATE]\n");
        return 2;
    }
    signal(SIGALRM, on_alarm);
    fill_checksum();
    program = load(argv[1]);
    before = frames_at(argv[2]);
    if (argc == 5)
        flood(program, strtod(argv[4], NULL));
    at_begin = frames_at(argv[2]);
    began = now();
    if (argc == 5)
        flood(program, strtod(argv[3], NULL));
    else
        sent = trickle(program, strtod(argv[3], NULL), strtod(argv[5], NULL));
    at_end = frames_at(argv[2]);
    seconds = now() - began;
    wait_ns(LATE_NS);
    printf("{\"seconds\": %.6f, \"received\": %llu, \"all\": %llu, \"sent\": %llu}\n", seconds,
           (unsigned long long)(at_end - at_begin),
           (unsigned long long)(frames_at(argv[2]) - before), (unsigned long long)sent);
    return EXIT_SUCCESS;
}
