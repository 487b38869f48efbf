/*
 * router_file.c - reading routers line by line; see router_file.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/router_file.h"
#include "controller/apps/line_file.h"
#include "openflow/parse.h"
#include "openflow/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MTU_USUAL 1500
#define MTU_MIN   68 /* RFC 791 section 3.2: what every network takes */
#define MTU_MAX   65535

void router_set_free(struct router_set *set)
{
    for (size_t i = 0; i < set->n; i++)
        free(set->router[i]);
    free(set->router);
    *set = (struct router_set){0};
}

/* --- A line ---------------------------------------------------------------------------------- */

/* What stands in a line, taken apart. */
struct router_line {
    struct router_interface interface;
    struct forward_route route;
    bool has_ip, has_mac, has_route;
};

static const char *wrong_item(char *error, const struct scan_item *item, const char *why)
{
    return ofp_scan_error(error, item->all, why);
}

/* A.B.C.D/N. */
static bool scan_prefix(struct word w, uint32_t *address, uint8_t *prefix)
{
    struct word before, behind;
    uint64_t a, n;
    if (!ofp_word_split(w, "/", &before, &behind) ||
        !ofp_scan_value(before, SCAN_IPV4, UINT32_MAX, &a) || !ofp_scan_number(behind, 32, &n))
        return false;
    *address = (uint32_t)a;
    *prefix = (uint8_t)n;
    return true;
}

/* RFC 1812 section 4.2.2.11: neither the network itself nor its broadcast; RFC 3021: of two
 * addresses both are hosts. */
static bool is_host(uint32_t address, uint8_t prefix)
{
    uint32_t part = address & ~forward_mask(prefix);
    return router_is_unicast(address) &&
           (prefix >= 31 || (part != 0 && part != ~forward_mask(prefix)));
}

static const char *read_ip(struct router_line *l, const struct scan_item *item, char *error)
{
    struct router_interface *i = &l->interface;
    if (!scan_prefix(item->value, &i->address, &i->prefix) || i->prefix == 0)
        return wrong_item(error, item, "wants an address and its prefix, as in ip=10.0.1.1/24");
    if (!is_host(i->address, i->prefix))
        return wrong_item(error, item, "no host of this network can have such an address");
    l->has_ip = true;
    return NULL;
}

static const char *read_port(struct router_line *l, const struct scan_item *item, char *error)
{
    struct router_interface *i = &l->interface;
    uint16_t port;
    if (!ofp_scan_port(item->value, &port) || port == 0 || (port >= OFPP_MAX && port != OFPP_LOCAL))
        return wrong_item(error, item, "wants a port of a switch: 1 to 65279, or LOCAL");
    if (i->n_ports == ROUTER_PORTS)
        return wrong_item(error, item, "an interface has at most 32 ports");
    i->port[i->n_ports++] = port;
    return NULL;
}

static const char *read_vlan(struct router_line *l, const struct scan_item *item, char *error)
{
    uint64_t vlan;
    if (!ofp_scan_number(item->value, 4094, &vlan) || vlan == 0)
        return wrong_item(error, item, "wants a VLAN: 1 to 4094");
    l->interface.vlan = (uint16_t)vlan;
    return NULL;
}

static const char *read_mtu(struct router_line *l, const struct scan_item *item, char *error)
{
    uint64_t mtu;
    if (!ofp_scan_number(item->value, MTU_MAX, &mtu) || mtu < MTU_MIN)
        return wrong_item(error, item, "wants the longest packet: 68 to 65535 bytes");
    l->interface.mtu = (uint16_t)mtu;
    return NULL;
}

static const char *read_mac(struct router_line *l, const struct scan_item *item, char *error)
{
    uint64_t mac;
    if (!ofp_scan_value(item->value, SCAN_MAC, UINT64_MAX, &mac) || mac == 0 || mac >> 40 & 1)
        return wrong_item(error, item, "wants the MAC address of a host, as in 02:00:00:00:01:01");
    for (int i = 0; i < OFP_ETH_ALEN; i++)
        l->interface.mac[i] = (uint8_t)(mac >> (40 - 8 * i));
    l->has_mac = true;
    return NULL;
}

static const char *read_route(struct router_line *l, const struct scan_item *item, char *error)
{
    struct forward_route *r = &l->route;
    if (!scan_prefix(item->value, &r->network, &r->prefix))
        return wrong_item(error, item, "wants a network, as in route=10.0.3.0/24");
    if ((r->network & ~forward_mask(r->prefix)) != 0)
        return wrong_item(error, item, "has bits behind its prefix: they are to be 0");
    l->has_route = true;
    return NULL;
}

