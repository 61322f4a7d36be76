#!/bin/sh
# Two hosts and a router between them, in network namespaces, in TAP: what the programs make of what
# networks do, and how long they take to know. Needs root, iproute2 and iptables; each is skipped
# where it is not there. Release builds.
#
#     a  10.1.0.2, fd01::2  --  router  --  10.2.0.2, fd02::2  b
set -u
if [ "${1:-}" != inside ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v ip iptables ip6tables prlimit >/dev/null ||
        ! unshare -nmp --fork true 2>/dev/null; then
        echo "1..0 # SKIP needs root, iproute2, iptables and namespaces"
        exit 0
    fi
    exec unshare -nmp --fork --kill-child --mount-proc "$0" inside
fi
dir=$PWD/build/network
rm -rf "$dir"
mkdir -p "$dir"
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh

# ---- the network ----

mkdir -p /run/netns
mount -t tmpfs none /run/netns
for host in a r b; do
    ip netns add $host
    ip netns exec $host sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
    ip -n $host link set lo up
done
link() { # HOST NETWORK: that host's end of its link to the router
    ip link add "to$1" netns "$1" type veth peer name "to$1" netns r
    ip -n "$1" addr add "10.$2.0.2/24" dev "to$1"
    ip -n "$1" addr add "fd0$2::2/64" dev "to$1" nodad
    ip -n r addr add "10.$2.0.1/24" dev "to$1"
    ip -n r addr add "fd0$2::1/64" dev "to$1" nodad
    ip -n "$1" link set dev "to$1" up
    ip -n r link set dev "to$1" up
    ip -n "$1" route add default via "10.$2.0.1"
    ip -n "$1" route add default via "fd0$2::1"
}
link a 1
link b 2
narrow() { # HOST LINK MTU
    ip -n "$1" link set dev "to$2" mtu "$3"
}
in_() { # HOST COMMAND
    host=$1
    shift
    ip netns exec "$host" "$@"
}
in_ r sh -c 'for f in ipv4/ip_forward ipv6/conf/all/forwarding; do echo 1 >/proc/sys/net/$f; done
    echo 0 >/proc/sys/net/ipv4/icmp_ratelimit; echo 0 >/proc/sys/net/ipv6/icmp/ratelimit' 2>"$why"
filter() { # 4|6 HOST RULE...: the only rule there
    case $1 in 4) tables=iptables ;; *) tables=ip6tables ;; esac
    host=$2
    shift 2
    in_ "$host" "$tables" -F
    [ $# -eq 0 ] || in_ "$host" "$tables" -A "$@"
}

# ---- what is checked ----

now() { date +%s%3N; }
outcome() { # STATUS FROM TO PATTERN COMMAND...: its status, time in ms, and a line of what it says
    status=$1 from=$2 to=$3 pattern=$4
    shift 4
    began=$(now)
    "$@" >"$dir/out" 2>&1
    got=$?
    took=$(($(now) - began))
    [ "$got" -eq "$status" ] && [ "$took" -ge "$from" ] && [ "$took" -le "$to" ] &&
        grep -q -- "$pattern" "$dir/out" && return
    echo "status $got, $took ms (expected $status, $from to $to ms, $pattern):"
    cat "$dir/out"
    return 1
}
client() { in_ a bin/client --short "$@"; }
server() { # HOST NAME FILE OPTION...: a server in the background, its number in $pid
    host=$1 name=$2 said=$dir/$3
    shift 3
    : >"$said"
    ip netns exec "$host" "bin/$name" --quiet "$@" 2>"$said" &
    pid=$!
    hears "$said" listening
}
hears() { # FILE PATTERN: within five seconds
    tries=0
    until grep -q -- "$2" "$1"; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { cat "$1" && return 1; }
        sleep 0.05
    done
}
ends() { # PID...
    kill "$@" && wait "$@"
}

long=$(printf 'x%.0s' $(seq 63))
long=$long.$long.$long.$(printf 'x%.0s' $(seq 61))
{
    echo record_no,name,type,result,ttl,static
    echo ",www.example.org,A,192.0.2.1,None,1"
    echo ",$long,CNAME,y$(echo "$long" | cut -c 2-),None,1"
} >"$dir/zone"
server b amazoneserver b.err --listen 10.2.0.2 --listen '[fd02::2]' --records "$dir/zone"
b=$pid
at='@10.2.0.2:22000' at6='@[fd02::2]:22000'

