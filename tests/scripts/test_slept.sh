#!/bin/sh
# Records do not outlive their TTL while the machine sleeps, in TAP: a preloaded shim moves the clock
# that goes on meanwhile. Release builds, since sanitizers want to be loaded first.
set -u
dir=build/slept
rm -rf "$dir"
mkdir -p "$dir"
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
pids=
trap 'kill $pids 2>/dev/null' EXIT

start() { # NAME OPTION ...: a server that this script ends; its port in $port
    name=$1
    shift
    : >"$dir/$name.err"
    "bin/$name" --listen 127.0.0.1:0 "$@" >"$dir/$name.out" 2>"$dir/$name.err" &
    pids="$pids $!"
    tries=0
    while [ "$tries" -lt 100 ] && ! grep -q listening "$dir/$name.err"; do
        sleep 0.05
        tries=$((tries + 1))
    done
    port=$(sed -n 's/.*listening on port \([0-9]*\).*/\1/p' "$dir/$name.err")
}
sleeps() { # SECONDS so far: never cut short, for those who have it mapped
    printf '%-64d' "$1" | dd of="$dir/slept" conv=notrunc 2>"$why"
}
says() { # PATTERN FILE
    grep -q "$1" "$2" || { cat "$2"; false; }
}

sleeps 0
check "the shim builds" ${CC:-cc} -std=c11 -shared -fPIC -O1 tests/scripts/slept/shim.c \
    -o "$dir/shim.so"
LD_PRELOAD=$PWD/$dir/shim.so NIB_SLEPT=$PWD/$dir/slept
export LD_PRELOAD NIB_SLEPT
start amazoneserver --quiet
start localserver --upstream-port "$port"

mkfifo "$dir/lines"
: >"$dir/client.err"
bin/client --server "127.0.0.1:$port" <"$dir/lines" >"$dir/client.out" 2>>"$dir/client.err" &
pids="$pids $!"
exec 3>"$dir/lines"
ask() { # NAME, and the line number of the client's words for it
    echo "$1" >&3
    tries=0
    while [ "$tries" -lt 100 ] && [ "$(grep -c Client "$dir/client.err")" -lt "$2" ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    sed -n "$2p" "$dir/client.err" >"$dir/said"
}
ask shop.amazone.com 1
check "the first lookup is answered by the server" says 'Record found' "$dir/said"
ask shop.amazone.com 2
check "the second one from the client's table" says 'Cached result' "$dir/said"
: >"$dir/localserver.out"
sleeps 28800
ask shop.amazone.com 3
check "after eight hours of sleep the client asks again" says 'Record found' "$dir/said"
check "and so does the local server: its record has a new number" \
    says '^5,shop.amazone.com,A,3.33.147.88,60,0' "$dir/localserver.out"
exec 3>&-
finish
