/*
 * dhcp.c - the DHCP client's states: see dhcp.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/dhcp.h"
#include "netstack/ip.h"

/* RFC 2131 section 4.1: 4 s, then twice as long each time up to 64 s, each +- 1 s. */
#define RETRY_FIRST   (4 * NS_PER_S)
#define RETRY_MAX     (64 * NS_PER_S)
#define RETRY_FUZZ    NS_PER_S
#define REQUESTS_MAX  4               /* unanswered: begin anew */
#define REBOOTS_MAX   2               /* section 3.2: then ask for any address */
#define RENEW_MIN     (60 * NS_PER_S) /* between two renewals (section 4.4.5) */
#define START_WAIT    (10 * NS_PER_S) /* after a decline, at least (section 3.1.5) */
#define START_FUZZ    NS_PER_S        /* so that not all ask at once (section 4.4.1) */
#define START_DOUBLES 4

/* --- Saying ---------------------------------------------------------------------------------- */

static uint64_t random_below(struct dhcp *d, uint64_t n)
{
    return ip_random(d->ip) % n;
}

static void arm(struct dhcp *d, uint64_t at)
{
    if (at != TIMER_NEVER)
        wheel_arm(&d->ip->wheel, &d->timer, at);
}

/* Send a message of the state that we are in. `dst` 0: to all. */
static void say(struct dhcp *d, struct dhcp_request r, uint32_t dst)
{
    uint8_t message[DHCP_MAX];
    uint64_t secs = (d->ip->now - d->began) / NS_PER_S;
    size_t len;
    r.xid = d->xid;
    r.secs = (uint16_t)(secs < UINT16_MAX ? secs : UINT16_MAX);
    r.hostname = d->hostname;
    bytes_copy(r.mac, d->mac, HDR_ETH_ALEN);
    len = dhcp_write(&r, message);
    d->counters.sent++;
    d->ops->send(d->user, r.ciaddr, dst, span_of(message, len));
}

/* When to say it again, if nobody answers. */
static void arm_retry(struct dhcp *d)
{
    uint64_t wait = d->tries < 5 ? RETRY_FIRST << d->tries : RETRY_MAX;
    d->tries++;
    arm(d, d->ip->now + wait - RETRY_FUZZ + random_below(d, 2 * RETRY_FUZZ));
}

/* RFC 2131 table 5 says what each state puts into its message. */
static void say_again(struct dhcp *d)
{
    const struct dhcp_reply *l = &d->lease;
    struct dhcp_request r = {.type = DHCP_REQUEST};
    switch (d->state) {
    case DHCP_SELECTING:
        r.type = DHCP_DISCOVER;
        break;
    case DHCP_REQUESTING:
        r.address = l->address;
        r.server = l->server;
        break;
    case DHCP_REBOOTING:
        r.address = l->address;
        break;
    default:
        r.ciaddr = l->address;
        break;
    }
    say(d, r, d->state == DHCP_RENEWING ? l->server : 0);
}

/* --- From state to state --------------------------------------------------------------------- */

static void enter(struct dhcp *d, enum dhcp_state state)
{
    d->state = state;
    d->tries = 0;
    timer_cancel(&d->timer);
}

static void stop_using(struct dhcp *d)
{
    bool used = d->used;
    d->used = false;
    if (used)
        d->ops->lost(d->user);
}

/* Begin anew, after a while that grows with each refusal in a row. */
static void start_over(struct dhcp *d, uint64_t wait)
{
    unsigned doubles = d->refused < START_DOUBLES ? d->refused : START_DOUBLES;
    enter(d, DHCP_INIT);
    d->lease = (struct dhcp_reply){0};
    arm(d, d->ip->now + (wait << doubles) + random_below(d, START_FUZZ));
    stop_using(d);
}

static void discover(struct dhcp *d)
{
    enter(d, DHCP_SELECTING);
    d->xid = (uint32_t)ip_random(d->ip);
    d->began = d->ip->now;
    say_again(d);
    arm_retry(d);
}

static void request(struct dhcp *d, const struct dhcp_reply *offer)
{
    enter(d, DHCP_REQUESTING);
    d->lease = *offer;
    say_again(d);
    arm_retry(d);
}

