#!/bin/bash
# hosts talk through our switch and Open vSwitch, under our controller and a peer; ./demo leaves no trace
# needs root
# waits
. "$(dirname "$0")/lib.sh"
build_plain
run_tests test/interop stack_test.py direct_test.py
