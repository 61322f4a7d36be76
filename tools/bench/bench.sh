#!/bin/sh
# What the servers cost beside a bare echo that sends answers as long as theirs, the kernel's own
# limit: in turns, on a core of their own, the generator on another, every answer checked.
#   [ROUNDS=7 SECONDS_EACH=2 ...] tools/bench/bench.sh [CASE...]
# Cases, from the project's root; without: a3 a1000000 l3 l10000 segments many
#   aN        amazoneserver with N names, all asked, at random
#   lN        localserver with N names in its cache
#   segments  amazoneserver, 3 names, asked by a generator that sends and receives segments
#   many      amazoneserver, 3 names, asked by 1024 clients of one question each
# "echo" sends its answers one by one; "runs" those to one client in one piece, all of one length;
# "mixed" does so with answers of as many lengths as the questions have, as our servers must.
set -u
# shellcheck source=tools/bench/common.sh
. tools/bench/common.sh

# echo_for CASE NAMES OPTION...: the echos beside the case that was made ready just now.
echo_for() {
    of=$1 of_names=$2
    shift 2
    longer=$((${size%.*} - ${asked_size%.*}))
    ours "$bin/nibbench" echo --listen 127.0.0.1:0 --size "${size%.*}"
    ready "$of.echo" - "$of_names" --echo "$@"
    ours "$bin/nibbench" echo --listen 127.0.0.1:0 --size "${size%.*}" --runs
    ready "$of.runs" "$of.echo" "$of_names" --echo "$@"
    ours "$bin/nibbench" echo --listen 127.0.0.1:0 --longer "$longer" --runs
    ready "$of.mixed" "$of.echo" "$of_names" --echo "$@"
}

authoritative() { # CASE NAMES OPTION...
    of=$1 of_names=$2
    shift 2
    names "$of_names"
    ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/$of_names"
    ready "$of" "$of.echo" "$of_names" "$@"
}

cached() { # CASE NAMES
    names "$2"
    ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/$2" --ttl 86400
    ours "$bin/localserver" --quiet --listen 127.0.0.1:0 --upstream-port "${at##*:}"
    ready "$1" "$1.echo" "$2"
}

# The echo beside it is the plain one; the other sends and receives segments, too, each as long as
# the query.
segments() {
    authoritative segments 3 --segments
    ours "$bin/nibbench" echo --listen 127.0.0.1:0 --size "${size%.*}"
    ready segments.echo - 3 --echo
    ours "$bin/nibbench" echo --listen 127.0.0.1:0 --segments
    ready segments.runs segments.echo 3 --echo --segments
}

for one in ${*:-a3 a1000000 l3 l10000 segments many}; do
    case $one in
    a[1-9]*)
        authoritative "$one" "${one#a}"
        echo_for "$one" "${one#a}"
        ;;
    l[1-9]*)
        cached "$one" "${one#l}"
        echo_for "$one" "${one#l}"
        ;;
    segments) segments ;;
    many)
        authoritative many 3 --sockets 1024 --window 1
        echo_for many 3 --sockets 1024 --window 1
        ;;
    *) die "$one: no such case" ;;
    esac
done
run_cases
