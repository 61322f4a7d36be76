#!/bin/sh
# nibpcap as its users see it, in TAP: what it prints and its exit status. Run from the project's
# root, behind `make check`. UPDATE=1 writes the expected files anew: look at what git says then.
set -u
here=tests/scripts/nibpcap
nibpcap=build/test/bin/nibpcap
bin=build/test/bin
dir=$(mktemp -d) || exit 2
pids=
trap 'rm -rf "$dir"; [ -z "$pids" ] || kill $pids 2>/dev/null' EXIT
export TZ=UTC
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh

# Runs nibpcap with a status that must come: status, words..., output in $dir/out and $dir/err.
runs() {
    want=$1
    shift
    "$nibpcap" "$@" >"$dir/out" 2>"$dir/err"
    status=$?
    [ "$status" -eq "$want" ] && return 0
    echo "nibpcap $*: status $status, not $want"
    cat "$dir/out" "$dir/err"
    return 1
}
prints() { # file, status, words...
    file=$1
    shift
    runs "$@" || return 1
    sed "s/:${port:-none}/:PORT/" "$dir/out" "$dir/err" >"$dir/both"
    [ -z "${UPDATE:-}" ] || cp "$dir/both" "$here/$file"
    diff -u "$here/$file" "$dir/both"
}
says() { # pattern in what was printed, status, words...
    pattern=$1
    shift
    runs "$@" || return 1
    grep -q -e "$pattern" "$dir/out" "$dir/err" && return 0
    echo "no '$pattern' in:"
    cat "$dir/out" "$dir/err"
    return 1
}
one_line() { # pattern in the one line on standard error, with nothing on standard output
    says "$@" && [ "$(wc -l <"$dir/err")" -eq 1 ] && [ ! -s "$dir/out" ]
}
story() { # the story with a sed script applied, as $dir/NAME.pcap
    sed "$2" "$here/story.txt" >"$dir/$1.txt" && "$nibpcap" make "$dir/$1.txt" -o "$dir/$1.pcap"
}

# ---- make, dump, check, ladder

for name in story odd; do
    check "$name: make" runs 0 make "$here/$name.txt" -o "$dir/$name.pcap"
    check "$name: make gives the same octets again" sh -c \
        "$nibpcap make $here/$name.txt -o - | cmp - $dir/$name.pcap"
    check "$name: dump" prints "$name.dump" 0 dump "$dir/$name.pcap"
    check "$name: dump -x" prints "$name.hex" 0 dump -x "$dir/$name.pcap"
    check "$name: dump --json" prints "$name.json" 0 dump --json "$dir/$name.pcap"
    check "$name: check" prints "$name.check" 1 check "$dir/$name.pcap"
    check "$name: ladder" prints "$name.ladder" 0 ladder "$dir/$name.pcap"
    check "$name: ladder -o" prints "$name.svg" 0 ladder "$dir/$name.pcap" -o -
done
check "the ladder is the same in another time zone" sh -c \
    "TZ=Asia/Tokyo $nibpcap ladder $dir/story.pcap | cmp - $here/story.ladder"
check "dump follows the time zone" sh -c \
    "TZ=JST-9 $nibpcap dump $dir/story.pcap | grep -q '^07:13:20.000000 IP '"
check "standard input is a capture too" sh -c \
    "$nibpcap dump - <$dir/story.pcap | cmp - $here/story.dump"
check "other ports on demand" says "^frames: 18" 0 check --port 9 "$dir/story.pcap"
check "a capture in which all is well" says "^nothing wrong" 0 check --port 40001 "$dir/story.pcap"

# ---- which messages

lines() { # how many lines of standard output, status, words...
    wanted=$1
    shift
    runs "$@" && [ "$(wc -l <"$dir/out")" -eq "$wanted" ] && return 0
    cat "$dir/out"
    return 1
}
check "--name: a name and what it causes" lines 8 0 dump --name SHOP.amazone.com "$dir/story.pcap"
check "--client: a host and what it causes" lines 3 0 dump --client 127.0.0.1:40001 --frames 1-3 "$dir/story.pcap"
check "--client with what its queries caused" says "50001 > 127.0.0.1.22000" 0 dump \
    --client 127.0.0.1:40001 "$dir/story.pcap"
