#!/bin/bash
# packet scripts against TCP in virtual time, each naming its section of an RFC; and that a script can fail
. "$(dirname "$0")/lib.sh"
build_plain
build sanitizers CC=gcc --enable-sanitizers
status=0

# scripts LIBRARY [--broken] SCRIPT...
scripts() { python3 test/script/run_scripts "$@" || status=1; }

# AddressSanitizer must be in the process before the library is. Python itself leaks on purpose.
sanitized()
{
    LD_PRELOAD=$(gcc -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0 \
        python3 test/script/run_scripts "$work/sanitizers/test/script/morgana-tcp.so" "$@" || status=1
}

scripts "$MORGANA_BUILD/test/script/morgana-tcp.so" test/script/pkt/*.pkt
scripts "$MORGANA_BUILD/test/script/morgana-tcp.so" --broken test/script/broken/*.pkt
sanitized test/script/pkt/*.pkt
exit $status
