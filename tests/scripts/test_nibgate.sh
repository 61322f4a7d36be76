#!/bin/sh
# nibgate dns with other people's programs, in TAP: dig and its kin, dnsperf, and the machine's own
# resolver. Run from the project's root.
set -u
# shellcheck source=tests/lib/namespace.sh
. tests/lib/namespace.sh
bin=${NIB_BIN:-bin}
long=$(printf 'n%.0s' $(seq 60))
name=$long.$long.$long.$(printf 'n%.0s' $(seq 60)).aa.test # 253 octets with the dots
target=$long.$long.$long.$(printf 'n%.0s' $(seq 60)).bb.test

# ---- the servers: an authoritative one, the local one, the bridge to them ----

cat >"$dir/amazone" <<END
record_no,name,type,result,ttl,static
,shop.amazone.com,A,3.33.147.88,None,1
,shop.amazone.com,AAAA,2001:db8::88,None,1
,cloud.amazone.com,A,15.197.140.28,None,1
,www.amazone.com,CNAME,shop.amazone.com,None,1
END
cat >"$dir/local" <<END
record_no,name,type,result,ttl,static
,www.csusm.edu,A,144.37.5.45,None,1
,amazone.com,NS,dns.amazone.com,None,1
,dns.amazone.com,A,127.0.0.1,None,1
,$name,CNAME,$target,None,1
END
run "$bin/amazoneserver" --quiet --records "$dir/amazone" --ttl 300
amazone=$!
run "$bin/localserver" --quiet --records "$dir/local"
local=$!
run "$bin/nibgate" dns --listen 127.0.0.1:5300 --listen '[::1]:5300'

if ! have dig; then
    skip "nibgate with other people's programs" "dig is not installed"
    finish
    exit
fi
ask() { dig @127.0.0.1 -p 5300 +tries=1 "$@"; }
check "the bridge answers" until_true ask shop.amazone.com
gives() { # WANT ARGUMENTS...: of dig +short
    want=$1
    shift
    got=$(ask +short "$@" 2>&1)
    [ "$got" = "$want" ] || { echo "'$got' is not '$want'"; return 1; }
}
says() { # PATTERN ARGUMENTS...: in what dig prints
    pattern=$1
    shift
    ask "$@" >"$dir/said" 2>&1
    grep -qE "$pattern" "$dir/said" || { cat "$dir/said"; return 1; }
}
says_not() {
    pattern=$1
    shift
    ask "$@" >"$dir/said" 2>&1
    if ! grep -q 'status:' "$dir/said" || grep -qE "$pattern" "$dir/said"; then
        cat "$dir/said"
        return 1
    fi
}
check "A" gives 3.33.147.88 shop.amazone.com
check "AAAA" gives 2001:db8::88 shop.amazone.com AAAA
check "CNAME" gives shop.amazone.com. www.amazone.com CNAME
check "NS" gives dns.amazone.com. amazone.com NS
check "an alias's address" gives 3.33.147.88 www.amazone.com
check "over TCP" gives 3.33.147.88 +tcp shop.amazone.com
check "over IPv6" sh -c 'dig @::1 -p 5300 +short +tcp shop.amazone.com | grep -qx 3.33.147.88 &&
    dig @::1 -p 5300 +short shop.amazone.com | grep -qx 3.33.147.88'
check "without EDNS" gives 3.33.147.88 +noedns shop.amazone.com
check "QR, RD and RA are set, AA is not" says 'flags: qr rd ra;' shop.amazone.com
check "RD is a copy" says 'flags: qr ra;' +norec shop.amazone.com
check "the letters come back as asked" says '^ShOp\.aMazone\.COM\.' ShOp.aMazone.COM
empty() { # STATUS ARGUMENTS...
    status=$1
    shift
    says "status: $status,.*" "$@" || return 1
    grep -q 'ANSWER: 0,' "$dir/said" || { cat "$dir/said"; return 1; }
}
check "a name with another type is NOERROR, empty" empty NOERROR cloud.amazone.com AAAA
check "so for a type that nibdns does not know" empty NOERROR shop.amazone.com MX
check "a name without any type is NXDOMAIN" empty NXDOMAIN nosuch.amazone.com
check "so for a type that nibdns does not know" empty NXDOMAIN nosuch.amazone.com TXT
check "a name that nibdns cannot carry is NXDOMAIN" says 'status: NXDOMAIN' '*.amazone.com'
check "the root is one" says 'status: NXDOMAIN' . NS
check "another class is REFUSED" says 'status: REFUSED' -c CH shop.amazone.com
check "an answer of 537 octets comes over TCP without EDNS" \
    says "Truncated, retrying in TCP" +noedns "$name" CNAME
check "and whole" gives "$target." +noedns "$name" CNAME
check "with EDNS in one datagram" says_not "Truncated" "$name" CNAME
check "several queries on one connection" sh -c '
    dig @127.0.0.1 -p 5300 +short +tcp +keepopen shop.amazone.com cloud.amazone.com www.csusm.edu |
    tr "\n" " " | grep -qx "3.33.147.88 15.197.140.28 144.37.5.45 "'
