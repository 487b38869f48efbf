# start.sh - what ./demo and ./try begin with: root, the packages that are missing, the build.
#
# Sourced by them, with $me (demo), $module (of Python's) and $top (the tree) set. Sets $place: where Morgana is built, which
# is build/, or the tree itself if that is configured, or what MORGANA_BUILD=DIR says is built already.
#
# Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
place=$top/build
[ ! -e "$top/config.status" ] || place=$top
place=${MORGANA_BUILD:-$place}

# python MODULE ARGUMENT...: becomes a program of the lab. -P: no module comes from the directory that
# root happens to be in.
python()
{
    MORGANA_BUILD=$place PYTHONPATH=$top/test:$top/examples PYTHONDONTWRITEBYTECODE=1 \
        exec python3 -P -u -m "$@"
}

# Who asks what there is needs neither root nor a build.
case "$me $* " in
*' --list '* | *' --help '* | *' -h '* | 'try  ')
    command -v python3 > /dev/null ||
        { echo "$me: python3 is missing; sudo ./$me installs what is needed" >&2; exit 2; }
    python "$module" "$@" ;;
esac

if [ "$(id -u)" != 0 ]; then
    echo "$me: network namespaces need root: sudo ./$me $*" >&2
    exit 2
fi

# A dot every two seconds for who watches, as long as this shell lives.
show_life()
{
    [ ! -t 1 ] || while sleep 2 && kill -0 $$; do printf .; done 2> /dev/null
}

# run NAME ABOUT COMMAND...: one step, its line, and its output if it fails
run()
{
    log=$(mktemp)
    printf '%-11s %s ... ' "$1" "$2"
    show_life &
    life=$!
    trap 'kill $life 2> /dev/null; rm -f "$log"; exit 130' INT TERM HUP
    shift 2
    status=0
    "$@" > "$log" 2>&1 < /dev/null || status=$?
    kill $life 2> /dev/null || true
    if [ $status = 0 ]; then
        echo ok
        rm -f "$log"
    else
        echo "FAILED, the end of $log:"
        tail -n 25 "$log"
        exit 1
    fi
}

as_owner()
{
    owner=$(stat -c %u "$top")
    if [ "$owner" = 0 ]; then
        "$@"
    else
        setpriv --reuid="$owner" --regid="$(stat -c %g "$top")" --clear-groups "$@"
    fi
}

# build [TARGET]
build()
{
    as_owner sh -euc 'cd "$1"
        [ -x configure ] || ./autogen.sh
        mkdir -p "$2"
        cd "$2"
        [ -e Makefile ] || ../configure
        make -j"$(nproc)" "$3"' build "$top" "$place" "${1:-all}"
}

# The packages and Morgana itself.
prepare()
{
    run packages 'installs the Debian packages that are missing' "$top/test/lab/packages" install build lab
    [ -n "${MORGANA_BUILD:-}" ] || run build "builds Morgana in $place" build
}
