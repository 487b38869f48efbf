/*
 * cabled.c - see cabled.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/cabled.h"
#include "controller/apps/lldp.h"
#include "openflow/frame.h"
#include "test/unit/unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct cabled cabled;

void cabled_begin(const struct ctl_app_type *const *apps)
{
    memset(&cabled, 0, sizeof cabled);
    cabled.ctl = fake_world(NULL);
    for (; *apps != NULL; apps++)
        ck_assert_int_eq(ctl_add_app(cabled.ctl, *apps), 0);
    for (unsigned n = 1; n <= CABLED_SWITCHES; n++)
        for (unsigned port = 1; port <= CABLED_PORTS; port++)
            cabled.open[n][port] = true;
}

void cabled_end(void)
{
    for (unsigned n = 1; n <= CABLED_SWITCHES; n++)
        if (cabled.sw[n] != NULL)
            fake_free(cabled.sw[n]);
    fake_world_end(cabled.ctl);
}

void cabled_join(unsigned n)
{
    cabled.sw[n] = fake_joined(cabled.ctl, n, CABLED_PORTS);
}

void cabled_lay(unsigned a, unsigned a_port, unsigned b, unsigned b_port)
{
    cabled.cable[a][a_port].to = b;
    cabled.cable[a][a_port].to_port = b_port;
    cabled.cable[b][b_port].to = a;
    cabled.cable[b][b_port].to_port = a_port;
}

void cabled_port(unsigned n, unsigned port, bool up)
{
    struct ofp_phy_port desc;
    struct ofp_msg msg = {.type = OFPT_PORT_STATUS};
    fake_port(&desc, (uint16_t)port, 0, up ? 0 : OFPPS_LINK_DOWN);
    msg.port_status = (struct ofp_msg_port_status){.reason = OFPPR_MODIFY, .desc = &desc};
    fake_send(cabled.sw[n], &msg);
}

void cabled_lose(unsigned a, unsigned a_port)
{
    cabled.cable[a][a_port].to = 0;
}

void cabled_cut(unsigned a, unsigned a_port, bool silent)
{
    unsigned b = cabled.cable[a][a_port].to, b_port = cabled.cable[a][a_port].to_port;
    cabled.cable[a][a_port].to = cabled.cable[b][b_port].to = 0;
    if (silent)
        return;
    cabled_port(a, a_port, false);
    cabled_port(b, b_port, false);
}

void cabled_packet(unsigned n, unsigned port, uint64_t src, uint64_t dst)
{
    fake_packet_in(cabled.sw[n], (struct fake_packet){.src = src,
                                                      .dst = dst == 0 ? FAKE_BROADCAST : dst,
                                                      .in_port = (uint16_t)port});
}

bool cabled_said(const char *what)
{
    return strstr(cabled.story, what) != NULL;
}

void cabled_forget(void)
{
    cabled.story[0] = '\0';
}

/* --- Playing the switches --------------------------------------------------------------------- */

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void tell(const char *format, ...)
{
    size_t n = strlen(cabled.story);
    va_list args;
    va_start(args, format);
    vsnprintf(cabled.story + n, sizeof cabled.story - n, format, args);
    va_end(args);
    ck_assert_uint_lt(strlen(cabled.story), sizeof cabled.story - 1);
}

static void on_port_mod(unsigned n, const struct ofp_msg_port_mod *mod)
{
    bool open = mod->config == 0;
    ck_assert_uint_eq(mod->mask, OFPPC_NO_FLOOD);
    ck_assert_uint_eq(mod->config & ~(uint32_t)OFPPC_NO_FLOOD, 0);
    ck_assert_uint_eq(mod->hw_addr[5], mod->port_no); /* as fake_port() has it */
    cabled.open[n][mod->port_no] = open;
    tell("%u%c%u ", n, open ? '+' : '-', mod->port_no);
}

/* Where a list of actions sends to: its only output. */
static const char *way(struct span actions, uint16_t *port)
{
    static char text[10];
    if (actions.len == 0)
        return "drop";
    *port = be16_get(((const struct ofp_action_output *)(const void *)actions.data)->port);
    snprintf(text, sizeof text, "%u", *port);
    return text;
}

