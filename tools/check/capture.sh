#!/bin/sh
# Makes pcap/real-*.pcap anew: the real programs, captured with tcpdump, each story in a network
# namespace of its own in which nothing else runs. Needs root, tcpdump, iproute2 and unshare.
#
#   tools/check/capture.sh [-o FOLDER] [STORY ...]     all stories take about two minutes
#
# The captures differ from the stored ones in times, ports and octets of no meaning; behind this,
# `tests/scripts/test_captures.sh --accept` stores what they show. BIN is where the programs are (bin).
set -u
stories='five-cases any ipv6 loss retry dead failover herd'
: "${BIN:=bin}"

complain() {
    echo "tools/check/capture.sh: $*" >&2
    exit 2
}

if [ "${1-}" != --inside ]; then
    out=pcap
    if [ "${1-}" = -o ]; then
        [ $# -ge 2 ] || complain "-o needs a folder"
        out=$2
        shift 2
    fi
    [ "$(id -u)" -eq 0 ] || complain "needs root, for tcpdump and the network namespaces"
    for tool in tcpdump ip unshare nsenter; do
        command -v $tool >/dev/null || complain "$tool is missing"
    done
    [ -x "$BIN/localserver" ] || complain "$BIN/localserver is missing: make builds it"
    # shellcheck disable=SC2086 # names without blanks
    [ $# -gt 0 ] || set -- $stories
    for story in "$@"; do
        case " $stories " in
        *" $story "*) ;;
        *) complain "no story $story: there are $stories" ;;
        esac
    done
    for story in "$@"; do
        unshare --net "$0" --inside "$story" "$out" || complain "$story failed"
    done
    exit 0
fi

# ---- inside a namespace: one story

story=$2 out=$3
dir=$(mktemp -d) || exit 2
pids=''
end() {
    for pid in $pids; do
        kill -CONT "$pid" 2>/dev/null
        kill "$pid" 2>/dev/null
    done
    rm -rf "$dir"
}
trap end EXIT
trap 'exit 130' INT TERM

# Client ports well above those of other protocols that Wireshark knows.
echo 40000 60999 >/proc/sys/net/ipv4/ip_local_port_range
ip link set lo up

# until_said FILE PATTERN: waits for a line in what a program says.
until_said() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
        grep -q "$2" "$1" && return 0
        sleep 0.1
    done
    cat "$1" >&2
    complain "$story: a program did not start"
}

# start PROGRAM OPTIONS...: a server; its process id is $started. In $host, if that is a process.
start() {
    said=$dir/$(echo "$pids" | wc -w)
    program=$1
    shift
    : >"$said"
    ${host:+nsenter -t $host -n} "$BIN/$program" --quiet "$@" >/dev/null 2>"$said" </dev/null &
    started=$!
    pids="$pids $started"
    until_said "$said" 'listening on'
}

tcpdump_pid=''
capture() { # on an interface
    : >"$dir/tcpdump"
    tcpdump -Z root -i "$1" -p -U --immediate-mode -s 2048 -B 4096 -w "$dir/pcap" \
        'udp port 21000 or udp port 22000 or icmp[icmptype] == icmp-unreach or (icmp6 and ip6[40] == 1)' \
        2>"$dir/tcpdump" &
    tcpdump_pid=$!
    pids="$pids $tcpdump_pid"
    until_said "$dir/tcpdump" 'listening on'
}
finish() {
    sleep 0.3
    kill -INT "$tcpdump_pid"
    wait "$tcpdump_pid"
    cp "$dir/pcap" "$out/real-$story.pcap"
}

client() { "$BIN/client" --quiet "$@" 2>>"$dir/client"; }

# The five cases as their user sees them: one client that stays, one that comes in between, and
# the 60 seconds that a record lives.
five_cases() {
    mkfifo "$dir/names"
    : >"$dir/talk"
    capture lo
    start amazoneserver
    start localserver
    "$BIN/client" <"$dir/names" >/dev/null 2>"$dir/talk" &
    exec 3>"$dir/names"
    echo www.csusm.edu >&3
    sleep 1
    echo shop.amazone.com >&3
    sleep 4
    echo shop.amazone.com >&3 # the client's own table: no packet
    sleep 8.5
    client shop.amazone.com
    sleep 48
    echo shop.amazone.com >&3
    sleep 1
    exec 3>&-
    finish
}

