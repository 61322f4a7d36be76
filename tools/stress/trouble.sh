#!/bin/sh
# The real programs under trouble that no test of one case makes, in TAP, with what it came to:
#   flood   junk as fast as it leaves, beside real queries: how many of those are answered
#   loss    30 % of all datagrams lost on each way, between three network namespaces (root, iptables)
#   soak    full load on both servers while their records are read again, and their counters
#           asked for: right answers, sums, memory and descriptors
#   [S=30] tools/stress/trouble.sh [flood] [loss] [soak]     S: seconds of flood and soak each; loss: S/2
#                                                     queries of each of 20 clients
# From the project's root. What is lost to a flood is told, not checked: it is the machine's, too.
set -u
# shellcheck source=tools/bench/common.sh
. tools/bench/common.sh
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
s=${S:-30}
spaces=''

end() {
    clean_up
    for space in $spaces; do ip netns del "$space"; done
}
trap end EXIT

# keep: what the server just started says goes to a file of its own, $said.
keep() {
    said=$dir/said.$pid
    ln "$dir/said" "$said" && rm "$dir/said"
}

# counters PID FILE: asks for them, and waits until they have been said once more.
counters() {
    before=$(grep -c '^waiting' "$2")
    kill -USR1 "$1" || return 1
    while [ "$(grep -c '^waiting' "$2")" -eq "$before" ]; do
        kill -0 "$1" 2>/dev/null || return 1
        sleep 0.02
    done
}

# adds_up PID FILE: received is what was answered, waits and was dropped.
adds_up() {
    counters "$1" "$2" || return 1
    tac "$2" | sed '/^received/q' | tac >"$dir/counters"
    cat "$dir/counters"
    awk -F ': ' '/^(answered|waiting|dropped_[a-z]*):/ { sum += $2 } /^received:/ { all = $2 }
        END { exit !(all > 0 && sum == all) }' "$dir/counters"
}

counter() { # NAME: of those said last; what is 0 is left out
    sed -n "s/^$1: //p" "$dir/counters" | grep . || echo 0
}

# Datagrams that the kernel had no room for at that port.
refused() {
    awk -v port="$(printf '%04X' "$1")" '$2 ~ ":" port "$" { n += $NF } END { print n + 0 }' \
        /proc/net/udp
}

ends_well() { # PID
    kill "$1" && wait "$1"
}

# ---- flood

# What a client with its retries gets of 200 questions: statuses other than 0 are counted.
ask_as_client() {
    awk 'BEGIN { for (i = 0; i < 200; i++) print i % 2 ? "shop.amazone.com" : "cloud.amazone.com" }' |
        while read -r name; do
            "$bin/client" --quiet --timeout 50 --server "$1" "$name" 2>/dev/null
            echo $?
        done >"$dir/statuses"
}

all_answered_or_none() { # a wrong answer would be another status
    ! grep -vx '[03]' "$dir/statuses"
}

