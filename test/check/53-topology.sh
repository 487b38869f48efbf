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

finds_breakage 3 '--seed=3 .*' open cut || status=1
exit $status
