#!/bin/sh
# Shows that nibsim watches what it says it watches, in TAP: builds each fault of
# tests/scripts/faults/core.txt into a copy of the logic, and lets the simulator find it within RUNS seeds.
# Run from the project's root, behind `make`. FAULT=NAME tries one alone and shows what was said.
set -u
faults=tests/scripts/faults/core.txt
runs=${RUNS:-150}
objects=build/release
CC=${CC:-cc}

# The file with the fault in it, to standard output. Status 1: its text is not there exactly once.
mutate() { # NAME
    file=$(awk -v name="$1" '$1 == "fault" { on = $2 == name } on && $1 == "file" { print $2 }' $faults)
    awk -v name="$1" '
        NR == FNR {
            if ($1 == "fault") on = $2 == name
            if (on && /^find /) old = old (n_old++ ? "\n" : "") substr($0, 6)
            if (on && /^put /) new = new (n_new++ ? "\n" : "") substr($0, 5)
            next
        }
        { text = text $0 "\n" }
        END {
            at = index(text, old)
            if (old == "" || at == 0 || index(substr(text, at + 1), old) > 0) exit 1
            printf "%s%s%s", substr(text, 1, at - 1), new, substr(text, at + length(old))
        }' $faults "$file"
}

# Builds one and lets it run: a line `ok` or `not ok` to standard output, what was said to a file.
one() { # NAME DIRECTORY
    name=$1 dir=$2
    mutate "$name" >"$dir/$name.c" || {
        echo "not ok - $name: the text to be changed is not there, or not once"
        return
    }
    # Its own object comes first, so that the library's is not needed. Warnings are expected.
    $CC -std=c11 -O1 -fPIE -w -Iinclude -Isrc/core -Isrc/programs -c "$dir/$name.c" -o "$dir/$name.o" &&
        $CC -pie $(find src/programs/nibsim -name '*.c' | sed "s,^,$objects/,; s,c\$,o,") "$dir/$name.o" \
            $objects/libos.a $objects/libnibdns.a -pthread -o "$dir/$name" || {
        echo "not ok - $name: does not build"
        return
    }
    timeout 60 "$dir/$name" --runs "$runs" >"$dir/$name.out" 2>/dev/null
    status=$?
    words=$(sed -n 's/^broken: //p' "$dir/$name.out")
    seed=$(sed -n 's/^seed \([0-9]*\), at .*/\1/p' "$dir/$name.out")
    if [ "$status" -eq 1 ] && [ -n "$words" ]; then
        echo "ok - $name is found with seed $seed: $words"
    else
        echo "not ok - $name is not found in $runs runs (status $status)"
    fi
    [ "${SHOW:-}" = "" ] || cat "$dir/$name.out"
}

if [ "${1:-}" = --one ]; then
    one "$2" "$3" 2>&1
    exit 0
fi
if [ ! -f $objects/src/programs/nibsim/main.o ]; then
    echo "1..0 # SKIP build/release is not there: run make first"
    exit 0
fi
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
if [ "${FAULT:-}" != "" ]; then
    SHOW=1 sh "$0" --one "$FAULT" "$dir"
    exit 0
fi
awk '$1 == "fault" { print $2 }' $faults | xargs -P 2 -I NAME sh "$0" --one NAME "$dir" | sort >"$dir/said"

# And no promise is left that no fault breaks.
$objects/bin/nibsim --promises >"$dir/promises"
sed -n 's/^ok - .* is found with seed [0-9]*: //p' "$dir/said" | sort -u >"$dir/broken"
grep -vxF -f "$dir/broken" "$dir/promises" >"$dir/left" && cat "$dir/left" >&2
if [ -s "$dir/left" ]; then
    echo "not ok - some fault breaks each promise but $(wc -l <"$dir/left")"
else
    echo "ok - some fault breaks each of $(wc -l <"$dir/promises") promises"
fi >>"$dir/said"
awk '{ sub(/^ok -/, "ok " NR " -"); sub(/^not ok -/, "not ok " NR " -"); bad += /^not/; print }
    END { print "1.." NR; exit bad > 0 }' "$dir/said"
