/*
 * print_port.c - ports as text: their numbers, and struct ofp_phy_port (section 5.2.1).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/print_parts.h"

#define N_NAMES(array) (sizeof(array) / sizeof(array)[0])

static const char *const config_bits[] = {
    "PORT_DOWN", "NO_STP", "NO_RECV", "NO_RECV_STP", "NO_FLOOD", "NO_FWD", "NO_PACKET_IN",
};

static const char *const feature_bits[] = {
    "10MB-HD", "10MB-FD", "100MB-HD", "100MB-FD", "1GB-HD",     "1GB-FD",
    "10GB-FD", "COPPER",  "FIBER",    "AUTO_NEG", "AUTO_PAUSE", "AUTO_PAUSE_ASYM",
};

void ofp_print_port(struct text *t, uint16_t port_no)
{
    const char *name = ofp_port_name(port_no);
    if (name != NULL)
        text_put(t, name);
    else
        text_put_u64(t, port_no);
}

void ofp_print_port_config(struct text *t, uint32_t config)
{
    uint32_t known = (1u << N_NAMES(config_bits)) - 1;
    ofp_print_bits(t, config & known, config_bits, N_NAMES(config_bits));
}

void ofp_print_port_features(struct text *t, uint32_t features)
{
    uint32_t known = (1u << N_NAMES(feature_bits)) - 1;
    ofp_print_bits(t, features & known, feature_bits, N_NAMES(feature_bits));
}

/* The first state of 802.1D is not printed: it is also what a port without 802.1D has. */
static void put_state(struct text *t, uint32_t state)
{
    uint32_t stp = state & OFPPS_STP_MASK;
    bool down = state & OFPPS_LINK_DOWN;
    if (stp != OFPPS_STP_LISTEN)
        text_put(t, stp == OFPPS_STP_LEARN     ? "STP_LEARN"
                    : stp == OFPPS_STP_FORWARD ? "STP_FORWARD"
                                               : "STP_BLOCK");
    if (down)
        text_put(t, stp != OFPPS_STP_LISTEN ? " LINK_DOWN" : "LINK_DOWN");
    if (!down && stp == OFPPS_STP_LISTEN)
        text_put_char(t, '0');
}

static void put_feature_line(struct text *t, const char *title, be32 features)
{
    uint32_t known = (1u << N_NAMES(feature_bits)) - 1;
    if (!(be32_get(features) & known))
        return;
    text_put(t, title);
    ofp_print_port_features(t, be32_get(features));
}

/* The fastest speed among `features`, in Mbit/s. */
static unsigned speed(be32 features)
{
    uint32_t f = be32_get(features);
    return f & OFPPF_10GB_FD                       ? 10000
           : f & (OFPPF_1GB_HD | OFPPF_1GB_FD)     ? 1000
           : f & (OFPPF_100MB_HD | OFPPF_100MB_FD) ? 100
           : f & (OFPPF_10MB_HD | OFPPF_10MB_FD)   ? 10
                                                   : 0;
}

static void put_port_line(struct text *t, const struct ofp_phy_port *port)
{
    size_t n = 0;
    while (n < sizeof port->name - 1 && port->name[n] >= ' ' && port->name[n] <= '~')
        n++;
    text_put_char(t, ' ');
    ofp_print_port(t, be16_get(port->port_no));
    text_put_char(t, '(');
    text_put_field(t, port->name, n);
    text_put(t, "): addr:");
    text_put_mac(t, port->hw_addr);
}

void ofp_print_phy_port(struct text *t, const struct ofp_phy_port *port)
{
    put_port_line(t, port);
    text_put(t, "\n     config:     ");
    ofp_print_port_config(t, be32_get(port->config));
    text_put(t, "\n     state:      ");
    put_state(t, be32_get(port->state));
    put_feature_line(t, "\n     current:    ", port->curr);
    put_feature_line(t, "\n     advertised: ", port->advertised);
    put_feature_line(t, "\n     supported:  ", port->supported);
    put_feature_line(t, "\n     peer:       ", port->peer);
    text_put(t, "\n     speed: ");
    text_put_u64(t, speed(port->curr));
    text_put(t, " Mbps now, ");
    text_put_u64(t, speed(port->supported));
    text_put(t, " Mbps max");
}
