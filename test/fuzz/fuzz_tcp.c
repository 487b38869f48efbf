/*
 * fuzz_tcp.c - any segments into a connection in any state, while its owner does anything.
 *
 * The first byte chooses the state, the second what the peer agrees to. Then come steps: a byte
 * that says what, two for the length of what follows, and that. In a segment the sequence and
 * acknowledgment numbers count from what is expected, so that the fuzzer need not guess them. After
 * each step the connection's sums must agree with its lists; at the end every packet and record
 * must have come back.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/tcp_conn.h"
#include "test/unit/tcp_lab.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct lab lab;

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* --- What must hold -----------------------------------------------------------------------------
 */

static void check_records(const struct tcp_conn *c)
{
    uint32_t sacked = 0, lost = 0, n = 0;
    tcp_seq at = c->snd_una;
    struct list *it, *after;
    list_each(it, after, &c->records)
    {
        const struct tcp_record *r = container_of(it, struct tcp_record, link);
        must(r->begin == at && seq_lt(r->begin, r->end));
        sacked += r->flags & TCP_SACKED ? r->end - r->begin : 0;
        lost += r->flags & TCP_LOST ? r->end - r->begin : 0;
        at = r->end;
        n++;
    }
    must(n == c->n_records && sacked == c->sacked && lost == c->lost_bytes);
    must(!tcp_is_open(c) || at == c->snd_nxt);
}

static void check_queue(const struct tcp_conn *c)
{
    uint32_t bytes = 0;
    for (const struct pkt *p = c->rcv_first; p; p = p->next)
        bytes += p->len;
    must(bytes == c->rcv_bytes);
    must(c->over || seq_ge(c->rcv_adv, c->rcv_nxt));
    bytes = 0;
    for (const struct pkt *p = c->ooo_first; p; p = p->next) {
        must(p->next == NULL ? p == c->ooo_last : p->len > 0);
        bytes += p->len;
    }
    must(bytes == c->ooo_bytes);
}

static void check(void)
{
    if (lab.conn == NULL)
        return;
    check_records(lab.conn);
    check_queue(lab.conn);
    must(lab.conn->rcv_bytes <= lab.conn->options.receive_max + PKT_LARGE);
}

/* --- Steps --------------------------------------------------------------------------------------
 */

static void step_segment(struct span s, uint16_t offload)
{
    static uint8_t bytes[UINT16_MAX];
    struct hdr_tcp h;
    if (s.len < sizeof h || s.len > 60000)
        return;
    bytes_copy(bytes, s.data, s.len);
    bytes_copy(&h, bytes, sizeof h);
    h.src = be16_of(LAB_REMOTE_PORT);
    h.dst = be16_of(LAB_PORT);
    h.seq = be32_of(be32_get(h.seq) + (lab.conn ? lab.conn->rcv_nxt : lab.seq));
    h.ack = be32_of(be32_get(h.ack) + (lab.conn ? lab.conn->snd_nxt : lab.our_iss + 1));
    bytes_copy(bytes, &h, sizeof h);
    lab_say_bytes(&lab, bytes, s.len, offload);
}

static void step_options(uint8_t n)
{
    struct tcp_options o;
    tcp_get_options(lab.conn, &o);
    o.no_delay = n & 1;
    o.keepalive = n & 2;
    o.keepalive_idle = o.keepalive_interval = NS_PER_S;
    o.user_timeout = n & 4 ? 10 * NS_PER_S : 0;
    tcp_set_options(lab.conn, &o, lab.now);
}

static void step_icmp(struct span s)
{
    struct {
        be16 src, dst;
        be32 seq;
    } q = {be16_of(LAB_PORT), be16_of(LAB_REMOTE_PORT), be32_of(lab.conn->snd_una)};
    uint8_t n = s.data[0];
    if (n & 1)
        tcp_mtu_changed(lab.tcp, LAB_LOCAL, LAB_REMOTE, span_of(&q, n & 2 ? sizeof q : n % 8),
                        (uint16_t)(n * 8), lab.now);
    else
        tcp_unreachable(lab.tcp, LAB_LOCAL, LAB_REMOTE, span_of(&q, sizeof q), -111, n & 2,
                        lab.now);
}

static void step_owner(uint8_t kind, struct span s)
{
    size_t n = tcp_readable(lab.conn);
    switch (kind % 8) {
    case 0:
    case 1:
        if (!lab.conn->fin_wanted && lab.pushed < 1 << 24)
            lab_push(&lab, s.data[0] * (kind & 8 ? 1000u : 1u));
        break;
    case 2:
        tcp_consume(lab.conn, kind & 8 ? n : n / 2, lab.now);
        break;
    case 3:
        tcp_shutdown(lab.conn, lab.now);
        break;
    case 4:
        tcp_close(lab.conn, lab.now);
        break;
    case 5:
        step_options(s.data[0]);
        break;
    case 6:
        step_icmp(s);
        break;
    default:
        if (s.data[0] == 0xff) {
            tcp_abort(lab.conn, lab.now);
            lab.conn = NULL;
        }
    }
}

static void step(uint8_t kind, struct span s)
{
    switch (kind % 8) {
    case 0:
        if (s.len > 0 && lab.conn)
            step_owner(kind / 8, s);
        break;
    case 1:
        if (s.len > 0)
            lab_wait(&lab, s.data[0] * (kind & 8 ? NS_PER_S : NS_PER_MS));
        break;
    default:
        step_segment(s, kind & 0x80 ? 0 : PKT_CSUM_VALID);
    }
}

static void begin(uint8_t state, uint8_t agreed)
{
    static const enum tcp_state states[] = {
        TCP_CLOSED,      TCP_LISTEN,     TCP_SYN_SENT,   TCP_SYN_RECEIVED,
        TCP_ESTABLISHED, TCP_FIN_WAIT_1, TCP_FIN_WAIT_2, TCP_CLOSE_WAIT,
        TCP_CLOSING,     TCP_LAST_ACK,   TCP_TIME_WAIT,
    };
    struct tcp_config config;
    tcp_defaults(&config); /* but small, for it is made anew for each input */
    config.max_conns = config.max_time_wait = 8;
    config.max_records = 64;
    lab_begin(&lab, &config, 0xfffffff0);
    lab.options.sack_permitted = agreed & 1;
    lab.options.timestamps = agreed & 2;
    lab.options.wscale = agreed & 4 ? agreed >> 4 : TCP_NO_WSCALE;
    lab.route.gso_max = agreed & 8 ? 65535 : 0;
    lab_enter(&lab, states[state % (sizeof states / sizeof states[0])]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = span_of(data, size);
    const uint8_t *head = span_take(&rest, 2);
    if (head == NULL)
        return 0;
    begin(head[0], head[1]);
    while ((head = span_take(&rest, 3)) != NULL) {
        size_t len = (size_t)(head[1] << 8 | head[2]);
        len = len < rest.len ? len : rest.len;
        step(head[0], span_of(span_take(&rest, len), len));
        lab_forget(&lab);
        check();
    }
    lab_end(&lab);
    return 0;
}
