#!/bin/sh
# What people keep, in TAP: make install puts everything in its place and make uninstall takes it all
# away; a program builds and runs on the installed library, static and shared; the source archive is
# the same octets each time and builds without git. Run from the project's root; needs no root.
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR PREFIX
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
have() { command -v "$1" >/dev/null 2>&1; }
cc=${CC:-cc}
m() { make --no-print-directory "$@"; }

# ---- install and uninstall ----

root=$dir/root
prefix=/opt/nib
check "make install" m install DESTDIR="$root" PREFIX="$prefix"
for program in client localserver amazoneserver nibgate nibpcap nibsim nibbench; do
    case $program in nib*) name=$program ;; *) name=nibdns-$program ;; esac
    check "$name is installed and says its version" "$root$prefix/bin/$name" --version
done
for file in lib/libnibdns.a lib/libnibdns.so lib/libnibdns.so.0 lib/pkgconfig/nibdns.pc \
    include/nibdns/message.h share/man/man7/nibdns.7 share/man/man1/nibdns-client.1 \
    share/doc/nibdns/protocol.md share/nibdns/nibdns.lua share/nibdns/install-dissector.sh \
    share/bash-completion/completions/nibdns-client share/zsh/site-functions/_nibdns \
    lib/systemd/system/nibdns-localserver.service lib/systemd/system/nibgate-dns.service; do
    check "$file is installed" test -s "$root$prefix/$file"
done
if have clang && have wasm-ld; then
    check "share/nibdns/nibdns.html is installed" test -s "$root$prefix/share/nibdns/nibdns.html"
else
    skip "share/nibdns/nibdns.html is installed" "no clang and wasm-ld to make it"
fi
check "nothing of the system's part is in the headers" test ! -e "$root$prefix/include/nibdns/os"
check "the unit starts the program where it is" \
    grep -q "^ExecStart=$prefix/bin/nibdns-localserver" \
    "$root$prefix/lib/systemd/system/nibdns-localserver.service"
check "and that of a bridge" grep -q "^ExecStart=$prefix/bin/nibgate nibdns " \
    "$root$prefix/lib/systemd/system/nibgate-nibdns.service"
for_all() { find "$root" -type f ! -perm -444 | grep . && return 1 || return 0; }
check "everybody can read what is installed" for_all

unit_is_right() {
    sed "s,$prefix/bin,$root$prefix/bin," "$1" >"$dir/${1##*/}"
    systemd-analyze verify --man=no "$dir/${1##*/}" >"$dir/verify" 2>&1 && ! grep . "$dir/verify"
}
unit_is_tight() { # exposure, of 100
    systemd-analyze security --no-pager --offline=true --threshold=15 "$1"
}
for unit in "$root$prefix"/lib/systemd/system/*.service; do
    if have systemd-analyze; then
        check "systemd takes ${unit##*/}" unit_is_right "$unit"
        check "${unit##*/} is exposed to little" unit_is_tight "$unit"
    else
        skip "systemd takes ${unit##*/}" "systemd-analyze is not installed"
    fi
done

# ---- the library ----

only_ours() { ! nm -D --defined-only "$1" | awk '{ print $NF }' | grep -Ev '^(nib_.*|NIBDNS_0)$'; }
check "the shared library exports only nib_ names" only_ours "$root$prefix/lib/libnibdns.so.0"
exports() { nm -D --defined-only "$1" | grep -q " T $2@@NIBDNS_0$"; }
check "it exports the codec" exports "$root$prefix/lib/libnibdns.so.0" nib_message_decode
check "it exports the local server's logic" exports "$root$prefix/lib/libnibdns.so.0" nib_local_input
listed() { tools/package/symbols.sh "$1" | diff tools/package/debian/libnibdns0.symbols -; } # else: make symbols
check "it exports what its list says" listed "$root$prefix/lib/libnibdns.so.0"
no_inner() { ! nm -D --defined-only "$1" | grep -E ' nib_(heap|index|pending|writer|gate|dns)_'; }
check "and nothing that is only inside" no_inner "$root$prefix/lib/libnibdns.so.0"
is_named() { readelf -d "$1" | grep -q 'SONAME.*\[libnibdns.so.0\]'; }
check "it is named libnibdns.so.0" is_named "$root$prefix/lib/libnibdns.so"

