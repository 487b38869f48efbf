/*
 * main.c - prints the OpenFlow messages of a capture file or of a raw byte stream.
 *
 * A program for users: doc/morgana-dump.1. It reads files and writes text, and needs no loop and no
 * platform. It is the one program of the house that uses libpcap (capture.c).
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/wire.h"
#include "runtime/config.h"
#include "tools/dump/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct {
    bool help, version, raw;
    uint64_t verbosity, reorder;
    struct config_list ports;
} options = {.verbosity = 1, .reorder = 64};

static const struct config_option rows[] = {
    {"raw", CONFIG_FLAG, &options.raw, 0, 0, NULL,
     "FILE is OpenFlow messages one after the other, not a capture"},
    {"port", CONFIG_LIST, &options.ports, 0, 0, "PORT",
     "TCP port that OpenFlow is spoken on; may be given again (default: 6653 and 6633)"},
    {"verbosity", CONFIG_UINT, &options.verbosity, 0, 2, "N",
     "0: a line a message, 1: more, 2: with payloads"},
    {"reorder", CONFIG_UINT, &options.reorder, 0, 65536, "N",
     "segments that may wait for a missing one"},
    {"help", CONFIG_FLAG, &options.help, 0, 0, NULL, "print this and exit"},
    {"version", CONFIG_FLAG, &options.version, 0, 0, NULL, "print the version and exit"},
    {0},
};

static const struct config_option *const tables[] = {rows, NULL};

static const struct config config = {
    .program = "morgana-dump",
    .synopsis = "[OPTION]... [FILE]",
    .about = "Print the OpenFlow messages of a capture (pcap or pcapng) or of a byte stream.",
    .tables = tables,
};

static void put_line(void *user, const char *text)
{
    fprintf(user, "%s\n", text);
}

static int complain(const char *why)
{
    fprintf(stderr, "morgana-dump: %s\n", why);
    return EXIT_FAILURE;
}

#define OLD_TCP_PORT 6633 /* what OpenFlow used before it had a port from IANA */

/* Read what --port says; without it, OpenFlow's two ports. */
static bool read_ports(struct dump_ports *ports, char *error)
{
    static const struct dump_ports standard = {.port = {OFP_TCP_PORT, OLD_TCP_PORT}, .n = 2};
    if (options.ports.n == 0)
        *ports = standard;
    for (size_t i = 0; i < options.ports.n; i++) {
        char *end;
        unsigned long port = strtoul(options.ports.value[i], &end, 10);
        if (*end != '\0' || port == 0 || port > UINT16_MAX) {
            snprintf(error, DUMP_ERROR, "--port=%s: not a TCP port, which is 1 to 65535",
                     options.ports.value[i]);
            return false;
        }
        ports->port[ports->n++] = (uint16_t)port;
    }
    return true;
}

static bool dump_file(struct dump_output *out, const char *path, char *error)
{
    struct dump_ports ports = {.n = 0};
    struct dump_tcp *tcp;
    bool ok;
    if (!read_ports(&ports, error))
        return false;
    tcp = dump_tcp_new(out, options.reorder);
    ok = tcp != NULL && dump_capture(path, &ports, tcp, error);
    if (tcp == NULL)
        snprintf(error, DUMP_ERROR, "out of memory");
    dump_tcp_end(tcp);
    return ok;
}

static bool dump_bytes(struct dump_output *out, FILE *file, char *error)
{
    struct dump_messages messages;
    uint8_t bytes[65536];
    size_t n;
    bool ok = true;
    dump_messages_init(&messages, out, false);
    while (ok && (n = fread(bytes, 1, sizeof bytes, file)) > 0)
        ok = dump_messages_add(&messages, (struct dump_time){0, 0}, span_of(bytes, n));
    if (!ok || ferror(file))
        snprintf(error, DUMP_ERROR, "%s", strerror(ok ? errno : ENOMEM));
    ok = ok && !ferror(file);
    dump_messages_end(&messages);
    return ok;
}

/* Bytes that are no message are a fault of the input: a stream of messages has none. */
static bool dump_raw(struct dump_output *out, const char *path, char *error)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char why[DUMP_ERROR - 64];
    bool ok = file != NULL;
    if (!ok)
        snprintf(why, sizeof why, "%s", strerror(errno));
    else
        ok = dump_bytes(out, file, why);
    if (ok && out->skipped > 0) {
        snprintf(why, sizeof why, "%llu bytes are no whole OpenFlow messages",
                 (unsigned long long)out->skipped);
        ok = false;
    }
    if (!ok)
        snprintf(error, DUMP_ERROR, "%.60s: %s", file == stdin ? "standard input" : path, why);
    if (file != NULL)
        fclose(file);
    return ok;
}

static int dump(const char *path)
{
    struct dump_output out = {.to = stdout, .verbosity = (int)options.verbosity};
    char error[DUMP_ERROR] = "";
    bool ok = options.raw ? dump_raw(&out, path, error) : dump_file(&out, path, error);
    if (fflush(stdout) != 0 && ok) {
        snprintf(error, sizeof error, "standard output: %s", strerror(errno));
        ok = false;
    }
    free(out.text);
    return ok ? EXIT_SUCCESS : complain(error);
}

int main(int argc, char **argv)
{
    char error[CONFIG_ERROR];
    int rest;
    if (config_parse(&config, argc, argv, &rest, error) != 0)
        return complain(error);
    if (options.help) {
        options.help = false; /* the help shows what each option is */
        config_help(&config, put_line, stdout);
        return EXIT_SUCCESS;
    }
    if (options.version) {
        printf("morgana-dump %s\n", MORGANA_VERSION);
        return EXIT_SUCCESS;
    }
    if (rest > 1)
        return complain("only one FILE can be given");
    return dump(rest == 1 ? argv[1] : "-");
}
