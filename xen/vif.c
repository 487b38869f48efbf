/*
 * vif.c - the device vif:N: finding vifs, the handshake with their backends, and the netdev.
 *
 * A vif is in device/vif/N of our home in xenstore. Nothing is connected before somebody wants it:
 *
 *     1. A vif is there: device_came(). Whoever watches vif:N has it opened, which says that it is
 *        not there yet, and that it is wanted.
 *     2. The backend waits (InitWait): its features and our MAC address are read, the rings are
 *        made, where they are is written, with the state Connected.
 *     3. The backend is Connected: device_came() again, and now it is opened.
 *     4. The backend is Closing, Closed or gone: device_went(), the rings end, our state is Closed.
 *        When it waits again, or the tools name another backend, all begins anew. One that
 *        waits and has never closed goes on with the rings that are there, as Linux's does when it
 *        is bound anew.
 *     5. The domain goes on as another one: what is below the netdev begins anew (from 2).
 *     6. The device is closed: the rings stay a while for what was sent last, and for whoever opens
 *        it again, before our state is Closed.
 *
 * A backend may offer several queues (netif.h, "Multiple transmit and receive queues"): then a vif
 * has as many pairs of rings, as far as memory and vif_open() allow, and a frame's flow says
 * through which it is sent, so that no flow is put out of order. What is received comes from all.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "xen/vif.h"
#include "runtime/device.h"
#include "runtime/log.h"
#include "xen/netfront.h"
#include "xen/offload.h"
#include "xen/page.h"
#include "xen/xenbus.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

LOG_MODULE(vif);

#define FOLDER       "device/vif"
#define NUMBER_MAX   9999
#define NUMBER_SIZE  8
#define BATCHES      4 /* that a device delivers in one turn at most */
#define MTU          1500
#define MTU_MIN      68 /* of IPv4 (RFC 791, section 3.2) */
#define ETHERNET_LEN 18 /* of a header with a VLAN tag */
#define SHARE        12 /* more than one queue only if a vif takes no more of the memory than this */
#define LINGER       NS_PER_S /* of the rings of a device that was closed */

/* What we read: of the backend's folder, and from MAC on of our own. */
enum { NO_CSUM, IPV6_CSUM, SG, GSO4, GSO6, SPLIT, QUEUES, CARRIER, MAC, VIF_MTU, N_READ };
static const char *const key_names[N_READ] = {
    [NO_CSUM] = "feature-no-csum-offload",
    [IPV6_CSUM] = "feature-ipv6-csum-offload",
    [SG] = "feature-sg",
    [GSO4] = "feature-gso-tcpv4",
    [GSO6] = "feature-gso-tcpv6",
    [SPLIT] = "feature-split-event-channels",
    [QUEUES] = "multi-queue-max-queues",
    [CARRIER] = "carrier",
    [MAC] = "mac",
    [VIF_MTU] = "mtu",
};

struct vif {
    struct list link;
    char number[NUMBER_SIZE];
    struct xenbus bus;
    struct xenbus_key keys[XENBUS_KEYS_MAX];
    bool given_up; /* there was no memory: until somebody asks for it again */
    bool due;      /* its handshake is to begin when it is its turn */
    bool waiting;  /* a step of the handshake is under way */
    bool present;  /* in the list that was read last */
    uint8_t mac[6];
    uint16_t mtu;
    uint32_t features; /* enum netdev_feature */
    bool csum6;        /* the backend takes blank checksums in IPv6, too */
    struct netfront_config config;
    unsigned max_queues; /* that the backend takes; 0: it does not know of several */
    struct netfront *queues[VIF_QUEUES_MAX];
    unsigned n_queues; /* 0: no rings */
    bool link_up;
    struct device *dev;  /* NULL: nobody has it open */
    struct timer linger; /* armed: nobody has, but there are rings */
};

/* What the owner of the netdev has; it may outlive the vif. */
struct device {
    struct netdev netdev;
    struct vif *vif; /* NULL: it has gone */
    struct loop_work more;
};

static struct device_driver driver;
static struct xenstore_watch watch;
static unsigned queues_max; /* of a vif */
static struct list vifs = {&vifs, &vifs};
static bool listing, list_again; /* the folder's names are asked for; and have changed meanwhile */

