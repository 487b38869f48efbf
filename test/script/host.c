/*
 * host.c - one instance of TCP in virtual time: see host.h.
 *
 * IPv4 headers: RFC 791; the ICMP errors that concern TCP: RFC 792, RFC 1191 section 4.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/script/host.h"
#include "netstack/cc.h"
#include "netstack/icmp.h"
#include "netstack/wire.h"
#include "runtime/checksum.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OUT    4096 /* packets that nobody has asked for; further ones are lost */
#define FIRST_TIME (1000 * NS_PER_S)
#define TTL        64
/* What the tool's own scripts set a kernel's to, for which it offers a window scale of 8. */
#define RECEIVE_MAX (15u << 20)

/* --- Out -------------------------------------------------------------------------------------- */

static void write_ip_header(struct hdr_ipv4 *ip, uint32_t src, uint32_t dst, size_t len)
{
    *ip = (struct hdr_ipv4){
        .ver_ihl = 0x45,
        .total_len = be16_of((uint16_t)len),
        .frag = be16_of(HDR_IP_DF),
        .ttl = TTL,
        .proto = HDR_IP_TCP,
        .src = be32_of(src),
        .dst = be32_of(dst),
    };
    ip->checksum = checksum_finish(checksum_add(0, ip, sizeof *ip));
}

static int keep_packet(void *user, uint32_t src, uint32_t dst, struct pkt *p)
{
    struct host *h = user;
    size_t len = sizeof(struct hdr_ipv4) + p->len;
    struct host_packet *out = h->n_out < MAX_OUT ? malloc(sizeof *out + len) : NULL;
    if (out && pkt_finish_checksum(p)) {
        out->sent = h->now;
        out->len = len;
        write_ip_header((struct hdr_ipv4 *)out->bytes, src, dst, len);
        memcpy(out->bytes + sizeof(struct hdr_ipv4), p->data, p->len);
        list_append(&h->out, &out->link);
        h->n_out++;
    }
    pkt_unref(p);
    return out ? 0 : -ENOBUFS;
}

static int find_route(void *user, uint32_t dst, struct tcp_route *r)
{
    struct host *h = user;
    *r = (struct tcp_route){
        .src = h->addr,
        .link_mtu = h->mtu,
        .mtu = pmtu_get(&h->pmtu, dst, h->mtu, h->now),
    };
    return 0;
}

struct host_packet *host_next_packet(struct host *h)
{
    struct host_packet *out;
    while (list_empty(&h->out))
        if (!host_step(h, UINT64_MAX))
            return NULL;
    out = container_of(h->out.next, struct host_packet, link);
    list_remove(&out->link);
    h->n_out--;
    return out;
}

/* --- In --------------------------------------------------------------------------------------- */

/* The header in front of `s`, options included; NULL if it is none or less follows than `least`. */
static const struct hdr_ipv4 *take_ip_header(struct span *s, size_t least)
{
    const struct hdr_ipv4 *ip = (const void *)s->data;
    size_t len = s->len >= sizeof *ip ? hdr_ipv4_len(ip) : 0;
    if (len < sizeof *ip || ip->ver_ihl >> 4 != 4 || s->len < len + least)
        return NULL;
    return span_take(s, len);
}

static void input_tcp(struct host *h, const struct hdr_ipv4 *ip, struct span text)
{
    struct pkt *p = pkt_new_for(h->pool, text.len);
    if (p == NULL)
        return;
    memcpy(pkt_append(p, text.len), text.data, text.len);
    tcp_input(h->tcp, be32_get(ip->src), be32_get(ip->dst), p, h->now);
    pkt_unref(p);
}

/* What TCP believes is kept for the next connections. */
static void path_is_narrow(struct host *h, const struct hdr_ipv4 *ip, struct span quoted,
                           uint16_t next_mtu)
{
    uint64_t before = tcp_counters(h->tcp)->mtu_lowered;
    tcp_mtu_changed(h->tcp, be32_get(ip->src), be32_get(ip->dst), quoted, next_mtu, h->now);
    if (tcp_counters(h->tcp)->mtu_lowered > before)
        pmtu_lower(&h->pmtu, be32_get(ip->dst), next_mtu, be16_get(ip->total_len), h->now);
}

static void input_error(struct host *h, const struct hdr_icmp *icmp, struct span quoted)
{
    struct icmp_error e = {.type = icmp->type, .code = icmp->code};
    const struct hdr_ipv4 *ip = take_ip_header(&quoted, 8);
    bool hard;
    int error = icmp_errno(&e, &hard);
    if (ip == NULL || ip->proto != HDR_IP_TCP)
        return;
    if (e.type == ICMP_UNREACHABLE && e.code == ICMP_FRAGMENTATION_NEEDED)
        path_is_narrow(h, ip, quoted, be16_get(icmp->u.unreachable.next_mtu));
    else
        tcp_unreachable(h->tcp, be32_get(ip->src), be32_get(ip->dst), quoted, error, hard, h->now);
}

