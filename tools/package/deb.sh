#!/bin/sh
# Debian packages of this tree, in build/deb: builds them in a copy of the tree, has lintian look at
# them, and as root tries installing and removing them. Speaks TAP. Needs, on Debian: apt-get install
# dpkg-dev debhelper lintian clang lld
set -u
out=$PWD/build/deb
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
for tool in dpkg-buildpackage dh clang wasm-ld; do
    command -v "$tool" >/dev/null || {
        echo "1..0 # SKIP $tool is not installed: apt-get install --no-install-recommends" \
            "dpkg-dev debhelper lintian clang lld"
        exit 0
    }
done
why=$work/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh

# ---- the packages ----

mkdir -p "$out" "$work/nibdns"
rm -f "$out"/*
tar -c --exclude=./bin --exclude=./build --exclude=./.git . | tar -x -C "$work/nibdns"
cp -R tools/package/debian "$work/nibdns/debian"
build() { (cd "$work/nibdns" && dpkg-buildpackage -us -uc -b); }
check "the packages build" build
mv "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo "$out" 2>/dev/null
if command -v lintian >/dev/null; then
    look() { (cd "$out" && lintian --allow-root --fail-on error,warning ./*.changes); }
    check "lintian finds no error and no warning" look
else
    skip "lintian finds no error and no warning" "lintian is not installed"
fi

# ---- installed and removed ----

ours() { dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' '*nibdns*' 2>/dev/null | grep '^i'; }
works() {
    nibdns-client --version && nibpcap --version && nibdns-localserver --check &&
        nibdns-amazoneserver --check && test -s /usr/share/man/man7/nibdns.7.gz &&
        test -s /usr/share/nibdns/nibdns.html
}
embeds() {
    # shellcheck disable=SC2046
    cc tests/scripts/embed/example.c -o "$work/example" $(pkg-config --cflags --libs nibdns) &&
        "$work/example" shop.amazone.com | grep -q 3.33.147.88
}
none_left() { ! ours && [ -z "$(find /usr/bin /usr/lib/*/libnibdns* -name '*nib*dns*' 2>/dev/null)" ]; }
purge() { dpkg --purge nibdns nibdns-server libnibdns-dev libnibdns0; }
if [ "$(id -u)" -ne 0 ]; then
    skip "the packages can be installed and removed" "needs root"
elif ours >/dev/null; then
    skip "the packages can be installed and removed" "they are installed already: left alone"
elif [ "$failed" -eq 0 ]; then
    check "the packages can be installed" dpkg -i "$out"/nibdns_*.deb "$out"/nibdns-server_*.deb \
        "$out"/libnibdns0_*.deb "$out"/libnibdns-dev_*.deb
    check "what they installed works" works
    check "a program embeds the library" embeds
    check "the packages can be removed" purge
    check "nothing of them is left" none_left
fi
finish
