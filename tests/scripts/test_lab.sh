#!/bin/bash
# Runs the sheets of tools/lab, command by command in one shell each, and compares what they print
# with what stands in the sheet, in TAP. Times, client ports and process IDs are any.
#
#   tests/scripts/test_lab.sh [SHEET ...]            4-lost.md, for example; else all of them
#   tests/scripts/test_lab.sh --accept [SHEET ...]   writes what was printed into the sheets
set -u
if [ -z "${LAB_TEST-}" ] && unshare -n ip link set lo up 2>/dev/null; then # the ports are its own
    # shellcheck disable=SC2016
    LAB_TEST=yes exec unshare -n sh -c 'ip link set lo up && exec "$0" "$@"' "$0" "$@"
fi
dir=$(mktemp -d) || exit 2
trap 'tools/lab/servers stop 2>/dev/null; rm -rf "$dir"' EXIT
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
accept=''
[ "${1:-}" = --accept ] && { accept=yes; shift; }
[ $# -gt 0 ] || set -- $(cd tools/lab && ls [0-9]*.md)

# The commands of a sheet (lines of a block that begin with a dollar sign), each behind a line @N.
commands() { awk '/^    \$ / { print "echo @" ++n; print substr($0, 7) }' "$1"; }

# What the sheet shows behind command N, or what was printed: blocks without their indentation.
shown() { awk -v n="$2" '/^    \$ / { k++; on = 1; next } !/^    / { on = 0 } on && k == n { print substr($0, 5) }' "$1"; }
printed() { awk -v n="$2" '/^@[0-9]+$/ { k = substr($0, 2); next } k == n' "$1"; }

# What differs from run to run is made equal.
any() {
    sed -E 's/([0-9]|lient *)[:. ,][3-6][0-9]{4}\b/\1 PORT/g; s/[0-9]+\.[0-9]+/N/g; s/[0-9]{2}:[0-9]{2}:N/T/
            s/ +/ /g; s/ $//'
}

# The sheet with what was printed in the place of what stood there.
rewritten() { # SHEET OUTPUT
    awk -v output="$2" '
        BEGIN { while ((getline line < output) > 0)
                    if (line ~ /^@[0-9]+$/) k = substr(line, 2); else text[k] = text[k] "    " line "\n" }
        /^    \$ / { print; printf "%s", text[++n]; on = 1; next }
        !/^    / { on = 0 }
        !on { print }' "$1"
}

for name in "$@"; do
    sheet=tools/lab/$name
    tools/lab/servers stop
    missing=''
    for tool in python3 tshark; do
        grep -q "^    \\\$.*$tool" "$sheet" && ! command -v "$tool" >/dev/null && missing=$tool
    done
    if [ "$missing" ]; then
        skip "$name" "$missing is not there"
        continue
    fi
    commands "$sheet" >"$dir/commands"
    timeout 60 bash "$dir/commands" >"$dir/output" 2>&1 </dev/null
    if [ "$accept" ]; then
        rewritten "$sheet" "$dir/output" >"$dir/new" && cat "$dir/new" >"$sheet"
    fi
    for k in $(seq "$(grep -c '^    \$ ' "$sheet")"); do
        shown "$sheet" "$k" | any >"$dir/shown"
        printed "$dir/output" "$k" | any >"$dir/printed"
        check "$name: $(sed -n "$((2 * k))p" "$dir/commands" | cut -c 1-70)" diff "$dir/shown" "$dir/printed"
    done
    for pid in build/lab/*.pid; do
        [ -f "$pid" ] && tools/lab/servers stop && check "$name ends what it started" false
    done
done
finish
