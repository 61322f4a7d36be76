#!/bin/sh
# The same sources on machines that differ: 32 bits (gcc -m32, under the sanitizers) and big-endian
# (s390x, played by qemu). Builds everything for them, runs the tests that need no other program, and
# compares files and runs that must be the same on every machine. Speaks TAP. Needs, on Debian:
# apt-get install gcc-12-multilib gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user
set -u
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
export CMOCKA_MESSAGE_OUTPUT=TAP
why=$work/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
m() { make --no-print-directory -s "$@"; }

# cmocka of a Debian architecture into build/MACHINE/cmocka, without making that a part of this system.
fetch_cmocka() {
    machine=$1 arch=$2 dir=$work/$1
    place=build/$machine/cmocka
    [ -e "$place/libcmocka.so" ] && return 0
    command -v apt-get >/dev/null || return 1
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/tree" "$place"
    set -- -qq -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
        -o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir/cache" -o Debug::NoLocking=1 \
        -o APT::Sandbox::User=root
    apt-get "$@" update
    (cd "$dir" && apt-get "$@" download libcmocka-dev libcmocka0) || return 1
    for deb in "$dir"/*.deb; do
        dpkg-deb -x "$deb" "$dir/tree" || return 1
    done
    cp "$dir"/tree/usr/include/cmocka*.h "$dir"/tree/usr/lib/*/libcmocka.so* "$place"
}

says() {
    printf '%s\n' 'Query A shop.amazone.com id 1' \
        'Response A shop.amazone.com 3.33.147.88 ttl 60 id 1' >"$work/want"
    "$@" shop.amazone.com >"$work/got" && diff "$work/want" "$work/got"
}
describe() { # link type, byte order, unit
    printf '%s\n' "link $1" "order $2" "unit $3" 'host client 10.0.0.1:40000' \
        'host local 10.0.0.2:21000' '0.5 client > local query A www.csusm.edu id 7' \
        '+0.000123 local > client response A www.csusm.edu 144.37.5.45 ttl 60 id 7' \
        '+1 client > local hex 00 00 00 01 18 ff' '+0 client > local again 1 ; cut 30'
}
same_captures() { # each description makes the same octets as here, and they read the same
    for link in null ethernet raw loop sll ipv4 sll2; do
        for order in little big; do
            describe "$link" "$order" nano >"$work/text"
            bin/nibpcap make "$work/text" -o "$work/here.pcap" || return 1
            "$@" make "$work/text" -o "$work/there.pcap" || return 1
            cmp "$work/here.pcap" "$work/there.pcap" || return 1
            bin/nibpcap dump -x "$work/here.pcap" >"$work/here.txt"
            "$@" dump -x "$work/here.pcap" >"$work/there.txt"
            [ -s "$work/here.txt" ] && cmp "$work/here.txt" "$work/there.txt" || return 1
        done
    done
}
same_simulation() { # the same seed is the same run
    for seed in 1 2 3 4 5; do
        bin/nibsim --seed $seed --write "$work/here.pcap" >"$work/here.txt" || return 1
        "$@" --seed $seed --write "$work/there.pcap" >"$work/there.txt" || return 1
        cmp "$work/here.txt" "$work/there.txt" || return 1
        cmp "$work/here.pcap" "$work/there.pcap" || return 1
    done
}
passes() {
    "$@" >"$work/tap" 2>&1
    status=$?
    grep -v '^ok' "$work/tap"
    [ "$status" -eq 0 ] && grep -q '^ok' "$work/tap"
}

# A machine's name, its Debian architecture, and what runs its programs.
try() {
    machine=$1 arch=$2
    shift 2
    check "$machine: all programs build without a warning" m -k "flavour-$machine"
    check "$machine: an embedding program builds" m "build/$machine/example"
    check "$machine: the codec and the authoritative server speak as here" \
        says "$@" "build/$machine/example"
    check "$machine: nibpcap makes and reads the same captures" \
        same_captures "$@" "build/$machine/bin/nibpcap"
    if [ -x bin/nibsim ]; then
        check "$machine: nibsim makes the same run" same_simulation "$@" "build/$machine/bin/nibsim"
    fi
    check "$machine: a records file is read" "$@" "build/$machine/bin/localserver" --check
    if ! fetch_cmocka "$machine" "$arch" >"$work/fetch" 2>&1; then
        skip "$machine: the tests" "no cmocka for $arch: $(tail -n 1 "$work/fetch")"
        return
    fi
    for test in tests/unit/test_*.c tests/scenario/test_*.c; do
        name=${test%.c}
        if m "build/$machine/$name" >"$work/build" 2>&1; then
            check "$machine: $name" passes "$@" "build/$machine/$name"
        else
            check "$machine: $name builds" sh -c "cat '$work/build'; exit 1"
        fi
    done
}

empty='int main(void) { return 0; }'
if echo "$empty" | ${CC:-cc} -m32 -fsanitize=address,undefined -x c - -o "$work/probe" 2>/dev/null &&
    "$work/probe"; then
    try m32 i386 env LD_LIBRARY_PATH=build/m32/cmocka
else
    skip "32 bits" "this compiler builds nothing for them: apt-get install gcc-12-multilib"
fi
if command -v qemu-s390x >/dev/null &&
    echo "$empty" | s390x-linux-gnu-gcc -x c - -o "$work/probe" 2>/dev/null; then
    try s390x s390x qemu-s390x -L /usr/s390x-linux-gnu -E LD_LIBRARY_PATH=build/s390x/cmocka
else
    skip "big-endian" "apt-get install gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user"
fi
finish
