/*
 * tcp.h - TCP over IPv4 (RFC 9293), as a function from a segment, a connection and the time to a
 * new state and segments to send.
 *
 * A struct tcp is one instance: its connections, its listeners, its limits, its counters and the
 * timers of all of them on a wheel of its own. It has no globals, reads no clock and does no I/O:
 * `now` (ns, monotonic) comes into every call, segments go out through struct tcp_lower, randomness
 * is a secret given at the beginning. So the same code runs on a device, in a domU, under a fuzzer
 * and in virtual time. Several instances may stand side by side. One thread.
 *
 *     below:  tcp_input(), tcp_mtu_changed(), tcp_unreachable() come from IP;
 *             tcp_lower.route() and .send() go to IP;
 *             the owner of the instance calls tcp_turn() when tcp_due() says so.
 *     above:  tcp_connect() and tcp_accept() make connections; struct tcp_events tells their owner
 *             what happens to them.
 *
 * Output. TCP keeps no copy of what is sent. The owner keeps its bytes until they are acknowledged,
 * says with tcp_push() how many there are, and is asked for them by `peek` whenever a segment is
 * built, for the first time or again; `acked` lets it drop them. More than one segment's worth goes
 * down at once as a super-segment where the route welcomes that.
 *
 * Input. Segments in order are kept as the packets that they came in, by reference. tcp_peek()
 * shows the bytes, tcp_consume() gives them back, and so opens the window.
 *
 * The end. A connection belongs to its owner until the owner calls tcp_abort(): the pointer never
 * dies by itself. `closed` is called exactly once, when the protocol has done with the connection,
 * unless tcp_abort() came before; input that came in order can still be read after it. TIME-WAIT is
 * no connection any more: what is left of one is a small entry that nobody owns.
 *
 * Callbacks come only from tcp_input(), tcp_turn(), tcp_mtu_changed() and tcp_unreachable(), never
 * from a call of the owner's; but `peek` comes from any call that sends. Each function for owners
 * may be called in any callback but `peek`, tcp_abort() of the same connection too.
 *
 * Addresses and ports are in the host's order.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_TCP_H
#define MORGANA_NETSTACK_TCP_H

#include "runtime/pkt.h"
#include "runtime/timer.h"

struct cc_kind;
struct tcp;
struct tcp_conn;
struct tcp_listener;

/* RFC 9293 section 3.3.2. */
enum tcp_state {
    TCP_CLOSED,
    TCP_LISTEN,
    TCP_SYN_SENT,
    TCP_SYN_RECEIVED,
    TCP_ESTABLISHED,
    TCP_FIN_WAIT_1,
    TCP_FIN_WAIT_2,
    TCP_CLOSE_WAIT,
    TCP_CLOSING,
    TCP_LAST_ACK,
    TCP_TIME_WAIT,
};

/* "ESTABLISHED", ... */
const char *tcp_state_name(enum tcp_state state);

/* --- What lies below -------------------------------------------------------------------------- */

/* The way to a host, as IP knows it. */
struct tcp_route {
    uint32_t src;      /* our address on that way */
    uint32_t gso_max;  /* bytes of the largest super-segment, TCP header and all; 0: none welcome */
    uint16_t mtu;      /* of the path as far as known, IP header included */
    uint16_t link_mtu; /* of our end of it: the largest packet that may come */
};

struct tcp_lower {
    /* Send a segment: `p` begins at the TCP header, has room in front for IP's and Ethernet's, and
     * is taken over in any case. Its checksum is PKT_CSUM_PARTIAL (csum_start 0, the
     * pseudo-header's sum stored in the field); with PKT_GSO_TCP4 it is a super-segment of gso_size
     * pieces. It must not be fragmented on the way (DF) unless it is larger than any MTU that IP
     * knows of. 0, or a negative errno if it could not be sent; TCP then sends it again as if it
     * were lost. */
    int (*send)(void *user, uint32_t src, uint32_t dst, struct pkt *p);
    /* Find the way to `dst`. 0, or -ENETUNREACH, -EHOSTUNREACH. Asked at each connect and SYN. */
    int (*route)(void *user, uint32_t dst, struct tcp_route *r);
};

/* --- An instance ------------------------------------------------------------------------------ */

