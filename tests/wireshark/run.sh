#!/bin/sh
# Tests of the Wireshark dissector, tools/nibdns.lua, in TAP.
#
#   run.sh             compare
#   run.sh --accept    make the golden files anew (then read the difference before it is committed)
#
# TSHARK=PROGRAM asks another tshark. SEED=N and COUNT=N are of the random datagrams.
#
# Here: NAME.txt is a scenario for text2pcap with whole IP packets (`# snap N` in it cuts the frames to
# N octets), NAME.json its nibdns layers in two passes and NAME.one-pass.json in one; info.txt
# the Info columns of all, stat.txt their statistics, fields.txt what the dissector registers.
set -u
here=$(cd "$(dirname "$0")" && pwd)
accept=${1-}
: "${SEED:=1}" "${COUNT:=4000}"

if ! command -v "${TSHARK:-tshark}" >/dev/null 2>&1; then
    echo "ok 1 - the dissector # SKIP tshark is not installed"
    echo "1..1"
    exit 0
fi
for tool in text2pcap editcap mergecap; do
    command -v $tool >/dev/null 2>&1 || {
        echo "ok 1 - the dissector # SKIP $tool is not installed"
        echo "1..1"
        exit 0
    }
done
. "$here/lib.sh"
cd "$tmp" || exit 2
vectors=$top/proto/vectors.txt

# ---- TAP

why=$tmp/why
# shellcheck source=tests/lib/tap.sh
. "$top/tests/lib/tap.sh"
same() { diff "$1" "$2" >"$tmp/why" 2>&1; }
empty() { cp "$1" "$tmp/why" 2>/dev/null; [ -f "$1" ] && [ ! -s "$1" ]; }

# golden FILE GOLDEN
golden() {
    if [ "$accept" = --accept ]; then
        cp "$1" "$2"
    fi
    same "$2" "$1"
}

# ---- It loads, and registers what it promises

printf '00000000080d7777772e637375736d2e656475\n' >one.hex
hex_pcap one.hex one.pcap 40001,21000
shark -Y nibdns -r one.pcap -T fields -e nibdns.qry.name >loaded 2>why && [ "$(cat loaded)" = www.csusm.edu ]
succeeded "the dissector loads"
[ $failed -eq 0 ] || { finish; exit; }

mkdir -p home/.local/lib/wireshark/plugins && cp nibdns.lua home/.local/lib/wireshark/plugins
plain_shark_fields() { $unprivileged "$tshark" -G fields 2>>why; }
plain_shark_fields | awk -F '\t' '$1 == "F" && $3 ~ /^nibdns($|\.)/ { print $3, $4, $7 }' | sort >fields
rm -r home/.local
golden fields "$here/fields.txt"
succeeded "fields: names, types, masks"

# ---- Vectors

verdicts() { awk '{ print ($1 == "valid") }' "$1"; }
claimed() { awk '{ print ($0 != "") }' "$1"; }

awk -v out=vector -f "$here/vectors.awk" "$vectors"
"$here/verdicts.sh" vector.hex >said 2>why
awk 'FILENAME == ARGV[1] { said[FNR] = $0; next }
     FILENAME == ARGV[2] { name[FNR] = $0; next }
     $0 != said[FNR] { print name[FNR] ": expected " $0; print name[FNR] ": said     " said[FNR] }
     END { if (FNR == 0) print "no vectors" }' said vector.name vector.verdicts >>why
empty why
succeeded "vectors: verdict, rule, octet, fields"

verdicts vector.verdicts >valid
hex_pcap vector.hex vector.pcap 40001,21000
shark -r vector.pcap -T fields -E separator='|' -E occurrence=f -e nibdns.a -e nibdns.aaaa \
    -e nibdns.cname -e nibdns.ns -e nibdns.miss 2>why |
    awk -F '|' 'BEGIN { OFS = "|" } { if ($2 != "") $2 = "address"; if ($5 != "") $5 = "miss"; print }' |
    paste -d ' ' valid - | sed -n 's/^1 //p' >results
