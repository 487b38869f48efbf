#!/bin/bash
# openflow/ compiles without a C library's headers, and linked needs nothing of one but memcpy,
# memmove, memset and memcmp.
#
# Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

for cc in gcc clang; do
    mkdir "$tmp/$cc"
    for file in "$top"/openflow/*.c; do
        $cc -std=c11 -O2 -Wall -Wextra -Werror -ffreestanding -nostdinc \
            -isystem "$($cc -print-file-name=include)" -I"$top" \
            -c "$file" -o "$tmp/$cc/$(basename "$file" .c).o"
    done
    ld -r "$tmp/$cc"/*.o -o "$tmp/$cc.o"
    needs=$(nm -u "$tmp/$cc.o" | awk '{ print $2 }' | sort | tr '\n' ' ')
    echo "$cc: $(ls "$tmp/$cc" | wc -l) files, needs: $needs"
    for symbol in $needs; do
        case $symbol in
        memcpy | memmove | memset | memcmp | _GLOBAL_OFFSET_TABLE_) ;;
        *) echo "$cc: openflow/ needs $symbol"; exit 1 ;;
        esac
    done
done
