#!/bin/sh
# One worker and two: amazoneserver, localserver from its cache, and localserver with nothing cached,
# as answers a second and CPU time an answer, in turns. All cores are everybody's: the generator, the
# upstream and the workers share them, so on two cores two workers show what the sharing costs (CPU
# an answer) more than what it gains. What it costs a bare echo, which sends as the servers do but
# has neither lock nor table, is the system's own price: "beside the echo" is what is left of ours.
# Then correctness: two workers, many sockets, and the records read again every 100 ms; every answer
# is checked, none may be lost, and what the server answered is what it received. ("answers" leaves
# out those under way at the end, sockets x window at most.)
#   [ROUNDS=7 SECONDS_EACH=2 WORKERS="1 2" STRESS=10 NIB_BIN=bin ...] tools/bench/workers.sh [bench] [stress]
set -u
# shellcheck source=tools/bench/common.sh
. tools/bench/common.sh
workers=${WORKERS:-1 2} stress=${STRESS:-10}
sockets=${SOCKETS:-64} window=${WINDOW:-4}
server_cpu=0-$(($(nproc) - 1)) load_cpu=''

bench() {
    names 10000
    ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/10000" --ttl 86400
    upstream=${at##*:}
    for w in $workers; do
        ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/10000" --workers "$w"
        ready "a.w$w" a.w1 10000
        ours "$bin/nibbench" echo --listen 127.0.0.1:0 --longer $((${size%.*} - ${asked_size%.*})) \
            --runs --workers "$w"
        ready "echo.w$w" echo.w1 10000 --echo
        ours "$bin/localserver" --quiet --listen 127.0.0.1:0 --upstream-port "$upstream" \
            --workers "$w"
        ready "cached.w$w" cached.w1 10000
        ours "$bin/localserver" --quiet --listen 127.0.0.1:0 --upstream-port "$upstream" \
            --workers "$w" --max-records 0
        ready "cold.w$w" cold.w1 10000
    done
    run_cases | sed 's/beside the echo/beside 1 worker/'
    beside_echo
}

# What several workers cost beside one, beside what several echo threads cost beside one.
beside_echo() {
    awk "$in_awk"'
        { cpu[$2, $1] = $6; if (!($2 in beside)) order[++n] = $2; beside[$2] = $3; rounds = $1 }
        function dearer(c, r) { return cpu[c, r] / cpu[beside[c], r] }
        END {
            for (i = 1; i <= n; i++) {
                c = order[i]
                w = c; sub(/.*\./, "", w)
                if (c == beside[c] || c ~ /^echo/ || !((beside[c], 1) in cpu)) continue
                for (r = 1; r <= rounds; r++) v[r] = dearer(c, r) / dearer("echo." w, r)
                printf "%-14s beside 1 worker, beside the echo so: %s\n", c, spread(v, rounds, "%.2f")
            }
        }' "$dir/lines"
}

# counter NAME FILE: the last value said; what is 0 is left out, but for the first three
counter() {
    tac "$2" | sed '/^received/q' | sed -n "s/^$1: //p" | grep . || [ "$1" = waiting ] || echo 0
}

# stressed WHAT COMMAND...
stressed() {
    what=$1
    shift
    ours "$@"
    said=$dir/$what.said
    ln "$dir/said" "$said" && rm "$dir/said"
    "$bin/nibbench" load --to "$at" --names "$dir/1000.names" --window "$window" \
        --sockets "$sockets" --warmup 0 --seconds "$stress" --json >"$dir/out" &
    generator=$!
    reloads=0
    while kill -0 "$generator" 2>/dev/null; do
        kill -HUP "$pid" || die "$what ended: $(tail -n 3 "$said")"
        reloads=$((reloads + 1))
        sleep 0.1
    done
    wait "$generator"
    status=$?
    kill -USR1 "$pid"
    until [ -n "$(counter waiting "$said")" ]; do
        kill -0 "$pid" 2>/dev/null || die "$what ended: $(tail -n 3 "$said")"
        sleep 0.05
    done
    # Datagrams that the kernel had no room for.
    refused=$(awk -v port="$(printf '%04X' "${at##*:}")" \
        '$2 ~ ":" port "$" { n += $NF } END { print n + 0 }' /proc/net/udp)
    printf '%-8s %9s %6s %9s %9s %8s %8s %8s %8d %s\n' "$what" "$(value answers "$dir/out")" \
        "$(value lost "$dir/out")" "$(counter received "$said")" "$(counter answered "$said")" \
        "$(counter waiting "$said")" "$(counter dropped_unsent "$said")" "$refused" "$reloads" \
        "$([ "$status" -eq 0 ] && echo 'all right' || echo "WRONG: $(cat "$dir/out")")"
    [ "$status" -eq 0 ] || failed=1
    kill "$pid"
    wait "$pid" || die "$what: status $?: $(tail -n 30 "$said")"
}

stress_all() {
    failed=0
    names 1000
    printf '%-8s %9s %6s %9s %9s %8s %8s %8s %8s\n' server answers lost received answered waiting \
        unsent "no room" reloads
    stressed amazone "$bin_of_server/amazoneserver" --quiet --listen 127.0.0.1:0 --workers 2 \
        --records "$dir/1000"
    ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/1000" --ttl 86400
    upstream=${at##*:}
    stressed cached "$bin_of_server/localserver" --quiet --listen 127.0.0.1:0 --workers 2 \
        --upstream-port "$upstream"
    stressed cold "$bin_of_server/localserver" --quiet --listen 127.0.0.1:0 --workers 2 \
        --upstream-port "$upstream" --max-records 0
    return "$failed"
}

bin_of_server=${SERVER_BIN:-$bin} # another build of the servers under stress
[ $# -gt 0 ] || set -- bench stress
for one in "$@"; do
    case $one in
    bench) bench ;;
    stress) stress_all ;;
    *) die "$one: bench or stress" ;;
    esac
done
