/*
 * tcp_conn.h - what TCP's own files share: an instance, a connection, and who does what.
 *
 * All of a connection's state is in one struct tcp_conn: the variables of RFC 9293 section 3.3.1
 * under their names there, then those of each algorithm. A segment's way:
 *
 *     tcp_demux.c   read, verified, its connection found  (none: tcp_listen.c, tcp_cookie.c,
 *                                                          tcp_time_wait.c, or a reset)
 *     tcp_state.c   RFC 9293 section 3.10.7: is it acceptable, what does it do to the state
 *     tcp_ack.c     what it acknowledges: records leave the scoreboard (tcp_record.c), losses are
 *                   found (tcp_rack.c), recovery goes on (tcp_recovery.c), times are taken
 *                   (tcp_timer.c), sizes are acquitted (tcp_size.c)
 *     tcp_rcv.c     what it carries: the receive queue, what came out of order, the window
 *     tcp_owner.c   the owner hears of it
 *     tcp_output.c  what is to be sent now; tcp_emit.c builds it
 *
 * Nothing is sent and no callback is made before the state is consistent: the files above
 * tcp_owner.c only leave notes (`acked_note`, `ack_now`, ...), which tcp_conn_leave() acts on.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_NETSTACK_TCP_CONN_H
#define MORGANA_NETSTACK_TCP_CONN_H

#include "netstack/cc.h"
#include "netstack/minmax.h"
#include "netstack/tcp.h"
#include "netstack/tcp_secret.h"
#include "netstack/tcp_segment.h"

#define TCP_RTO_INITIAL NS_PER_S          /* RFC 6298 (2.1) */
#define TCP_RTO_MIN     (200 * NS_PER_MS) /* less than its (2.4) asks, as is common practice */
#define TCP_RTO_MAX     (60 * NS_PER_S)   /* (2.5) */
#define TCP_MTU_MIN     552               /* no ICMP message and no black hole makes it smaller */

/* --- What is in the table of connections ------------------------------------------------------ */

/* A connection's name, from our side. */
struct tcp_name {
    uint32_t local, remote;
    uint16_t local_port, remote_port;
};

/* A connection, or what TIME-WAIT has left of one, in its chain. */
struct tcp_node {
    struct tcp_node *next;
    struct tcp_name name;
    bool is_time_wait;
};

/* What is left of a connection that only waits: in TIME-WAIT, or in FIN-WAIT-2 when its owner has
 * closed it. */
struct tcp_time_wait {
    struct tcp_node node;
    struct list link; /* oldest first; or the free list */
    uint64_t expires;
    tcp_seq snd_nxt, rcv_nxt;
    uint32_t rcv_wnd;
    uint32_t ts_recent, ts_offset;
    uint16_t window; /* as it goes into a header */
    bool timestamps;
    bool fin_wait_2;
    uint64_t acked_stray; /* when a segment out of order was last answered */
};

/* --- A segment in flight ---------------------------------------------------------------------- */

enum tcp_record_flag {
    TCP_SACKED = 1,     /* the peer holds it */
    TCP_LOST = 2,       /* found lost, not sent again since */
    TCP_SENT_AGAIN = 4, /* more than once, ever */
};

/* Sequence space that was sent in one go and not yet acknowledged. It is cut where SACK or a
 * retransmission of part of it asks for that. */
struct tcp_record {
    struct list link;  /* in order of sequence; or the free list */
    struct list order; /* in order of sending if it is in flight, or among the lost */
    tcp_seq begin, end;
    uint64_t sent;   /* when, last */
    uint32_t number; /* in the order of sending */
    uint8_t flags;
    bool fin;  /* its last number is the FIN's */
    bool push; /* its last segment has PSH */
};

/* --- A connection ----------------------------------------------------------------------------- */

enum tcp_phase {
    TCP_OPEN,     /* nothing is known to be lost */
    TCP_RECOVERY, /* fast recovery (RFC 6582, 6675, 8985) */
    TCP_LOSS,     /* after a timeout (RFC 5681 section 3.1) */
};

