#!/bin/sh
# What nibpcap does grows with its capture, and no faster, in TAP: instructions for four times the
# messages, whatever part of the traffic is missing. Counted by valgrind, so the same each time. Run
# from the project's root, behind `make`.
set -u
nibpcap=bin/nibpcap
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh

if ! command -v valgrind >/dev/null 2>&1; then
    skip "nibpcap's growth" "valgrind is not installed"
    finish
    exit
fi
: "${FEW:=200}" # lookups; the other capture has four times as many
MOST=45         # tenths: a ratio of 4 is in proportion; tables that double cost the rest

# lookups N PARTS SPACING: N lookups of names of their own, of which these parts are in the capture:
# q query, Q query upstream, R its response, a answer.
lookups() {
    awk -v n="$1" -v parts="$2" -v spacing="$3" -v same="${4:-}" 'BEGIN {
        print "host local 127.0.0.1:21000\nhost amazone 127.0.0.1:22000"
        for (i = 0; i < n; i++) {
            client = same != "" ? "127.0.0.1:40000" : "127.0.0.1:" (30000 + i % 20000)
            up = "127.0.0.1:" (1024 + i % 18000)
            id = same != "" ? 0 : i
            t = i * spacing
            if (parts ~ /q/) printf "%.6f %s > local query A n%d.amazone.com id %d\n", t, client, i, id
            if (parts ~ /Q/) printf "%.6f %s > amazone query A n%d.amazone.com id %d\n", t + 2e-6, up, i, i
            if (parts ~ /R/) printf "%.6f amazone > %s response A n%d.amazone.com 1.2.3.4 ttl 60 id %d\n", t + 4e-6, up, i, i
            if (parts ~ /a/) printf "%.6f local > %s response A n%d.amazone.com 1.2.3.4 ttl 60 id %d\n", t + 6e-6, client, i, id
        }
    }'
}
instructions() { # words...
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$nibpcap" "$@" 2>&1 >/dev/null |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}
grows() { # capture's name, words...
    name=$1 command=$2
    shift 2
    few=$(instructions "$command" "$dir/$name-few.pcap" "$@")
    many=$(instructions "$command" "$dir/$name-many.pcap" "$@")
    echo "$few instructions, $many for four times as much"
    [ $((10 * many)) -le $((MOST * few)) ]
}
capture() { # name, parts, spacing[, same]
    name=$1
    shift
    lookups "$FEW" "$@" >"$dir/text" && "$nibpcap" make "$dir/text" -o "$dir/$name-few.pcap" &&
        lookups $((4 * FEW)) "$@" >"$dir/text" && "$nibpcap" make "$dir/text" -o "$dir/$name-many.pcap"
}

capture whole qQRa 0.0001
capture no-upstream qa 0.0001
capture no-replies qQa 0.0001
capture no-queries-upstream qRa 0.0001
capture no-answers qQR 0.0001
capture queries q 0.0001
capture responses a 0.0001
capture upstream QR 0.0001
capture dense qQRa 0.000001
capture dense-no-replies qQa 0.000001
capture dense-no-answers qQR 0.000001
capture one-socket-one-ID qa 0.0001 same
for name in whole no-upstream no-replies queries responses one-socket-one-ID; do
    check "$name: dump" grows $name dump
    check "$name: check" grows $name check
    check "$name: ladder" grows $name ladder --most 10000
done
check "whole: picture" grows whole ladder --most 10000 -o -
check "whole: slide" grows whole ladder --most 10000 --wide -o -
for name in whole no-upstream no-replies no-queries-upstream no-answers queries dense \
    dense-no-replies dense-no-answers one-socket-one-ID; do
    check "$name: rerun as local" grows $name rerun --as local
done
check "upstream: rerun as amazone" grows upstream rerun --as amazone
check "whole: rerun as client" grows whole rerun --as client
check "queries: rerun as client" grows queries rerun --as client

# Memory follows what is open: 40,000 messages in a minute, of which at most 10 seconds' are remembered.
lookups 20000 qa 0.003 >"$dir/text" && "$nibpcap" make "$dir/text" -o "$dir/long.pcap"
bounded() { (ulimit -v 20480 && "$nibpcap" "$1" "$dir/long.pcap" >/dev/null) }
check "check takes no more memory than what is open needs" bounded check
check "so does dump" bounded dump
check "so does the ladder" bounded ladder

finish
