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
dnsmasq_max=${DNSMASQ_MAX:-100000}
PATH=$PATH:/usr/sbin:/sbin
port=${PORT:-25300}

# ---- packages ----

install_peers() {
    missing=
    for pair in nsd:nsd knotd:knot unbound:unbound dnsmasq:dnsmasq-base; do
        command -v "${pair%:*}" >/dev/null || missing="$missing ${pair#*:}"
    done
    # shellcheck disable=SC2086
    [ -z "$missing" ] || install_packages $missing
}

# ---- the peers: each a folder of its own, its configuration and zone in it ----

next_port() {
    port=$((port + 1))
    at=127.0.0.1:$port
}

zone() { # NAMES: as a zone file
    [ -f "$dir/$1.zone" ] && return 0
    {
        printf '%s\n' "\$ORIGIN amazone.com." "\$TTL 86400"
        echo '@ SOA dns hostmaster 1 86400 86400 86400 86400'
        printf '@ NS dns\ndns A 127.0.0.1\n'
        awk -F, 'NR > 1 { print $2 ". A " $4 }' "$dir/$1"
    } >"$dir/$1.zone"
}

nsd_of() { # NAMES
    next_port
    home=$dir/nsd$1$port
    mkdir "$home"
    zone "$1"
    cat >"$home/conf" <<END
server:
    ip-address: 127.0.0.1@$port
    server-count: 1
    username: ""
    chroot: ""
    database: ""
    zonesdir: "$home"
    pidfile: "$home/pid"
    xfrdfile: "$home/xfrd"
    xfrdir: "$home"
    zonelistfile: "$home/list"
    cookie-secret-file: "$home/cookie"
    logfile: "$home/log"
    verbosity: 0
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: amazone.com
    zonefile: "$dir/$1.zone"
END
    spawn nsd -d -c "$home/conf"
}

knot_of() { # NAMES
    next_port
    home=$dir/knot$1$port
    mkdir "$home"
    zone "$1"
    cat >"$home/conf" <<END
server:
    rundir: "$home"
    listen: 127.0.0.1@$port
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "$home"
log:
  - target: stderr
    any: error
template:
  - id: default
    storage: "$home"
    journal-content: none
    zonefile-sync: -1
    semantic-checks: off
zone:
  - domain: amazone.com
    file: "$dir/$1.zone"
END
    spawn knotd -c "$home/conf"
}

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

install_peers
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
