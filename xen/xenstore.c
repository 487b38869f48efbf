/*
 * xenstore.c - a client of xenstore: see xenstore.h.
 *
 * Requests wait in a queue and go into the ring as there is room; what comes out of the ring is put
 * together to messages here. Both sides of a ring move their own index only after the bytes are
 * written, or read (docs/misc/xenstore-ring.txt).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include <errno.h> /* before xs_wire.h, which then names them */

#include "runtime/log.h"
#include "xen/xenstore.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

LOG_MODULE(xenstore);

#define QUEUE 65536 /* bytes of requests that wait for the ring */

/* A call that waits for its answer. */
struct call {
    struct list link;
    uint32_t id;
    uint32_t type;
    xenstore_fn *fn;
    void *user;
};

static struct {
    struct xenstore_domain_interface *ring; /* NULL: there is no way to xenstore (any more) */
    evtchn_port_t port;
    struct list calls;   /* in the order in which they were sent */
    struct list watches; /* struct xenstore_watch */
    size_t n_calls;
    bool taking; /* what has come: whoever makes calls meanwhile need not tell the daemon */
    uint32_t last_id, last_token;
    struct {
        char bytes[QUEUE]; /* a ring as well: from..to, counted without end */
        uint32_t from, to;
    } queue;
    struct {
        struct xsd_sockmsg header;
        char payload[XENSTORE_PAYLOAD_MAX + 1]; /* with a NUL */
        size_t have;                            /* bytes of both */
    } message;
    struct xenstore_stats stats;
} store;

static void fail(const char *why);

/* --- The ring -------------------------------------------------------------------------------- */

/* How many bytes the daemon has yet to read. */
static uint32_t unread(void)
{
    return store.ring->req_prod - xen_read(store.ring->req_cons);
}

/* Move requests from the queue to the ring, as far as there is room. True if any went. Indices that
 * cannot be leave none; on_event() finds them, as nobody may be called from here. */
static bool pump_requests(void)
{
    struct xenstore_domain_interface *r = store.ring;
    uint32_t at = r->req_prod, used = unread(), n = store.queue.to - store.queue.from;
    uint32_t room = used < XENSTORE_RING_SIZE ? XENSTORE_RING_SIZE - used : 0;
    n = n < room ? n : room;
    if (n == 0)
        return false;
    xen_mb(); /* the daemon is done with what we write over */
    for (uint32_t i = 0; i < n; i++)
        r->req[MASK_XENSTORE_IDX(at++)] = store.queue.bytes[store.queue.from++ % QUEUE];
    xen_wmb();
    xen_write(r->req_prod, at);
    return true;
}

/* How many bytes the message that is being read still lacks. */
static size_t lacking(void)
{
    size_t header = sizeof store.message.header, have = store.message.have;
    return have < header ? header - have : header + store.message.header.len - have;
}

/* Read as much of a message as there is. True if it is whole. */
static bool read_message(void)
{
    struct xenstore_domain_interface *r = store.ring;
    uint32_t from = r->rsp_cons, there = xen_read(r->rsp_prod) - from;
    size_t header = sizeof store.message.header;
    if (there > XENSTORE_RING_SIZE) {
        fail("it has written more than there is room for");
        return false;
    }
    xen_rmb();
    for (; there > 0 && lacking() > 0; there--) {
        size_t have = store.message.have++;
        char byte = r->rsp[MASK_XENSTORE_IDX(from++)];
        if (have < header)
            ((char *)&store.message.header)[have] = byte;
        else
            store.message.payload[have - header] = byte;
        if (have + 1 == header && store.message.header.len > XENSTORE_PAYLOAD_MAX) {
            fail("a message is longer than allowed");
            return false;
        }
    }
    xen_mb(); /* we are done with what the daemon will write over */
    xen_write(r->rsp_cons, from);
    return store.message.have >= header && lacking() == 0;
}

/* --- Answers --------------------------------------------------------------------------------- */

static struct call *find_call(uint32_t id)
{
    struct list *l, *after;
    list_each(l, after, &store.calls)
    {
        struct call *c = container_of(l, struct call, link);
        if (c->id == id)
            return c;
    }
    return NULL;
}

static void finish(struct call *c, int error, const char *data, size_t n)
{
    xenstore_fn *fn = c->fn;
    void *user = c->user;
    list_remove(&c->link);
    store.n_calls--;
    free(c);
    store.stats.errors += error != 0;
    if (fn)
        fn(user, error, data, n);
}

/* The errno of an error's name; one that we do not know is an error all the same. */
static int error_of(const char *name)
{
    for (size_t i = 0; i < sizeof xsd_errors / sizeof *xsd_errors; i++)
        if (strcmp(xsd_errors[i].errstring, name) == 0)
            return -xsd_errors[i].errnum;
    return -EIO;
}

