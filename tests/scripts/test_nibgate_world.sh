#!/bin/sh
# nibgate with resolvers of other people, in TAP: Unbound and dnsmasq over NSD, with zones of the test's
# own, asked through one bridge and through both. Run from the project's root.
set -u
# shellcheck source=tests/lib/namespace.sh
. tests/lib/namespace.sh
bin=${NIB_BIN:-bin}

# ---- NSD has the zones, Unbound resolves, or dnsmasq ----

# So many names of four types are asked for through both bridges and compared.
names=${NAMES:-300}
mkdir "$dir/nsd" "$dir/unbound"
zones() {
    cat <<'END'
$ORIGIN test.
$TTL 3600
@ SOA ns admin 1 3600 600 86400 300
@ NS ns
ns A 127.0.0.1
www 300 A 192.0.2.1
www AAAA 2001:db8::1
several A 10.0.0.9
several A 9.0.0.10
several A 10.0.0.10
alias CNAME www
chain1 500 CNAME chain2
chain2 400 CNAME chain3
chain3 600 A 192.0.2.3
dangling CNAME nosuch
odd\032name A 192.0.2.4
oddly CNAME odd\032name
text TXT "no type of ours"
gone NS ns.gone
ns.gone A 127.0.0.99
END
    seq 200 | sed 's/.*/big A 10.1.0.&/'
    awk -v n="$names" 'BEGIN { for (i = 0; i < n; i++) {
        t = 60 + i % 977
        if (i % 5 == 0) print "h" i, t, "A", "10.2." int(i / 250) "." i % 250
        if (i % 5 == 1) { print "h" i, t, "A", "10.3." int(i / 250) "." i % 250
                          print "h" i, t, "AAAA", "2001:db8:" sprintf("%x", i) "::1" }
        if (i % 5 == 2) print "h" i, t, "CNAME", "h" i - 1
        if (i % 5 == 3) { print "h" i, t, "A", "10.5.0." i % 250; print "h" i, t, "A", "10.4.0." i % 250
                          print "h" i, t, "AAAA", "2001:db8:" sprintf("%x", i) "::2" }
        if (i % 100 == 4) print "h" i, t, "NS", "ns" } }'
}
zones >"$dir/nsd/test"
printf '%s\n' '@ 120 SOA ns.test. admin.test. 1 3600 600 86400 300' '@ 120 NS ns.test.' \
    '@ 120 A 10.6.0.1' >"$dir/nsd/child"
{
    printf 'server:\n ip-address: 127.0.0.1@53\n username: ""\n chroot: ""\n database: ""\n'
    nsd -v 2>&1 | grep -q -e --enable-ratelimit && printf ' rrl-ratelimit: 0\n'
    printf ' zonesdir: "%s"\n pidfile: ""\n xfrdfile: ""\n zonelistfile: "%s"\n xfrdir: "%s"\n' \
        "$dir/nsd" "$dir/nsd/list" "$dir/nsd"
    printf 'remote-control:\n control-enable: no\n'
    printf 'zone:\n name: test\n zonefile: test\n'
    seq 4 100 $((names - 1)) | sed 's/.*/zone:\n name: h&.test\n zonefile: child/'
} >"$dir/nsd/conf"
cat >"$dir/unbound/conf" <<END
server:
  interface: 127.0.0.1@5302
  username: ""
  chroot: ""
  directory: "$dir/unbound"
  pidfile: ""
  use-syslog: no
  do-not-query-localhost: no
  module-config: iterator
  local-zone: test nodefault
  max-udp-size: 1232
remote-control:
  control-enable: no
stub-zone:
  name: test
  stub-addr: 127.0.0.1
END
direct() { dig @127.0.0.1 -p "$1" +short +tries=1 www.test | grep -qx 192.0.2.1; }
client() { "$bin/client" --server "127.0.0.1:$1" --short "$2" "$3"; }
answers() { # PORT WANT STATUS NAME TYPE: of the client
    got=$(client "$1" "$4" "$5" 2>"$dir/err")
    status=$?
    [ "$got, status $status" = "$2, status $3" ] ||
        { echo "'$got', status $status, is not '$2', status $3"; cat "$dir/err"; return 1; }
}
world() { # RESOLVER PORT: what the client gets through the bridge at that port
    check "the client gets an A record by way of $1" answers "$2" 192.0.2.1 0 www.test A
    check "AAAA" answers "$2" 2001:db8::1 0 www.test AAAA
    check "NS" answers "$2" ns.test 0 test NS
    check "of several the first" answers "$2" 9.0.0.10 0 several.test A
    check "an alias" answers "$2" www.test 0 alias.test CNAME
    check "no such type" answers "$2" "" 1 www.test NS
    check "no such name" answers "$2" "" 1 nosuch.test A
    check "a type that is none of ours is no record" answers "$2" "" 1 text.test A
    check "200 addresses, over TCP" answers "$2" 10.1.0.1 0 big.test A
    check "an alias of a name that nibdns cannot carry is no record" answers "$2" "" 1 oddly.test CNAME
    check "a delegation whose server is silent is a server failure" answers "$2" "" 4 x.gone.test A
}
if have nsd && have unbound; then
    run nsd -d -c "$dir/nsd/conf"
    run unbound -d -c "$dir/unbound/conf"
    run "$bin/nibgate" nibdns --resolver 127.0.0.1:5302
    check "Unbound answers from NSD's zone" until_true direct 5302
    world Unbound 22053
    check "an alias is for the asker to follow" answers 22053 chain2.test 0 chain1.test A
