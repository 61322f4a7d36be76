#!/bin/sh
# nibbench, in TAP: that it measures at all, checks answers, and says what it is told wrong. No test
# here looks at how long anything took. Programs: in NIB_BIN, or bin.
set -u
bin=${NIB_BIN:-bin}
dir=$(mktemp -d) || exit 2
pids=

clean_up() {
    for started in $pids; do kill "$started" 2>/dev/null; done
    rm -rf "$dir"
}
trap clean_up EXIT

why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh

# Runs nibbench; the status goes to $status, what it said to out and err.
run() {
    "$bin/nibbench" "$@" >"$dir/out" 2>"$dir/err"
    status=$?
}
show() { echo "status $status" && cat "$dir/out" "$dir/err" && return 1; }
ended() { [ "$status" -eq "$1" ] || show; }
said() { grep -qF -e "$1" "$dir/out" || show; }
complained() {
    grep -qF -e "$1" "$dir/err" && [ "$(wc -l <"$dir/err")" -eq 1 ] && [ "$status" -eq 2 ] || show
}
value() { sed -n "s/.*\"$1\":\\([0-9.]*\\).*/\\1/p" "$dir/out"; }
is() { [ "$(value "$1")" = "$2" ] || show; }
above_0() { awk -v value="$(value "$1")" 'BEGIN { exit !(value + 0 > 0) }' || show; }
one_object() { [ "$(wc -l <"$dir/out")" -eq 1 ] && grep -q '^{"[a-z].*[0-9]}$' "$dir/out" || show; }

# Starts a server on a free port: its process in $pid, where it listens in $at.
start() {
    name=$1
    shift
    : >"$dir/$name.err" # now, or what the one before said would be taken for its words
    "$bin/$name" "$@" >/dev/null 2>"$dir/$name.err" &
    pid=$!
    pids="$pids $pid"
    tries=0
    until at=$(sed -n 's/.*listening on port \([0-9]*\).*/127.0.0.1:\1/p' "$dir/$name.err") &&
        [ -n "$at" ]; do
        tries=$((tries + 1))
        [ "$tries" -gt 100 ] && return 1
        sleep 0.1
    done
}

load() { run load --to "$at" --seconds 0.2 --warmup 0.05 "$@"; }

run codec --rounds 1 --json
check "codec measures" ended 0
check "codec gives one JSON object" one_object
check "codec names its nanoseconds" above_0 decode_response_ns
run codec --rounds 3
check "codec shows median and spread" grep -q '^encode the query .* ns  \[.*-.*\]$' "$dir/out"

for names in 1 2 1000; do
    run table --names "$names" --rounds 1 --json
    check "table measures $names names" ended 0
    check "table of $names gives one JSON object" one_object
    check "table of $names counts pages" above_0 cache_resident_record
    check "table of $names is printed" above_0 print_ns
done

start nibbench echo --listen 127.0.0.1:0 --json
echo_at=$at echo_pid=$pid
load --echo --json --pid "$echo_pid"
check "an echo's answers are accepted with --echo" ended 0
check "and counted" above_0 answers
check "none of them wrong" is wrong_question 0
check "none lost" is lost 0
check "the echo's CPU time is known" grep -q '"cpu_us":' "$dir/out"
load --echo --json --segments
check "an echo's answers are accepted with --segments" ended 0
load --json
check "an echo is no answer" ended 1
check "it is the wrong question's" above_0 wrong_question
check "and makes no answers a second" is answers 0
load --dns --json
check "an echo is no DNS answer" ended 1
check "it is malformed" above_0 wrong_malformed

start amazoneserver --quiet --listen 127.0.0.1:0
load
check "a server's answers are right" ended 0
check "the report is in words" said "answers a second"
check "with latencies" said "latency p99.9"
load --sockets 50 --window 3 --json
check "many sockets work" ended 0
load --segments --json
check "segments work with a server that knows nothing of them" above_0 answers
load --rate 2000 --json
check "the open loop works" above_0 answers
run load --to "$at" --rate 2 --warmup 0 --seconds 0.2 --json
check "its first query leaves at the start, not a period later" is answers 1
load --spin --json
check "a generator that never sleeps measures too" above_0 answers
check "it says how many answers were late" grep -q '"late":[0-9]' "$dir/out"
load --spin --rate 2000 --json
check "and with a rate" above_0 answers