/* What may be set for each connection; an instance's config holds the first values. */
struct tcp_options {
    bool no_delay;            /* Nagle's algorithm (RFC 9293 section 3.7.4) off */
    bool keepalive;           /* RFC 9293 section 3.8.4 */
    const struct cc_kind *cc; /* see cc.h; heeded until the connection is opened */
    uint8_t keepalive_probes; /* unanswered ones that end the connection */
    uint64_t keepalive_idle;  /* ns without a segment from the peer before the first probe */
    uint64_t keepalive_interval;
    /* ns that bytes may stay unacknowledged, or a SYN unanswered, or a closed window unprobed by
     * the peer's answer, before the connection ends with -ETIMEDOUT (RFC 9293 section 3.8.3 R2). */
    uint64_t user_timeout;
    uint32_t receive_max; /* bytes; the largest window that is offered */
    uint16_t mss_max;     /* bytes of the largest segment, either way; 0: as the MTU allows.
                             Heeded until the connection is opened */
};

struct tcp_config {
    const struct tcp_lower *lower;
    void *lower_user;
    struct pkt_pool *pool;  /* where segments come from; super-segments from the one behind it */
    uint8_t secret[32];     /* random; keys the ISNs, cookies, ports and the connection table */
    uint32_t max_conns;     /* connections, half-open ones included */
    uint32_t max_half_open; /* in SYN-RECEIVED, over all listeners; further ones get cookies */
    uint32_t max_time_wait; /* entries; the oldest goes when they are out */
    uint32_t max_records;   /* pieces in flight over all connections (56 bytes each) */
    size_t max_receive;     /* bytes of packet buffers that hold unread input, in all */
    uint16_t port_first,
        port_last;              /* of ports that connects choose from (RFC 6335: 49152..65535) */
    bool acks_wait;             /* for tcp_turn(), so that one acknowledges all that came at once
                                   and tells the window that reading it has opened */
    uint64_t time_wait;         /* ns in TIME-WAIT (2 MSL), and at most in FIN-WAIT-2 after
                                   tcp_close() */
    struct tcp_options options; /* of new connections */
};

/* Fill in everything but lower, lower_user, pool and secret. */
void tcp_defaults(struct tcp_config *config);

/* An instance whose time is `now`. `config` is copied. NULL if there is no memory. */
struct tcp *tcp_new(const struct tcp_config *config, uint64_t now);

/* Free the instance with all its connections and listeners, without a word to any peer or owner.
 * NULL is allowed. */
void tcp_free(struct tcp *t);

/* When tcp_turn() is wanted next, at the earliest; TIMER_NEVER if not at all. Any call may change
 * it. */
uint64_t tcp_due(const struct tcp *t);

/* Do what is due by `now`: retransmit, acknowledge, probe, give up. */
void tcp_turn(struct tcp *t, uint64_t now);

/* A segment for one of our addresses, `dst`. `p` begins at its TCP header, IP's has been pulled and
 * what lay behind the IP packet's end trimmed. `p` is lent: the caller gives its own reference up
 * afterwards and does nothing else with it, for TCP may have kept another and changed the packet.
 * (While others hold it too, TCP copies instead.) The checksum is verified here unless
 * PKT_CSUM_VALID or PKT_CSUM_PARTIAL says that it need not be. Super-segments are welcome. */
void tcp_input(struct tcp *t, uint32_t src, uint32_t dst, struct pkt *p, uint64_t now);

/* ICMP says that a packet of ours was too big (RFC 1191): the next hop takes `mtu` bytes, 0 if it
 * does not say. `quoted` is what the message quotes behind the IP header, from our TCP header on.
 * Believed only if the quoted sequence number is in flight (RFC 5927 section 4.1), and never below
 * 552 bytes. */
void tcp_mtu_changed(struct tcp *t, uint32_t local, uint32_t remote, struct span quoted,
                     uint16_t mtu, uint64_t now);

/* ICMP, or ARP, says that `remote` cannot be reached: `error` is a negative errno. It ends a
 * connection that is being opened if it is `hard` (protocol, port, prohibited); otherwise it is
 * remembered, and is what `closed` tells if the connection times out (RFC 5927 section 5.2). */
void tcp_unreachable(struct tcp *t, uint32_t local, uint32_t remote, struct span quoted, int error,
                     bool hard, uint64_t now);

/* Our address `local` is gone (an expired lease): its connections end with `error`. 0: no address.
 * Each owner hears it through `closed`, in the next turn. */
void tcp_address_gone(struct tcp *t, uint32_t local, int error, uint64_t now);

/* Counters: a struct of uint64_t, so that counter_register() can show them under
 * tcp_counter_names. */
