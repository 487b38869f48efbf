#!/bin/bash
# clang builds it without a warning, and its unit tests pass
. "$(dirname "$0")/lib.sh"
build clang CC=clang
unit clang