check "--id" lines 2 0 dump --id 1 --client 127.0.0.1:40001 "$dir/story.pcap"
check "--frames A-B" lines 3 0 dump --frames 4-6 "$dir/story.pcap"
check "--frames A" lines 1 0 dump --frames 4 "$dir/story.pcap"
check "--frames A-" lines 2 0 dump --frames 17- "$dir/story.pcap"
check "--frames -B" lines 2 0 dump --frames -2 "$dir/story.pcap"
check "check counts what was chosen" says "^queries: 3" 0 check --name shop.amazone.com --client \
    127.0.0.1:40001 --frames 3-5 "$dir/story.pcap"
check "the ladder draws what was chosen" says "\[for frame 3\]" 0 ladder --name shop.amazone.com \
    "$dir/story.pcap"
check "and nothing else" sh -c "! grep -q 'www.csusm' $dir/out"
check "no frames" one_line "is not like 7, 7-20, 7- or -20" 2 dump --frames 9-7 "$dir/story.pcap"
check "no ID" one_line "is not 0 to 4294967295" 2 dump --id 4294967296 "$dir/story.pcap"
check "no name" one_line "is no name" 2 dump --name a..b "$dir/story.pcap"

# ---- pictures

apart() { "$nibpcap" ladder "$1" $2 -o - | awk -f "$here/overlap.awk"; }
long=$(awk 'BEGIN { for (i = 0; i < 25; i++) printf "abcdefghi."; print "xyz" }')
cat >"$dir/long.txt" <<EOF
host client [2001:0db8:1111:2222:3333:4444:5555:6666]:40001
host other [2001:0db8:1111:2222:3333:4444:5555:7777]:40001
host local [2001:0db8:1111:2222:3333:4444:5555:8888]:21000
host amazone [2001:0db8:1111:2222:3333:4444:5555:9999]:22000
0 client > local query CNAME $long id 4294967295
+0.1 local > amazone query CNAME $long id 0
+0.1 amazone > local response CNAME $long $long ttl 2147483647 id 0
+0.1 local > client response CNAME $long $long ttl 2147483647 id 4294967295
+0.1 other > client response CNAME $long $long ttl 2147483647 id 1 ; answers x.$long
EOF
sed "s/ x.abcdefghi.$long/ x.${long#abcdefghi.}/; s/answers x.abcdefghi/answers x/" "$dir/long.txt" >"$dir/long2.txt"
"$nibpcap" make "$dir/long2.txt" -o "$dir/long.pcap"
check "the longest names and addresses overlap nowhere" apart "$dir/long.pcap" ""
check "nor on a slide" apart "$dir/long.pcap" --wide
columns() { "$nibpcap" ladder "$1" $2 | awk -v most="$3" 'length > most { print; bad = 1 } END { exit bad }'; }
check "no line of the text is longer than 100" columns "$dir/long.pcap" "" 100
check "nor than it was told" columns "$dir/long.pcap" "--width 60" 60
crowd() { # 40 clients, two messages each
    echo "host local 10.0.0.250:21000"
    i=1
    while [ $i -le 40 ]; do
        echo "$i 10.0.0.$i:40000 > local query A www.csusm.edu id $i"
        echo "+0.001 local > 10.0.0.$i:40000 response A www.csusm.edu 144.37.5.45 ttl 60 id $i"
        i=$((i + 1))
    done
}
crowd >"$dir/crowd.txt" && "$nibpcap" make "$dir/crowd.txt" -o "$dir/crowd.pcap"
check "a crowd overlaps nowhere" apart "$dir/crowd.pcap" ""
check "hosts without a line are named at their arrows" says "from 10.0.0.40:40000:" 0 \
    ladder "$dir/crowd.pcap"
check "and have one line together" says "^others  *named at the arrow" 0 ladder "$dir/crowd.pcap"
check "what is left out is told in the text" says "^70 further messages are not drawn (frames 11 to 80)" 0 \
    ladder --most 10 "$dir/crowd.pcap"
check "and on standard error" grep -q "^nibpcap ladder: 70 further messages are not drawn" "$dir/err"
check "and in the picture" says ">35 further messages are not drawn (frames 46 to 80)<" 0 \
    ladder --wide -o - "$dir/crowd.pcap"
check "a slide is 16 to 9" sh -c "sed -n 's/.*width=\"\([0-9]*\)\" height=\"\([0-9]*\)\" viewBox.*/\1 \2/p' $dir/out |
    awk '{ exit !(\$1 * 9 >= \$2 * 16 - 16 && \$1 * 9 <= \$2 * 16 + 16) }'"