/* RFC 8985 sections 5.2 and 7. */
struct tcp_rack {
    uint32_t number; /* of the segment, sent last, that is known to have come */
    tcp_seq end;
    uint64_t rtt;        /* its round-trip time */
    tcp_seq fack;        /* highest sequence number acknowledged in any way ... */
    tcp_seq fack_before; /* ... before the acknowledgment that is being processed */
    tcp_seq dsack_round; /* no second widening before this is acknowledged */
    uint32_t reo_wnd_mult;
    uint32_t reo_wnd_persist;
    bool in_dsack_round;
    bool reordering_seen;
    bool probing; /* a tail loss probe is in flight ... */
    bool probe_is_new;
    tcp_seq probe_end; /* ... until this is acknowledged */
};

/* RFC 6937 section 3, and what undoing needs. */
struct tcp_recovery {
    tcp_seq point;      /* RecoveryPoint: SND.NXT when it began */
    tcp_seq una;        /* SND.UNA when it began */
    uint32_t delivered; /* prr_delivered */
    uint32_t out;       /* prr_out */
    uint32_t flight;    /* RecoverFS */
    uint32_t may_send;  /* bytes beyond the pipe, from the last acknowledgment */
    uint32_t again;     /* segments sent again that no D-SACK has shown to be needless */
    uint32_t first_ts;  /* our timestamp when something was first sent again (RFC 3522) */
    bool may_undo, sent_again;
    uint8_t frto; /* RFC 5682 section 2.1: the step that is next; 0: none */
};

/* RFC 4821 section 7.7. */
struct tcp_size {
    uint16_t full;    /* the MTU that is suspected to be too large; 0: none is */
    uint8_t strikes;  /* how often it has been suspected since something large has come */
    uint32_t changed; /* the record that was sent last before the size was changed */
    uint64_t keep_until;
};

struct tcp_conn {
    struct tcp_node node;
    struct tcp *t;
    struct list link; /* among the instance's */
    const struct tcp_events *events;
    void *user;
    struct tcp_listener *listener; /* while it waits to be accepted, or is half-open */
    struct list waiting;           /* among the listener's */
    struct tcp_options options;

    uint8_t state; /* enum tcp_state */
    uint8_t busy;  /* calls on the way that will act on the notes when they leave */
    bool passive;  /* a peer opened it */
    bool hashed;
    bool half_open;  /* counted as such */
    bool discarding; /* tcp_close(): input is wanted no more */
    bool aborted;    /* tcp_abort() during a callback: to be freed */
    bool over;       /* `closed` has been told, or is noted */

    /* Notes for tcp_conn_leave(). */
    bool opened_note, readable_note, closed_note, ready_note;
    bool ack_now; /* an acknowledgment is due at once */
    int error;    /* that `closed` will tell */
    size_t acked_note;

    /* Send (RFC 9293 section 3.3.1). */
    tcp_seq iss, snd_una, snd_nxt, snd_wl1, snd_wl2;
    uint32_t snd_wnd, snd_wnd_max; /* bytes; the largest ever offered */
    uint8_t snd_wscale;
    bool fin_wanted, fin_sent, fin_acked;
    uint16_t peer_mss; /* what the peer's SYN said */
    uint16_t mtu;      /* of the path */
    uint16_t link_mtu; /* of its near end */
    uint16_t snd_mss;  /* text and options of a full segment (RFC 6691) */
    struct tcp_size size;
    uint32_t gso_max;
    size_t pushed; /* the owner's bytes from SND.UNA on */

    /* What is in flight: the scoreboard. */
    struct list records;         /* by sequence */
    struct list flying;          /* by time: in flight */
    struct list lost;            /* by sequence: to be sent again */
    struct tcp_record *hint;     /* where the last SACK block ended; NULL: none */
    uint32_t sacked, lost_bytes; /* of the records marked so */
    uint32_t n_records;
    uint32_t sent_number; /* of the record that was sent last */
    uint32_t duplicates;  /* acknowledgments in a row (RFC 5681 section 2) */
    uint8_t phase;        /* enum tcp_phase */
    struct tcp_recovery recovery;
    struct tcp_rack rack;
    struct cc cc;

