#!/bin/bash
# the checks themselves find what they are there to find
. "$(dirname "$0")/lib.sh"
run_tests test/check
