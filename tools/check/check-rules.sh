#!/bin/sh
# Holds the rules of proto/protocol.md against the code and the tests, in TAP: every rule (NIB-x.y,
# defined where it stands in bold) is named in a test or vector and in the code, and no rule is named
# anywhere that the text does not define. Run from the project's root.
set -u
text=proto/protocol.md

# What matches the pattern in these files and folders, one a line.
matches() {
    pattern=$1
    shift
    find "$@" -type f -exec cat {} + 2>/dev/null | awk -v pattern="$pattern" '{
        while (match($0, pattern)) {
            print substr($0, RSTART, RLENGTH)
            $0 = substr($0, RSTART + RLENGTH)
        }
    }'
}

dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
id='NIB-[0-9]+[.][0-9]+'
matches "[*][*]${id}[*][*]" "$text" | tr -d '*' >"$dir/definitions"
matches "$id" "$text" | sort -u >"$dir/text"
matches "$id" include src | sort -u >"$dir/code"
matches "$id" tests proto/vectors.txt | sort -u >"$dir/tests"

why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh

has() { grep -qxF -e "$2" "$dir/$1"; }
once() { [ "$(grep -cxF -e "$1" "$dir/definitions")" -eq 1 ]; }

check "$text defines rules" test -s "$dir/definitions"
while read -r rule; do
    check "$rule is defined once" once "$rule"
    check "$rule stands in a test or vector" has tests "$rule"
    check "$rule stands in the code" has code "$rule"
done <"$dir/definitions"
for place in text code tests; do
    while read -r rule; do
        has definitions "$rule" || check "$rule, named in the $place, is defined" false
    done <"$dir/$place"
done
finish
