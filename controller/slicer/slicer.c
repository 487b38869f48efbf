/*
 * slicer.c - the app `slicer`: several controllers share one network, each seeing its own slice.
 *
 * The file --slicer-file says who has what (slices.h). On SIGHUP, or by the command slicer/reload,
 * it is read again: slices come and go, and those of whom nothing has changed notice nothing. One
 * that has changed begins anew: its flows are deleted and its controller is called again. A file
 * with an error changes nothing. See slicer.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/slicer.h"
#include "controller/apps/apps.h"
#include "controller/apps/line_file.h"
#include "controller/slicer/tag.h"
#include "openflow/parse.h"
#include "runtime/counter.h"
#include "runtime/entropy.h"
#include "runtime/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

LOG_MODULE(slicer);

static struct {
    const char *file;
    struct config_list lines;
    uint64_t rate, flows, first_label, labels;
} options = {.rate = 10000, .flows = 16384, .first_label = 3072, .labels = 1023};

static const struct config_option option_rows[] = {
    {"slicer-file", CONFIG_STRING, &options.file, 0, 0, "PATH", "the slices and their flow space"},
    {"slicer-line", CONFIG_LIST, &options.lines, 0, 0, "LINE", "a line as in that file"},
    {"slicer-rate", CONFIG_UINT, &options.rate, 1, 1000000000, "N",
     "messages a second of a slice that has no rate="},
    {"slicer-flows", CONFIG_UINT, &options.flows, 1, 1 << 24, "N",
     "flows of a slice that has no flows="},
    {"slicer-label", CONFIG_UINT, &options.first_label, 1, LABELS_MAX, "VID",
     "the first of the VLANs in which big switches' packets travel"},
    {"slicer-labels", CONFIG_UINT, &options.labels, 1, LABELS_MAX, "N", "so many of them"},
    {0},
};

struct slicer_counters slicer_counters;

static const char *const counter_names[] = {
    "packet_ins", "nobodys", "absent",   "packets_dropped", "requests", "refused",  "paced",
    "flow_parts", "errors",  "links_up", "links_lost",      "reloads",  "bad_files"};

static struct counter_set counter_set = {
    .module = "slicer",
    .names = counter_names,
    .values = (const uint64_t *)&slicer_counters,
    .n = sizeof counter_names / sizeof counter_names[0],
};
_Static_assert(sizeof slicer_counters == sizeof counter_names / sizeof counter_names[0] * 8,
               "a name for each counter");

/* --- Slices ---------------------------------------------------------------------------------- */

static struct slice *slice_of(struct list *l)
{
    return container_of(l, struct slice, link);
}

static void slice_free(struct slice *slice)
{
    struct list *it, *after;
    list_each(it, after, &slice->views) view_free(container_of(it, struct view, in_slice), false);
    list_remove(&slice->link);
    free(slice->numbers.of);
    free(slice);
}

/* Those that the lines give. */
static bool number_ports(struct slice *slice)
{
    const struct slice_set *set = &slice->slicer->set;
    const struct slice_port *port;
    for (size_t i = 0; (port = slices_next_port(set, slice->index, &i)) != NULL;)
        if (!numbers_give(
                &slice->numbers,
                (struct numbered){.dpid = port->dpid, .port = port->real, .number = port->number}))
            return false;
    return true;
}

static bool slice_new(struct slicer *slicer, unsigned index)
{
    struct slice *slice = malloc(sizeof *slice);
    uint64_t rate = slicer->set.def[index].rate;
    if (slice == NULL)
        return false;
    *slice = (struct slice){.slicer = slicer,
                            .id = slicer->next_id++,
                            .index = index,
                            .asks = pace_of(rate),
                            .packet_ins = pace_of(rate)};
    list_init(&slice->views);
    list_append(&slicer->slices, &slice->link);
    if (number_ports(slice))
        return true;
    slice_free(slice);
    return false;
}

static struct slice *slice_at(const struct slicer *slicer, unsigned index)
{
    for (struct list *l = slicer->slices.next; l != &slicer->slices; l = l->next)
        if (slice_of(l)->index == index)
            return slice_of(l);
    return NULL;
}

static const struct slice *slice_by_id(const struct slicer *slicer, uint64_t id)
{
    for (struct list *l = slicer->slices.next; l != &slicer->slices; l = l->next)
        if (slice_of(l)->id == id)
            return slice_of(l);
    return NULL;
}

/* A view of this switch for each slice that has a part of it and none yet. */
static void show_to_all(struct place *place)
{
    struct list *it, *after;
    list_each(it, after, &place->slicer->slices)
    {
        struct slice *slice = slice_of(it);
        if (!slice_def(slice)->is_big && space_has_owner(&place->space, slice->index) &&
            view_find(slice, place) == NULL && view_new(slice, place) == NULL)
            log_error("slice %s: no view of datapath %016" PRIx64, slice_def(slice)->name,
                      ctl_dp_id(place->dp));
    }
}