static void input_icmp(struct host *h, struct span s)
{
    const struct hdr_icmp *icmp = span_take(&s, sizeof *icmp);
    if (icmp && (icmp->type == ICMP_UNREACHABLE || icmp->type == ICMP_TIME_EXCEEDED ||
                 icmp->type == ICMP_PARAMETER_PROBLEM))
        input_error(h, icmp, s);
}

void host_input(struct host *h, const void *packet, size_t len)
{
    struct span s = span_of(packet, len);
    const struct hdr_ipv4 *ip = take_ip_header(&s, 0);
    if (ip == NULL || be16_get(ip->total_len) != len)
        return;
    if (ip->proto == HDR_IP_TCP)
        input_tcp(h, ip, s);
    else if (ip->proto == HDR_IP_ICMP)
        input_icmp(h, s);
}

/* --- Time ------------------------------------------------------------------------------------- */

bool host_step(struct host *h, uint64_t until)
{
    uint64_t due = tcp_due(h->tcp);
    if (h->wake < due)
        due = h->wake;
    if (due == TIMER_NEVER || due > until) {
        h->now = until == UINT64_MAX || until < h->now ? h->now : until;
        return false;
    }
    h->now = due > h->now ? due : h->now;
    if (h->wake <= h->now)
        h->wake = TIMER_NEVER;
    tcp_turn(h->tcp, h->now);
    turns_changed(&h->turns);
    return true;
}

bool host_wait(struct host *h, uint64_t until)
{
    if (turns_is_first(&h->turns))
        return host_step(h, until);
    h->wake = until;
    turns_wait(&h->turns);
    return h->now < until;
}

void host_sleep(struct host *h, uint64_t ns)
{
    uint64_t until = h->now + ns;
    while (host_step(h, until))
        ;
}

/* --- Beginning and end ------------------------------------------------------------------------ */

static bool set_address(struct host *h, const char *value)
{
    unsigned b[4];
    char rest;
    if (sscanf(value, "%3u.%3u.%3u.%3u%c", &b[0], &b[1], &b[2], &b[3], &rest) != 4)
        return false;
    for (int i = 0; i < 4; i++) {
        if (b[i] > 255)
            return false;
        h->addr = h->addr << 8 | b[i];
    }
    return true;
}

static bool set_number(struct host *h, const char *name, const char *value)
{
    char *end;
    unsigned long n = strtoul(value, &end, 10);
    if (*value == '\0' || *end != '\0' || n > 1u << 30)
        return false;
    if (strcmp(name, "mtu") == 0 && n <= UINT16_MAX)
        h->mtu = (uint16_t)n;
    else if (strcmp(name, "half-open") == 0)
        h->config.max_half_open = (uint32_t)n;
    else if (strcmp(name, "receive") == 0)
        h->config.options.receive_max = (uint32_t)n;
    else
        return false;
    return true;
}

static bool set_flag(struct host *h, char *word)
{
    char *value = strchr(word, '=');
    if (value == NULL)
        return false;
    *value++ = '\0';
    if (strcmp(word, "local") == 0)
        return set_address(h, value);
    if (strcmp(word, "cc") == 0)
        return (h->config.options.cc = cc_kind_by_name(value)) != NULL;
    return set_number(h, word, value);
}

static bool set_flags(struct host *h, const char *flags)
{
    char *copy = strdup(flags), *rest = NULL;
    bool good = true;
    if (copy == NULL)
        return false;
    for (char *word = strtok_r(copy, ",", &rest); word && good; word = strtok_r(NULL, ",", &rest))
        good = set_flag(h, word);
    free(copy);
    if (!good)
        errno = EINVAL;
    return good;
}

static const struct tcp_lower lower = {.send = keep_packet, .route = find_route};

static bool make_tcp(struct host *h)
{
    h->large = pkt_pool_new(256, PKT_LARGE, NULL);
    h->pool = h->large ? pkt_pool_new(1024, PKT_SMALL, h->large) : NULL;
    h->config.lower = &lower;
    h->config.lower_user = h;
    h->config.pool = h->pool;
    memset(h->config.secret, 7, sizeof h->config.secret); /* scripts replay */
    h->tcp = h->pool ? tcp_new(&h->config, h->now) : NULL;
    return h->tcp != NULL;
}

struct host *host_new(const char *flags)
{
    struct host *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    list_init(&h->out);
    list_init(&h->all);
    turns_init(&h->turns);
    h->now = FIRST_TIME;
    h->wake = TIMER_NEVER;
    h->mtu = 1500;
    tcp_defaults(&h->config);
    h->config.options.receive_max = RECEIVE_MAX;
    set_address(h, "192.168.0.1");
    if (set_flags(h, flags ? flags : "") && make_tcp(h))
        return h;
    host_free(h);
    return NULL;
}

void host_free(struct host *h)
{
    struct list *it, *after;
    if (h == NULL)
        return;
    tcp_free(h->tcp);
    list_each(it, after, &h->out) free(container_of(it, struct host_packet, link));
    pkt_pool_free(h->pool);
    pkt_pool_free(h->large);
    turns_free(&h->turns);
    free(h);
}