static void on_packet_out(unsigned n, const struct ofp_msg_packet_out *out)
{
    uint16_t port = OFPP_NONE;
    const char *to = way(out->actions, &port);
    unsigned other = port <= CABLED_PORTS ? cabled.cable[n][port].to : 0;
    struct ofp_msg in = {.type = OFPT_PACKET_IN};
    if (out->data.len < LLDP_FRAME || memcmp(out->data.data, lldp_address, 6) != 0) {
        if (port == OFPP_FLOOD)
            tell("%u:flood(%u) ", n, out->data.data[11]);
        else
            tell("%u:out(%u)>%s ", n, out->data.data[11], to);
        return;
    }
    if (other == 0 || cabled.sw[other] == NULL)
        return;
    in.packet_in = (struct ofp_msg_packet_in){.buffer_id = OFP_NO_BUFFER,
                                              .total_len = (uint16_t)out->data.len,
                                              .in_port = (uint16_t)cabled.cable[n][port].to_port,
                                              .reason = OFPR_ACTION,
                                              .data = out->data};
    fake_send(cabled.sw[other], &in);
}

/* A field of a match, or * if it is wild. */
static const char *field(char text[8], const struct ofp_match *m, uint32_t wild, unsigned value)
{
    if (be32_get(m->wildcards) & wild)
        return "*";
    snprintf(text, 8, "%u", value);
    return text;
}

static void on_flow_mod(unsigned n, const struct ofp_msg_flow_mod *mod)
{
    const struct ofp_match *m = mod->match;
    char in[8], src[8], dst[8];
    uint16_t port;
    if (mod->priority == UINT16_MAX)
        return; /* discovery's */
    tell("%u:%s(%s,%s,%s)", n, mod->command == OFPFC_ADD ? "add" : "del",
         field(in, m, OFPFW_IN_PORT, be16_get(m->in_port)),
         field(src, m, OFPFW_DL_SRC, m->dl_src[5]), field(dst, m, OFPFW_DL_DST, m->dl_dst[5]));
    if (mod->command == OFPFC_ADD)
        tell(">%s", way(mod->actions, &port));
    else if (mod->out_port != OFPP_NONE)
        tell("/%u", mod->out_port);
    tell(" ");
}

static void answer(unsigned n, const struct ofp_msg *request, uint8_t type)
{
    struct ofp_msg reply = {.type = type, .xid = request->xid};
    if (type == OFPT_STATS_REPLY)
        reply.stats.type = OFPST_AGGREGATE;
    fake_send(cabled.sw[n], &reply);
}

static void on_message(unsigned n, const struct ofp_msg *msg)
{
    switch (msg->type) {
    case OFPT_PORT_MOD:
        on_port_mod(n, &msg->port_mod);
        break;
    case OFPT_PACKET_OUT:
        on_packet_out(n, &msg->packet_out);
        break;
    case OFPT_FLOW_MOD:
        on_flow_mod(n, &msg->flow_mod);
        break;
    case OFPT_STATS_REQUEST:
        answer(n, msg, OFPT_STATS_REPLY);
        break;
    case OFPT_BARRIER_REQUEST:
        if (!cabled.mute)
            answer(n, msg, OFPT_BARRIER_REPLY);
        break;
    default:
        ck_abort_msg("a message of type %u", msg->type);
    }
}

/* True if there was a message. */
static bool play(unsigned n)
{
    static uint8_t copy[OFP_MAX_MESSAGE];
    struct fake_peer *sw = cabled.sw[n];
    struct ofp_msg msg;
    struct span bytes;
    if (sw == NULL || sw->seen == sw->len)
        return false;
    bytes = fake_expect_bytes(sw, sw->in[sw->seen + 1]);
    memcpy(copy, bytes.data, bytes.len); /* an answer may make more come */
    ofp_decode(&msg, span_of(copy, bytes.len));
    on_message(n, &msg);
    return true;
}

static void play_all(void)
{
    bool more = true;
    fake_settle();
    while (more) {
        more = false;
        for (unsigned n = 1; n <= CABLED_SWITCHES; n++)
            more |= play(n);
    }
}

#define STEP (100 * NS_PER_MS)

void cabled_pass(uint64_t ns)
{
    play_all();
    for (uint64_t gone = 0; gone < ns; gone += STEP) {
        fake_wait(ns - gone < STEP ? ns - gone : STEP);
        play_all();
    }
}
