/*
 * path.c - finding a path and laying its flows; see path.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/path.h"
#include "openflow/action.h"
#include "openflow/match.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

/* --- The way --------------------------------------------------------------------------------- */

/* How much this path likes to go there: of several arcs the one with the highest number is taken,
 * so that a path moves only if its own arc goes or a better one comes. */
static uint64_t liking(const struct graph_arc *a, mac_addr from, mac_addr to)
{
    const uint64_t what[] = {from, to, a->to->dpid, a->port};
    return XXH3_64bits(what, sizeof what);
}

/* The arc by which a path goes on from `n`; distances are to its end. NULL: there is no way. */
static const struct graph_arc *next_arc(const struct graph_node *n, mac_addr from, mac_addr to)
{
    const struct graph_arc *best = NULL;
    uint64_t most = 0;
    for (size_t i = 0; i < n->n_arcs; i++) {
        const struct graph_arc *a = &n->arc[i];
        uint64_t likes;
        if (!graph_is_usable(a) || a->to->distance >= n->distance)
            continue;
        likes = liking(a, from, to);
        if (best == NULL || likes > most) {
            best = a;
            most = likes;
        }
    }
    return best;
}

/* Let the graph's distances be those to the host's switch. Returns the node of `dp` if there is a
 * way from it, else NULL. */
static struct graph_node *measure(struct stp *stp, const struct ctl_dp *dp, const struct host *to)
{
    struct graph_node *n = stp_node(stp, dp), *end = stp_node(stp, to->dp);
    if (n == NULL || end == NULL)
        return NULL;
    graph_measure(stp_graph(stp), end);
    return n->distance != GRAPH_FAR ? n : NULL;
}

uint16_t path_next_port(struct stp *stp, const struct ctl_dp *dp, const struct host *to,
                        mac_addr from)
{
    const struct graph_node *n = measure(stp, dp, to);
    if (n == NULL)
        return OFPP_NONE;
    return n->distance == 0 ? to->port : next_arc(n, from, to->addr)->port;
}

/* The hops of a path, `*n_hops` of them, to be freed. NULL with an error. */
static struct path_hop *find_way(const struct path *p, struct stp *stp, size_t *n_hops, int *error)
{
    const struct graph_node *n = measure(stp, p->from->dp, p->to);
    struct path_hop *hop;
    uint16_t in = p->from->port;
    size_t i = 0;

    *error = -EHOSTUNREACH;
    if (n == NULL)
        return NULL;
    *error = -ENOMEM;
    *n_hops = (size_t)n->distance + 1;
    hop = malloc(*n_hops * sizeof *hop);
    if (hop == NULL)
        return NULL;
    for (; n->distance > 0; i++) {
        const struct graph_arc *a = next_arc(n, p->from->addr, p->to->addr);
        hop[i] = (struct path_hop){n->dp, in, a->port};
        in = a->to_port;
        n = a->to;
    }
    hop[i] = (struct path_hop){n->dp, in, p->to->port};
    *error = 0;
    return hop;
}

/* --- Flows ----------------------------------------------------------------------------------- */

static struct ofp_match match_of(const struct path *p, uint16_t in_port)
{
    struct ofp_match m = ofp_match_any();
    uint8_t bytes[sizeof p->from->addr];
    m.wildcards =
        be32_of(OFPFW_ALL & ~(OFPFW_IN_PORT | OFPFW_DL_VLAN | OFPFW_DL_SRC | OFPFW_DL_DST));
    m.in_port = be16_of(in_port);
    bytes_copy(m.dl_dst, &p->to->addr, sizeof m.dl_dst);
    bytes_copy(bytes, &p->from->addr, sizeof bytes);
    bytes_copy(m.dl_src, bytes, sizeof m.dl_src);
    m.dl_vlan = (be16){{bytes[6], bytes[7]}};
    return m;
}

