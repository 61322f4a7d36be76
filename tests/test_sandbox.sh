#!/bin/sh
# The sandbox bites, and the servers are in it: their release build, since sanitizers stay outside.
set -u
mkdir -p build/sandbox
if ! ${CC:-cc} -std=c11 -O1 -Iinclude tests/sandbox/bite.c build/release/libos.a \
    build/release/libnibdns.a -pthread -o build/sandbox/bite; then
    echo "not ok - the probe builds"
    exit 1
fi
build/sandbox/bite >build/sandbox/bite.out
status=$?
cat build/sandbox/bite.out
n=100
for server in localserver amazoneserver; do
    "bin/$server" --listen 127.0.0.1:0 --quiet 2>"build/sandbox/$server.err" &
    pid=$!
    i=0
    while [ "$i" -lt 100 ] && ! grep -q listening "build/sandbox/$server.err"; do
        sleep 0.05
        i=$((i + 1))
    done
    n=$((n + 1))
    if grep -q 'NoNewPrivs:.1' "/proc/$pid/status"; then
        echo "ok $n - $server can get no new privileges"
    else
        echo "not ok $n - $server can get no new privileges"
        status=1
    fi
    n=$((n + 1))
    if grep -q SKIP build/sandbox/bite.out 2>/dev/null; then
        echo "ok $n - $server is in the sandbox # SKIP there is none here"
    elif grep -q 'Seccomp:.2' "/proc/$pid/status"; then
        echo "ok $n - $server is in the sandbox"
    else
        echo "not ok $n - $server is in the sandbox"
        status=1
    fi
    kill "$pid"
    wait "$pid" || status=1
done
exit "$status"
