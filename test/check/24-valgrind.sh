#!/bin/bash
# the unit tests under valgrind: no bad access, nothing leaked
. "$(dirname "$0")/lib.sh"
build_plain
# Check runs each test in a process of its own; one that leaks ends with 99, which Check sees.
unit gcc LOG_COMPILER=valgrind LOG_FLAGS='-q --error-exitcode=99 --leak-check=full \
    --errors-for-leak-kinds=definite,indirect,possible'
