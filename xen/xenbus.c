/*
 * xenbus.c - a frontend's half of the handshake: see xenbus.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/xenbus.h"

#include <errno.h>
#include <stdio.h>

#define SERVICE_DOMAINS DOMID_FIRST_RESERVED

/* "FOLDER/KEY". */
static const char *path_to(const char *folder, const char *key, char path[XENSTORE_PATH_MAX])
{
    snprintf(path, XENSTORE_PATH_MAX, "%s/%s", folder, key);
    return path;
}

/* --- The backend's state --------------------------------------------------------------------- */

/* A folder that is gone may not be asked for: then it is an error of ours that says so. Any other
 * error says nothing of the backend. */
static void on_state(void *user, int error, const char *data, size_t n)
{
    struct xenbus *b = user;
    uint64_t state;
    if (error && error != -ENOENT && error != -EACCES)
        return;
    if (error || !xenstore_number(data, n, XenbusStateReconfigured, &state))
        state = XenbusStateUnknown;
    if ((XenbusState)state == b->backend_state)
        return;
    b->backend_state = (XenbusState)state;
    b->events->state(b->user);
}

/* The key of the backend's that has changed; "": all may have. */
static const char *key_of(const struct xenbus *b, const char *changed)
{
    size_t n = strlen(b->backend);
    return strncmp(changed, b->backend, n) == 0 && changed[n] == '/' ? changed + n + 1 : "";
}

static void on_change(void *user, const char *changed)
{
    struct xenbus *b = user;
    const char *key = key_of(b, changed);
    char path[XENSTORE_PATH_MAX];
    if (*key == '\0' || strcmp(key, "state") == 0)
        xenstore_read(0, path_to(b->backend, "state", path), on_state, b);
    else
        b->events->key(b->user, key);
}

/* --- Finding the backend --------------------------------------------------------------------- */

static void on_domain(void *user, int error, const char *data, size_t n)
{
    struct xenbus *b = user;
    uint64_t domain;
    if (error || !xenstore_number(data, n, SERVICE_DOMAINS - 1, &domain) || b->backend[0] == '\0')
        return;
    b->backend_domain = (domid_t)domain;
    xenstore_watch(&b->watch, b->backend, on_change, b);
}

static void on_backend(void *user, int error, const char *data, size_t n)
{
    struct xenbus *b = user;
    if (error == 0 && n < sizeof b->backend && strlen(data) == n)
        memcpy(b->backend, data, n + 1);
}

int xenbus_open(struct xenbus *b, const char *path, const struct xenbus_events *events, void *user)
{
    char text[XENSTORE_PATH_MAX];
    int error;
    if (strlen(path) >= sizeof b->path)
        return -E2BIG;
    *b = (struct xenbus){.events = events, .user = user, .backend_state = XenbusStateUnknown};
    memcpy(b->path, path, strlen(path) + 1);
    error = xenstore_read(0, path_to(path, "backend", text), on_backend, b);
    return error ? error : xenstore_read(0, path_to(path, "backend-id", text), on_domain, b);
}

bool xenbus_follows(const struct xenbus *b, const char *data, size_t n)
{
    return b->watch.fn && n == strlen(b->backend) && memcmp(data, b->backend, n) == 0;
}

void xenbus_close(struct xenbus *b)
{
    xenstore_unwatch(&b->watch);
    xenstore_cancel(b);
    b->backend_state = XenbusStateUnknown;
}

void xenbus_set_state(struct xenbus *b, XenbusState state)
{
    char path[XENSTORE_PATH_MAX], value[XENBUS_VALUE_MAX];
    b->state = state;
    snprintf(value, sizeof value, "%d", state);
    xenstore_write(0, path_to(b->path, "state", path), value, NULL, NULL);
}

/* --- Several keys ---------------------------------------------------------------------------- */

static void finish(struct xenbus *b)
{
    b->keys = NULL;
    b->done(b->user, b->error);
}

/* Send all at once: the daemon does it in this order. If there is no room for all, that is said
 * when what was sent is answered. */
static int ask_for_each(struct xenbus *b, struct xenbus_key *keys, size_t n,
                        int (*ask)(struct xenbus *b, const struct xenbus_key *key),
                        void (*done)(void *user, int error))
{
    size_t sent = 0;
    int error = 0;
    if (b->keys)
        return -EBUSY;
    b->done = done;
    for (; sent < n && error == 0; sent += error == 0)
        error = ask(b, &keys[sent]);
    if (sent == 0)
        return error;
    b->keys = keys;
    b->n_keys = sent;
    b->answered = 0;
    b->error = error;
    return 0;
}

/* --- Reading keys ---------------------------------------------------------------------------- */

/* Answers come in the order of the questions. */
static void on_value(void *user, int error, const char *data, size_t n)
{
    struct xenbus *b = user;
    char *value = b->keys[b->answered].value;
    value[0] = '\0';
    if (error == 0 && n < XENBUS_VALUE_MAX)
        memcpy(value, data, n + 1);
    if (++b->answered == b->n_keys)
        finish(b);
}

static int read_key(struct xenbus *b, const struct xenbus_key *key)
{
    char path[XENSTORE_PATH_MAX];
    const char *folder = key->backend ? b->backend : b->path;
    return xenstore_read(0, path_to(folder, key->name, path), on_value, b);
}

int xenbus_read(struct xenbus *b, struct xenbus_key *keys, size_t n,
                void (*done)(void *user, int error))
{
    return ask_for_each(b, keys, n, read_key, done);
}

/* --- Writing keys ---------------------------------------------------------------------------- */

static void on_written(void *user, int error, const char *data, size_t n)
{
    struct xenbus *b = user;
    (void)data;
    (void)n;
    if (error && b->error == 0)
        b->error = error;
    if (++b->answered == b->n_keys)
        finish(b);
}

static int write_key(struct xenbus *b, const struct xenbus_key *key)
{
    char path[XENSTORE_PATH_MAX];
    return xenstore_write(0, path_to(b->path, key->name, path), key->value, on_written, b);
}

int xenbus_write(struct xenbus *b, struct xenbus_key *keys, size_t n,
                 void (*done)(void *user, int error))
{
    return ask_for_each(b, keys, n, write_key, done);
}
