/*
 * sockopt.c - options of sockets, and Linux's TCP_INFO, over TCP in virtual time: see sock.h.
 *
 * Numbers and struct tcp_info are Linux's (socket(7), tcp(7), <linux/tcp.h>). An option that is not
 * known here is refused with ENOPROTOOPT.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#define tcp_info linux_tcp_info
#include <linux/tcp.h>
#undef tcp_info

#include "netstack/cc.h"
#include "test/script/sock.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>

#define CC_NAME_MAX 16 /* TCP_CA_NAME_MAX */
#define MSS_LEAST   88 /* TCP_MIN_MSS */
#define DUP_THRESH  3  /* RFC 6675; RFC 8985 leaves it so */

/* --- Setting ---------------------------------------------------------------------------------- */

static int set_socket_option(struct sock *s, int name, int value)
{
    switch (name) {
    case SO_KEEPALIVE:
        s->options.keepalive = value != 0;
        return 0;
    case SO_RCVBUF:
        s->options.receive_max = (uint32_t)value;
        return 0;
    case SO_SNDBUF:
        s->out_max = value < SOCK_BUFFER ? (size_t)value : SOCK_BUFFER;
        return 0;
    case SO_REUSEADDR: /* nothing to be done: TIME-WAIT does not keep a listener away */
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}

/* What Linux allows (tcp(7)); a user timeout of 0 is the instance's own. */
static int set_tcp_option(struct sock *s, int name, int value)
{
    bool keepalive = name == TCP_KEEPIDLE || name == TCP_KEEPINTVL || name == TCP_KEEPCNT;
    if (keepalive && (value < 1 || value > (name == TCP_KEEPCNT ? INT8_MAX : INT16_MAX)))
        return -EINVAL;
    switch (name) {
    case TCP_NODELAY:
        s->options.no_delay = value != 0;
        return 0;
    case TCP_KEEPIDLE:
        s->options.keepalive_idle = (uint64_t)value * NS_PER_S;
        return 0;
    case TCP_KEEPINTVL:
        s->options.keepalive_interval = (uint64_t)value * NS_PER_S;
        return 0;
    case TCP_KEEPCNT:
        s->options.keepalive_probes = (uint8_t)value;
        return 0;
    case TCP_USER_TIMEOUT:
        s->options.user_timeout =
            value ? (uint64_t)value * NS_PER_MS : s->host->config.options.user_timeout;
        return 0;
    case TCP_MAXSEG:
        if (value < MSS_LEAST || value > UINT16_MAX)
            return -EINVAL;
        s->options.mss_max = (uint16_t)value;
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}

static int set_linger(struct sock *s, const void *from, socklen_t len)
{
    struct linger linger;
    if (len < sizeof linger)
        return -EINVAL;
    memcpy(&linger, from, sizeof linger);
    s->linger_none = linger.l_onoff && linger.l_linger == 0;
    return 0;
}

static int set_congestion(struct sock *s, const void *from, socklen_t len)
{
    char name[CC_NAME_MAX] = "";
    const struct cc_kind *kind;
    memcpy(name, from, len < sizeof name ? len : sizeof name - 1);
    kind = cc_kind_by_name(name);
    if (kind == NULL)
        return -ENOENT;
    s->options.cc = kind;
    return 0;
}

static int set_number(struct sock *s, int level, int name, const void *from, socklen_t len)
{
    int value;
    if (len < sizeof value)
        return -EINVAL;
    memcpy(&value, from, sizeof value);
    if (value < 0)
        return -EINVAL;
    return level == SOL_SOCKET ? set_socket_option(s, name, value) : set_tcp_option(s, name, value);
}

int sock_set_option(struct host *h, int fd, int level, int name, const void *from, socklen_t len)
{
    struct sock *s = sock_of(h, fd);
    int error;
    if (s == NULL)
        return -EBADF;
    if (level != SOL_SOCKET && level != IPPROTO_TCP)
        return -ENOPROTOOPT;
    if (level == SOL_SOCKET && name == SO_LINGER)
        return set_linger(s, from, len);
    if (level == IPPROTO_TCP && name == TCP_CONGESTION)
        error = set_congestion(s, from, len);
    else
        error = set_number(s, level, name, from, len);
    if (error == 0 && s->conn && !s->over)
        tcp_set_options(s->conn, &s->options, h->now);
    if (error == 0 && s->listener)
        tcp_listener_set_options(s->listener, &s->options);
    return error;
}

/* --- TCP_INFO --------------------------------------------------------------------------------- */

static uint8_t linux_state(enum tcp_state state)
{
    static const uint8_t of[] = {
        [TCP_CLOSED] = 7,      [TCP_LISTEN] = 10,    [TCP_SYN_SENT] = 2,   [TCP_SYN_RECEIVED] = 3,
        [TCP_ESTABLISHED] = 1, [TCP_FIN_WAIT_1] = 4, [TCP_FIN_WAIT_2] = 5, [TCP_CLOSE_WAIT] = 8,
        [TCP_CLOSING] = 11,    [TCP_LAST_ACK] = 9,   [TCP_TIME_WAIT] = 6,
    };
    return of[state];
}

static uint32_t usecs(uint64_t ns)
{
    return (uint32_t)(ns / NS_PER_US);
}

/* Linux counts in segments what we count in bytes. */
static uint32_t segments(uint32_t bytes, uint32_t mss)
{
    return mss ? bytes / mss + (bytes % mss != 0) : 0;
}

static void fill_sender(struct linux_tcp_info *to, const struct tcp_info *from)
{
    to->tcpi_ca_state = (uint8_t)(from->in_loss       ? 4
                                  : from->in_recovery ? 3
                                  : from->sacked > 0  ? 1
                                                      : 0);
    to->tcpi_retransmits = to->tcpi_backoff = from->backoff;
    to->tcpi_rto = usecs(from->rto);
    to->tcpi_rtt = usecs(from->srtt);
    to->tcpi_rttvar = usecs(from->rttvar);
    to->tcpi_min_rtt = usecs(from->min_rtt);
    to->tcpi_snd_mss = from->snd_mss;
    to->tcpi_advmss = from->own_mss;
    to->tcpi_pmtu = from->path_mtu;
    to->tcpi_snd_cwnd = from->snd_mss ? from->cwnd / from->snd_mss : 0;
    to->tcpi_snd_ssthresh =
        from->ssthresh == UINT32_MAX ? INT_MAX : segments(from->ssthresh, from->snd_mss);
    to->tcpi_unacked = segments(from->flight, from->snd_mss);
    to->tcpi_sacked = segments(from->sacked, from->snd_mss);
    to->tcpi_lost = segments(from->lost, from->snd_mss);
    to->tcpi_notsent_bytes = from->unsent;
    to->tcpi_bytes_acked = from->bytes_acked;
    to->tcpi_bytes_retrans = from->bytes_retransmitted;
    to->tcpi_total_retrans = segments((uint32_t)from->bytes_retransmitted, from->snd_mss);
    to->tcpi_reordering = DUP_THRESH;
    to->tcpi_segs_out = (uint32_t)from->segments_out;
    to->tcpi_snd_wnd = from->snd_wnd;
    to->tcpi_dsack_dups = from->dsacks_seen;
    to->tcpi_reord_seen = from->reordering_seen;
}

static void fill(struct linux_tcp_info *to, const struct tcp_info *from)
{
    *to = (struct linux_tcp_info){
        .tcpi_state = linux_state(from->state),
        .tcpi_options = (uint8_t)((from->timestamps ? TCPI_OPT_TIMESTAMPS : 0) |
                                  (from->sack ? TCPI_OPT_SACK : 0) |
                                  (from->window_scaling ? TCPI_OPT_WSCALE : 0)),
        .tcpi_snd_wscale = from->snd_wscale & 0xf,
        .tcpi_rcv_wscale = from->rcv_wscale & 0xf,
        .tcpi_rcv_mss = from->rcv_mss,
        .tcpi_bytes_received = from->bytes_received,
        .tcpi_segs_in = (uint32_t)from->segments_in,
    };
    fill_sender(to, from);
}

/* --- Getting ---------------------------------------------------------------------------------- */

/* Copy what the caller has room for. */
static int give(void *to, socklen_t *len, const void *value, size_t n)
{
    *len = (socklen_t)(*len < n ? *len : n);
    memcpy(to, value, *len);
    return 0;
}

/* What the caller has room for, behind the value zeros: its struct may be a newer system's. */
static int give_padded(void *to, const socklen_t *len, const void *value, size_t n)
{
    memset(to, 0, *len);
    memcpy(to, value, *len < n ? *len : n);
    return 0;
}

static int get_info(const struct sock *s, void *to, socklen_t *len)
{
    struct linux_tcp_info info = {.tcpi_state = linux_state(TCP_CLOSED)};
    struct tcp_info ours;
    if (s->listener)
        info.tcpi_state = linux_state(TCP_LISTEN);
    if (s->conn) {
        tcp_info(s->conn, &ours);
        fill(&info, &ours);
    }
    return give_padded(to, len, &info, sizeof info);
}

static int get_error(struct sock *s, void *to, socklen_t *len)
{
    int error = -s->error;
    s->error = 0;
    return give(to, len, &error, sizeof error);
}

static int get_socket_number(const struct sock *s, int name, int *value)
{
    switch (name) {
    case SO_KEEPALIVE:
        *value = s->options.keepalive;
        return 0;
    case SO_RCVBUF: /* doubled, as socket(7) has it */
        *value = 2 * (int)s->options.receive_max;
        return 0;
    case SO_SNDBUF:
        *value = 2 * (int)s->out_max;
        return 0;
    case SO_REUSEADDR:
        *value = 1;
        return 0;
    case SO_TYPE:
        *value = SOCK_STREAM;
        return 0;
    case SO_ACCEPTCONN:
        *value = s->listener != NULL;
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}

static int get_tcp_number(const struct sock *s, int name, int *value)
{
    const struct tcp_options *o = &s->options;
    struct tcp_info info = {.snd_mss = o->mss_max};
    switch (name) {
    case TCP_NODELAY:
        *value = o->no_delay;
        return 0;
    case TCP_KEEPIDLE:
        *value = (int)(o->keepalive_idle / NS_PER_S);
        return 0;
    case TCP_KEEPINTVL:
        *value = (int)(o->keepalive_interval / NS_PER_S);
        return 0;
    case TCP_KEEPCNT:
        *value = o->keepalive_probes;
        return 0;
    case TCP_USER_TIMEOUT:
        *value = (int)(o->user_timeout / NS_PER_MS);
        return 0;
    case TCP_MAXSEG:
        if (s->conn)
            tcp_info(s->conn, &info);
        *value = info.snd_mss;
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}

static int get_number(const struct sock *s, int level, int name, void *to, socklen_t *len)
{
    int value;
    int error =
        level == SOL_SOCKET ? get_socket_number(s, name, &value) : get_tcp_number(s, name, &value);
    return error ? error : give(to, len, &value, sizeof value);
}

static int get_tcp_option(const struct sock *s, int name, void *to, socklen_t *len)
{
    char congestion[CC_NAME_MAX] = "";
    switch (name) {
    case TCP_INFO:
        return get_info(s, to, len);
    case TCP_CC_INFO: /* nothing that either algorithm tells, as Linux has it; the tool asks */
        *len = 0;
        return 0;
    case TCP_CONGESTION:
        strcpy(congestion, s->options.cc->name);
        return give(to, len, congestion, sizeof congestion);
    default:
        return get_number(s, IPPROTO_TCP, name, to, len);
    }
}

static int get_socket_option(struct sock *s, int name, void *to, socklen_t *len)
{
    struct linger linger = {.l_onoff = s->linger_none};
    switch (name) {
    case SO_ERROR:
        return get_error(s, to, len);
    case SO_LINGER:
        return give(to, len, &linger, sizeof linger);
    case SO_MEMINFO: /* nothing; the tool asks */
        return give_padded(to, len, "", 0);
    default:
        return get_number(s, SOL_SOCKET, name, to, len);
    }
}

int sock_get_option(struct host *h, int fd, int level, int name, void *to, socklen_t *len)
{
    struct sock *s = sock_of(h, fd);
    if (s == NULL)
        return -EBADF;
    if (level == IPPROTO_TCP)
        return get_tcp_option(s, name, to, len);
    return level == SOL_SOCKET ? get_socket_option(s, name, to, len) : -ENOPROTOOPT;
}