/* --- Frames ---------------------------------------------------------------------------------- */

static void disconnect(struct vif *v, XenbusState state);

/* A batch. True if there may be more. */
static bool receive_batch(struct device *d, struct netfront *nf)
{
    struct pkt *batch[NETDEV_BATCH];
    size_t n = netfront_receive(nf, d->netdev.pool, batch, NETDEV_BATCH, &d->netdev.stats);
    bool more = false;
    if (netfront_broken(nf)) {
        log_error("vif:%s: its backend breaks the protocol", d->vif->number);
        disconnect(d->vif, XenbusStateClosing);
    } else {
        more = n == NETDEV_BATCH || netfront_more(nf);
    }
    return (n == 0 || netdev_receive(&d->netdev, batch, n)) && more;
}

/* What is received, or seen, may end all queues. */
static void receive(void *user)
{
    struct device *d = user;
    bool more = true;
    for (int i = 0; i < BATCHES && more; i++) {
        more = false;
        for (unsigned q = 0; d->vif && q < d->vif->n_queues; q++)
            more |= receive_batch(d, d->vif->queues[q]);
    }
    if (more && d->vif)
        loop_defer(&d->more);
}

static void on_event(void *user)
{
    struct vif *v = user;
    if (v->dev)
        receive(v->dev);
}

static struct device *device_of(struct netdev *netdev)
{
    return container_of(netdev, struct device, netdev);
}

static struct netfront *queue_of(const struct vif *v, const struct pkt *p)
{
    return v->queues[v->n_queues > 1 ? offload_flow_hash(p) % v->n_queues : 0];
}

static void send_one(struct device *d, struct pkt *p)
{
    const struct vif *v = d->vif;
    int error = v && v->n_queues > 0 ? netfront_send(queue_of(v, p), p) : -ENETDOWN;
    if (error == 0) {
        if (d->netdev.stats.tx_packets++ == 0)
            log_debug("vif:%s: its first frame is sent", d->vif->number);
        d->netdev.stats.tx_bytes += p->len;
    } else if (error == -EMSGSIZE) {
        d->netdev.stats.tx_errors++;
    } else {
        d->netdev.stats.tx_dropped++;
    }
}

static void vif_send(struct netdev *netdev, struct pkt *const *batch, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        send_one(device_of(netdev), batch[i]);
        pkt_unref(batch[i]);
    }
}

static void vif_flush(struct netdev *netdev)
{
    struct device *d = device_of(netdev);
    for (unsigned q = 0; d->vif && q < d->vif->n_queues; q++) {
        netfront_flush(d->vif->queues[q]);
        if (netfront_broken(d->vif->queues[q]))
            loop_defer(&d->more); /* which ends it */
    }
}

static bool vif_can_offload(const struct netdev *netdev, const struct pkt *p)
{
    const struct device *d = container_of(netdev, const struct device, netdev);
    return offload_can_send(p, d->vif && d->vif->csum6);
}

static void vif_close_device(struct netdev *netdev)
{
    struct device *d = device_of(netdev);
    struct vif *v = d->vif;
    loop_work_cancel(&d->more);
    if (v == NULL)
        return;
    d->vif = NULL;
    v->dev = NULL;
    loop_timer_arm(&v->linger, loop_now() + LINGER);
}

static const struct netdev_ops ops = {.send = vif_send,
                                      .flush = vif_flush,
                                      .close = vif_close_device,
                                      .can_offload = vif_can_offload};

/* --- The link's state (netif.h, "Link state") --------------------------------------------------
 */

/* Only a node that says "0" means that there is no carrier. */
static bool has_carrier(const char *node, size_t n)
{
    return n != 1 || node[0] != '0';
}

static void on_carrier(void *user, int error, const char *data, size_t n)
{
    struct vif *v = user;
    v->link_up = error != 0 || has_carrier(data, n);
    if (v->dev)
        netdev_set_link(&v->dev->netdev, v->link_up);
}

static void on_backend_key(void *user, const char *key)
{
    struct vif *v = user;
    char path[XENSTORE_PATH_MAX];
    if (strcmp(key, key_names[CARRIER]) != 0)
        return;
    snprintf(path, sizeof path, "%s/%s", v->bus.backend, key);
    xenstore_read(0, path, on_carrier, v);
}

