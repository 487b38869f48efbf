/*
 * slicer_model.c - the slicer against a slow and obvious one: random slices of a random network,
 * some of which see one big switch, random messages of their controllers, random packets, cables
 * cut, slices that come and go; and no difference.
 *
 *     slicer_model --seeds=1-2000     run these; a failing one is printed as the command that
 *                                     replays it
 *     slicer_model --seed=7 --show    run one, and say what it does
 *     slicer_model --break=priority   the reference is wrong: must fail (the self-test)
 *
 * What is compared, after each step, is all that any host and any controller has got: so no slice
 * sees what is another's, or has it sent anywhere, and each gets all that is its own. What the
 * slicer refuses must change nothing; that it refuses no more than it has to is for the unit tests.
 * At the end flows are compared with their counters, and what was told of flows that were deleted.
 *
 * Slices that see switches as they are get networks without circles, in which a flood ends.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/apps.h"
#include "openflow/action.h"
#include "openflow/frame.h"
#include "openflow/parse.h"
#include "openflow/print.h"
#include "openflow/validate.h"
#include "runtime/config.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/sim/sim.h"
#include "test/sim/slicer_reference.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS     60
#define MATCHES   64
#define FLOWS_MAX 256
#define BIG       0xb00 /* the datapath id of slice 0's big switch; then on */
#define XID       77
#define LABEL     3072

static struct {
    const char *seeds, *broken, *log;
    uint64_t seed;
    bool show, help;
} options = {.seeds = "1-100", .broken = "", .log = "error"};

static const struct config_option rows[] = {
    {"seeds", CONFIG_STRING, &options.seeds, 0, 0, "A-B", "run these seeds"},
    {"seed", CONFIG_UINT, &options.seed, 0, 0, "N", "run this one (0: --seeds)"},
    {"break", CONFIG_STRING, &options.broken, 0, 0, "WHAT", "priority: must be found"},
    {"log", CONFIG_STRING, &options.log, 0, 0, "LEVELS", "what is logged"},
    {"show", CONFIG_FLAG, &options.show, 0, 0, NULL, "say what is done, and the figures"},
    {"help", CONFIG_FLAG, &options.help, 0, 0, NULL, "say this"},
    {0},
};
static const struct config_option *const tables[] = {rows, NULL};
static const struct config config = {
    "slicer_model", "[OPTION]...", "Compare the slicer with a slow and obvious one.", tables, NULL};

static char failure[300];
static struct ctl *ctl;

/* What has happened in all seeds: each must, or too little was tried. */
static struct {
    uint64_t accepted, refused, sent, packet_ins, delivered, outs, cuts, reloads, removed;
} met;

static bool failed(void)
{
    return failure[0] != '\0';
}

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void fail(const char *format, ...)
{
    va_list args;
    if (failed())
        return;
    va_start(args, format);
    vsnprintf(failure, sizeof failure, format, args);
    va_end(args);
}

