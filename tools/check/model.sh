#!/bin/sh
# Runs the models of the pending table (proto/pending.pml) and of the ends of a walk (proto/walk.pml)
# with Spin, in TAP: the protocol's rules have no counterexample, each weakened one has. Those of the
# pending table are captures, too: pcap/made-model-*, whose descriptions are what the model prints
# when it replays them.
#
#     tools/check/model.sh [--write]     --write makes the descriptions and captures anew
set -u
root=$PWD
model=pending.pml
write=${1:-}
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
if ! command -v spin >/dev/null || ! ${CC:-cc} --version >/dev/null; then
    skip "the models of the pending table and of a walk" "spin is not installed: apt-get install spin"
    finish
    exit
fi
cp proto/*.pml "$dir" && cd "$dir" || exit 2

# All states of the model with these definitions, in $states, $errors and $seconds. Further
# arguments are the search's; cut is not empty when it did not get to the end. Where a few thousand
# states are all there is to search, the compiler takes longer than the search: $optimise.
optimise=-O2
search() {
    defines=$1
    shift
    states='?' errors='?' cut=yes
    rm -f pan* ./*.trail
    begun=$(date +%s)
    # shellcheck disable=SC2086
    spin -a $defines "$model" >spin.log 2>&1 &&
        "${CC:-cc}" -w $optimise -DSAFETY -DREACH -DMEMLIM=2048 -o pan pan.c 2>>spin.log ||
        { sed 's/^/# /' spin.log; return; }
    ./pan "$@" >pan.log 2>&1
    seconds=$(($(date +%s) - begun))
    errors=$(sed -n 's/.*errors: \([0-9]*\)$/\1/p' pan.log)
    states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' pan.log)
    cut=$(grep -Ei 'max search depth|not completed|out of memory|reached -DMEMLIM' pan.log)
}

none_in_all() { [ "$errors" = 0 ] && [ -z "$cut" ]; }
some() { [ "${errors:-0}" -gt 0 ] 2>/dev/null; }

# The protocol's own rule: no counterexample, and the search sees a third question, whose ID and
# port have been used before, get its answer.
search '' -m100000
check "the protocol's rule has no counterexample: $states states, $seconds s" none_in_all
search '-DASKS=4 -DGUESSES=2' -m100000
check "nor with four queries and two forged datagrams: $states states, $seconds s" none_in_all
search -DWITNESS -m100000
check "a question whose ID comes back gets its answer" some

optimise=-O0
# A weakened rule: its name, its definitions, and its story from standard input.
weak() {
    name=$1 story=pcap/made-model-$1.txt capture=pcap/made-model-$1.pcap
    search "$2" -i -m300
    check "$name: there is a counterexample: $states states, $seconds s" some
    {
        sed 's/^/# /'
        echo "# Made by tools/check/model.sh: the shortest counterexample of proto/pending.pml with"
        echo "# $2. Times are there for the picture."
        cat <<'HOSTS'

host client0 127.0.0.1:40001
host client1 127.0.0.1:40002
host local 127.0.0.1:21000
host socket0 127.0.0.1:50000
host socket1 127.0.0.1:50001
host socket2 127.0.0.1:50002
host amazone 127.0.0.1:22000
host stranger 127.0.0.66:22000

HOSTS
        # shellcheck disable=SC2086
        spin -t -T $2 "$model" 2>/dev/null | grep '^+\|^# '
    } >made.txt
    check "$name: the counterexample can be replayed" grep -q '^# The weak rule' made.txt
    if [ "$write" = --write ]; then
        cp made.txt "$root/$story"
        "$root/bin/nibpcap" make made.txt -o "$root/$capture" || failed=$((failed + 1))
    fi
    case $(spin -V) in
    *" 6.5."*) check "$story is that counterexample" cmp -s made.txt "$root/$story" ;;
    *) check "$story is that counterexample # SKIP another Spin may find another one" true ;;
    esac
    [ -x "$root/bin/nibpcap" ] || return
    "$root/bin/nibpcap" make "$root/$story" -o made.pcap
    check "$capture is made from it" cmp -s made.pcap "$root/$capture"
}

weak id-alone '-DID_ALONE -DGUESSES=0' <<'STORY'
Matching by the ID alone. A second copy of an answer comes late. IDs have come round (the model's
after two, a server's after 4294967296, or when it starts again), so a question about another name,
from another socket, has that ID when the copy arrives.
STORY
weak no-question '-DNO_QUESTION -DGUESSES=0' <<'STORY'
Matching by socket, source and ID, but not by the question. A second copy of an answer comes late.
Both the ID and the random port have come back for a question about another name when it arrives.
STORY
weak no-source '-DNO_SOURCE' <<'STORY'
Not comparing where a response came from. A stranger who can send from no address but his own finds
the socket's port, the ID and the question.
STORY
weak no-port '-DNO_PORT' <<'STORY'
One socket for all questions. An attacker who pretends to be the authoritative server, and knows ID
and question, has no port to guess (he guesses 50002; the question left from another one).
STORY
weak any-repeat '-DANY_REPEAT -DGUESSES=0' <<'STORY'
A client's repeat of a query that waits already counts as a query of its own. One query gets two
answers.
STORY

# The ends of a walk: two client queries, two domains whose name servers need each other.
model=walk.pml
optimise=-O2
search '' -m100000
check "every walk ends, within 8 datagrams: $states states, $seconds s" none_in_all
search -DHONEST -m100000
check "where servers have glue and answer, it ends with the answer: $states states" none_in_all
search -DWITNESS -m100000
check "a lookup inside a lookup is reached" some
for rule in SHARED_LOOKUPS NOT_PASSED_OVER ROUNDS; do
    search "-D$rule" -m100000
    check "$rule: there is a counterexample" some
done
finish
