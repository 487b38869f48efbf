/*
 * fuzz_rules.c - any text as a firewall's rules, and any frame to be judged by them: the text is
 * refused in words, or there is a rule for every frame; and the frame as ARP says what it said when
 * it is written again.
 *
 * The text ends at the first zero byte; the frame follows.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/arp.h"
#include "controller/apps/rules.h"
#include "runtime/log.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX  4096
#define RULES     40
#define UNWRITTEN 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void say_nothing(void *user, enum log_level level, const char *line)
{
    (void)user;
    (void)level;
    must(line[0] != '\0');
}

static void split(char *text, struct config_list *lines)
{
    for (char *line = strtok(text, "\n"); line != NULL && lines->n < CONFIG_LIST_MAX;
         line = strtok(NULL, "\n"))
        lines->value[lines->n++] = line;
}

static void check_rules(const struct rules *rules, struct span frame)
{
    struct ofp_key key;
    const struct flow_line *first;
    ofp_key_extract(&key, frame, 1);
    must(rules->set.n >= 2 && rules->set.n <= RULES + UNWRITTEN);
    must(rule_matches(rule_at(rules, rules->set.n - 1), 1, &key)); /* the default */
    first = rules_judge(rules, 1, &key);
    for (size_t i = 0; i < rules->set.n; i++) {
        const struct flow_line *rule = rule_at(rules, i);
        must(rule->priority <= RULE_PRIORITY &&
             rule->priority > RULE_PRIORITY - 2 - RULES - UNWRITTEN);
        must(!rule_matches(rule, 1, &key) || rule->priority <= first->priority);
        must((rule_verdict(rule) == RULE_DENY) == (rule->actions_len == 0));
    }
}

static void check_arp(struct span frame)
{
    uint8_t again[ARP_FRAME];
    struct arp arp, same;
    if (!arp_read(frame, &arp))
        return;
    arp_write(again, &arp);
    must(arp_read(span_of(again, sizeof again), &same) && same.opcode == arp.opcode &&
         same.address == arp.address && same.to_address == arp.to_address &&
         memcmp(same.mac, arp.mac, sizeof arp.mac) == 0 &&
         memcmp(same.to_mac, arp.to_mac, sizeof arp.to_mac) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[TEXT_MAX];
    struct config_list lines = {.n = 0};
    const struct line_source from = {.option = "fuzz", .lines = &lines};
    struct span frame = span_of(data, size);
    size_t n = strnlen((const char *)data, size);
    struct rules rules;

    log_set_sink(say_nothing, NULL);
    if (n >= sizeof text)
        return 0;
    memcpy(text, data, n);
    text[n] = '\0';
    span_take(&frame, n < size ? n + 1 : n);
    split(text, &lines);
    check_arp(frame);
    if (rules_read(&rules, &from, RULES, "rules-max")) {
        check_rules(&rules, frame);
        rules_free(&rules);
    }
    return 0;
}