# The device `any`, whose frames have a header of their own (LINUX_SLL2): each type, found and not.
any() {
    capture any
    start amazoneserver
    start localserver
    client my.csusm.edu
    client amazone.com NS
    client cloud.amazone.com
    client cloud.amazone.com
    client www.csusm.edu AAAA
    client nosuch.amazone.com
    client www.elsewhere.test
    finish
}

# Both ways over IPv6, addresses of both kinds as answers.
ipv6() {
    capture lo
    start amazoneserver --listen '[::1]' --records pcap/real-ipv6.amazone.records
    start localserver --listen '[::1]' --records pcap/real-ipv6.records
    client --server '[::1]' www.csusm.edu AAAA
    client --server '[::1]' shop.amazone.com AAAA
    client --server '[::1]' shop.amazone.com
    client --server '[::1]' shop.amazone.com AAAA
    finish
}

# The name server on another host behind a cable of its own. For the first 1.2 s it has lost its
# address, so what is sent to it is on the cable and nobody takes it: two tries go that way, and one
# more of the client in between.
loss() {
    unshare --net sleep 60 &
    far=$!
    pids="$pids $far"
    while [ "$(readlink /proc/$far/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do
        sleep 0.05
    done
    on_far() { nsenter -t "$far" -n "$@"; }
    ip link add near address 02:00:00:00:00:01 type veth peer name far address 02:00:00:00:00:02
    ip link set far netns "$far"
    ip addr add 192.0.2.1/24 dev near
    ip link set near up
    on_far ip link set far up
    on_far ip addr add 192.0.2.2/24 dev far
    ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:02 nud permanent dev near
    on_far ip neigh replace 192.0.2.1 lladdr 02:00:00:00:00:01 nud permanent dev far
    capture any
    host=$far
    start amazoneserver --listen 0.0.0.0
    host=''
    start localserver --records pcap/real-loss.records
    on_far ip addr del 192.0.2.2/24 dev far
    client shop.amazone.com &
    waiting=$!
    sleep 1.2
    on_far ip addr add 192.0.2.2/24 dev far
    on_far ip neigh replace 192.0.2.1 lladdr 02:00:00:00:00:01 nud permanent dev far
    wait $waiting
    client shop.amazone.com
    finish
}

# The name server sleeps for 0.8 s with the question in its socket, then answers both tries: the
# second answer finds nobody.
retry() {
    capture lo
    start amazoneserver
    amazone=$started
    start localserver
    kill -STOP "$amazone"
    client cloud.amazone.com &
    waiting=$!
    sleep 0.8
    kill -CONT "$amazone"
    wait $waiting
    finish
}

# Nobody at the local server's port; nobody at the name server's; then somebody at both.
dead() {
    capture lo
    client www.csusm.edu
    start localserver
    client shop.amazone.com
    client www.csusm.edu
    start amazoneserver
    client shop.amazone.com
    finish
}

# Two name servers. The first one is asleep: the second one answers for it, and is asked first from
# then on. When it is gone too, it is the first one's turn again.
failover() {
    capture lo
    start amazoneserver --listen 127.0.0.2
    first=$started
    start amazoneserver --listen 127.0.0.3
    second=$started
    start localserver --records pcap/real-failover.records
    kill -STOP "$first"
    client shop.amazone.com
    client cloud.amazone.com
    kill -CONT "$first"
    kill "$second"
    wait "$second"
    client nosuch.amazone.com
    finish
}

# Twenty clients ask the same while the name server is busy: one question for all of them.
herd() {
    capture lo
    start amazoneserver
    amazone=$started
    start localserver
    kill -STOP "$amazone"
    clients=''
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        client cloud.amazone.com &
        clients="$clients $!"
    done
    sleep 0.3
    kill -CONT "$amazone"
    for pid in $clients; do
        wait "$pid"
    done
    finish
}

case $story in
five-cases) five_cases ;;
*) $story ;;
esac
