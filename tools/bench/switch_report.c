/*
 * switch_report.c - see switch_report.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/bench/switch_report.h"
#include "runtime/timer.h"
#include "tools/bench/figures.h"
#include <inttypes.h>

/* --- Frames ---------------------------------------------------------------------------------- */

static double percent(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

void switch_report_trial(FILE *out, const struct frames_result *r)
{
    fprintf(out,
            "sent %9.0f  received %9.0f frames/s  lost %" PRIu64 " (%.4f %%)  p50 %.0f us  p99 "
            "%.0f us\n",
            frames_rate(r, r->sent), frames_rate(r, r->in_time), r->lost, percent(r->lost, r->sent),
            figures_us(histogram_quantile(&r->latency, 5000)),
            figures_us(histogram_quantile(&r->latency, 9900)));
    fflush(out);
}

void switch_report_frames(FILE *out, const struct frames_config *c, const struct frames_result *r)
{
    const struct histogram *h = &r->latency;
    fprintf(out,
            "\n%s of %s to %s, %" PRIu64 "-byte frames, %" PRIu64 " flows, %" PRIu64
            " pairs of addresses, %.2f s\n",
            c->search ? "highest rate" : "frames", c->from, c->to, c->frame, c->flows, c->pairs,
            figures_us(r->elapsed) / 1e6);
    fprintf(out, "  sent           %12" PRIu64 "  (%.0f/s; %" PRIu64 " more could not leave)\n",
            r->sent, frames_rate(r, r->sent), r->not_sent);
    fprintf(out, "  received       %12" PRIu64 "  (%.0f/s while sending)\n", r->received,
            frames_rate(r, r->in_time));
    fprintf(out, "  lost           %12" PRIu64 "  (%.4f %%; %" PRIu64 " of them by the receiver)\n",
            r->lost, percent(r->lost, r->sent), r->missed);
    fprintf(out, "  out of order   %12" PRIu64 "\n  not ours       %12" PRIu64 "\n", r->reordered,
            r->foreign);
    fprintf(out, "  latency        p50 %.1f   p99 %.1f   p99.9 %.1f   max %.1f us\n",
            figures_us(histogram_quantile(h, 5000)), figures_us(histogram_quantile(h, 9900)),
            figures_us(histogram_quantile(h, 9990)), figures_us(h->max));
    if (c->search && !r->good)
        fprintf(out, "  no rate was found at which so few are lost\n");
}

static json_t *json_run(const struct frames_config *c)
{
    return json_pack(
        "{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "mode", c->search ? "search" : "frames", "from",
        c->from, "to", c->to, "flows", (json_int_t)c->flows, "macs", (json_int_t)c->pairs, "frame",
        (json_int_t)c->frame, "rate", (json_int_t)c->rate, "loss_per_million", (json_int_t)c->loss);
}

static json_t *json_frames(const struct frames_result *r)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "sent", (json_int_t)r->sent, "not_sent",
                     (json_int_t)r->not_sent, "received", (json_int_t)r->received, "lost",
                     (json_int_t)r->lost, "missed", (json_int_t)r->missed, "reordered",
                     (json_int_t)r->reordered, "foreign", (json_int_t)r->foreign);
}

int switch_report_frames_json(FILE *out, const struct frames_config *c,
                              const struct frames_result *r)
{
    return figures_write(
        out, json_pack("{s:o, s:f, s:b, s:o, s:{s:f, s:f}, s:o}", "run", json_run(c), "seconds",
                       figures_us(r->elapsed) / 1e6, "good", r->good, "frames", json_frames(r),
                       "frames_per_second", "sent", frames_rate(r, r->sent), "received",
                       frames_rate(r, r->in_time), "latency_us", figures_times(&r->latency)));
}

/* --- Flow-mods ------------------------------------------------------------------------------- */

static double rate_of(uint64_t messages, uint64_t time)
{
    return time > 0 ? (double)messages * NS_PER_S / (double)time : 0;
}

static double rate(const struct flow_mods_result *r, enum flow_mods_volley volley)
{
    return rate_of(r->volley[volley].messages, r->volley[volley].time);
}

static double rate_of_all(const struct flow_mods_result *r)
{
    uint64_t messages = 0, time = 0;
    for (int i = 0; i < FLOW_MODS_N; i++) {
        messages += r->volley[i].messages;
        time += r->volley[i].time;
    }
    return rate_of(messages, time);
}

void switch_report_flow_mods(FILE *out, const struct flow_mods_config *c,
                             const struct flow_mods_result *r)
{
    fprintf(out, "\nflow-mods of %s, %" PRIu64 " flows, %" PRIu64 " rounds\n", c->name, c->flows,
            r->rounds);
    fprintf(out,
            "  add            %12.0f/s\n  modify strict  %12.0f/s\n  delete strict  %12.0f/s\n",
            rate(r, FLOW_MODS_ADD), rate(r, FLOW_MODS_MODIFY), rate(r, FLOW_MODS_DELETE));
    fprintf(out, "  all            %12.0f/s\n  error messages %12" PRIu64 "\n", rate_of_all(r),
            r->errors);
    if (r->early)
        fprintf(out, "  it ended early\n");
}

int switch_report_flow_mods_json(FILE *out, const struct flow_mods_config *c,
                                 const struct flow_mods_result *r)
{
    return figures_write(
        out, json_pack("{s:{s:s, s:s, s:I}, s:I, s:I, s:b, s:{s:f, s:f, s:f, s:f}}", "run", "mode",
                       "flow-mods", "switch", c->name, "flows", (json_int_t)c->flows, "rounds",
                       (json_int_t)r->rounds, "errors", (json_int_t)r->errors, "ended_early",
                       r->early, "flow_mods_per_second", "add", rate(r, FLOW_MODS_ADD), "modify",
                       rate(r, FLOW_MODS_MODIFY), "delete", rate(r, FLOW_MODS_DELETE), "all",
                       rate_of_all(r)));
}
