#!/bin/sh
# The fuzzers at work; `make fuzz` and `make fuzz-report` build what this needs.
#
#   fuzz.sh run SECONDS TARGET ...   each under libFuzzer, from seeds, the stored corpus and what earlier runs
#                                    found (build/fuzz/work); an input that breaks a promise is printed
#   fuzz.sh store TARGET ...         makes the stored corpus anew: the fewest inputs that reach all that
#                                    was reached. Lines under a comment in the file stay as they are
#   fuzz.sh report TARGET ...        lines of each source file that the stored corpora reach (llvm-cov)
set -u
cd "$(dirname "$0")/../.." || exit 2
work=build/fuzz/work
corpus=tests/fuzz/corpus

longest() { # octets of an input; the mutator of driver.c goes to 4096
    case $1 in message) echo 1100 ;; name) echo 512 ;; pcap) echo 4096 ;; *) echo 2048 ;; esac
}

short() { # the same of a stored one: longer ones are cut
    case $1 in message | pcap | make) echo 1100 ;; *) echo 640 ;; esac
}

prepare() {
    [ -d build/fuzz/seeds ] || tools/check/fuzz-seeds.sh >/dev/null
    mkdir -p "$work/$1" "build/fuzz/stored/$1"
    build/test/fuzz/"$1" --unpack "build/fuzz/stored/$1"
}

run() {
    seconds=$1 failed=0
    shift
    printf '%-14s %12s %9s %9s %8s %6s\n' target executions a-second features inputs faults
    for target in "$@"; do
        prepare "$target"
        log=$work/$target.log
        before=$(find "$work" -maxdepth 1 -name "$target.fault-*" | wc -l)
        words=-dict=tests/fuzz/words/$target.dict
        [ -f "${words#-dict=}" ] || words=-verbosity=1
        build/fuzz/"$target" "$words" -max_total_time="$seconds" \
            -max_len="$(longest "$target")" -timeout=10 \
            -rss_limit_mb=1024 -print_final_stats=1 -reload=0 -artifact_prefix="$work/$target.fault-" \
            "$work/$target" "build/fuzz/stored/$target" "build/fuzz/seeds/$target" >"$log" 2>&1 || failed=1
        after=$(find "$work" -maxdepth 1 -name "$target.fault-*" | wc -l)
        printf '%-14s %12s %9s %9s %8s %6s\n' "$target" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
            "$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")" \
            "$(sed -n 's/.* ft: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)" \
            "$(find "$work/$target" -type f | wc -l)" $((after - before))
        if [ "$after" -gt "$before" ]; then
            grep -E 'broken promise|ERROR|runtime error|^    #[0-9]+ .* in .*(src|tests)/' "$log" | head -n 12
            find "$work" -maxdepth 1 -name "$target.fault-*" -newer "$work/$target" -exec echo "# {}" \;
        fi
    done
    return $failed
}

store() {
    for target in "$@"; do
        prepare "$target"
        least=build/fuzz/least/$target
        rm -rf "$least" && mkdir -p "$least"
        build/fuzz/"$target" -merge=1 -max_len="$(short "$target")" "$least" "$work/$target" \
            "build/fuzz/stored/$target" "build/fuzz/seeds/$target" >"$work/$target.merge.log" 2>&1 ||
            { tail -n 3 "$work/$target.merge.log"; return 1; }
        { # a comment and the lines up to an empty one are somebody's own
            awk '/^#/ && !/^# The fewest/ { on = 1 } /^$/ { if (on) print; on = 0 } on' "$corpus/$target.hex" 2>/dev/null
            echo "# The fewest inputs that reach what was reached: tools/check/fuzz.sh store $target"
            find "$least" -type f -exec build/test/fuzz/"$target" --pack {} + | sort | awk '{ print length, $0 }' |
                sort -n -s -k 1,1 | cut -d ' ' -f 2
        } >"$work/$target.hex" && mv "$work/$target.hex" "$corpus/$target.hex"
        echo "$target: $(grep -c '^[0-9a-f]' "$corpus/$target.hex") inputs, $(wc -c <"$corpus/$target.hex") octets"
    done
}

report() {
    tool() { command -v "$1" || command -v "$1-14"; }
    if ! cov=$(tool llvm-cov) || ! profdata=$(tool llvm-profdata); then
        echo "llvm-cov is not installed"
        return 1
    fi
    profiles='' objects=''
    for target in "$@"; do
        LLVM_PROFILE_FILE="build/cover/$target.raw" ROUNDS=0 build/cover/fuzz/"$target" >/dev/null || return 1
        profiles="$profiles build/cover/$target.raw"
        objects="$objects -object build/cover/fuzz/$target"
    done
    # shellcheck disable=SC2086
    "$profdata" merge -o build/cover/all.profdata $profiles &&
        "$cov" report ${objects#* -object } -instr-profile build/cover/all.profdata \
            -ignore-filename-regex='tests/' >build/cover/report.txt &&
        "$cov" show ${objects#* -object } -instr-profile build/cover/all.profdata \
            -ignore-filename-regex='tests/' >build/cover/lines.txt || return 1
    awk '/\.c |^TOTAL/ { printf "%-42s lines %5d, never reached %4d (%s)   branches never taken %4d\n", $1, $8, $9, $10, $12 }' \
        build/cover/report.txt
    echo "# never reached, line by line: build/cover/lines.txt"
}

what=${1-}
[ $# -gt 1 ] && shift
case $what in
run | store | report) "$what" "$@" ;;
*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
