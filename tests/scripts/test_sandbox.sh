#!/bin/sh
# The sandbox bites, and the servers are in it, in TAP: their release build, since sanitizers stay
# outside.
set -u
dir=build/sandbox
mkdir -p "$dir"
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
check "the probe builds" ${CC:-cc} -std=c11 -O1 -Iinclude tests/scripts/sandbox/bite.c \
    build/release/libos.a build/release/libnibdns.a -pthread -o "$dir/bite"
"$dir/bite" >"$dir/bite.out"
grep -v "^1[.][.]" "$dir/bite.out"
check "the probe saw nothing wrong" sh -c "grep -q ^ok $dir/bite.out && ! grep '^not ok' $dir/bite.out"
for server in localserver amazoneserver; do
    : >"$dir/$server.err" # now, or what the one before said would be taken for its words
    "bin/$server" --listen 127.0.0.1:0 --quiet 2>"$dir/$server.err" &
    pid=$!
    tries=0
    while [ "$tries" -lt 100 ] && ! grep -q listening "$dir/$server.err"; do
        sleep 0.05
        tries=$((tries + 1))
    done
    check "$server can get no new privileges" grep 'NoNewPrivs:.1' "/proc/$pid/status"
    if grep -q SKIP "$dir/bite.out"; then
        skip "$server is in the sandbox" "there is none here"
    else
        check "$server is in the sandbox" grep 'Seccomp:.2' "/proc/$pid/status"
    fi
    kill "$pid"
    check "$server ends with status 0" wait "$pid"
done
finish