ttl() { ask +noall +answer "$@" | awk '{ print $2; exit }'; }
falls() {
    first=$(ttl shop.amazone.com AAAA)
    sleep 2.1
    second=$(ttl shop.amazone.com AAAA)
    echo "$first, then $second"
    [ "$first" -le 300 ] && [ "$second" -lt "$first" ] && [ "$second" -ge $((first - 4)) ]
}
check "the TTL is what is left" falls

# ---- EDNS, as ISC's compliance tester asks (https://ednscomp.isc.org), of a name with a record ----

zone=shop.amazone.com
edns0='EDNS: version: 0'
check "plain DNS: no EDNS in the answer" says_not EDNS +norec +noad +noedns $zone SOA
check "plain DNS: NOERROR" says 'status: NOERROR' +norec +noad +noedns $zone SOA
check "EDNS version 0" says "$edns0" +norec +noad +edns=0 +nocookie $zone SOA
check "EDNS version 1 is BADVERS" says 'status: BADVERS' +norec +noad +edns=1 +noednsneg +nocookie $zone SOA
check "and the answer has version 0" says "$edns0" +norec +noad +edns=1 +noednsneg +nocookie $zone SOA
check "EDNS version 1 brings no answer" \
    says 'ANSWER: 0' +norec +noad +edns=1 +noednsneg +nocookie $zone A
check "an unknown option is passed over" says 'status: NOERROR' +norec +noad +ednsopt=100 +nocookie $zone SOA
check "and not repeated" says_not 'OPT=100' +norec +noad +ednsopt=100 +nocookie $zone SOA
check "unknown flags are passed over" says 'status: NOERROR' +norec +noad +ednsflags=0x80 +nocookie $zone SOA
check "and not repeated" says_not 'MBZ' +norec +noad +ednsflags=0x80 +nocookie $zone SOA
check "version 1 with an unknown option is BADVERS" \
    says 'status: BADVERS' +norec +noad +edns=1 +noednsneg +ednsopt=100 +nocookie $zone SOA
check "version 1 with unknown flags is BADVERS" \
    says 'status: BADVERS' +norec +noad +edns=1 +noednsneg +ednsflags=0x80 +nocookie $zone SOA
check "DO is answered" says "$edns0" +norec +noad +dnssec +nocookie $zone SOA
check "a buffer of 512 octets" says "$edns0" +norec +noad +dnssec +bufsize=512 +ignore $zone DNSKEY
check "one of 100 counts as 512" gives 3.33.147.88 +bufsize=100 $zone
check "one of 65535" gives 3.33.147.88 +bufsize=65535 $zone
check "several options at once" says 'status: NOERROR' +norec +noad +dnssec +nocookie +nsid +expire \
    +subnet=0.0.0.0/0 +cookie $zone SOA
check "the Z flag is passed over" says 'status: NOERROR' +norec +noad +zflag +noedns $zone SOA
check "and not repeated" says_not 'MBZ' +norec +noad +zflag +noedns $zone SOA
check "AD is not repeated" says_not 'flags:[^;]* ad' +ad $zone
check "opcode 15 is NOTIMP" says 'status: NOTIMP' +norec +noad +opcode=15 +noedns +header-only
check "without a question: FORMERR" says 'status: FORMERR' +header-only +noedns
check "truncated, over UDP, and ignored" says 'flags: qr tc' +norec +noedns +ignore "$name" CNAME
check "over TCP with EDNS" says "$edns0" +norec +noad +tcp +edns=0 +nocookie $zone SOA

# ---- other askers ----

other() { # PROGRAM WHAT COMMAND...
    program=$1 what=$2
    shift 2
    if have "$program"; then
        check "$what" "$@"
    else
        skip "$what" "$program is not installed"
    fi
}
prints() { # WANT COMMAND...
    want=$1
    shift
    "$@" >"$dir/said" 2>&1
    grep -qF "$want" "$dir/said" || { cat "$dir/said"; return 1; }
}
other kdig "kdig" prints 3.33.147.88 kdig @127.0.0.1 -p 5300 +short shop.amazone.com
other kdig "kdig over TCP, with EDNS and padding" \
    prints 3.33.147.88 kdig @127.0.0.1 -p 5300 +short +tcp +edns +padding=128 shop.amazone.com
other drill "drill" prints 3.33.147.88 drill -p 5300 @127.0.0.1 shop.amazone.com
other host "host" prints 'has address 3.33.147.88' host -p 5300 shop.amazone.com 127.0.0.1
loses_nothing() {
    printf '%s\n' 'shop.amazone.com A' 'cloud.amazone.com AAAA' 'nosuch.amazone.com A' \
        'www.csusm.edu A' 'www.amazone.com MX' >"$dir/queries"
    dnsperf -s 127.0.0.1 -p 5300 -d "$dir/queries" -l 2 -Q 2000 "$@" >"$dir/said" 2>&1
    if ! grep -qE 'Queries lost: +0 ' "$dir/said" || grep -qE 'SERVFAIL|FORMERR' "$dir/said"; then
        cat "$dir/said"
        return 1
    fi
}
other dnsperf "dnsperf loses nothing" loses_nothing
other dnsperf "dnsperf over TCP loses nothing" loses_nothing -m tcp

