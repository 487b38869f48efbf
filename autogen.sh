#!/bin/sh
# Make ./configure out of configure.ac: once after a clone, and after the build files' first lines change.
cd "$(dirname "$0")" && mkdir -p build-aux && exec autoreconf -fi