    /* Round-trip times (RFC 6298). */
    uint64_t srtt, rttvar, rto;
    uint64_t min_rtt, min_rtt_at;
    uint64_t syn_sent;
    uint8_t backoff; /* timeouts in a row */

    /* Timers. */
    struct timer send_timer; /* retransmission, probes, RACK's */
    struct timer ack_timer;  /* delayed acknowledgment */
    struct timer rest_timer; /* keep-alive; how long FIN-WAIT-2 may last */
    uint64_t rto_base;       /* what RTO counts from (RFC 6298 section 5) ... */
    uint64_t probe_base;     /* ... and a loss probe */
    uint64_t reorder_at;     /* when RACK wants to be asked again; 0: not */
    uint8_t send_timer_is;   /* enum tcp_send_timer */
    uint8_t keepalive_sent;  /* probes unanswered */
    uint64_t stalled;        /* since when the peer has acknowledged nothing, or not answered */
    uint64_t heard, spoken;  /* when the last segment came, and went */
    uint64_t answered_stray; /* when a stray segment was last answered */
    uint32_t challenges;     /* in the second that began ... */
    uint64_t challenged;     /* ... then */

    /* Receive. */
    tcp_seq irs, rcv_nxt, rcv_adv; /* the right edge that was offered */
    tcp_seq acked_to;              /* RCV.NXT in the last segment that we sent */
    uint8_t rcv_wscale;
    bool fin_came;       /* in order or not ... */
    tcp_seq fin_seq;     /* ... here */
    bool fin_read;       /* RCV.NXT is beyond it */
    uint16_t rcv_mss;    /* the largest that came */
    uint32_t rcv_limit;  /* bytes that the queue may hold now */
    uint32_t rcv_bytes;  /* in the queue */
    uint32_t ooo_bytes;  /* behind holes */
    uint32_t rcv_memory; /* of the packet buffers of both */
    struct pkt *rcv_first, *rcv_last;
    struct pkt *ooo_first, *ooo_last;
    struct tcp_block recent[TCP_SACK_MAX]; /* what came behind holes, latest first */
    struct tcp_block dsack;                /* RFC 2883; empty: none */
    uint8_t n_recent;
    uint8_t quick;       /* acknowledgments that will not be delayed */
    uint32_t round_read; /* bytes that the owner has used in this round trip ... */
    uint64_t round;      /* ... which began then */

    /* Options agreed on. */
    bool timestamps, sack, wscale;
    uint32_t ts_recent, ts_offset;
    uint64_t ts_recent_at;

    /* For tcp_info(). */
    uint64_t bytes_acked, bytes_received, bytes_again, segments_in, segments_out;
    uint32_t dsacks_seen;
    int soft_error; /* ICMP's last */
};

/* --- An instance ------------------------------------------------------------------------------ */

struct tcp_listener {
    struct tcp *t;
    struct list link;
    uint32_t addr;
    uint16_t port;
    uint32_t backlog, n_half_open, n_waiting;
    struct list half_open, waiting; /* connections; the latter are finished */
    void (*ready)(void *user);
    void *user;
    uint64_t cookie_sent; /* when last; 0: never */
    struct tcp_options options;
};

#define TCP_PORT_COUNTERS 64

struct tcp {
    struct tcp_config config;
    struct tcp_secret secret;
    uint64_t table_seed;
    uint64_t now; /* of the call that is being served */
    struct wheel wheel;
    struct tcp_node **table;
    uint32_t table_mask;
    struct list conns, listeners;
    struct list free_records, free_time_waits, time_waits;
    struct tcp_record *record_area;
    struct tcp_time_wait *time_wait_area;
    struct timer time_wait_timer;
    struct tcp_usage usage;
    struct tcp_counters counters;
    uint32_t port_counter[TCP_PORT_COUNTERS]; /* RFC 6056 section 3.3.4 */
};

