#!/bin/bash
# discovery and stp on random networks in virtual time: no loop, no black hole; and that this can fail
. "$(dirname "$0")/lib.sh"
build_plain
make -C "$MORGANA_BUILD" test/sim/sim_topology
simulate() { "$MORGANA_BUILD/test/sim/sim_topology" "$@"; }
status=0

simulate --seeds=1-600 || status=1
simulate --seeds=1-2 --switches=1000 --waves=4 || status=1

# The self-test: what is broken on purpose is found, and the seed is told.
for what in open cut; do
    out=$(simulate --seed=3 --break=$what) && found=no || found=yes
    if [ $found = yes ] && grep '^seed 3 FAILED: ' <<< "$out" &&
        grep "^replay: .*--seed=3 .*--break=$what" <<< "$out"; then
        echo '1 passed, 0 failed'
    else
        echo "--break=$what was not found"
        echo '0 passed, 1 failed'
        status=1
    fi
done
exit $status
