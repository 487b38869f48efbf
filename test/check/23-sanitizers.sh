#!/bin/bash
# the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
. "$(dirname "$0")/lib.sh"
build sanitizers CC=gcc --enable-sanitizers
unit sanitizers
