#!/bin/bash
# each exercise's solution passes ./try, each file to write in fails with a word that helps
# needs root
# waits
. "$(dirname "$0")/lib.sh"
build_plain
run_tests test/course