/* Has the handshake been finished, as far as sending text goes? */
static inline bool tcp_is_open(const struct tcp_conn *c)
{
    return c->state >= TCP_ESTABLISHED && c->state < TCP_TIME_WAIT;
}

/* Sequence space in flight, or lost and not yet given up. */
static inline uint32_t tcp_outstanding(const struct tcp_conn *c)
{
    return c->snd_nxt - c->snd_una;
}

/* --- tcp_demux.c: the table of connections ---------------------------------------------------- */

struct tcp_node *tcp_find(const struct tcp *t, const struct tcp_name *name);
void tcp_node_add(struct tcp *t, struct tcp_node *node);
void tcp_node_remove(struct tcp *t, struct tcp_node *node);

/* --- tcp_open.c: connections come and go ------------------------------------------------------ */

/* A connection in CLOSED with the route's values, in the table. NULL with *error if it may not be
 * or there is no way. */
struct tcp_conn *tcp_conn_new(struct tcp *t, const struct tcp_name *name,
                              const struct tcp_options *options, int *error);

/* Free it: out of the table, of every list and every count. */
void tcp_conn_free(struct tcp_conn *c);

/* Take what the peer's SYN agrees to. */
void tcp_conn_agree(struct tcp_conn *c, const struct tcp_parsed_options *options);

/* Enter ESTABLISHED: the sender's and the receiver's variables begin. */
void tcp_conn_established(struct tcp_conn *c);

/* What we tell the peer of the largest segment that we take: by the interface, not by the path, of
 * which the way back may differ (RFC 9293 section 3.7.1, RFC 1191 section 3.1). */
uint16_t tcp_own_mss(uint16_t link_mtu, const struct tcp_options *options);

/* The path takes packets of `mtu` bytes from now on. */
void tcp_conn_set_mtu(struct tcp_conn *c, uint16_t mtu);

/* The initial sequence number at this time (RFC 6528 section 3). */
tcp_seq tcp_initial_seq(const struct tcp *t, const struct tcp_name *name);

/* The offset of a connection's timestamps (RFC 7323 section 5.4). */
uint32_t tcp_ts_offset(const struct tcp *t, const struct tcp_name *name);

/* The clock of our timestamps: milliseconds. */
static inline uint32_t tcp_ts_now(const struct tcp *t, uint32_t offset)
{
    return (uint32_t)(t->now / NS_PER_MS) + offset;
}

/* --- tcp_owner.c: what owners do and hear ----------------------------------------------------- */

/* Between these two a connection is changed. The last to leave tells the owner what was noted,
 * sends what is to be sent, and frees the connection if it was aborted meanwhile. */
void tcp_conn_enter(struct tcp_conn *c);
void tcp_conn_leave(struct tcp_conn *c);

/* The same for calls of the owner's, from which no callback may come: what is to be told is told in
 * the next turn. */
void tcp_conn_leave_owner(struct tcp_conn *c);

/* The protocol has done with the connection: out of the table, timers off; noted for the owner. */
void tcp_conn_over(struct tcp_conn *c, int error);

/* The same, and the peer is reset. */
void tcp_conn_reset(struct tcp_conn *c, int error);

/* --- tcp_listen.c, tcp_cookie.c, tcp_time_wait.c ---------------------------------------------- */

/* The listener for this address and port; NULL: none. */
struct tcp_listener *tcp_find_listener(const struct tcp *t, uint32_t addr, uint16_t port);

/* A segment for a listener (RFC 9293 section 3.10.7.2). */
void tcp_listen_segment(struct tcp_listener *l, const struct tcp_segment *s);

/* The handshake of a connection that a peer opened is finished: it waits to be accepted. */
void tcp_listener_finished(struct tcp_conn *c);

/* It leaves its listener, for whatever reason. */
void tcp_listener_forget(struct tcp_conn *c);

