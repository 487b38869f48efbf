#!/bin/bash
# the unit tests
. "$(dirname "$0")/lib.sh"
build_plain
unit gcc
