#!/bin/sh
# Seeds for the fuzzers, a folder of files for each: build/fuzz/seeds/TARGET. They come from what the tree
# has in hand-written form: vectors, captures and their descriptions, records files; for targets whose
# input is a stream of decisions, every single decision and some rows of them.
set -eu
cd "$(dirname "$0")/../.."
to=build/fuzz/seeds
rm -rf "$to"
for target in message name dns records pcap make authoritative local client gate; do
    mkdir -p "$to/$target"
done

# awk prints `FILE HEX`; here it becomes files.
write() { perl -ne 'my ($file, $hex) = split; open(my $out, ">", $file) or die "$file: $!"; print $out pack("H*", $hex // "")'; }

# ---- message: the vectors. name: their names and results, two at a time

awk -v to="$to" '
    function hex(text,    i, s) {
        for (i = 1; i <= length(text); i++)
            s = s sprintf("%02x", index(ascii, substr(text, i, 1)) + 31)
        return s
    }
    function pair(a, b) { printf "%s/name/pair-%04d %02x%s%s\n", to, ++pairs, length(a) / 2, a, b }
    function finish() { if (name != "") printf "%s/message/%s %s\n", to, name, octets; name = octets = "" }
    BEGIN { for (i = 32; i < 127; i++) ascii = ascii sprintf("%c", i) }
    /^$/ { finish() }
    /^name: / { name = $2 }
    /^octets:/ { sub(/^octets:/, ""); gsub(/ /, ""); octets = octets $0 }
    /^(qname|aname|result): / {
        sub(/^[a-z]*: /, "")
        pair(before, hex($0))
        pair(hex(toupper($0)), hex($0))
        before = hex($0)
    }
    END {
        finish()
        n = split("[::1]:53 127.0.0.1:21000 [fe80::1%2] ::1 1.2.3.4 65535 0 aaaa CNAME [] [::]:0", words, " ")
        for (i = 1; i <= n; i++)
            pair(hex(words[i]), hex(words[n - i + 1]))
    }' proto/vectors.txt | write

# ---- records: those of the captures, and of faults. `!` stands for the header

for file in pcap/*.records; do
    if [ -f "$file" ]; then head -c 4000 "$file" >"$to/records/$(basename "$file")"; fi
done
for file in tests/scenario/cases/*; do
    awk '/^end$/ { on = 0 } on { sub(/^ */, ""); print } /^records/ { on = 1 }' "$file" |
        awk 'NR == 1 { printf "!" } { print }' >"$to/records/$(basename "$file")"
done
i=0
for line in ',a.b,A,1.2.3.4,None,1' ',a.b,AAAA,::1,None,1' ',a.b,CNAME,c.d,None,1' ',a.b,NS,c.d,None,1' \
    '0 , A.b , a , 1.2.3.4 , None , 1 # why' ',a..b,A,1.2.3,none,0' ',a.b,AAA,::1,None' 'x,,,,,,,' \
    ',b\303\274cher.de,A,1.2.3.4,None,1' ',a.b.,NA,1.2.3.4,60,1' '4294967296,a,A,1.2.3.4,None,1'; do
    i=$((i + 1))
    printf '!%b\n' "$line" >"$to/records/line-$i"
    printf '!%b\r\n,a.b,CNAME,x,None,1\n,a.b,NS,y,None,1\n,a.b,NS,Y,None,1' "$line" >"$to/records/lines-$i"
done

# ---- pcap and make: the captures and their descriptions

for file in pcap/*.pcap; do
    if [ -f "$file" ] && [ "$(wc -c <"$file")" -le 4000 ]; then
        { printf '\0'; cat "$file"; } >"$to/pcap/$(basename "$file")"
    fi
done
for file in pcap/*.pcap; do # the first frames of each
    if [ -f "$file" ]; then { printf '\0'; head -c 700 "$file"; } >"$to/pcap/head-$(basename "$file")"; fi
done
for file in pcap/*.txt; do
    if [ -f "$file" ]; then head -c 4000 "$file" >"$to/make/$(basename "$file")"; fi
done

# ---- streams of decisions: see fuzz_name(), fuzz_reply() and the event() of each target

perl -e '
    my $to = shift;
    sub seed { my ($target, $name, @octets) = @_;
        open(my $out, ">", "$to/$target/$name") or die; print $out pack("C*", @octets); }
    for my $name (0 .. 25) {
        for my $type (0 .. 3) {
            # settings, then: query, reply that fits, one with TTL 0, a miss, the deadline
            for my $how (0, 2, 4, 5, 6, 7, 0x34, 0xc4) {
                seed("local", "name-$name-$type-$how", 0, 100, 2, 0, 0, 1, $type, $name,
                    4, 0, $how, 3, 1, 1, 0, 4, 1, $how, 3, 2, 9, 9, 9);
            }
            seed("authoritative", "name-$name-$type", 60, 0, 1, $type, $name, 1, 1, 2, $type, $name, 0);
            for my $how (0, 2, 4, 5, 0x34, 0xc4) {
                seed("client", "name-$name-$type-$how", 1, 100, 2, 0, 0, $name, $type, 1, $how, 3, 1, 1, 1,
                    0, $name, $type, 5, 1, 5, 1, 4, 3);
            }
        }
    }
    seed("local", "cname-too-many", 0, 100, 2, 0, 0, 0, 0, 3, map { (4, 0, 5, 3, $_) } 5, 6, 7, 8, 25, 2, 10, 11, 12, 0);
    seed("local", "herd", 0, 100, 2, map { (0, $_, $_ % 3, 0, 3 + $_ % 6) } 0 .. 20);
    seed("local", "trouble-$_", 0, 100, 3, 11, 2, $_, 0, 0, 0, 0, 11, 8, 0, 9, 9, 11, 2, $_, 9, 8, 1) for 0 .. 255;
    seed("local", "reload", 0, 100, 3, 0, 0, 0, 0, 3, 4, 0, 4, 3, 1, 11, 0, 1, 0, 0, 1, 0, 3, 11, 1, 11, 0, 0);
    seed("client", "raw", 1, 100, 2, 0, 0, 1, 0, 3, 4, 1, 2, 3, 4, 1, 5, 0, 5, 1, 5, 1);
' "$to"

for target in message name dns records pcap make authoritative local client gate; do
    echo "$target: $(find "$to/$target" -type f | wc -l) seeds"
done