flood_one() { # NAME, and the server is at $at
    server=$pid
    keep
    load "$dir/calm" "$at" --names "$dir/2.names" --rate 2000 --seconds 2 --timeout 200
    "$bin/nibbench" flood --to "$at" --seconds "$s" --cpu "$load_cpu" --json >"$dir/flooded" &
    flooding=$!
    sleep 0.2
    load "$dir/storm" "$at" --names "$dir/2.names" --rate 2000 --seconds "$(half)" --timeout 200
    status=$?
    check "$1: no wrong answer beside the flood" test "$status" -eq 0
    ask_as_client "$at"
    check "$1: a client's answers are right, or none" all_answered_or_none
    wait "$flooding"
    check "$1: its counters add up" adds_up "$server" "$said"
    share() { awk -v n="$(value answers "$1")" -v lost="$(value lost "$1")" \
        'BEGIN { printf "%.2f %%", 100 * n / (n + lost) }'; }
    echo "# $1: $(value sent "$dir/flooded") datagrams of junk in $s s, $(counter dropped_malformed) read" \
        "as malformed, $(counter dropped_response) as responses, $(refused "${at##*:}") found no room"
    echo "# $1: answered of 2000 questions a second, without retries: $(share "$dir/calm") before," \
        "$(share "$dir/storm") meanwhile; with a client's retries:" \
        "$(grep -cx 0 "$dir/statuses") of 200"
    check "$1: ends with status 0" ends_well "$server"
}

half() { awk -v s="$s" 'BEGIN { print s / 2 }'; }

flood() {
    ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0
    printf 'shop.amazone.com A 3.33.147.88\ncloud.amazone.com A 15.197.140.28\n' >"$dir/2.names"
    flood_one amazoneserver
    ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --ttl 86400
    upstream=${at##*:}
    ours "$bin/localserver" --quiet --listen 127.0.0.1:0 --upstream-port "$upstream"
    flood_one localserver
}

# ---- loss

# Three hosts in a row: client, local server, name server; every host loses 30 % of what comes in.
make_hosts() {
    for host in client local amazone; do
        space=nib$$-$host
        ip netns add "$space" || return 1
        spaces="$spaces $space"
        ip -n "$space" link set lo up
        ip netns exec "$space" iptables -A INPUT -p udp -m statistic --mode random \
            --probability 0.3 -j DROP || return 1
    done
    ip -n "nib$$-client" link add near type veth peer name far netns "nib$$-local" &&
        ip -n "nib$$-client" addr add 192.0.2.1/30 dev near && ip -n "nib$$-client" link set near up &&
        ip -n "nib$$-local" addr add 192.0.2.2/30 dev far && ip -n "nib$$-local" link set far up &&
        ip -n "nib$$-local" link add next type veth peer name last netns "nib$$-amazone" &&
        ip -n "nib$$-local" addr add 192.0.2.5/30 dev next && ip -n "nib$$-local" link set next up &&
        ip -n "nib$$-amazone" addr add 192.0.2.6/30 dev last && ip -n "nib$$-amazone" link set last up
}

# The local server has used up its three tries before the client's first is over. A query arrives
# with 0.7, its answer too; a query upstream succeeds with 1 - (1 - 0.49)^3; what was learnt
# stays, so the client's next try is answered from the table.
expected() {
    awk 'BEGIN {
        known = 1 - 0.51 ^ 3
        for (try = 1; try <= 3; try++) { # from the last try back: from the table, and from nothing
            next_cached = cached; next_found = found; next_failed = failed
            cached = 0.49 + 0.51 * next_cached
            found = 0.49 * known + 0.7 * known * 0.3 * next_cached + (0.3 + 0.7 * (1 - known) * 0.3) * next_found
            failed = 0.49 * (1 - known) + (0.3 + 0.7 * (1 - known) * 0.3) * next_failed
        }
        printf "%.4f %.4f %.4f\n", found, failed, 1 - found - failed
    }'
}

# What each client saw of its own names, each asked once: NAME STATUS RESULT a line.
lossy_client() { # NUMBER HOW-MANY
    i=0
    while [ "$i" -lt "$2" ]; do
        name=host$((3 + $1 * $2 + i)).amazone.com
        result=$(ip netns exec "nib$$-client" "$bin/client" --server 192.0.2.2 --timeout 200 --short \
            "$name" 2>/dev/null)
        echo "$name $? $result"
        i=$((i + 1))
    done >"$dir/lossy.$1"
}

# An answer is the truth, and what is none is a failure or silence.
honest() {
    awk -F '[ ,]' 'FNR == NR { truth[$2] = $4; next }
        $2 == 0 ? $3 != truth[$1] : $2 != 3 && $2 != 4 { print; bad = 1 } END { exit bad }' \
        "$dir/10000" "$dir/lossy"
}

# Each share is within five standard deviations of what the loss makes of it.
as_expected() {
    awk -v expected="$(expected)" '{ n[$2]++ } END {
        split(expected, p)
        split("0 4 3", status)
        for (i = 1; i <= 3; i++) {
            share = n[status[i]] / NR
            off = 5 * sqrt(p[i] * (1 - p[i]) / NR)
            printf "status %d: %.3f, expected %.3f +- %.3f\n", status[i], share, p[i], off
            if (share < p[i] - off || share > p[i] + off) bad = 1
        }
        exit bad }' "$dir/lossy"
}

loss() {
    if ! command -v ip >/dev/null || ! command -v iptables >/dev/null; then
        skip loss "ip or iptables is not there"
        return
    fi
    if ! make_hosts 2>"$dir/hosts"; then
        skip loss "no namespaces with loss here: $(tail -n 1 "$dir/hosts")"
        return
    fi
    names 10000
    ours ip netns exec "nib$$-amazone" "$bin/amazoneserver" --quiet --listen 0.0.0.0 \
        --records "$dir/10000"
    printf 'record_no,name,type,result,ttl,static\n,amazone.com,NS,ns.amazone.com,None,1\n%s\n' \
        ',ns.amazone.com,A,192.0.2.6,None,1' >"$dir/lossy.records"
    ours ip netns exec "nib$$-local" "$bin/localserver" --quiet --listen 192.0.2.2 \
        --records "$dir/lossy.records" --timeout 20
    server=$pid
    keep
    each=$(((s + 1) / 2)) clients=''
    for one in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do
        lossy_client $one "$each" &
        clients="$clients $!"
    done
    # shellcheck disable=SC2086
    wait $clients
    cat "$dir"/lossy.[0-9]* >"$dir/lossy"
    check "loss: every answer is the truth, all else a failure or silence" honest
    as_expected >"$dir/shares"
    succeeded "loss: the shares are those that the loss makes"
    sed "s/^/# loss, $((20 * each)) questions: /" "$dir/shares"
    check "loss: the counters add up" adds_up "$server" "$said"
    check "loss: ends with status 0" ends_well "$server"
}