cat >"$dir/names" <<'END'
# name, type, expected result
shop.amazone.com A 3.33.147.88
CLOUD.amazone.com. a 15.197.140.28

gone.amazone.com AAAA Record not found
shop.amazone.com
END
load --names "$dir/names" --json
check "a file's names are asked and their results expected" ended 0
check "a miss can be expected" above_0 not_found
echo "shop.amazone.com A 3.33.147.89" >"$dir/names"
load --names "$dir/names" --json
check "another result than expected is wrong" ended 1
check "and counted as that" above_0 wrong_result
echo "shop.amazone.com A Record not found" >"$dir/names"
load --names "$dir/names" --json
check "a result where a miss is expected is wrong" above_0 wrong_result

kill "$echo_pid"
wait "$echo_pid"
status=$?
at=$echo_at
check "an echo ends with status 0" ended 0
load
check "nobody listening: status 3" ended 3
check "and it says so" grep -q 'nobody listens' "$dir/err"

start nibbench echo --listen 127.0.0.1:0 --size 100
load --echo --json
check "an echo of another size is accepted" ended 0
check "and its size seen" is answer_octets 100.0
start nibbench echo --listen 127.0.0.1:0 --segments
load --echo --segments --json
check "segments both ways" ended 0

start nibbench echo --listen 127.0.0.1:0 --runs --size 60
load --echo --json
check "runs of answers arrive as single ones" ended 0
check "each as long as it shall be" is answer_octets 60.0

start nibbench echo --listen 127.0.0.1:0 --workers 3 --json
load --echo --json --sockets 60
check "an echo's workers answer all" is lost 0
threads=$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)
check "three of them" test "$threads" -eq 3
kill "$pid"
wait "$pid"
check "and end with status 0" test $? -eq 0

# So few that they all fit into the server's buffer, however slow it is.
start amazoneserver --quiet --listen 127.0.0.1:0
run flood --to "$at" --seconds 0.3 --rate 20000 --json
check "a flood ends with status 0" ended 0
sum() { echo $(($(value random) + $(value cut) + $(value responses) + $(value flags))); }
check "what it sent is of four kinds" is sent "$(sum)"
check "and each was sent" above_0 flags
kill -USR1 "$pid"
tries=0
until grep -q '^waiting' "$dir/amazoneserver.err" || [ "$tries" -gt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
counts() { grep -q "^$1: $2\$" "$dir/amazoneserver.err"; }
check "the server received all of it" counts received "$(value sent)"
check "and answered nothing" counts answered 0
check "the responses were responses" counts dropped_response "$(value responses)"

for command in codec table load echo flood; do
    run "$command" --help
    check "$command --help" said "Usage: nibbench $command"
done
run load --vers
check "a command's --version, cut short" said "nibbench (nibdns) "
run --vers
check "--version, cut short" said "nibbench (nibdns) "
run --help
check "--help names the commands" said "nibbench table"
run
check "no command" complained "a command is missing"
run play
check "an unknown command" complained "no command 'play'"
run load
check "load without a server" complained "--to"
run load --to 127.0.0.1:1 --pid 4194304
check "no such process" complained "no such process"
run load --to 127.0.0.1:1 --names "$dir/none"
check "no such file" complained "cannot be read"
echo "shop..com" >"$dir/names"
run load --to 127.0.0.1:1 --names "$dir/names"
check "a bad name" complained "names:1: not a name"
printf '\nshop.com MX\n' >"$dir/names"
run load --to 127.0.0.1:1 --names "$dir/names"
check "a bad type" complained "names:2: a type is"
run load --to 127.0.0.1:1 --dns --window 5000
check "a window that DNS has no IDs for" complained "--window"
run flood
check "flood without a server" complained "--to"
run table --names 0
check "a number out of range" complained "--names"
run codec --cpu 1000
check "a core that is not there" complained "no core to run on"

finish
