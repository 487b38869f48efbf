"""What the benchmarks' tables have in common.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import shutil
import statistics


def verdict(figure, target, met):
    return f"{figure} (target {target}: {'met' if met else 'NOT met'})"


def spread(values, form="{:,.0f}"):
    """Median and range, as text."""
    return " ".join((form.format(statistics.median(values)),
                     "(" + form.format(min(values)) + " - " + form.format(max(values)) + ")"))


def need(programs):
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        raise SystemExit(f"{', '.join(missing)} missing: run test/lab/packages install bench as root")