#define TCP_COUNTERS(X)                                                                            \
    X(segments_in)       /* that were for us, whole and rightly summed */                          \
    X(segments_out)      /* handed down; a super-segment counts once */                            \
    X(bytes_in)          /* delivered to owners in order */                                        \
    X(bytes_out)         /* sent for the first time */                                             \
    X(retransmits)       /* segments sent again */                                                 \
    X(timeouts)          /* retransmission timeouts (RFC 6298) */                                  \
    X(spurious_timeouts) /* of these, found needless and undone */                                 \
    X(fast_recoveries)   /* losses found without a timeout */                                      \
    X(undone)            /* of these, found needless and undone */                                 \
    X(loss_probes)       /* RFC 8985 section 7 */                                                  \
    X(zero_window_probes)                                                                          \
    X(keepalive_probes)                                                                            \
    X(out_of_order)   /* segments queued behind a hole */                                          \
    X(duplicates)     /* segments of which every byte had come already */                          \
    X(opened_active)  /* connects that were asked for */                                           \
    X(opened_passive) /* connections that peers opened */                                          \
    X(reset_by_peer)                                                                               \
    X(resets_sent)                                                                                 \
    X(timed_out)       /* connections given up */                                                  \
    X(bad_header)      /* segments dropped: too short, or lengths that disagree */                 \
    X(bad_checksum)    /* segments dropped */                                                      \
    X(bad_sequence)    /* segments outside of the window */                                        \
    X(bad_ack)         /* acknowledgments of what was never sent, or long ago (RFC 5961) */        \
    X(bad_reset)       /* resets not believed (RFC 5961) */                                        \
    X(bad_syn)         /* SYNs on open connections (RFC 5961) */                                   \
    X(old_timestamp)   /* dropped by PAWS (RFC 7323) */                                            \
    X(challenge_acks)  /* sent */                                                                  \
    X(challenge_muted) /* not sent, because of the limit (RFC 5961 section 7) */                   \
    X(no_connection)   /* segments that belong to nothing */                                       \
    X(cookies_sent)                                                                                \
    X(cookies_good)                                                                                \
    X(cookies_bad)                                                                                 \
    X(backlog_full)      /* handshakes finished that nobody had room for */                        \
    X(refused_conns)     /* max_conns */                                                           \
    X(refused_records)   /* max_records: sending had to wait */                                    \
    X(refused_receive)   /* input dropped because of max_receive or the connection's share */      \
    X(refused_pkt)       /* a segment could not be built: the pool was empty */                    \
    X(evicted_time_wait) /* TIME-WAIT entries that ended early */                                  \
    X(time_wait_reused)  /* entries that a new SYN took over */                                    \
    X(mtu_lowered)       /* by ICMP */                                                             \
    X(black_holes)       /* segment size lowered because large segments vanish */                  \
    X(icmp_ignored)      /* ICMP errors that did not fit the connection */

struct tcp_counters {
#define TCP_COUNTER(name) uint64_t name;
    TCP_COUNTERS(TCP_COUNTER)
#undef TCP_COUNTER
};

#define TCP_N_COUNTERS (sizeof(struct tcp_counters) / sizeof(uint64_t))
extern const char *const tcp_counter_names[TCP_N_COUNTERS];

/* The instance's counters; valid as long as it. */
const struct tcp_counters *tcp_counters(const struct tcp *t);

/* What the instance holds now. */
struct tcp_usage {
    uint32_t conns, half_open, time_wait, records;
    size_t receive; /* bytes of packet buffers */
};

void tcp_usage(const struct tcp *t, struct tcp_usage *usage);

/* --- Connections: what their owner hears ------------------------------------------------------ */

/* `peek`, `acked` and `closed` must be there, the others may be NULL. */
struct tcp_events {
    /* A connection that was being connected now is. */
    void (*opened)(void *user);
    /* There is more to read: bytes, or the peer's end behind them (tcp_ended()). */
    void (*readable)(void *user);
    /* Copy `n` bytes to `to`, from `offset` bytes behind the first unacknowledged one. Never asks
     * for more than was pushed. */
    void (*peek)(void *user, size_t offset, uint8_t *to, size_t n);
    /* The first `n` bytes have been acknowledged: drop them. Offsets count from what remains. */
    void (*acked)(void *user, size_t n);
    /* The protocol has done with the connection: 0 if both ends closed it in order, else a negative
     * errno: -ECONNREFUSED, -ECONNRESET, -ETIMEDOUT, -EHOSTUNREACH, ... What came in order can
     * still be read; tcp_abort() then frees it. */
    void (*closed)(void *user, int error);
};

/* --- Connections: what their owner may do ----------------------------------------------------- */

/* Begin to connect to `dst`:`dport`, from `src` (0: as the route says) and `sport` (0: chosen,
 * RFC 6056). `options` NULL: the instance's. `opened` or `closed` follows. 0 with *c, or
 * -ENETUNREACH, -EHOSTUNREACH, -EADDRINUSE (that connection exists), -EADDRNOTAVAIL (no port is
 * free), -ENOBUFS (max_conns), -ENOMEM. */
int tcp_connect(struct tcp *t, uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport,
                const struct tcp_options *options, const struct tcp_events *events, void *user,
                uint64_t now, struct tcp_conn **c);

