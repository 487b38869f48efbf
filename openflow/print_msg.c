/*
 * print_msg.c - the bodies of all messages but statistics, as text. See print_parts.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/print_parts.h"

#include "openflow/match.h"

#define N_OF(array) (sizeof(array) / sizeof(array)[0])

/* --- Hello, error, echo, vendor (5.5, 5.4.4) ------------------------------------------------- */

/* Later versions of OpenFlow put elements behind a hello's header, which 1.0 must ignore. */
struct hello_element {
    be16 type;
    be16 length; /* without the zeros that fill it up to a multiple of 8 */
};

enum { HELLO_VERSION_BITMAP = 1 };

/* The versions that one element of a hello offers: a bit each. False if it is not understood. */
static bool element_versions(const struct hello_element *e, uint32_t *versions)
{
    const be32 *bitmap = (const be32 *)(e + 1);
    size_t bits = be16_get(e->length) - sizeof *e;
    if (be16_get(e->type) != HELLO_VERSION_BITMAP || bits == 0 || bits % sizeof *bitmap != 0 ||
        (be32_get(*bitmap) & ~1u) == 0)
        return false;
    *versions = be32_get(*bitmap) & ~1u;
    return true;
}

/* The versions that a hello offers. False if part of it is not understood. */
static bool hello_versions(struct span bytes, uint32_t *versions)
{
    const struct ofp_header *h = span_take(&bytes, sizeof *h);
    bool understood = true;
    *versions = (uint32_t)((h->version < 32 ? 2ull << h->version : 1ull) - 2);
    while (bytes.len >= sizeof(struct hello_element)) {
        const struct hello_element *e = (const struct hello_element *)bytes.data;
        size_t length = be16_get(e->length);
        if (length < sizeof *e || span_take(&bytes, (length + 7) / 8 * 8) == NULL)
            return false;
        understood = element_versions(e, versions) && understood;
    }
    return understood && bytes.len == 0;
}

void ofp_print_hello(struct text *t, const struct ofp_printed *p)
{
    uint32_t versions;
    bool understood = hello_versions(p->bytes, &versions);
    const char *between = "";
    text_put(t, "\n version bitmap: ");
    for (unsigned v = 0; v < 32; v++) {
        if (!(versions >> v & 1))
            continue;
        text_put(t, between);
        text_put(t, "0x");
        text_put_hex(t, v, 2);
        between = ", ";
    }
    if (!understood) {
        text_put(t, "\n unknown data in hello:");
        ofp_print_hex_dump(t, p->bytes);
    }
}

/* A text from a peer, in which nothing can deceive a terminal. */
static void put_quoted(struct text *t, struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.data[i];
        if (c >= ' ' && c <= '~' && c != '\\' && c != '"') {
            text_put_char(t, (char)c);
            continue;
        }
        text_put_char(t, '\\');
        for (int shift = 6; shift >= 0; shift -= 3)
            text_put_char(t, (char)('0' + (c >> shift & 7)));
    }
}

/* An error message may quote an error message that quotes one, and so on: after so many, the rest
 * is only dumped. */
#define DEPTH_MAX 4

static void put_failed_request(struct text *t, const struct ofp_printed *p)
{
    if (p->depth < DEPTH_MAX)
        ofp_print_inside(t, p->msg->error.data, 1, p->depth + 1);
    else
        ofp_print_hex_dump(t, p->msg->error.data);
}

static void put_unknown_error(struct text *t, const struct ofp_msg_error *e)
{
    text_put(t, " type=");
    text_put_u64(t, e->type);
    text_put(t, " code=");
    text_put_u64(t, e->code);
    ofp_print_hex_dump(t, e->data);
}

/* Later versions number their errors in another way, but for the failure of a hello. */
static const char *error_name(const struct ofp_printed *p)
{
    const struct ofp_header *h = (const struct ofp_header *)p->bytes.data;
    const struct ofp_msg_error *e = &p->msg->error;
    if (h->version != OFP_VERSION && e->type != OFPET_HELLO_FAILED)
        return NULL;
    return ofp_error_name(e->type, e->code);
}