scoped() { # every rule of the style names the picture
    "$nibpcap" ladder "$dir/story.pcap" -o - | sed -n '/<style>/,/<\/style>/p' | grep -v '</*style>' | tr '}' '\n' |
        sed 's/^@media ([a-z:-]*){//' | grep '{' | grep -v '^\.nibdns-ladder '
    [ $? -eq 1 ]
}
check "the picture's style holds for the picture alone" scoped
check "-o with another ending is refused" one_line "name it FILE.svg, not x.png" 2 ladder -o x.png "$dir/story.pcap"
check "--wide without a picture is refused" one_line "give -o FILE.svg, too" 2 ladder --wide "$dir/story.pcap"

# ---- ports that nobody named

other_ports() { # the story on other ports looks the same
    story ports "s/:21000/:31000/; s/:22000/:32000/" || return 1
    for command in dump check ladder; do
        "$nibpcap" $command "$dir/ports.pcap" >"$dir/ports"
        sed "s/31000/21000/g; s/32000/22000/g; s/0x973e -> 0x973f/0xbe4e -> 0xbe4f/" "$dir/ports" |
            diff -u "$here/story.$command" - || return 1
    done
}
check "servers on other ports are found by the queries that they get" other_ports
check "rerun finds the local server on another port, and its upstream port" says \
    "^local 127.0.0.1:31000: .* 0 differences" 0 rerun "$dir/ports.pcap" --as local
check "rerun finds it by its address, too" says "^local 127.0.0.1:31000: .* 0 differences" 0 rerun \
    "$dir/ports.pcap" --as local --at 127.0.0.1
check "rerun finds the authoritative server on another port" says \
    "^amazone 127.0.0.1:32000: 2 datagrams in, 2 sent" 1 rerun "$dir/ports.pcap" --as amazone
check "rerun finds clients of a server on another port" says "^client: 6 datagrams in, 5 sent" 1 rerun \
    "$dir/ports.pcap" --as client
check "given ports are all there are" says "^other_traffic: 18" 0 check --port 9 "$dir/ports.pcap"

cat >"$dir/forged.txt" <<EOF
host client 127.0.0.1:40001
host local 127.0.0.1:31000
host forger 127.0.0.1:5353
host else 127.0.0.1:5354
0.000000 client > local query A www.csusm.edu id 0
+0.000100 forger > client response A www.csusm.edu 6.6.6.6 ttl 60 id 0
+0.000100 forger > client hex 00000000
+0.000100 local > client response A www.csusm.edu 144.37.5.45 ttl 60 id 0
+0.000100 else > forger hex 00000000
EOF
"$nibpcap" make "$dir/forged.txt" -o "$dir/forged.pcap"
sed "s/31000/21000/" "$dir/forged.txt" >"$dir/forged2.txt"
"$nibpcap" make "$dir/forged2.txt" -o "$dir/forged2.pcap"
for file in forged forged2; do
    check "$file: an answer from a stranger's port is shown" says \
        "127.0.0.1.5353 > 127.0.0.1.40001: nibdns Response A www.csusm.edu 6.6.6.6" 0 dump \
        "$dir/$file.pcap"
    check "$file: so is what is malformed" says "5353 > 127.0.0.1.40001: nibdns malformed" 0 dump \
        "$dir/$file.pcap"
    check "$file: what neither is for anybody known nor decodes is other traffic" says \
        "^nibpcap dump: other traffic left out, frames: 1;" 0 dump "$dir/$file.pcap"
    check "$file: the ladder says unsolicited" says "\[unsolicited: wrong source\]" 0 ladder \
        "$dir/$file.pcap"
    check "$file: and draws the stranger as another one" says "^other  *127.0.0.1:5353" 0 ladder \
        "$dir/$file.pcap"
    check "$file: check says unsolicited" says "^frame 2: unsolicited" 1 check "$dir/$file.pcap"
done
check "with given ports the stranger is shown, too" says "^frame 2: unsolicited" 1 check \
    --port 21000 "$dir/forged2.pcap"

