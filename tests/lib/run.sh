#!/bin/sh
# Runs test programs and scripts that speak TAP ("ok", "not ok", "# SKIP"), shows what failed, and
# ends with one line that sums over all of them. A program that dies counts as one failure.
#     tests/lib/run.sh PROGRAM ...     JOBS=2 side by side (as many as there are processors),
#                                      TEST_TIMEOUT=900 seconds for each
# Side by side each has a network of its own, with nothing but loopback in it, so that no two meet
# at a port. Where that cannot be had (it needs root), they run one after the other.
set -u
export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS="detect_leaks=1:abort_on_error=0:${ASAN_OPTIONS:-}"

# --one ALONE DIR NUMBER PROGRAM: runs it and reports it by one line, too short to be mixed up.
if [ "${1:-}" = --one ]; then
    alone=$2 dir=$3 number=$4 program=$5
    start=$(date +%s)
    if [ "$alone" = yes ]; then
        # shellcheck disable=SC2016
        set -- unshare -n sh -c 'ip link set lo up && exec "$@"' sh
    else
        set --
    fi
    "$@" timeout "${TEST_TIMEOUT:-900}" "$program" >"$dir/$number" 2>&1 </dev/null
    echo "$number $? $(($(date +%s) - start))"
    exit 0
fi

dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
alone=no
jobs=1
if unshare -n ip link set lo up 2>/dev/null; then
    alone=yes
    jobs=${JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)}
fi

list() {
    number=0
    for program in "$@"; do
        number=$((number + 1))
        printf '%s\n' "$number" "$program"
    done
}

report() {
    out=$dir/$number
    ok=$(grep -c '^ok ' "$out")
    skip=$(grep -ci '^ok .*# *skip' "$out")
    bad=$(grep -c '^not ok ' "$out")
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] || [ $((ok + bad)) -eq 0 ]; then
        bad=$((bad + 1))
        echo "not ok - $program ended with status $status"
    fi
    echo "# $program: $((ok - skip)) passed, $bad failed, $skip skipped ($seconds s)"
    [ "$skip" -gt 0 ] && grep -i '^ok .*# *skip' "$out"
    [ "$bad" -gt 0 ] && sed 's/^/    /' "$out"
    passed=$((passed + ok - skip)) failed=$((failed + bad)) skipped=$((skipped + skip))
    ran=$((ran + 1))
}

list "$@" | xargs -n 2 -P "$jobs" "$0" --one "$alone" "$dir" | {
    passed=0 failed=0 skipped=0 ran=0
    while read -r number status seconds; do
        eval "program=\${$number}"
        report
    done
    if [ "$ran" -ne $# ]; then
        failed=$((failed + $# - ran))
        echo "not ok - $(($# - ran)) programs were not run to their end"
    fi
    echo "$passed passed, $failed failed$([ "$skipped" -gt 0 ] && echo ", $skipped skipped")"
    [ "$failed" -eq 0 ]
}
