#!/bin/sh
# The stored captures in pcap/, in TAP: the list of them, that the made ones are what their texts say,
# what nibpcap says of each, and that the programs' own logic does the same again. Run from the
# project's root, behind `make check`.
#
#   tests/scripts/test_captures.sh --accept     writes what is stored anew: look at what git says then
set -u
accept=${1-}
nibpcap=$PWD/build/test/bin/nibpcap
rules=$PWD/proto/protocol.md
scripts=$PWD/tests/scripts
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
cd pcap || exit 2
export TZ=UTC LC_ALL=C

# stored FILE NEW: the two are the same; with --accept they are made so.
stored() {
    [ "$accept" = --accept ] && cp "$2" "$1"
    diff -u "$1" "$2"
}

# ---- made from their texts

makes() {
    "$nibpcap" make "$1.txt" -o "$dir/made.pcap" || return 1
    [ "$accept" = --accept ] && cp "$dir/made.pcap" "$1.pcap"
    cmp "$1.pcap" "$dir/made.pcap"
}
for text in made-*.txt; do
    check "${text%.txt} is what its text says" makes "${text%.txt}"
done

# ---- the list

sums() { # puts the sums of today into the list
    while IFS= read -r line; do
        file=${line%% | *}
        case $line in
        *.pcap' | '*)
            [ -f "$file" ] || continue
            behind=${line#* | }
            line="$file | $(sha256sum <"$file" | cut -d ' ' -f 1) | ${behind#* | }"
            ;;
        esac
        printf '%s\n' "$line"
    done <MANIFEST >"$dir/MANIFEST" && cp "$dir/MANIFEST" MANIFEST
}
[ "$accept" = --accept ] && sums

grep -v '^#' MANIFEST | grep . >"$dir/list"
sed 's/ | .*//' "$dir/list" >"$dir/named"
find . -name '*.pcap' | sed 's,^./,,' | sort >"$dir/there"
complete() { sort "$dir/named" | diff - "$dir/there"; }
check "every capture stands in the list, once, and every one listed is there" complete
sums_right() { sed 's/^\([^ ]*\) | \([0-9a-f]*\) | .*/\2  \1/' "$dir/list" | sha256sum -c --quiet -; }
check "the sums are those of the files" sums_right
well_formed() {
    ! grep -vE '^(real|made)-[a-z0-9-]+\.pcap \| [0-9a-f]{64} \| (captured|made) \| NIB-[0-9.]+( NIB-[0-9.]+)* \| [^|]+$' \
        "$dir/list" && ! grep -E '^real.* \| made \||^made.* \| captured \|' "$dir/list"
}
check "its lines are name, sum, origin, rules, words" well_formed
known_rules() {
    grep -o 'NIB-[0-9.]*' "$dir/list" | sort -u >"$dir/rules"
    grep -o '[*][*]NIB-[0-9.]*[*][*]' "$rules" | tr -d '*' | sort -u | comm -13 - "$dir/rules" >"$dir/strange"
    [ ! -s "$dir/strange" ] || ! cat "$dir/strange"
}
check "its rules are the protocol's" known_rules
both_ways() {
    for file in made-*.pcap made-*.txt; do
        [ -f "${file%.*}.txt" ] && [ -f "${file%.*}.pcap" ] || { echo "$file stands alone"; return 1; }
    done
}
check "every made one has a text, and every text is made" both_ways
nothing_left() { # what is stored of a capture that is no more
    for file in *.dump *.check *.ladder; do
        [ -f "${file%.*}.pcap" ] || { echo "$file has no capture"; return 1; }
    done
}
check "nothing is stored of a capture that is no more" nothing_left
client_ports() { # low ports belong to other protocols, and Wireshark would ask those first
    "$nibpcap" dump --json "$1" | grep -o '"[sd]port":[0-9]*' | sed 's/.*://' | sort -u |
        awk '$1 < 40000 && $1 != 21000 && $1 != 22000 { print "port " $1; bad = 1 } END { exit bad }'
}

# ---- what nibpcap says of each

