/*
 * slices.c - reading the file of the slices; see slices.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/slicer/slices.h"
#include "controller/apps/line_file.h"
#include "controller/ctl.h"
#include "openflow/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

void slices_init(struct slice_set *set, uint64_t rate, uint64_t flows)
{
    *set = (struct slice_set){.defaults = {.rate = rate, .flows = flows}};
}

void slices_free(struct slice_set *set)
{
    free(set->rule);
    free(set->port);
    set->rule = NULL;
    set->port = NULL;
    set->n_rules = set->n_ports = 0;
}

int slices_find(const struct slice_set *set, const char *name)
{
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->def[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* The array, or a bigger one if it is full. NULL: no memory, it stays as it was. */
static void *with_room(void *array, size_t n, size_t *cap, size_t size)
{
    size_t wanted = *cap == 0 ? 16 : 2 * *cap;
    void *bigger;
    if (n < *cap)
        return array;
    bigger = realloc(array, wanted * size);
    if (bigger != NULL)
        *cap = wanted;
    return bigger;
}

/* --- A line that begins a slice -------------------------------------------------------------- */

static bool read_number(const char *text, uint64_t *n)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    *n = strtoull(text, &end, 10);
    return *end == '\0' && *n > 0 && *n <= 1000000000;
}

static const char *read_controller(struct slice_def *def, const char *value)
{
    struct endpoint ep;
    if (endpoint_parse(&ep, value, OFP_TCP_PORT) != 0 || ep.passive)
        return "controller= wants tcp:HOST[:PORT] or unix:PATH";
    snprintf(def->controller, sizeof def->controller, "%s", value);
    return NULL;
}

static const char *read_setting(struct slice_def *def, const char *word, char *error)
{
    const char *value = strchr(word, '=');
    size_t n = value != NULL ? (size_t)(value++ - word) : 0;
    if (n == 10 && strncmp(word, "controller", n) == 0)
        return read_controller(def, value);
    if (n == 4 && strncmp(word, "rate", n) == 0)
        return read_number(value, &def->rate) ? NULL : "rate= wants messages a second, from 1 on";
    if (n == 5 && strncmp(word, "flows", n) == 0)
        return read_number(value, &def->flows) ? NULL : "flows= wants how many flows, from 1 on";
    if (n == 3 && strncmp(word, "big", n) == 0) {
        def->is_big = ctl_read_dpid(value, &def->big);
        return def->is_big ? NULL : "big= wants the datapath id of the one big switch";
    }
    snprintf(error, OFP_PARSE_ERROR,
             "a slice has controller=, rate=, flows= and big=, but no \"%.40s\"", word);
    return error;
}

static const char *read_name(struct slice_set *set, struct slice_def *def, const char *name)
{
    if (name == NULL || strlen(name) >= SLICE_NAME_MAX || strchr(name, '=') != NULL)
        return "a slice wants a name of at most 31 characters: slice NAME controller=...";
    if (slices_find(set, name) >= 0)
        return "there is a slice of this name already";
    snprintf(def->name, sizeof def->name, "%s", name);
    return NULL;
}

static const char *read_slice(struct slice_set *set, const char *text, unsigned line, char *error)
{
    struct slice_def def = set->defaults;
    char words[LINE_FILE_MAX];
    const char *word, *wrong;
    snprintf(words, sizeof words, "%s", text);
    strtok(words, BLANKS);
    def.line = line;
    if (set->n == SLICES_MAX)
        return "too many slices";
    wrong = read_name(set, &def, strtok(NULL, BLANKS));
    while (wrong == NULL && (word = strtok(NULL, BLANKS)) != NULL)
        wrong = read_setting(&def, word, error);
    if (wrong == NULL && def.controller[0] == '\0')
        wrong = "a slice wants controller=tcp:HOST:PORT";
    if (wrong == NULL)
        set->def[set->n++] = def;
    return wrong;
}

/* --- A line of its flow space ---------------------------------------------------------------- */

static struct slice_line *new_rule(struct slice_set *set)
{
    struct slice_line *rule = with_room(set->rule, set->n_rules, &set->cap, sizeof *rule);
    if (rule == NULL)
        return NULL;
    set->rule = rule;
    return &rule[set->n_rules];
}

