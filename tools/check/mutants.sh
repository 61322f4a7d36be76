#!/bin/sh
# Do the tests notice small faults in the logic? Makes mutants of src/core (a condition turned round,
# a limit off by one, a call left out...), builds each alone and runs the C tests on it, the likeliest
# first, until one fails. Those that none fails on are in build/mutants/survivors.txt, but for the
# ones that tests/mutants/equivalent.txt explains, and those of which the compiler makes the same
# code.
#     tools/check/mutants.sh [FILE ...]    of these files; otherwise of all of src/core
#     tools/check/mutants.sh --again       those that survived the last time
#     N=300 a sample of so many, N=all all; SEED=1 which ones; JOBS=2 side by side
set -u
dir=build/mutants
CC=${CC:-cc}
flags='-std=c11 -w -Ibuild/mutants/include -Ibuild/mutants/src/core -Isrc/programs -Itests -fPIC'
# What the plain build does not notice, octets behind an array say, this one may.
undefined='-O1 -fsanitize=undefined -fno-sanitize-recover=all'
export CC SEED="${SEED:-1}" LC_ALL=C

# Each test alone may take so many seconds; one that hangs has noticed something.
seconds=6
# Quick ones first. Left out: the exhaustive ones, which take minutes, and those of whole programs.
order='five_cases vectors local client authoritative message table pending records index pcap_packet
    pcap addr name heap cache counters cursor protocol zone'

