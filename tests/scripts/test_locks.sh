#!/bin/sh
# What tools/bench/locks.sh stands on, in TAP: build/release/locks.so counts what is so, also in a
# server's sandbox, and the model of more cores. Programs: in NIB_BIN, or bin.
set -u
bin=${NIB_BIN:-bin}
library=$PWD/build/release/locks.so
dir=$(mktemp -d) || exit 2
pid=

clean_up() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null
    rm -rf "$dir"
}
trap clean_up EXIT
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh

show() { cat "$dir/said" && return 1; }
lines() { [ "$(grep -c '^locks: ' "$dir/said")" -eq "$1" ] || show; }

# number NAME: of its first line
number() { sed -n "/^locks: /{s/.* $1=\\([0-9]*\\).*/\\1/p;q;}" "$dir/said" | grep . || echo 0; }
is() { [ "$(number "$1")" = "$2" ] || show; }
no_more() { [ "$(number "$1")" -le "$(number "$2")" ] || show; }

# The second thread waits for the first, which lets go when the second sleeps.
cat >"$dir/waits.c" <<'END'
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int second;

static void *take(void *arg)
{
    second = gettid();
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    return arg;
}

static char state(void)
{
    char path[64], state = '?';
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", second);
    FILE *file = second == 0 ? NULL : fopen(path, "r");
    if (file != NULL && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = '?';
    if (file != NULL)
        fclose(file);
    return state;
}

int main(void)
{
    pthread_t thread;
    pthread_mutex_lock(&mutex);
    pthread_create(&thread, NULL, take, NULL);
    while (state() != 'S')
        usleep(1000);
    pthread_mutex_unlock(&mutex);
    return pthread_join(thread, NULL);
}
END
# shellcheck disable=SC2086
check "a program whose threads wait for each other" \
    ${CC:-cc} -pthread "$dir/waits.c" -o "$dir/waits"
LD_PRELOAD=$library "$dir/waits" 2>"$dir/said"
succeeded "it runs as before"
check "it has one mutex" lines 1
check "that was taken twice" is taken 2
check "and waited for once" is waited 1
check "for some time" test "$(number waited_ns)" -gt 0
check "it was held no longer than was counted" no_more held_ns of_ns
LOCKS_AFTER=1000 LD_PRELOAD=$library "$dir/waits" 2>"$dir/said"
check "99 of 100 times are no shorter than the longer of two" \
    test $(($(number p99_ns) * 9 / 8)) -ge "$(number max_ns)"
check "nothing is counted before its time" lines 0
LOCKS_UNTIL=0 LD_PRELOAD=$library "$dir/waits" 2>"$dir/said"
check "nor after it" lines 0

: >"$dir/said"
LD_PRELOAD=$library "$bin/localserver" --quiet --listen 127.0.0.1:0 --workers 2 >/dev/null \
    2>"$dir/said" &
pid=$!
tries=0
until port=$(sed -n 's/.*listening on port \([0-9]*\).*/\1/p' "$dir/said") && [ -n "$port" ] ||
    [ "$tries" -gt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
check "a server answers" "$bin/client" --short "@127.0.0.1:$port" www.csusm.edu
kill "$pid"
wait "$pid"
status=$?
pid=
check "and ends with status 0" test "$status" -eq 0
check "its busiest lock was taken" test "$(number taken)" -gt 0
check "by $bin/localserver" grep -q '^locks: localserver+0x' "$dir/said"
check "half of its times were no longer than the longest" no_more p50_ns max_ns

# By hand: of 4 customers who are outside as long as inside, 1/(1 + 4 + 12 + 24 + 24) of the time none
# is inside, so 64/65 of what a lock lets through at most, which is twice what one customer does.
model() { tools/bench/locks.sh model "$@" >"$dir/said"; }
model 2000 1000
check "a lock that is held half of the time is full at 2 cores" \
    grep -q '^1000 ns of 2000 held: full at 2.0 cores;.*  4 cores 1.97  16 cores 2.00  64 cores 2.00$' "$dir/said"
model 1000000 1
check "one that is hardly held lets 64 cores answer 64 times as much" \
    grep -q '  64 cores 64.00$' "$dir/said"

finish