/* Answer a SYN without keeping anything of it. */
void tcp_cookie_send(struct tcp_listener *l, const struct tcp_segment *s);

/* Does `s` acknowledge a cookie of ours? If so, what the SYN said goes to `options`. */
bool tcp_cookie_check(const struct tcp_listener *l, const struct tcp_segment *s,
                      struct tcp_parsed_options *options);

/* Is a segment that acknowledges no cookie to be answered by a reset (RFC 9293 section 3.10.7.2,
 * second)? A cookie is only known again in the first segment behind the SYN: while any is out, text
 * or a FIN that may have overtaken that segment is left to come again. An acknowledgment alone
 * does not come again: unanswered, a peer whose cookie is too old would believe for ever that its
 * connection is open. */
bool tcp_cookie_refuses(const struct tcp_listener *l, const struct tcp_segment *s);

/* The name, from our side, of the connection that `s` belongs to. */
void tcp_name_of(struct tcp_name *name, const struct tcp_segment *s);

/* Leave of `c`, which has just left the table, an entry that waits. */
void tcp_time_wait_add(struct tcp_conn *c, bool fin_wait_2);

/* A segment for such an entry. True if it is a SYN that may begin a new connection (RFC 9293
 * section 3.6.1, RFC 6191): a listener is to have it. */
bool tcp_time_wait_segment(struct tcp *t, struct tcp_time_wait *w, const struct tcp_segment *s);

/* Fired by the instance's timer: entries whose time has come go. */
void tcp_time_wait_expire(void *instance);

void tcp_time_wait_free(struct tcp *t, struct tcp_time_wait *w);

/* --- tcp_state.c ------------------------------------------------------------------------------ */

/* Segment arrives (RFC 9293 section 3.10.7.3 and .4). */
void tcp_conn_segment(struct tcp_conn *c, struct tcp_segment *s);

/* --- tcp_ack.c -------------------------------------------------------------------------------- */

/* What an acknowledgment has told. */
struct tcp_delivery {
    uint32_t acked;     /* sequence space by which SND.UNA moved */
    uint32_t delivered; /* bytes that the peer is newly known to hold */
    uint32_t sacked;    /* of these, told by SACK */
    uint64_t rtt;       /* measured; 0: none */
    uint64_t rtt_sent;  /* when the segment was sent that it was measured by */
    bool dsack;         /* the peer had something twice */
    bool original;      /* a segment that was sent only once has come */
    bool was_limited;   /* cwnd was what held us back */
    bool large;         /* a segment has come of a size that was suspected */
};

/* Take SND.WND from `s`, and note where it came from: SND.WL1 and WL2. */
void tcp_take_window(struct tcp_conn *c, const struct tcp_segment *s, uint8_t scale);

/* Process an acceptable acknowledgment: SND.UNA <= SEG.ACK <= SND.NXT, or older. */
void tcp_ack_segment(struct tcp_conn *c, const struct tcp_segment *s);

/* --- tcp_record.c: the scoreboard ------------------------------------------------------------- */

/* Note that [begin, end) is being sent for the first time. There must be a record left. */
void tcp_record_add(struct tcp_conn *c, tcp_seq begin, tcp_seq end, bool fin, bool push);

/* Drop what the acknowledgment in `s` covers; tell of it in `d`. */
void tcp_record_ack(struct tcp_conn *c, const struct tcp_segment *s, struct tcp_delivery *d);

/* Mark what the SACK blocks of `s` cover. */
void tcp_record_sack(struct tcp_conn *c, const struct tcp_segment *s, struct tcp_delivery *d);

void tcp_record_mark_lost(struct tcp_conn *c, struct tcp_record *r);

/* Mark everything lost that the peer is not known to hold. */
void tcp_record_all_lost(struct tcp_conn *c);

/* Those marked lost have not been: they are in flight again. */
void tcp_record_none_lost(struct tcp_conn *c);

