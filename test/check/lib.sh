# lib.sh - what the steps of ./check share; each sources it first.
#
# A step runs in any directory. It finds the tree in $src, may write anything below $work, and builds
# with $jobs processes.
#
# Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
set -eu
work=$MORGANA_WORK
src=$work/src
jobs=$MORGANA_JOBS
cd "$src"

# build NAME [CONFIGURE ARGUMENT]...: a configured and made tree at $work/NAME, the programs of
# its tests too. Steps share it: who comes first builds it, who comes meanwhile waits for that.
build()
{
    local dir=$work/$1
    shift
    mkdir -p "$dir"
    (flock 9 && cd "$dir" && { [ -e built ] || { "$src/configure" --enable-werror "$@" &&
        make -j"$jobs" 9>&- && make -j"$jobs" check TESTS= 9>&- && touch built; }; }) 9> "$dir.lock"
}

# The build that everything which is not about the build itself uses. Tests find it in MORGANA_BUILD.
build_plain()
{
    build gcc CC=gcc
    export MORGANA_BUILD=$work/gcc
}

# unit NAME [MAKE ARGUMENT]...: run the unit tests of a build and show what each of them said. A test
# without figures (a script; a program that died) counts as one.
unit()
{
    local dir=$work/$1 status=0 found=no result log
    shift
    make -C "$dir" -j"$jobs" check "$@" || status=$?
    for result in $(find "$dir" -name '*.trs' | sort); do
        found=yes
        log=${result%.trs}.log
        echo "--- ${log#"$dir"/}"
        cat "$log"
        if ! grep -qE '^[0-9]*%: Checks: |^[0-9]+ passed, [0-9]+ failed$' "$log"; then
            grep -q '^:test-result: PASS' "$result" && echo '1 passed, 0 failed' ||
                echo '0 passed, 1 failed'
        fi
    done
    [ $found = yes ] || { echo 'no unit tests'; return 1; }
    return $status
}

# Files of the tree, by the patterns that find's -name takes.
files_named()
{
    local pattern args=(-name "$1")
    shift
    for pattern; do
        args+=(-o -name "$pattern")
    done
    find . -type f \( "${args[@]}" \) | sort
}

# run_test FILE: one *_test.py (unittest) or *_test.sh.
run_test()
{
    echo "--- $1"
    case $1 in
    *.py)
        if ! grep -q '^    unittest\.main()' "$1"; then
            echo "$1 runs nothing: it does not call unittest.main()"
            return 1
        fi
        python3 "$1" -v
        ;;
    *.sh) if bash "$1"; then echo '1 passed, 0 failed'; else echo '0 passed, 1 failed'; return 1; fi ;;
    esac
}

# run_tests DIR [NAME...]: every *_test.py and *_test.sh there; all run though one fails. Those that
# are named mostly wait: they run beside the others.
run_tests()
{
    local dir=$1 status=0 found=no test name pids=()
    shift
    for name; do
        run_test "$dir/$name" > "$work/log/$name.out" 2>&1 &
        pids+=($!)
    done
    for test in "$dir"/*_test.py "$dir"/*_test.sh; do
        [ -e "$test" ] || continue
        found=yes
        [[ " $* " == *" ${test##*/} "* ]] || run_test "$test" || status=1
    done
    for name; do
        wait "${pids[0]}" || status=1
        pids=("${pids[@]:1}")
        cat "$work/log/$name.out"
    done
    [ $found = yes ] || { echo "no tests in $dir"; return 1; }
    return $status
}

# limited SECONDS COMMAND...: with a time limit. timeout puts the command into a process group of its
# own, which a signal to ours does not reach: that is passed on, and its end is waited for.
limited()
{
    local status=0
    timeout -k 30 "$@" &
    limited=$!
    trap 'kill -TERM $limited 2> /dev/null' TERM INT HUP
    wait $limited || status=$?
    while kill -0 $limited 2> /dev/null; do
        wait $limited || status=$?
    done
    trap - TERM INT HUP
    return $status
}

# finds_breakage SEED REPLAY BREAKAGE...: the self-test of a simulation, which the step runs by its
# simulate(). What is broken on purpose is found, and the seed is told; so is, as the regular
# expression REPLAY with --break behind it, how to replay it. One check each; false if any fails.
finds_breakage()
{
    local seed=$1 replay=$2 what out found status=0
    shift 2
    for what in "$@"; do
        out=$(simulate --seed="$seed" --break="$what") && found=no || found=yes
        if [ $found = yes ] && grep "^seed $seed FAILED: " <<< "$out" &&
            grep "^replay: .*$replay--break=$what" <<< "$out"; then
            echo '1 passed, 0 failed'
        else
            echo "--break=$what was not found"
            echo '0 passed, 1 failed'
            status=1
        fi
    done
    return $status
}
