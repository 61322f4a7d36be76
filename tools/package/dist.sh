#!/bin/sh
# dist.sh VERSION: the source archive build/nibdns-VERSION.tar.gz. In a git tree it holds what is
# committed; in an unpacked archive it is made from the files there. Names are sorted, times and
# owners fixed, so that the same sources make the same octets, with git and without.
set -eu
version=${1:?}
name=nibdns-$version
out=build/$name.tar.gz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p build "$work/$name"

if [ -d .git ] || [ -f .git ]; then
    git archive HEAD | tar -x -C "$work/$name"
    epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
else
    tar -c --exclude=./bin --exclude=./build . | tar -x -C "$work/$name"
    epoch=${SOURCE_DATE_EPOCH:-$(stat -c %Y Makefile)}
fi
find "$work/$name" -type f -perm -u+x -exec chmod 755 {} +
find "$work/$name" -type f ! -perm -u+x -exec chmod 644 {} +
find "$work/$name" -type d -exec chmod 755 {} +

LC_ALL=C tar --format=ustar --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner \
    -C "$work" -cf - "$name" | gzip -9n >"$out.new"
mv "$out.new" "$out"
sha256sum "$out"