void ofp_print_error(struct text *t, const struct ofp_printed *p)
{
    const struct ofp_msg_error *e = &p->msg->error;
    const char *name = error_name(p);
    if (name == NULL) {
        put_unknown_error(t, e);
        return;
    }
    text_put_char(t, ' ');
    text_put(t, name);
    if (e->type != OFPET_HELLO_FAILED || e->data.len > 0)
        text_put_char(t, '\n');
    if (e->type == OFPET_HELLO_FAILED)
        put_quoted(t, e->data);
    else
        put_failed_request(t, p);
}

/* How long a payload is, and what it is if the reader wants that much. */
static void put_payload(struct text *t, struct span payload, int verbosity)
{
    text_put_char(t, ' ');
    text_put_u64(t, payload.len);
    text_put(t, " bytes of payload");
    if (verbosity > 1)
        ofp_print_hex_dump(t, payload);
}

void ofp_print_echo(struct text *t, const struct ofp_printed *p)
{
    put_payload(t, p->msg->data, p->verbosity);
}

static void put_vendor(struct text *t, const struct ofp_msg_vendor *v, int verbosity)
{
    text_put(t, " vendor=0x");
    text_put_hex(t, v->vendor, 8);
    put_payload(t, v->body, verbosity);
}

void ofp_print_vendor(struct text *t, const struct ofp_printed *p)
{
    put_vendor(t, &p->msg->vendor, p->verbosity);
}

void ofp_print_vendor_stats(struct text *t, const struct ofp_printed *p)
{
    put_vendor(t, &p->msg->stats.vendor, p->verbosity);
}

/* The names are those of OpenFlow 1.2 and of Open vSwitch. */
void ofp_print_role(struct text *t, const struct ofp_printed *p)
{
    static const char *const names[] = {
        [NX_ROLE_OTHER] = "equal", [NX_ROLE_MASTER] = "primary", [NX_ROLE_SLAVE] = "secondary"};
    const struct nx_role_request *r = (const struct nx_role_request *)p->bytes.data;
    uint32_t role = be32_get(r->role);
    text_put(t, " role=");
    if (role < N_OF(names))
        text_put(t, names[role]);
    else
        text_put_u64(t, role);
}

/* --- Features, configuration (5.3.1, 5.3.2) -------------------------------------------------- */

static void put_capabilities(struct text *t, uint32_t capabilities)
{
    static const char *const names[] = {
        "FLOW_STATS", "TABLE_STATS", "PORT_STATS",  "STP",
        NULL,         "IP_REASM",    "QUEUE_STATS", "ARP_MATCH_IP",
    };
    uint32_t known = ((1u << N_OF(names)) - 1) & ~(uint32_t)OFPC_RESERVED;
    text_put(t, "\ncapabilities: ");
    ofp_print_bits(t, capabilities & known, names, N_OF(names));
}

/* In the order in which Open vSwitch prints them. */
static const struct {
    enum ofp_action_type type;
    const char *name;
} action_names[OFPAT_N_TYPES] = {
    {OFPAT_OUTPUT, "output"},
    {OFPAT_ENQUEUE, "enqueue"},
    {OFPAT_SET_VLAN_VID, "set_vlan_vid"},
    {OFPAT_SET_VLAN_PCP, "set_vlan_pcp"},
    {OFPAT_STRIP_VLAN, "strip_vlan"},
    {OFPAT_SET_DL_SRC, "mod_dl_src"},
    {OFPAT_SET_DL_DST, "mod_dl_dst"},
    {OFPAT_SET_NW_SRC, "mod_nw_src"},
    {OFPAT_SET_NW_DST, "mod_nw_dst"},
    {OFPAT_SET_NW_TOS, "mod_nw_tos"},
    {OFPAT_SET_TP_SRC, "mod_tp_src"},
    {OFPAT_SET_TP_DST, "mod_tp_dst"},
};

static void put_supported_actions(struct text *t, uint32_t actions)
{
    const char *before = "\nactions: ";
    for (size_t i = 0; i < N_OF(action_names); i++) {
        if (!(actions >> action_names[i].type & 1))
            continue;
        text_put(t, before);
        text_put(t, action_names[i].name);
        before = " ";
    }
}