dumps() {
    "$nibpcap" dump "$1.pcap" >"$dir/dump" 2>"$dir/err"
    status=$?
    { cat "$dir/dump" "$dir/err"; [ $status -eq 0 ] || echo "status: $status"; } >"$dir/both"
    stored "$1.dump" "$dir/both"
}
# Every message decodes, or is one of those that must not, and encodes back to the same octets.
checks() {
    "$nibpcap" check "$1.pcap" >"$dir/check" 2>&1
    echo "status: $?" >>"$dir/check"
    stored "$1.check" "$dir/check" && grep -qx 'encoded_differently: 0' "$dir/check"
}
draws() { "$nibpcap" ladder "$1.pcap" >"$dir/ladder" && stored "$1.ladder" "$dir/ladder"; }
paints() {
    "$nibpcap" ladder real-five-cases.pcap -o "$dir/five.svg" && stored five-cases.svg "$dir/five.svg"
}
apart() { # no two texts of its pictures touch, and no line of its text is too long
    "$nibpcap" ladder "$1.pcap" -o - | awk -f "$scripts/nibpcap/overlap.awk" &&
        "$nibpcap" ladder "$1.pcap" --wide -o - | awk -f "$scripts/nibpcap/overlap.awk" &&
        ! "$nibpcap" ladder "$1.pcap" | grep '.\{101\}'
}
while read -r file; do
    name=${file%.pcap}
    check "$name: dump" dumps "$name"
    check "$name: check" checks "$name"
    check "$name: its ladders have room for every word" apart "$name"
    case $name in real-*) check "$name: clients' ports are 40000 and above" client_ports "$name.pcap" ;; esac
done <"$dir/named"
for name in real-five-cases real-loss real-retry real-dead real-failover real-herd made-spoofed made-late \
    made-retransmissions made-duplicates made-cname made-failover made-id-reuse made-icmp made-malformed \
    made-out-of-order made-referrals made-bridge made-model-id-alone made-model-no-source made-model-any-repeat; do
    check "$name: ladder" draws $name
done
check "five-cases.svg is the picture of the five cases" paints

# ---- the programs' logic does the same again

grep -v '^#' RERUNS >"$dir/reruns"
rerun() {
    name=$1 role=$2
    shift 2
    "$nibpcap" rerun "$name.pcap" --as "$role" "$@" || return 1
}
while read -r name role options; do
    # shellcheck disable=SC2086 # options are words
    check "$name: rerun as $role" rerun "$name" "$role" $options
done <"$dir/reruns"
ends_soon() {
    timeout 20 "$nibpcap" rerun made-clock-jump.pcap --as local
    [ $? -eq 1 ]
}
check "made-clock-jump: rerun ends soon, with differences" ends_soon

# ---- and all this can fail

at_octet() { # file, octet, two hex digits: a copy with that octet, in $dir/changed.pcap
    cp "$1" "$dir/changed.pcap" &&
        printf "\\$(printf '%03o' "0x$3")" | dd of="$dir/changed.pcap" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
differs() { # octet, hex digits, role, words that are said
    at_octet real-five-cases.pcap "$1" "$2" || return 2
    "$nibpcap" rerun "$dir/changed.pcap" --as "$3" >"$dir/said" 2>&1
    status=$?
    cat "$dir/said"
    [ $status -eq 1 ] && grep -q "$4" "$dir/said"
}
# Where frame N's payload begins: file header 24, record header 16 each, 42 octets of headers in front.
payload() {
    "$nibpcap" dump "real-five-cases.pcap" | awk -v n="$1" '
        { len = substr($NF, 2) + 0; if (NR == n) print 24 + at + 16 + 42; at += 16 + 42 + len }'
}
eighth=$(payload 8) sixth=$(payload 6) second=$(payload 2)
check "one TTL changed: the rerun as local fails" differs $((eighth + 43)) 31 local 'ttl 49'
check "and says what the logic sends" grep -q 'logic: .*ttl 48' "$dir/said"
check "one octet of an answer changed: as local" differs $((second + 49)) 36 local '144.37.5.46'
check "one octet of an ID changed: as local" differs $((sixth + 3)) 09 local 'id 9'
check "one octet of a query changed: as client" differs $(($(payload 9) + 3)) 07 client 'ID 7'
check "one octet of a name server's answer changed: as amazone" differs $(($(payload 5) + 55)) 39 amazone \
    '3.33.147.89'
changed_is_seen() {
    at_octet real-five-cases.pcap "$((eighth + 43))" 31
    ! cmp -s real-five-cases.pcap "$dir/changed.pcap" && "$nibpcap" dump "$dir/changed.pcap" >"$dir/dump" &&
        ! cmp -s real-five-cases.dump "$dir/dump"
}
check "and the dump shows it" changed_is_seen

finish
