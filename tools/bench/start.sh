#!/bin/sh
# How long a server takes from its start to its first right answer: ours beside NSD and Knot with the
# same names, in turns, each on one core; asked about every millisecond from another. The files have
# just been written, so that no disk is waited for. CPU time is that of all its processes until then;
# memory in proportion to sharing. Installs Debian's nsd and knot where they are missing (as root).
#   [ROUNDS=3 SERVER_CPU=0 LOAD_CPU=1 NIB_BIN=bin BASE=DIR PORT=25300] tools/bench/start.sh [N...]
# Without: 1000000 10000000 names, which takes minutes and 2 GB below /tmp. BASE: a folder with another
# build's amazoneserver, which is started too.
set -u
ROUNDS=${ROUNDS:-3}
# shellcheck source=tools/bench/common.sh
. tools/bench/common.sh
# shellcheck source=tools/bench/servers.sh
. tools/bench/servers.sh
base=${BASE:-}

amazone_of() { # NAMES FOLDER
    next_port
    spawn "$2/amazoneserver" --quiet --listen "$at" --records "$dir/$1"
}

# start SERVER NAMES: what it is to be asked with, as options, in $asking
start() {
    asking=
    case $1 in
    ours) amazone_of "$2" "$bin" ;;
    base) amazone_of "$2" "$base" ;;
    *) asking=--dns && "$1_of" "$2" ;;
    esac
}

answers() { # NAMES
    # shellcheck disable=SC2086
    "$bin/nibbench" load --to "$at" $asking --sockets 1 --window 1 --warmup 0 --seconds 0.001 \
        --timeout 100 --names "$dir/$1.first" >/dev/null 2>&1
}

nanoseconds() {
    cut -d ' ' -f 1 /proc/"$1"/task/*/schedstat
}

kibibytes() {
    sed -n 's/^Pss: *\([0-9]*\).*/\1/p' /proc/"$1"/smaps_rollup
}

# sum FUNCTION: of what it prints for each of the server's processes
sum() {
    for one in $(pids_of "$pid" | sed 's/--pid//g'); do
        "$1" "$one"
    done | awk '{ all += $1 } END { print all }'
}

stop() {
    kill "$pid"
    wait "$pid" 2>/dev/null
    started=
}

# measure_start SERVER NAMES: a line with seconds, seconds of CPU, MB
measure_start() {
    start "$1" "$2"
    until answers "$2"; do
        kill -0 "$pid" 2>/dev/null || die "$1: $(cat "$dir/said")"
        [ $(($(date +%s) - began / 1000000000)) -lt 300 ] || die "$1: no right answer within 5 minutes"
    done
    took=$(($(date +%s%N) - began))
    echo "$1 $took $(sum nanoseconds) $(sum kibibytes)" >>"$dir/lines"
    stop
}

# All servers; every other round the other way round.
in_turn() { # ROUND
    if [ $(($1 % 2)) -eq 0 ]; then
        echo "knot nsd${base:+ base} ours"
    else
        echo "ours${base:+ base} nsd knot"
    fi
}

rows() { # NAMES
    awk -v names="$1" "$in_awk"'
        { n[$1]++; wall[$1, n[$1]] = $2 / 1e9; cpu[$1, n[$1]] = $3 / 1e9; mb[$1, n[$1]] = $4 / 1024 }
        n[$1] == 1 { order[++servers] = $1 }
        function column(of, server, form,    i, v) {
            for (i = 1; i <= n[server]; i++) v[i] = of[server, i]
            return spread(v, n[server], form)
        }
        END {
            for (s = 1; s <= servers; s++)
                printf "%9d  %-6s %-22s %-22s %s\n", names, order[s], column(wall, order[s], "%.3f"),
                    column(cpu, order[s], "%.3f"), column(mb, order[s], "%.0f")
        }' "$dir/lines"
}

install_missing nsd:nsd knotd:knot
[ $# -gt 0 ] || set -- 1000000 10000000
for n in "$@"; do
    case $n in '' | *[!0-9]* | 0) die "$n: give numbers of names, such as 1000000" ;; esac
done
echo "$(uname -sr), $(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg); $rounds rounds in turns," \
    "median [min-max]"
taskset -p -c "$load_cpu" $$ >/dev/null # this script and who asks
printf '%9s  %-6s %-22s %-22s %s\n' names server "first answer, s" "CPU, s" MB
for n in "$@"; do
    : >"$dir/lines"
    names "$n"
    zone "$n"
    for round in $(seq "$rounds"); do
        for server in $(in_turn "$round"); do
            measure_start "$server" "$n"
        done
    done
    rows "$n"
    rm -rf "${dir:?}/$n" "$dir/$n".* "$dir"/nsd* "$dir"/knot*
done