static const char *read_via(struct router_line *l, const struct scan_item *item, char *error)
{
    uint64_t address;
    if (!ofp_scan_value(item->value, SCAN_IPV4, UINT32_MAX, &address) ||
        !router_is_unicast((uint32_t)address))
        return wrong_item(error, item, "wants the address of a gateway");
    l->route.gateway = (uint32_t)address;
    return NULL;
}

static const struct {
    const char *name;
    const char *(*read)(struct router_line *l, const struct scan_item *item, char *error);
} item_rows[] = {
    {"ip", read_ip},   {"port", read_port},   {"vlan", read_vlan}, {"mtu", read_mtu},
    {"mac", read_mac}, {"route", read_route}, {"via", read_via},
};

static const char *read_item(struct router_line *l, const struct scan_item *item, char *error)
{
    for (size_t i = 0; i < sizeof item_rows / sizeof item_rows[0]; i++)
        if (ofp_word_is(item->name, item_rows[i].name))
            return item_rows[i].read(l, item, error);
    return wrong_item(error, item, "is not one of ip, port, vlan, mtu, mac, route, via");
}

static const char *read_items(const char *text, struct router_line *l, char *error)
{
    struct word rest = ofp_word_of(text);
    struct scan_item item;
    const char *wrong = NULL;
    while (wrong == NULL && ofp_scan_item(&rest, &item))
        wrong = read_item(l, &item, error);
    if (wrong != NULL)
        return wrong;
    if (l->has_ip == l->has_route)
        return "a line is an interface (ip=, port=) or a route (route=, via=)";
    if (l->has_ip && (l->interface.n_ports == 0 || l->route.gateway != 0))
        return "an interface wants ip= and port=, and may have vlan=, mtu= and mac=";
    if (l->has_route && (l->route.gateway == 0 || l->has_mac || l->interface.vlan ||
                         l->interface.mtu || l->interface.n_ports))
        return "a route wants route= and via=, and has nothing else";
    return NULL;
}

/* --- The set --------------------------------------------------------------------------------- */

static struct router_config *find_own(const struct router_set *set, bool all, uint64_t dpid)
{
    for (size_t i = 0; i < set->n; i++)
        if (set->router[i]->all == all && (all || set->router[i]->dpid == dpid))
            return set->router[i];
    return NULL;
}

static struct router_config *find_or_make(struct router_set *set, bool all, uint64_t dpid)
{
    struct router_config *c = find_own(set, all, dpid), **bigger;
    if (c != NULL)
        return c;
    bigger = realloc(set->router, (set->n + 1) * sizeof(struct router_config *));
    if (bigger == NULL)
        return NULL;
    set->router = bigger;
    c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->all = all;
    c->dpid = dpid;
    set->router[set->n++] = c;
    return c;
}

static void default_mac(struct router_interface *i)
{
    be32 address = be32_of(i->address);
    i->mac[0] = 0x02;
    i->mac[1] = 0x4d;
    bytes_copy(&i->mac[2], &address, sizeof address);
}

static const char *add_interface(struct router_config *c, const struct router_line *l,
                                 unsigned line)
{
    struct router_interface *i = &c->interface[c->n_interfaces];
    if (c->n_interfaces == ROUTER_INTERFACES)
        return "a router has at most 64 interfaces";
    *i = l->interface;
    i->line = line;
    if (!l->has_mac)
        default_mac(i);
    if (i->mtu == 0)
        i->mtu = MTU_USUAL;
    c->n_interfaces++;
    return NULL;
}

/* Its interface is found when all of them are known. There is room left for those of the
 * interfaces.
 */
static const char *add_route(struct router_config *c, const struct forward_route *r, unsigned line)
{
    if (c->n_routes == ROUTER_ROUTES - ROUTER_INTERFACES)
        return "a router has at most 960 routes";
    c->route[c->n_routes] = *r;
    c->route_line[c->n_routes++] = line;
    return NULL;
}

const char *router_set_add(void *user, const char *text, unsigned line, char *error)
{
    struct router_line l = {0};
    struct router_config *c;
    const char *wrong;
    uint64_t dpid = 0;
    bool all;
    if (line_is_empty(text))
        return NULL;
    wrong = line_read_dpid(&text, &all, &dpid);
    if (wrong == NULL)
        wrong = read_items(text, &l, error);
    if (wrong != NULL)
        return wrong;
    c = find_or_make(user, all, dpid);
    if (c == NULL)
        return "no memory";
    return l.has_ip ? add_interface(c, &l, line) : add_route(c, &l.route, line);
}

