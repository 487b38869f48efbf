#!/bin/bash
# the slicer against a slow and obvious one on random networks, 8,000 seeds; and that this can fail
. "$(dirname "$0")/lib.sh"
build_plain
make -C "$MORGANA_BUILD" test/sim/slicer_model
simulate() { "$MORGANA_BUILD/test/sim/slicer_model" "$@"; }
status=0
simulate --seeds=1-8000 || status=1
finds_breakage 3 '--seed=3 ' priority || status=1
exit $status