prepare() {
    rm -rf "$dir/src" "$dir/include" "$dir"/one.*
    mkdir -p "$dir/base" "$dir/tests" && cp -r src include "$dir" || return 1
    for source in "$dir"/src/core/*.c; do
        name=$(basename "$source" .c)
        $CC $flags -O0 -c "$source" -o "$dir/base/$name.o" &&
            $CC $flags -O2 -c "$source" -o "$dir/base/$name.fast" || return 1
    done
    $CC -shared "$dir"/base/*.o -o "$dir/base/libcore.so" || return 1
    for source in tests/lib/*.c tests/scenario/*.c tests/reference/naive.c tests/reference/agree.c; do
        case $source in */test_* | tests/lib/process.c) continue ;; esac
        $CC $flags -O1 -c "$source" -o "$dir/tests/$(basename "$source" .c).o" || return 1
    done
    for name in $order; do
        $CC $flags -O1 tests/*/"test_$name.c" "$dir"/tests/*.o -o "$dir/tests/$name" \
            -L"$dir/base" -lcore -lcmocka || return 1
        LD_LIBRARY_PATH=$dir/base "$dir/tests/$name" >"$dir/tests/$name.log" 2>&1 ||
            { echo "test_$name fails without any mutant: see $dir/tests/$name.log"; return 1; }
    done
}

# Whether all tests pass with the mutant of the moment; the verdict otherwise.
try() {
    for test in $name $order; do
        [ -x "$dir/tests/$test" ] || continue
        LD_LIBRARY_PATH=$own timeout $((4 * seconds)) "$dir/tests/$test" >/dev/null 2>&1 </dev/null ||
            { verdict="caught by $test"; return 1; }
    done
}

same_code() {
    $CC $flags -O2 -c "$own/$name.c" -o "$own/$name.fast" &&
        strip "$own/$name.fast" -o "$own/a" && strip "$dir/base/$name.fast" -o "$own/b" &&
        cmp -s "$own/a" "$own/b"
}

# One mutant, a line of the list as fields: prints its verdict and the line.
one() {
    number=$1 file=$2 line=$3 kind=$4 text=$5
    name=$(basename "$file" .c)
    own=$dir/one.$number
    mkdir -p "$own"
    TEXT=$text awk -v at="$line" 'NR == at { print ENVIRON["TEXT"]; next } { print }' \
        "$dir/$file" >"$own/$name.c"
    others=$(ls "$dir"/base/*.o | grep -v "/$name.o$")
    ulimit -t $seconds
    ulimit -v 4000000
    ulimit -c 0
    if ! $CC $flags -O0 -shared "$own/$name.c" $others -o "$own/libcore.so" 2>/dev/null; then
        verdict='not C'
    elif try; then
        if same_code; then
            verdict='same code'
        elif $CC $flags $undefined -shared "$own/$name.c" $others -o "$own/libcore.so" && try; then
            verdict=survived
        fi
    fi
    rm -r "$own"
    printf '%s\t%s\t%s\t%s\t%s\n' "$verdict" "$file" "$line" "$kind" "$text" >>"$dir/results.txt"
}

report() {
    awk -F '\t' -v explained=tests/mutants/equivalent.txt -v survivors="$dir/survivors.txt" -v made="$made" -v dir="$dir" '
        function trim(s) { gsub(/^ +| +$/, "", s); return s }
        BEGIN {
            while ((getline < explained) > 0)
                if (NF == 3 && !/^#/) known[$1 "\t" $2 "\t" $3] = 1
            printf "" >survivors
        }
        {
            n++
            split($1, verdict, " by ")
            if ($1 == "survived") {
                original = ""
                for (i = 1; i <= $3 && (getline original < (dir "/" $2)) > 0; i++) ;
                close(dir "/" $2)
                if (($2 "\t" trim(original) "\t" trim($5)) in known) verdict[1] = "explained"
                else print $2 ":" $3 ": " $4 "\n- " trim(original) "\n+ " trim($5) >survivors
            }
            count[verdict[1]]++
        }
        END {
            meant = n - count["not C"] - count["same code"]
            printf "%d of %d mutants tried (%d are no C, %d the same code): of %d that could matter %d caught, " \
                "%d explained, %d survived\n", n, made, count["not C"], count["same code"], meant,
                count["caught"], count["explained"], count["survived"]
            if (count["survived"] > 0) print "see " survivors
            exit count["survived"] > 0
        }' "$dir/results.txt"
}

if [ "${1:-}" = --one ]; then
    shift
    IFS='	' read -r number file line kind text <<END
$1
END
    one "$number" "$file" "$line" "$kind" "$text"
    exit 0
fi

again=no
[ "${1:-}" = --again ] && again=yes && shift
[ $# -gt 0 ] || set -- src/core/*.c
prepare || exit 2
for file in "$@"; do
    awk -f tests/mutants/generate.awk "$file"
done >"$dir/all.txt"
if [ $again = yes ]; then # found by their text: lines may have moved since
    N=all
    awk -F '\t' -v survivors="$dir/survivors.txt" '
        function trim(s) { gsub(/^ +| +$/, "", s); return s }
        BEGIN {
            while ((getline line < survivors) > 0) {
                if (line ~ /^- /) original = substr(line, 3)
                else if (line ~ /^\+ /) wanted[file "\t" original "\t" substr(line, 3)] = 1
                else { file = line; sub(/:.*/, "", file) }
            }
        }
        {
            if ($1 != of) { of = $1; n = 0; while ((getline line < of) > 0) lines[++n] = line; close(of) }
            if (($1 "\t" trim(lines[$2]) "\t" trim($4)) in wanted) print
        }' "$dir/all.txt" >"$dir/again.txt" && mv "$dir/again.txt" "$dir/all.txt"
fi
made=$(wc -l <"$dir/all.txt")
awk -v seed="$SEED" -v n="${N:-300}" 'BEGIN { srand(seed) } { printf "%.9f\t%s\n", rand(), $0 }' "$dir/all.txt" |
    sort | awk -v n="${N:-300}" '{ sub(/^[^\t]*/, NR) } n == "all" || NR <= n' >"$dir/sample.txt"
: >"$dir/results.txt"
trap 'exit 130' INT TERM
trap report EXIT
tr '\n' '\0' <"$dir/sample.txt" | xargs -0 -r -n 1 -P "${JOBS:-2}" "$0" --one
