#!/bin/bash
# cppcheck finds nothing
. "$(dirname "$0")/lib.sh"
cppcheck -q -j"$jobs" --std=c11 --platform=unix64 --enable=warning,portability --error-exitcode=1 \
    --suppress=missingIncludeSystem -I. -D__x86_64__ -DMORGANA_VERSION='""' appctl controller doc examples netstack openflow platform runtime switch tools