/* The port that comes next in the order of port numbers (and of the list, where two are equal);
 * `last` is the one before it, NULL to begin. */
static const struct ofp_phy_port *next_by_number(struct span ports, const struct ofp_phy_port *last)
{
    const struct ofp_phy_port *p, *best = NULL;
    while ((p = ofp_next_port(&ports)) != NULL) {
        uint16_t no = be16_get(p->port_no);
        bool after = last == NULL || no > be16_get(last->port_no) ||
                     (no == be16_get(last->port_no) && p > last);
        if (after && (best == NULL || no < be16_get(best->port_no)))
            best = p;
    }
    return best;
}

void ofp_print_features(struct text *t, const struct ofp_printed *p)
{
    const struct ofp_msg_features *f = &p->msg->features;
    const struct ofp_phy_port *port = NULL;
    text_put(t, " dpid:");
    text_put_hex(t, f->datapath_id, 16);
    text_put(t, "\nn_tables:");
    text_put_u64(t, f->n_tables);
    text_put(t, ", n_buffers:");
    text_put_u64(t, f->n_buffers);
    put_capabilities(t, f->capabilities);
    put_supported_actions(t, f->actions);
    while ((port = next_by_number(f->ports, port)) != NULL) {
        text_put_char(t, '\n');
        ofp_print_phy_port(t, port);
    }
}

void ofp_print_config(struct text *t, const struct ofp_printed *p)
{
    static const char *const names[] = {"normal", "drop", "reassemble", "nx-match"};
    const struct ofp_msg_config *c = &p->msg->config;
    text_put(t, " frags=");
    text_put(t, names[c->flags & OFPC_FRAG_MASK]);
    if (c->flags & OFPC_INVALID_TTL_TO_CONTROLLER)
        text_put(t, " invalid_ttl_to_controller");
    text_put(t, " miss_send_len=");
    text_put_u64(t, c->miss_send_len);
}

/* --- Packet-in, packet-out (5.4.1, 5.3.6) ---------------------------------------------------- */

static void put_length(struct text *t, const char *name, size_t n)
{
    text_put(t, name);
    text_put_u64(t, n);
}

static void put_buffer(struct text *t, uint32_t buffer_id)
{
    text_put(t, " buffer=0x");
    text_put_hex(t, buffer_id, 8);
}

/* Where the frame is, and whether total_len can be true of it. */
static void put_packet_in_buffer(struct text *t, const struct ofp_msg_packet_in *in)
{
    if (in->buffer_id == OFP_NO_BUFFER) {
        text_put(t, " (unbuffered)");
        if (in->total_len != in->data.len)
            text_put(t, " (***total_len != data_len***)");
    } else {
        put_buffer(t, in->buffer_id);
        if (in->total_len < in->data.len)
            text_put(t, " (***total_len < data_len***)");
    }
}

void ofp_print_packet_in(struct text *t, const struct ofp_printed *p)
{
    static const char *const reasons[] = {"no_match", "action", "invalid_ttl"};
    const struct ofp_msg_packet_in *in = &p->msg->packet_in;
    put_length(t, " total_len=", in->total_len);
    text_put(t, " in_port=");
    ofp_print_port(t, in->in_port);
    text_put(t, " (via ");
    if (in->reason < N_OF(reasons))
        text_put(t, reasons[in->reason]);
    else
        text_put_u64(t, in->reason);
    put_length(t, ") data_len=", in->data.len);
    put_packet_in_buffer(t, in);
    if (p->verbosity > 0) {
        text_put_char(t, '\n');
        ofp_print_frame(t, in->data);
    }
}

void ofp_print_packet_out(struct text *t, const struct ofp_printed *p)
{
    const struct ofp_msg_packet_out *out = &p->msg->packet_out;
    text_put(t, " in_port=");
    ofp_print_port(t, out->in_port);
    text_put(t, " actions=");
    ofp_print_actions(t, out->actions);
    if (out->buffer_id != OFP_NO_BUFFER) {
        put_buffer(t, out->buffer_id);
        return;
    }
    put_length(t, " data_len=", out->data.len);
    if (p->verbosity > 0 && out->data.len > 0) {
        text_put_char(t, '\n');
        ofp_print_frame(t, out->data);
    }
}