static void show(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void show(const char *format, ...)
{
    va_list args;
    if (!options.show)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}

static unsigned below(unsigned n)
{
    return (unsigned)sim_random(n);
}

static void pass(uint64_t ns)
{
    sim_run(loop_now() + ns);
}

/* --- The slices' controllers ----------------------------------------------------------------- */

/* A controller of one view: reference.view[] has the same index. */
static struct peer {
    struct stream *stream; /* NULL: none */
    bool error;            /* ... has come in answer to what was said last */
    struct buffer {
        uint32_t id; /* OFP_NO_BUFFER: none */
        struct ref_place at;
        uint16_t number;
        struct net_frame frame;
    } buffer;                          /* that it was told of last */
    uint64_t removed, removed_packets; /* flows, as it was told; as the reference has it: */
    uint64_t gone, gone_packets;
} peer[REF_VIEWS];

static struct listener *listener[REF_SLICES];
static const unsigned slice_number[REF_SLICES] = {0, 1, 2};

static struct ref_view *view_of(const struct peer *p)
{
    return &reference.view[p - peer];
}

static void say(struct peer *p, const struct ofp_msg *msg)
{
    struct buf out =
        buf_of(stream_reserve(p->stream, ofp_encoded_bound(msg)), ofp_encoded_bound(msg));
    if (out.data == NULL || !ofp_encode(&out, msg))
        abort();
    p->error = false;
    stream_commit(p->stream, out.len);
}

/* A big switch's port says by its name where it is. */
static void on_port(struct ref_view *view, const struct ofp_phy_port *desc)
{
    uint16_t number = be16_get(desc->port_no);
    unsigned sw, port;
    if (view->sw != 0)
        return;
    if (number > REF_PORTS || sscanf((const char *)desc->name, "%x.%u", &sw, &port) != 2)
        fail("a port %u is called %s", number, desc->name);
    else
        view->place[number] = (struct ref_place){sw, (uint16_t)port};
}

static void on_features(struct ref_view *view, const struct ofp_msg_features *f)
{
    struct span rest = f->ports;
    const struct ofp_phy_port *desc;
    bool big = reference.big[view->slice];
    if (f->datapath_id != (big ? BIG + view->slice : f->datapath_id))
        fail("slice %u sees datapath %" PRIx64, view->slice, f->datapath_id);
    view->sw = big ? 0 : (unsigned)f->datapath_id;
    view->there = true;
    while ((desc = ofp_next_port(&rest)) != NULL)
        on_port(view, desc);
}

static void on_packet_in(struct peer *p, const struct ofp_msg_packet_in *in)
{
    struct net_heard heard = {.view = (int)(p - peer), .port = in->in_port};
    struct ofp_key key;
    ofp_key_extract(&key, in->data, in->in_port);
    if (be16_get(key.match.dl_type) == 0x88cc)
        return;
    met.packet_ins++;
    heard.frame = net_comparable(in->data);
    net_note(&net_seen, &heard);
    p->buffer.id = in->buffer_id;
    p->buffer.at = ref_place_of(view_of(p), in->in_port);
    p->buffer.number = in->in_port;
    p->buffer.frame.len = in->data.len;
    memcpy(p->buffer.frame.bytes, in->data.data, in->data.len);
}

/* No two matches have the same priorities. */
static struct ref_entry *find_flow(struct ref_view *view, const struct ofp_flow_stats *e)
{
    for (size_t i = 0; i < view->table.n; i++)
        if (view->table.entry[i].priority == be16_get(e->priority) &&
            view->table.entry[i].cookie == be64_get(e->cookie))
            return &view->table.entry[i];
    return NULL;
}

static void on_stats(struct ref_view *view, struct span entries)
{
    const struct ofp_flow_stats *e;
    struct span actions;
    size_t n = 0;
    for (; (e = ofp_next_flow_stats(&entries, &actions)) != NULL; n++) {
        const struct ref_entry *want = find_flow(view, e);
        if (want == NULL)
            fail("slice %u has a flow that it should not have", view->slice);
        else if (want->packets != be64_get(e->packet_count))
            fail("slice %u: flow %" PRIu64 " has %" PRIu64 " packets, not %" PRIu64, view->slice,
                 want->cookie, be64_get(e->packet_count), want->packets);
    }
    if (n != view->table.n)
        fail("slice %u has %zu flows, not %zu", view->slice, n, view->table.n);
}

static void on_message(struct peer *p, const struct ofp_msg *msg)
{
    const struct ofp_msg features = {.type = OFPT_FEATURES_REQUEST};
    const struct ofp_msg echo = {.type = OFPT_ECHO_REPLY, .xid = msg->xid};
    switch (msg->type) {
    case OFPT_HELLO:
        say(p, &features);
        break;
    case OFPT_FEATURES_REPLY:
        on_features(view_of(p), &msg->features);
        break;
    case OFPT_ECHO_REQUEST:
        say(p, &echo);
        break;
    case OFPT_PORT_STATUS:
        on_port(view_of(p), msg->port_status.desc);
        break;
    case OFPT_PACKET_IN:
        on_packet_in(p, &msg->packet_in);
        break;
    case OFPT_FLOW_REMOVED:
        p->removed++;
        p->removed_packets += msg->flow_removed.packet_count;
        break;
    case OFPT_STATS_REPLY:
        on_stats(view_of(p), msg->stats.entries);
        break;
    case OFPT_ERROR:
        if (msg->xid != XID)
            fail("slice %u is told of an error that is not its own", view_of(p)->slice);
        p->error = true;
        break;
    default:
        fail("a message of type %u", msg->type);
    }
}

static size_t on_data(void *user, const uint8_t *bytes, size_t n)
{
    struct span rest = span_of(bytes, n);
    long length;
    while ((length = ofp_frame(rest)) > 0) {
        struct span one = span_of(span_take(&rest, (size_t)length), (size_t)length);
        struct ofp_fault fault;
        struct ofp_msg msg;
        if (!ofp_validate(one, OFP_AT_CONTROLLER, &fault)) {
            fail("the slicer sends a bad message");
            continue;
        }
        ofp_decode(&msg, one);
        on_message(user, &msg);
    }
    return n - rest.len;
}

static void forget(struct peer *p)
{
    p->stream = NULL;
    view_of(p)->there = false;
    view_of(p)->table.n = 0;
}

static void on_closed(void *user, int error)
{
    (void)error;
    forget(user);
}

static const struct stream_events events = {.data = on_data, .closed = on_closed};

/* A flow of the reference's has left. */
static void on_gone(void *user, const struct ref_entry *e, uint8_t reason)
{
    struct peer *p = user;
    if (reason > OFPRR_DELETE || (e->flags & OFPFF_SEND_FLOW_REM) == 0)
        return;
    p->gone++;
    p->gone_packets += e->packets;
}

static void on_accept(void *user, struct stream *s)
{
    static const uint8_t hello[8] = {OFP_VERSION, OFPT_HELLO, 0, 8};
    static struct ref_entry room[REF_VIEWS][FLOWS_MAX];
    const unsigned *slice = user;
    size_t i = 0;
    while (i < REF_VIEWS && peer[i].stream != NULL)
        i++;
    if (i == REF_VIEWS)
        abort();
    peer[i] = (struct peer){.stream = s, .buffer.id = OFP_NO_BUFFER};
    reference.view[i] = (struct ref_view){
        .slice = *slice,
        .table = {.entry = room[i], .max = FLOWS_MAX, .gone = on_gone, .user = &peer[i]}};
    stream_own(s, &events, &peer[i]);
    stream_write(s, hello, sizeof hello);
}

/* --- Random things: few values, so that they meet -------------------------------------------- */

static size_t add(char *text, size_t cap, size_t n, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static size_t add(char *text, size_t cap, size_t n, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    n += (size_t)vsnprintf(text + n, cap - n, format, args);
    va_end(args);
    return n;
}

static void random_text(char *text, size_t cap, unsigned ports)
{
    static const char *const kinds[] = {"", "ip", "arp", "tcp", "udp"};
    const char *kind = kinds[below(5)];
    size_t n = add(text, cap, 0, "%s", kind);
    if (ports > 0 && below(2) == 0)
        n = add(text, cap, n, ",in_port=%u", 1 + below(ports));
    if (below(5) == 0)
        n = add(text, cap, n, ",dl_src=02:00:00:00:00:0%u", below(2));
    if (below(3) == 0)
        n = add(text, cap, n, ",dl_vlan=%s", below(2) ? "0xffff" : "5");
    if (kind[0] != '\0' && below(2) == 0)
        n = add(text, cap, n, ",nw_src=%u.0.0.0/%u", below(4) << 6, 1 + below(2));
    if (kind[0] != '\0' && below(3) == 0)
        n = add(text, cap, n, ",nw_dst=%u.0.0.0/%u", below(4) << 6, 1 + below(2));
}

static struct ofp_match parsed(const char *text)
{
    char error[OFP_PARSE_ERROR];
    struct ofp_match match;
    if (ofp_parse_match(text, &match, error) != NULL)
        abort();
    return match;
}

static struct net_frame random_frame(void)
{
    struct net_frame frame = {.len = 60};
    uint8_t *f = frame.bytes;
    bool arp = below(4) == 0;
    f[0] = f[6] = 2;
    f[5] = 9;
    f[11] = (uint8_t)below(2);
    f[12] = 8;
    f[13] = arp ? 6 : 0;
    f[14] = 0x45;
    f[17] = 46;
    f[22] = 64;
    f[23] = below(2) ? 6 : 17;
    f[26] = f[28] = (uint8_t)(below(4) << 6);
    f[30] = f[38] = (uint8_t)(below(4) << 6);
    f[37] = 80;
    f[46] = 0x50;
    if (arp)
        memcpy(f + 14, "\0\1\10\0\6\4\0\1", 8);
    if (below(4) == 0) {
        unsigned vid = below(2) ? 5 : LABEL + below(12);
        memmove(f + 16, f + 12, 48);
        memcpy(f + 12, "\x81\0", 2);
        f[14] = (uint8_t)(vid >> 8);
        f[15] = (uint8_t)vid;
        frame.len = 64;
    }
    return frame;
}

/* Of a slice that sees one big switch, too, a packet that goes back where it came from ends there.
 */
static void random_actions(struct buf *list, bool big)
{
    for (unsigned n = 1 + below(4); n > 0; n--) {
        static const uint16_t odd[] = {OFPP_FLOOD, OFPP_ALL, OFPP_CONTROLLER};
        switch (below(10)) {
        case 0:
            ofp_put_set_nw_dst(list, below(4) << 30);
            break;
        case 1:
            if (below(2))
                ofp_put_set_vlan_vid(list, below(4) ? 5 : LABEL + 1);
            else
                ofp_put_strip_vlan(list);
            break;
        case 2:
            ofp_put_set_dl_dst(list, (const uint8_t[]){2, 0, 0, 0, 0, (uint8_t)below(3)});
            break;
        case 3:
        case 4:
            ofp_put_output(list, odd[below(3)], 0xffff);
            break;
        case 5:
            if (big)
                ofp_put_output(list, OFPP_IN_PORT, 0);
            break;
        default:
            ofp_put_output(list, (uint16_t)(1 + below(NET_PORTS)), 0);
        }
    }
}

/* --- Slices ---------------------------------------------------------------------------------- */

static char lines[REF_LINES + REF_SLICES][300]; /* of the file */
static char line_text[REF_LINES][260];          /* of reference.line[] */

static void *option(const char *name)
{
    const struct config_option *row = slicer_app.options;
    while (strcmp(row->name, name) != 0)
        row++;
    return row->target;
}

static void random_line(unsigned slice)
{
    struct ref_line *line = &reference.line[reference.n_lines];
    char *text = line_text[reference.n_lines++], match[200];
    size_t n = 0;
    *line = (struct ref_line){.slice = slice, .priority = (uint16_t)below(4)};
    if (below(3) == 0)
        line->dpid = 1 + below(net_shape.n);
    random_text(match, sizeof match, line->dpid != 0 || net_shape.n == 1 ? NET_PORTS : 0);
    line->match = parsed(match);
    if (line->dpid != 0)
        n = add(text, sizeof line_text[0], n, "dpid=%x,", line->dpid);
    add(text, sizeof line_text[0], n, "priority=%u,%s", line->priority, match);
    if (reference.big[slice] && be32_get(line->match.wildcards) & OFPFW_DL_VLAN) {
        line->match.wildcards = be32_of(be32_get(line->match.wildcards) & ~(uint32_t)OFPFW_DL_VLAN);
        line->match.dl_vlan = be16_of(OFP_VLAN_NONE);
    }
}

/* The file, of the slices that are present. */
static void write_lines(void)
{
    struct config_list *list = option("slicer-line");
    list->n = 0;
    for (unsigned s = 0; s < REF_SLICES; s++) {
        char *text = lines[list->n];
        size_t n;
        if (!reference.present[s])
            continue;
        list->value[list->n++] = text;
        n = add(text, sizeof lines[0], 0, "slice s%u controller=tcp:c%u:6653 rate=1000000", s, s);
        if (reference.big[s])
            add(text, sizeof lines[0], n, " big=%x", BIG + s);
        for (size_t i = 0; i < reference.n_lines; i++) {
            if (reference.line[i].slice != s)
                continue;
            snprintf(lines[list->n], sizeof lines[0], "%.259s", line_text[i]);
            list->value[list->n] = lines[list->n];
            list->n++;
        }
    }
    for (size_t i = 0; i < list->n; i++)
        show("    %s\n", list->value[i]);
}

static void random_slices(unsigned kind)
{
    reference.n_lines = 0;
    for (unsigned s = 0; s < REF_SLICES; s++) {
        reference.present[s] = true;
        reference.big[s] = kind == 2 || (kind == 1 && below(2));
        for (unsigned n = 1 + below(4); n > 0; n--)
            random_line(s);
    }
    write_lines();
}

/* --- The network ----------------------------------------------------------------------------- */

/* One to four switches; with circles, if that is allowed. */
static void random_shape(bool circles)
{
    memset(&net_shape, 0, sizeof net_shape);
    net_shape.n = 1 + below(NET_SWITCHES);
    for (unsigned sw = 2; sw <= net_shape.n; sw++)
        net_cable(sw, 1 + below(sw - 1));
    if (circles && net_shape.n > 2)
        net_cable(1, net_shape.n);
    for (unsigned sw = 1; sw <= net_shape.n; sw++)
        for (unsigned n = 1 + below(2); n > 0; n--)
            net_shape.n_ports[sw]++;
    show("%u switches\n", net_shape.n);
}

static uint16_t host_at(unsigned sw)
{
    uint16_t no = 1;
    while (net_shape.port[sw][no].to != 0)
        no++;
    return no;
}

/* --- Steps ----------------------------------------------------------------------------------- */

static struct ofp_match match[MATCHES]; /* that flows have had: each has priorities of its own */
static unsigned n_matches;
static uint64_t next_cookie;

static unsigned some_match(void)
{
    char text[200];
    if (n_matches > 0 && (n_matches == MATCHES || below(2) == 0))
        return below(n_matches);
    random_text(text, sizeof text, NET_PORTS);
    match[n_matches] = parsed(text);
    return n_matches++;
}

/* Some view whose controller is there; NULL: none is. */
static struct peer *some_peer(void)
{
    unsigned from = below(REF_VIEWS);
    for (unsigned i = 0; i < REF_VIEWS; i++) {
        struct peer *p = &peer[(from + i) % REF_VIEWS];
        if (p->stream != NULL && view_of(p)->there)
            return p;
    }
    return NULL;
}

static void show_flow_mod(const struct peer *p, const struct ofp_msg_flow_mod *mod)
{
    static const char *const names[] = {"add", "modify", "modify_strict", "delete",
                                        "delete_strict"};
    char line[300];
    struct text t = text_of(line, sizeof line);
    ofp_print_match(&t, mod->match, mod->priority);
    text_put(&t, " actions=");
    ofp_print_actions(&t, mod->actions);
    show("view %zu: %s cookie=%" PRIu64 "%s,%s: %s\n", p - peer, names[mod->command], mod->cookie,
         mod->flags ? ",send_flow_rem" : "", line, p->error ? "refused" : "accepted");
}

static void step_flow_mod(void)
{
    uint8_t area[200];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD, .xid = XID};
    struct ofp_msg_flow_mod *mod = &msg.flow_mod;
    struct peer *p = some_peer();
    unsigned m = some_match();
    if (p == NULL)
        return;
    *mod = (struct ofp_msg_flow_mod){.match = &match[m],
                                     .cookie = ++next_cookie,
                                     .command = (uint16_t)(below(2) ? 0 : below(5)),
                                     .priority = (uint16_t)(1 + 3 * m + below(3)),
                                     .flags = (uint16_t)below(2),
                                     .idle_timeout = (uint16_t)(below(5) == 0 ? 2 : 0),
                                     .hard_timeout = (uint16_t)(below(5) == 0 ? 3 : 0),
                                     .buffer_id = OFP_NO_BUFFER,
                                     .out_port = OFPP_NONE};
    if (mod->command != OFPFC_DELETE && mod->command != OFPFC_DELETE_STRICT)
        random_actions(&actions, view_of(p)->sw == 0);
    mod->actions = span_of(area, actions.len);
    say(p, &msg);
    pass(10 * NS_PER_MS);
    show_flow_mod(p, mod);
    met.refused += p->error;
    met.accepted += !p->error;
    if (!p->error && ref_flow_mod(&view_of(p)->table, mod, loop_now()) >= 0)
        fail("the reference refuses a flow");
}

static void step_packet(void)
{
    unsigned sw = 1 + below(net_shape.n);
    uint16_t port = host_at(sw);
    struct net_frame frame = random_frame();
    if (port < net_shape.n_ports[sw] && below(2))
        port = net_shape.n_ports[sw];
    if (net_shape.port[sw][port].to != 0 || net_shape.port[sw][port].down)
        return;
    met.sent++;
    show("host at %u.%u sends, owner %d\n", sw, port, ref_owner(sw, port, &frame));
    net_send(sw, port, &frame);
    pass(10 * NS_PER_MS);
    ref_arrive(sw, port, &frame);
}

/* Is the frame the slice's at some port; at one where packets pass? */
static bool is_own_somewhere(const struct ref_view *view, const struct net_frame *frame, bool edge)
{
    for (uint16_t n = 1; n <= REF_PORTS; n++) {
        struct ref_place at = ref_place_of(view, n);
        if (at.sw != 0 && ref_owner(at.sw, at.port, frame) == (int)view->slice &&
            (!edge || view->sw != 0 || ref_is_edge(view->slice, at.sw, at.port)))
            return true;
    }
    return false;
}

static bool was_own(const struct ref_view *view, uint16_t number, const struct net_frame *frame)
{
    struct ref_place at = ref_place_of(view, number);
    if (number == OFPP_NONE || at.sw == 0)
        return is_own_somewhere(view, frame, false);
    return ref_owner(at.sw, at.port, frame) == (int)view->slice;
}

static void step_packet_out(void)
{
    uint8_t area[200];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_msg msg = {.type = OFPT_PACKET_OUT, .xid = XID};
    struct net_frame frame = random_frame();
    uint16_t number = below(3) == 0 ? OFPP_NONE : (uint16_t)(1 + below(NET_PORTS));
    struct peer *p = some_peer();
    if (p == NULL)
        return;
    random_actions(&actions, false);
    msg.packet_out = (struct ofp_msg_packet_out){.buffer_id = OFP_NO_BUFFER,
                                                 .in_port = number,
                                                 .actions = span_of(area, actions.len),
                                                 .data = span_of(frame.bytes, frame.len)};
    say(p, &msg);
    pass(10 * NS_PER_MS);
    show("view %zu: packet-out from %u: %s\n", p - peer, number, p->error ? "refused" : "accepted");
    if (p->error)
        return;
    met.outs++;
    if (!was_own(view_of(p), number, &frame))
        fail("slice %u sends what is not its own", view_of(p)->slice);
    if (is_own_somewhere(view_of(p), &frame, true))
        ref_send(view_of(p), ref_place_of(view_of(p), number), number, &frame,
                 msg.packet_out.actions);
    else /* where none of its ports is up it may or may not get away */
        net_seen.n = 0;
}

static void step_buffer(void)
{
    uint8_t area[200];
    struct buf actions = buf_of(area, sizeof area);
    struct ofp_msg msg = {.type = OFPT_PACKET_OUT, .xid = XID};
    struct peer *p = some_peer();
    struct buffer b;
    if (p == NULL || p->buffer.id == OFP_NO_BUFFER)
        return;
    b = p->buffer;
    random_actions(&actions, view_of(p)->sw == 0);
    msg.packet_out = (struct ofp_msg_packet_out){
        .buffer_id = b.id, .in_port = b.number, .actions = span_of(area, actions.len)};
    p->buffer.id = OFP_NO_BUFFER;
    say(p, &msg);
    pass(10 * NS_PER_MS);
    show("view %zu: buffer: %s\n", p - peer, p->error ? "refused" : "accepted");
    met.outs += !p->error;
    if (!p->error)
        ref_send(view_of(p), b.at, b.number, &b.frame, msg.packet_out.actions);
}

/* So long that what times out does, and is over when the next step begins: all others together take
 * less than the shortest time-out. */
static void pass_long(void)
{
    pass(10 * NS_PER_S);
    for (size_t i = 0; i < REF_VIEWS; i++)
        ref_expire(&reference.view[i].table, loop_now());
}

/* A link goes down, or up. It takes a while until that has been found out. */
static void step_link(void)
{
    unsigned sw = 1 + below(net_shape.n);
    uint16_t port = (uint16_t)(1 + below(net_shape.n_ports[sw]));
    if (below(3) > 0)
        return;
    met.cuts++;
    show("link %u.%u\n", sw, port);
    net_set_down(sw, port, !net_shape.port[sw][port].down);
    pass_long();
}

/* Slice 1 or 2 goes, or comes. */
static void step_reload(void)
{
    unsigned s = 1 + below(REF_SLICES - 1);
    if (below(4) > 0)
        return;
    met.reloads++;
    reference.present[s] = !reference.present[s];
    show("slice %u %s\n", s, reference.present[s] ? "comes" : "goes");
    write_lines();
    ctl_reload(ctl);
    pass_long();
}

static void (*const steps[])(void) = {step_flow_mod, step_flow_mod, step_flow_mod,   step_flow_mod,
                                      step_packet,   step_packet,   step_packet,     step_packet,
                                      step_packet,   step_buffer,   step_packet_out, step_link,
                                      step_reload};

/* --- What must hold -------------------------------------------------------------------------- */

static void show_log(const char *who, const struct net_log *log)
{
    for (size_t i = 0; i < log->n; i++) {
        const struct net_heard *h = &log->heard[i];
        show("    %s: ", who);
        if (h->view >= 0)
            show("view %d, port %u:", h->view, h->port);
        else
            show("host at %u.%u:", h->sw, h->port);
        for (size_t k = 0; k < h->frame.len && k < 40; k++)
            show(" %02x", h->frame.bytes[k]);
        show("\n");
    }
}

static void compare(unsigned step)
{
    if (!net_same(&net_seen, &reference.log)) {
        show_log("was", &net_seen);
        show_log("should be", &reference.log);
        fail("step %u: other packets came, or elsewhere", step);
    }
    met.delivered += net_seen.n;
    net_seen.n = reference.log.n = 0;
}

static void compare_removed(void)
{
    for (size_t i = 0; i < REF_VIEWS; i++) {
        const struct peer *p = &peer[i];
        if (p->removed != p->gone || p->removed_packets != p->gone_packets)
            fail("view %zu was told of %" PRIu64 " flows that were deleted with %" PRIu64
                 " packets, not of %" PRIu64 " with %" PRIu64,
                 i, p->removed, p->removed_packets, p->gone, p->gone_packets);
        met.removed += p->removed;
    }
}

static void compare_flows(void)
{
    struct ofp_match any = ofp_match_any();
    struct ofp_msg msg = {.type = OFPT_STATS_REQUEST, .xid = XID, .stats = {.type = OFPST_FLOW}};
    msg.stats.flow = (struct ofp_msg_flow_request){&any, OFP_TABLE_ALL, OFPP_NONE};
    for (size_t i = 0; i < REF_VIEWS; i++)
        if (peer[i].stream != NULL)
            say(&peer[i], &msg);
    pass(10 * NS_PER_MS);
}

/* Each slice has the views that it should have. */
static void compare_views(void)
{
    for (unsigned s = 0; s < REF_SLICES; s++) {
        unsigned n = 0, want = 0, edges = 0;
        for (size_t i = 0; i < REF_VIEWS; i++)
            n += reference.view[i].there && reference.view[i].slice == s;
        for (unsigned sw = 1; sw <= net_shape.n; sw++) {
            want += ref_has_switch(s, sw);
            for (uint16_t no = 1; no <= net_shape.n_ports[sw]; no++)
                edges += ref_is_edge(s, sw, no);
        }
        if (reference.big[s])
            want = edges > 0;
        if (n != want)
            fail("slice %u has %u views, not %u", s, n, want);
    }
}

/* --- A run ----------------------------------------------------------------------------------- */

static void listen_all(void)
{
    for (unsigned s = 0; s < REF_SLICES; s++) {
        char name[40];
        struct endpoint ep;
        snprintf(name, sizeof name, "ptcp:6653:c%u", s);
        if (endpoint_parse(&ep, name, 0) != 0 ||
            net_listen(sim_net(), &ep, on_accept, (void *)(uintptr_t)&slice_number[s],
                       &listener[s]) != 0)
            abort();
    }
}

static void begin(uint64_t seed, bool broken)
{
    struct ctl_config ctl_config;
    unsigned kind;
    sim_start(seed, &(struct sim_faults){0});
    if (loop_open() != 0)
        abort();
    memset(&reference, 0, sizeof reference);
    memset(peer, 0, sizeof peer);
    reference.first_wins = broken;
    failure[0] = '\0';
    n_matches = 0;
    next_cookie = 0;
    kind = below(3);
    random_shape(kind == 2);
    random_slices(kind);
    listen_all();
    ctl_defaults(&ctl_config);
    ctl = ctl_new(&ctl_config);
    ctl_use_net(ctl, sim_net());
    if (ctl_add_app(ctl, &discovery_app) != 0 || ctl_add_app(ctl, &slicer_app) != 0)
        abort();
    net_raise(ctl);
    pass(4 * NS_PER_S);
    compare_views();
}

static void end(void)
{
    for (unsigned s = 0; s < REF_SLICES; s++)
        net_listener_close(listener[s]);
    ctl_free(ctl);
    pass(NS_PER_S);
    for (size_t i = 0; i < REF_VIEWS; i++)
        if (peer[i].stream != NULL)
            stream_abort(peer[i].stream);
    net_remove();
    loop_close();
}

static void run_seed(uint64_t seed, bool broken)
{
    begin(seed, broken);
    for (unsigned i = 0; i < STEPS && !failed(); i++) {
        steps[below(sizeof steps / sizeof steps[0])]();
        compare(i);
    }
    if (!failed())
        compare_flows();
    if (!failed())
        compare_removed();
    end();
}

/* --- The command line ------------------------------------------------------------------------ */

static bool has_tried_all(void)
{
    const uint64_t *n = (const uint64_t *)&met;
    bool all = true;
    for (size_t i = 0; i < sizeof met / sizeof *n; i++)
        all &= n[i] > 0;
    return all;
}

static int run_range(const char *program, uint64_t first, uint64_t last, bool broken)
{
    unsigned passed = 0, bad = 0;
    for (uint64_t seed = first; seed <= last && seed >= first; seed++) {
        run_seed(seed, broken);
        if (failed())
            printf("seed %" PRIu64 " FAILED: %s\nreplay: %s --seed=%" PRIu64 "%s\n", seed, failure,
                   program, seed, broken ? " --break=priority" : "");
        passed += !failed();
        bad += failed();
    }
    show("flow-mods: %" PRIu64 " accepted, %" PRIu64 " refused; frames: %" PRIu64
         " sent by hosts, %" PRIu64 " by controllers, %" PRIu64 " came; packet-ins: %" PRIu64
         "; links: %" PRIu64 "; reloads: %" PRIu64 "; flows removed: %" PRIu64 "\n",
         met.accepted, met.refused, met.sent, met.outs, met.delivered, met.packet_ins, met.cuts,
         met.reloads, met.removed);
    if (first != last && !has_tried_all()) {
        printf("something was never tried\n");
        bad++;
    }
    printf("%u passed, %u failed\n", passed, bad);
    return bad == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int usage(const char *message)
{
    fprintf(stderr, "slicer_model: %s\n", message);
    return 2;
}

int main(int argc, char **argv)
{
    bool broken;
    uint64_t first, last;
    char error[CONFIG_ERROR];
    int rest;
    if (config_parse(&config, argc, argv, &rest, error) != 0)
        return usage(error);
    if (sscanf(options.seeds, "%" SCNu64 "-%" SCNu64, &first, &last) != 2)
        return usage("--seeds: write two numbers, as in 1-100");
    if (options.seed != 0)
        first = last = options.seed;
    broken = strcmp(options.broken, "priority") == 0;
    if (options.broken[0] != '\0' && !broken)
        return usage("--break: must be priority");
    if (log_set_levels(options.log) != 0)
        return usage("--log: module:level, as in slicer:debug");
    return run_range(argv[0], first, last, broken);
}
