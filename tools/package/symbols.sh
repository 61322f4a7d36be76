#!/bin/sh
# symbols.sh LIBRARY: what a shared library exports, as Debian's symbols files have it, each with the
# first version that has it: what the file of before says, or this one.
set -eu
old=tools/package/debian/libnibdns0.symbols
version=$(sed -n 's/.*define NIB_VERSION "\(.*\)".*/\1/p' src/programs/common/options.h)
echo 'libnibdns.so.0 libnibdns0 #MINVER#'
nm -D --defined-only "$1" | awk '{ print $NF }' | sed 's/@@/@/; s/^NIBDNS_0$/NIBDNS_0@NIBDNS_0/' | LC_ALL=C sort |
    while read -r symbol; do
        since=$(sed -n "s/^ $symbol //p" "$old" 2>/dev/null)
        echo " $symbol ${since:-$version}"
    done
