/*
 * names.c - names of errors (the specification's, section 5.4.4), of protocols and of reserved
 * ports (ovs-ofctl's).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/names.h"

#include "openflow/frame_headers.h"
#include "openflow/print.h"

#define N_OF(array) (sizeof(array) / sizeof(array)[0])

static const char *const hello_failed[] = {
    [OFPHFC_INCOMPATIBLE] = "OFPHFC_INCOMPATIBLE",
    [OFPHFC_EPERM] = "OFPHFC_EPERM",
};

static const char *const bad_request[] = {
    [OFPBRC_BAD_VERSION] = "OFPBRC_BAD_VERSION",
    [OFPBRC_BAD_TYPE] = "OFPBRC_BAD_TYPE",
    [OFPBRC_BAD_STAT] = "OFPBRC_BAD_STAT",
    [OFPBRC_BAD_VENDOR] = "OFPBRC_BAD_VENDOR",
    [OFPBRC_BAD_SUBTYPE] = "OFPBRC_BAD_SUBTYPE",
    [OFPBRC_EPERM] = "OFPBRC_EPERM",
    [OFPBRC_BAD_LEN] = "OFPBRC_BAD_LEN",
    [OFPBRC_BUFFER_EMPTY] = "OFPBRC_BUFFER_EMPTY",
    [OFPBRC_BUFFER_UNKNOWN] = "OFPBRC_BUFFER_UNKNOWN",
};

static const char *const bad_action[] = {
    [OFPBAC_BAD_TYPE] = "OFPBAC_BAD_TYPE",
    [OFPBAC_BAD_LEN] = "OFPBAC_BAD_LEN",
    [OFPBAC_BAD_VENDOR] = "OFPBAC_BAD_VENDOR",
    [OFPBAC_BAD_VENDOR_TYPE] = "OFPBAC_BAD_VENDOR_TYPE",
    [OFPBAC_BAD_OUT_PORT] = "OFPBAC_BAD_OUT_PORT",
    [OFPBAC_BAD_ARGUMENT] = "OFPBAC_BAD_ARGUMENT",
    [OFPBAC_EPERM] = "OFPBAC_EPERM",
    [OFPBAC_TOO_MANY] = "OFPBAC_TOO_MANY",
    [OFPBAC_BAD_QUEUE] = "OFPBAC_BAD_QUEUE",
};

static const char *const flow_mod_failed[] = {
    [OFPFMFC_ALL_TABLES_FULL] = "OFPFMFC_ALL_TABLES_FULL",
    [OFPFMFC_OVERLAP] = "OFPFMFC_OVERLAP",
    [OFPFMFC_EPERM] = "OFPFMFC_EPERM",
    [OFPFMFC_BAD_EMERG_TIMEOUT] = "OFPFMFC_BAD_EMERG_TIMEOUT",
    [OFPFMFC_BAD_COMMAND] = "OFPFMFC_BAD_COMMAND",
    [OFPFMFC_UNSUPPORTED] = "OFPFMFC_UNSUPPORTED",
};

static const char *const port_mod_failed[] = {
    [OFPPMFC_BAD_PORT] = "OFPPMFC_BAD_PORT",
    [OFPPMFC_BAD_HW_ADDR] = "OFPPMFC_BAD_HW_ADDR",
};

static const char *const queue_op_failed[] = {
    [OFPQOFC_BAD_PORT] = "OFPQOFC_BAD_PORT",
    [OFPQOFC_BAD_QUEUE] = "OFPQOFC_BAD_QUEUE",
    [OFPQOFC_EPERM] = "OFPQOFC_EPERM",
};

static const struct error_type {
    const char *name;
    const char *const *codes;
    size_t n_codes;
} types[] = {
    [OFPET_HELLO_FAILED] = {"OFPET_HELLO_FAILED", hello_failed, N_OF(hello_failed)},
    [OFPET_BAD_REQUEST] = {"OFPET_BAD_REQUEST", bad_request, N_OF(bad_request)},
    [OFPET_BAD_ACTION] = {"OFPET_BAD_ACTION", bad_action, N_OF(bad_action)},
    [OFPET_FLOW_MOD_FAILED] = {"OFPET_FLOW_MOD_FAILED", flow_mod_failed, N_OF(flow_mod_failed)},
    [OFPET_PORT_MOD_FAILED] = {"OFPET_PORT_MOD_FAILED", port_mod_failed, N_OF(port_mod_failed)},
    [OFPET_QUEUE_OP_FAILED] = {"OFPET_QUEUE_OP_FAILED", queue_op_failed, N_OF(queue_op_failed)},
};

const char *ofp_error_type_name(uint16_t type)
{
    return type < N_OF(types) ? types[type].name : NULL;
}

const char *ofp_error_name(uint16_t type, uint16_t code)
{
    if (type >= N_OF(types) || code >= types[type].n_codes)
        return NULL;
    return types[type].codes[code];
}

/* The first row that fits counts. */
const struct ofp_protocol_name ofp_protocol_names[] = {
    {HDR_ETH_IPV4, HDR_IP_ICMP, "icmp"},
    {HDR_ETH_IPV4, HDR_IP_TCP, "tcp"},
    {HDR_ETH_IPV4, HDR_IP_UDP, "udp"},
    {HDR_ETH_IPV4, HDR_IP_SCTP, "sctp"},
    {HDR_ETH_IPV4, OFP_ANY_PROTO, "ip"},
    {HDR_ETH_IPV6, HDR_IP_ICMPV6, "icmp6"},
    {HDR_ETH_IPV6, HDR_IP_TCP, "tcp6"},
    {HDR_ETH_IPV6, HDR_IP_UDP, "udp6"},
    {HDR_ETH_IPV6, HDR_IP_SCTP, "sctp6"},
    {HDR_ETH_IPV6, OFP_ANY_PROTO, "ipv6"},
    {HDR_ETH_ARP, OFP_ANY_PROTO, "arp"},
    {HDR_ETH_RARP, OFP_ANY_PROTO, "rarp"},
    {HDR_ETH_MPLS, OFP_ANY_PROTO, "mpls"},
    {HDR_ETH_MPLS_MULTICAST, OFP_ANY_PROTO, "mplsm"},
    {0, 0, NULL},
};

const struct ofp_protocol_name *ofp_protocol_name(uint16_t dl_type, int nw_proto)
{
    const struct ofp_protocol_name *p;
    for (p = ofp_protocol_names; p->name != NULL; p++)
        if (p->dl_type == dl_type && (p->nw_proto == nw_proto || p->nw_proto == OFP_ANY_PROTO))
            return p;
    return NULL;
}

/* Open vSwitch calls OFPP_NONE by its name from later versions and gives the number below
 * OFPP_IN_PORT, which OpenFlow 1.0 does not use, a name too. */
static const char *const named_ports[] = {
    "UNSET", "IN_PORT", "TABLE", "NORMAL", "FLOOD", "ALL", "CONTROLLER", "LOCAL", "ANY",
};

const char *ofp_port_name(uint16_t port_no)
{
    return port_no >= OFP_FIRST_NAMED_PORT ? named_ports[port_no - OFP_FIRST_NAMED_PORT] : NULL;
}
