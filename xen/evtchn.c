/*
 * evtchn.c - event channels: see evtchn.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/evtchn.h"
#include "xen/hypercall.h"

#include <errno.h>
#include <stdlib.h>

#define WORD_BITS 64
#define WORDS     64 /* of pending bits */

struct handler {
    evtchn_fn *fn; /* NULL: not bound */
    void *user;
};

static shared_info_t *shared;
static struct handler *handlers[WORDS]; /* WORD_BITS each, made when the first is bound */
static struct evtchn_stats stats;

/* --- Bits, which Xen changes at any time ----------------------------------------------------- */

static void set_bit(xen_ulong_t *words, evtchn_port_t port)
{
    __atomic_fetch_or(&words[port / WORD_BITS], 1ul << port % WORD_BITS, __ATOMIC_SEQ_CST);
}

static void clear_bit(xen_ulong_t *words, evtchn_port_t port)
{
    __atomic_fetch_and(&words[port / WORD_BITS], ~(1ul << port % WORD_BITS), __ATOMIC_SEQ_CST);
}

static bool test_bit(const xen_ulong_t *words, evtchn_port_t port)
{
    return __atomic_load_n(&words[port / WORD_BITS], __ATOMIC_SEQ_CST) >> port % WORD_BITS & 1;
}

/* Of the one processor that we have. */
static struct vcpu_info *vcpu(void)
{
    return &shared->vcpu_info[0];
}

/* --- Masking --------------------------------------------------------------------------------- */

void evtchn_mask(evtchn_port_t port)
{
    set_bit(shared->evtchn_mask, port);
}

/*
 * When an event comes, Xen does
 *
 *     X1. set the port's pending bit (and stop if it was set)
 *     X2. look whether the port is masked (and stop if it is)
 *     X3. set the word's bit in evtchn_pending_sel
 *     X4. set evtchn_upcall_pending, which ends or prevents a wait
 *
 * and here we
 *
 *     G1. clear the mask
 *     G2. look at the pending bit, and if it is set
 *     G3. do what X3 and X4 do.
 *
 * Whatever the order, the event is delivered: if X1 comes before G2 we see it. If it comes after,
 * then X2 comes after G1, and Xen goes on. Both may happen; a word that is looked at in vain does
 * no harm. Without G2 and G3 an event that came while the port was masked (X1, X2, G1) would wait
 * for ever, as the next ones stop at X1.
 */
void evtchn_unmask(evtchn_port_t port)
{
    clear_bit(shared->evtchn_mask, port);        /* G1 */
    if (!test_bit(shared->evtchn_pending, port)) /* G2 */
        return;
    set_bit(&vcpu()->evtchn_pending_sel, port / WORD_BITS); /* G3 */
    xen_write(vcpu()->evtchn_upcall_pending, 1);
}

/* --- Binding --------------------------------------------------------------------------------- */

void evtchn_begin(shared_info_t *info)
{
    shared = info;
    memset(info->evtchn_mask, 0xff, sizeof info->evtchn_mask);
    for (size_t i = 0; i < WORDS; i++) {
        free(handlers[i]);
        handlers[i] = NULL;
    }
}

static struct handler *find(evtchn_port_t port)
{
    struct handler *word = port < WORDS * WORD_BITS ? handlers[port / WORD_BITS] : NULL;
    return word ? &word[port % WORD_BITS] : NULL;
}

int evtchn_bind(evtchn_port_t port, evtchn_fn *fn, void *user)
{
    struct handler *h;
    if (port == 0 || port >= WORDS * WORD_BITS)
        return -EINVAL;
    if (handlers[port / WORD_BITS] == NULL)
        handlers[port / WORD_BITS] = calloc(WORD_BITS, sizeof *h);
    h = find(port);
    if (h == NULL)
        return -ENOMEM;
    if (h->fn)
        return -EBUSY;
    *h = (struct handler){.fn = fn, .user = user};
    evtchn_unmask(port);
    return 0;
}

static void close_port(evtchn_port_t port)
{
    struct evtchn_close op = {.port = port};
    hypercall_event(EVTCHNOP_close, &op);
}

static int bind_or_close(evtchn_port_t port, evtchn_fn *fn, void *user, evtchn_port_t *to)
{
    int error = evtchn_bind(port, fn, user);
    if (error)
        close_port(port);
    else
        *to = port;
    return error;
}

int evtchn_bind_new(domid_t remote, evtchn_fn *fn, void *user, evtchn_port_t *port)
{
    struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = remote};
    int error = hypercall_event(EVTCHNOP_alloc_unbound, &op);
    return error ? error : bind_or_close(op.port, fn, user, port);
}

int evtchn_bind_virq(uint32_t virq, evtchn_fn *fn, void *user, evtchn_port_t *port)
{
    struct evtchn_bind_virq op = {.virq = virq};
    int error = hypercall_event(EVTCHNOP_bind_virq, &op);
    return error ? error : bind_or_close(op.port, fn, user, port);
}

void evtchn_release(evtchn_port_t port)
{
    struct handler *h = find(port);
    if (h == NULL || h->fn == NULL)
        return;
    evtchn_mask(port);
    *h = (struct handler){0};
}

void evtchn_unbind(evtchn_port_t port)
{
    const struct handler *h = find(port);
    if (h == NULL || h->fn == NULL)
        return;
    evtchn_release(port);
    close_port(port);
}

void evtchn_send(evtchn_port_t port)
{
    struct evtchn_send op = {.port = port};
    stats.sent++;
    hypercall_event(EVTCHNOP_send, &op);
}

/* --- Delivering ------------------------------------------------------------------------------ */

bool evtchn_any(void)
{
    return xen_read(vcpu()->evtchn_upcall_pending);
}

static void deliver(evtchn_port_t port)
{
    const struct handler *h = find(port);
    clear_bit(shared->evtchn_pending, port); /* before its owner looks: what comes then counts */
    if (h && h->fn) {
        stats.delivered++;
        h->fn(h->user);
        return;
    }
    stats.stray++;
    evtchn_mask(port);
}

/* A handler may mask or unbind ports, so that each is looked at when its turn comes. */
static void deliver_word(size_t word)
{
    xen_ulong_t left = xen_read(shared->evtchn_pending[word]);
    for (; left != 0; left &= left - 1) {
        evtchn_port_t port = (evtchn_port_t)(word * WORD_BITS + (size_t)__builtin_ctzl(left));
        if (test_bit(shared->evtchn_pending, port) && !test_bit(shared->evtchn_mask, port))
            deliver(port);
    }
}

/* The wake-up flag goes first: what comes after that sets it again, and the next wait ends at once.
 */
bool evtchn_deliver(void)
{
    xen_ulong_t words;
    if (!evtchn_any())
        return false;
    __atomic_store_n(&vcpu()->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
    words = __atomic_exchange_n(&vcpu()->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
    for (; words != 0; words &= words - 1)
        deliver_word((size_t)__builtin_ctzl(words));
    return true;
}

const struct evtchn_stats *evtchn_stats(void)
{
    return &stats;
}