paste -d ' ' valid vector.result | sed -n 's/^1 //p' >results.expected
same results.expected results
succeeded "vectors: typed results and misses"

# What the codec says of each rule, from its own list; each rule has its own expert info.
# The compiler puts the names of the types into the words: as pieces of one string, "of " "A".
printf '#include "nibdns/protocol.h"\nNIB_RULES(RULE)\n' | ${CC:-cc} -E -P -I"$top/include" - |
    sed 's/" "//g; s/RULE(/\n&/g' |
    sed -n 's/^RULE(NIB_ERR_\([A-Z_0-9]*\), "\(NIB-[0-9.]*\)", "\(.*\)").*/\1|\2|\3/p' >rules
awk -F '|' '
    FILENAME == ARGV[1] { key[$2] = tolower($1); words[$2] = $3; next }
    { split($0, w, " ") }
    w[1] == "invalid" { printf "Malformed: %s (%s) at octet %d|%s\n", words[w[2]], w[2], w[3], key[w[2]] }
    w[1] != "invalid" { print "|" }' rules vector.verdicts >words.expected
keys=$(cut -d '|' -f 1 rules | tr '[:upper:]' '[:lower:]')
set --
for key in $keys; do
    set -- "$@" -e "nibdns.malformed.$key"
done
shark -r vector.pcap -T fields -E separator='|' -E aggregator=';' -e _ws.expert.message "$@" 2>why |
    awk -F '|' -v keys="$keys" '
        BEGIN { split(keys, key, /[ \n]/) }
        {
            n = split($1, message, ";")
            line = ""
            for (i = 1; i <= n; i++)
                if (message[i] ~ /^Malformed: /) line = line message[i]
            line = line "|"
            for (i = 2; i <= NF; i++)
                if ($i != "") line = line key[i - 1]
            print line
        }' >words
same words.expected words
succeeded "vectors: the codec's words and an expert info of its own for each rule"

# ---- Where it is called

shark -o nibdns.ports: -r vector.pcap -T fields -e nibdns 2>why >by && claimed by >claims && same valid claims
succeeded "the heuristic takes exactly the vectors that decode, without ports"

hex_pcap vector.hex other.pcap 40005,40006
shark -r other.pcap -T fields -e nibdns 2>why >by && claimed by >claims && same valid claims
succeeded "the heuristic takes exactly the vectors that decode, on other ports"

lines=$(wc -l <vector.hex)
count() { grep -c . "$1"; }
shark --disable-heuristic nibdns_udp -r other.pcap -T fields -e nibdns 2>why >by; [ "$(count by)" -eq 0 ]
succeeded "no heuristic, other ports: nothing"
shark --disable-heuristic nibdns_udp -o nibdns.ports:40006-40010 -r other.pcap -T fields -e nibdns 2>why >by
[ "$(count by)" -eq "$lines" ]
succeeded "the preference takes a range at run time"
shark --disable-heuristic nibdns_udp -o nibdns.ports:40006-40010 -r vector.pcap -T fields -e nibdns 2>why >by
[ "$(count by)" -eq 0 ]
succeeded "and lets go of the ports that it had"
shark --disable-heuristic nibdns_udp -d udp.port==40006,nibdns -r other.pcap -T fields -e nibdns 2>why >by
[ "$(count by)" -eq "$lines" ]
succeeded "Decode As"

# ---- Scenarios

layers() { shark "$@" -T json -J 'nibdns icmp icmpv6' --no-duplicate-keys 2>>why | awk -f "$here/layers.awk"; }

