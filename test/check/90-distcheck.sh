#!/bin/bash
# the tarball builds, passes its unit tests, installs and uninstalls
. "$(dirname "$0")/lib.sh"
build_plain
make -C "$MORGANA_BUILD" -j"$jobs" distcheck