/* --- Flow-mod, flow-removed (5.3.3, 5.4.2) --------------------------------------------------- */

static void put_command(struct text *t, uint16_t command)
{
    static const char *const names[OFPFC_N_COMMANDS] = {
        [OFPFC_ADD] = " ADD ",
        [OFPFC_MODIFY] = " MOD ",
        [OFPFC_MODIFY_STRICT] = " MOD_STRICT ",
        [OFPFC_DELETE] = " DEL ",
        [OFPFC_DELETE_STRICT] = " DEL_STRICT ",
    };
    text_put(t, names[command]);
}

/* The match as a switch understands it: without what section 3.4 says to ignore, and an exact one
 * with the highest priority (section 3.4). */
static void put_effective_match(struct text *t, const struct ofp_msg_flow_mod *f)
{
    struct ofp_key canonical, mask;
    size_t start = t->need;
    bool exact = (be32_get(f->match->wildcards) & OFPFW_ALL) == 0;
    uint32_t wildcards = ofp_match_canonical(f->match, &canonical, &mask);
    canonical.match.wildcards = be32_of(wildcards);
    ofp_print_match(t, &canonical.match, exact ? UINT16_MAX : f->priority);
    if (t->need != start)
        text_put_char(t, ' ');
}

static void put_number(struct text *t, const char *name, uint64_t n)
{
    if (n == 0)
        return;
    text_put(t, name);
    text_put_u64(t, n);
    text_put_char(t, ' ');
}

static void put_targets(struct text *t, const struct ofp_msg_flow_mod *f)
{
    if (f->buffer_id != OFP_NO_BUFFER) {
        text_put(t, "buf:");
        text_put_0x(t, f->buffer_id);
        text_put_char(t, ' ');
    }
    if (f->out_port != OFPP_NONE) {
        text_put(t, "out_port:");
        ofp_print_port(t, f->out_port);
        text_put_char(t, ' ');
    }
}

static void put_flow_flags(struct text *t, uint16_t flags)
{
    if (flags & OFPFF_SEND_FLOW_REM)
        text_put(t, "send_flow_rem ");
    if (flags & OFPFF_CHECK_OVERLAP)
        text_put(t, "check_overlap ");
    if (flags & OFPFF_EMERG)
        text_put(t, "emerg ");
}

void ofp_print_flow_mod(struct text *t, const struct ofp_printed *p)
{
    const struct ofp_msg_flow_mod *f = &p->msg->flow_mod;
    put_command(t, f->command);
    put_effective_match(t, f);
    if (f->cookie != 0 && f->cookie != UINT64_MAX) {
        text_put(t, "cookie:");
        text_put_0x(t, f->cookie);
        text_put_char(t, ' ');
    }
    put_number(t, "idle:", f->idle_timeout);
    put_number(t, "hard:", f->hard_timeout);
    put_targets(t, f);
    put_flow_flags(t, f->flags);
    text_put(t, "actions=");
    ofp_print_actions(t, f->actions);
}

static void put_removed_reason(struct text *t, uint8_t reason)
{
    static const char *const names[] = {
        [OFPRR_IDLE_TIMEOUT] = "idle", [OFPRR_HARD_TIMEOUT] = "hard", [OFPRR_DELETE] = "delete"};
    text_put(t, " reason=");
    if (reason < N_OF(names))
        text_put(t, names[reason]);
    else
        text_put_u64(t, reason);
}

void ofp_print_flow_removed(struct text *t, const struct ofp_printed *p)
{
    const struct ofp_msg_flow_removed *f = &p->msg->flow_removed;
    text_put_char(t, ' ');
    ofp_print_match(t, f->match, f->priority);
    put_removed_reason(t, f->reason);
    if (f->cookie != 0) {
        text_put(t, " cookie:");
        text_put_0x(t, f->cookie);
    }
    text_put(t, " duration");
    ofp_print_duration(t, f->duration_sec, f->duration_nsec);
    put_length(t, " idle", f->idle_timeout);
    text_put(t, " pkts");
    text_put_u64(t, f->packet_count);
    text_put(t, " bytes");
    text_put_u64(t, f->byte_count);
}

