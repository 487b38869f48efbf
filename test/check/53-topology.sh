#!/bin/bash
# discovery, stp and paths on random networks in virtual time: no loop, no black hole; and that this can fail
. "$(dirname "$0")/lib.sh"
build_plain
make -C "$MORGANA_BUILD" test/sim/sim_topology
simulate() { "$MORGANA_BUILD/test/sim/sim_topology" "$@"; }
status=0

# Each app on small networks and on large ones, two at once.
simulate --app=paths --seeds=1-800 > "$work/log/topology-paths" 2>&1 &
small=$!
simulate --app=learning --seeds=1-800 || status=1
wait $small || status=1
cat "$work/log/topology-paths"
simulate --app=paths --seeds=1-2 --switches=1000 --waves=4 > "$work/log/topology-large" 2>&1 &
large=$!
simulate --app=learning --seeds=3-4 --switches=1000 --waves=4 || status=1
wait $large || status=1
cat "$work/log/topology-large"

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
