#!/bin/sh
# The five cases, played by the real programs in real time: what each asks, the tables that answer
# it, and whether that is what must come out. DEMO_TTL shortens the 60 seconds.
set -u
. tools/play/servers.sh
ttl=${DEMO_TTL:-60}
failures=0
trap stop_servers EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
start_servers --ttl "$ttl" || exit 2
mkfifo "$dir/names.$$" || exit 2
bin/client <"$dir/names.$$" >"$dir/client.txt" 2>"$dir/client.err" &
client_pid=$!
exec 3>"$dir/names.$$"
rm -f "$dir/names.$$"

say() { printf '%s\n' "$@"; }

# The newest table that a program printed.
table() {
    awk '/record_no,name,type,result,ttl,static/ { text = "" } { text = text $0 "\n" }
         END { printf "%s", text }' "$dir/$1.txt" | sed "s/^Enter the hostname.*: //; /^$/d; s/^/    /"
}

# ask NAME: has the client ask, and waits until it says how that ended.
ask() {
    before=$(wc -l <"$dir/client.err")
    printf '%s\n' "$1" >&3
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ "$(wc -l <"$dir/client.err")" -gt "$before" ] && break
        sleep 0.1
    done
    sleep 0.2 # the servers' tables are printed after their answers
    say "  client:  $(tail -n 1 "$dir/client.err")"
}

show() {
    for name in "$@"; do
        say "  table of $name:"
        table "$name"
    done
}

# expect PROGRAM PATTERN WHAT: the newest table must have a row that the pattern matches.
expect() {
    if table "$1" | grep -Eq "$2"; then
        say "  ok: $3"
    else
        say "  NOT OK: $3"
        failures=$((failures + 1))
    fi
}

expect_said() {
    if tail -n 1 "$dir/client.err" | grep -Fq "$1"; then
        say "  ok: $2"
    else
        say "  NOT OK: $2"
        failures=$((failures + 1))
    fi
}

say "Case 1. Does the local server answer for its own campus? www.csusm.edu"
ask www.csusm.edu
show client localserver
expect client "^    0,www.csusm.edu,A,144.37.5.45,$ttl,0" "the answer is stored as dynamic, with the TTL that it came with"
expect localserver '^    0,www.csusm.edu,A,144.37.5.45,None,1' "it came from a static record, which has no TTL of its own"

say "" "Case 2. Who knows a name of another domain? shop.amazone.com"
ask shop.amazone.com
show client localserver amazoneserver
expect client '^    1,shop.amazone.com,A,3.33.147.88,' "the client has the answer"
expect localserver '^    4,shop.amazone.com,A,3.33.147.88,' "the local server asked the name server of amazone.com and kept the answer"
expect amazoneserver '^    0,shop.amazone.com,A,3.33.147.88,None,1' "the authoritative server has it as static"

say "" "Case 3. Is a name asked again while its record lives? shop.amazone.com"
requests=$(grep -c record_no "$dir/localserver.txt")
ask shop.amazone.com
show client
expect_said 'Cached result: 3.33.147.88' "the client answered from its own table"
if [ "$(grep -c record_no "$dir/localserver.txt")" -eq "$requests" ]; then
    say "  ok: the local server was not asked"
else
    say "  NOT OK: the local server was asked"
    failures=$((failures + 1))
fi

say "" "Case 4. What does another client get, within the TTL? shop.amazone.com"
questions=$(grep -c record_no "$dir/amazoneserver.txt")
sleep 2
bin/client shop.amazone.com >"$dir/client2.txt" 2>"$dir/client2.err"
sleep 0.2
say "  client 2: $(tail -n 1 "$dir/client2.err")"
show client2 localserver
left=$(table client2 | sed -n 's/.*3.33.147.88,\([0-9]*\),0/\1/p')
if [ -n "$left" ] && [ "$left" -lt "$ttl" ] && [ "$left" -gt 0 ]; then
    say "  ok: it got the TTL that was left: $left of $ttl"
else
    say "  NOT OK: the TTL that it got is '$left'"
    failures=$((failures + 1))
fi
if [ "$(grep -c record_no "$dir/amazoneserver.txt")" -eq "$questions" ]; then
    say "  ok: the answer came from the local server's cache, amazone was not asked"
else
    say "  NOT OK: amazone was asked again"
    failures=$((failures + 1))
fi

say "" "Case 5. And when the TTL is used up? waiting $ttl s, then shop.amazone.com"
sleep "$ttl"
ask shop.amazone.com
show client localserver
expect client "^    2,shop.amazone.com,A,3.33.147.88,$ttl,0" "the old records are gone, the new one has a new number and the full TTL"
expect localserver "^    5,shop.amazone.com,A,3.33.147.88,$ttl,0" "the local server asked again"
expect_said 'Record found: shop.amazone.com -> 3.33.147.88' "the client asked again"

exec 3>&-
wait "$client_pid"
case $failures in
0) result='All checks passed.' ;;
*) result="$failures of the checks failed." ;;
esac
say "" "$result The packets of all five: bin/nibpcap ladder $dir/localserver.pcap"
[ "$failures" -eq 0 ]
