#!/bin/sh
# verdicts.sh FILE: what the dissector says of datagrams, a line of hex each (- is standard input). For
# each line one line:
#
#   valid id=0 flag=0 qtype=8 qname=www.csusm.edu
#   valid id=0 flag=1 qtype=8 qname=www.csusm.edu atype=8 aname=www.csusm.edu ttl=60 result=144.37.5.45
#   invalid NIB-3.2 12
#
# No datagram without octets ever reaches a dissector: for an empty line the answer comes from here.
# Status 2 when the dissector was not asked, or raised an error.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

[ $# -eq 1 ] || { echo "usage: verdicts.sh FILE" >&2; exit 2; }
tr -d ' \t\r' <"$([ "$1" = - ] && echo /dev/stdin || echo "$1")" >"$tmp/all.hex" || exit 2
grep -v '^$' "$tmp/all.hex" >"$tmp/some.hex"

tab=$(printf '\t')
: >"$tmp/said"
if [ -s "$tmp/some.hex" ]; then
    hex_pcap "$tmp/some.hex" "$tmp/some.pcap" 40001,21000 || { cat "$tmp/text2pcap.log" >&2; exit 2; }
    # a query repeated in the file is a retransmission, which changes no verdict
    shark -Y nibdns -r "$tmp/some.pcap" -T fields -E occurrence=f \
        -e _ws.lua.error -e nibdns.malformed.rule -e nibdns.malformed.at \
        -e nibdns.id -e nibdns.flag -e nibdns.qry.type -e nibdns.qry.name \
        -e nibdns.resp.type -e nibdns.resp.name -e nibdns.resp.ttl -e nibdns.resp.result \
        >"$tmp/said" 2>"$tmp/shark.log" || { cat "$tmp/shark.log" >&2; exit 2; }
fi

awk -F "$tab" '
    FILENAME == ARGV[1] { said[FNR] = $0; n = FNR; next }
    $0 == "" { print "invalid NIB-2.1 0"; next }
    {
        if (split(said[++k], f, FS) < 10 || f[1] != "") { print "no verdict: " said[k]; status = 2 }
        else if (f[2] != "") print "invalid", f[2], f[3]
        else {
            line = "valid id=" f[4] " flag=" f[5] " qtype=" f[6] " qname=" f[7]
            if (f[5] == 1)
                line = line " atype=" f[8] " aname=" f[9] " ttl=" f[10] " result=" f[11]
            print line
        }
    }
    END { exit k == n ? status : 2 }
' "$tmp/said" "$tmp/all.hex"
