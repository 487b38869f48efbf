#!/bin/bash
# every C file is as clang-format writes it
. "$(dirname "$0")/lib.sh"
files_named '*.c' '*.h' | xargs clang-format --dry-run -Werror
