/*
 * flow_file.c - reading flows of many switches and comparing sets of them; see flow_file.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/flow_file.h"
#include "controller/apps/line_file.h"
#include "openflow/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct flow_set flow_set_new(size_t max, const char *max_option)
{
    return (struct flow_set){.max = max, .max_option = max_option};
}

void flow_set_free(struct flow_set *set)
{
    free(set->flow);
}

/* --- Reading --------------------------------------------------------------------------------- */

static const char *read_flow(const char *text, struct flow_line *f, char *error)
{
    struct buf actions = buf_of(f->actions, sizeof f->actions);
    struct ofp_msg_flow_mod flow;
    const char *wrong = ofp_parse_flow(text, OFPFC_ADD, &flow, &f->match, &actions, error);
    if (wrong != NULL)
        return wrong;
    if (flow.buffer_id != OFP_NO_BUFFER)
        return "buffer_id means nothing in a file: leave it out";
    if (flow.flags & OFPFF_CHECK_OVERLAP)
        return "check_overlap means nothing in a file: leave it out";
    f->priority = flow.priority;
    f->idle = flow.idle_timeout;
    f->hard = flow.hard_timeout;
    f->flags = flow.flags;
    f->cookie = flow.cookie;
    f->actions_len = actions.len;
    return NULL;
}

static bool make_room(struct flow_set *set)
{
    size_t cap = set->cap == 0 ? 16 : 2 * set->cap;
    struct flow_line *bigger;
    if (set->n < set->cap)
        return true;
    bigger = realloc(set->flow, cap * sizeof *bigger);
    if (bigger == NULL)
        return false;
    set->flow = bigger;
    set->cap = cap;
    return true;
}

const char *flow_set_put(struct flow_set *set, const struct flow_line *f, char *error)
{
    struct flow_line *to;
    if (set->n == set->max) {
        snprintf(error, OFP_PARSE_ERROR, "too many flows: raise --%s", set->max_option);
        return error;
    }
    if (!make_room(set))
        return "no memory";
    to = &set->flow[set->n++];
    *to = *f;
    ofp_match_canonical(&to->match, &to->key, &to->mask);
    return NULL;
}

const char *flow_set_add(struct flow_set *set, const char *text, unsigned line, char *error)
{
    struct flow_line f = {.line = line};
    const char *wrong;
    if (line_is_empty(text))
        return NULL;
    wrong = line_read_dpid(&text, &f.all, &f.dpid);
    if (wrong == NULL)
        wrong = read_flow(text, &f, error);
    return wrong != NULL ? wrong : flow_set_put(set, &f, error);
}

/* --- Comparing ------------------------------------------------------------------------------- */

static int compare_flow(const struct flow_line *a, const struct flow_line *b)
{
    int keys = memcmp(&a->key, &b->key, sizeof a->key);
    int emerg = (a->flags & OFPFF_EMERG) - (b->flags & OFPFF_EMERG);
    if (a->priority != b->priority)
        return a->priority - b->priority;
    if (emerg != 0)
        return emerg;
    return keys != 0 ? keys : memcmp(&a->mask, &b->mask, sizeof a->mask);
}

int flow_compare(const struct flow_line *a, const struct flow_line *b)
{
    int flow = compare_flow(a, b);
    if (flow != 0 || (a->all && b->all))
        return flow;
    if (a->all != b->all)
        return a->all ? -1 : 1;
    return (a->dpid > b->dpid) - (a->dpid < b->dpid);
}

static int compare_for_sort(const void *a, const void *b)
{
    const struct flow_line *x = a, *y = b;
    int order = flow_compare(x, y);
    return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

const char *flow_set_close(struct flow_set *set, unsigned *line, char *error)
{
    if (set->n > 0)
        qsort(set->flow, set->n, sizeof *set->flow, compare_for_sort);
    for (size_t i = 1; i < set->n; i++) {
        const struct flow_line *a = &set->flow[i - 1], *b = &set->flow[i];
        /* One for all sorts before those for one. */
        if (compare_flow(a, b) != 0 || (!a->all && a->dpid != b->dpid))
            continue;
        *line = a->line > b->line ? a->line : b->line;
        snprintf(error, OFP_PARSE_ERROR,
                 "the same match and priority as in line %u: leave one of the two out",
                 a->line > b->line ? b->line : a->line);
        return error;
    }
    return NULL;
}

bool flow_same(const struct flow_line *a, const struct flow_line *b)
{
    return a->idle == b->idle && a->hard == b->hard && a->flags == b->flags &&
           a->cookie == b->cookie && a->actions_len == b->actions_len &&
           memcmp(a->actions, b->actions, a->actions_len) == 0;
}

static int compare_for_find(const void *a, const void *b)
{
    return flow_compare(a, b);
}

const struct flow_line *flow_set_find(const struct flow_set *set, uint64_t dpid,
                                      const struct ofp_match *match, uint16_t priority)
{
    struct flow_line like = {.priority = priority};
    ofp_match_canonical(match, &like.key, &like.mask);
    for (int all = 0; all < 2 && set->n > 0; all++) {
        const struct flow_line *f;
        like.all = all != 0;
        like.dpid = like.all ? 0 : dpid;
        f = bsearch(&like, set->flow, set->n, sizeof like, compare_for_find);
        if (f != NULL)
            return f;
    }
    return NULL;
}
