#!/bin/sh
# How busy localserver's lock is: counted by build/release/locks.so (locks.c), from its cache
# (10,000 names) and cold (no answer is kept), with one worker and two, in turns with the same without
# that library, which tells what counting costs. All cores are everybody's, as in workers.sh.
#   held     the share of the time that some worker has it
#   waited   the share of the times that it was taken when another worker had it
# Then, from what was measured with one worker, how far more cores would go. The lock is full, that
# is all answers that it lets through, at CPU an answer / ns held an answer. Below that workers are
# taken for the machine-repairman's customers (M/M/1//N): each in turn spends Z outside, which
# nobody shares, and S inside, one after the other, both at random lengths; exact mean value analysis
# then gives what N cores answer beside one.
#   [ROUNDS=7 SECONDS_EACH=0.5 WORKERS="1 2" ...] tools/bench/locks.sh [cached] [cold]
#   tools/bench/locks.sh model CPU-NS HELD-NS      for these numbers alone
# From the project's root, after `make all build/release/locks.so`.
set -u
# shellcheck source=tools/bench/common.sh
. tools/bench/common.sh
seconds=${SECONDS_EACH:-0.5} workers=${WORKERS:-1 2}
sockets=${SOCKETS:-64} window=${WINDOW:-4}
server_cpu=0-$(($(nproc) - 1)) load_cpu=''
fill=1     # seconds until every name is in the cache
margin=0.1 # seconds between asking and counting, at the beginning and at the end

# model CPU-NS HELD-NS
model() {
    awk -v cpu="$1" -v s="$2" 'BEGIN {
        z = cpu - s
        printf "%.0f ns of %.0f held: full at %.1f cores; answers beside one core:", s, cpu, cpu / s
        for (n = 1; n <= 64; n++) {
            r = s * (1 + q) # waiting behind q others, then inside
            x = n / (z + r)
            q = x * r
            if (n == 4 || n == 16 || n == 64) printf "  %d cores %.2f", n, x * cpu
        }
        print ""
    }'
}

# What locks.so said, into $dir/locks: ROUND CASE WORKERS shared|others ANSWERS/S, then its numbers,
# the busiest mutex being the one that the workers share.
note_locks() {
    sed -n 's/^locks: [^ ]*//p' "$dir/said" | sed 's/ [a-z0-9_]*=/ /g' |
        awk -v of="$1 $2 $3" -v qps="$(value answers_per_second "$dir/out")" '
            NR == 1 { print of, "shared", qps, $0; next }
            {
                for (i = 1; i <= 5; i++) sum[i] += $i
                for (i = 6; i <= 8; i++) sum[i] = $i > sum[i] ? $i : sum[i]
                sum[9] = $9
            }
            END {
                if (NR < 2) exit
                printf "%s others %s", of, qps
                for (i = 1; i <= 9; i++) printf " %.0f", sum[i]
                print ""
            }' >>"$dir/locks"
}

# measure_once ROUND CASE WORKERS COUNTED, which is yes or no
measure_once() {
    round=$1 what=$2 w=$3 counted=$4
    set -- "$bin/localserver" --quiet --listen 127.0.0.1:0 --upstream-port "$upstream" \
        --workers "$w"
    [ "$what" = cached ] || set -- "$@" --max-records 0
    [ "$counted" = no ] || set -- env LD_PRELOAD="$library" LOCKS_AFTER="$after" \
        LOCKS_UNTIL="$until" "$@"
    ours "$@"
    load "$dir/out" "$at" --names "$dir/10000.names" --warmup "$fill" --seconds "$seconds" \
        --pid "$pid" || die "$what: wrong or no answers: $(cat "$dir/out")"
    kill "$pid"
    wait "$pid" || die "$what: $(cat "$dir/said")"
    echo "$round $what.w$w.$counted $(value cpu_us "$dir/out")" >>"$dir/cpu"
    [ "$counted" = no ] || note_locks "$round" "$what" "$w"
}