# A live input: each message is out before the next one is there.
live() {
    mkfifo "$dir/fifo" || return 1
    "$nibpcap" dump - <"$dir/fifo" >"$dir/live" &
    pid=$!
    exec 3>"$dir/fifo"
    head -c 87 "$dir/story.pcap" >&3 # the file header, a record header, 47 octets
    i=0
    while [ ! -s "$dir/live" ] && [ $i -lt 100 ]; do
        sleep 0.05
        i=$((i + 1))
    done
    lines=$(wc -l <"$dir/live")
    exec 3>&-
    wait "$pid"
    [ "$lines" -eq 1 ]
}
check "a live capture is shown as it comes" live
live_ladder() { # a row for each message before the next one is there, and what stayed unanswered at the end
    rm -f "$dir/fifo" && mkfifo "$dir/fifo" || return 1
    "$nibpcap" ladder - <"$dir/fifo" >"$dir/live" &
    pid=$!
    exec 3>"$dir/fifo"
    head -c 87 "$dir/story.pcap" >&3
    i=0
    while ! grep -q "^ *1  .*id 0" "$dir/live" && [ $i -lt 100 ]; do
        sleep 0.05
        i=$((i + 1))
    done
    early=$(grep -c "^ *1  .*A www.csusm.edu id 0" "$dir/live")
    tail -c +88 "$dir/story.pcap" >&3
    exec 3>&-
    wait "$pid"
    cat "$dir/live"
    [ "$early" -eq 1 ] && grep -q "\[frame 15 is unanswered\]" "$dir/live" && ! grep '.\{101\}' "$dir/live"
}
check "a live ladder is drawn as it comes" live_ladder
check "check reads a pipe" sh -c "cat $dir/story.pcap | $nibpcap check - | diff - $here/story.check"

# Every link type, byte order and unit shows the same messages.
for link in null ethernet raw raw12 raw14 loop sll ipv4 sll2; do
    for order in little big; do
        { echo "link $link"; echo "order $order"; echo "unit nano"; cat "$here/story.txt"; } \
            >"$dir/link.txt"
        check "link type $link, $order-endian" sh -c \
            "$nibpcap make $dir/link.txt -o - | $nibpcap dump - | cmp - $here/story.dump"
    done
done

# ---- what is wrong with files and descriptions

head -c 100 "$dir/story.pcap" >"$dir/cut.pcap"
check "a cut file shows what it has, then where it ends" says \
    "cut.pcap: octet 100, frame 2: the file ends inside a record header" 2 dump "$dir/cut.pcap"
check "and that was one message" grep -q "www.csusm.edu id 0 (19)" "$dir/out"
for order in little big; do
    for unit in micro nano; do
        { echo "format pcapng"; echo "order $order"; echo "unit $unit"; cat "$here/story.txt"; } \
            >"$dir/ng.txt"
        check "pcapng, $order-endian, ${unit}seconds" sh -c \
            "$nibpcap make $dir/ng.txt -o $dir/ng.pcapng; $nibpcap dump $dir/ng.pcapng | cmp - $here/story.dump"
    done
done
if command -v editcap >/dev/null 2>&1; then
    check "a capture that Wireshark made pcapng of" sh -c "editcap -F pcapng $dir/story.pcap $dir/shark.pcapng &&
        $nibpcap dump $dir/shark.pcapng | cmp - $here/story.dump"
    check "Wireshark's tools read our pcapng" sh -c "editcap -F pcap $dir/ng.pcapng - |
        $nibpcap dump - | cmp - $here/story.dump"
else
    skip "pcapng from and for Wireshark" "editcap is not installed"
fi
packed() { # the first octets of a compressed file, and the command that unpacks it
    printf "$1" >"$dir/packed"
    one_line "unpack it with: $2 .*packed | nibpcap dump -" 2 dump "$dir/packed"
}
check "gzip names the command that unpacks it" packed '\037\213\010\000' "gzip -dc"
check "xz, too" packed '\3757zXZ\000' "xz -dc"
check "zstd, too" packed '\050\265\057\375' "zstd -dc"
check "bzip2, too" packed 'BZh91' "bzip2 -dc"
check "lz4, too" packed '\004\042\115\030' "lz4 -dc"
odd_record() { # the first record claims a second and a half as its fraction
    { head -c 28 "$dir/story.pcap"; printf '\140\343\026\000'; tail -c +33 "$dir/story.pcap"; } >"$dir/strange.pcap"
    says "octet 28, frame 1: the fraction of a second is a second or more; read on" 0 dump "$dir/strange.pcap" &&
        [ "$(wc -l <"$dir/out")" -eq 18 ]
}
check "an odd record is noted and the rest is read" odd_record
check "a text is no capture" one_line "octet 0: this is no capture file" 2 check tests/lib/run.sh
check "a file that is not there" one_line "$dir/none" 2 ladder "$dir/none"
check "no command" one_line "nibpcap --help" 2
check "a wrong command" one_line "no command .paint." 2 paint
check "a wrong option" one_line ".--colour. is unknown" 2 dump --colour x
check "a missing value" one_line "needs a value" 2 dump x --port
check "a wrong port" one_line "21000,22000" 2 dump --port x,1 "$dir/story.pcap"
check "a missing file name" one_line "FILE is missing" 2 check
check "--version" says "^nibpcap (nibdns) [0-9]" 0 --version
check "--version, cut short" says "^nibpcap (nibdns) [0-9]" 0 --vers
check "--help of all" says "nibpcap replay  *sends" 0 --help
for command in dump check ladder make rerun replay; do
    check "$command --help" says "^Usage: nibpcap $command" 0 $command --help
