#!/bin/sh
# Every decoder of the protocol that there is, held against every other and against proto/vectors.txt,
# in TAP. VERDICTS=PROGRAM is the C one (build/test/verdicts); SEED=N and COUNT=N are of random datagrams.
#
#   codec       src/core/message.c, by way of tests/reference/verdicts.c
#   naive       tests/reference/naive.c, written from the text alone
#   kaitai      a parser generated from proto/nibdns.ksy (node, npm)
#   dissector   tools/nibdns.lua (tshark)
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
: "${VERDICTS:=$top/build/test/verdicts}" "${SEED:=2}" "${COUNT:=4000}"
case $VERDICTS in /*) ;; *) VERDICTS=$PWD/$VERDICTS ;; esac
modules=$top/build/differential/modules
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 2

why=$dir/why
# shellcheck source=tests/lib/tap.sh
. "$top/tests/lib/tap.sh"

# ---- The decoders

codec() { "$VERDICTS" "$1"; }
naive() { "$VERDICTS" --naive "$1"; }
kaitai() { node "$top/tests/reference/kaitai.js" "$modules" "$1"; }
dissector() { "$top/tests/wireshark/verdicts.sh" "$1"; }

# Installs what is pinned in tests/reference, once. Says why not.
install_kaitai() {
    for tool in node npm; do
        command -v $tool >/dev/null 2>&1 || { echo "$tool is not installed"; return 1; }
    done
    cmp -s "$top/tests/reference/package-lock.json" "$modules/done" && return 0
    mkdir -p "$modules" && cp "$top"/tests/reference/package*.json "$modules" &&
        (cd "$modules" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error) >npm.log 2>&1 &&
        cp "$top/tests/reference/package-lock.json" "$modules/done" && return 0
    echo "npm could not install kaitai-struct: $(grep -v warn npm.log | tail -n 1)"
    return 1
}
find_dissector() {
    for tool in "${TSHARK:-tshark}" text2pcap; do
        command -v "$tool" >/dev/null 2>&1 || { echo "$tool is not installed"; return 1; }
    done
}

[ -x "$VERDICTS" ] || { echo "not ok 1 - $VERDICTS is not built: make build/test/verdicts"; echo "1..1"; exit 1; }
others=naive
if words=$(install_kaitai); then others="$others kaitai"; else skip "the Kaitai description" "$words"; fi
if words=$(find_dissector); then others="$others dissector"; else skip "the dissector" "$words"; fi

# ---- What is compared: FILE.hex, a line of hex each, and FILE.said, what must be said of it

# The vectors, in the format of tests/wireshark/verdicts.sh. Those without octets are here too.
awk '
    function code(type) { return type == "A" ? 8 : type == "AAAA" ? 4 : type == "CNAME" ? 2 : 1 }
    function finish(    line) {
        if (f["name"] == "")
            return
        line = "invalid " f["rule"] " " f["at"]
        if (f["verdict"] == "valid")
            line = "valid id=" f["id"] " flag=" f["flag"] " qtype=" code(f["qtype"]) " qname=" f["qname"]
        if (f["verdict"] == "valid" && f["flag"] == 1)
            line = line " atype=" code(f["atype"]) " aname=" f["aname"] " ttl=" f["ttl"] " result=" f["result"]
        print f["octets"] >"vectors.hex"
        print line >"vectors.said"
    }
    /^#/ { next }
    /^$/ { finish(); split("", f); next }
    {
        key = substr($0, 1, index($0, ":") - 1)
        value = substr($0, index($0, ":") + 2)
        if (key == "octets")
            gsub(/ /, "", value)
        f[key] = f[key] value
    }
    END { finish() }' "$top/proto/vectors.txt"
codec vectors.hex >said 2>why && diff vectors.said said >>why
succeeded "vectors: codec, as the file says"

grep -hv '^#' "$top"/tests/fuzz/corpus/message*.hex >corpus.hex
awk -v seed="$SEED" -v count="$COUNT" -f "$top/tests/wireshark/mutate.awk" "$top/proto/vectors.txt" >random.hex
for file in corpus random; do
    codec $file.hex >$file.said 2>why && [ "$(wc -l <$file.hex)" -eq "$(wc -l <$file.said)" ]
    succeeded "$file: codec, a verdict for each"
    echo "# $file: $(wc -l <$file.hex) datagrams, $(grep -c '^valid' $file.said) of them valid"
done
[ "$(cat ./*.said | sed -n 's/^invalid \([^ ]*\) .*/\1/p' | sort -u | wc -l)" -eq 15 ]
succeeded "all 15 rules of a message are broken somewhere"

# ---- The others

for decoder in $others; do
    for file in vectors corpus random; do
        $decoder $file.hex >said 2>why && diff $file.said said >>why
        succeeded "$file: $decoder agrees"
    done
done

finish
