#!/bin/bash
# the flow table against a slow and obvious one, 8,000 seeds; and that this can fail
. "$(dirname "$0")/lib.sh"
build_plain
make -C "$MORGANA_BUILD" test/sim/table_model
model() { "$MORGANA_BUILD/test/sim/table_model" "$@"; }
status=0
model --seeds=1-8000 || status=1

# The self-test: a wrong reference is found, and the seed is told.
out=$(model --seed=3 --break=priority) && found=no || found=yes
if [ $found = yes ] && grep '^seed 3 FAILED: ' <<< "$out" &&
    grep '^replay: .*--seed=3 --break=priority' <<< "$out"; then
    echo '1 passed, 0 failed'
else
    echo '--break=priority was not found'
    echo '0 passed, 1 failed'
    status=1
fi
exit $status
