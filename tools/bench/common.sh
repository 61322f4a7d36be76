# shellcheck shell=sh
# What bench.sh, peers.sh and others share: names, servers on one core, the generator on another,
# measures in turns, one table. Sourced from the project's root; nothing is left running or lying
# about, whatever happens. Settings come from the environment:
#   ROUNDS=7 SECONDS_EACH=2 SERVER_CPU=0 LOAD_CPU=(the last) WINDOW=32 SOCKETS=4 NIB_BIN=bin
bin=${NIB_BIN:-bin}
rounds=${ROUNDS:-7} seconds=${SECONDS_EACH:-2}
server_cpu=${SERVER_CPU:-0} load_cpu=${LOAD_CPU:-$(($(nproc) - 1))} window=${WINDOW:-32} sockets=${SOCKETS:-4}
dir=$(mktemp -d) || exit 2
started=

clean_up() {
    for one in $started; do kill "$one" 2>/dev/null; done
    for one in $started; do wait "$one" 2>/dev/null; done
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

die() {
    echo "${0##*/}: $*" >&2
    exit 2
}

# install_packages NAME...: Debian's, as root. Packages start their services when they are installed,
# unless a file forbids it.
install_packages() {
    [ "$(id -u)" -eq 0 ] || die "missing: $*: install them, or run this as root"
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] && policy=
    [ -n "$policy" ] && printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" \
        >"$dir/apt" 2>&1
    status=$?
    [ -n "$policy" ] && rm -f "$policy"
    [ "$status" -eq 0 ] || die "cannot install $*: $(tail -n 3 "$dir/apt")"
}

value() { # FIELD FILE
    sed -n "s/.*\"$1\":\\([0-9.]*\\).*/\\1/p" "$2"
}

# names N: $dir/N.names, what is asked with the result that is expected, its first line in
# $dir/N.first, and $dir/N, a records file.
names() {
    [ -f "$dir/$1" ] && return 0
    awk -v n="$1" -v names="$dir/$1.names" 'BEGIN {
        print "record_no,name,type,result,ttl,static"
        for (i = 0; i < n; i++) {
            name = (i == 0 ? "shop" : i == 1 ? "cloud" : i == 2 ? "www" : "host" i) ".amazone.com"
            result = "10." int(i / 65536) % 256 "." int(i / 256) % 256 "." i % 256
            print i "," name ",A," result ",None,1"
            print name, "A", result >names
        }
    }' >"$dir/$1" || die "cannot write $dir/$1"
    head -n 1 "$dir/$1.names" >"$dir/$1.first"
}

# spawn COMMAND...: on the servers' core; its process in $pid, what it says in $dir/said.
spawn() {
    : >"$dir/said" # now, or what the one before said would be taken for its words
    began=$(date +%s%N)
    taskset -c "$server_cpu" "$@" >/dev/null 2>"$dir/said" &
    pid=$!
    started="$started $pid"
}

# ours COMMAND...: one of our programs, on a port that it says: its address in $at.
ours() {
    spawn "$@"
    until at=$(sed -n 's/.*listening on port \([0-9]*\).*/127.0.0.1:\1/p' "$dir/said") &&
        [ -n "$at" ]; do
        kill -0 "$pid" 2>/dev/null || die "$(cat "$dir/said")"
        sleep 0.005
    done
}

load() { # OUT AT OPTION...
    out=$1 to=$2
    shift 2
    "$bin/nibbench" load ${load_cpu:+--cpu "$load_cpu"} --to "$to" --window "$window" --sockets "$sockets" \
        --json "$@" >"$out"
}

# A process and all that came of it, as options.
pids_of() {
    for one in $1 $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
        if [ "$one" = "$1" ]; then
            printf -- '--pid %s ' "$1"
        else
            pids_of "$one"
        fi
    done
}

# ready CASE ECHO NAMES OPTION...: the server just spawned at $at: waits until it gives right answers,
# asks it for all names once, notes how it is to be measured beside which case (- for an echo).
ready() {
    what=$1 beside=$2 asked=$3
    shift 3
    until "$bin/nibbench" load --to "$at" "$@" --sockets 1 --window 1 --warmup 0 --seconds 0.001 \
        --timeout 100 --names "$dir/$asked.first" >/dev/null 2>&1; do
        took=$((($(date +%s%N) - began) / 1000000))
        kill -0 "$pid" 2>/dev/null || die "$what: $(cat "$dir/said")"
        [ "$took" -lt 300000 ] || die "$what: no right answer within 5 minutes"
        sleep 0.01
    done
    took=$((($(date +%s%N) - began) / 1000000))
    load "$dir/first" "$at" --names "$dir/$asked.names" --seconds 1 "$@" ||
        die "$what: $(cat "$dir/first")"
    # shellcheck disable=SC2034 # for the echos that are to stand beside it
    size=$(value answer_octets "$dir/first") asked_size=$(value query_octets "$dir/first")
    echo "$what $beside $asked $took $at $(pids_of "$pid") $*" >>"$dir/cases"
}