/* --- Ports (5.4.3, 5.3.3) -------------------------------------------------------------------- */

void ofp_print_port_status(struct text *t, const struct ofp_printed *p)
{
    static const char *const names[] = {
        [OFPPR_ADD] = " ADD:", [OFPPR_DELETE] = " DEL:", [OFPPR_MODIFY] = " MOD:"};
    const struct ofp_msg_port_status *s = &p->msg->port_status;
    if (s->reason < N_OF(names)) {
        text_put(t, names[s->reason]);
    } else {
        put_length(t, " reason=", s->reason);
        text_put_char(t, ':');
    }
    ofp_print_phy_port(t, s->desc);
}

void ofp_print_port_mod(struct text *t, const struct ofp_printed *p)
{
    const struct ofp_msg_port_mod *m = &p->msg->port_mod;
    text_put(t, " port: ");
    ofp_print_port(t, m->port_no);
    text_put(t, ": addr:");
    text_put_mac(t, m->hw_addr);
    text_put(t, "\n     config: ");
    ofp_print_port_config(t, m->config & m->mask);
    text_put(t, "\n     mask:   ");
    ofp_print_port_config(t, m->mask);
    text_put(t, "\n     advertise: ");
    if (m->advertise != 0)
        ofp_print_port_features(t, m->advertise);
    else
        text_put(t, "UNCHANGED");
}

/* --- Queues (5.3.4) -------------------------------------------------------------------------- */

void ofp_print_queue_request(struct text *t, const struct ofp_printed *p)
{
    text_put(t, " port=");
    ofp_print_port(t, p->msg->queue_config.port);
}

static void put_min_rate(struct text *t, uint16_t rate)
{
    if (rate == OFPQ_MIN_RATE_UNCFG)
        return;
    text_put(t, " min_rate:");
    if (rate > 1000) {
        text_put(t, "(disabled)");
        return;
    }
    text_put_u64(t, rate / 10);
    text_put_char(t, '.');
    text_put_u64(t, rate % 10);
    text_put_char(t, '%');
}

static void put_queue(struct text *t, uint32_t queue_id, struct span properties)
{
    const struct ofp_queue_prop_header *h;
    uint16_t rate = OFPQ_MIN_RATE_UNCFG;
    while ((h = ofp_next_queue_prop(&properties)) != NULL)
        if (be16_get(h->property) == OFPQT_MIN_RATE)
            rate = be16_get(((const struct ofp_queue_prop_min_rate *)h)->rate);
    text_put(t, "\nqueue ");
    text_put_u64(t, queue_id);
    text_put_char(t, ':');
    put_min_rate(t, rate);
}

/* As next_by_number(), of queues. */
static const struct ofp_packet_queue *next_by_id(struct span queues, struct span *properties,
                                                 const struct ofp_packet_queue *last)
{
    const struct ofp_packet_queue *q, *best = NULL;
    struct span its;
    while ((q = ofp_next_queue(&queues, &its)) != NULL) {
        uint32_t id = be32_get(q->queue_id);
        bool after = last == NULL || id > be32_get(last->queue_id) ||
                     (id == be32_get(last->queue_id) && q > last);
        if (!after || (best != NULL && id >= be32_get(best->queue_id)))
            continue;
        best = q;
        *properties = its;
    }
    return best;
}

void ofp_print_queue_reply(struct text *t, const struct ofp_printed *p)
{
    const struct ofp_msg_queue_config *c = &p->msg->queue_config;
    const struct ofp_packet_queue *q = NULL;
    struct span properties;
    if (c->queues.len > 0) {
        text_put(t, " port=");
        ofp_print_port(t, c->port);
    }
    while ((q = next_by_id(c->queues, &properties, q)) != NULL)
        put_queue(t, be32_get(q->queue_id), properties);
}