for_library() {
    PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_PATH=$root$prefix/lib/pkgconfig pkg-config "$@" nibdns
}
says() { # the example with the words that it must print
    printf '%s\n' 'Query A shop.amazone.com id 1' \
        'Response A shop.amazone.com 3.33.147.88 ttl 60 id 1' 'Query A x.amazone.com id 2' \
        'Response A x.amazone.com Record not found ttl 0 id 2' >"$dir/want"
    LD_LIBRARY_PATH=$2 "$1" shop.amazone.com x.amazone.com >"$dir/got" && diff "$dir/want" "$dir/got"
}
needs() { readelf -d "$1" | grep -q 'NEEDED.*libnibdns'; }
header_alone() {
    for header in "$root$prefix"/include/nibdns/*.h; do
        printf '#include <nibdns/%s>\nint unit;\n' "${header##*/}" |
            $cc -std=c11 -pedantic-errors -Wall -Werror -fsyntax-only \
                -I"$root$prefix/include" -x c - || return 1
    done
}
check "each installed header compiles by itself" header_alone
if have pkg-config; then
    version=$(for_library --modversion)
    check "pkg-config says the programs' version" \
        sh -c "'$root$prefix/bin/nibdns-client' --version | grep -qxF 'client (nibdns) $version'"
    cflags=$(for_library --cflags) libs=$(for_library --libs)
    # shellcheck disable=SC2086
    check "the example builds on the shared library" \
        $cc -std=c11 -Wall -Wextra -Werror $cflags tests/scripts/embed/example.c -o "$dir/shared" $libs
    check "it needs the shared library" needs "$dir/shared"
    check "it runs" says "$dir/shared" "$root$prefix/lib"
    # shellcheck disable=SC2086
    check "the example builds on the static library" $cc -std=c11 -Wall -Wextra -Werror $cflags \
        tests/scripts/embed/example.c -o "$dir/static" -Wl,-Bstatic $libs -Wl,-Bdynamic
    check "it runs without any library of ours" says "$dir/static" /nonexistent
else
    skip "a program on the installed library" "pkg-config is not installed"
fi

check "make uninstall" m uninstall DESTDIR="$root" PREFIX="$prefix"
is_empty() { [ -z "$(find "$root" ! -type d -print -o -name 'nibdns*' -print)" ]; }
check "it leaves nothing of ours" is_empty

# ---- the source archive ----

archive() { # into the file, from the folder
    (cd "$2" && m dist >/dev/null && cp build/nibdns-*.tar.gz "$1")
}
check "make dist" archive "$dir/1.tar.gz" .
check "make dist again" archive "$dir/2.tar.gz" .
check "both are the same octets" cmp "$dir/1.tar.gz" "$dir/2.tar.gz"
mkdir "$dir/unpacked"
check "it unpacks" tar -xf "$dir/1.tar.gz" -C "$dir/unpacked" --strip-components=1
strangers() {
    ls -A "$1" | grep -Evx 'Makefile|README.md|proto|src|include|tests|pcap|tools|\..*' && return 1
    return 0
}
check "it has the project's own entries and no others" strangers "$dir/unpacked"
check "from the archive, the same archive is made without git" \
    archive "$dir/3.tar.gz" "$dir/unpacked"
check "which is the same octets" cmp "$dir/1.tar.gz" "$dir/3.tar.gz"
builds() { (cd "$dir/unpacked" && m CFLAGS=-O0 bin/client && bin/client --version); }
check "a program builds from the archive" builds

finish
