# shellcheck shell=sh
# What peers.sh, start.sh and cold.sh share: NSD and Knot with the names of common.sh, each in a folder of its
# own with its configuration and zone, one thread, logging off. Sourced behind common.sh. Settings:
#   PORT=25300
PATH=$PATH:/usr/sbin:/sbin
port=${PORT:-25300}

# install_missing PROGRAM:PACKAGE...: Debian's packages of those that are not there.
install_missing() {
    missing=
    for pair in "$@"; do
        command -v "${pair%:*}" >/dev/null || missing="$missing ${pair#*:}"
    done
    # shellcheck disable=SC2086
    [ -z "$missing" ] || install_packages $missing
}

next_port() {
    port=$((port + 1))
    # shellcheck disable=SC2034 # for who asks
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
