#!/bin/bash
# git ignores what a build leaves; the tarball has the whole tree, builds, passes, installs, uninstalls
. "$(dirname "$0")/lib.sh"
build_plain

# The tarball would hold, and ./check would copy, what a build in the tree leaves and git sees.
if command -v git > /dev/null; then
    git init -q --bare "$work/none.git"
    git --git-dir="$work/none.git" --work-tree="$MORGANA_BUILD" ls-files -o \
        --exclude-from="$src/.gitignore" --exclude=/built > "$work/seen"
    if [ -s "$work/seen" ]; then
        echo 'made by a build, and not in .gitignore:'
        cat "$work/seen"
        exit 1
    fi
fi

make -C "$MORGANA_BUILD" -j"$jobs" distcheck

tar -tf "$MORGANA_BUILD"/morgana-*.tar.gz | cut -d/ -f2- | sort > "$work/packed"
find . -type f ! -path './autom4te.cache/*' ! -name .gitignore ! -name '*~' | cut -d/ -f2- | sort |
    comm -23 - "$work/packed" > "$work/forgotten"
if [ -s "$work/forgotten" ]; then
    echo 'not in the tarball:'
    cat "$work/forgotten"
    exit 1
fi
