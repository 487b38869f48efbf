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

# The self-test: what is broken on purpose is found, and the seed is told.
for what in drop-answer flood replay; do
    out=$(simulate --seed=2 --break=$what) && found=no || found=yes
    if [ $found = yes ] && grep '^seed 2 FAILED: ' <<< "$out" &&
        grep "^replay: .*--seed=2 --break=$what" <<< "$out"; then
        echo '1 passed, 0 failed'
    else
        echo "--break=$what was not found"
        echo '0 passed, 1 failed'
        status=1
    fi
done
exit $status
