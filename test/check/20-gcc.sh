#!/bin/bash
# gcc builds it without a warning
. "$(dirname "$0")/lib.sh"
build_plain
