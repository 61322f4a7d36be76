#!/bin/sh
# Proves the codec with Frama-C's WP, in TAP; tests/prove/README.md says what that means.
#
#     tools/check/prove.sh [--quick | --faults]
#
# Every goal is proved or stands in tests/prove/unproved.txt with its reason, and none has vanished
# (tests/prove/goals.txt). Then each fault of tests/prove/faults.txt, in a copy of the sources, must
# leave a goal unproved. --quick, for make test: the parts that take a minute and a half together,
# without the faults. --faults: these alone.
set -u
what=${1:-}
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
for tool in frama-c why3 z3 cvc4; do
    command -v $tool >/dev/null && continue
    skip "the codec is proved" "$tool is not installed: apt-get install frama-c-base why3 z3 cvc4"
    finish
    exit
done
export WHY3CONFIG="$dir/why3.conf"
why3 config detect >"$dir/detect.log" 2>&1

# A goal takes a few seconds at most; the rest is slack for a slow machine.
seconds=60

# WP on a file of the core under $root, with the contracts of its part.
wp() { # FILE DEFINES ARGUMENT...
    file=$1 defines=$2
    shift 2
    frama-c -no-autoload-plugins -load-module wp,rtegen -machdep gcc_x86_64 \
        -cpp-extra-args="-I$root/include $defines -include tests/prove/$file.h" \
        "$root/src/core/$file.c" -wp -wp-rte -wp-model typed+cast -wp-prover cvc4,z3 \
        -wp-timeout "$seconds" -wp-par 2 "$@"
}

# Every function of the codec belongs to one part; here a part's file, definitions and functions.
# The lemmas are proved where what they are about is spelt out: with names and with misses.
inlined=nib_text_same,nib_reader_init,nib_reader_fail,nib_reader_take,nib_reader_u8,nib_reader_u32
inlined=$inlined,nib_writer_init,nib_writer_octets,nib_writer_u8,nib_writer_u32,nib_writer_text
inlined=$inlined,nib_writer_done
reading=is_type,read_text,read_name,read_packed,read_ttl,check_result,read_head,read_answer
reading=$reading,read_message,nib_message_decode,nib_result_check
part() { # PART ARGUMENT...: as WP's own, where there are none the functions of the part
    chosen=$1
    shift
    case $chosen in
    cursors) wp message -DPROVE_CURSORS "${@:--wp-fct=$inlined}" ;;
    names) wp name '' "${@:--wp-skip-fct=$inlined,nib_writer_word}" ;;
    addresses) wp addr '' \
        "${@:--wp-fct=span_to,skip,nib_ipv4_parse,parse_group,parse_groups,nib_ipv6_parse}" ;;
    misses) wp message -DPROVE_MISSES "${@:--wp-fct=nib_result_outcome}" ;;
    texts-of-misses) wp message -DPROVE_MISSES "${@:--wp-prop=@lemma}" ;;
    texts-of-names) wp name '' "${@:--wp-prop=@lemma}" ;;
    reading) wp message '' "${@:--wp-fct=$reading}" ;;
    writing) wp message '' "${@:--wp-fct=write_text,nib_message_encode,nib_message_fits}" ;;
    esac
}
quick='cursors names misses texts-of-names texts-of-misses'
parts="$quick addresses reading writing"
[ "$what" != --quick ] || parts=$quick

# Runs WP on a part: its goals in $dir/goals, those not proved in $dir/open.
run() {
    part "$@" >"$dir/log" 2>&1
    status=$?
    sed -n 's/^\[wp\] \[[^]]*\] Goal typed_cast_\([^ ]*\) : Valid.*/\1/p' "$dir/log" |
        sort >"$dir/proved"
    sed -n 's/^\[wp\] \[[^]]*\] Goal typed_cast_\([^ ]*\).*/\1/p' "$dir/log" | sort >"$dir/goals"
    comm -23 "$dir/goals" "$dir/proved" >"$dir/open"
    goals=$(wc -l <"$dir/goals") open=$(wc -l <"$dir/open")
}

as_listed() {
    [ $status -eq 0 ] && [ "$goals" -gt 0 ] || { tail -n 5 "$dir/log" | sed 's/^/# /'; return 1; }
    sed -n "s/^$part \([^ ]*\) .*/\1/p" tests/prove/unproved.txt | sort >"$dir/listed"
    comm -23 "$dir/open" "$dir/listed" | sed 's/^/# not proved: /' >"$dir/bad"
    comm -13 "$dir/open" "$dir/listed" | sed 's/^/# listed, but proved or gone: /' >>"$dir/bad"
    cat "$dir/bad"
    [ ! -s "$dir/bad" ]
}

# Another Frama-C counts differently; the file is for this one.
all_there() {
    expected=$(sed -n "s/^$part //p" tests/prove/goals.txt)
    case $(frama-c -version) in 25.*) ;; *) return 0 ;; esac
    [ "$goals" -ge "${expected:?}" ] || { echo "# $expected goals are expected"; false; }
}

# A fault: its part, the functions that it touches, its file, the change as sed has it, and words.
changed() { ! cmp -s "$root/$source" "$source"; }
noticed() { [ $status -eq 0 ] && [ "$goals" -gt 0 ] && [ "$open" -gt 0 ]; }
fault() {
    rm -rf "$dir/fault" && mkdir "$dir/fault" && cp -r src include "$dir/fault" || exit 2
    root=$dir/fault
    sed "$change" "$source" >"$root/$source"
    check "fault: $words: the source is changed" changed
    run "$part" -wp-fct "$functions"
    check "fault: $words: $open of $goals goals are not proved" noticed
}

if [ "$what" != --faults ]; then
    root=.
    for part in $parts; do
        begun=$(date +%s)
        run $part
        words="$part: $((goals - open)) of $goals goals are proved, $(($(date +%s) - begun)) s"
        check "$words" as_listed
        check "$part: no goal has vanished" all_there
    done
fi

# A goal that a fault breaks takes all of its time.
seconds=10
if [ "$what" != --quick ]; then
    while IFS='|' read -r part functions source change words <&3; do
        case $part in '' | '#'*) continue ;; esac
        fault
    done 3<tests/prove/faults.txt
fi
finish
