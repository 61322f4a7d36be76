#!/bin/sh
# nibsim as its users see it, in TAP: seeds that are run each time, the same run for the same seed,
# its options and its capture. Programs: in NIB_BIN, or bin. RUNS=N makes more or fewer runs.
set -u
bin=${NIB_BIN:-bin}
runs=${RUNS:-1000}
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT

why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
have() { command -v "$1" >/dev/null 2>&1; }
sim() { "$bin/nibsim" "$@"; }

# ---- every promise is kept ----

check "$runs seeds, each with its own mix" sim --runs "$runs"
if [ -x build/test/bin/nibsim ]; then
    check "and some under the sanitizers" build/test/bin/nibsim --seed 100000 --runs $((runs / 10))
else
    skip "and some under the sanitizers" "build/test/bin/nibsim is not built"
fi
check "a network that loses a third" sim --seed 7 --runs 50 --loss 0.33
check "one that doubles, damages and delays" \
    sim --seed 7 --runs 50 --duplicate 20% --corrupt 0.1 --delay 0-900
check "an attacker and hosts that stop" sim --seed 7 --runs 50 --spoof --crash
check "forty clients" sim --seed 7 --runs 20 --clients 40
check "half an hour" sim --seed 7 --runs 1 --clients 4 --hours 0.5
check "a day" sim --seed 7 --runs 1 --clients 4 --hours 24

# ---- the same run for the same seed ----

same() { # two commands' output, as it goes to standard output
    sh -c "$1" >"$dir/one" 2>/dev/null
    sh -c "$2" >"$dir/two" 2>/dev/null
    [ -s "$dir/one" ] && diff "$dir/one" "$dir/two"
}
quiet_beside() { # nothing that a clock had a hand in, on either stream
    sim --runs 3 >"$dir/out" 2>"$dir/err" && [ ! -s "$dir/err" ]
}
check "beside the summary a script sees nothing" quiet_beside
check "the same seeds twice say the same" same "$bin/nibsim --runs 60" "$bin/nibsim --runs 60"
check "event by event" same "$bin/nibsim --seed 5 --trace" "$bin/nibsim --seed 5 --trace"
differ() { ! same "$bin/nibsim --seed 5 --trace" "$bin/nibsim --seed 6 --trace" >/dev/null; }
check "another seed is another run" differ
if [ -x build/test/bin/nibsim ]; then
    check "with the sanitizers, too" \
        same "$bin/nibsim --runs 30" "build/test/bin/nibsim --runs 30"
else
    skip "with the sanitizers, too" "build/test/bin/nibsim is not built"
fi
if have clang && [ -f Makefile ]; then
    check "clang builds it" make -s --no-print-directory build/clang/bin/nibsim
    check "what clang built says the same" \
        same "$bin/nibsim --runs 60" "build/clang/bin/nibsim --runs 60"
else
    skip "what clang built says the same" "clang is not installed"
fi

# ---- its capture ----

file=$dir/run.pcap
check "--write makes a capture" sim --seed 5 --write "$file"
dumped() { "$bin/nibpcap" dump "$file" >"$dir/dump" && [ "$(wc -l <"$dir/dump")" -gt 100 ]; }
check "that nibpcap reads" dumped
if have tcpdump; then
    lines() { [ "$(tcpdump -n -r "$file" 2>"$dir/err" | wc -l)" -eq "$(wc -l <"$dir/dump")" ]; }
    check "and tcpdump, as many frames" lines
    wrong() { ! tcpdump -n -vv -r "$file" 2>&1 | grep -i "bad udp\|bad ip\|truncated"; }
    check "with every checksum right" wrong
else
    skip "and tcpdump, as many frames" "tcpdump is not installed"
fi
again() { sim --seed 5 --write "$dir/again.pcap" && cmp "$file" "$dir/again.pcap"; }
check "the same octets each time" again

# ---- its words ----

refuses() {
    sim "$@" >"$dir/out" 2>"$dir/err"
    [ $? -eq 2 ] && [ "$(wc -l <"$dir/err")" -eq 1 ] && [ ! -s "$dir/out" ]
}
check "it lists its promises" sh -c "[ \$($bin/nibsim --promises | wc -l) -gt 15 ]"
for wrong in "--seed -1" "--runs x" "--loss 1.5" "--loss %" "--loss 101%" "--corrupt 0,5" \
    "--delay 5" "--delay 9-5" "--clients 0" "--clients 41" "--hours 0" "--hours 0.0001" "--hours 1x" "surplus" "--nothing" \
    "--write $dir/none/x.pcap" "--write $dir/x.pcap --runs 2"; do
    # shellcheck disable=SC2086
    check "one line and status 2 for $wrong" refuses $wrong
done
stops() { # a signal ends it, with a summary and status 0
    "$bin/nibsim" --runs 0 >"$dir/out" 2>"$dir/err" &
    pid=$!
    sleep 1
    kill -TERM "$pid" && wait "$pid" && grep -q "every promise kept" "$dir/out"
}
check "--runs 0 goes on until it is stopped" stops

finish
