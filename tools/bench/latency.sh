#!/bin/sh
# How long a single question waits at our servers, beside a bare echo that sends answers as long as
# theirs: a lone client with one question at a time, and 100 clients whose questions come at a tenth of
# the rate that the echo answers at most, which is measured first. In turns, the server on one core,
# the generator on another, which never sleeps, so that how fast it wakes is not measured. Every answer
# is checked.
#   [ROUNDS=7 SECONDS_EACH=2 SERVER_CPU=0 LOAD_CPU=1 NIB_BIN=bin ...] tools/bench/latency.sh
set -u
# shellcheck source=tools/bench/common.sh
. tools/bench/common.sh
sockets=100 window=16

# both SERVER OPTION...: the server just started, with a lone client and with many.
both() {
    server=$1
    shift
    ready "lone.$server" lone.echo 3 --spin --sockets 1 --window 1 "$@"
    ready "many.$server" many.echo 3 --spin --rate "$rate" "$@"
}

# A row for each case. The ratio is to the echo in the same round.
waits() {
    printf '%-16s %-22s %-22s %-18s %-18s %5s\n' case "p50 us" "p99 us" "p50 to the echo" \
        "p99 to the echo" lost
    awk "$in_awk"'
        {
            if (!($2 in beside)) order[++n] = $2
            beside[$2] = $3; lost[$2] += $11
            if ($1 > rounds) rounds = $1
            got[$2, $1, "p50"] = $9; got[$2, $1, "p99"] = $10
        }
        function micros(what, field,    r, v) {
            for (r = 1; r <= rounds; r++) v[r] = got[what, r, field]
            return spread(v, rounds, "%.1f")
        }
        function ratio(what, field,    r, v) {
            for (r = 1; r <= rounds; r++)
                v[r] = got[what, r, field] / got[beside[what], r, field]
            return spread(v, rounds, "%.2f")
        }
        END {
            for (i = 1; i <= n; i++) {
                c = order[i]
                printf "%-16s %-22s %-22s %-18s %-18s %5d\n", c, micros(c, "p50"),
                    micros(c, "p99"), ratio(c, "p50"), ratio(c, "p99"), lost[c]
            }
        }' "$dir/lines"
}

names 3
ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/3" --ttl 86400
upstream=${at##*:}
load "$dir/first" "$at" --names "$dir/3.names" --seconds 0.1 || die "$(cat "$dir/first")"
size=$(value answer_octets "$dir/first")
ours "$bin/nibbench" echo --listen 127.0.0.1:0 --size "${size%.*}"
load "$dir/full" "$at" --names "$dir/3.names" --echo --sockets 4 --window 32 || die "$(cat "$dir/full")"
rate=$(($(value answers_per_second "$dir/full") / 10))
both echo --echo
ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/3"
both amazone
ours "$bin/localserver" --quiet --listen 127.0.0.1:0 --upstream-port "$upstream"
both local
echo "the echo at full load: $(value answers_per_second "$dir/full") answers a second; many: $rate"
measure_all
waits