: >info; : >stat; : >stat-two
for text in "$here"/*.txt; do
    name=$(basename "$text" .txt)
    grep -q '^[0-9][0-9]:[0-9][0-9]:' "$text" || continue # fields.txt and the like
    text_pcap "$text" "$name.pcap" -t '%H:%M:%S.%f'
    snap=$(sed -n 's/^# snap \([0-9]*\)$/\1/p' "$text")
    if [ -n "$snap" ]; then
        editcap -F pcap -s "$snap" "$name.pcap" cut.tmp && mv cut.tmp "$name.pcap" && chmod a+r "$name.pcap"
    fi
    layers -r "$name.pcap" >one.json
    golden one.json "$here/$name.one-pass.json"
    succeeded "$name, one pass"
    layers -2 -r "$name.pcap" >two.json
    golden two.json "$here/$name.json"
    succeeded "$name, two passes"
    {
        echo "# $name"
        shark -2 -r "$name.pcap" -T fields -e frame.number -e _ws.col.Protocol -e _ws.col.Info | tr '\t' ' '
    } >>info 2>>why
    {
        echo "# $name"
        shark -q -z nibdns,stat -r "$name.pcap"
    } >>stat 2>>why
    {
        echo "# $name"
        shark -q -2 -z nibdns,stat -r "$name.pcap"
    } >>stat-two 2>>why
done
golden info "$here/info.txt"
succeeded "Info columns"
golden stat "$here/stat.txt"
succeeded "statistics"
same stat stat-two
succeeded "statistics are the same in two passes"
shark -q -z 'nibdns,stat,nibdns.qry.type == 4' -r pairs.pcap >filtered 2>why
grep -q '^Queries  *0  *1  *0  *0  *1$' filtered
succeeded "statistics of what a filter lets through"

# ---- Hostile and cut datagrams

echo "# seed $SEED, $COUNT datagrams"
awk -v seed="$SEED" -v count="$COUNT" -f "$here/mutate.awk" "$vectors" | grep . >random.hex
"$here/verdicts.sh" random.hex >random.verdicts 2>why
succeeded "random datagrams: a verdict for each, no Lua error"
# others guess too: one datagram that looks like QUIC, and the whole conversation is taken for it
set --
for other in $($unprivileged "$tshark" -G heuristic-decodes 2>/dev/null | awk -F '\t' '$1 == "udp" { print $2 }' | sort -u); do
    set -- "$@" --disable-protocol "$other"
done
hex_pcap random.hex random.pcap 40005,40006
verdicts random.verdicts >valid
shark "$@" -r random.pcap -T fields -e nibdns 2>why >by && claimed by >claims && same valid claims
succeeded "random datagrams: the heuristic takes exactly those that decode"

hex_pcap_both_ways random.hex ways.pcap 40001,21000
shark -2 -r ways.pcap -V -O nibdns >tree 2>why && shark -r ways.pcap -T json -J nibdns >>tree 2>>why &&
    shark -2 -q -z nibdns,stat -r ways.pcap >>tree 2>>why
succeeded "random datagrams both ways, two passes"
grep -i 'lua error' tree >why
empty why
succeeded "random datagrams both ways: no Lua error"

# A cut text stands in the Info column, which 4.0 prints as it is: here with each octet that there is. A
# newline among them would make a line too many.
awk 'BEGIN {
    for (octet = 0; octet < 256; octet++)
        printf "00000000082061%02x5b336d616161616161616161616161616161616161616161616161616161\n", octet
}' >octets.hex
hex_pcap octets.hex octets.pcap 40001,21000
editcap -F pcap -s 44 octets.pcap short.pcap && editcap -F pcap -s 44 ways.pcap ways-short.pcap &&
    mergecap -F pcap -a -w shorts.pcap short.pcap ways-short.pcap && chmod a+r shorts.pcap
shark -r shorts.pcap >summary 2>why && [ "$(wc -l <summary)" -eq "$(cat octets.hex random.hex | wc -l)" ]
succeeded "cut texts with any octet, and random datagrams cut: a line each"
cat summary >>tree
tr -d '\n\t' <tree | tr -cd '\001-\037\177' | od -c | sed '$d' >why
empty why
succeeded "no raw control octet in what is printed"

# A capture that kept 29 to 120 octets of each frame.
set --
snap=29
while [ $snap -le 120 ]; do
    editcap -F pcap -s $snap pairs.pcap "snap$snap.pcap" && set -- "$@" "snap$snap.pcap"
    snap=$((snap + 1))
done
mergecap -F pcap -a -w snaps.pcap "$@" && chmod a+r snaps.pcap
shark -2 -r snaps.pcap -Y 'nibdns.malformed || _ws.lua.error' >why 2>&1
empty why
succeeded "cut datagrams are no fault of the message"
shark -2 -r snaps.pcap -Y 'nibdns.expert.cut' 2>why | awk 'END { exit NR < 100 }'
succeeded "cut datagrams have a note"

# ---- Work that grows with the capture, and no faster: four times the packets, four times the operations.
# A tree of addresses adds a little to that.

cp "$here/operations.lua" . && chmod a+r operations.lua
operations() { # KIND N
    awk -v kind="$1" -v n="$2" -f "$here/growth.awk" >grown.txt &&
        text_pcap grown.txt grown.pcap -t '%H:%M:%S.%f' &&
        plain_shark -X lua_script:operations.lua -X lua_script:nibdns.lua -q -r grown.pcap 2>>why |
        sed -n 's/^operations //p'
}
for kind in sources names pairs herd shared unsolicited retries duplicates; do
    few=$(operations $kind 500) many=$(operations $kind 2000)
    echo "$few operations for 500, $many for 2000" >>why
    [ "${few:-0}" -gt 50000 ] && [ "${many:-0}" -gt "$few" ] && [ "$many" -le $((few * 44 / 10)) ]
    succeeded "many $kind: work in proportion"
done

# ---- Installed

mkdir tools && cp -r "$top/tools/nibdns.lua" "$top/tools/wireshark" tools && chmod -R a+rX tools
$unprivileged tools/wireshark/install-dissector.sh >why 2>&1 && [ -f home/.local/lib/wireshark/plugins/nibdns.lua ]
succeeded "install-dissector.sh"
plain_shark -C nibdns -r pairs.pcap 2>why >columns
head -n 2 columns | tail -n 1 |
    grep -q 'local client 40001 0 A www.csusm.edu 144.37.5.45 60 0.010000000 Response A'
succeeded "the profile has columns for who speaks, ID, type, name, result, TTL, response time"
! grep -q '10\.0\.0\.' columns
succeeded "the profile shows no addresses"
for name in pairs icmp mismatch malformed duplicate; do
    plain_shark -C nibdns -2 --color -r $name.pcap -T fields -e frame.coloring_rule.name 2>>why
done | sort -u >rules.used
sed -n 's/^@\([^@]*\)@.*/\1/p' "$top/tools/wireshark/profile/nibdns/colorfilters" | grep -v unsolicited | sort >rules.all
same rules.all rules.used
succeeded "the profile's colour rules"
sed -n 's/^"TRUE","[^"]*","\([^"]*\)".*/\1/p' "$top/tools/wireshark/profile/nibdns/dfilter_buttons" >filters
: >why
while read -r filter; do
    plain_shark -C nibdns -r pairs.pcap -Y "$filter" >/dev/null 2>>why || echo "$filter" >>why
done <filters
empty why
succeeded "the profile's filter buttons"
$unprivileged tools/wireshark/install-dissector.sh --uninstall >why 2>&1 && [ -z "$(find home -type f)" ] &&
    ! plain_shark -Y nibdns -r pairs.pcap >why 2>&1
succeeded "install-dissector.sh --uninstall"

# ---- The stored captures: the golden layers of each, and no fault in the dissector in any

for capture in "$top"/pcap/*.pcap; do
    [ -f "$capture" ] || continue
    name=$(basename "$capture" .pcap)
    cp "$capture" "$name.stored" && chmod a+r "$name.stored"
    mkdir -p "$here/pcap"
    layers -2 -r "$name.stored" >stored.json
    golden stored.json "$here/pcap/$name.json"
    succeeded "pcap/$name"
done
mergecap -a -w all.pcapng ./*.stored && chmod a+r all.pcapng
for pass in '' -2; do
    shark $pass -r all.pcapng -V -O nibdns >tree 2>why && [ "$(grep -c '^Frame ' tree)" -gt 200 ] &&
        ! grep -i 'lua error' tree >why
    succeeded "all stored captures${pass:+, two passes}: no Lua error"
done

finish
