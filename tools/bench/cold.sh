#!/bin/sh
# Cold questions: localserver beside Unbound when no answer is in the cache. Every name is asked once,
# each round has names of its own, so each question goes upstream, from a port of its own: ours to
# an amazoneserver, Unbound's to an NSD with the same names. The upstreams run on the generator's
# core, their CPU time is not counted. In turns, every answer checked. Both harden what they ask
# against forged answers: a random port for each question, and its letters in random case (of its
# own accord localserver does that beyond this machine alone, Unbound nowhere).
#   [ROUNDS=7 SECONDS_EACH=1 ROUND_NAMES=125000 BASE=DIR ...] tools/bench/cold.sh
# BASE: a folder with another build's localserver, which is measured too. Without Debian's unbound
# and nsd ours is measured alone (tools/bench/peers.sh installs them).
set -u
# shellcheck source=tools/bench/common.sh
. tools/bench/common.sh
PORT=${PORT:-25800}
# shellcheck source=tools/bench/servers.sh
. tools/bench/servers.sh
seconds=${SECONDS_EACH:-1} slice=${ROUND_NAMES:-125000} base=${BASE:-}
n=$((slice * (rounds + 1)))
kept=10000 # records in our cache; Unbound has the 4 MB that are its default
own_cpu=$server_cpu

# Round 0 is for warming up.
names_of_round() {
    tail -n +$(($1 * slice + 1)) "$dir/all.names" | head -n "$slice" >"$dir/$n.names"
}

# upstream_cpu, local_cpu: where the next server is to run
upstream_cpu() {
    server_cpu=$load_cpu
}
local_cpu() {
    server_cpu=$own_cpu
}

nsd_upstream() {
    nsd_of "$n"
    nsd_port=$port
    until "$bin/nibbench" load --dns --to "$at" --sockets 1 --window 1 --warmup 0 --seconds 0.001 \
        --timeout 100 --names "$dir/$n.first" >/dev/null 2>&1; do
        kill -0 "$pid" 2>/dev/null || die "nsd: $(cat "$dir/said" "$home/log")"
        sleep 0.05
    done
}

# do-ip6 and prefetch off, one thread; a fresh random port for each question is its way.
unbound_local() {
    next_port
    cat >"$dir/unbound.conf" <<END
server:
    interface: 127.0.0.1
    port: $port
    num-threads: 1
    do-daemonize: no
    do-ip6: no
    prefetch: no
    use-caps-for-id: yes
    username: ""
    chroot: ""
    directory: "$dir"
    pidfile: ""
    use-syslog: no
    logfile: "$dir/unbound.log"
    verbosity: 1
    module-config: "iterator"
    do-not-query-localhost: no
    access-control: 127.0.0.0/8 allow
remote-control:
    control-enable: no
stub-zone:
    name: amazone.com
    stub-addr: 127.0.0.1@$nsd_port
END
    spawn unbound -d -c "$dir/unbound.conf"
}

# our_local CASE BESIDE FOLDER
our_local() {
    normal=$bin bin=$3
    ours "$bin/localserver" --quiet --listen 127.0.0.1:0 --upstream-port "$our_upstream" \
        --max-records "$kept" --mix-case always
    bin=$normal
    pids="$pids $1:$pid"
    ready "$1" "$2" "$n"
}

# As run_cases, with the next names in each round.
run_cold() {
    awk '{ print NR, $0 }' "$dir/cases" >"$dir/numbered"
    for turn in $(seq "$rounds"); do
        names_of_round "$turn"
        sort -k "1n$([ $((turn % 2)) -eq 0 ] && echo r)" "$dir/numbered" >"$dir/turn"
        while read -r _ line; do
            # shellcheck disable=SC2086
            measure "$turn" $line
        done <"$dir/turn" || exit 2
    done
    echo "$(uname -sr), $(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg); $rounds rounds of" \
        "$seconds s in turns, $sockets sockets x $window, median [min-max]"
    table | sed 's/beside the echo/beside Unbound /'
}

# What was answered from a cache after all: it should be next to nothing.
say_from_cache() {
    for one in $pids; do
        kill -USR1 "${one#*:}"
        sleep 0.3
        echo "${one%%:*}: $(grep -hE '^[a-z_]*(received|table|question|datagram|retr|failure|timeout)[a-z_]*:' \
            "$dir/${one%%:*}.said" | tr '\n' ' ')"
    done
    [ -n "$unbound" ] || return 0
    kill "$unbound"
    wait "$unbound" 2>/dev/null
    sed -n 's/.*server stats for thread 0: \([0-9]* queries.*recursions\).*/unbound: \1/p' \
        "$dir/unbound.log" | head -n 1
}

[ "$n" -le 1000000 ] || die "at most a million names: fewer ROUNDS or ROUND_NAMES"
names "$n"
mv "$dir/$n.names" "$dir/all.names"
names_of_round 0
pids='' unbound=''
upstream_cpu
ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/$n" --ttl 86400
our_upstream=${at##*:}
reference=-
if command -v unbound >/dev/null && command -v nsd >/dev/null; then
    nsd_upstream
    local_cpu
    unbound_local
    unbound=$pid reference=unbound
    ready unbound - "$n" --dns
else
    echo "no unbound or no nsd here: ours alone" >&2
fi
local_cpu
# Each server says its counters into a file of its own.
our_local ours "$reference" "$bin" && ln "$dir/said" "$dir/ours.said" && rm "$dir/said"
if [ -n "$base" ]; then
    our_local base "$reference" "$base" && ln "$dir/said" "$dir/base.said" && rm "$dir/said"
fi
run_cold
say_from_cache
