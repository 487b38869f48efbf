#!/bin/bash
# what Open vSwitch and ovs-ofctl send now is understood, type by type
# needs root
. "$(dirname "$0")/lib.sh"
build_plain
run_tests test/wire/peers
