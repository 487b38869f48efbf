#!/bin/bash
# the tarball holds the whole tree, builds, passes its unit tests, installs and uninstalls
. "$(dirname "$0")/lib.sh"
build_plain
make -C "$MORGANA_BUILD" -j"$jobs" distcheck

tar -tf "$MORGANA_BUILD"/morgana-*.tar.gz | cut -d/ -f2- | sort > "$work/packed"
find . -type f ! -path './autom4te.cache/*' ! -name .gitignore ! -name '*~' | cut -d/ -f2- | sort |
    comm -23 - "$work/packed" > "$work/forgotten"
if [ -s "$work/forgotten" ]; then
    echo 'not in the tarball:'
    cat "$work/forgotten"
    exit 1
fi
