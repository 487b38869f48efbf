/*
 * fake_store.c - see fake_store.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/fake_store.h"
#include "runtime/loop.h"
#include "runtime/sim/sim.h"
#include "test/unit/fake_xen.h"
#include "xen/evtchn.h"
#include "xen/xenstore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES   2048
#define WATCHES 1024
#define TEXT    256

struct fake_store fake_store;

static struct node {
    char path[TEXT], value[TEXT];
    bool used;
} nodes[NODES];
static size_t n_nodes; /* that were ever used */

static struct watch {
    char path[TEXT], token[TEXT];
    bool used;
} watches[WATCHES];
static size_t n_watches;

/* Messages that wait for room in the guest's ring. */
static uint8_t queue[1 << 20];
static size_t queued, passed;

/* Copy text as far as there is room. */
static void keep(char *to, const char *text)
{
    size_t n = strnlen(text, TEXT - 1);
    memcpy(to, text, n);
    to[n] = '\0';
}

/* --- The tree -------------------------------------------------------------------------------- */

static struct node *find(const char *path)
{
    for (size_t i = 0; i < n_nodes; i++)
        if (nodes[i].used && strcmp(nodes[i].path, path) == 0)
            return &nodes[i];
    return NULL;
}

static bool is_below(const char *path, const char *top)
{
    size_t n = strlen(top);
    return strncmp(path, top, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

const char *fake_store_get(const char *path)
{
    struct node *node = find(path);
    return node ? node->value : NULL;
}

static void put(const char *path, const char *value)
{
    struct node *node = find(path);
    for (size_t i = 0; node == NULL; i++) {
        node = nodes[i].used ? NULL : &nodes[i];
        n_nodes = i < n_nodes ? n_nodes : i + 1;
    }
    node->used = true;
    keep(node->path, path);
    keep(node->value, value);
}

static void take_away(const char *path)
{
    for (size_t i = 0; i < n_nodes; i++)
        if (nodes[i].used && is_below(nodes[i].path, path))
            nodes[i].used = false;
}

/* --- To the guest ---------------------------------------------------------------------------- */

/* What there is room for. */
static void pass_on(void)
{
    struct xenstore_domain_interface *r = &fake_store.ring;
    while (!fake_store.held && passed < queued && r->rsp_prod - r->rsp_cons < XENSTORE_RING_SIZE)
        r->rsp[MASK_XENSTORE_IDX(r->rsp_prod++)] = (char)queue[passed++];
    if (passed == queued)
        passed = queued = 0;
    fake_raise(FAKE_STORE_PORT);
}

void fake_store_send(const void *bytes, size_t n)
{
    if (queued + n > sizeof queue)
        abort();
    memcpy(queue + queued, bytes, n);
    queued += n;
    pass_on();
}

void fake_store_message(uint32_t type, uint32_t id, const void *payload, uint32_t n)
{
    struct xsd_sockmsg m = {.type = type, .req_id = id, .len = n};
    fake_store_send(&m, sizeof m);
    fake_store_send(payload, n);
}

static void answer(const struct xsd_sockmsg *m, const char *text, size_t n)
{
    fake_store_message(m->type, m->req_id, text, (uint32_t)n);
}

static void answer_error(const struct xsd_sockmsg *m, const char *name)
{
    fake_store_message(XS_ERROR, m->req_id, name, (uint32_t)strlen(name) + 1);
}

/* Do these bytes wait? */
static bool is_queued(const char *bytes, size_t n)
{
    for (size_t at = passed; at + n <= queued; at++)
        if (memcmp(queue + at, bytes, n) == 0)
            return true;
    return false;
}

/* Of events that are alike and wait one is enough, as for xenstored since XSA-326. */
static void fire(const struct watch *w, const char *path)
{
    char payload[2 * TEXT];
    size_t n = strlen(path) + 1, token = strlen(w->token) + 1;
    memcpy(payload, path, n);
    memcpy(payload + n, w->token, token);
    if (!is_queued(payload, n + token))
        fake_store_message(XS_WATCH_EVENT, 0, payload, (uint32_t)(n + token));
}

static void fire_all(const char *path)
{
    for (size_t i = 0; i < n_watches; i++)
        if (watches[i].used && (is_below(path, watches[i].path) || is_below(watches[i].path, path)))
            fire(&watches[i], path);
}

void fake_store_set(const char *path, const char *value)
{
    if (value)
        put(path, value);
    else
        take_away(path);
    fire_all(path);
}

void fake_store_set_in(const char *folder, const char *key, const char *value)
{
    char path[XENSTORE_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, key);
    fake_store_set(path, value);
}

void fake_store_set_vif(const char *folder)
{
    fake_store_set("device/vif/3", "");
    fake_store_set_in("device/vif/3", "backend", folder);
    fake_store_set_in("device/vif/3", "backend-id", "0");
    fake_store_set_in("device/vif/3", "mac", "00:16:3e:0a:0b:0c");
}

void fake_store_settle(int turns)
{
    while (turns-- > 0) {
        fake_store_run();
        sim_run(loop_now() + 1);
    }
}

/* --- From the guest -------------------------------------------------------------------------- */

static void list(const struct xsd_sockmsg *m, const char *path)
{
    char names[XENSTORE_PAYLOAD_MAX];
    size_t n = 0, top = strlen(path);
    for (size_t i = 0; i < n_nodes; i++) {
        const char *name = nodes[i].path + top + 1;
        size_t len = nodes[i].used && is_below(nodes[i].path, path) ? strcspn(name, "/") : 0;
        bool known = false;
        if (len == 0 || nodes[i].path[top] != '/')
            continue;
        for (size_t at = 0; at < n; at += strlen(names + at) + 1)
            known |= strlen(names + at) == len && memcmp(names + at, name, len) == 0;
        if (known)
            continue;
        memcpy(names + n, name, len);
        names[n + len] = '\0';
        n += len + 1;
    }
    if (n > 0 || find(path))
        answer(m, names, n);
    else
        answer_error(m, "ENOENT");
}

static void add_watch(const struct xsd_sockmsg *m, const char *path)
{
    struct watch *w = watches;
    while (w->used)
        w++;
    w->used = true;
    if (w == &watches[n_watches])
        n_watches++;
    keep(w->path, path);
    keep(w->token, path + strlen(path) + 1);
    answer(m, "OK", 3);
    fire(w, path);
}

static void remove_watch(const struct xsd_sockmsg *m, const char *path)
{
    bool known = false;
    for (size_t i = 0; i < n_watches; i++)
        if (watches[i].used && strcmp(watches[i].path, path) == 0 &&
            strcmp(watches[i].token, path + strlen(path) + 1) == 0) {
            watches[i].used = false;
            known = true;
        }
    fake_store.unknown += !known;
    if (known)
        answer(m, "OK", 3);
    else
        answer_error(m, "ENOENT");
}

static void end_transaction(const struct xsd_sockmsg *m)
{
    if (fake_store.refuse_commits > 0) {
        fake_store.refuse_commits--;
        answer_error(m, "EAGAIN");
        return;
    }
    answer(m, "OK", 3);
}

static void serve(const struct xsd_sockmsg *m, const char *payload)
{
    const struct node *node;
    fake_store.requests++;
    switch (m->type) {
    case XS_READ:
        node = find(payload);
        if (node)
            answer(m, node->value, strlen(node->value));
        else
            answer_error(m, "ENOENT");
        break;
    case XS_WRITE:
        put(payload, payload + strlen(payload) + 1);
        answer(m, "OK", 3);
        fire_all(payload);
        break;
    case XS_RM:
        take_away(payload);
        answer(m, "OK", 3);
        fire_all(payload);
        break;
    case XS_DIRECTORY:
        list(m, payload);
        break;
    case XS_WATCH:
        add_watch(m, payload);
        break;
    case XS_UNWATCH:
        remove_watch(m, payload);
        break;
    case XS_TRANSACTION_START:
        answer(m, "17", 3);
        break;
    case XS_TRANSACTION_END:
        end_transaction(m);
        break;
    default:
        answer_error(m, "ENOSYS");
    }
}

static void read_bytes(void *to, size_t n)
{
    struct xenstore_domain_interface *r = &fake_store.ring;
    for (char *p = to; n > 0; n--) {
        if (r->req_cons == r->req_prod) { /* the rest of a long request: the guest has to go on */
            fake_raise(FAKE_STORE_PORT);
            evtchn_deliver();
        }
        if (r->req_cons == r->req_prod)
            abort();
        *p++ = r->req[MASK_XENSTORE_IDX(r->req_cons++)];
    }
}

bool fake_store_step(void)
{
    struct xenstore_domain_interface *r = &fake_store.ring;
    if (r->req_cons != r->req_prod) {
        struct xsd_sockmsg m;
        char payload[XENSTORE_PAYLOAD_MAX + 1] = {0};
        read_bytes(&m, sizeof m);
        read_bytes(payload, m.len);
        serve(&m, payload);
    }
    if (queued > 0 && !fake_store.held)
        pass_on();
    return evtchn_deliver() || r->req_cons != r->req_prod || (queued > 0 && !fake_store.held);
}

void fake_store_run(void)
{
    while (fake_store_step())
        ;
}

void fake_store_begin(void)
{
    memset(&fake_store, 0, sizeof fake_store);
    memset(nodes, 0, n_nodes * sizeof nodes[0]);
    memset(watches, 0, n_watches * sizeof watches[0]);
    n_nodes = n_watches = 0;
    queued = passed = 0;
    guest.store = &fake_store.ring;
    guest.store_port = FAKE_STORE_PORT;
}