static void reboot(struct dhcp *d)
{
    enter(d, DHCP_REBOOTING);
    d->xid = (uint32_t)ip_random(d->ip);
    d->began = d->ip->now;
    say_again(d);
    arm_retry(d);
}

/* Ask for more time: half of what is left later again, but not too often (section 4.4.5). */
static void prolong(struct dhcp *d, uint64_t until)
{
    uint64_t wait = (until - d->ip->now) / 2;
    say_again(d);
    if (wait < RENEW_MIN)
        wait = RENEW_MIN;
    arm(d, d->ip->now + wait < until ? d->ip->now + wait : until);
}

static void begin_prolonging(struct dhcp *d, enum dhcp_state state)
{
    enter(d, state);
    if (state == DHCP_RENEWING) {
        d->xid = (uint32_t)ip_random(d->ip);
        d->began = d->ip->now;
    }
    prolong(d, state == DHCP_RENEWING ? d->t2 : d->end);
}

static void expire(struct dhcp *d)
{
    d->counters.expired++;
    start_over(d, 0);
}

/* What BOUND, RENEWING and REBINDING do when their time has come. */
static void go_on(struct dhcp *d)
{
    if (d->ip->now >= d->end)
        expire(d);
    else if (d->ip->now >= d->t2 && d->state != DHCP_REBINDING)
        begin_prolonging(d, DHCP_REBINDING);
    else if (d->state == DHCP_BOUND)
        begin_prolonging(d, DHCP_RENEWING);
    else
        prolong(d, d->state == DHCP_RENEWING ? d->t2 : d->end);
}

/* Nobody has answered about the address of before: while its time lasts it may be used (section
 * 3.2); else ask for any. */
static void reboot_unanswered(struct dhcp *d)
{
    if (d->tries < REBOOTS_MAX) {
        say_again(d);
        arm_retry(d);
    } else if (d->used && d->ip->now < d->end) {
        enter(d, DHCP_BOUND);
        arm(d, d->t1 > d->ip->now ? d->t1 : d->ip->now + RENEW_MIN);
    } else {
        stop_using(d);
        discover(d);
    }
}

static void on_timer(void *user)
{
    struct dhcp *d = user;
    switch (d->state) {
    case DHCP_OFF: /* the lease ends while the link is down */
        expire(d);
        enter(d, DHCP_OFF);
        break;
    case DHCP_INIT:
        discover(d);
        break;
    case DHCP_SELECTING:
        say_again(d);
        arm_retry(d);
        break;
    case DHCP_REQUESTING:
        if (d->tries < REQUESTS_MAX) {
            say_again(d);
            arm_retry(d);
        } else {
            discover(d);
        }
        break;
    case DHCP_REBOOTING:
        reboot_unanswered(d);
        break;
    case DHCP_CHECKING:
        break;
    default:
        go_on(d);
        break;
    }
}

/* --- A lease --------------------------------------------------------------------------------- */

/* T1 and T2 of the server if they make sense, else half and seven eighths of the time (section
 * 4.4.5). */
static void set_times(struct dhcp *d)
{
    const struct dhcp_reply *l = &d->lease;
    uint64_t lease = l->lease * NS_PER_S, t1 = l->t1 * NS_PER_S, t2 = l->t2 * NS_PER_S;
    d->t1 = d->t2 = d->end = TIMER_NEVER;
    if (l->lease == DHCP_INFINITE)
        return;
    if (t1 == 0 || t2 <= t1 || lease <= t2) {
        t1 = lease / 2;
        t2 = lease / 8 * 7;
    }
    d->t1 = d->ip->now + t1 - random_below(d, t1 / 16 + 1);
    d->t2 = d->ip->now + t2;
    d->end = d->ip->now + lease;
}

static void bind(struct dhcp *d)
{
    enter(d, DHCP_BOUND);
    d->refused = 0;
    arm(d, d->t1);
    d->used = true;
    d->ops->bound(d->user, &d->lease);
}

/* An address that is in use already needs no probe. */
static void take_ack(struct dhcp *d, const struct dhcp_reply *r)
{
    d->lease = *r;
    d->counters.acks++;
    set_times(d);
    if (d->used) {
        bind(d);
        return;
    }
    enter(d, DHCP_CHECKING);
    d->ops->check(d->user, r->address);
}