done
bad() { # a line of a description, and what is said of it
    { cat "$here/story.txt"; echo "$1"; } >"$dir/bad.txt"
    one_line "bad.txt:$(wc -l <"$dir/bad.txt"): .*$2" 2 make "$dir/bad.txt" -o "$dir/bad.pcap"
}
check "make: no such host" bad "9 nobody > local query A x id 1" "nobody: neither a host"
check "make: a type" bad "9 client > local query MX x id 1" "MX: none of A"
check "make: a word too much" bad "9 client > local query A x id 1 2" "2: too much"
check "make: no such frame" bad "9 client > local again 99" "99: no frame before"
check "make: an odd digit" bad "9 client > local hex abc" "two hex digits"
check "make: a modifier" bad "9 client > local query A x id 1 ; fast" "fast: no modifier"
check "make: a late setting" bad "link raw" "before the first packet"
check "make: no output" one_line "-o FILE is missing" 2 make "$here/story.txt"

# ---- rerun

check "rerun --as local" prints story.rerun 0 rerun "$dir/story.pcap" --as local
check "rerun --as amazone, --at" says "127.0.0.1:22000: 2 datagrams in, 2 sent.* 1 diff" 1 rerun \
    "$dir/story.pcap" --as amazone --at 127.0.0.1
check "rerun --as client of one socket" says "in, 2 sent as the logic sends them, 0 diff" 0 rerun \
    "$dir/story.pcap" --as client --at 127.0.0.1:40001
check "rerun of a host that is not there" one_line "no datagram of that host" 2 rerun \
    "$dir/story.pcap" --as local --at 10.9.9.9
check "rerun without a role" one_line "--as" 2 rerun "$dir/story.pcap"

check "rerun: what was in another order, or by another clock" sh -c \
    "$nibpcap make $here/order.txt -o $dir/order.pcap"
check "rerun: is told and fine" prints order.rerun 0 rerun "$dir/order.pcap" --as local
check "rerun: 20 ms before its end a record is there" sh -c "sed 's/^1.199600/1.180000/' \
    $here/order.txt | $nibpcap make - -o $dir/alive.pcap; $nibpcap rerun $dir/alive.pcap --as local |
    grep -q 'the logic sends nothing'"
check "rerun: 20 ms behind its end it is gone" sh -c "sed 's/^2.201600/2.220000/' \
    $here/order.txt | $nibpcap make - -o $dir/gone.pcap; $nibpcap rerun $dir/gone.pcap --as local |
    grep -q 'logic:   Query A z.amazone.com id 5'"

# The record came at 2.000800 with TTL 60 and is asked for at 8.000000: 55 are left, and by a
# millisecond's difference between the clocks 54; no more, no less.
for ttl in 53 54 55 56; do
    story ttl "s/ttl 55 id 0/ttl $ttl id 0/"
    case $ttl in
    54 | 55) want=0 ;;
    *) want=1 ;;
    esac
    check "rerun: a TTL of $ttl" runs $want rerun "$dir/ttl.pcap" --as local
done
check "rerun: a wrong TTL is shown" says "capture: Response A shop.amazone.com 3.33.147.88 ttl 56 id 0" 1 \
    rerun "$dir/ttl.pcap" --as local
check "rerun: and what is right" grep -q "logic:   Response A shop.amazone.com 3.33.147.88 ttl 54" \
    "$dir/out"
wrong() { # name, sed script on the story, what is said
    story "$1" "$2" && says "$3" 1 rerun "$dir/$1.pcap" --as "${4:-local}"
}
check "rerun: another ID upstream" wrong id "s/cloud.amazone.com id 1/cloud.amazone.com id 2/" \
    "logic:   Query A cloud.amazone.com id 1"
