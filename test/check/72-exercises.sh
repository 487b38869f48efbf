#!/bin/bash
# each exercise's solution passes ./try, each file to write in fails with a word that helps
# needs root
# waits
. "$(dirname "$0")/lib.sh"
build_plain
export MORGANA_XEN_BENCH=$work/xen-bench
run_tests test/course