# ---- the way there ----

client --timeout 500 --tries 6 "$at6" www.example.org >"$why" # neighbours must find each other
check "an answer comes over the router" outcome 0 0 1000 192.0.2.1 client $at www.example.org
check "IPv6, too" outcome 0 0 1000 192.0.2.1 client "$at6" www.example.org
for kind in net host proto port; do
    filter 4 r FORWARD -p udp --dport 22000 -j REJECT --reject-with icmp-$kind-unreachable
    check "$kind unreachable is known at once" outcome 3 0 900 'No answer' client $at www.example.org
done
for kind in net-prohibited host-prohibited admin-prohibited; do
    filter 4 r FORWARD -p udp --dport 22000 -j REJECT --reject-with icmp-$kind
    check "$kind is known at once" outcome 3 0 900 'No answer' client $at www.example.org
done
for kind in no-route adm-prohibited addr-unreachable port-unreachable; do
    filter 6 r FORWARD -p udp --dport 22000 -j REJECT --reject-with icmp6-$kind
    check "IPv6: $kind is known at once" outcome 3 0 900 'No answer' client "$at6" www.example.org
done
filter 6 r
filter 4 r FORWARD -p udp --dport 22000 -j DROP
check "silence takes the tries that were asked for" outcome 3 700 1600 'No answer' \
    client --timeout 100 $at www.example.org
filter 4 r
check "nobody at the port is known at once" outcome 3 0 900 'No answer' \
    client @10.2.0.2:22001 www.example.org
ip -n a route add unreachable 10.3.0.0/24
check "no route is known at once" outcome 3 0 900 'No answer' client @10.3.0.1 www.example.org
check "a host that is absent is known when the link gives up" outcome 3 0 5000 'No answer' \
    client @10.1.0.9 www.example.org

# ---- a datagram that is lost where it leaves ----

filter 4 a OUTPUT -p udp --dport 22000 -m statistic --mode nth --every 1000 --packet 0 -j DROP
check "a filter that refuses one datagram costs one try" outcome 0 200 900 192.0.2.1 \
    client --timeout 200 $at www.example.org
filter 4 a
(
    sleep 0.5
    ip -n b addr add 10.2.0.7/24 dev tob
    in_ b bin/amazoneserver --quiet --listen 10.2.0.7 --records "$dir/zone" 2>"$dir/late.err"
) &
filter 4 r FORWARD -p udp -d 10.2.0.7 -m conntrack --ctstate NEW -m statistic --mode nth \
    --every 1000 --packet 0 -j DROP 2>"$why"
check "an address that comes while it is asked answers" outcome 0 200 4000 192.0.2.1 \
    client --timeout 600 @10.2.0.7:22000 www.example.org
filter 4 r
ip -n b addr del 10.2.0.7/24 dev tob
check "and once it has gone the client knows again" outcome 3 0 7500 'No answer' \
    client @10.2.0.7:22000 www.example.org

# ---- paths that are narrow, and such that double ----

narrow_all() { # MTU: every end of every link
    for end in 'a a' 'r a' 'r b' 'b b'; do
        # shellcheck disable=SC2086
        narrow $end "$1"
    done
}
narrow_all 1280
check "MTU 1280 everywhere: the longest answer arrives" outcome 0 0 900 '^yxx' \
    client $at "$long" CNAME
check "by IPv6, too" outcome 0 0 900 '^yxx' client "$at6" "$long" CNAME
narrow_all 1500
narrow r a 600 # from here on there is no IPv6
check "MTU 600 on the last link: the longest answer arrives" outcome 0 0 900 '^yxx' \
    client $at "$long" CNAME
narrow_all 600
check "MTU 600 everywhere" outcome 0 0 900 '^yxx' client $at "$long" CNAME
narrow_all 1500
if in_ r iptables -t mangle -A PREROUTING -p udp --dport 22000 -j TEE --gateway 10.2.0.2 2>"$why"; then
    check "queries that come twice are answered, and thought nothing of" outcome 0 0 900 \
        '^192.0.2.1$' client $at www.example.org
    check "and nothing is thrown away" sh -c "! grep thrown '$dir/out'"
    in_ r iptables -t mangle -F
else
    skip "queries that come twice" "iptables has no TEE here"
fi

# ---- what ICMP says of somebody else ----