/* --- The handshake --------------------------------------------------------------------------- */

static void free_queues(struct vif *v)
{
    while (v->n_queues > 0)
        netfront_free(v->queues[--v->n_queues]);
    timer_cancel(&v->linger);
    xenstore_cancel(v);
}

/* The rings end, whoever has the device is told. */
static void disconnect(struct vif *v, XenbusState state)
{
    struct device *d = v->dev;
    v->dev = NULL;
    if (d) {
        d->vif = NULL;
        device_went(&d->netdev);
    }
    free_queues(v);
    if (v->bus.state != state)
        xenbus_set_state(&v->bus, state);
}

static void end_lingering(void *user)
{
    disconnect(user, XenbusStateClosed);
}

static bool has(const struct vif *v, unsigned feature)
{
    return strcmp(v->keys[feature].value, "1") == 0;
}

/* Blank checksums of IPv6 go with those of IPv4: see offload_can_send(). */
static void take_features(struct vif *v)
{
    bool csum = !has(v, NO_CSUM);
    const char *queues = v->keys[QUEUES].value;
    uint64_t n;
    v->link_up = has_carrier(v->keys[CARRIER].value, strlen(v->keys[CARRIER].value));
    v->csum6 = csum && has(v, IPV6_CSUM);
    v->features = NETDEV_RX_CSUM | NETDEV_RX_GSO;
    v->features |= csum ? NETDEV_TX_CSUM : 0;
    v->features |= csum && has(v, SG) && has(v, GSO4) ? NETDEV_TX_GSO4 : 0;
    v->features |= v->csum6 && has(v, SG) && has(v, GSO6) ? NETDEV_TX_GSO6 : 0;
    v->config = (struct netfront_config){
        .backend = v->bus.backend_domain, .split = has(v, SPLIT), .sg = has(v, SG)};
    v->max_queues =
        xenstore_number(queues, strlen(queues), UINT16_MAX, &n) && n > 0 ? (unsigned)n : 0;
}

static void take_mtu(struct vif *v)
{
    const char *text = v->keys[VIF_MTU].value;
    uint64_t mtu, most = netfront_frame_max(&v->config) - ETHERNET_LEN;
    if (!xenstore_number(text, strlen(text), UINT16_MAX, &mtu) || mtu < MTU_MIN)
        mtu = MTU;
    v->mtu = (uint16_t)(mtu < most ? mtu : most);
}

static bool take_mac(struct vif *v)
{
    uint8_t *m = v->mac;
    char end;
    return sscanf(v->keys[MAC].value, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &m[0], &m[1], &m[2],
                  &m[3], &m[4], &m[5], &end) == 6;
}

static void put_key(struct vif *v, size_t *n, const char *folder, const char *name, uint32_t value)
{
    struct xenbus_key *key = &v->keys[(*n)++];
    key->backend = false;
    snprintf(key->name, sizeof key->name, "%s%s", folder, name);
    snprintf(key->value, sizeof key->value, "%" PRIu32, value);
}

static void begin_next(void);

/* The backend has left InitWait under a handshake, which is over then, as on_backend() has said. */
static bool is_over(struct vif *v, bool over)
{
    if (!over)
        return false;
    v->waiting = false;
    begin_next();
    return true;
}

/* A step has failed: it is tried again when the backend's state changes, or the device is asked for
 * again. */
static bool stop(struct vif *v, const char *what, int error)
{
    if (error == 0)
        return false;
    v->waiting = false;
    log_warn("vif:%s: %s: error %d", v->number, what, -error);
    disconnect(v, XenbusStateClosed);
    begin_next();
    return true;
}

static void on_written(void *user, int error)
{
    struct vif *v = user;
    if (is_over(v, v->n_queues == 0))
        return;
    if (stop(v, "cannot write where the rings are", error))
        return;
    v->waiting = false;
    v->bus.state = XenbusStateConnected;
    begin_next();
}

