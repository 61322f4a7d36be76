#!/bin/sh
# NSD, Knot, Unbound and dnsmasq beside ours: the same names, the same generator (in DNS for them),
# one thread each on one core, logging off. Installs Debian's packages where they are missing (as
# root), starts none of their services, ends what it started.
#   [ROUNDS=7 SECONDS_EACH=2 ...] tools/bench/peers.sh [N...] [cachedN...]
# Without: 3 1000 1000000 cached3 cached10000 names. plot.awk makes a picture of the table.
# dnsmasq takes minutes to load a million names, so it has DNSMASQ_MAX=100000 at most.
set -u
# shellcheck source=tools/bench/common.sh
. tools/bench/common.sh
# shellcheck source=tools/bench/servers.sh
. tools/bench/servers.sh
dnsmasq_max=${DNSMASQ_MAX:-100000}

# ---- the other peers ----

dnsmasq_of() { # NAMES
    next_port
    awk -F, 'NR > 1 { print $4, $2 }' "$dir/$1" >"$dir/$1.hosts"
    spawn dnsmasq --keep-in-foreground --conf-file=/dev/null --port="$port" \
        --listen-address=127.0.0.1 --bind-interfaces --no-resolv --no-hosts --user= \
        --pid-file= --log-facility=/dev/null --addn-hosts="$dir/$1.hosts"
}

unbound_of() { # NAMES UPSTREAM-PORT
    next_port
    home=$dir/unbound$1
    mkdir "$home"
    cat >"$home/conf" <<END
server:
    interface: 127.0.0.1
    port: $port
    num-threads: 1
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "$home"
    pidfile: ""
    use-syslog: no
    logfile: "$home/log"
    verbosity: 0
    module-config: "iterator"
    do-not-query-localhost: no
    msg-cache-size: 64m
    rrset-cache-size: 128m
    access-control: 127.0.0.0/8 allow
remote-control:
    control-enable: no
stub-zone:
    name: amazone.com
    stub-addr: 127.0.0.1@$2
END
    spawn unbound -d -c "$home/conf"
}

dnsmasq_cache_of() { # NAMES UPSTREAM-PORT
    next_port
    spawn dnsmasq --keep-in-foreground --conf-file=/dev/null --port="$port" \
        --listen-address=127.0.0.1 --bind-interfaces --no-resolv --no-hosts --user= \
        --pid-file= --log-facility=/dev/null --cache-size=100000 --dns-forward-max=1000 \
        --server="/amazone.com/127.0.0.1#$2"
}

# ---- what is compared ----

# Both echos, as in bench.sh.
echo_for() { # WHICH NAMES
    ours "$bin/nibbench" echo --listen 127.0.0.1:0 --size "${size%.*}"
    ready "echo.$1" - "$2" --echo
    ours "$bin/nibbench" echo --listen 127.0.0.1:0 --size "${size%.*}" --runs
    ready "runs.$1" "echo.$1" "$2" --echo
}

authoritative() { # NAMES
    names "$1"
    ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/$1"
    ready "ours.$1" "echo.$1" "$1"
    echo_for "$1" "$1"
    nsd_of "$1"
    ready "nsd.$1" "echo.$1" "$1" --dns
    knot_of "$1"
    ready "knot.$1" "echo.$1" "$1" --dns
    [ "$1" -gt "$dnsmasq_max" ] && return 0
    dnsmasq_of "$1"
    ready "dnsmasq.$1" "echo.$1" "$1" --dns
}

cached() { # NAMES
    names "$1"
    ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/$1" --ttl 86400
    ours "$bin/localserver" --quiet --listen 127.0.0.1:0 --upstream-port "${at##*:}"
    ready "ours.c$1" "echo.c$1" "$1"
    echo_for "c$1" "$1"
    nsd_of "$1"
    upstream=$port
    unbound_of "$1" "$upstream"
    ready "unbound.c$1" "echo.c$1" "$1" --dns
    dnsmasq_cache_of "$1" "$upstream"
    ready "dnsmasq.c$1" "echo.c$1" "$1" --dns
}

install_missing nsd:nsd knotd:knot unbound:unbound dnsmasq:dnsmasq-base
[ $# -gt 0 ] || set -- 3 1000 1000000 cached3 cached10000
for one in "$@"; do
    n=${one#cached}
    case $n in '' | *[!0-9]*) die "$one: give numbers of names: 1000, or cached1000" ;; esac
    if [ "$one" = "$n" ]; then
        authoritative "$n"
    else
        cached "$n"
    fi
done
run_cases
