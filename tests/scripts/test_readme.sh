#!/bin/sh
# README.md is held to its word, in TAP: its commands are run as they stand there, and what comes is
# what it shows, times, ports and TTLs that count down aside. So are the pages that it leads to. Run from the project's root, behind
# `make`. In a network of its own where it may have one, else on the programs' usual ports. What it
# writes goes to a copy of the tree's face: the programs, and links to all the rest.
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL
if [ -z "${README_TEST_ROOT-}" ]; then
    export README_TEST_ROOT="$PWD"
    # shellcheck disable=SC2016
    for user in '' -r; do
        unshare -n $user sh -c 'ip link set lo up' 2>/dev/null &&
            exec unshare -n $user sh -c 'ip link set lo up && exec "$0"' "$0"
    done
fi
root=$README_TEST_ROOT
tmp=$(mktemp -d) || exit 2
# shellcheck source=/dev/null
. tools/play/servers.sh
trap 'stop_servers; rm -rf "$tmp"' EXIT
mkdir "$tmp/tree" && chmod a+rx "$tmp" && cp -r "$root/bin" "$tmp/tree" && cd "$tmp/tree" || exit 2
for entry in Makefile README.md proto src include tests pcap tools; do
    ln -s "$root/$entry" "$entry"
done
why=$tmp/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
have() { command -v "$1" >/dev/null 2>&1; }
# The programs are there: nothing is to be made before they run.
m() { make --no-print-directory -o bin/client -o bin/localserver -o bin/amazoneserver -o bin/nibpcap "$@"; }
free_ports() { ! ss -lun 2>/dev/null | grep -qE ':(21000|22000) '; }

# ---- the first session ----

# Its text, and what is typed in it; a pipe shows no typing, so nothing ends the prompt's line.
sed -n '/^    \$ make run$/,/^[^ ]/{ /^    \$/d; /^    /s/^    //p; /^$/p; }' README.md >"$tmp/session"
sed -n 's/^Enter the hostname.*exit): //p' "$tmp/session" >"$tmp/typed"
steady() { sed 's/^\(.*,\)[0-9]*,0$/\1TTL,0/' | grep .; }
awk '/^Enter the hostname/ { sub(/exit\): .*/, "exit): "); printf "%s", $0; next } { print }
     END { print "" }' "$tmp/session" | steady >"$tmp/want"
session() {
    { while read -r line; do echo "$line"; sleep 0.3; done; } <"$tmp/typed" | m run 2>&1 |
        { cat; echo; } | steady >"$tmp/got"
    [ -s "$tmp/typed" ] && diff "$tmp/want" "$tmp/got"
}
if ! free_ports; then
    skip "the session, the five cases and the captures" "ports 21000 and 22000 are in use"
    finish
    exit
fi
check "the first session" session

# ---- the packets of that session: each line that the README shows ----

# With names for what stands for something.
sed -n '/^## Looking at/,/^In Wireshark/s/^    \(.*bin\/nibpcap.*\)/\1/p' README.md |
    sed "s/   .*//; s|FILE\.svg|$tmp/x.svg|; s| TEXT | tests/scripts/nibpcap/story.txt |
        s|-o FILE|-o $tmp/x.pcap|; s| FILE| build/run/localserver.pcap|" >"$tmp/commands"
prints() { # PATTERN COMMAND: the line of that command, with status 0 and that in what it prints
    line=$(grep "bin/nibpcap $2" "$tmp/commands" | grep -v '^tcpdump') || { echo "no line"; return 1; }
    sh -c "$line" >"$tmp/printed" 2>&1
    status=$?
    echo "$line: status $status"
    cat "$tmp/printed"
    [ "$status" -eq 0 ] && grep -q -e "$1" "$tmp/printed"
}
makes() {
    sh -c "$(grep 'nibpcap make' "$tmp/commands")" && bin/nibpcap dump "$tmp/x.pcap" | grep -q 'Query A'
}
draws() { bin/nibpcap ladder build/run/localserver.pcap -o "$tmp/x.svg" && grep -q '</svg>' "$tmp/x.svg"; }
live() { # the line with tcpdump, told to stop when it has seen a question and its answer
    line=$(sed -n '/^tcpdump/s/-U/-U -c 2/p' "$tmp/commands")
    sh -c "$line" >"$tmp/printed" 2>"$tmp/said" &
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        grep -q listening "$tmp/said" && break
        sleep 0.2
    done
    bin/client --quiet www.csusm.edu 2>/dev/null
    wait $!
    cat "$tmp/printed" "$tmp/said"
    [ "$(grep -c 'nibdns.*www.csusm.edu' "$tmp/printed")" -eq 2 ]
}
check "nibpcap dump" prints '^[0-9:.]* IP 127.0.0.1.[0-9]* > 127.0.0.1.21000: nibdns Query A' dump
check "nibpcap ladder" prints '|---------->|.*A shop.amazone.com id 0' ladder
check "nibpcap ladder -o" draws
check "nibpcap check" prints '^nothing wrong' check
check "nibpcap rerun" prints ' 0 differences' rerun
check "nibpcap make" makes
# shellcheck disable=SC2034
dir=build/again
start_servers || exit 2
check "nibpcap replay" prints ' 0 different' replay
may_capture() { have tcpdump && tcpdump -i lo -d udp >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ]; }
if may_capture; then
    check "tcpdump into nibpcap" live
else
    skip "tcpdump into nibpcap" "tcpdump may not capture here"
fi
bridged() { # the line with dig; then the bridge ends
    line=$(sed -n 's/^    \(bin\/nibgate dns .*\)/\1/p' README.md)
    sh -c "$line; kill \$!" >"$tmp/printed" 2>&1
    cat "$tmp/printed"
    grep -qx 3.33.147.88 "$tmp/printed"
}
if have dig; then
    check "dig by way of nibgate" bridged