# measure ROUND CASE-LINE...
measure() {
    round=$1 what=$2 beside=$3 asked=$4 took=$5 at=$6
    shift 6
    load "$dir/out" "$at" --names "$dir/$asked.names" --seconds "$seconds" "$@" ||
        die "$what: wrong or no answers: $(cat "$dir/out")"
    echo "$round $what $beside $asked $took $(value cpu_us "$dir/out") $(value user_us "$dir/out")" \
        "$(value answers_per_second "$dir/out") $(value p50_us "$dir/out")" \
        "$(value p99_us "$dir/out") $(value lost "$dir/out") $(value pss_mb "$dir/out")" \
        >>"$dir/lines"
}

say_conditions() {
    echo "$(uname -sr), $(nproc) cores, $(sed -n 's/model name.*: //p' /proc/cpuinfo | head -n 1)," \
        "load $(cut -d ' ' -f 1 /proc/loadavg); $rounds rounds of $seconds s in turns," \
        "$sockets sockets x $window, median [min-max]"
}

# All cases in turns; every other round the other way round.
measure_all() {
    awk '{ print NR, $0 }' "$dir/cases" >"$dir/numbered"
    say_conditions
    for turn in $(seq "$rounds"); do
        if [ $((turn % 2)) -eq 0 ]; then
            sort -r -n -k 1 "$dir/numbered"
        else
            cat "$dir/numbered"
        fi >"$dir/turn"
        while read -r _ line; do
            # shellcheck disable=SC2086
            measure "$turn" $line
        done <"$dir/turn" || exit 2
    done
}

# For awk: the median of v[1..n], which it sorts, alone and with its spread.
in_awk='
    function median(v, n,    i, j, t) {
        for (i = 2; i <= n; i++) {
            t = v[i]
            for (j = i - 1; j > 0 && v[j] > t; j--) v[j + 1] = v[j]
            v[j + 1] = t
        }
        return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
    }
    function spread(v, n, form,    m) {
        m = median(v, n)
        return sprintf(form " [" form "-" form "]", m, v[1], v[n])
    }'

# The table: every case beside its echo of the same round.
table() {
    printf '%-14s %8s  %-18s %-18s %6s  %-15s %6s %6s %5s %7s %7s\n' case names \
        "beside the echo" "CPU us an answer" "user" "1000 answers/s" "p50 us" "p99 us" lost \
        "start s" MB
    awk "$in_awk"'
        function take(what, field, spread_too, form,    i, n, v) {
            for (i = 1; i <= rounds; i++)
                if ((what, i, field) in got) v[++n] = got[what, i, field]
            if (n == 0) return "-"
            return spread_too ? spread(v, n, form) : sprintf(form, median(v, n))
        }
        {
            if (!($2 in beside)) order[++n] = $2
            beside[$2] = $3; names[$2] = $4; took[$2] = $5
            if ($1 > rounds) rounds = $1
            got[$2, $1, "cpu"] = $6; got[$2, $1, "user"] = $7; got[$2, $1, "qps"] = $8 / 1000
            got[$2, $1, "p50"] = $9; got[$2, $1, "p99"] = $10; lost[$2] += $11; mb[$2] = $12
        }
        END {
            for (i = 1; i <= n; i++) {
                c = order[i]
                for (r = 1; r <= rounds; r++)
                    if (got[beside[c], r, "cpu"] > 0)
                        got[c, r, "ratio"] = got[c, r, "cpu"] / got[beside[c], r, "cpu"]
                printf "%-14s %8d  %-18s %-18s %6s  %-15s %6s %6s %5d %7.2f %7.1f\n", c, names[c],
                    take(c, "ratio", 1, "%.2f"), take(c, "cpu", 1, "%.2f"),
                    take(c, "user", 0, "%.2f"), take(c, "qps", 1, "%.0f"),
                    take(c, "p50", 0, "%.0f"), take(c, "p99", 0, "%.0f"), lost[c], took[c] / 1000,
                    mb[c]
            }
        }' "$dir/lines"
}

run_cases() {
    [ -s "$dir/cases" ] || die "no such case"
    measure_all
    table
}

[ -x "$bin/nibbench" ] || die "no $bin/nibbench: run make first"