static void take_answer(const struct xsd_sockmsg *m, const char *payload)
{
    struct call *c = find_call(m->req_id);
    if (c == NULL)
        store.stats.stray++;
    else if (m->type == XS_ERROR)
        finish(c, error_of(payload), "", 0);
    else if (m->type != c->type)
        finish(c, -EPROTO, "", 0);
    else
        finish(c, 0, payload, m->len);
}

/* An event holds the path that has changed and the watch's token, each with its NUL. The first of a
 * watch, which says that it is set (docs/misc/xenstore.txt, WATCH), may be the only one of a change
 * as well: of events that are alike and wait to be read xenstored keeps one. */
static void take_event(const struct xsd_sockmsg *m, const char *payload)
{
    size_t path = strnlen(payload, m->len);
    struct list *l, *after;
    uint64_t token;
    const char *text = payload + path + 1;
    store.stats.events++;
    if (path + 1 < m->len && xenstore_number(text, strlen(text), UINT32_MAX, &token)) {
        list_each(l, after, &store.watches)
        {
            struct xenstore_watch *w = container_of(l, struct xenstore_watch, link);
            if (w->token == token) {
                w->fn(w->user, payload);
                return;
            }
        }
    }
    store.stats.stray++;
}

/* What is called may make calls, which only queue, and end everything. */
static void take_message(void)
{
    struct xsd_sockmsg m = store.message.header;
    store.message.payload[m.len] = '\0';
    store.message.have = 0;
    if (m.type == XS_WATCH_EVENT)
        take_event(&m, store.message.payload);
    else
        take_answer(&m, store.message.payload);
}

static void on_event(void *user)
{
    (void)user;
    store.taking = true;
    while (store.ring && read_message())
        take_message();
    store.taking = false;
    if (store.ring && unread() > XENSTORE_RING_SIZE)
        fail("it says it has read what was not written");
    if (store.ring == NULL)
        return;
    pump_requests();
    evtchn_send(store.port);
}

/* End every call. Those that are called may make no new ones. */
static void fail(const char *why)
{
    struct list *l;
    log_error("xenstored breaks the protocol: %s", why);
    store.ring = NULL;
    while ((l = store.calls.next) != &store.calls)
        finish(container_of(l, struct call, link), -EPROTO, "", 0);
}

/* --- Calls ----------------------------------------------------------------------------------- */

/* A piece of a request. */
struct piece {
    const void *bytes;
    size_t n;
};

static void enqueue(const void *bytes, size_t n)
{
    for (const char *p = bytes; n > 0; n--)
        store.queue.bytes[store.queue.to++ % QUEUE] = *p++;
}

static struct call *call_new(uint32_t type, xenstore_fn *fn, void *user)
{
    struct call *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    *c = (struct call){.id = ++store.last_id, .type = type, .fn = fn, .user = user};
    list_append(&store.calls, &c->link);
    store.n_calls++;
    return c;
}

static int call(uint32_t type, uint32_t tx, const struct piece *pieces, size_t n, xenstore_fn *fn,
                void *user)
{
    struct xsd_sockmsg m = {.type = type, .tx_id = tx};
    size_t len = 0, room = QUEUE - (store.queue.to - store.queue.from);
    struct call *c;
    for (size_t i = 0; i < n; i++)
        len += pieces[i].n;
    if (store.ring == NULL)
        return -EPIPE;
    if (len > XENSTORE_PAYLOAD_MAX)
        return -E2BIG;
    if (sizeof m + len > room || store.n_calls == XENSTORE_CALLS_MAX) {
        store.stats.refused++;
        return -ENOBUFS;
    }
    c = call_new(type, fn, user);
    if (c == NULL)
        return -ENOMEM;
    store.stats.calls++;
    m.req_id = c->id;
    m.len = (uint32_t)len;
    enqueue(&m, sizeof m);
    for (size_t i = 0; i < n; i++)
        enqueue(pieces[i].bytes, pieces[i].n);
    if (!store.taking && pump_requests())
        evtchn_send(store.port);
    return 0;
}

/* Text with its NUL. */
static struct piece text(const char *s)
{
    return (struct piece){.bytes = s, .n = strlen(s) + 1};
}

static int call_path(uint32_t type, uint32_t tx, const char *path, xenstore_fn *fn, void *user)
{
    struct piece pieces[] = {text(path)};
    return call(type, tx, pieces, 1, fn, user);
}

int xenstore_read(uint32_t tx, const char *path, xenstore_fn *fn, void *user)
{
    return call_path(XS_READ, tx, path, fn, user);
}

int xenstore_list(uint32_t tx, const char *path, xenstore_fn *fn, void *user)
{
    return call_path(XS_DIRECTORY, tx, path, fn, user);
}

