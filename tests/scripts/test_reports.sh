#!/bin/sh
# Kinds of report from public trackers (tests/scripts/reports/list.txt), in TAP: each with a small
# input of our own, judged by a function of tests/scripts/reports/cases.sh. Release builds, in a
# network of their own where that can be had, since some ports are fixed.
set -u
if [ "${1:-}" != inside ] && unshare -n true 2>/dev/null; then
    exec unshare -n "$0" inside
fi
ip link set lo up 2>/dev/null
top=$PWD/build/reports
rm -rf "$top"
mkdir -p "$top"
why=$top/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
# shellcheck source=tests/scripts/reports/cases.sh
. tests/scripts/reports/cases.sh

# ---- what the cases share; $dir is a case's own folder ----

zone() { # NAME,TYPE,RESULT...: a records file
    echo record_no,name,type,result,ttl,static
    printf ',%s,None,1\n' "$@"
}
serve_in() { # FOLDER PROGRAM OPTION...: sets $pid, $port and $err
    folder=$1 name=$2 bin=$PWD/bin/$2
    shift 2
    n_servers=$((${n_servers:-0} + 1))
    err=$dir/$name.$n_servers
    : >"$err"
    (cd "$folder" && exec "$bin" --listen "127.0.0.1:${fixed:-0}" --quiet "$@" 2>"$err") &
    pid=$!
    pids="$pids $pid"
    hears listening
    port=$(sed -n 's/.*listening on port \([0-9]*\).*/\1/p' "$err")
}
serve() {
    serve_in . "$@"
}
serve_at() { # PORT PROGRAM OPTION...
    fixed=$1
    shift
    serve "$@"
    fixed=0
}
hears() { # PATTERN: the server says so within five seconds
    tries=0
    until grep -q -- "$1" "$err"; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { cat "$err" && return 1; }
        sleep 0.05
    done
}
reload() { # whether the new records are in use
    kill -HUP "$pid"
    hears 'records read again\|old ones stay' && grep -q 'records read again' "$err"
}
ask() { # NAME [TYPE]
    bin/client --short "@127.0.0.1:$port" "$@"
}
says() { # PATTERN COMMAND...
    pattern=$1
    shift
    "$@" >"$dir/said" 2>&1
    grep -q -- "$pattern" "$dir/said" || { echo "no $pattern:" && cat "$dir/said" && false; }
}
fails() { # STATUS COMMAND...
    expected=$1
    shift
    timeout 5 "$@" >"$dir/said" 2>&1
    [ $? -eq "$expected" ] || { cat "$dir/said" && false; }
}
one_line() { # PATTERN: the last command said one line, which has it
    [ "$(wc -l <"$dir/said")" -eq 1 ] && grep -q -- "$1" "$dir/said" || { cat "$dir/said" && false; }
}
run_case() { # NAME
    pids=
    dir=$top/$1
    mkdir "$dir"
    "$(echo "$1" | tr - _)"
    outcome=$?
    [ -z "$pids" ] || kill $pids 2>/dev/null
    return $outcome
}

# ---- the list ----

grep -v '^#' tests/scripts/reports/list.txt >"$top/list"
while IFS='|' read -r name tracker report right <&3; do
    check "$(echo "$tracker:$report:$right" | sed 's/ *:/:/g; s/^ *//')" run_case "${name% }"
done 3<"$top/list"
sed -n 's/^\([a-z_]*\)() {$/\1/p' tests/scripts/reports/cases.sh |
    grep -vx 'local_for\|capture' | tr _ - | sort >"$top/cases"
cut -d ' ' -f 1 "$top/list" | sort >"$top/names"
check "each line has its function, and each function its line" diff "$top/names" "$top/cases"
check "there are twenty at least" [ "$(wc -l <"$top/list")" -ge 20 ]
finish
