#!/bin/bash
# no loose ends, a licence line in every file, README.md names every package and shows the example
. "$(dirname "$0")/lib.sh"
status=0

# none_has WHAT PATTERN: no source file has a line of this kind.
none_has()
{
    if files_named '*.c' '*.h' '*.py' '*.sh' '*.mk' '*.am' '*.ac' |
        xargs grep -nIE "$2" /dev/null; then
        echo "^ $1"
        status=1
    fi
}

# The words are cut in two so that this file does not find itself.
none_has 'a loose end' '\b(TO''DO|FIX''ME|XX''X|HA''CK)\b|not (yet )?impl''emented|#if'' 0'
none_has 'a tab or a blank at the end of a line' '[ 	]+$'
for file in $(files_named '*.c' '*.h'); do
    grep -q 'ISC licence, see LICENSE\.' "$file" || { echo "$file: no licence line"; status=1; }
    case $file in
    */unit/* | */fuzz/*) most=1200 ;;
    *) most=1000 ;;
    esac
    [ "$(wc -l < "$file")" -le $most ] || { echo "$file: more than $most lines"; status=1; }
done
for package in $(awk '/^[a-z]/ { print $2 }' test/lab/packages.txt); do
    grep -qw -- "$package" README.md || { echo "README.md does not name $package"; status=1; }
done
# README.md shows the example app as it is built and tested.
if ! diff <(sed -n '/^```c$/,/^```$/p' README.md | sed '1d;$d') <(sed '1,/^ \*\/$/d' doc/example_app.c); then
    echo 'README.md shows another app than doc/example_app.c'
    status=1
fi
exit $status
