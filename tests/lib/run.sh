#!/bin/sh
# Runs test programs and scripts that speak TAP ("ok", "not ok", "# SKIP"), shows what failed, and
# ends with one line that sums over all of them. A program that dies counts as one failure.
set -u
export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS="detect_leaks=1:abort_on_error=0:${ASAN_OPTIONS:-}"
passed=0 failed=0 skipped=0
out=$(mktemp) || exit 2
trap 'rm -f "$out"' EXIT
for program in "$@"; do
    start=$(date +%s)
    timeout "${TEST_TIMEOUT:-300}" "$program" >"$out" 2>&1 </dev/null
    status=$?
    ok=$(grep -c '^ok ' "$out")
    skip=$(grep -ci '^ok .*# *skip' "$out")
    bad=$(grep -c '^not ok ' "$out")
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] || [ $((ok + bad)) -eq 0 ]; then
        bad=$((bad + 1))
        echo "not ok - $program ended with status $status"
    fi
    echo "# $program: $((ok - skip)) passed, $bad failed, $skip skipped ($(($(date +%s) - start)) s)"
    [ "$skip" -gt 0 ] && grep -i '^ok .*# *skip' "$out"
    [ "$bad" -gt 0 ] && sed 's/^/    /' "$out"
    passed=$((passed + ok - skip)) failed=$((failed + bad)) skipped=$((skipped + skip))
done
echo "$passed passed, $failed failed$([ "$skipped" -gt 0 ] && echo ", $skipped skipped")"
[ "$failed" -eq 0 ]
