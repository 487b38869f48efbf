/*
 * slicer_reference.c - see slicer_reference.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/sim/slicer_reference.h"
#include "openflow/action.h"

#include <stdlib.h>
#include <string.h>

#define LABELS 3072 /* VLANs from here on are the slicer's */

struct reference reference;

/* --- Whose ----------------------------------------------------------------------------------- */

static bool is_at(const struct ref_line *line, unsigned sw)
{
    return reference.present[line->slice] && (line->dpid == 0 || line->dpid == sw);
}

static bool holds(const struct ref_line *line, const struct ofp_key *key)
{
    struct ofp_key k, mask;
    ofp_match_canonical(&line->match, &k, &mask);
    return ofp_key_matches(key, &k, &mask);
}

static bool any_big(void)
{
    bool any = false;
    for (unsigned s = 0; s < REF_SLICES; s++)
        any |= reference.present[s] && reference.big[s];
    return any;
}

int ref_owner(unsigned sw, uint16_t port, const struct net_frame *frame)
{
    const struct ref_line *best = NULL;
    struct ofp_key key;
    uint16_t vlan;
    ofp_key_extract(&key, span_of(frame->bytes, frame->len), port);
    vlan = be16_get(key.match.dl_vlan);
    if (any_big() && vlan >= LABELS && vlan < 4095)
        return -1;
    for (size_t i = 0; i < reference.n_lines; i++) {
        const struct ref_line *line = &reference.line[i];
        if (!is_at(line, sw) || !holds(line, &key))
            continue;
        if (best == NULL || (line->priority > best->priority && !reference.first_wins))
            best = line;
    }
    return best != NULL ? (int)best->slice : -1;
}

bool ref_has_switch(unsigned slice, unsigned sw)
{
    for (size_t i = 0; i < reference.n_lines; i++)
        if (reference.line[i].slice == slice && is_at(&reference.line[i], sw))
            return true;
    return false;
}

bool ref_has_port(unsigned slice, unsigned sw, uint16_t port)
{
    for (size_t i = 0; i < reference.n_lines; i++) {
        const struct ref_line *line = &reference.line[i];
        if (line->slice == slice && is_at(line, sw) &&
            (be32_get(line->match.wildcards) & OFPFW_IN_PORT ||
             be16_get(line->match.in_port) == port))
            return true;
    }
    return false;
}

/* --- The edge -------------------------------------------------------------------------------- */

static bool is_hosts(unsigned slice, unsigned sw, uint16_t port)
{
    const struct net_port *p = &net_shape.port[sw][port];
    return p->to == 0 && !p->down && ref_has_port(slice, sw, port);
}

/* The switches that cables join to `from`. */
static void reach(unsigned from, bool in[NET_SWITCHES + 1])
{
    in[from] = true;
    for (uint16_t no = 1; no <= net_shape.n_ports[from]; no++) {
        const struct net_port *p = &net_shape.port[from][no];
        if (p->to != 0 && !p->down && !in[p->to])
            reach(p->to, in);
    }
}

static unsigned count_hosts(unsigned slice, const bool in[NET_SWITCHES + 1])
{
    unsigned n = 0;
    for (unsigned sw = 1; sw <= net_shape.n; sw++)
        for (uint16_t no = 1; no <= net_shape.n_ports[sw]; no++)
            n += in[sw] && is_hosts(slice, sw, no);
    return n;
}

/* The part with most of its ports, of equals that with the lowest id. */
bool ref_is_edge(unsigned slice, unsigned sw, uint16_t port)
{
    bool best[NET_SWITCHES + 1] = {false};
    unsigned most = 0;
    for (unsigned from = 1; from <= net_shape.n; from++) {
        bool in[NET_SWITCHES + 1] = {false};
        unsigned n;
        reach(from, in);
        n = count_hosts(slice, in);
        if (n > most) {
            most = n;
            memcpy(best, in, sizeof best);
        }
    }
    return best[sw] && is_hosts(slice, sw, port);
}

struct ref_place ref_place_of(const struct ref_view *view, uint16_t number)
{
    struct ref_place place = {0};
    if (view->sw == 0)
        return number <= REF_PORTS ? view->place[number] : place;
    if (number >= 1 && number <= net_shape.n_ports[view->sw] &&
        ref_has_port(view->slice, view->sw, number))
        place = (struct ref_place){view->sw, number};
    return place;
}

static uint16_t number_of(const struct ref_view *view, struct ref_place at)
{
    if (view->sw != 0)
        return at.port;
    for (uint16_t n = 1; n <= REF_PORTS; n++)
        if (view->place[n].sw == at.sw && view->place[n].port == at.port)
            return n;
    return 0;
}

static struct ref_view *view_at(int slice, unsigned sw)
{
    for (size_t i = 0; i < REF_VIEWS; i++) {
        struct ref_view *v = &reference.view[i];
        if (v->there && (int)v->slice == slice && (v->sw == 0 || v->sw == sw))
            return v;
    }
    return NULL;
}

/* --- Actions --------------------------------------------------------------------------------- */

/* A frame on its way through a flow's actions. */
struct passage {
    const struct ref_view *view;
    struct ref_place in; /* sw 0: from nowhere */
    uint16_t number;     /* of that port */
    struct net_frame frame;
};

static bool is_tagged(const struct net_frame *f)
{
    return f->bytes[12] == 0x81 && f->bytes[13] == 0;
}

