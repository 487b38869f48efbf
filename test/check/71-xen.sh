#!/bin/bash
# kernels for Xen, built by gcc and clang, boot on real Xen under QEMU as PV and as PVH guests
# needs root
. "$(dirname "$0")/lib.sh"
build_plain
make -C "$MORGANA_BUILD" -j"$jobs" xen xen-test-kernels
export MORGANA_XEN_BENCH=$work/xen-bench
run_tests test/xen
