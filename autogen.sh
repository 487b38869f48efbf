#!/bin/sh
# Make ./configure out of configure.ac: once after a clone, and after the build files' first lines change.
for tool in autoconf automake pkg-config; do
    command -v $tool > /dev/null || {
        echo "autogen.sh: no $tool. On Debian: apt-get install $tool" >&2
        exit 1
    }
done
cd "$(dirname "$0")" && mkdir -p build-aux && exec autoreconf -fi