int xenstore_write(uint32_t tx, const char *path, const char *value, xenstore_fn *fn, void *user)
{
    struct piece pieces[] = {text(path), {.bytes = value, .n = strlen(value)}};
    return call(XS_WRITE, tx, pieces, 2, fn, user);
}

int xenstore_mkdir(uint32_t tx, const char *path, xenstore_fn *fn, void *user)
{
    return call_path(XS_MKDIR, tx, path, fn, user);
}

int xenstore_remove(uint32_t tx, const char *path, xenstore_fn *fn, void *user)
{
    return call_path(XS_RM, tx, path, fn, user);
}

int xenstore_begin(xenstore_fn *fn, void *user)
{
    return call_path(XS_TRANSACTION_START, 0, "", fn, user);
}

int xenstore_end(uint32_t tx, bool commit, xenstore_fn *fn, void *user)
{
    return call_path(XS_TRANSACTION_END, tx, commit ? "T" : "F", fn, user);
}

void xenstore_cancel(const void *user)
{
    struct list *l, *after;
    list_each(l, after, &store.calls)
    {
        struct call *c = container_of(l, struct call, link);
        if (c->user == user)
            c->fn = NULL;
    }
}

bool xenstore_number(const char *data, size_t n, uint64_t max, uint64_t *value)
{
    uint64_t v = 0;
    if (n > 0 && data[n - 1] == '\0')
        n--;
    if (n == 0 || n > 19)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (data[i] < '0' || data[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(data[i] - '0');
    }
    *value = v;
    return v <= max;
}

/* --- Watches --------------------------------------------------------------------------------- */

#define TOKEN_SIZE 12

static void on_watch(void *user, int error, const char *data, size_t n)
{
    (void)user;
    (void)data;
    (void)n;
    if (error)
        log_error("xenstored does not watch for us, whose quota may be used up: error %d", -error);
}

static int call_watch(uint32_t type, const struct xenstore_watch *w)
{
    char token[TOKEN_SIZE];
    struct piece pieces[] = {text(w->path), {.bytes = token}};
    pieces[1].n = (size_t)snprintf(token, sizeof token, "%" PRIu32, w->token) + 1;
    return call(type, 0, pieces, 2, type == XS_WATCH ? on_watch : NULL, NULL);
}

int xenstore_watch(struct xenstore_watch *w, const char *path,
                   void (*fn)(void *user, const char *changed), void *user)
{
    int error;
    if (strlen(path) >= sizeof w->path)
        return -E2BIG;
    *w = (struct xenstore_watch){.fn = fn, .user = user, .token = ++store.last_token};
    memcpy(w->path, path, strlen(path) + 1);
    list_init(&w->link);
    error = call_watch(XS_WATCH, w);
    if (error) {
        w->fn = NULL;
        return error;
    }
    list_append(&store.watches, &w->link);
    fn(user, w->path);
    return 0;
}

/* If there is no room to say so, its events will be stray. */
void xenstore_unwatch(struct xenstore_watch *w)
{
    if (w->fn == NULL)
        return;
    list_remove(&w->link);
    w->fn = NULL;
    call_watch(XS_UNWATCH, w);
}

/* --- Beginning and end ----------------------------------------------------------------------- */

int xenstore_open(struct xenstore_domain_interface *ring, evtchn_port_t port)
{
    memset(&store, 0, sizeof store);
    store.ring = ring;
    store.port = port;
    list_init(&store.calls);
    list_init(&store.watches);
    return evtchn_bind(port, on_event, NULL);
}

void xenstore_close(void)
{
    struct list *l;
    while ((l = list_pop(&store.calls)) != NULL)
        free(container_of(l, struct call, link));
    while ((l = list_pop(&store.watches)) != NULL)
        container_of(l, struct xenstore_watch, link)->fn = NULL;
    store.ring = NULL;
    evtchn_release(store.port);
}

/* A message that has come in part belongs to an event. */
bool xenstore_idle(void)
{
    return store.n_calls == 0 && store.message.have == 0;
}

void xenstore_suspended(void)
{
    store.ring = NULL;
}

/* What the last domain's daemon has written and nobody has read are events of watches, and those
 * begin anew. */
int xenstore_resume(struct xenstore_domain_interface *ring, evtchn_port_t port)
{
    struct list *l, *after;
    int error;
    store.ring = ring;
    store.port = port;
    ring->rsp_cons = xen_read(ring->rsp_prod);
    error = evtchn_bind(port, on_event, NULL);
    list_each(l, after, &store.watches)
    {
        struct xenstore_watch *w = container_of(l, struct xenstore_watch, link);
        if (error == 0)
            error = call_watch(XS_WATCH, w);
    }
    return error;
}

const struct xenstore_stats *xenstore_stats(void)
{
    return &store.stats;
}
