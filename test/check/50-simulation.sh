#!/bin/bash
# the controller among faulty switches in virtual time, 2,000 seeds, 300 more under sanitizers; and that this can fail
. "$(dirname "$0")/lib.sh"
build_plain
make -C "$MORGANA_BUILD" test/sim/sim_controller
simulate() { "$MORGANA_BUILD/test/sim/sim_controller" "$@"; }
status=0

# Two halves at once.
simulate --seeds=1-1000 > "$work/log/simulation-1" 2>&1 &
first=$!
simulate --seeds=1001-2000 || status=1
wait $first || status=1
cat "$work/log/simulation-1"

# Others under AddressSanitizer, which sees what leaks as well.
build sanitizers CC=gcc --enable-sanitizers
"$work/sanitizers/test/sim/sim_controller" --seeds=2001-2300 || status=1

finds_breakage 2 '--seed=2 ' drop-answer flood replay || status=1
exit $status