check "rerun: another result" wrong result "s/144.37.5.45/144.37.5.46/" "octet 49 of 50"
check "rerun: an answer that is cut off" wrong short "/ 144.37.5.45/s/$/ ; length 49/" "first difference at octet 49 of 49 in the capture, 50 in the logic"
check "rerun: an answer less" wrong less "/local > client response A www/d; s/refused 15/refused 14/" \
    "the logic sends what the capture does not have, to 127.0.0.1:40001, because of frame 1"
check "rerun: an answer to a malformed query" wrong more \
    "/octet 6 1b/a +0.0001 local > client2 response A x Server failure ttl 0 id 2
     s/refused 15/refused 16/" "frame 14: the logic sends nothing, to 127.0.0.1:40002"
check "rerun: a retry too early" wrong early "s/+0.500410/+0.400000/" "frame 5: the logic sends nothing"
check "rerun: a retry too late" wrong late "s/+0.500410/+0.700000/" "leaves 200 ms after its timer"
check "rerun: late, and allowed" runs 0 rerun "$dir/late.pcap" --as local --late 250
check "rerun: no retry" wrong none "/+0.500410/d; s/+0.000300/+0.700/; s/refused 15/refused 14/
    s/ttl 55/ttl 54/" "because\|timer after frame 3"
check "rerun: other records" says "logic:   Response A www.csusm.edu Record not found" 1 rerun \
    "$dir/story.pcap" --as local --records "$here/other.txt"
check "rerun: records that are wrong" says "story.txt:" 2 rerun "$dir/story.pcap" --as local \
    --records "$here/story.txt"
check "rerun: a client's ID that is skipped" wrong skip "s/AAAA nowhere.test id 1/AAAA nowhere.test id 7/" \
    "has ID 7, the logic's next one is 1" client
check "rerun: a refusal that was not captured" sh -c "sed '/refused 15/d' $here/story.txt |
    $nibpcap make - -o $dir/guess.pcap"
check "rerun: is taken for one, and told" says "1 questions taken for refused" 0 rerun \
    "$dir/guess.pcap" --as local

# Letters of random case are as good as those that the logic would draw; a short name is asked twice.
# The second exchange of the protocol: two referrals, two addresses, the answer.
printf '%s\n' record_no,name,type,result,ttl,static 0,com,NS,ns.com,None,1 1,ns.com,A,127.0.0.2,None,1 \
    >"$dir/tree.records"
cat >"$dir/tree.txt" <<EOF
host client 127.0.0.1:40001
host local 127.0.0.1:21000
host s1 127.0.0.1:50001
host s2 127.0.0.1:50002
host s3 127.0.0.1:50003
host s4 127.0.0.1:50004
host s5 127.0.0.1:50005
host com 127.0.0.2:22000
host amazone 127.0.0.3:22000
host eu 127.0.0.4:22000
0 client > local query A www.eu.amazone.com id 0
+0.0001 s1 > com query A www.eu.amazone.com id 0
+0.0001 com > s1 response A www.eu.amazone.com NS ns.amazone.com ttl 60 id 0 ; answers amazone.com
+0.0001 s2 > com query A ns.amazone.com id 1
+0.0001 com > s2 response A ns.amazone.com 127.0.0.3 ttl 60 id 1
+0.0001 s3 > amazone query A www.eu.amazone.com id 2
+0.0001 amazone > s3 response A www.eu.amazone.com NS ns.eu.amazone.com ttl 60 id 2 ; answers eu.amazone.com
+0.0001 s4 > amazone query A ns.eu.amazone.com id 3
+0.0001 amazone > s4 response A ns.eu.amazone.com 127.0.0.4 ttl 60 id 3
+0.0001 s5 > eu query A www.eu.amazone.com id 4
+0.0001 eu > s5 response A www.eu.amazone.com 192.0.2.80 ttl 60 id 4
+0.0001 local > client response A www.eu.amazone.com 192.0.2.80 ttl 60 id 0
EOF
"$nibpcap" make "$dir/tree.txt" -o "$dir/tree.pcap"
check "rerun: a walk down a tree" says " 6 sent as the logic sends them, 0 differences" 0 \
    rerun "$dir/tree.pcap" --as local --records "$dir/tree.records"

