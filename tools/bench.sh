#!/bin/sh
# What the servers cost beside a bare echo that sends answers as long as theirs, the kernel's own
# limit: in turns, on a core of their own, the generator on another, every answer checked.
#   [ROUNDS=7 SECONDS_EACH=2 NAMES=1000000 ...] tools/bench.sh [a3] [l3] [l10000] [aN]
# a: amazoneserver, l: localserver from its cache, with that many names. From the project's root.
# "echo" sends its answers one by one, "runs" those to one client in one piece, as our servers do.
set -u
# shellcheck source=tools/bench-common.sh
. tools/bench-common.sh
many=${NAMES:-1000000}

chosen="$*"
wanted() {
    [ -z "$chosen" ] && return 0
    case " $chosen " in *" $1 "*) return 0 ;; esac
    return 1
}

echo_for() { # CASE NAMES
    ours "$bin/nibbench" echo --listen 127.0.0.1:0 --size "${size%.*}"
    ready "$1.echo" - "$2" --echo
    ours "$bin/nibbench" echo --listen 127.0.0.1:0 --size "${size%.*}" --runs
    ready "$1.runs" "$1.echo" "$2" --echo
}

if wanted a3; then
    names 3
    ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/3"
    ready a3 a3.echo 3
    echo_for a3 3
fi
for n in 3 10000; do
    wanted "l$n" || continue
    names "$n"
    ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/$n" --ttl 86400
    ours "$bin/localserver" --quiet --listen 127.0.0.1:0 --upstream-port "${at##*:}"
    ready "l$n" "l$n.echo" "$n"
    echo_for "l$n" "$n"
done
if wanted aN; then
    names "$many"
    ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/$many"
    ready aN aN.echo "$many"
    echo_for aN "$many"
fi
run_cases