void dhcp_checked(struct dhcp *d, bool is_free, uint64_t now)
{
    d->ip->now = now;
    if (is_free && d->state == DHCP_CHECKING) {
        bind(d);
    } else if (!is_free && d->state != DHCP_OFF && d->lease.address != 0) {
        const struct dhcp_reply *l = &d->lease;
        d->counters.declined++;
        say(d,
            (struct dhcp_request){.type = DHCP_DECLINE, .address = l->address, .server = l->server},
            0);
        start_over(d, START_WAIT);
        d->refused++;
    }
}

/* --- Hearing --------------------------------------------------------------------------------- */

/* Is the acknowledgment of what we asked for? */
static bool ack_fits(const struct dhcp *d, const struct dhcp_reply *r)
{
    if (r->address != d->lease.address)
        return false;
    return d->state != DHCP_REQUESTING || r->server == d->lease.server;
}

static bool waits_for_ack(const struct dhcp *d)
{
    return d->state == DHCP_REQUESTING || d->state == DHCP_REBOOTING || d->state == DHCP_RENEWING ||
           d->state == DHCP_REBINDING;
}

/* A refusal counts only from whom we asked, if we asked somebody in particular. */
static bool nak_fits(const struct dhcp *d, const struct dhcp_reply *r)
{
    bool asked_one = d->state == DHCP_REQUESTING || d->state == DHCP_RENEWING;
    return waits_for_ack(d) && (!asked_one || r->server == d->lease.server);
}

void dhcp_receive(struct dhcp *d, struct span message, uint64_t now)
{
    struct dhcp_reply r;
    d->ip->now = now;
    if (!dhcp_read(message, &r) || r.xid != d->xid || !bytes_equal(r.mac, d->mac, sizeof r.mac)) {
        d->counters.ignored++;
    } else if (r.type == DHCP_OFFER && d->state == DHCP_SELECTING) {
        d->counters.offers++;
        request(d, &r);
    } else if (r.type == DHCP_ACK && waits_for_ack(d) && ack_fits(d, &r)) {
        take_ack(d, &r);
    } else if (r.type == DHCP_NAK && nak_fits(d, &r)) {
        d->counters.naks++;
        start_over(d, d->refused > 0 ? START_WAIT : 0);
        d->refused++;
    } else {
        d->counters.ignored++;
    }
}

/* --- Beginning and end ----------------------------------------------------------------------- */

void dhcp_init(struct dhcp *d, const struct dhcp_ops *ops, void *user, struct ip *ip,
               const char *hostname)
{
    *d = (struct dhcp){.ops = ops, .user = user, .ip = ip, .hostname = hostname};
    timer_init(&d->timer, on_timer, d);
}

void dhcp_begin(struct dhcp *d, const uint8_t mac[HDR_ETH_ALEN], uint64_t now)
{
    d->ip->now = now;
    if (!bytes_equal(d->mac, mac, HDR_ETH_ALEN)) { /* another device: its lease is another's */
        stop_using(d);
        d->lease = (struct dhcp_reply){0};
    }
    bytes_copy(d->mac, mac, HDR_ETH_ALEN);
    if (d->used)
        reboot(d);
    else
        start_over(d, 0);
}

void dhcp_pause(struct dhcp *d, uint64_t now)
{
    d->ip->now = now;
    enter(d, DHCP_OFF);
    if (d->used)
        arm(d, d->end);
}

void dhcp_end(struct dhcp *d, uint64_t now)
{
    d->ip->now = now;
    if (d->used && d->state != DHCP_OFF) {
        const struct dhcp_reply *l = &d->lease;
        d->xid = (uint32_t)ip_random(d->ip);
        say(d,
            (struct dhcp_request){.type = DHCP_RELEASE, .ciaddr = l->address, .server = l->server},
            l->server);
    }
    enter(d, DHCP_OFF);
    d->used = false;
}

const char *dhcp_state_name(enum dhcp_state state)
{
    static const char *const names[] = {"off",      "init",  "selecting", "requesting", "rebooting",
                                        "checking", "bound", "renewing",  "rebinding"};
    return names[state];
}