/* Forget all SACKs: the peer has gone back on them (RFC 2018 section 8). */
void tcp_record_forget_sacks(struct tcp_conn *c);

/* Cut `r` behind its first `n` bytes: the rest becomes a record of its own, in the same state.
 * False if there is none left, or the connection has more than its share. */
bool tcp_record_cut(struct tcp_conn *c, struct tcp_record *r, uint32_t n);

/* `r` is being sent again. */
void tcp_record_sent_again(struct tcp_conn *c, struct tcp_record *r);

/* The first in order of sequence; NULL: nothing is in flight. */
struct tcp_record *tcp_record_first(const struct tcp_conn *c);
struct tcp_record *tcp_record_last(const struct tcp_conn *c);

void tcp_record_free_all(struct tcp_conn *c);

/* An estimate of the bytes in the network (RFC 6675 section 4, SetPipe). */
uint32_t tcp_pipe(const struct tcp_conn *c);

/* --- tcp_rack.c ------------------------------------------------------------------------------- */

void tcp_rack_init(struct tcp_conn *c);

/* `r` has come (RFC 8985 section 6.2 steps 1 to 3). */
void tcp_rack_delivered(struct tcp_conn *c, const struct tcp_record *r, uint32_t tsecr);

/* Step 4: the reordering window, as D-SACKs and rounds widen it. */
void tcp_rack_round(struct tcp_conn *c, const struct tcp_delivery *d);

/* A recovery has ended: 16 of them narrow it again. */
void tcp_rack_recovered(struct tcp_conn *c);

/* Step 5. Notes in `reorder_at` when it must be asked again. */
void tcp_rack_find_lost(struct tcp_conn *c);

/* How many ns after `probe_base` a probe is to be sent (section 7.2); 0: none. */
uint64_t tcp_probe_timeout(const struct tcp_conn *c);

/* Send it (section 7.3). */
void tcp_probe_send(struct tcp_conn *c);

/* What an acknowledgment says of it (section 7.4). */
void tcp_probe_acked(struct tcp_conn *c, const struct tcp_segment *s, const struct tcp_delivery *d);

/* --- tcp_recovery.c --------------------------------------------------------------------------- */

/* An acknowledgment has come, or RACK's timer has fired (`s` is then NULL): look for losses; enter,
 * go on with or leave recovery; let the window grow. */
void tcp_recovery_ack(struct tcp_conn *c, const struct tcp_segment *s,
                      const struct tcp_delivery *d);

/* The retransmission timer has fired. */
void tcp_recovery_timeout(struct tcp_conn *c);

/* Does what was lost wait while F-RTO finds out whether it was? New bytes may then go. */
bool tcp_recovery_waits(const struct tcp_conn *c);

/* Bytes that may be sent now as far as congestion goes. */
uint32_t tcp_recovery_allows(const struct tcp_conn *c);

/* `n` bytes have been sent; `again`: not for the first time. */
void tcp_recovery_sent(struct tcp_conn *c, uint32_t n, bool again);

/* --- tcp_timer.c ------------------------------------------------------------------------------ */

enum tcp_send_timer {
    TCP_TIMER_RTO,     /* retransmission (RFC 6298) */
    TCP_TIMER_PERSIST, /* zero-window probe (RFC 9293 section 3.8.6.1) */
    TCP_TIMER_PROBE,   /* tail loss probe (RFC 8985 section 7) */
    TCP_TIMER_REORDER, /* RACK's (RFC 8985 section 6.3) */
};

void tcp_timers_init(struct tcp_conn *c);
void tcp_timers_cancel(struct tcp_conn *c);

/* A round trip has been measured (RFC 6298 section 2). */
void tcp_rtt_sample(struct tcp_conn *c, uint64_t rtt);

/* Arm what has to be armed for what is in flight now. */
void tcp_timer_send(struct tcp_conn *c);

/* Something came from the peer, or the options changed: the keep-alive timer begins anew. */
void tcp_timer_rest(struct tcp_conn *c);