else
    skip "the client asks Unbound" "nsd or unbound is not installed"
fi
if have nsd && have dnsmasq; then
    run dnsmasq --no-daemon --no-resolv --no-hosts --conf-file=/dev/null --pid-file= \
        --listen-address=127.0.0.1 --bind-interfaces --port=5303 --server=/test/127.0.0.1
    run "$bin/nibgate" nibdns --resolver 127.0.0.1:5303 --listen 127.0.0.1:22054
    check "dnsmasq answers from NSD's zone" until_true direct 5303
    check "the client gets an A record by way of dnsmasq" answers 22054 192.0.2.1 0 www.test A
    check "no such name" answers 22054 "" 1 nosuch.test A
    check "200 addresses, over TCP" answers 22054 10.1.0.1 0 big.test A
    check "REFUSED is a server failure" answers 22054 "" 4 www.example.org A
else
    skip "the client asks dnsmasq" "nsd or dnsmasq is not installed"
fi

# ---- both at once: dig, the bridge, a local server, the bridge, Unbound, NSD ----

# What dig says, a line a question: name, type, status, result, TTL. Of several records of the type
# asked for the first in order, the smallest TTL of all.
collect() { # PORT
    dig @127.0.0.1 -p "$1" +tries=2 +nocookie +noall +comments +question +answer -f "$dir/questions" |
        awk '
        function tell() { if (name != "") print name, type, status, result == "" ? "-" : result, ttl }
        function key(text, part, n, i, out) {
            if (type != "A") return text
            n = split(text, part, "."); out = ""
            for (i = 1; i <= n; i++) out = out sprintf("%03d", part[i])
            return out }
        /status:/ { tell(); name = ""; status = $6 }
        /^;[^;]/ && $2 == "IN" { name = substr($1, 2); type = $3; result = ""; ttl = 0 }
        /^[^;]/ && NF >= 5 {
            if (ttl == 0 || $2 < ttl) ttl = $2
            if ($4 == type && (result == "" || key($5) < key(result))) result = $5 }
        END { tell() }'
}
# The same outcome, the same record, and a TTL that is not above that of the zone.
same_answers() {
    awk -v n="$1" '
        function given(i) { return 60 + i % 977 }
        function most(name, type, i) {
            i = substr(name, 2) + 0
            if (i % 100 == 4) return 120
            if (i % 5 == 2 && type != "CNAME" && given(i - 1) < given(i)) return given(i - 1)
            return given(i) }
        NR == FNR { outcome[$1 " " $2] = $3 " " $4; next }
        { asked++; key = $1 " " $2
          found += $4 != "-"
          if (outcome[key] != $3 " " $4) { print key ": " $3 " " $4 " is not " outcome[key]; bad++ }
          else if ($5 > most($1, $2)) { print key ": TTL " $5 " is above " most($1, $2); bad++ } }
        END { print asked + 0 " of " n " answers compared, " found + 0 " of them records"
              exit bad > 0 || asked != n || found < n / 4 }' \
        "$dir/straight" "$dir/through"
}
if have nsd && have unbound; then
    run "$bin/localserver" --quiet --listen 127.0.0.1:21001 --forward 127.0.0.1:22053
    run "$bin/nibgate" dns --listen 127.0.0.1:5304 --server 127.0.0.1:21001
    check "dig gets the resolver's answer through both bridges" until_true direct 5304
    check "the client gets it from a local server that forwards" answers 21001 192.0.2.1 0 www.test A
    check "through a chain of aliases" answers 21001 192.0.2.3 0 chain1.test A
    check "200 addresses, over TCP" answers 21001 10.1.0.1 0 big.test A
    check "an alias that leads nowhere" answers 21001 "" 1 dangling.test A
    check "a failure" answers 21001 "" 4 y.gone.test A
    check "its own domain is not the world's" answers 21001 144.37.5.45 0 www.csusm.edu A
    awk -v n="$names" 'BEGIN { for (i = 0; i < n; i++) {
        print "h" i ".test A"; print "h" i ".test AAAA"; print "h" i ".test CNAME"; print "h" i ".test NS" } }' \
        >"$dir/questions"
    collect 5302 >"$dir/straight"
    collect 5304 >"$dir/through"
    check "$names names of four types: what goes in comes out, and no TTL rises" same_answers $((4 * names))
    collect 5304 >"$dir/through"
    check "and again, when the local server knows them" same_answers $((4 * names))
else
    skip "through both bridges" "nsd or unbound is not installed"
fi

finish