locks_table() {
    printf '%-10s %-7s %7s  %-16s %-17s %-18s %-20s %s\n' case mutex number "held %" "waited %" \
        "ns held an answer" "ns waited an answer" "held once, us: p50, p99, max"
    awk "$in_awk"'
        function column(field, over, scale, form,    r, v) {
            for (r = 1; r <= rounds; r++) v[r] = got[c, r, field] / got[c, r, over] * scale
            return spread(v, rounds, form)
        }
        function middle(field,    r, v) {
            for (r = 1; r <= rounds; r++) v[r] = got[c, r, field]
            return median(v, rounds) / 1000
        }
        {
            c = sprintf("%-10s %-7s", $2 ".w" $3, $4)
            if (!(c in number)) order[++n] = c
            number[c] = $6; rounds = $1
            got[c, $1, "taken"] = $7; got[c, $1, "waited"] = $8; got[c, $1, "waiting"] = $9
            got[c, $1, "held"] = $10; got[c, $1, "p50"] = $11; got[c, $1, "p99"] = $12
            if ($13 > longest[c]) longest[c] = $13
            got[c, $1, "of"] = $14; got[c, $1, "answers"] = $5 * $14 / 1e9
        }
        END {
            for (i = 1; i <= n; i++) {
                c = order[i]
                printf "%s %7d  %-16s %-17s %-18s %-20s %.2f, %.0f, %.0f\n", c, number[c],
                    column("held", "of", 100, "%.1f"), column("waited", "taken", 100, "%.2f"),
                    column("held", "answers", 1, "%.0f"), column("waiting", "answers", 1, "%.0f"),
                    middle("p50"), middle("p99"), longest[c] / 1000
            }
        }' "$dir/locks"
}

# What counting costs: CPU time an answer with it and without, of the same round.
cost_of_counting() {
    awk "$in_awk"'
        { cpu[$2, $1] = $3; rounds = $1 }
        $1 == 1 && sub(/\.no$/, "", $2) { order[++n] = $2 }
        END {
            for (i = 1; i <= n; i++) {
                for (r = 1; r <= rounds; r++) {
                    no[r] = cpu[order[i] ".no", r]
                    ratio[r] = cpu[order[i] ".yes", r] / no[r]
                }
                printf "%-10s CPU us an answer %s, where it is counted %s of that\n", order[i],
                    spread(no, rounds, "%.2f"), spread(ratio, rounds, "%.2f")
            }
        }' "$dir/cpu"
}

# The medians of one worker: ns an answer in all, and held.
measured() {
    awk -v what="$1" "$in_awk"'
        $2 == what ".w1.no" { cpu[++n] = $3 * 1000 }
        $2 == what && $3 == 1 && $4 == "shared" { held[++m] = $10 / ($5 * $14 / 1e9) }
        END { if (n > 0) print median(cpu, n), median(held, m) }' "$dir/cpu" "$dir/locks"
}

if [ "${1:-}" = model ]; then
    model "$2" "$3"
    exit
fi
library=$PWD/build/release/locks.so
[ -f "$library" ] || die "no $library: run make build/release/locks.so first"
after=$(echo "$fill $margin" | awk '{ print $1 + $2 }')
until=$(echo "$fill $margin $seconds" | awk '{ print $1 + $3 - $2 }')
[ $# -gt 0 ] || set -- cached cold
names 10000
ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/10000" --ttl 86400
upstream=${at##*:}
say_conditions
for turn in $(seq "$rounds"); do
    for one in "$@"; do
        for w in $workers; do
            measure_once "$turn" "$one" "$w" no
            measure_once "$turn" "$one" "$w" yes
        done
    done
done
locks_table
cost_of_counting
for one in "$@"; do
    measured "$one" | while read -r cpu held; do
        printf '%-10s %s\n' "$one" "$(model "$cpu" "$held")"
    done
done
