#!/bin/sh
# The dissector and nibpcap give one verdict, in TAP: over every stored capture and some simulated ones
# the same frames are the same thing for the same reason, and the same queries stay unanswered.
#
#   agree.sh [CAPTURE ...]     these captures alone
#
# SEEDS=N asks for that many simulated captures (4). Behind `make check`, for it asks build/test/bin.
set -u
here=$(cd "$(dirname "$0")" && pwd)
: "${SEEDS:=4}"

if ! command -v "${TSHARK:-tshark}" >/dev/null 2>&1; then
    echo "ok 1 - the dissector agrees with nibpcap # SKIP tshark is not installed"
    echo "1..1"
    exit 0
fi
# shellcheck source=tests/wireshark/lib.sh
. "$here/lib.sh"
why=$tmp/why
# shellcheck source=tests/lib/tap.sh
. "$top/tests/lib/tap.sh"
bin=$top/build/test/bin

# Lines of a message: its frame and the verdict with the frame that it is of; the reason with the query
# that it is held against; the request that it is forwarded for. An IP fragment is a datagram cut short
# for both; of such ones only what they do to others is compared. An empty datagram never reaches a
# dissector.
nibpcap_says() {
    "$bin/nibpcap" dump --json "$1" 2>>"$why" | awk '
        function value(key) {
            if (!match($0, "\"" key "\":(\"[^\"]*\"|[0-9]+)"))
                return ""
            text = substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
            gsub(/"/, "", text)
            return text
        }
        {
            verdict = value("verdict"); reason = value("reason"); of = value("of_frame")
            if (value("kind") == "malformed" && value("length") > 0)
                print value("frame"), "malformed", value("rule"), value("octet")
            if (verdict == "" || value("kind") ~ /^(cut|fragment)$/)
                next
            line = value("frame") " " (verdict == "referral" ? "answer" : verdict)
            if (of != "" && reason == "") line = line " of " of
            print line
            if (verdict == "referral") print value("frame"), "referral"
            if (reason != "") print value("frame"), reason, "against", of
            if (value("for_frame") != "") print value("frame"), "for", value("for_frame")
        }' | sort
    "$bin/nibpcap" check "$1" 2>>"$why" | sed -n 's/^frame \([0-9]*\): unanswered: .*/\1 unanswered/p' | sort
}

tshark_says() {
    shark -2 -r "$1" -o ip.defragment:FALSE -o ipv6.defragment:FALSE -Y 'nibdns && !icmp && !icmpv6' \
        -T fields -E aggregator=';' \
        -e frame.number -e nibdns.flag -e nibdns.qry.name -e nibdns.malformed.rule -e nibdns.malformed.at \
        -e nibdns.retransmission_of -e nibdns.copy_of -e nibdns.duplicate_of -e nibdns.response_to \
        -e nibdns.unsolicited -e nibdns.referral -e nibdns.forwarded_for -e nibdns.unanswered \
        -e _ws.expert.message -e nibdns.expert.cut 2>>"$why" >"$tmp/fields" || return 1
    awk -F '\t' '
        function each(list, words,    i, n, part) {
            n = split(list, part, ";")
            for (i = 1; i <= n; i++) print $1, words (words ~ / of$/ ? " " part[i] : "")
            return n
        }
        $15 != "" { next }
        $4 != "" { print $1, "malformed", $4, $5; next }
        {
            again = each($6, "retransmission of") + each($7, "copy of")
            # a duplicate points to its query, too; among segments it comes behind the answer
            n = split($9, query, ";") - each($8, "duplicate of")
            for (i = 1; i <= n; i++) print $1, "answer of " query[i]
            each($10, "unsolicited")
            if ($2 == "0" && $3 != "" && again == 0) print $1, "query"
            n = split($14, message, ";")
            for (i = 1; i <= n; i++)
                if (match(message[i], /: not what the query in frame /)) {
                    reason = substr(message[i], 1, RSTART - 1)
                    sub(/ \(NIB-[0-9.]*\)$/, "", reason)
                    split(substr(message[i], RSTART + RLENGTH), number, " ")
                    print $1, reason, "against", number[1]
                }
            # only the first try, and of answers what ends an exchange
            if ($12 != "" && again == 0) print $1, "for", $12
            if ($11 != "" && $8 == "" && $7 == "" && $10 == "") each($11, "referral")
        }' "$tmp/fields" | sort
    awk -F '\t' '$13 != "" && $6 == "" && $7 == "" { print $1, "unanswered" }' "$tmp/fields" | sort
}

agree() { # CAPTURE
    nibpcap_says "$1" >"$tmp/one" && tshark_says "$1" >"$tmp/other" && [ -s "$tmp/one" ] &&
        diff "$tmp/one" "$tmp/other" >>"$why"
}

# simulated NAME OPTION ...: the first messages of a run.
simulated() {
    name=$1
    shift
    "$bin/nibsim" --hours 1 --write "$tmp/long" "$@" >/dev/null 2>>"$why" &&
        editcap -F pcap -r "$tmp/long" "$tmp/$name.pcap" 1-3000 >/dev/null 2>>"$why"
}

if [ $# -eq 0 ]; then
    seed=1
    while [ "$seed" -le "$SEEDS" ]; do
        simulated "seed-$seed" --seed "$seed"
        seed=$((seed + 1))
    done
    simulated spoofed --seed 1 --spoof --duplicate 5%
    set -- "$top"/pcap/*.pcap "$top"/pcap/*.pcapng "$tmp"/*.pcap
fi
for capture in "$@"; do
    [ -f "$capture" ] || continue
    case $capture in
    */made-broken.pcap) continue ;; # what its headers mean is not our dissector's to say
    esac
    cp "$capture" "$tmp/capture" && chmod a+r "$tmp/capture"
    agree "$tmp/capture"
    succeeded "$(basename "$capture"): one verdict"
done
finish
