#!/bin/bash
# messages of real peers survive us unchanged, and peers read ours as we do
. "$(dirname "$0")/lib.sh"
build_plain
run_tests test/wire
