/*
 * fuzz_console.c - whatever may be typed on a domain's console, and whoever reads it, with the
 * switch's commands behind it.
 *
 * The input is a list of steps (fuzz_world.h): bytes that are typed; lines; a reader that reads
 * some, or claims what cannot be; lines of the log; changes of the world. All the time nothing is
 * written that moves a terminal's cursor but by what is typed; in the end a reader that keeps to
 * the protocol gets an answer.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "appctl/appctl.h"
#include "runtime/loop.h"
#include "switch/commands.h"
#include "test/fuzz/fuzz_world.h"
#include "test/unit/fake_xen.h"
#include "xen/console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PORT      3
#define MAX_REPLY 20000

static struct xencons_interface ring;
static uint32_t read_to, typed_to; /* what the other end knows, whatever it claims */
static char seen[1 << 16];         /* the last that was read, for the end */
static size_t n_seen;
static struct agent *agent;
static struct appctl *appctl;

static void must(bool true_, const char *what)
{
    if (true_)
        return;
    fprintf(stderr, "not so: %s\n", what);
    abort();
}

/* --- The other end --------------------------------------------------------------------------- */

static void wake(void)
{
    fake_raise(PORT);
    do
        evtchn_deliver();
    while (loop_poll());
}

static void judge(char c)
{
    must((c >= ' ' && c <= '~') || strchr("\r\n\a\b\t\033", c) != NULL, "a terminal may see it");
}

static void read_some(uint32_t n)
{
    must(ring.out_prod - read_to <= sizeof ring.out, "what was not read is not written over");
    for (; n > 0 && read_to != ring.out_prod; n--) {
        char c = ring.out[MASK_XENCONS_IDX(read_to++, ring.out)];
        judge(c);
        seen[n_seen++ % sizeof seen] = c;
    }
    ring.out_cons = read_to;
    wake();
}

static void read_all(void)
{
    while (ring.out_prod != read_to)
        read_some(sizeof ring.out);
}

static void type(const void *bytes, size_t n)
{
    const char *from = bytes;
    must(typed_to - ring.in_cons <= sizeof ring.in, "only what was typed is read");
    for (; n > 0 && typed_to - ring.in_cons < sizeof ring.in; n--)
        ring.in[MASK_XENCONS_IDX(typed_to++, ring.in)] = *from++;
    ring.in_prod = typed_to;
    wake();
}

/* Indices that cannot be, and then the true ones. */
static void lie(struct span s)
{
    uint32_t lies[2] = {0};
    memcpy(lies, s.data, s.len < sizeof lies ? s.len : sizeof lies);
    if (lies[0] <= sizeof ring.out)
        lies[0] += sizeof ring.out + 1;
    if (lies[1] <= sizeof ring.in)
        lies[1] += sizeof ring.in + 1;
    ring.out_cons = ring.out_prod - lies[0];
    ring.in_prod = ring.in_cons + lies[1];
    wake();
    ring.out_cons = read_to;
    typed_to = ring.in_prod = ring.in_cons;
    wake();
}

/* --- Steps ------------------------------------------------------------------------------------ */

static void log_bytes(struct span s)
{
    char line[200];
    size_t n = s.len < sizeof line ? s.len : sizeof line - 1;
    for (size_t i = 0; i < n; i++)
        line[i] = (char)(' ' + s.data[i] % 95);
    line[n] = '\0';
    console_write(line);
}

static void step(uint8_t kind, struct span s)
{
    uint8_t first = s.len > 0 ? s.data[0] : 0;
    switch (kind % 8) {
    case 0:
    case 1:
        type(s.data, s.len);
        break;
    case 2:
    case 3:
        type(s.data, s.len);
        type("\r", 1);
        break;
    case 4:
        read_some(first * 16u);
        break;
    case 5:
        lie(s);
        break;
    case 6:
        log_bytes(s);
        break;
    default:
        fuzz_change(first);
    }
}

/* --- Beginning and end ------------------------------------------------------------------------ */

static void check_alive(void)
{
    static const char end[] = "fuzzed " MORGANA_VERSION "\r\n";
    read_all();
    type("\r", 1);
    read_all();
    type("version\r", 8);
    n_seen = 0;
    read_all();
    must(n_seen > sizeof end && n_seen < sizeof seen &&
             memcmp(seen + n_seen - (sizeof end - 1), end, sizeof end - 1) == 0,
         "a good reader is answered");
}

static void begin(void)
{
    struct agent_config limits;
    struct appctl_config config;
    fuzz_begin();
    fake_xen_begin();
    evtchn_begin(&fake.shared);
    memset(&ring, 0, sizeof ring);
    read_to = typed_to = 0;
    n_seen = 0;
    console_begin(&ring, PORT);
    must(console_open(NULL, NULL) == 0, "there is a port");
    agent_defaults(&limits);
    agent = agent_new(&limits, fuzz_dp);
    appctl_defaults(&config);
    config.max_reply = MAX_REPLY;
    appctl = appctl_open(&config, "fuzzed", NULL);
    must(agent != NULL && appctl != NULL, "there is memory");
    switch_commands(appctl, agent);
}

static void end(void)
{
    appctl_close(appctl);
    agent_free(agent);
    wake();
    console_close();
    evtchn_begin(&fake.shared);
    fuzz_rest();
    fuzz_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin();
    fuzz_steps(span_of(data, size), step, NULL);
    check_alive();
    end();
    return 0;
}
