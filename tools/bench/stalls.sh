#!/bin/sh
# Whether anything that a server does beside answering makes questions wait: 20,000 questions a second
# of 100 clients, every answer checked, while its records are read again, records expire, counters are
# written, a capture, or tables. In turns, beside the same servers left alone and a bare echo under the
# same load: a shared machine stands still by itself now and then ("stolen": what the hypervisor took
# from the server's core meanwhile). The server on one core, the generator on another; it never sleeps,
# and leaves out what it waited for while it stood still itself ("own").
#   [ROUNDS=5 SECONDS_EACH=10 RATE=20000 RECORDS=1000000 CACHED=100000 SERVER_CPU=0 ...]
#       tools/bench/stalls.sh [CASE...]
# SERVER_CPU=0-1: the servers may run on all cores. Cases; without: all but none.
#   a, l          amazoneserver with RECORDS records; localserver with CACHED records in its cache
#   a.reload      the records are read again each second (l.reload: localserver's own, also RECORDS)
#   l.expire      as many records as are cached expire at once
#   a.counters    they are written ten times a second (l.counters)
#   a.capture     every datagram is written to a file (l.capture)
#   a.tables      tables of 10 rows are printed, to /dev/null (l.tables)
set -u
# shellcheck source=tools/bench/common.sh
. tools/bench/common.sh
rounds=${ROUNDS:-5} seconds=${SECONDS_EACH:-10} rate=${RATE:-20000}
records=${RECORDS:-1000000} cached=${CACHED:-100000}
sockets=100 window=64
LIVES=6 # seconds: records that are to expire

# each SIGNAL SECONDS COMMAND...: the command, with that signal to $target all the while, from the
# generator's core. Signal 0 does nothing, so that all cases are disturbed the same way.
each() {
    signal=$1 pause=$2
    shift 2
    taskset -c "$load_cpu" sh -c "while kill -$signal $target; do sleep $pause; done" 2>/dev/null &
    teller=$!
    "$@"
    status=$?
    kill "$teller"
    wait "$teller" 2>/dev/null
    return "$status"
}

stolen() { # in ticks of 10 ms
    awk -v cpu="cpu${server_cpu%%-*}" '$1 == cpu { print $9 }' /proc/stat
}

# case_of NAME NAMES SIGNAL PAUSE OPTION...: the server just started is to be asked so.
case_of() {
    who="$at $pid" what=$1 asked=$2 signal=$3 pause=$4
    shift 4
    echo "$what $asked $who $signal $pause $*" >>"$dir/cases"
}

measure() { # ROUND CASE-LINE...
    round=$1 what=$2 asked=$3 to=$4 target=$5 signal=$6 pause=$7
    shift 7
    if [ "$what" = l.expire ]; then # what has expired goes when the next questions come
        fill "$to" expiring
        sleep "$((LIVES + 1))"
        set -- --warmup 0
    fi
    before=$(stolen)
    each "$signal" "$pause" load "$dir/out" "$to" --names "$dir/$asked.names" --spin --rate "$rate" \
        --seconds "$seconds" "$@" || die "$what: wrong or no answers: $(cat "$dir/out")"
    echo "$round $what $(value p50_us "$dir/out") $(value p99_us "$dir/out")" \
        "$(value p999_us "$dir/out") $(value max_us "$dir/out") $(value late "$dir/out")" \
        "$(value own_stalls "$dir/out") $((($(stolen) - before) * 10)) $(value lost "$dir/out")" \
        >>"$dir/lines"
}