static void add_flow(const struct path *p, const struct path_hop *hop,
                     const struct ctl_packet *packet)
{
    uint8_t area[sizeof(struct ofp_action_output)];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_match match = match_of(p, hop->in);
    bool first = hop == p->hop;
    struct ofp_msg_flow_mod flow = {
        .match = &match,
        .cookie = p->cookie,
        .command = OFPFC_ADD,
        .idle_timeout = (uint16_t)(p->idle + (first ? 0 : PATH_EXTRA_IDLE)),
        .priority = OFP_DEFAULT_PRIORITY,
        .out_port = OFPP_NONE,
        .flags = first ? OFPFF_SEND_FLOW_REM : 0,
    };
    if (hop->in != hop->out)
        ofp_put_output(&actions, hop->out, 0);
    flow.actions = span_of(area, actions.len);
    ctl_flow_mod(hop->dp, &flow, packet);
}

static void delete_flow(const struct path *p, const struct path_hop *hop)
{
    struct ofp_match match = match_of(p, hop->in);
    struct ofp_msg_flow_mod flow = {.match = &match,
                                    .command = OFPFC_DELETE_STRICT,
                                    .priority = OFP_DEFAULT_PRIORITY,
                                    .out_port = OFPP_NONE};
    if (hop->dp != NULL)
        ctl_flow_mod(hop->dp, &flow, NULL);
}

/* The one of `n` hops that is at this place; NULL: none. */
static const struct path_hop *hop_at(const struct path_hop *hop, size_t n, const struct ctl_dp *dp,
                                     uint16_t in)
{
    for (size_t i = 0; i < n; i++)
        if (hop[i].dp == dp && hop[i].in == in)
            return &hop[i];
    return NULL;
}

int path_lay(struct path *p, struct stp *stp, const struct ctl_packet *packet)
{
    struct path_hop *old = p->hop;
    size_t n_old = p->n_hops, n;
    int error;
    struct path_hop *new = find_way(p, stp, &n, &error);

    if (new == NULL)
        return error;
    p->hop = new;
    p->n_hops = n;
    for (size_t i = n; i-- > 0;) {
        const struct path_hop *was = hop_at(old, n_old, new[i].dp, new[i].in);
        if (was == NULL || was->out != new[i].out || (i == 0) != (was == old))
            add_flow(p, &new[i], i == 0 ? packet : NULL);
    }
    for (size_t i = 0; i < n_old; i++)
        if (hop_at(new, n, old[i].dp, old[i].in) == NULL)
            delete_flow(p, &old[i]);
    free(old);
    return 0;
}

bool path_repeat(const struct path *p, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    const struct path_hop *hop = hop_at(p->hop, p->n_hops, dp, packet->in->in_port);
    if (hop == NULL)
        return false;
    add_flow(p, hop, packet);
    return true;
}

/* --- Paths ----------------------------------------------------------------------------------- */

/* In the shorter one of the two lists that hold it. */
struct path *path_find(const struct host *from, const struct host *to)
{
    struct list *it, *after;
    if (from->n_from <= to->n_to) {
        list_each(it, after, &from->from) if (container_of(it, struct path, from_link)->to ==
                                              to) return container_of(it, struct path, from_link);
    } else {
        list_each(it, after, &to->to) if (container_of(it, struct path, to_link)->from ==
                                          from) return container_of(it, struct path, to_link);
    }
    return NULL;
}

struct path *path_new(struct host *from, struct host *to, uint64_t cookie, uint16_t idle)
{
    struct path *p = malloc(sizeof *p);
    if (p == NULL)
        return NULL;
    *p = (struct path){.from = from, .to = to, .cookie = cookie, .idle = idle};
    list_append(&from->from, &p->from_link);
    list_append(&to->to, &p->to_link);
    from->n_from++;
    to->n_to++;
    return p;
}

void path_free(struct path *p)
{
    for (size_t i = 0; i < p->n_hops; i++)
        delete_flow(p, &p->hop[i]);
    list_remove(&p->from_link);
    list_remove(&p->to_link);
    p->from->n_from--;
    p->to->n_to--;
    free(p->hop);
    free(p);
}

void path_forget_dp(struct path *p, const struct ctl_dp *dp)
{
    for (size_t i = 0; i < p->n_hops; i++)
        if (p->hop[i].dp == dp)
            p->hop[i].dp = NULL;
}