/* Hand a connection to another owner. What has happened before (bytes to read, an end, a closing)
 * is not told again: ask tcp_readable(), tcp_ended() and tcp_state_of(). */
void tcp_own(struct tcp_conn *c, const struct tcp_events *events, void *user);

/* `total` bytes are there to be sent, counted from the first unacknowledged one (so never fewer
 * than before, less what `acked` took): send what may be sent. Not after tcp_shutdown(). May be
 * called before the connection is open. */
void tcp_push(struct tcp_conn *c, size_t total, uint64_t now);

/* How many bytes can be read. */
size_t tcp_readable(const struct tcp_conn *c);

/* Show the bytes to be read, in order, in up to `n` pieces. Returns in how many; the pieces hold
 * all of them only if fewer than `n`. Valid until the next call that names the connection. */
unsigned tcp_peek(const struct tcp_conn *c, struct span *pieces, unsigned n);

/* The first `n` (at most tcp_readable()) bytes have been used. */
void tcp_consume(struct tcp_conn *c, size_t n, uint64_t now);

/* Has the peer sent its last byte, and have all of them been consumed? */
bool tcp_ended(const struct tcp_conn *c);

/* No more output: FIN behind what was pushed. Input goes on. Again: nothing. */
void tcp_shutdown(struct tcp_conn *c, uint64_t now);

/* The same, and input is wanted no more: what is unread is dropped, and if there was any, or more
 * comes, the peer is reset (RFC 9293 section 3.6.1, RFC 2525 section 2.17). Of the callbacks only
 * `peek`, `acked` and `closed` still come; `closed` as soon as the peer has acknowledged the FIN.
 * Set options.user_timeout to bound that. */
void tcp_close(struct tcp_conn *c, uint64_t now);

/* Free `c`. If the protocol has not done with it the peer is reset. No callback follows. */
void tcp_abort(struct tcp_conn *c, uint64_t now);

/* Read and change a connection's options. A receive_max below what was offered does not take
 * anything back. */
void tcp_get_options(const struct tcp_conn *c, struct tcp_options *options);
void tcp_set_options(struct tcp_conn *c, const struct tcp_options *options, uint64_t now);

enum tcp_state tcp_state_of(const struct tcp_conn *c);

/* What Linux calls TCP_INFO. Times in ns, sizes in bytes; a super-segment counts as one segment. */
struct tcp_info {
    enum tcp_state state;
    uint32_t local, remote;
    uint16_t local_port, remote_port;
    bool timestamps, sack, window_scaling; /* agreed on */
    bool in_recovery, in_loss;             /* fast recovery; after a timeout */
    uint8_t snd_wscale, rcv_wscale;
    uint8_t backoff;                              /* timeouts in a row */
    uint16_t snd_mss, rcv_mss, own_mss, path_mtu; /* own: told to the peer */
    uint64_t rto, srtt, rttvar, min_rtt;
    uint32_t cwnd, ssthresh, snd_wnd, rcv_wnd;
    uint32_t flight, unsent, sacked, lost; /* bytes now */
    uint32_t readable, out_of_order;       /* bytes in the queues */
    uint64_t bytes_acked, bytes_received, bytes_retransmitted;
    uint64_t segments_in, segments_out;
    uint32_t dsacks_seen;
    bool reordering_seen;
    uint64_t last_received, last_sent; /* when */
};

void tcp_info(const struct tcp_conn *c, struct tcp_info *info);

/* --- Listeners -------------------------------------------------------------------------------- */

/* Take connections at `addr` (0: any of ours) and `port` (0: chosen). At most `backlog` finished
 * connections wait there, and as many half-open ones; further SYNs are answered with cookies (RFC
 * 4987). `ready` is called for each connection that waits to be accepted. 0 with *l,
 * or -EADDRINUSE, -EADDRNOTAVAIL, -ENOMEM. */
int tcp_listen(struct tcp *t, uint32_t addr, uint16_t port, uint32_t backlog,
               void (*ready)(void *user), void *user, struct tcp_listener **l);

/* Options of the connections that come from now on; without it, the instance's. */
void tcp_listener_set_options(struct tcp_listener *l, const struct tcp_options *options);

/* The connection that has waited longest, for tcp_own(); NULL if none waits. It is open, but may
 * have been ended by its peer (tcp_ended()) meanwhile. One that was reset is gone from here. */
struct tcp_conn *tcp_accept(struct tcp_listener *l);

uint16_t tcp_listener_port(const struct tcp_listener *l);

/* Take no more, reset those that wait, and free `l`. NULL is allowed. */
void tcp_listener_close(struct tcp_listener *l, uint64_t now);

#endif
