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

# The self-test: what is broken on purpose is found, and the seed is told.
for what in byte fin leak replay; do
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