/* The parser of a flow to be deleted strictly takes just what a rule may have, and out_port=. */
static const char *read_match(const char *text, struct slice_line *rule, char *error)
{
    uint8_t area[1];
    struct buf none = buf_of(area, 0);
    struct ofp_msg_flow_mod flow;
    struct ofp_match match;
    const char *wrong = ofp_parse_flow(text, OFPFC_DELETE_STRICT, &flow, &match, &none, error);
    if (wrong != NULL)
        return wrong;
    if (flow.out_port != OFPP_NONE || flow.flags != 0)
        return "a line of flow space has a match, dpid= and priority= only";
    rule->priority = flow.priority;
    rule->rule.region = space_region_of(&match);
    return NULL;
}

static const char *read_rule(struct slice_set *set, const char *text, char *error)
{
    struct slice_line *rule;
    const char *wrong;
    if (set->n == 0)
        return "flow space of which slice? Say slice NAME controller=... before it";
    if (set->n_rules == SLICES_RULES_MAX)
        return "too many lines of flow space";
    rule = new_rule(set);
    if (rule == NULL)
        return "no memory";
    *rule = (struct slice_line){.nth = set->n_rules, .rule = {.owner = (unsigned)set->n - 1}};
    wrong = line_read_dpid(&text, &rule->all, &rule->dpid);
    if (wrong == NULL)
        wrong = read_match(text, rule, error);
    if (wrong == NULL && set->def[set->n - 1].is_big)
        space_set_vlan(&rule->rule.region);
    set->n_rules += wrong == NULL;
    return wrong;
}

/* --- A line that gives a port its number ----------------------------------------------------- */

static bool read_port_number(const char *text, char **end, uint16_t *n)
{
    unsigned long value = *text >= '0' && *text <= '9' ? strtoul(text, end, 10) : 0;
    *n = (uint16_t)value;
    return value > 0 && value <= OFPP_MAX;
}

/* Behind the word "port". NULL, or what is wrong. */
static const char *read_port_words(const char *text, struct slice_port *port)
{
    char *rest = NULL;
    bool any;
    const char *wrong = "port wants a number and where it is: port 4 dpid=7,in_port=1";
    if (!read_port_number(text + strspn(text, BLANKS), &rest, &port->number) ||
        strchr(BLANKS, *rest) == NULL)
        return wrong;
    text = rest;
    if (line_read_dpid(&text, &any, &port->dpid) != NULL || any ||
        strncmp(text, "in_port=", 8) != 0 || !read_port_number(text + 8, &rest, &port->real))
        return wrong;
    return rest[strspn(rest, BLANKS)] == '\0' ? NULL : wrong;
}

static bool meet(const struct slice_port *a, const struct slice_port *b)
{
    return a->owner == b->owner &&
           (a->number == b->number || (a->dpid == b->dpid && a->real == b->real));
}

static const char *add_port(struct slice_set *set, const struct slice_port *port)
{
    struct slice_port *ports;
    for (size_t i = 0; i < set->n_ports; i++)
        if (meet(&set->port[i], port))
            return "this number, or this port, has been in such a line of the slice's already";
    if (set->n_ports == SLICES_PORTS_MAX)
        return "too many lines that give a port its number";
    ports = with_room(set->port, set->n_ports, &set->cap_ports, sizeof *ports);
    if (ports == NULL)
        return "no memory";
    set->port = ports;
    ports[set->n_ports++] = *port;
    return NULL;
}

static const char *read_port(struct slice_set *set, const char *text)
{
    struct slice_port port = {.owner = (unsigned)set->n - 1};
    const char *wrong = read_port_words(text, &port);
    if (set->n == 0 || !set->def[set->n - 1].is_big)
        return "only a slice with big= gives ports numbers; others see the switches' own";
    return wrong != NULL ? wrong : add_port(set, &port);
}

/* --- Any line -------------------------------------------------------------------------------- */

static bool begins(const char *text, const char *word)
{
    size_t n = strlen(word);
    return strncmp(text, word, n) == 0 && strchr(BLANKS, text[n]) != NULL;
}

