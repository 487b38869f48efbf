/*
 * flow_mod.c - OpenFlow 1.0 section 4.6: the five commands of a flow-mod. See flow_mod.h.
 *
 * MODIFY changes the cookie with the actions (section 5.3.3); flags stay. Where the specification
 * leaves room: an identical entry overlaps like any other: "a single packet may match both, and
 * both entries have the same priority" (Open vSwitch replaces it).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "switch/flow_mod.h"

#include <assert.h>
#include <errno.h>

/* A flow-mod on its way. */
struct job {
    struct table *table;
    const struct ofp_msg_flow_mod *mod;
    struct table_filter filter;
    struct ofp_fault *fault;
};

static bool refuse(struct job *j, enum ofp_flow_mod_failed_code code)
{
    *j->fault = (struct ofp_fault){.type = OFPET_FLOW_MOD_FAILED, .code = (uint16_t)code};
    return false;
}

/* "If a switch cannot find any table in which to add the incoming flow entry": for lack of memory
 * too. */
static bool done(struct job *j, int result)
{
    return result >= 0 || refuse(j, OFPFMFC_ALL_TABLES_FULL);
}

static bool add(struct job *j)
{
    const struct ofp_msg_flow_mod *m = j->mod;
    struct flow init = {
        .cookie = m->cookie,
        .priority = m->priority,
        .idle_timeout = m->idle_timeout,
        .hard_timeout = m->hard_timeout,
        .flags = m->flags,
    };
    if ((m->flags & OFPFF_CHECK_OVERLAP) && table_overlaps(j->table, &j->filter))
        return refuse(j, OFPFMFC_OVERLAP);
    return done(j, table_insert(j->table, m->match, &init, m->actions));
}

/* "If a flow entry with identical header fields does not currently reside in any table, the MODIFY
 * acts like an ADD": that is, if none matches. */
static bool modify(struct job *j)
{
    int n = table_modify(j->table, &j->filter, j->mod->cookie, j->mod->actions);
    return n == 0 ? add(j) : done(j, n);
}

static bool modify_strict(struct job *j)
{
    j->filter.strict = true;
    return modify(j);
}

static bool delete_entry(void *user, struct flow *flow)
{
    table_remove(user, flow, OFPRR_DELETE);
    return true;
}

/* "If no flow entry matches, no error is recorded." Only deletion looks at out_port. */
static bool delete (struct job *j)
{
    j->filter.out_port = j->mod->out_port;
    table_each(j->table, &j->filter, delete_entry, j->table);
    return true;
}

static bool delete_strict(struct job *j)
{
    j->filter.strict = true;
    return delete (j);
}

static bool (*const commands[OFPFC_N_COMMANDS])(struct job *j) = {
    [OFPFC_ADD] = add,
    [OFPFC_MODIFY] = modify,
    [OFPFC_MODIFY_STRICT] = modify_strict,
    [OFPFC_DELETE] = delete,
    [OFPFC_DELETE_STRICT] = delete_strict,
};

bool flow_mod_apply(struct table *normal, struct table *emergency,
                    const struct ofp_msg_flow_mod *mod, struct ofp_fault *fault)
{
    struct job j = {
        .table = mod->flags & OFPFF_EMERG ? emergency : normal,
        .mod = mod,
        .filter = table_filter_of(mod->match),
        .fault = fault,
    };
    assert(mod->command < OFPFC_N_COMMANDS);
    j.filter.priority = mod->priority;
    return commands[mod->command](&j);
}
