#!/bin/sh
# clang's sanitizers, in TAP, beside gcc's, under which all C tests run. Under ASan and UBSan: the
# C tests but the exhaustive ones, and those of whole programs. Under TSan: both servers with workers
# at full load, while their records are read again, counters asked for, tables printed and captures
# written; each must answer all and report no race. Needs clang. From the project's root.
set -u
if ! command -v clang >/dev/null; then
    echo "1..0 # SKIP clang is not installed"
    exit 0
fi
# shellcheck source=tools/bench/common.sh
. tools/bench/common.sh
bin=build/tsan/bin
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
m() { make --no-print-directory -s -j2 "$@"; }

# ---- ASan and UBSan ----

passes() { NIB_BIN=build/asan/bin CMOCKA_MESSAGE_OUTPUT=TAP TMPDIR=$dir "$@"; }
tests=$(ls tests/unit/test_*.c tests/scenario/test_*.c tests/system/test_*.c | grep -v exhaustive)
names=$(for test in $tests; do echo "build/asan/${test%.c}"; done)
# shellcheck disable=SC2086
if echo 'int main(void) { return 0; }' | clang -fsanitize=address -x c - -o "$dir/probe" 2>"$why"; then
    check "clang builds programs and tests under ASan and UBSan" m flavour-asan $names
    for name in $names; do
        check "clang's ASan and UBSan: ${name##*/}" passes "$name"
    done
else
    skip "clang's ASan and UBSan" "clang has no runtime for them: apt-get install libclang-rt-VERSION-dev"
fi

# ---- TSan ----

quiet() { # PID: no race was reported by that server
    ! grep -A 40 'WARNING: ThreadSanitizer' "$dir/said.$1"
}

# One server under load: reloads and counters ten times a second, tables to a pipe that is read.
busy() { # NAME OPTION...
    name=$1
    shift
    : >"$dir/said"
    "$bin/$name" "$@" --listen 127.0.0.1:0 --workers 3 --write "$dir/$name.pcap" 2>"$dir/said" \
        >"$dir/tables" &
    pid=$!
    started="$started $pid"
    tries=0
    until at=$(sed -n 's/.*listening on port \([0-9]*\).*/127.0.0.1:\1/p' "$dir/said") &&
        [ -n "$at" ]; do
        tries=$((tries + 1))
        kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 200 ] || return 1
        sleep 0.05
    done
    ln "$dir/said" "$dir/said.$pid" && rm "$dir/said"
}
loaded() { # NAMES: every answer right
    bin/nibbench load --to "$at" --names "$dir/$1.names" --sockets 8 --window 16 --warmup 0 \
        --seconds 4 --timeout 10000 &
    generator=$!
    while kill -0 "$generator" 2>/dev/null; do
        kill -HUP "$pid" && kill -USR1 "$pid" || return 1
        sleep 0.1
    done
    wait "$generator"
}
told() { # that it did read again and did count, or this would be a test of less
    [ "$(grep -c 'records read again' "$dir/said.$pid")" -gt 3 ] &&
        [ "$(grep -c '^received' "$dir/said.$pid")" -gt 3 ]
}
ends() { kill "$1" && wait "$1"; }
whole() { # the capture
    bin/nibpcap check "$1" >"$dir/check"
    tail -n 3 "$dir/check"
    grep -q '[1-9]' "$dir/check"
}
examine() { # WHAT NAMES
    check "TSan, $1: every answer is right while all else goes on" loaded "$2"
    check "TSan, $1: it was reloaded and asked for counters meanwhile" told
    check "TSan, $1: the tables were printed" test -s "$dir/tables"
    check "TSan, $1: the capture is whole" whole "$dir/${1##* }.pcap"
    check "TSan, $1: no race" quiet "$pid"
}
race() { # what is to be found, so that silence means something
    printf '%s\n' '#include <pthread.h>' 'static int shared;' \
        'static void *add(void *p) { shared++; return p; }' \
        'int main(void) { pthread_t t; pthread_create(&t, 0, add, 0); shared++;' \
        'pthread_join(t, 0); return shared; }' >"$dir/race.c"
    clang -fsanitize=thread -g "$dir/race.c" -o "$dir/race" -pthread 2>"$why"
}

if ! race; then
    skip "clang's TSan" "clang has no runtime for it: apt-get install libclang-rt-VERSION-dev"
    finish
    exit
fi
"$dir/race" >"$dir/said.race" 2>&1
quiet race >/dev/null && verdict 1 "TSan sees a race where there is one" ||
    verdict 0 "TSan sees a race where there is one"
check "the programs build under TSan" m flavour-tsan
names 1000
printf 'record_no,name,type,result,ttl,static\n,amazone.com,NS,dns.amazone.com,None,1\n%s\n' \
    ',dns.amazone.com,A,127.0.0.1,None,1' >"$dir/local.records"
if busy amazoneserver --records "$dir/1000" --ttl 1; then
    examine amazoneserver 1000
    upstream=$pid
    if busy localserver --upstream-port "${at##*:}" --records "$dir/local.records" --max-records 500
    then
        examine localserver 1000
        check "TSan, localserver: ends with status 0" ends "$pid"
        check "TSan, localserver: no race at its end" quiet "$pid"
    else
        check "TSan, localserver: starts" sh -c "cat '$dir/said'; exit 1"
    fi
    check "TSan, amazoneserver: ends with status 0" ends "$upstream"
    check "TSan, amazoneserver: no race at its end" quiet "$upstream"
else
    check "TSan, amazoneserver: starts" sh -c "cat '$dir/said'; exit 1"
fi
finish
