#!/bin/sh
# What a lie costs: a forger and the name server that he races (forge.c) in one network namespace, a
# local server in another, a cable between them. As root, behind `make`.
#     tools/stress/forge.sh [SECONDS]     of each run (20)
set -u
seconds=${1:-20}
if [ -z "${FORGE-}" ]; then
    FORGE=yes exec unshare -mn "$0" "$seconds" # the namespaces, and their cable, go with this one
fi
dir=$(mktemp -d) || exit 2
pid=''
trap 'kill $pid 2>/dev/null; ip netns del forged 2>/dev/null; rm -rf "$dir"' EXIT
mount -t tmpfs none /run && mkdir -p /run/netns && ip netns add forged &&
    ip link add near type veth peer name far && ip link set far netns forged &&
    ip addr add 10.0.0.1/24 dev near && ip link set near up && ip link set lo up &&
    ip netns exec forged ip addr add 10.0.0.2/24 dev far &&
    ip netns exec forged ip link set far up || exit 2
printf '%s\n' record_no,name,type,result,ttl,static ,1,NS,9,None,1 ,9,A,10.0.0.2,None,1 >"$dir/records"

# priced MIX LETTERS WHAT
priced() {
    bin/localserver --quiet --listen 10.0.0.1 --records "$dir/records" --mix-case "$1" 2>"$dir/said" &
    pid=$!
    until grep -q listening "$dir/said"; do
        kill -0 "$pid" 2>/dev/null || { cat "$dir/said" >&2; exit 2; }
        sleep 0.05
    done
    printf '%-28s ' "$3"
    ip netns exec forged build/release/forge 10.0.0.1 10.0.0.2 "$2" "$seconds"
    kill "$pid"
    wait "$pid" 2>/dev/null
}
priced never 0 'port alone'
priced always 0 'no letters, asked twice'
priced always 2 '2 letters, asked twice'
priced always 4 '4 letters, asked twice'
priced always 12 '12 letters'
