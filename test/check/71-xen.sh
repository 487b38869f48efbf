#!/bin/bash
# kernels for Xen, built by gcc and by clang, boot on real Xen under QEMU; hosts talk through one
# needs root
# waits
. "$(dirname "$0")/lib.sh"
build_plain
build clang CC=clang
make -C "$work/clang" -j"$jobs" xen
make -C "$MORGANA_BUILD" -j"$jobs" xen xen-test-kernels
export MORGANA_XEN_BENCH=$work/xen-bench
# The last resort: each wait has its own limit.
export -f run_test run_tests
limited 1500 bash -c 'run_tests test/xen'
