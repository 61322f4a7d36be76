#!/bin/sh
# Hostile captures, in TAP: thousands of files from a seed, cut, changed, spliced and made of noise,
# and thousands of changed frames in sound files, through nibpcap with the sanitizers, through
# the release build with little memory, and through tshark with the dissector. Run from the project's
# root, behind `make test`.
#
#   SEED=N        other files (1)
#   FILES=N       how many (1500)
#   KEEP=FOLDER   leave them there
set -u
: "${SEED:=1}" "${FILES:=1500}" "${BATCHES:=16}" "${FRAMES:=500}"
top=$PWD
here=$top/tests/wireshark
checked=$top/build/test/bin/nibpcap release=$top/bin/nibpcap mutate=$top/build/test/mutate
. tests/wireshark/lib.sh # $tmp, tshark without privileges
dir=$tmp/hostile
mkdir "$dir"
export TZ=UTC LC_ALL=C
# A status that no command of nibpcap has, for what a sanitizer finds.
export ASAN_OPTIONS="exitcode=99:detect_leaks=1:${ASAN_OPTIONS:-}" UBSAN_OPTIONS="exitcode=99"
why=$tmp/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh

make_files() { # of the stored captures, and of one as pcapng in either byte order
    make -s -f tests/scripts/hostile/hostile.mk && mkdir "$dir/ng" &&
        for order in little big; do
            { printf 'format pcapng\norder %s\n' $order; cat pcap/made-spoofed.txt; } >"$tmp/text"
            "$checked" make "$tmp/text" -o "$tmp/$order.pcapng" || return 1
        done
    "$mutate" "$SEED" "$FILES" "$BATCHES" "$FRAMES" "$dir" pcap/*.pcap &&
        "$mutate" "$SEED" "$((FILES / 4))" 0 0 "$dir/ng" "$tmp"/*.pcapng && chmod -R a+rX "$dir"
}
echo "# seed $SEED, $FILES files, $BATCHES batches of $FRAMES frames"
check "the files are made" make_files
[ $failed -eq 0 ] || { echo "1..$n"; exit 1; }

# Runs a nibpcap with what comes behind it; its output goes to $tmp/said, strange statuses to
# $tmp/bad.
look() { # program, words...
    timeout 20 "$@" >>"$tmp/said" 2>&1
    status=$?
    [ $status -le 2 ] && return
    { echo "status $status: $*"; tail -n 30 "$tmp/said"; } >>"$tmp/bad"
}
# The I-th of the ways to look at a file.
look_one_way() { # program, number, file
    case $(($2 % 12)) in
    0) look "$1" dump "$3" ;;
    1) look "$1" dump -x "$3" ;;
    2) look "$1" dump --json "$3" ;;
    3) look "$1" check "$3" ;;
    4) look "$1" check --json "$3" ;;
    5) look "$1" ladder "$3" ;;
    6) look "$1" ladder "$3" -o - ;;
    7) look "$1" rerun "$3" --as local --at 10.0.0.2 ;;
    8) look "$1" rerun "$3" --as amazone ;;
    9) look "$1" rerun "$3" --as client ;;
    10) look "$1" ladder "$3" --wide -o - ;;
    11) look "$1" check "$3" --client 10.0.0.1 --frames 3- ;;
    esac
}
begin() {
    : >"$tmp/said"
    : >"$tmp/bad"
}
nothing_bad() { [ ! -s "$tmp/bad" ] || ! cat "$tmp/bad"; }
no_report() { ! grep -aE -A20 'Sanitizer|runtime error:' "$tmp/said"; }
nothing_raw() { # no control character but newlines and tabs, nothing above 127
    tr -d '\n\t -~' <"$tmp/said" | od -c | head -n 20 >"$tmp/raw"
    [ "$(wc -l <"$tmp/said")" -gt 1000 ] && [ "$(cat "$tmp/raw")" = 0000000 ] || { cat "$tmp/raw"; return 1; }
}

begin
i=0
while [ $i -lt "$FILES" ]; do
    look_one_way "$checked" $i "$dir/file-$i.pcap"
    i=$((i + 1))
done
for file in "$dir"/ng/file-*.pcap; do
    look_one_way "$checked" $i "$file"
    i=$((i + 1))
done
check "whole files, one way each: no crash, no hang" nothing_bad
check "no report of a sanitizer" no_report
check "nothing raw in what was printed" nothing_raw

begin
for batch in "$dir"/batch-*.pcap; do
    for way in 0 1 2 3 4 5 6 7 8 9; do
        look_one_way "$checked" $way "$batch"
    done
done
check "batches of frames, every way: no crash, no hang" nothing_bad
check "no report of a sanitizer" no_report
check "nothing raw in what was printed" nothing_raw

# As much memory as a sound capture of the same size may take. rerun, which holds the tables of a
# whole server, has no part in this.
begin
release_bounded() {
    ulimit -v 32768 || return 1
    i=0
    while [ $i -lt "$FILES" ]; do
        look_one_way "$release" $((i / 10 % 7)) "$dir/file-$i.pcap"
        i=$((i + 1))
    done
    for batch in "$dir"/batch-*.pcap; do
        look "$release" dump "$batch"
        look "$release" ladder "$batch"
    done
    ! grep -aiE 'no memory|cannot allocate' "$tmp/said"
}
bounded() { (release_bounded) && nothing_bad; }
if [ -x "$release" ]; then
    check "the release build, with 32 MiB: every file and batch" bounded
    check "nothing raw in what was printed" nothing_raw
else
    skip "the release build" "bin/nibpcap is not there"
fi

# The dissector: the batches, and as many of the whole files as tshark opens in a while.
shark_looks() {
    for file in "$@"; do
        timeout 60 $unprivileged "$tshark" -n -X lua_script:"$tmp/nibdns.lua" -2 -r "$file" -V -O nibdns \
            >>"$tmp/said" 2>"$tmp/out"
        status=$?
        [ $status -le 2 ] || { echo "status $status: $file"; cat "$tmp/out"; } >>"$tmp/bad"
    done
}
whole_files() {
    i=0
    while [ $i -lt "$FILES" ] && [ $i -lt 20 ]; do
        echo "$dir/file-$i.pcap"
        i=$((i + 1))
    done
}
no_lua_error() {
    ! grep -ai 'lua error' "$tmp/said" && [ "$(grep -ac '^Simplified DNS\|^nibdns\|Transaction ID' "$tmp/said")" -gt 1000 ]
}
if command -v "${TSHARK:-tshark}" >/dev/null 2>&1; then
    begin
    # shellcheck disable=SC2046 # names without blanks
    shark_looks "$dir"/batch-*.pcap $(whole_files)
    check "tshark with the dissector: no crash, no hang" nothing_bad
    check "no Lua error in it" no_lua_error
else
    skip "tshark with the dissector" "tshark is not installed"
fi
[ -z "${KEEP:-}" ] || { mkdir -p "$KEEP" && cp "$dir"/* "$KEEP"; }

finish
