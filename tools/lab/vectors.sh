#!/bin/sh
# Tries a decoder of your own: vectors.sh PROGRAM [ARGUMENT ...]. The program reads datagrams, a line of
# hex each (an empty line is no octets), and prints `valid` or `invalid` for each. Run from the
# project's root.
set -u
[ $# -gt 0 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
awk '/^name:/ { name = $2; hex = "" }
     /^octets:/ { sub(/^octets: ?/, ""); gsub(/ /, ""); hex = hex $0; next }
     /^verdict:/ { verdict = $2; rule = "" }
     /^rule:/ { rule = " " $2 }
     /^$/ && name != "" { print name "\t" verdict "\t" hex "\t" rule; name = "" }
     END { if (name != "") print name "\t" verdict "\t" hex "\t" rule }' proto/vectors.txt >"$tmp/all"
cut -f 3 "$tmp/all" | "$@" >"$tmp/said" || echo "$1 ended with status $?" >&2
paste "$tmp/all" "$tmp/said" | awk -F '\t' '
    $5 == $2 { right++; next }
    { wrong++; if (wrong <= 10) print $1 ": is " $2 $4 ", not " ($5 == "" ? "silence" : $5) }
    END { print right + 0 " right, " wrong + 0 " wrong"; exit wrong > 0 }'