/* Where the rings of one queue are. */
static void put_queue(struct vif *v, size_t *n, const char *folder, const struct netfront *nf)
{
    struct netfront_address at;
    netfront_address(nf, &at);
    put_key(v, n, folder, "tx-ring-ref", at.tx_ring);
    put_key(v, n, folder, "rx-ring-ref", at.rx_ring);
    if (v->config.split) {
        put_key(v, n, folder, "event-channel-tx", at.tx_port);
        put_key(v, n, folder, "event-channel-rx", at.rx_port);
    } else {
        put_key(v, n, folder, "event-channel", at.tx_port);
    }
}

_Static_assert(VIF_QUEUES_MAX <= 10, "put_queues() writes one digit");

/* Several have a folder each; the only one has none, as if there were no such feature. */
static void put_queues(struct vif *v, size_t *n)
{
    if (v->max_queues > 0)
        put_key(v, n, "", "multi-queue-num-queues", v->n_queues);
    for (unsigned q = 0; q < v->n_queues; q++) {
        char folder[] = "queue-0/";
        folder[sizeof folder - 3] = (char)('0' + q);
        put_queue(v, n, v->n_queues > 1 ? folder : "", v->queues[q]);
    }
}

static void put_features(struct vif *v, size_t *n)
{
    static const char *const ours[] = {"request-rx-copy",   "feature-rx-notify",
                                       "feature-sg",        "feature-gso-tcpv4",
                                       "feature-gso-tcpv6", "feature-ipv6-csum-offload"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        put_key(v, n, "", ours[i], 1);
}

_Static_assert(VIF_QUEUES_MAX * 4 + 8 <= XENBUS_KEYS_MAX, "what connect() writes");

static bool make_queues(struct vif *v)
{
    size_t room = page_stats()->total / SHARE / netfront_pages();
    do {
        struct netfront *nf = netfront_new(&v->config, on_event, v);
        if (nf == NULL)
            break;
        v->queues[v->n_queues++] = nf;
    } while (v->n_queues < queues_max && v->n_queues < v->max_queues && v->n_queues < room);
    return v->n_queues > 0;
}

static void connect(struct vif *v)
{
    size_t n = 0;
    v->given_up = !make_queues(v);
    if (stop(v, "cannot make rings", v->given_up ? -ENOMEM : 0))
        return;
    put_queues(v, &n);
    put_features(v, &n);
    put_key(v, &n, "", "state", XenbusStateConnected);
    stop(v, "cannot write", xenbus_write(&v->bus, v->keys, n, on_written));
}

static void on_read(void *user, int error)
{
    struct vif *v = user;
    if (is_over(v, v->due || v->bus.backend_state != XenbusStateInitWait))
        return;
    if (stop(v, "cannot read", error) ||
        stop(v, "it has no MAC address", take_mac(v) ? 0 : -EINVAL))
        return;
    take_features(v);
    take_mtu(v);
    connect(v);
}

static bool is_wanted(const struct vif *v)
{
    return !v->given_up && device_is_watched(&driver, v->number);
}

static void begin_handshake(struct vif *v)
{
    v->due = false;
    v->waiting = true;
    for (size_t i = 0; i < N_READ; i++) {
        snprintf(v->keys[i].name, sizeof v->keys[i].name, "%s", key_names[i]);
        v->keys[i].backend = i < MAC;
    }
    stop(v, "cannot read", xenbus_read(&v->bus, v->keys, N_READ, on_read));
}

static bool may_begin(const struct vif *v)
{
    return v->due && v->bus.backend_state == XenbusStateInitWait && is_wanted(v) &&
           v->n_queues == 0;
}

/* The first that is due, if none is under way: the daemon answers in order, and so the first vif,
 * which is the domain's own, is not connected behind all that is asked for the others. */
static void begin_next(void)
{
    struct list *l, *after;
    struct vif *first = NULL;
    list_each(l, after, &vifs)
    {
        struct vif *v = container_of(l, struct vif, link);
        if (v->waiting)
            return;
        if (first == NULL && may_begin(v))
            first = v;
    }
    if (first)
        begin_handshake(first);
}

static void ask_for_handshake(struct vif *v)
{
    v->due = true;
    begin_next();
}

/* The rings are in use: of a device that is open, and has another backend than before, or of one
 * that can be opened now. If whoever watched it has left meanwhile they are given back. */
static void begin_service(struct vif *v)
{
    if (v->dev) {
        v->dev->netdev.features = v->features;
        if (netdev_set_link(&v->dev->netdev, v->link_up))
            netdev_moved(&v->dev->netdev);
    } else if (v->n_queues > 0) {
        loop_timer_arm(&v->linger, loop_now() + LINGER);
        device_came(&driver, v->number);
    }
}

static void on_backend(void *user)
{
    struct vif *v = user;
    v->due = false;
    switch (v->bus.backend_state) {
    case XenbusStateInitWait:
        ask_for_handshake(v);
        break;
    case XenbusStateConnected:
        begin_service(v);
        break;
    case XenbusStateClosing:
        disconnect(v, XenbusStateClosed);
        break;
    case XenbusStateClosed:
        disconnect(v, is_wanted(v) ? XenbusStateInitialising : XenbusStateClosed);
        break;
    case XenbusStateUnknown:
        disconnect(v, XenbusStateClosed);
        break;
    default:
        break;
    }
}

static const struct xenbus_events bus_events = {.state = on_backend, .key = on_backend_key};

/* --- Opening --------------------------------------------------------------------------------- */

static struct vif *find(const char *number)
{
    struct list *l, *after;
    list_each(l, after, &vifs)
    {
        struct vif *v = container_of(l, struct vif, link);
        if (strcmp(v->number, number) == 0)
            return v;
    }
    return NULL;
}

/* Somebody wants it: if it had been given up it begins anew. */
static void want(struct vif *v)
{
    v->given_up = false;
    if (v->waiting)
        return;
    if (v->bus.backend_state == XenbusStateInitWait)
        ask_for_handshake(v);
    else if (v->bus.backend_state == XenbusStateClosed)
        xenbus_set_state(&v->bus, XenbusStateInitialising);
}

static bool is_ready(const struct vif *v)
{
    return v->n_queues > 0 && !v->waiting && v->bus.backend_state == XenbusStateConnected;
}

static int vif_open_device(const char *number, struct pkt_pool *pool, struct netdev **netdev)
{
    struct vif *v = find(number);
    struct device *d;
    if (v == NULL)
        return -ENODEV;
    if (v->dev)
        return -EBUSY;
    if (!is_ready(v)) {
        want(v);
        return -ENODEV;
    }
    d = (struct device *)netdev_new(sizeof *d, &ops, pool);
    if (d == NULL)
        return -ENOMEM;
    loop_work_init(&d->more, receive, d);
    d->vif = v;
    memcpy(d->netdev.mac, v->mac, sizeof v->mac);
    d->netdev.mtu = v->mtu;
    d->netdev.features = v->features;
    d->netdev.link_up = v->link_up;
    v->dev = d;
    timer_cancel(&v->linger);
    loop_defer(&d->more); /* what has come already */
    *netdev = &d->netdev;
    return 0;
}

static void vif_each(void (*fn)(void *user, const char *arg), void *user)
{
    struct list *l, *after;
    list_each(l, after, &vifs)
    {
        fn(user, container_of(l, struct vif, link)->number);
    }
}

static struct device_driver driver = {.kind = "vif", .open = vif_open_device, .each = vif_each};

/* --- Coming and going ------------------------------------------------------------------------ */

/* The tools have written our state. */
static int follow_bus(struct vif *v)
{
    char path[XENBUS_PATH_MAX];
    int error;
    snprintf(path, sizeof path, FOLDER "/%s", v->number);
    error = xenbus_open(&v->bus, path, &bus_events, v);
    v->bus.state = XenbusStateInitialising;
    return error;
}

static void vif_new(const char *number)
{
    struct vif *v = calloc(1, sizeof *v);
    if (v == NULL)
        return;
    snprintf(v->number, sizeof v->number, "%s", number);
    if (follow_bus(v) != 0) {
        free(v);
        return;
    }
    timer_init(&v->linger, end_lingering, v);
    v->present = true;
    list_append(&vifs, &v->link);
    log_info("vif:%s is there", number);
    device_came(&driver, number);
}

static void vif_free(struct vif *v, bool say)
{
    struct device *d = v->dev;
    if (d) {
        d->vif = NULL;
        device_went(&d->netdev);
    }
    if (say)
        log_info("vif:%s has gone", v->number);
    free_queues(v);
    xenbus_close(&v->bus);
    list_remove(&v->link);
    free(v);
}

static void free_absent(void)
{
    struct list *l, *after;
    list_each(l, after, &vifs)
    {
        struct vif *v = container_of(l, struct vif, link);
        if (!v->present)
            vif_free(v, true);
        else
            v->present = false; /* until the next list says so again */
    }
    begin_next();
}

static void on_list(void *user, int error, const char *names, size_t n);

/* At most one call is under way, however much changes at once. */
static void ask_for_list(void)
{
    list_again = listing;
    if (!listing)
        listing = xenstore_list(0, FOLDER, on_list, NULL) == 0;
}

static void take_list(const char *names, size_t n)
{
    for (size_t at = 0; at < n; at += strlen(names + at) + 1) {
        const char *name = names + at;
        uint64_t number;
        struct vif *v = find(name);
        if (v)
            v->present = true;
        else if (xenstore_number(name, strlen(name), NUMBER_MAX, &number))
            vif_new(name);
    }
    free_absent();
}

/* The folder's names: none if there is no folder. Another error says nothing of vifs. */
static void on_list(void *user, int error, const char *names, size_t n)
{
    (void)user;
    listing = false;
    if (error == 0 || error == -ENOENT)
        take_list(names, n);
    if (list_again)
        ask_for_list();
}

/* The tools have written where the backend is: if that is another one all begins anew. */
static void on_where(void *user, int error, const char *data, size_t n)
{
    struct vif *v = user;
    if (error || xenbus_follows(&v->bus, data, n))
        return;
    vif_free(v, true);
    ask_for_list();
}

/* The vif that we know whose folder, or something in it, this is. What has changed there goes to
 * `key`. */
static struct vif *vif_of(const char *path, const char **key)
{
    char number[NUMBER_SIZE];
    size_t n;
    if (strncmp(path, FOLDER "/", sizeof FOLDER) != 0)
        return NULL;
    path += sizeof FOLDER;
    n = strcspn(path, "/");
    if (n >= sizeof number)
        return NULL;
    memcpy(number, path, n);
    number[n] = '\0';
    *key = path + n;
    return find(number);
}

/* Something changed in the folder, or in one below it. Most of that we write ourselves. */
static void on_change(void *user, const char *changed)
{
    const char *key = "";
    struct vif *v = vif_of(changed, &key);
    char path[XENSTORE_PATH_MAX];
    (void)user;
    if (v == NULL || *key == '\0')
        ask_for_list();
    if (v == NULL || (*key != '\0' && strncmp(key, "/backend", 8) != 0))
        return;
    snprintf(path, sizeof path, FOLDER "/%s/backend", v->number);
    xenstore_read(0, path, on_where, v);
}

/* --- Life goes on in another domain ---------------------------------------------------------- */

/* No call is under way, so neither is a step of a handshake. */
void vif_suspended(void)
{
    struct list *l, *after;
    list_each(l, after, &vifs)
    {
        struct vif *v = container_of(l, struct vif, link);
        free_queues(v);
        xenbus_close(&v->bus);
    }
}

void vif_resume(void)
{
    struct list *l, *after;
    list_each(l, after, &vifs)
    {
        struct vif *v = container_of(l, struct vif, link);
        if (follow_bus(v) != 0)
            vif_free(v, true);
    }
}

/* --- Opening and closing --------------------------------------------------------------------- */

int vif_open(unsigned queues)
{
    queues_max = queues;
    listing = false;
    device_register(&driver);
    return xenstore_watch(&watch, FOLDER, on_change, NULL);
}

void vif_close(void)
{
    struct list *l;
    xenstore_unwatch(&watch);
    while ((l = vifs.next) != &vifs) {
        struct vif *v = container_of(l, struct vif, link);
        for (unsigned q = 0; q < v->n_queues && is_ready(v); q++)
            netfront_drain(v->queues[q]);
        disconnect(v, XenbusStateClosed);
        vif_free(v, false);
    }
}
