#!/bin/sh
# The build itself, in TAP: flags are part of what is built, warnings are errors in our own runs alone,
# help lists every target, and the runner of tests counts honestly. Works in a copy of the tree, of
# one small program. Run from the project's root.
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL WERROR CFLAGS LDFLAGS
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
mkdir "$dir/tree" && cp -r Makefile src include tools tests "$dir/tree" && mkdir "$dir/tree/proto"
m() { make -C "$dir/tree" --no-print-directory "$@"; }

# ---- flags ----

object=build/release/src/core/addr.o
again() { # whether the object is made when make is told this
    m V=1 "$@" "$object" >"$dir/said" && grep -q -- '-c src/core/addr.c' "$dir/said"
}
not_again() { again "$@" && cat "$dir/said" && return 1; return 0; }
check "an object is made" again
check "it is not made again" not_again
check "other flags make it again" again CFLAGS=-O0
check "the same other flags do not" not_again CFLAGS=-O0
check "another compiler does" again CFLAGS=-O0 CC='cc -pipe'
check "the usual flags again do" again
check "flags of the environment do, too" env CFLAGS=-O1 make -C "$dir/tree" --no-print-directory "$object"
check "and are the ones that were used" grep -q -- '-O1' "$dir/tree/build/release/flags"
check "-Werror is no such flag: what it lets pass is the same" not_again CFLAGS=-O1 WERROR=-Werror

# ---- warnings ----

echo 'static int nobody_uses_this;' >>"$dir/tree/src/core/addr.c"
check "a warning is no error for whoever compiles this" m -s "$object"
rm "$dir/tree/$object"
check "it is one in our own runs" sh -c "! make -C '$dir/tree' -s WERROR=-Werror $object"

# ---- help ----

lists_all() {
    m help | awk '{ print $2 }' >"$dir/help"
    m -pn -o all help 2>/dev/null | sed -n 's/^\.PHONY: //p' | tr ' ' '\n' |
        grep -Evx 'all|always|tests-built|build/.*|' | sort -u >"$dir/targets"
    [ "$(wc -l <"$dir/targets")" -gt 20 ] || return 1
    grep -vxF -f "$dir/help" "$dir/targets" && return 1
    return 0
}
aligned() { # all explanations begin in one column, and nothing runs over 96
    m help >"$dir/lines"
    ! awk 'substr($0, 28, 1) != " " || substr($0, 29, 1) == " " || length > 96' "$dir/lines" | grep .
}
check "make help lists every target" lists_all
check "its lines are aligned" aligned

# ---- the runner of tests ----

script() { # NAME, and its text
    printf '#!/bin/sh\n%s\n' "$2" >"$dir/$1" && chmod +x "$dir/$1"
}
script good 'echo ok 1 - a; echo ok 2 - b "# SKIP" no reason'
script bad 'echo ok 1 - a; echo not ok 2 - b'
script dies 'echo ok 1 - a; exit 3'
script mute ':'
script slow 'sleep 30; echo ok 1 - late'
sums() { # what it must say last, its status, and the programs
    last=$1 status=$2
    shift 2
    TEST_TIMEOUT=2 tests/lib/run.sh "$@" >"$dir/run"
    got=$?
    cat "$dir/run"
    [ "$(tail -n 1 "$dir/run")" = "$last" ] && [ $got -eq "$status" ]
}
check "what passes and is skipped is summed" sums '1 passed, 0 failed, 1 skipped' 0 "$dir/good"
check "a failure is one" sums '2 passed, 1 failed, 1 skipped' 1 "$dir/good" "$dir/bad"
check "a program that dies is a failure" sums '1 passed, 1 failed' 1 "$dir/dies"
check "one that says nothing, too" sums '0 passed, 1 failed' 1 "$dir/mute"
check "one that takes too long, too" sums '1 passed, 1 failed, 1 skipped' 1 "$dir/slow" "$dir/good"
check "one that is not there, too" sums '1 passed, 1 failed, 1 skipped' 1 "$dir/none" "$dir/good"
finish