cat >"$dir/letters.records" <<EOF
record_no,name,type,result,ttl,static
0,ab.c,NS,dns.ab.c,None,1
1,dns.ab.c,A,10.0.0.2,None,1
EOF
letters() { # the answer to the second query, and its letters
    cat <<EOF
host client 127.0.0.1:40001
host local 127.0.0.1:21000
host first 10.0.0.1:50001
host second 10.0.0.1:50002
host amazone 10.0.0.2:22000
0 client > local query A ab.c id 0
+0.0001 first > amazone query A ab.C id 0
+0.0001 amazone > first response A ab.C 1.2.3.4 ttl 60 id 0
+0.0001 second > amazone query A aB.c id 0
+0.0001 amazone > second response A $2 $1 ttl 60 id 0
+0.0001 local > client response A ab.c 1.2.3.4 ttl 60 id 0
EOF
}
letters 1.2.3.4 aB.c >"$dir/letters.txt" && "$nibpcap" make "$dir/letters.txt" -o "$dir/letters.pcap"
check "rerun: names upstream in letters of random case" says " 3 sent as the logic sends them, 0 differences" 0 \
    rerun "$dir/letters.pcap" --as local --records "$dir/letters.records"
check "rerun: not where the server is said to mix none" says " 3 differences" 1 rerun "$dir/letters.pcap" \
    --as local --records "$dir/letters.records" --mix-case never
letters 1.2.3.5 aB.c >"$dir/letters.txt" && "$nibpcap" make "$dir/letters.txt" -o "$dir/letters.pcap"
check "rerun: two answers that do not agree are not believed" runs 1 rerun "$dir/letters.pcap" \
    --as local --records "$dir/letters.records"
letters 1.2.3.4 Ab.c >"$dir/letters.txt" && "$nibpcap" make "$dir/letters.txt" -o "$dir/letters.pcap"
check "rerun: nor is one in other letters" runs 1 rerun "$dir/letters.pcap" \
    --as local --records "$dir/letters.records"

# What Wireshark's filter "udp port 21000" leaves of the story.
grep -v 'socket\|amazone [>q]' "$here/story.txt" | grep -v 'refused' >"$dir/half.txt"
"$nibpcap" make "$dir/half.txt" -o "$dir/half.pcap"
check "rerun: answers that need missing traffic are not compared, and told" says \
    "^3 answers need traffic upstream, of which the capture has none: not compared" 0 rerun "$dir/half.pcap" --as local

cat >"$dir/shared.txt" <<EOF
host client 127.0.0.1:40001
host client2 127.0.0.1:40002
host local 127.0.0.1:21000
host socket 127.0.0.1:50001
host amazone 127.0.0.1:22000
0 client > local query A shop.amazone.com id 0
+0.0001 socket > amazone query A shop.amazone.com id 0
+0.0001 client2 > local query A shop.amazone.com id 0
+0.0001 local > client response A shop.amazone.com Server failure ttl 0 id 0
+0.0001 local > client2 response A shop.amazone.com Server failure ttl 0 id 0
EOF
"$nibpcap" make "$dir/shared.txt" -o "$dir/shared.pcap"
check "rerun: who waited on a question that was refused is told, too" says " 0 differences" 0 rerun \
    "$dir/shared.pcap" --as local

# ---- replay, to live servers on ports of their own

serve() { # program, options...; its port in $port
    program=$1
    shift
    : >"$dir/$program" # now, or what the one before said would be taken for its words
    "$bin/$program" --listen 127.0.0.1:0 --quiet "$@" >/dev/null 2>"$dir/$program" &
    pids="$pids $!"
    last=$!
    i=0
    while ! grep -q "port [0-9]" "$dir/$program" 2>/dev/null && [ $i -lt 100 ]; do
        sleep 0.05
        i=$((i + 1))
    done
    port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$dir/$program" | head -n 1)
}
"$nibpcap" make "$here/asks.txt" -o "$dir/asks.pcap"
serve amazoneserver
amazone=$port
check "replay: all the same" says "2 matched, 0 different, 0 missing, 0 extra" 0 replay "$dir/asks.pcap" \
    --to "127.0.0.1:$amazone" --port 22000 --speed 100
check "replay: what was chosen" says "1 queries to .* 1 matched, 0 different" 0 replay "$dir/asks.pcap" \
    --to "127.0.0.1:$amazone" --port 22000 --fast --name nowhere.amazone.com
check "replay: as fast as answered" says "2 matched, 0 different" 0 replay "$dir/asks.pcap" \
    --to "127.0.0.1:$amazone" --port 22000 --fast
serve localserver --upstream-port "$amazone"
sed "s/www.csusm.edu 144.37.5.45/www.csusm.edu 144.37.5.46/; s/3.33.147.88 ttl 60 id 1/3.33.147.88 ttl 59 id 1/" \
    "$here/story.txt" >"$dir/replay.txt"
