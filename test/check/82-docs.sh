#!/bin/bash
# the headers' documentation is built without a warning and leaves out no function, type or macro
. "$(dirname "$0")/lib.sh"
build_plain
make -C "$MORGANA_BUILD" docs
ls "$MORGANA_BUILD/doc/html/index.html"
# Members may speak for themselves, these may not.
if make -C "$MORGANA_BUILD" docs DOXYGEN_TOO='EXTRACT_ALL=NO GENERATE_HTML=NO WARN_AS_ERROR=NO' 2>&1 |
    grep -E 'warning: (Compound|Member .* \((function|enumeration|typedef|macro definition)\)) .*not documented'; then
    exit 1
fi
