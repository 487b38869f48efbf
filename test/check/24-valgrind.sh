#!/bin/bash
# the unit tests under valgrind: no bad access, nothing leaked
. "$(dirname "$0")/lib.sh"
build_plain
# In one process, so that valgrind sees what a test leaves behind.
CK_FORK=no unit gcc LOG_COMPILER=valgrind \
    LOG_FLAGS='-q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible'
