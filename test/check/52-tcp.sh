#!/bin/bash
# TCP over faulty wires in virtual time, 4,000 seeds; and that this can fail
. "$(dirname "$0")/lib.sh"
build_plain
make -C "$MORGANA_BUILD" test/sim/tcp_sim test/sim/tcp_crowd
simulate() { "$MORGANA_BUILD/test/sim/tcp_sim" "$@"; }
status=0

# Two halves at once.
simulate --seeds=1-2000 > "$work/log/tcp-1" 2>&1 &
first=$!
simulate --seeds=2001-4000 || status=1
wait $first || status=1
cat "$work/log/tcp-1"

# Memory.
"$MORGANA_BUILD/test/sim/tcp_crowd" || status=1

finds_breakage 2 '--seed=2 ' byte fin leak replay || status=1
exit $status
