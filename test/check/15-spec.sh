#!/bin/bash
# each requirement of the specifications in test/spec/ names tests that are there and run
. "$(dirname "$0")/lib.sh"
python3 test/check/spec.py .
