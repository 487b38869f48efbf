#!/bin/bash
# the man pages are clean mdoc, and each installed program has one
. "$(dirname "$0")/lib.sh"
build_plain
mandoc -T lint -W warning doc/*.[1-8]
make -C "$MORGANA_BUILD" install DESTDIR="$work/man" prefix=/usr
for program in "$work"/man/usr/bin/*; do
    ls "$work"/man/usr/share/man/man*/"${program##*/}".*
done
