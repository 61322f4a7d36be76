#!/bin/sh
# What the servers cost beside a bare echo, the kernel's own limit: both in turns, pinned to one core,
# the generator to another, every answer checked. Run from the project's root after `make`.
#   ROUNDS=7 SECONDS_EACH=2 NAMES=1000000 SERVER_CPU=0 LOAD_CPU=1 WINDOW=32 SOCKETS=4 tools/bench.sh [case...]
# Cases: a3 aN (amazoneserver, 3 and NAMES names), l3 l10000 (localserver from its cache).
set -u
bin=${NIB_BIN:-bin}
rounds=${ROUNDS:-7} seconds=${SECONDS_EACH:-2} many=${NAMES:-1000000}
server_cpu=${SERVER_CPU:-0} load_cpu=${LOAD_CPU:-1} window=${WINDOW:-32} sockets=${SOCKETS:-4}
dir=$(mktemp -d) || exit 2
pids=

clean_up() {
    for started in $pids; do kill "$started" 2>/dev/null; done
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

die() {
    echo "bench.sh: $*" >&2
    exit 2
}

# ---- names ----

# records NAMES: a records file to standard output; its names with the results that are expected to
# the file's name with .names.
records() {
    awk -v n="$1" -v names="$2.names" 'BEGIN {
        print "record_no,name,type,result,ttl,static"
        for (i = 0; i < n; i++) {
            name = (i == 0 ? "shop" : i == 1 ? "cloud" : i == 2 ? "www" : "host" i) ".amazone.com"
            result = "10." int(i / 65536) % 256 "." int(i / 256) % 256 "." i % 256
            print i "," name ",A," result ",None,1"
            print name, "A", result >names
        }
    }' >"$2" || die "cannot write $2"
}

# ---- servers ----

# start NAME PROGRAM OPTION...: its process in $pid, where it listens in $at, the milliseconds until
# it did in $took.
start() {
    what=$1
    shift
    began=$(date +%s%N)
    taskset -c "$server_cpu" "$@" >/dev/null 2>"$dir/$what.err" &
    pid=$!
    pids="$pids $pid"
    until at=$(sed -n 's/.*listening on port \([0-9]*\).*/127.0.0.1:\1/p' "$dir/$what.err") &&
        [ -n "$at" ]; do
        kill -0 "$pid" 2>/dev/null || die "$what: $(cat "$dir/$what.err")"
        sleep 0.005
    done
    took=$((($(date +%s%N) - began) / 1000000))
}

value() { # FIELD FILE
    sed -n "s/.*\"$1\":\\([0-9.]*\\).*/\\1/p" "$2"
}

load() { # OUT AT OPTION...
    out=$1 to=$2
    shift 2
    "$bin/nibbench" load --cpu "$load_cpu" --to "$to" --window "$window" --sockets "$sockets" \
        --json "$@" >"$out" || die "wrong or no answers: $(cat "$out")"
}

# case_is NAME NAMES: the server just started, asked for all names once, and an echo as long as its
# answers.
case_is() {
    load "$dir/first" "$at" --names "$2" --seconds 1
    size=$(value answer_octets "$dir/first")
    echo "$pid $at $2 $took" >"$dir/$1.server"
    start "$1.echo" "$bin/nibbench" echo --listen 127.0.0.1:0 --size "${size%.*}"
    echo "$pid $at" >"$dir/$1.echo"
    cases="$cases $1"
}

# ---- one measure ----

# measure CASE WHO: a line for the tables.
measure() {
    if [ "$2" = echo ]; then
        read -r _ _ names _ <"$dir/$1.server"
        read -r pid at <"$dir/$1.echo"
        load "$dir/out" "$at" --names "$names" --seconds "$seconds" --pid "$pid" --echo
    else
        read -r pid at names _ <"$dir/$1.server"
        load "$dir/out" "$at" --names "$names" --seconds "$seconds" --pid "$pid"
    fi
    echo "$2 $(value cpu_us "$dir/out") $(value user_us "$dir/out")" \
        "$(value answers_per_second "$dir/out") $(value p50_us "$dir/out")" \
        "$(value p99_us "$dir/out") $(value lost "$dir/out") $(value pss_mb "$dir/out")"
}

wanted() {
    [ -z "$chosen" ] && return 0
    case " $chosen " in *" $1 "*) return 0 ;; esac
    return 1
}

summary() { # CASE
    read -r _ _ names took <"$dir/$1.server"
    sort -n "$dir/$1.lines" | awk -v what="$1" -v names="$(wc -l <"$names")" -v took="$took" '
        function put(list, v) { list[++count[list[0]]] = v }
        function sorted(a, n,    i, j, t) {
            for (i = 2; i <= n; i++) {
                t = a[i]
                for (j = i - 1; j > 0 && a[j] > t; j--) a[j + 1] = a[j]
                a[j + 1] = t
            }
        }
        function middle(a, n) { return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2 }
        $2 == "echo" { echo_cpu[$1] = $3; e[++ne] = $3; next }
        { cpu[$1] = $3; c[++n] = $3; u[n] = $4; q[n] = $5 / 1000; p50[n] = $6; p99[n] = $7
          lost += $8; pss = $9 }
        END {
            for (i in cpu) if (i in echo_cpu && echo_cpu[i] > 0) r[++nr] = cpu[i] / echo_cpu[i]
            sorted(c, n); sorted(u, n); sorted(q, n); sorted(p50, n); sorted(p99, n); sorted(e, ne)
            sorted(r, nr)
            printf "%-8s %8d  %4.2f [%.2f-%.2f]  %5.2f [%.2f-%.2f]  %5.2f  %5.2f  %5.0f [%.0f-%.0f]" \
                "  %5.0f %6.0f %5d  %6d %7.1f\n", what, names, middle(r, nr), r[1], r[nr],
                middle(c, n), c[1], c[n], middle(u, n), middle(e, ne), middle(q, n), q[1], q[n],
                middle(p50, n), middle(p99, n), lost, took, pss
        }'
}

# ---- all of it ----

[ -x "$bin/nibbench" ] || die "no $bin/nibbench: run make first"
chosen="$*" cases=
if wanted a3; then
    records 3 "$dir/3"
    start a3 "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/3"
    case_is a3 "$dir/3.names"
fi
if wanted l3 || wanted l10000; then
    records 3 "$dir/3"
    records 10000 "$dir/10000"
    start upstream "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/10000" \
        --ttl 86400
    upstream=${at##*:}
    for n in 3 10000; do
        wanted "l$n" || continue
        start "l$n" "$bin/localserver" --quiet --listen 127.0.0.1:0 --upstream-port "$upstream"
        case_is "l$n" "$dir/$n.names"
    done
fi
if wanted aN; then
    records "$many" "$dir/N"
    start aN "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/N"
    case_is aN "$dir/N.names"
fi
[ -n "$cases" ] || die "no such case: a3 aN l3 l10000"

echo "$(uname -sr), $(nproc) cores, $(sed -n 's/model name.*: //p' /proc/cpuinfo | head -n 1)," \
    "load $(cut -d ' ' -f 1 /proc/loadavg); $rounds rounds of $seconds s in turns, median [min-max]"
for round in $(seq "$rounds"); do
    for what in $cases; do
        order="echo server"
        [ $((round % 2)) -eq 0 ] && order="server echo"
        for who in $order; do
            echo "$round $(measure "$what" "$who")" >>"$dir/$what.lines" || exit 2
        done
    done
done
echo "case        names  beside the echo   CPU us an answer    user   echo  1000 answers/s     p50 us p99 us  lost  start ms    MB"
for what in $cases; do
    summary "$what"
done