/* --- tcp_size.c: black holes ------------------------------------------------------------------ */

/* The retransmission timer has fired, and `backoff` says how often in a row. */
void tcp_size_timeout(struct tcp_conn *c);

/* Do `n` bytes of `r`, which have come, acquit the size that is suspected? */
bool tcp_size_is_large(const struct tcp_conn *c, const struct tcp_record *r, uint32_t n);

/* What an acknowledgment says of it. */
void tcp_size_acked(struct tcp_conn *c, const struct tcp_delivery *d);

/* A router says that the path takes no more than `mtu`. False: that is nothing new. */
bool tcp_size_told(struct tcp_conn *c, uint16_t mtu);

/* --- tcp_rcv.c: the receive queue ------------------------------------------------------------- */

void tcp_rcv_init(struct tcp_conn *c);

/* Queue the text of `s`, which is acceptable. */
void tcp_rcv_text(struct tcp_conn *c, struct tcp_segment *s);

/* Give the queues back. */
void tcp_rcv_drop(struct tcp_conn *c);

/* RCV.WND: how much the peer may send beyond RCV.NXT by what it was told. */
uint32_t tcp_rcv_window(const struct tcp_conn *c);

/* The window to be told now, scaled unless it goes with a SYN; the edge that it says is noted. */
uint16_t tcp_rcv_offer(struct tcp_conn *c, bool syn);

/* Would the window be worth telling of (RFC 9293 section 3.8.6.2.2)? */
bool tcp_rcv_worth_telling(const struct tcp_conn *c);

/* Fill in the blocks to be told. */
void tcp_rcv_sack(const struct tcp_conn *c, struct tcp_parsed_options *o);

/* --- tcp_output.c, tcp_emit.c ----------------------------------------------------------------- */

/* Send what may be sent, then an acknowledgment if one is due and none went along. */
void tcp_output(struct tcp_conn *c);

/* Send `r`, or up to `n` bytes from its beginning on, again. Returns how much was sent. */
uint32_t tcp_retransmit(struct tcp_conn *c, struct tcp_record *r, uint32_t n);

/* Send up to `n` new bytes (a FIN too) as one segment, whatever the windows say. Returns how much
 * sequence space was used. */
uint32_t tcp_send_new(struct tcp_conn *c, uint32_t n);

/* Bytes pushed and not yet sent. */
uint32_t tcp_unsent(const struct tcp_conn *c);

/* Is there a FIN still to be sent for the first time? */
bool tcp_fin_waits(const struct tcp_conn *c);

/* Text that fits into one segment with the options that would go along now. */
uint32_t tcp_text_max(const struct tcp_conn *c);

/* Bytes that are sent at once where there is a choice. */
uint32_t tcp_burst(const struct tcp_conn *c);

/* Build and send `n` bytes from `seq` on. False if there was no packet. */
bool tcp_emit_text(struct tcp_conn *c, tcp_seq seq, uint32_t n, uint8_t flags);

/* An acknowledgment. */
void tcp_emit_ack(struct tcp_conn *c);

/* One with a sequence number that the peer has had, so that it answers (section 3.8.4). */
void tcp_emit_keepalive(struct tcp_conn *c);

/* The connection's SYN, or SYN and ACK. */
void tcp_emit_syn(struct tcp_conn *c);

/* The connection's reset. */
void tcp_emit_reset(struct tcp_conn *c);

/* A reset as an answer to a segment that belongs to nothing (RFC 9293 section 3.10.7.1). */
void tcp_emit_refusal(struct tcp *t, const struct tcp_segment *s);

/* A segment without text that is nobody's: for TIME-WAIT and cookies. */
void tcp_emit_bare(struct tcp *t, const struct tcp_name *name, tcp_seq seq, tcp_seq ack,
                   uint8_t flags, uint16_t window, const struct tcp_parsed_options *o);

/* A challenge (RFC 5961 section 7), if the limit allows. */
void tcp_challenge(struct tcp_conn *c);

#endif
