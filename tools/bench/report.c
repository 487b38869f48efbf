/*
 * report.c - see report.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/bench/report.h"
#include "runtime/timer.h"
#include "tools/bench/figures.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- Figures --------------------------------------------------------------------------------- */

/* Answers/s of the whole time that counts, and of its whole seconds. */
struct rates {
    double mean, min, median, max;
};

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the seconds. A run of less than one has only its mean. */
static struct rates rates_of(const struct run_result *r)
{
    double mean = r->elapsed > 0 ? (double)r->tally.answers * NS_PER_S / (double)r->elapsed : 0;
    if (r->seconds == 0)
        return (struct rates){mean, mean, mean, mean};
    qsort(r->rates, r->seconds, sizeof *r->rates, by_size);
    return (struct rates){mean, r->rates[0], r->rates[r->seconds / 2], r->rates[r->seconds - 1]};
}

struct counter_row {
    const char *name; /* in JSON */
    const char *text; /* in the table */
    size_t offset;    /* in struct tally */
};

#define ROW(member, text)                                                                          \
    {                                                                                              \
#member, text, offsetof(struct tally, member)                                              \
    }

static const struct counter_row rows[] = {
    ROW(sent, "packet-ins sent"),
    ROW(answers, "answered"),
    ROW(flow_mods, "by a flow-mod"),
    ROW(packet_outs, "by a packet-out"),
    ROW(wrong, "wrong (sent to another port)"),
    ROW(lost, "lost (no answer in time)"),
    ROW(unheard, "introductions not answered"),
    ROW(repeated, "messages for a packet-in answered before"),
    ROW(unsolicited, "messages for no packet-in"),
    ROW(errors, "error messages"),
    ROW(malformed, "malformed messages"),
    ROW(unanswered, "requests not answered for want of room"),
};
#define N_ROWS (sizeof rows / sizeof *rows)

static uint64_t row_value(const struct counter_row *row, const struct tally *t)
{
    return *(const uint64_t *)((const char *)t + row->offset);
}

/* --- For people ------------------------------------------------------------------------------ */

void report_second(FILE *out, double rate, const struct run_result *r)
{
    const struct histogram *h = &r->tally.latency;
    fprintf(out,
            "%5" PRIu32 " s  %12.0f answers/s   p50 %.0f us  p99 %.0f us   wrong %" PRIu64
            "  lost %" PRIu64 "\n",
            r->seconds, rate, figures_us(histogram_quantile(h, 5000)),
            figures_us(histogram_quantile(h, 9900)), r->tally.wrong, r->tally.lost);
    fflush(out);
}

static void table_counters(FILE *out, const struct tally *t)
{
    for (size_t i = 0; i < N_ROWS; i++)
        fprintf(out, "  %-42s %14" PRIu64 "\n", rows[i].text, row_value(&rows[i], t));
}

static void table_times(FILE *out, const char *what, const struct histogram *h)
{
    fprintf(out, "  %-14s p50 %.1f   p99 %.1f   p99.9 %.1f   max %.1f us\n", what,
            figures_us(histogram_quantile(h, 5000)), figures_us(histogram_quantile(h, 9900)),
            figures_us(histogram_quantile(h, 9990)), figures_us(h->max));
}

static void table_served(FILE *out, const struct run_config *c, const struct run_result *r)
{
    fprintf(out,
            "  %" PRIu32 " of %" PRIu64 " switches served, %" PRIu32 " dropped; all in %.1f ms\n",
            r->served, c->switches, r->dropped, figures_us(r->serve_time.max) / 1000);
}

void report_table(FILE *out, const struct run_config *c, const struct run_result *r)
{
    struct rates rates = rates_of(r);
    fprintf(out, "\n%s of %s, %" PRIu64 " switches x %" PRIu64 " hosts\n",
            c->connect_burst ? "connects" : c->mode, c->controller, c->switches, c->hosts);
    table_served(out, c, r);
    table_times(out, "until served", &r->serve_time);
    if (c->connect_burst)
        return;
    fprintf(out, "  %" PRIu64 "-byte frames, %" PRIu32 " outstanding per switch, %.2f s\n",
            c->frame, r->outstanding, figures_us(r->elapsed) / 1e6);
    table_counters(out, &r->tally);
    table_times(out, "latency", &r->tally.latency);
    fprintf(out, "  answers/s      min %.0f   median %.0f   max %.0f   mean %.0f\n", rates.min,
            rates.median, rates.max, rates.mean);
}

/* --- For programs ---------------------------------------------------------------------------- */

static json_t *json_counters(const struct tally *t)
{
    json_t *object = json_object();
    for (size_t i = 0; i < N_ROWS; i++)
        json_object_set_new(object, rows[i].name, json_integer((json_int_t)row_value(&rows[i], t)));
    return object;
}

static json_t *json_rates(const struct run_result *r)
{
    struct rates rates = rates_of(r);
    return json_pack("{s:f, s:f, s:f, s:f}", "mean", rates.mean, "min", rates.min, "median",
                     rates.median, "max", rates.max);
}

static json_t *json_run(const struct run_config *c, const struct run_result *r)
{
    return json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:i, s:I}", "controller", c->controller,
                     "mode", c->mode, "connect_burst", c->connect_burst, "switches",
                     (json_int_t)c->switches, "hosts", (json_int_t)c->hosts, "ports",
                     (json_int_t)c->ports, "frame", (json_int_t)c->frame, "outstanding",
                     (int)r->outstanding, "seed", (json_int_t)c->seed);
}

int report_json(FILE *out, const struct run_config *c, const struct run_result *r)
{
    return figures_write(
        out, json_pack("{s:o, s:f, s:i, s:i, s:o, s:o, s:o, s:o}", "run", json_run(c, r), "seconds",
                       figures_us(r->elapsed) / 1e6, "served", (int)r->served, "dropped",
                       (int)r->dropped, "served_us", figures_times(&r->serve_time), "messages",
                       json_counters(&r->tally), "latency_us", figures_times(&r->tally.latency),
                       "answers_per_second", json_rates(r)));
}
