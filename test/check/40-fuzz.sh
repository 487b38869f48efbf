#!/bin/bash
# each parser's fuzz target runs its kept corpus and, for ten seconds, new input
. "$(dirname "$0")/lib.sh"
build fuzz CC=clang --enable-fuzzers --enable-sanitizers
status=0 found=no
for target in "$work"/fuzz/test/fuzz/fuzz_*; do
    [ -x "$target" ] && [ -f "$target" ] || continue
    found=yes
    name=${target##*/}
    corpus=test/fuzz/corpus/${name#fuzz_}
    mkdir -p "$work/fuzz/new/$name"
    echo "--- $name, $(find "$corpus" -type f | wc -l) kept inputs"
    if "$target" -max_total_time=10 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="$work/log/$name-" "$work/fuzz/new/$name" "$corpus"; then
        echo '1 passed, 0 failed'
    else
        echo '0 passed, 1 failed'
        status=1
    fi
done
[ $found = yes ] || { echo 'no fuzz targets'; exit 1; }
exit $status