# ---- soak

# Ten times a second while the generator runs: a reload, the counters; memory in KiB, descriptors. A
# long soak tells every minute how far it is.
watch_server() { # PID FILE GENERATOR WHAT
    : >"$2"
    told=$(date +%s)
    while kill -0 "$3" 2>/dev/null; do
        kill -HUP "$1" && kill -USR1 "$1" || return
        sleep 0.1
        look="$(sed -n 's/^Pss: *\([0-9]*\).*/\1/p' "/proc/$1/smaps_rollup")"
        look="$look $(find "/proc/$1/fd" | wc -l)"
        echo "$look" >>"$2"
        if [ $(($(date +%s) - told)) -ge 60 ]; then
            told=$(date +%s)
            echo "# $4: $(wc -l <"$2") looks, KiB and descriptors now $look"
        fi
    done
}

# The largest of the last tenth is no larger than that of the first half, some pages aside: a reload
# in hand holds both the old records and the new, at both times.
flat() {
    awk '{ kib[NR] = $1; fds[NR] = $2 } END {
        for (i = 1; i <= NR; i++) {
            if (i <= NR / 2 && kib[i] > kib_first) kib_first = kib[i]
            if (i <= NR / 2 && fds[i] > fds_first) fds_first = fds[i]
            if (i > NR * 0.9 && kib[i] > kib_last) kib_last = kib[i]
            if (i > NR * 0.9 && fds[i] > fds_last) fds_last = fds[i]
        }
        printf "%d looks: KiB %d, then %d; descriptors %d, then %d\n", NR, kib_first, kib_last,
            fds_first, fds_last
        exit !(NR > 0 && kib_last <= kib_first * 1.05 + 256 && fds_last <= fds_first + 2)
    }' "$1"
}

# What was sent was received, or the kernel had no room for it; what was received was answered.
nothing_lost() {
    echo "sent $(value sent "$dir/soaked"), lost $(value lost "$dir/soaked")," \
        "no room for $(refused "${at##*:}"), unsent $(counter dropped_unsent)"
    cat "$dir/counters"
    [ $(($(counter received) + $(refused "${at##*:}"))) -eq "$(value sent "$dir/soaked")" ] &&
        [ "$(counter received)" -eq "$(counter answered)" ] &&
        [ "$(value lost "$dir/soaked")" -le "$(refused "${at##*:}")" ]
}

soak_one() { # NAME, and the server is at $at
    server=$pid
    keep
    "$bin/nibbench" load --to "$at" --names "$dir/1000.names" --window 32 --warmup 0 --seconds "$s" \
        --timeout 10000 --json >"$dir/soaked" &
    generator=$!
    watch_server "$server" "$dir/watched" "$generator" "$1"
    wait "$generator"
    status=$?
    check "$1: every answer is right" test "$status" -eq 0
    check "$1: its counters add up" adds_up "$server" "$said"
    check "$1: nothing is lost that the kernel delivered" nothing_lost
    flat "$dir/watched" >"$dir/flat"
    succeeded "$1: memory and descriptors stay where they are"
    echo "# $1: $(value answers "$dir/soaked") answers in $s s, $(value lost "$dir/soaked") lost," \
        "$(grep -c 'records read again' "$said") times read again, $(cat "$dir/flat")"
    check "$1: ends with status 0" ends_well "$server"
}

soak() {
    names 1000
    ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/1000"
    soak_one "amazoneserver, soak"
    ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/1000" --ttl 1
    upstream=${at##*:}
    printf 'record_no,name,type,result,ttl,static\n,amazone.com,NS,dns.amazone.com,None,1\n%s\n' \
        ',dns.amazone.com,A,127.0.0.1,None,1' >"$dir/local.records"
    ours "$bin/localserver" --quiet --listen 127.0.0.1:0 --upstream-port "$upstream" \
        --records "$dir/local.records"
    soak_one "localserver, soak"
}

[ $# -gt 0 ] || set -- flood loss soak
for one in "$@"; do
    case $one in
    flood | loss | soak) "$one" ;;
    *) die "$one: flood, loss or soak" ;;
    esac
done
finish