"$nibpcap" make "$dir/replay.txt" -o "$dir/replay.pcap"
# www: another address; shop: a TTL higher than the capture's; cloud: found, not failed
check "replay: what is different" prints story.replay 1 replay "$dir/replay.pcap" --fast --to \
    "127.0.0.1:$port"
kill "$last" && wait "$last" 2>/dev/null
check "replay: nobody there" one_line "nobody listens at" 2 replay "$dir/story.pcap" --fast --to \
    "127.0.0.1:$port"
serve localserver --upstream-port "$amazone"
sed "s/21000/31000/; s/22000/32000/" "$dir/replay.txt" >"$dir/replay2.txt"
"$nibpcap" make "$dir/replay2.txt" -o "$dir/replay2.pcap"
check "replay: queries to another port are found" prints story.replay 1 replay "$dir/replay2.pcap" \
    --fast --to "127.0.0.1:$port"
kill "$last" && wait "$last" 2>/dev/null
# A pause of decades is cut, and said.
cat >"$dir/pause.txt" <<EOF
host client 127.0.0.1:40001
host amazone 127.0.0.1:22000
0 client > amazone query A shop.amazone.com id 0
+0.001 amazone > client response A shop.amazone.com 3.33.147.88 ttl 60 id 0
1700000000 client > amazone query A shop.amazone.com id 1
+0.001 amazone > client response A shop.amazone.com 3.33.147.88 ttl 60 id 1
EOF
"$nibpcap" make "$dir/pause.txt" -o "$dir/pause.pcap"
check "replay: a pause of decades is cut, and said" says \
    "a pause of 1700000000 s before frame 3 is cut to a second" 0 \
    replay "$dir/pause.pcap" --to "127.0.0.1:$amazone" --port 22000

# A server's own pcapng says what it decided, and which way each datagram went.
serve localserver --upstream-port "$amazone" --write "$dir/own.pcapng"
"$bin/client" --short --server "127.0.0.1:$port" www.csusm.edu >/dev/null
"$bin/client" --short --server "127.0.0.1:$port" shop.amazone.com >/dev/null
kill "$last" && wait "$last" 2>/dev/null
comments() {
    "$nibpcap" dump --json "$dir/own.pcapng" | sed 's/.*"comment":"\([^"]*\)".*/\1/' |
        diff - "$dir/comments"
}
cat >"$dir/comments" <<EOF
answered from record 0
answered from record 0
asked 127.0.0.1:$amazone, fetch 0
asked 127.0.0.1:$amazone, fetch 0
the answer to fetch 0
answered from fetch 0
EOF
check "a program's pcapng says what it decided" comments
check "dump shows it" says "{asked 127.0.0.1:$amazone, fetch 0}" 0 dump "$dir/own.pcapng"
check "the ladder, too" says "answered from record 0\]" 0 ladder "$dir/own.pcapng"
if command -v tshark >/dev/null 2>&1; then
    directions() {
        tshark -r "$dir/own.pcapng" -T fields -e frame.packet_flags_direction -e frame.comment \
            2>/dev/null | sed 's/^0x0000000//' | tr '\t' ' ' | diff - "$dir/directions"
    }
    awk '{ print (NR == 1 || NR == 3 || NR == 5 ? 1 : 2), $0 }' "$dir/comments" >"$dir/directions"
    check "and Wireshark shows it, with the direction of each packet" directions
    named() { tshark -r "$dir/own.pcapng" -q -z hosts 2>/dev/null | grep -q '^127.0.0.1.*loopback'; }
    check "and the names of its addresses" named
    commented() ( # lib.sh has a folder and a trap of its own
        here=$PWD/tests/wireshark
        # shellcheck source=tests/wireshark/lib.sh
        . "$here/lib.sh"
        cp "$dir/own.pcapng" "$tmp" && chmod a+r "$tmp/own.pcapng" &&
            shark -r "$tmp/own.pcapng" -Y 'frame.comment contains "fetch 0" && nibdns.flag == 1' >"$tmp/rows" &&
            [ "$(wc -l <"$tmp/rows")" -eq 2 ]
    )
    check "a filter takes a comment and a field of the dissector together" commented
else
    skip "comments, directions and names in Wireshark" "tshark is not installed"
fi

check "replay: nothing to send" one_line "no query to port 9" 2 replay "$dir/story.pcap" --to \
    127.0.0.1:9 --port 9

finish
