#!/bin/bash
# what make install installs serves a program of somebody else's: pkg-config finds the wire library,
# each header can be included by itself, and a message goes out and comes back.
#
# Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
build=${MORGANA_BUILD:-$top/build}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

make -s -C "$build" install DESTDIR="$tmp/root" > "$tmp/log" 2>&1 || { cat "$tmp/log"; exit 1; }
export PKG_CONFIG_SYSROOT_DIR=$tmp/root
PKG_CONFIG_PATH=$(dirname "$(find "$tmp/root" -name morgana-openflow.pc)")
export PKG_CONFIG_PATH
read -r -a cflags <<< "$(pkg-config --cflags morgana-openflow)"
read -r -a libs <<< "$(pkg-config --libs morgana-openflow)"
echo "morgana-openflow $(pkg-config --modversion morgana-openflow): ${cflags[*]} ${libs[*]}"

cat > "$tmp/program.c" <<'END'
#include <openflow/action.h>
#include <openflow/frame.h>
#include <openflow/match.h>
#include <openflow/print.h>
#include <openflow/validate.h>
#include <stdio.h>

int main(void)
{
    uint8_t list[64], bytes[256];
    char words[256];
    struct buf actions = buf_of(list, sizeof list), out = buf_of(bytes, sizeof bytes);
    struct text text = text_of(words, sizeof words);
    struct ofp_match match = ofp_match_any();
    struct ofp_fault fault;
    struct ofp_msg msg = {.type = OFPT_FLOW_MOD, .flow_mod = {.match = &match}};
    match.wildcards = be32_of(OFPFW_ALL & ~(uint32_t)OFPFW_IN_PORT);
    match.in_port = be16_of(7);
    ofp_put_output(&actions, OFPP_FLOOD, 0);
    msg.flow_mod.actions = span_of(list, actions.len);
    if (!ofp_encode(&out, &msg) || ofp_frame(span_of(bytes, out.len)) != 80 ||
        !ofp_validate(span_of(bytes, out.len), OFP_AT_SWITCH, &fault))
        return 1;
    ofp_decode(&msg, span_of(bytes, out.len));
    ofp_print_match(&text, msg.flow_mod.match, OFP_DEFAULT_PRIORITY);
    puts(words);
    return 0;
}
END

for cc in gcc clang; do
    find "$tmp/root" -path '*/morgana/*.h' -printf '%P\n' | while read -r header; do
        echo "#include <${header#*/morgana/}>" > "$tmp/one.c"
        $cc -std=c11 -Wall -Wextra -Werror -fsyntax-only "${cflags[@]}" "$tmp/one.c"
    done
    $cc -std=c11 -Wall -Wextra -Werror "${cflags[@]}" "$tmp/program.c" "${libs[@]}" -o "$tmp/program"
    said=$("$tmp/program")
    echo "$cc: $said"
    [ "$said" = in_port=7 ]
done
