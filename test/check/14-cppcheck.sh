#!/bin/bash
# cppcheck finds nothing
. "$(dirname "$0")/lib.sh"
cppcheck -q -j"$jobs" --std=c11 --platform=unix64 --enable=warning,portability --error-exitcode=1 \
    --suppress=missingIncludeSystem -I. -DMORGANA_VERSION='""' openflow runtime controller switch tools
