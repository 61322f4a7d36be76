#!/bin/sh
# Line and branch coverage of the logic (src/core) by the C tests: a line a file, and the lines and
# branches that no test reaches. Needs gcc's gcov.
set -u
dir=build/coverage
rm -rf "$dir"
mkdir -p "$dir"
flags='-std=c11 -O0 -g --coverage -Iinclude'
${CC:-cc} --version | head -1
for source in src/core/*.c src/os/*.c src/programs/options.c src/programs/serve.c; do
    object=$dir/$(echo "$source" | tr / -).o
    case $source in
    src/core/*) ${CC:-cc} $flags -c "$source" -o "$object" ;;
    *) ${CC:-cc} -std=c11 -O0 -Iinclude -c "$source" -o "$object" ;;
    esac || exit 1
done
rm -f "$dir/lib.a"
for source in tests/*.c; do
    case $source in tests/test_*) continue ;; esac
    ${CC:-cc} -std=c11 -O0 -Iinclude -c "$source" -o "$dir/helper-$(basename "$source").o" || exit 1
done
ar rcs "$dir/helpers.a" "$dir"/helper-*.o
ar rcs "$dir/os.a" "$dir"/src-os-*.o "$dir"/src-programs-*.o
for test in tests/test_*.c; do
    case $test in *programs*) continue ;; esac
    name=$(basename "$test" .c)
    ${CC:-cc} -std=c11 -O0 -Iinclude "$test" "$dir/helpers.a" "$dir/os.a" "$dir"/src-core-*.o --coverage \
        -lcmocka -pthread -o "$dir/$name" || exit 1
    "$dir/$name" >"$dir/$name.log" 2>&1 || echo "# $name failed: see $dir/$name.log"
done
for source in src/core/*.c; do
    gcov -b -c -o "$dir/$(echo "$source" | tr / -).gcno" "$source" >"$dir/gcov.txt" 2>/dev/null
    mv ./*.gcov "$dir" 2>/dev/null
    awk -v file="$source" '
        $0 ~ "^File .*" file { mine = 1 } mine && /^Lines executed/ { split($0, a, /[:% ]+/); lines = a[3]; n = a[5] }
        mine && /^Taken at least once/ { split($0, a, /[:% ]+/); branches = a[5]; b = a[7]; mine = 0; }
        mine && /^No branches/ { branches = 100; b = 0; mine = 0 }
        END { printf "%-28s lines %6s %% of %4s   branches %6s %% of %4s\n", file, lines, n, branches, b }' "$dir/gcov.txt"
done | tee "$dir/summary.txt"
awk '{ l += $3 * $6 / 100; ln += $6; b += $8 * $11 / 100; bn += $11 }
    END { printf "%-28s lines %6.2f %% of %4d   branches %6.2f %% of %4d\n", "all", 100 * l / ln, ln, 100 * b / bn, bn }' "$dir/summary.txt"
echo "Lines that no test reaches:"
grep -H '#####' "$dir"/*.c.gcov | sed "s|$dir/||; s/.gcov: *#####: */:/" | head -60
