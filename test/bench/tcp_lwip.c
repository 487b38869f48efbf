/*
 * tcp_lwip.c - for tcp_bench.py: a client over lwIP as Debian builds it, on a tap.
 *
 *     tcp_lwip TAP IP ADDRESS PORT SECONDS CONNECTIONS JOB...
 *
 * lwIP's raw interface in one thread without locks or mailboxes, which is how it is fastest: frames
 * go from the tap into ethernet_input() and from its segments to the tap, one call each. Debian's
 * library was built with fixed options (lwipopts.h): a receive window of 65,535 bytes with window
 * scaling negotiated, no SACK, no timestamps, checksums in software, no segmentation offload. What
 * can be set at run time is set here: a send buffer as large as the queue of segments allows.
 * See tcp_job.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/bench/tcp_job.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

#define FRAME    1514
#define BATCH    64 /* frames taken before timers are looked at */
#define SEND_BUF ((tcpwnd_size_t)TCP_SND_QUEUELEN * TCP_MSS)
#define HOLD_MS  1000

static int fd;
static struct tcp_pcb *pcb; /* the last connection */
static bool done, failed, finished;

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

/* --- The tap --------------------------------------------------------------------------------- */

static err_t tap_output(struct netif *netif, struct pbuf *p)
{
    (void)netif; /* a pbuf is a frame: LWIP_NETIF_TX_SINGLE_PBUF */
    return write(fd, p->payload, p->len) < 0 ? ERR_BUF : ERR_OK;
}

static err_t tap_init(struct netif *netif)
{
    static const uint8_t mac[] = {2, 0, 0, 0, 0, 7};
    memcpy(netif->hwaddr, mac, sizeof mac);
    netif->hwaddr_len = sizeof mac;
    netif->mtu = 1500;
    netif->name[0] = netif->name[1] = 't';
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
    netif->output = etharp_output;
    netif->linkoutput = tap_output;
    return ERR_OK;
}

static void open_tap(const char *name)
{
    struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", name);
    fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETOFFLOAD, 0) < 0)
        die(name);
}

/* Take the frames that there are, a batch at most. Were there any? */
static bool take_frames(struct netif *netif)
{
    for (int i = 0; i < BATCH && !done; i++) {
        struct pbuf *p = pbuf_alloc(PBUF_RAW, FRAME, PBUF_RAM);
        ssize_t n = p ? read(fd, p->payload, FRAME) : -1;
        if (n > 0)
            pbuf_realloc(p, (u16_t)n);
        if (n <= 0 || netif->input(p, netif) != ERR_OK)
            pbuf_free(p);
        if (n <= 0)
            return i > 0;
    }
    return true;
}

static void run(struct netif *netif)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    while (!done) {
        if (!take_frames(netif) && !done)
            poll(&readable, 1, (int)sys_timeouts_sleeptime());
        sys_check_timeouts();
    }
}

/* --- What there is to do --------------------------------------------------------------------- */

static void connect_one(void);

static void send_more(void)
{
    while (!finished && !job_is_over()) {
        size_t room = pcb->snd_buf < JOB_PIECE - 1 ? pcb->snd_buf : JOB_PIECE - 1;
        if (room == 0 || tcp_write(pcb, job_bytes, (u16_t)room, TCP_WRITE_FLAG_COPY) != ERR_OK)
            break;
        job.given += room;
    }
    if (!finished && job_is_over())
        finished = tcp_shutdown(pcb, 0, 1) == ERR_OK;
    tcp_output(pcb);
}

static void do_turn(void)
{
    done = job_is_over();
    if (!done)
        tcp_write(pcb, job_bytes, 1, TCP_WRITE_FLAG_COPY);
    tcp_output(pcb);
}

static void held(void *user)
{
    (void)user;
    done = true;
}

static void hold(void)
{
    if (job.open < job.connections)
        connect_one();
    else
        sys_timeout(HOLD_MS, held, NULL);
}

/* --- Connections ----------------------------------------------------------------------------- */

static err_t on_sent(void *user, struct tcp_pcb *of, u16_t n)
{
    (void)of;
    (void)user;
    (void)n;
    send_more();
    return ERR_OK;
}

static void take(struct pbuf *p)
{
    if (job.kind == JOB_SEND) {
        done = pbuf_copy_partial(p, &job.bytes, sizeof job.bytes, 0) == sizeof job.bytes;
    } else if (job.kind == JOB_TURNS) {
        job.turns++;
        do_turn();
    } else {
        job.bytes += p->tot_len;
        done = job_is_over();
    }
}

static err_t on_recv(void *user, struct tcp_pcb *of, struct pbuf *p, err_t error)
{
    (void)user;
    (void)error;
    if (p == NULL) {
        done = true;
        return ERR_OK;
    }
    tcp_recved(of, p->tot_len);
    take(p);
    pbuf_free(p);
    return ERR_OK;
}

static void on_error(void *user, err_t error)
{
    (void)user;
    fprintf(stderr, "lwIP: error %d\n", error);
    done = failed = true;
}

static err_t on_connected(void *user, struct tcp_pcb *of, err_t error)
{
    uint8_t kind;
    (void)of;
    (void)user;
    (void)error;
    kind = job_begin();
    pcb->snd_buf = SEND_BUF;
    tcp_write(pcb, &kind, 1, TCP_WRITE_FLAG_COPY);
    tcp_output(pcb);
    if (job.kind == JOB_SEND) {
        tcp_sent(pcb, on_sent);
        send_more();
    } else if (job.kind == JOB_TURNS) {
        do_turn();
    } else if (job.kind == JOB_HOLD) {
        hold();
    }
    return ERR_OK;
}

static void connect_one(void)
{
    ip_addr_t to;
    pcb = tcp_new();
    if (pcb == NULL || !ipaddr_aton(job.address, &to))
        die("connect");
    tcp_nagle_disable(pcb);
    tcp_recv(pcb, on_recv);
    tcp_err(pcb, on_error);
    if (tcp_connect(pcb, &to, job.port, on_connected) != ERR_OK)
        die("connect");
}

static void do_job(struct netif *netif)
{
    done = finished = false;
    connect_one();
    run(netif);
    if (failed)
        exit(EXIT_FAILURE);
    job_report();
    tcp_err(pcb, NULL); /* it would hear of it */
    tcp_abort(pcb);
}

int main(int argc, char **argv)
{
    static struct netif netif;
    ip4_addr_t ip, mask, gateway = {0};
    if (argc < 3 || !ip4addr_aton(argv[2], &ip) || !job_read(argv + 3, argc - 3))
        return EXIT_FAILURE;
    IP4_ADDR(&mask, 255, 255, 255, 0);
    open_tap(argv[1]);
    lwip_init();
    netif_add(&netif, &ip, &mask, &gateway, NULL, tap_init, ethernet_input);
    netif_set_up(&netif);
    while (job_next())
        do_job(&netif);
    return EXIT_SUCCESS;
}
