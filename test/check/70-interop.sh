#!/bin/bash
# the controller drives real Open vSwitch between hosts; ./demo leaves no trace
# needs root
. "$(dirname "$0")/lib.sh"
build_plain
run_tests test/interop