# ---- failures say what they are ----

kill -STOP "$amazone"
check "a failure of the local server is SERVFAIL, with an extended error of 22" \
    says 'EDE: 22 \(No Reachable Authority\): \(the local server says: Server failure\)' \
    +timeout=10 new.amazone.com
kill -CONT "$amazone"
kill -STOP "$local"
check "its silence is one of 23" \
    says 'EDE: 23 \(Network Error\): \(no answer from the local server\)' +timeout=10 www.csusm.edu
kill -CONT "$local"
check "and over when it speaks again" until_true gives 144.37.5.45 www.csusm.edu

# ---- the machine itself: its resolver asks the bridge ----

cat >"$dir/machine.records" <<'END'
record_no,name,type,result,ttl,static
,shop.amazone.com,A,127.0.0.1,None,1
,shop.amazone.com,AAAA,::1,None,1
,www.amazone.com,CNAME,shop.amazone.com,None,1
END
echo "nameserver 127.0.0.1" >"$dir/resolv.conf"
mkdir "$dir/www"
echo "hello from the shop" >"$dir/www/index.html"
cat >"$dir/machine.sh" <<'END'
bin=$1 dir=$2
ip link set lo up && mount --bind "$dir/resolv.conf" /etc/resolv.conf || exit 1
"$bin/amazoneserver" --quiet --records "$dir/machine.records" & pids=$!
"$bin/localserver" --quiet & pids="$pids $!"
"$bin/nibgate" dns --listen 127.0.0.1:53 & pids="$pids $!"
(cd "$dir/www" && exec python3 -m http.server --bind 127.0.0.1 80) & pids="$pids $!"
for i in 1 2 3 4 5 6 7 8 9 10; do
    curl -s http://shop.amazone.com >"$dir/page" && break
    sleep 0.3
done
getent ahosts shop.amazone.com >"$dir/getent"
getent ahosts nosuch.amazone.com >"$dir/nosuch"
echo "nosuch $?"
python3 -c 'import socket
for a in sorted({x[4][0] for x in socket.getaddrinfo("www.amazone.com", 80)}): print(a)' >"$dir/python"
ping -c 1 -W 2 shop.amazone.com >"$dir/ping"
echo "ping $?"
kill $pids
wait
END
machine() { timeout 60 unshare -nm sh "$dir/machine.sh" "$(cd "$bin" && pwd)" "$dir" >"$dir/machine" 2>"$dir/log2" ||
    { cat "$dir/log2"; return 1; }; }
same_text() { printf '%b' "$1" | diff - "$2"; }
if have getent && unshare -nm true 2>/dev/null; then
    check "resolv.conf names the bridge" machine
    addresses() { cut -d ' ' -f 1 "$dir/getent" | sort -u | tr '\n' ' ' | grep -qx '127.0.0.1 ::1 '; }
    check "getent ahosts finds both addresses" addresses
    check "getent knows no other name" grep -qx "nosuch 2" "$dir/machine"
    have ping && check "ping by name" grep -qx "ping 0" "$dir/machine"
    have ping || skip "ping by name" "ping is not installed"
    if have curl && have python3; then
        check "curl by name" same_text 'hello from the shop\n' "$dir/page"
        check "Python's resolver, through an alias" same_text '127.0.0.1\n::1\n' "$dir/python"
    else
        skip "curl and Python's resolver by name" "curl or python3 is not installed"
    fi
    # Which resolver the bridge to the DNS asks, by that file.
    # shellcheck disable=SC2016
    resolver_of() { # WANT TEXT
        printf '%b' "$2" >"$dir/resolv.conf"
        unshare -m sh -c 'mount --bind "$2" /etc/resolv.conf && exec "$1" nibdns --check' - \
            "$bin/nibgate" "$dir/resolv.conf" >"$dir/said" 2>&1
        grep -qF "$1" "$dir/said" || { cat "$dir/said"; return 1; }
    }
    check "the first name server of resolv.conf is asked" \
        resolver_of 'asks 192.0.2.53:53,' '# a comment\nsearch x\nnameserver 192.0.2.53\nnameserver ::1\n'
    check "one of IPv6, without a newline behind it" resolver_of 'asks [2001:db8::53]:53,' \
        ' \tnameserver\t2001:db8::53'
    check "one that is no address is passed over" resolver_of 'asks 192.0.2.2:53,' \
        'nameserver name.example\nnameserver192.0.2.1\nnameserver 192.0.2.2 # ours\n'
    check "without one, --resolver is needed" \
        resolver_of 'names no resolver; give one with --resolver' 'search example.org\n'
else
    skip "the machine's own resolver" "getent is not installed, or no namespace for mounts can be made"
fi

finish