/* --- The file -------------------------------------------------------------------------------- */

static const char *add_line(void *user, const char *text, unsigned line, char *error)
{
    return slices_add(user, text, line, error);
}

/* NULL, or which slice wants what there is not. */
static const char *judge_big(const struct slicer *app, const struct slice_set *set, char *error)
{
    for (size_t i = 0; i < set->n; i++) {
        if (!set->def[i].is_big || app->discovery != NULL)
            continue;
        snprintf(error, OFP_PARSE_ERROR,
                 "line %u: slice %s: big= wants --app=discovery before slicer", set->def[i].line,
                 set->def[i].name);
        return error;
    }
    return NULL;
}

static bool read_all(const struct slicer *app, struct slice_set *set)
{
    const struct line_source from = {options.file, "--slicer-line", &options.lines};
    char error[OFP_PARSE_ERROR];
    const char *wrong;
    slices_init(set, options.rate, options.flows);
    if (!lines_read(&from, add_line, set))
        return false;
    wrong = slices_close(set, error);
    if (wrong == NULL)
        wrong = judge_big(app, set, error);
    if (wrong != NULL)
        log_error("%s: %s", options.file != NULL ? options.file : "--slicer-line", wrong);
    return wrong == NULL;
}

/* Slices that are the same in both sets stay, with their place in the new one. */
static void keep_same(struct slicer *app, const struct slice_set *new)
{
    struct list *it, *after;
    list_each(it, after, &app->slices)
    {
        struct slice *slice = slice_of(it);
        int index = slices_find(new, slice_def(slice)->name);
        if (index >= 0 && slices_same(&app->set, slice->index, new, (size_t)index))
            slice->kept = index;
        else
            slice_free(slice);
    }
    list_each(it, after, &app->slices) slice_of(it)->index = (unsigned)slice_of(it)->kept;
}

static void use(struct slicer *app, const struct slice_set *new)
{
    struct list *it, *after;
    keep_same(app, new);
    slices_free(&app->set);
    app->set = *new;
    for (unsigned i = 0; i < new->n; i++)
        if (slice_at(app, i) == NULL && !slice_new(app, i))
            log_error("slice %s: no memory", new->def[i].name);
    list_each(it, after, &app->places)
    {
        struct place *place = container_of(it, struct place, link);
        place_set_space(place);
        show_to_all(place);
    }
    topology_slices_changed(app);
}

static bool reload(struct slicer *app)
{
    static struct slice_set new;
    slicer_counters.reloads++;
    if (!read_all(app, &new)) {
        slicer_counters.bad_files++;
        log_error("the slices stay as they were: mend the lines above and reload");
        slices_free(&new);
        return false;
    }
    use(app, &new);
    log_info("%zu slices", app->set.n);
    return true;
}

/* --- For operators --------------------------------------------------------------------------- */

static void slicer_reload(void *self)
{
    reload(self);
}

static void reload_command(void *user, struct appctl_reply *reply, size_t argc,
                           const char *const *argv)
{
    struct slicer *app = user;
    (void)argc;
    (void)argv;
    if (reload(app))
        appctl_say(reply, "%zu slices\n", app->set.n);
    else
        appctl_fail(reply, "the slices stay as they were: the log says which lines are wrong");
}

static void show_slice(struct appctl_reply *reply, const struct slice *slice)
{
    const struct slice_def *def = slice_def(slice);
    size_t views = 0, up = 0;
    for (const struct list *l = slice->views.next; l != &slice->views; l = l->next) {
        views++;
        up += link_is_up(&container_of(l, struct view, in_slice)->link);
    }
    appctl_say(reply, "%-20s %-28s %3zu of %-3zu %8" PRIu64 " %8" PRIu64 "\n", def->name,
               def->controller, up, views, slice->n_flows, def->rate);
}

static void show_command(void *user, struct appctl_reply *reply, size_t argc,
                         const char *const *argv)
{
    const struct slicer *app = user;
    (void)argc;
    (void)argv;
    appctl_say(reply,
               "slice                controller                   connected    flows     rate\n");
    for (unsigned i = 0; i < app->set.n; i++)
        if (slice_at(app, i) != NULL)
            show_slice(reply, slice_at(app, i));
}

static void show_ports(struct appctl_reply *reply, const struct view *view)
{
    appctl_say(reply, "port   datapath          its port\n");
    for (size_t i = 0; i < view->n_ports; i++) {
        const struct vport *port = &view->port[i];
        appctl_say(reply, "%5u  %016" PRIx64 "  %8u  %s\n", port->number,
                   ctl_dp_id(port->place->dp), port->real, port->up ? "up" : "down");
    }
}

static void ports_command(void *user, struct appctl_reply *reply, size_t argc,
                          const char *const *argv)
{
    const struct slicer *app = user;
    int index = slices_find(&app->set, argv[0]);
    const struct slice *slice = index >= 0 ? slice_at(app, (unsigned)index) : NULL;
    (void)argc;
    if (slice == NULL || !slice_def(slice)->is_big)
        appctl_fail(reply, "no slice %.40s sees one big switch", argv[0]);
    else if (slice->big != NULL)
        show_ports(reply, slice->big);
}