else
    skip "dig by way of nibgate" "dig is not installed"
fi
stop_servers

# ---- the five cases, with a short TTL ----

cases() { DEMO_TTL=8 m demo && m -s help | grep -q '^make demo'; }
check "make demo plays the five cases" cases
simulates() { $(sed -n 's/^    \(bin\/nibsim [^ ]* [^ ]* [^ ]* [^ ]* [^ ]*\) .*/\1/p' README.md) | grep -q 'client 1 -> local: Query.*id 0'; }
check "the simulator's command" simulates

# ---- filters ----

shark() { $unprivileged env HOME="$tmp" tshark -n -X lua_script:"$tmp/nibdns.lua" "$@"; }
unprivileged=
if [ "$(id -u)" -eq 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null; then
    unprivileged="setpriv --reuid=65534 --regid=65534 --clear-groups"
fi
finds() { # FILTER CAPTURE...: something to show in one of them
    filter=$1
    shift
    for file in "$@"; do
        shark -2 -c 40 -r "$file" -Y "$filter" 2>"$tmp/said" >"$tmp/printed"
        [ -s "$tmp/printed" ] && return 0
    done
    echo "$filter: nothing"
    cat "$tmp/said"
    return 1
}
filters() { # each that is listed, in captures that are stored
    sed -n 's/^| `\(nibdns.*\)` | .*/\1/p' tools/wireshark/README.md >"$tmp/filters"
    [ -s "$tmp/filters" ] && while read -r filter; do
        finds "$filter" "$tmp"/made-*.pcap || return 1
    done <"$tmp/filters"
}
statistics() { shark -q -z nibdns,stat -r "$tmp/made-failover.pcap" 2>/dev/null | grep -qi 'unanswered'; }
if have tshark; then
    for name in cname duplicates-client duplicates failover hostile-text icmp referrals spoofed-client; do
        cp "pcap/made-$name.pcap" "$tmp"
    done
    cp tools/nibdns.lua "$tmp" && chmod a+r "$tmp"/made-*.pcap "$tmp/nibdns.lua"
    check "the filters" filters
    check "the statistics" statistics
else
    skip "the filters and statistics" "tshark is not installed"
fi

# ---- what it says of the tree ----

pages='README.md src/README.md .github/*.md proto/protocol.md tools/*/README.md tests/*/README.md pcap/README.md'
cd "$root" || exit 2
targets() { # every `make x` that is named
    m -pn -o all help 2>/dev/null | sed -n 's/^\.PHONY: //p' | tr ' ' '\n' >"$tmp/there"
    # shellcheck disable=SC2086
    grep -hoE '(`|^ +)make [a-z-]+($|[^a-z/-])' $pages | sed 's/.*make //; s/[^a-z-]*$//' | grep -v '^flavour-' | sort -u >"$tmp/targets"
    [ -s "$tmp/targets" ] && ! grep -vxF -f "$tmp/there" "$tmp/targets"
}
linked() { # every file that is linked, seen from the page that links it
    for page in $pages; do
        grep -oE '\]\([^)#:]+' "$page" | sed 's/^](//' | while read -r file; do
            [ -e "$(dirname "$page")/$file" ] || { echo "$page: $file"; exit 1; }
        done || return 1
    done
}
short() { # at most 150 lines, and nothing that scrolls sideways
    [ "$(wc -l <README.md)" -le 150 ] && ! grep -nE '^ {4}.{85}|^.{121}' README.md
}
layers() { # the modules of each, all of them
    for header in include/nibdns/*.h include/nibdns/os/*.h; do
        name=${header##*/}
        sed -n "1,6s/.*Layer \([0-9]\).*/\1 ${name%.h}/p" "$header" | head -n 1
    done | sort >"$tmp/there"
    sed -n 's/^| \([0-6]\) | \([a-z].*\) |$/\1 \2/p' src/README.md | tr -d , |
        awk '{ for (i = 2; i <= NF; i++) print $1, $i }' | sort | diff - "$tmp/there"
}
functions() { # every function that is named is there, in the file that is named
    grep -oE '`[a-z_]+\(\)`' src/README.md | tr -d '`()' | sort -u >"$tmp/functions"
    [ "$(wc -l <"$tmp/functions")" -gt 15 ] && while read -r function; do
        grep -rqE "\b$function\(" src include || { echo "$function"; return 1; }
    done <"$tmp/functions"
    grep '^| `.*()` | ' src/README.md | tr -d '`()|' | while read -r function file _; do
        grep -qE "^[a-z].*\b$function\(" "src/$file" || { echo "$function is not in $file"; exit 1; }
    done
}
folders() { # every folder of programs and tests has its line
    find src tests tools -mindepth 1 -maxdepth 2 -type d | while read -r folder; do
        case $folder in src/programs/*/* | tests/*/* | tools/*/*) continue ;; esac
        grep -q "^| .*${folder#*/}/" src/README.md || { echo "$folder"; exit 1; }
    done
}
vectors() {
    said=$(sed -n 's/.*vectors.txt) has \([0-9]*\) valid and invalid messages.*/\1/p' README.md)
    there=$(grep -c '^verdict:' proto/vectors.txt)
    [ "$said" = "$there" ] || { echo "$there vectors, not $said"; return 1; }
}
check "the targets of make that are named" targets
check "the files that are linked" linked
check "README.md is short and narrow" short
check "src/README.md has every module in its layer" layers
check "and names functions that are there" functions
check "and every folder" folders
check "the number of vectors" vectors

finish