waits() {
    printf '%-12s %-18s %-20s %-24s %-26s %-14s %6s %10s %5s\n' case "p50 us" "p99 us" "p99.9 us" \
        "max us" "after 1 ms" own "stolen ms" lost
    awk "$in_awk"'
        function all(what, field, form,    r, v) {
            for (r = 1; r <= rounds; r++) v[r] = got[what, r, field]
            return spread(v, rounds, form)
        }
        {
            if (!($2 in lost)) order[++n] = $2
            if ($1 > rounds) rounds = $1
            for (i = 3; i <= 9; i++) got[$2, $1, i] = $i
            lost[$2] += $10
        }
        END {
            for (i = 1; i <= n; i++) {
                c = order[i]
                printf "%-12s %-18s %-20s %-24s %-26s %-14s %6s %10s %5d\n", c, all(c, 3, "%.1f"),
                    all(c, 4, "%.1f"), all(c, 5, "%.0f"), all(c, 6, "%.0f"), all(c, 7, "%d"),
                    all(c, 8, "%d"), all(c, 9, "%d"), lost[c]
            }
        }' "$dir/lines"
}

amazone() { # NAMES OPTION...
    of=$1
    shift
    ours "$bin/amazoneserver" --listen 127.0.0.1:0 --records "$dir/$of" "$@"
}

# fill AT NAMES: all of them are asked once.
fill() {
    load "$dir/filled" "$1" --names "$dir/$2.names" --seconds 3 --window 16 --sockets 4 ||
        die "filling: $(cat "$dir/filled")"
}

# Two domains, of which one's records live short.
upstreams() {
    names "$cached"
    sed 's/amazone\.com/expire.com/' "$dir/$cached" >"$dir/expiring"
    sed 's/amazone\.com/expire.com/' "$dir/$cached.names" >"$dir/expiring.names"
    printf '%s\n' "record_no,name,type,result,ttl,static" "0,amazone.com,NS,dns.amazone.com,None,1" \
        "1,dns.amazone.com,A,127.0.0.1,None,1" "2,expire.com,NS,dns.expire.com,None,1" \
        "3,dns.expire.com,A,127.0.0.2,None,1" >"$dir/local"
    sed 's/amazone\.com/static.com/' "$dir/$records" >"$dir/static"
    ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/$cached" --ttl 86400
    upstream=${at##*:}
    spawn "$bin/amazoneserver" --quiet --listen "127.0.0.2:$upstream" --records "$dir/expiring" \
        --ttl "$LIVES"
}

# local_server CASE NAMES SIGNAL PAUSE OPTION...
local_server() {
    as="$1 $2 $3 $4" asked=$2
    shift 4
    ours "$bin/localserver" --listen 127.0.0.1:0 --records "$dir/local" --upstream-port "$upstream" \
        --max-records $((2 * cached)) "$@"
    fill "$at" "$asked"
    # shellcheck disable=SC2086
    case_of $as
}

names 10
names "$records"
head -n 20000 "$dir/$records.names" >"$dir/some.names"
upstreams
wanted=${*:-a a.reload a.counters a.capture a.tables l l.reload l.expire l.counters l.capture l.tables}
ours "$bin/nibbench" echo --listen 127.0.0.1:0 --size 58
case_of echo some 0 0.1 --echo
for one in $wanted; do
    case $one in
    a) amazone "$records" --quiet && case_of a some 0 0.1 ;;
    a.reload) amazone "$records" --quiet && case_of "$one" some HUP 1 ;;
    a.counters) amazone "$records" --quiet && case_of "$one" some USR1 0.1 ;;
    a.capture) amazone "$records" --quiet --write "$dir/a.pcap" && case_of "$one" some 0 0.1 ;;
    a.tables) amazone 10 && case_of "$one" 10 0 0.1 ;;
    l) local_server l "$cached" 0 0.1 --quiet ;;
    l.reload) local_server "$one" "$cached" HUP 1 --quiet --records "$dir/static" ;;
    l.expire) local_server "$one" "$cached" 0 0.1 --quiet ;;
    l.counters) local_server "$one" "$cached" USR1 0.1 --quiet ;;
    l.capture) local_server "$one" "$cached" 0 0.1 --quiet --write "$dir/l.pcap" ;;
    l.tables) local_server "$one" 10 0 0.1 ;;
    *) die "$one: no such case" ;;
    esac
done
measure_all
waits