static const struct appctl_command command_rows[] = {
    {"slicer/ports", "SLICE", 1, 1, ports_command},
    {"slicer/reload", "", 0, 0, reload_command},
    {"slicer/show", "", 0, 0, show_command},
    {0},
};

/* --- The app --------------------------------------------------------------------------------- */

static void slicer_destroy(void *self)
{
    struct slicer *app = self;
    struct list *it, *after;
    list_each(it, after, &app->slices) slice_free(slice_of(it));
    topology_end(app);
    slices_free(&app->set);
    hash_table_free(&app->flows);
    free(app);
}

/* A cookie of ours is told from others' by where the ids begin. */
static void *slicer_create(struct ctl *ctl)
{
    struct slicer *app = calloc(1, sizeof *app);
    if (app == NULL || hash_table_init(&app->flows) != 0) {
        free(app);
        return NULL;
    }
    app->ctl = ctl;
    app->next_id = entropy_u64() | 1;
    app->secret = entropy_u64();
    app->discovery = ctl_app(ctl, &discovery_app);
    app->labels.first = (uint16_t)options.first_label;
    app->labels.n =
        options.labels < 4095 - options.first_label ? options.labels : 4095 - options.first_label;
    list_init(&app->slices);
    list_init(&app->places);
    topology_begin(app);
    if (options.file == NULL && options.lines.n == 0)
        log_warn("no slices: say --slicer-file=PATH or --slicer-line=LINE");
    if (!reload(app)) {
        slicer_destroy(app);
        return NULL;
    }
    topology_listen(app);
    counter_register(&counter_set);
    return app;
}

static void slicer_join(void *self, struct ctl_dp *dp)
{
    struct place *place = place_new(self, dp);
    ctl_dp_set(dp, self, place);
    if (place == NULL)
        log_error("datapath %016" PRIx64 ": no memory, no slice sees it", ctl_dp_id(dp));
    else
        show_to_all(place);
}

static void slicer_leave(void *self, struct ctl_dp *dp)
{
    struct place *place = ctl_dp_get(dp, self);
    ctl_dp_set(dp, self, NULL);
    if (place != NULL)
        place_free(place);
}

/* LLDP that a slice has sent is its own, whoever's flow space it comes in by. `*data` is the packet
 * without the tag. NULL: it is nobody's. */
static const struct slice *whose(const struct slicer *app, const struct place *place,
                                 const struct ctl_packet *packet, struct span *data)
{
    uint64_t id;
    int owner;
    if (label_is_vid(app, be16_get(packet->key.match.dl_vlan)))
        return NULL;
    if (tag_is_lldp(&packet->key) && tag_read(packet->in->data, app->secret, &id, data))
        return slice_by_id(app, id);
    owner = space_owner(&place->space, &packet->key);
    return owner >= 0 ? slice_at(app, (unsigned)owner) : NULL;
}

static bool slicer_packet_in(void *self, struct ctl_dp *dp, const struct ctl_packet *packet)
{
    struct place *place = ctl_dp_get(dp, self);
    struct span data = packet->in->data;
    const struct slice *slice = place != NULL ? whose(self, place, packet, &data) : NULL;
    struct view *view = slice != NULL ? view_find(slice, place) : NULL;
    slicer_counters.nobodys += view == NULL;
    if (view != NULL && !parts_wake(view, place, packet))
        report_packet_in(view, place, packet, data);
    return view != NULL;
}

static void slicer_flow_removed(void *self, struct ctl_dp *dp,
                                const struct ofp_msg_flow_removed *removed)
{
    struct place *place = ctl_dp_get(dp, self);
    if (place != NULL)
        flows_removed(place, removed);
}

static void slicer_port_status(void *self, struct ctl_dp *dp,
                               const struct ofp_msg_port_status *status)
{
    struct place *place = ctl_dp_get(dp, self);
    (void)status; /* the datapath's ports are up to date already */
    if (place != NULL)
        place_ports_changed(place);
}

static void slicer_error(void *self, struct ctl_dp *dp, uint32_t xid,
                         const struct ofp_msg_error *error)
{
    struct place *place = ctl_dp_get(dp, self);
    if (place != NULL)
        place_error(place, xid, error);
}

const struct ctl_app_type slicer_app = {
    .name = "slicer",
    .help = "controllers share the switches, each seeing its slice of them; the last of the chain",
    .options = option_rows,
    .create = slicer_create,
    .destroy = slicer_destroy,
    .reload = slicer_reload,
    .join = slicer_join,
    .leave = slicer_leave,
    .packet_in = slicer_packet_in,
    .flow_removed = slicer_flow_removed,
    .port_status = slicer_port_status,
    .error = slicer_error,
    .commands = command_rows,
};