check "the forger builds" ${CC:-cc} -std=c11 -O1 tests/scripts/network/forge.c -o "$dir/forge"
filter 4 r FORWARD -p udp --sport 22000 -j DROP # no answer reaches the client
in_ a bin/client --short --timeout 1500 --tries 2 $at www.example.org >"$dir/forged" 2>&1 &
asking=$!
sleep 0.4
port=$(in_ a ss -uanH | awk '{ n = split($4, part, ":"); print part[n] }' | head -n 1)
in_ r "$dir/forge" 10.2.0.2 10.1.0.2 "$port" 10.2.0.3 22000
in_ r "$dir/forge" 10.2.0.2 10.1.0.2 "$port" 10.2.0.2 21999
sleep 0.3
check "ICMP that quotes another address or port ends no lookup" kill -0 $asking
filter 4 r
wait $asking
succeeded "which is then answered"
filter 4 r FORWARD -p udp --sport 22000 -j DROP
in_ a bin/client --short --timeout 1500 --tries 2 $at www.example.org >"$dir/forged" 2>&1 &
asking=$!
sleep 0.4
port=$(in_ a ss -uanH | awk '{ n = split($4, part, ":"); print part[n] }' | head -n 1)
in_ r "$dir/forge" 10.2.0.2 10.1.0.2 "$port" 10.2.0.2 22000
wait $asking
[ $? -eq 3 ]
succeeded "ICMP that quotes the query does (so the forger can)"
filter 4 r

# An ICMP error of the lookup before must not be the next one's.
mkfifo "$dir/lines"
in_ a bin/client --short --timeout 400 --tries 1 --server 10.2.0.2:22000 <"$dir/lines" \
    >"$dir/late" 2>&1 &
asking=$!
exec 3>"$dir/lines"
filter 4 r FORWARD -p udp --sport 22000 -j DROP
echo www.example.org >&3
sleep 0.2
port=$(in_ a ss -uanH | awk '{ n = split($4, part, ":"); print part[n] }' | head -n 1)
hears "$dir/late" 'No answer'
in_ r "$dir/forge" 10.2.0.2 10.1.0.2 "$port" 10.2.0.2 22000
sleep 0.1
filter 4 r
echo www.example.org >&3
check "an error that comes after its lookup is not the next one's" hears "$dir/late" 192.0.2.1
exec 3>&-
check "and the prompt ends with 0" wait $asking

# ---- the local server ----

{
    echo record_no,name,type,result,ttl,static
    echo ",example.org,NS,ns1.example.org,None,1"
    echo ",example.org,NS,ns2.example.org,None,1"
    echo ",ns1.example.org,A,10.2.0.8,None,1"
    echo ",ns2.example.org,A,10.2.0.9,None,1"
    echo ",self.test,NS,ns.self.test,None,1"
    echo ",ns.self.test,A,10.9.9.9,None,1"
    echo ",good.test,NS,ns.good.test,None,1"
    echo ",ns.good.test,A,10.2.0.2,None,1"
} >"$dir/local"
server a localserver local.err --listen 0.0.0.0 --records "$dir/local"
for kind in host-unreachable net-unreachable admin-prohibited; do
    filter 4 r FORWARD -p udp --dport 22000 -j REJECT --reject-with icmp-$kind
    check "two name servers, $kind: a failure at once" outcome 4 0 900 'Server failure' \
        client x.example.org
done
filter 4 r
filter 4 a OUTPUT -p udp --dport 22000 -m statistic --mode nth --every 1000 --packet 0 -j DROP
check "a filter that refuses one datagram upstream costs one try" outcome 1 400 1500 \
    'not found' client x.good.test
filter 4 a
ends $pid
server a localserver self.err --listen 0.0.0.0 --upstream-port 21000 --records "$dir/local"
is_self() { # how often it passed itself over
    : >"$dir/self.err"
    kill -USR1 $pid
    hears "$dir/self.err" waiting
    sed -n 's/^upstream_is_self: //p' "$dir/self.err"
}
ip -n a addr add 10.9.9.9/32 dev lo
sleep 0.2
check "an address that it got later is itself: a failure at once" outcome 4 0 400 \
    'Server failure' client x.self.test
