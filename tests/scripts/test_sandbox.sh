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
for server in localserver amazoneserver "nibgate dns" "nibgate nibdns --resolver ::1"; do
    : >"$dir/$server.err" # now, or what the one before said would be taken for its words
    # shellcheck disable=SC2086
    bin/$server --listen 127.0.0.1:0 --quiet 2>"$dir/$server.err" &
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

# ---- records that are read again: the file may be replaced, but not by one of another folder ----

records=$dir/records/zone.csv
rm -rf "$dir/records" "$dir/elsewhere"
mkdir "$dir/records" "$dir/elsewhere"
one() { printf 'record_no,name,type,result,ttl,static\n,www.example.org,A,%s,None,1\n' "$1"; }
one 192.0.2.1 >"$records"
one 192.0.2.3 >"$dir/elsewhere/zone.csv"
"bin/amazoneserver" --listen 127.0.0.1:0 --quiet --records "$records" 2>"$dir/reload.err" &
pid=$!
hears() { # PATTERN: within five seconds
    tries=0
    until grep -q "$1" "$dir/reload.err"; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { cat "$dir/reload.err" && return 1; }
        sleep 0.05
    done
}
hears listening
one 192.0.2.2 >"$records.new" && mv "$records.new" "$records" && kill -HUP "$pid"
check "a file that took the place of the records is read again" hears '1 records read again'
ln -sf ../elsewhere/zone.csv "$records" && kill -HUP "$pid"
if grep -q Landlock "$dir/reload.err"; then
    skip "a link out of their folder is not followed" "this kernel has no Landlock"
else
    check "a link out of their folder is not followed" hears 'cannot be read: Permission denied'
fi
kill "$pid"
check "and the server ends with status 0" wait "$pid"

# ---- kernels that know less: said, and the service goes on ----

check "an old kernel builds" ${CC:-cc} -std=c11 -shared -fPIC -O1 tests/scripts/sandbox/old_kernel.c \
    -ldl -o "$dir/old_kernel.so"
for age in old older; do
    : >"$dir/reload.err"
    OLD_KERNEL=$age LD_PRELOAD=$PWD/$dir/old_kernel.so \
        bin/amazoneserver --listen 127.0.0.1:0 --quiet 2>"$dir/reload.err" &
    pid=$!
    hears listening
    check "on an $age kernel the server says that files can be read" hears 'has no Landlock'
    port=$(sed -n 's/.*port //p' "$dir/reload.err")
    check "and answers" bin/client --short "@127.0.0.1:$port" shop.amazone.com
    kill "$pid"
    wait "$pid"
done
finish