/* --- What lines say together ------------------------------------------------------------------ */

static bool share_port(const struct router_interface *a, const struct router_interface *b)
{
    for (size_t i = 0; i < a->n_ports; i++)
        for (size_t j = 0; j < b->n_ports; j++)
            if (a->port[i] == b->port[j] && a->vlan == b->vlan)
                return true;
    return false;
}

/* Of the interfaces before it. */
static const char *check_interface(const struct router_config *c, size_t n, char *error)
{
    const struct router_interface *i = &c->interface[n];
    for (const struct router_interface *o = c->interface; o < i; o++) {
        const char *what = share_port(i, o) ? "is at the same port and VLAN as" : NULL;
        if (router_is_neighbour(i, o->address) || router_is_neighbour(o, i->address))
            what = "has addresses of the network of";
        if (what == NULL)
            continue;
        snprintf(error, OFP_PARSE_ERROR, "this interface %s that of line %u", what, o->line);
        return error;
    }
    return NULL;
}

static bool find_gateway(const struct router_config *c, struct forward_route *r)
{
    for (size_t i = 0; i < c->n_interfaces; i++)
        if (router_is_neighbour(&c->interface[i], r->gateway) &&
            r->gateway != c->interface[i].address) {
            r->interface = (uint8_t)i;
            return true;
        }
    return false;
}

static const char *check_route(struct router_config *c, size_t n, char *error)
{
    struct forward_route *r = &c->route[n];
    if (!find_gateway(c, r))
        return "the gateway is no neighbour: it is to be in the network of an interface";
    for (size_t i = 0; i < n; i++)
        if (c->route[i].network == r->network && c->route[i].prefix == r->prefix) {
            snprintf(error, OFP_PARSE_ERROR, "line %u has a route to this network already",
                     c->route_line[i]);
            return error;
        }
    return NULL;
}

/* They come before those of the lines: of routes to the same network the connected one is taken. */
static void add_connected(struct router_config *c)
{
    bytes_move(&c->route[c->n_interfaces], &c->route[0], c->n_routes * sizeof c->route[0]);
    for (size_t i = 0; i < c->n_interfaces; i++)
        c->route[i] = (struct forward_route){
            .network = c->interface[i].address & forward_mask(c->interface[i].prefix),
            .prefix = c->interface[i].prefix,
            .interface = (uint8_t)i,
        };
    c->n_routes += c->n_interfaces;
}

static const char *close_one(struct router_config *c, unsigned *line, char *error)
{
    const char *wrong = NULL;
    for (size_t i = 0; i < c->n_interfaces && wrong == NULL; i++) {
        *line = c->interface[i].line;
        wrong = check_interface(c, i, error);
    }
    for (size_t i = 0; i < c->n_routes && wrong == NULL; i++) {
        *line = c->route_line[i];
        wrong = check_route(c, i, error);
    }
    if (wrong == NULL)
        add_connected(c);
    return wrong;
}

const char *router_set_close(struct router_set *set, unsigned *line, char *error)
{
    const char *wrong = NULL;
    for (size_t i = 0; i < set->n && wrong == NULL; i++)
        wrong = close_one(set->router[i], line, error);
    return wrong;
}

/* --- Comparing -------------------------------------------------------------------------------- */

bool router_interface_equal(const struct router_interface *a, const struct router_interface *b)
{
    return a->address == b->address && a->prefix == b->prefix && a->vlan == b->vlan &&
           a->mtu == b->mtu && bytes_equal(a->mac, b->mac, sizeof a->mac) &&
           a->n_ports == b->n_ports &&
           bytes_equal(a->port, b->port, a->n_ports * sizeof a->port[0]);
}

static bool route_equal(const struct forward_route *a, const struct forward_route *b)
{
    return a->network == b->network && a->prefix == b->prefix && a->gateway == b->gateway &&
           a->interface == b->interface;
}

bool router_config_equal(const struct router_config *a, const struct router_config *b)
{
    if (a->n_interfaces != b->n_interfaces || a->n_routes != b->n_routes)
        return false;
    for (size_t i = 0; i < a->n_interfaces; i++)
        if (!router_interface_equal(&a->interface[i], &b->interface[i]))
            return false;
    for (size_t i = 0; i < a->n_routes; i++)
        if (!route_equal(&a->route[i], &b->route[i]))
            return false;
    return true;
}

const struct router_config *router_set_find(const struct router_set *set, uint64_t dpid)
{
    const struct router_config *own = find_own(set, false, dpid);
    return own != NULL ? own : find_own(set, true, 0);
}