[ "$(is_self)" = 1 ]
succeeded "and it was passed over, not asked"
ip -n a addr del 10.9.9.9/32 dev lo
ip -n a route add blackhole 10.9.9.9/32 2>"$why"
sleep 0.2
client --timeout 100 --tries 1 x.self.test 2>"$why"
[ "$(is_self)" = 1 ]
succeeded "once the address has gone it is somebody else's again"
ends $pid

# ---- limits ----

in_ a prlimit --nofile=24 bin/localserver --quiet --records "$dir/local" --timeout 300 --tries 1 \
    2>"$dir/few.err" &
pid=$!
hears "$dir/few.err" listening
filter 4 r FORWARD -p udp --dport 22000 -j DROP
for i in $(seq 40); do
    echo "n$i.good.test"
done >"$dir/many"
for i in 1 2 3 4 5 6 7 8; do
    split -n "l/$i/8" "$dir/many" | in_ a bin/client --quiet --timeout 3000 --batch - 2>>"$why" &
    last=$!
done
wait $last
filter 4 r
sleep 0.5
check "with too few descriptors it goes on, and all is well when there are some again" outcome 1 0 \
    900 'not found' client other.good.test
ends $pid

if command -v setpriv >/dev/null && chmod 755 "$dir"; then
    cp "$dir/zone" /tmp/nibdns-network-zone.$$
    trap 'rm -f /tmp/nibdns-network-zone.$$' EXIT
    setpriv --reuid 54321 --clear-groups bin/amazoneserver --quiet --listen 127.0.0.1:0 \
        --records /tmp/nibdns-network-zone.$$ 2>"$dir/threads.err" &
    pid=$!
    hears "$dir/threads.err" listening
    setpriv --reuid 54321 --clear-groups prlimit --pid $pid --nproc=1:
    kill -HUP $pid
    check "a reload for which there is no thread is said" hears "$dir/threads.err" \
        'no thread to read the records again: '
    sleep 1.2
    [ "$(grep -c 'no thread' "$dir/threads.err")" -eq 1 ]
    succeeded "once"
    setpriv --reuid 54321 --clear-groups prlimit --pid $pid --nproc=1000:
    check "and done when there can be one" hears "$dir/threads.err" 'records read again'
    # The main one, the messages', the reload's: none of low priority.
    setpriv --reuid 54321 --clear-groups prlimit --pid $pid --nproc=3:
    : >"$dir/threads.err"
    kill -HUP $pid
    check "and with one thread alone" hears "$dir/threads.err" 'records read again'
    check "the server ends with status 0" ends $pid
else
    skip "a reload without a thread" "no setpriv here"
fi

awk 'BEGIN { print "record_no,name,type,result,ttl,static"
    for (i = 0; i < 400000; i++) print ",n" i ".example.org,A,192.0.2.1,None,1" }' >"$dir/large"
bin/amazoneserver --quiet --listen 127.0.0.1:0 --records "$dir/large" 2>"$dir/first.err" &
pid=$!
sleep 0.1
grep -q listening "$dir/first.err" && echo "# the records were read too fast for this test"
kill -USR1 $pid
kill -HUP $pid
check "signals while the records are read the first time end nothing" hears "$dir/first.err" listening
check "SIGHUP is heard then" hears "$dir/first.err" '400000 records read again'
check "and SIGUSR1" hears "$dir/first.err" '^received'
check "the server ends with status 0" ends $pid

# ---- process 1 of a container ----

filter 4 r FORWARD -p udp --dport 22000 -j DROP
first() { # SIGNAL ARGUMENT...: the client as process 1 ends of that signal
    signal=$1
    shift
    sleep 60 | in_ a env --default-signal=INT unshare --pid --fork bin/client "$@" >"$dir/first" 2>&1 &
    sleep 0.4
    one=$(pgrep -f "^bin/client .*first-of-$signal" | tail -n 1)
    began=$(now)
    kill "-$signal" "$one"
    while [ -d "/proc/$one" ] && [ $(($(now) - began)) -lt 2000 ]; do
        sleep 0.02
    done
    [ ! -d "/proc/$one" ]
}
for signal in INT TERM HUP; do
    check "process 1 at the prompt: $signal ends it at once" first $signal \
        --write "$dir/first-of-$signal"
    check "process 1 that waits: $signal ends it at once" first $signal \
        --timeout 30000 --write "$dir/first-of-$signal" $at www.example.org
done
filter 4 r
check "the server that all of this asked ends with status 0" ends $b
finish