static void set_vlan(struct net_frame *f, uint16_t vid)
{
    if (!is_tagged(f)) {
        memmove(f->bytes + 16, f->bytes + 12, f->len - 12);
        memcpy(f->bytes + 12, "\x81\0\0\0", 4);
        f->len += 4;
    }
    f->bytes[14] = (uint8_t)((f->bytes[14] & 0xf0) | vid >> 8);
    f->bytes[15] = (uint8_t)vid;
}

static void strip_vlan(struct net_frame *f)
{
    if (!is_tagged(f))
        return;
    f->len -= 4;
    memmove(f->bytes + 12, f->bytes + 16, f->len - 12);
}

static void set_nw_dst(struct net_frame *f, be32 addr)
{
    size_t at = is_tagged(f) ? 16 : 12;
    if (f->bytes[at] == 8 && f->bytes[at + 1] == 0)
        memcpy(f->bytes + at + 18, &addr, sizeof addr);
}

static void change(struct net_frame *f, const struct ofp_action_header *a)
{
    switch (be16_get(a->type)) {
    case OFPAT_SET_VLAN_VID:
        set_vlan(f, be16_get(((const struct ofp_action_vlan_vid *)(const void *)a)->vlan_vid));
        break;
    case OFPAT_STRIP_VLAN:
        strip_vlan(f);
        break;
    case OFPAT_SET_DL_DST:
        memcpy(f->bytes, ((const struct ofp_action_dl_addr *)(const void *)a)->dl_addr, 6);
        break;
    case OFPAT_SET_NW_DST:
        set_nw_dst(f, ((const struct ofp_action_nw_addr *)(const void *)a)->nw_addr);
        break;
    default:
        abort();
    }
}

/* Is there a way to a port of a big switch, from where the frame is? */
static bool has_way(const struct passage *p, struct ref_place to)
{
    bool in[NET_SWITCHES + 1] = {false};
    if (p->in.sw == 0)
        return ref_is_edge(p->view->slice, to.sw, to.port);
    reach(p->in.sw, in);
    return in[to.sw] && ref_is_edge(p->view->slice, to.sw, to.port);
}

/* To a host, or over a cable. */
static void go_out(const struct passage *p, struct ref_place at)
{
    const struct net_port *port = &net_shape.port[at.sw][at.port];
    struct net_heard heard = {.view = -1, .sw = at.sw, .port = at.port};
    if (port->down)
        return;
    if (port->to != 0) {
        ref_arrive(port->to, port->to_port, &p->frame);
        return;
    }
    heard.frame = net_comparable(span_of(p->frame.bytes, p->frame.len));
    net_note(&reference.log, &heard);
}

static void leave(const struct passage *p, struct ref_place at)
{
    if (p->view->sw != 0 || has_way(p, at))
        go_out(p, at);
}

static void to_controller(const struct ref_view *view, uint16_t number,
                          const struct net_frame *frame)
{
    struct net_heard heard = {.view = (int)(view - reference.view), .port = number};
    heard.frame = net_comparable(span_of(frame->bytes, frame->len));
    net_note(&reference.log, &heard);
}

static void to_all(const struct passage *p)
{
    for (uint16_t n = 1; n <= REF_PORTS; n++) {
        struct ref_place at = ref_place_of(p->view, n);
        if (at.sw != 0 && (at.sw != p->in.sw || at.port != p->in.port))
            leave(p, at);
    }
}

static void output(const struct passage *p, uint16_t to)
{
    struct ref_place at = ref_place_of(p->view, to);
    if (to == OFPP_CONTROLLER && p->in.sw != 0 && (p->view->sw != 0 || has_way(p, p->in)))
        to_controller(p->view, p->number, &p->frame);
    else if (to == OFPP_FLOOD || to == OFPP_ALL)
        to_all(p);
    else if (to == OFPP_IN_PORT)
        go_out(p, p->in);
    else if (at.sw != 0 && (at.sw != p->in.sw || at.port != p->in.port))
        leave(p, at);
}

void ref_send(const struct ref_view *view, struct ref_place from, uint16_t number,
              const struct net_frame *frame, struct span actions)
{
    struct passage p = {.view = view, .in = from, .number = number, .frame = *frame};
    const struct ofp_action_header *a;
    while ((a = ofp_next_action(&actions)) != NULL)
        if (be16_get(a->type) == OFPAT_OUTPUT)
            output(&p, be16_get(((const struct ofp_action_output *)(const void *)a)->port));
        else
            change(&p.frame, a);
}

/* --- Tables ---------------------------------------------------------------------------------- */

static struct ref_entry *look_up(struct ref_table *t, const struct ofp_key *key)
{
    struct ref_entry *best = NULL;
    for (size_t i = 0; i < t->n; i++) {
        struct ref_entry *e = &t->entry[i];
        if (ofp_key_matches(key, &e->key, &e->mask) &&
            (best == NULL || e->priority > best->priority))
            best = e;
    }
    return best;
}

void ref_arrive(unsigned sw, uint16_t port, const struct net_frame *frame)
{
    int owner = ref_owner(sw, port, frame);
    struct ref_view *view = owner >= 0 ? view_at(owner, sw) : NULL;
    struct ref_place in = {sw, port};
    uint16_t number = view != NULL ? number_of(view, in) : 0;
    struct ref_entry *e;
    struct ofp_key key;

    if (view == NULL || (view->sw == 0 && !ref_is_edge(view->slice, sw, port)))
        return;
    ofp_key_extract(&key, span_of(frame->bytes, frame->len), number);
    e = look_up(&view->table, &key);
    if (e == NULL) {
        to_controller(view, number, frame);
        return;
    }
    e->packets++;
    ref_send(view, in, number, frame, span_of(e->actions, e->actions_len));
}