const char *slices_add(struct slice_set *set, const char *text, unsigned line, char *error)
{
    text += strspn(text, BLANKS);
    if (line_is_empty(text))
        return NULL;
    if (begins(text, "slice"))
        return read_slice(set, text, line, error);
    return begins(text, "port") ? read_port(set, text + 4) : read_rule(set, text, error);
}

/* --- All of them ----------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const struct slice_line *x = a, *y = b;
    if (x->priority != y->priority)
        return x->priority > y->priority ? -1 : 1;
    return (x->nth > y->nth) - (x->nth < y->nth);
}

const char *slices_close(struct slice_set *set, char *error)
{
    bool has[SLICES_MAX] = {false};
    if (set->n_rules > 0)
        qsort(set->rule, set->n_rules, sizeof *set->rule, compare);
    for (size_t i = 0; i < set->n_rules; i++)
        has[set->rule[i].rule.owner] = true;
    for (size_t i = 0; i < set->n; i++) {
        if (has[i])
            continue;
        snprintf(error, OFP_PARSE_ERROR, "line %u: slice %s has no flow space: say what is its own",
                 set->def[i].line, set->def[i].name);
        return error;
    }
    return NULL;
}

struct space slices_space(const struct slice_set *set, uint64_t dpid, struct space_rule *rule)
{
    struct space space = {.rule = rule};
    for (size_t i = 0; i < set->n_rules; i++)
        if (set->rule[i].all || set->rule[i].dpid == dpid)
            rule[space.n++] = set->rule[i].rule;
    return space;
}

/* --- What has changed ------------------------------------------------------------------------ */

static bool same_words(const struct slice_def *a, const struct slice_def *b)
{
    return strcmp(a->controller, b->controller) == 0 && a->rate == b->rate &&
           a->flows == b->flows && a->is_big == b->is_big && a->big == b->big;
}

static bool is_one_switch(const struct slice_line *a, const struct slice_line *b)
{
    return a->all || b->all || a->dpid == b->dpid;
}

/* Does this rule bear on the slice: is it its own, or before one of its own that it meets? */
static bool bears_on(const struct slice_set *set, size_t slice, size_t i)
{
    const struct slice_line *rule = &set->rule[i];
    if (rule->rule.owner == slice)
        return true;
    for (size_t k = i + 1; k < set->n_rules; k++) {
        struct space_region both;
        if (set->rule[k].rule.owner == slice && is_one_switch(rule, &set->rule[k]) &&
            space_meet(&rule->rule.region, &set->rule[k].rule.region, &both))
            return true;
    }
    return false;
}

/* The next rule from `i` on that bears on the slice; NULL: none is left. */
static const struct slice_line *next_bearing(const struct slice_set *set, size_t slice, size_t *i)
{
    while (*i < set->n_rules && !bears_on(set, slice, *i))
        ++*i;
    return *i < set->n_rules ? &set->rule[(*i)++] : NULL;
}

const struct slice_port *slices_next_port(const struct slice_set *set, size_t slice, size_t *i)
{
    while (*i < set->n_ports && set->port[*i].owner != slice)
        ++*i;
    return *i < set->n_ports ? &set->port[(*i)++] : NULL;
}

static bool same_ports(const struct slice_set *old, size_t a, const struct slice_set *new, size_t b)
{
    size_t i = 0, k = 0;
    const struct slice_port *was, *is;
    do {
        was = slices_next_port(old, a, &i);
        is = slices_next_port(new, b, &k);
        if (was == NULL || is == NULL)
            return was == is;
    } while (was->number == is->number && was->dpid == is->dpid && was->real == is->real);
    return false;
}

bool slices_same(const struct slice_set *old, size_t a, const struct slice_set *new, size_t b)
{
    size_t i = 0, k = 0;
    const struct slice_line *was, *is;
    if (!same_words(&old->def[a], &new->def[b]) || !same_ports(old, a, new, b))
        return false;
    do {
        was = next_bearing(old, a, &i);
        is = next_bearing(new, b, &k);
        if (was == NULL || is == NULL)
            return was == is;
    } while (was->all == is->all && was->dpid == is->dpid &&
             (was->rule.owner == a) == (is->rule.owner == b) &&
             space_same(&was->rule.region, &is->rule.region));
    return false;
}
