#!/bin/sh
# Line and branch coverage of the logic (src/core) by the C tests: a line a file, then the lines that
# no test reaches and the branches that none takes. Needs gcc's gcov.
#     tools/check/coverage.sh [TEST ...]    by these tests alone: `tools/check/coverage.sh zone table`
# The exhaustive tests take minutes without optimization and reach nothing that others do not, so
# they are left out, as are those of whole programs. What stays uncovered is explained in
# tests/coverage.md.
set -u
dir=build/coverage
flags='-std=c11 -w -O0 -g -Iinclude -Isrc/programs -Itests'
CC=${CC:-cc}
GCOV=${GCOV:-gcov}
rm -rf "$dir"
mkdir -p "$dir"

compile() { # FOLDER FLAGS SOURCE ...: an object each
    mkdir -p "$dir/$1"
    for source in $3; do
        $CC $flags $2 -c "$source" -o "$dir/$1/$(basename "$source" .c).o" || exit 1
    done
}
compile core --coverage "$(echo src/core/*.c)"
compile os '' "$(echo src/os/*.c src/os/posix/*.c) src/programs/common/options.c"
compile helpers '' "$(ls tests/lib/*.c tests/scenario/*.c tests/reference/naive.c tests/reference/agree.c | grep -v '/test_')"
ar rcs "$dir/others.a" "$dir"/helpers/*.o "$dir"/os/*.o
if [ $# -eq 0 ]; then
    set -- $(ls tests/unit/test_*.c tests/scenario/test_*.c | grep -v exhaustive | sed 's|.*/test_||; s|\.c$||')
fi
for name in "$@"; do
    $CC $flags tests/*/test_"$name.c" "$dir/others.a" "$dir"/core/*.o --coverage -lcmocka -pthread \
        -o "$dir/$name" || exit 1
    "$dir/$name" >"$dir/$name.log" 2>&1 || echo "# test_$name failed: see $dir/$name.log"
done

# gcov reads and writes where it stands.
root=$PWD
mkdir -p "$dir/gcov"
ln -s "$root/src" "$root/include" "$dir/gcov"
for source in src/core/*.c; do
    name=$(basename "$source" .c)
    (cd "$dir/gcov" && $GCOV -b -c -o "$root/$dir/core/$name.o" "$source" >/dev/null 2>&1)
    cat "$dir/gcov/$name.c.gcov"
done >"$dir/all.gcov"

awk -v gaps="$dir/gaps.txt" '
    function row(name, l, ln, b, bn) {
        printf "%-28s lines %6.2f %% of %4d   branches %6.2f %% of %4d\n", name,
            (ln ? 100 * l / ln : 100), ln, (bn ? 100 * b / bn : 100), bn
    }
    function close_file() { if (file != "") row(file, l, ln, b, bn); l = ln = b = bn = 0 }
    function tell() {
        if (missing > 0) print file ":" number ": " missing " of " all " branches not taken:" text >gaps
        missing = all = 0
    }
    BEGIN { printf "" >gaps }
    /^ *-: *0:Source:/ { tell(); close_file(); file = $0; sub(/.*:Source:/, "", file); sub(/.*src\//, "src/", file); next }
    /^branch/ {
        bn++; BN++; all++
        if (/taken [1-9]/) { b++; B++ } else if (text != "") missing++
        next
    }
    /^ *[0-9#=-]+\*?: *[0-9]+:/ {
        tell()
        split($0, part, ":")
        number = part[2] + 0
        text = $0
        sub(/^[^:]*:[^:]*:/, "", text)
        if (part[1] ~ /-/) next
        ln++; LN++
        if (part[1] ~ /[#=]/) { print file ":" number ": never reached:" text >gaps; text = "" }
        else { l++; L++ }
    }
    END { tell(); close_file(); row("all", L, LN, B, BN) }' "$dir/all.gcov"
echo
cat "$dir/gaps.txt"
