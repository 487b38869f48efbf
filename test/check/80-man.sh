#!/bin/bash
# the man pages are clean mdoc, know each other, and each installed program has one
. "$(dirname "$0")/lib.sh"
build_plain
mandoc -T lint -W warning doc/*.[1-8]
make -C "$MORGANA_BUILD" install DESTDIR="$work/man" prefix=/usr
# What a page of ours refers to is there.
grep -ohE '^\.Xr morgana-[a-z]+ [1-8]' doc/*.[1-8] | sort -u | while read -r _ page section; do
    ls "doc/$page.$section"
done
for program in "$work"/man/usr/bin/*; do
    ls "$work"/man/usr/share/man/man*/"${program##*/}".*
done
