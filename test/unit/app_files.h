/*
 * app_files.h - for the tests of apps that read a file: the file, the log, the app's options, the
 * flows that come of it.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_APP_FILES_H
#define MORGANA_TEST_UNIT_APP_FILES_H

#include "controller/ctl.h"
#include "openflow/print.h"
#include "runtime/log.h"
#include "test/unit/fake_switch.h"
#include "test/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];
static char logged[8000];

static void keep_log(void *user, enum log_level level, const char *line)
{
    size_t n = strlen(logged);
    (void)user;
    (void)level;
    snprintf(logged + n, sizeof logged - n, "%s\n", line);
}

/* From here on what is logged is kept. */
static inline void app_log_begin(void)
{
    logged[0] = '\0';
    log_set_sink(keep_log, NULL);
}

/* Where an option of the app goes. */
static inline void *app_option(const struct ctl_app_type *app, const char *name)
{
    const struct config_option *row = app->options;
    while (strcmp(row->name, name) != 0)
        row++;
    return row->target;
}

/* A packet comes from the switch; does the app behind hear it? */
static inline bool app_passes(struct fake_peer *sw, const struct ofp_msg_packet_in *in)
{
    unsigned before = heard.packets;
    struct ofp_msg msg = {.type = OFPT_PACKET_IN, .packet_in = *in};
    msg.packet_in.total_len = (uint16_t)in->data.len;
    fake_send(sw, &msg);
    return heard.packets > before;
}

/* Make an empty file at `path`; write it. */
static inline void app_file_begin(void)
{
    int fd;
    strcpy(path, "/tmp/morgana-app-XXXXXX");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static inline void app_file_write(const char *text)
{
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
    ck_assert_int_eq(fclose(f), 0);
}

/* The next flow-mod, as "+PRIORITY MATCH ACTIONS" or "-PRIORITY MATCH". */
static inline const char *next_flow(struct fake_peer *sw)
{
    static char line[300];
    struct ofp_msg msg = fake_expect(sw, OFPT_FLOW_MOD);
    const struct ofp_msg_flow_mod *mod = &msg.flow_mod;
    struct text t = text_of(line, sizeof line);
    text_put_char(&t, mod->command == OFPFC_ADD ? '+' : '-');
    ck_assert(mod->command == OFPFC_ADD || mod->command == OFPFC_DELETE_STRICT);
    ofp_print_match(&t, mod->match, mod->priority);
    text_put_char(&t, ' ');
    if (mod->command == OFPFC_ADD)
        ofp_print_actions(&t, mod->actions);
    return line;
}

#endif
