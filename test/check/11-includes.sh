#!/bin/bash
# each folder includes only what ARCHITECTURE.md lets it
. "$(dirname "$0")/lib.sh"
python3 test/check/includes.py .
