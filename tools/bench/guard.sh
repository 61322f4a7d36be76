#!/bin/sh
# What an answer costs in instructions, counted by Callgrind: no clock, no network, the same number
# each time. More than 3 % above what stands in guard.txt fails; as much below it is told, to be
# written down. Another compiler makes other instructions, so the numbers are those of one.
#     tools/bench/guard.sh [--write]    --write puts what it counts into guard.txt
set -u
guard=build/release/guard
expected=tools/bench/guard.txt
answers=3200 # of each path: 50 turns of 64
tolerance=3  # per cent
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh

# The first line of its version without its name, which may be cc's; the machine; the user's flags.
made_by() {
    # shellcheck disable=SC2086
    echo "$(${CC:-cc} --version | sed -n '1s/^[^ ]* //p') $(uname -m)" \
        "$(sed -n 's/.*zero \(.*\) \/.*/\1/p' build/release/flags)"
}

# Instructions of a path. What stands in for the kernel does not count.
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=measure \
        --toggle-collect=recvmmsg --toggle-collect=sendmmsg "$guard" "$1" 2>&1 >/dev/null |
        sed -n 's/.*Collected : \([0-9]*\)$/\1/p'
}

count_all() {
    for path in $("$guard"); do
        counted=$(count "$path")
        echo "$path ${counted:-0} $answers" | awk '{ printf "%-24s %.1f\n", $1, $2 / $3 }'
    done
}

# compared PATH COUNTED: whether it is what is expected
compared() {
    was=$(awk -v path="$1" '$1 == path { print $2 }' "$expected")
    echo "$1: $2 instructions an answer, expected ${was:-nothing}"
    awk -v is="$2" -v was="${was:-0}" -v by="$tolerance" 'BEGIN {
        if (is < was * (1 - by / 100)) print "# less than before: --write writes it down" >"/dev/stderr"
        exit !(is > 0 && is <= was * (1 + by / 100)) }'
}

if ! command -v valgrind >/dev/null; then
    skip "instructions an answer" "valgrind is not installed: apt-get install valgrind"
elif [ "${1:-}" = --write ]; then
    {
        echo "# Instructions an answer, by tools/bench/guard.sh --write, of this compiler:"
        echo "# $(made_by)"
        count_all
    } >"$dir/counted"
    cp "$dir/counted" "$expected"
    cat "$expected"
    exit
elif [ "# $(made_by)" != "$(sed -n 2p "$expected")" ]; then
    skip "instructions an answer" "they are known of $(sed -n '2s/^# //p' "$expected")"
else
    count_all >"$dir/counted"
    while read -r path counted; do
        compared "$path" "$counted" >"$why"
        succeeded "$path: $counted instructions an answer"
    done <"$dir/counted"
    check "every path that is known was counted" \
        test "$(grep -c '^[^#]' "$expected")" -eq "$n"
fi
finish
