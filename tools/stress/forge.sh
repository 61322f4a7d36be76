#!/bin/sh
# What a lie costs, in TAP, with a table: a forger who knows all that can be known sends answers in the
# name of a slow upstream to the real local server, each host in a network namespace of its own
# (root). A lie is believed when it is what the forger's own query is answered.
#   [S=6] tools/stress/forge.sh        S: seconds of each row
# From the project's root, after `make all build/release/forger build/release/slow`.
# All ports, as the machine hands them out, show what the port is worth; few ports, what the letters
# are, and the rules against trying them all. "reached": of the datagrams sent; "fits": of those that
# reached a socket. The price is datagrams sent for each lie believed (with few ports: that reached an
# open socket, times the ports), with the interval that holds it with 95 %.
set -u
# shellcheck source=tools/bench/common.sh
. tools/bench/common.sh
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
s=${S:-6}
spaces=''

end() {
    clean_up
    for space in $spaces; do ip netns del "$space"; done
}
trap end EXIT

inside() { # HOST COMMAND...
    host=nib$$-$1
    shift
    ip netns exec "$host" "$@"
}

# ---- the hosts

connect() { # HOST ADDRESS: beside the local server, which has the address before that
    ip -n "nib$$-local" link add "$1" type veth peer name local netns "nib$$-$1" &&
        ip -n "nib$$-local" addr add "${2%.*}.$((${2##*.} - 1))/30" dev "$1" &&
        ip -n "nib$$-local" link set "$1" up &&
        ip -n "nib$$-$1" addr add "$2/30" dev local && ip -n "nib$$-$1" link set local up
}

# The local server's host takes the upstream's address from the forger's side, too, as a network
# without filters against forged sources does.
make_hosts() {
    for host in local upstream forger; do
        ip netns add "nib$$-$host" || return 1
        spaces="$spaces nib$$-$host"
        ip -n "nib$$-$host" link set lo up
    done
    connect upstream 192.0.2.6 && connect forger 198.51.100.2 &&
        ip -n "nib$$-forger" addr add 192.0.2.6/32 dev lo &&
        ip -n "nib$$-forger" route add 192.0.2.5/32 via 198.51.100.1 &&
        inside local sysctl -q -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.forger.rp_filter=0
}

start_servers() { # DELAY FIRST-PORT LAST-PORT OPTION...
    inside local sysctl -q -w net.ipv4.ip_local_port_range="$2 $3"
    ours ip netns exec "nib$$-upstream" build/release/slow --listen 192.0.2.6 --delay "$1"
    upstream=$pid
    shift 3
    ours ip netns exec "nib$$-local" "$bin/localserver" --quiet --listen 198.51.100.1 \
        --records "$dir/records" "$@"
    server=$pid
    said=$dir/said.$pid
    ln "$dir/said" "$said" && rm "$dir/said"
}

stop_servers() { # its counters are said before
    kill -USR1 "$server"
    until grep -q '^waiting' "$said"; do
        kill -0 "$server" || die "the local server ended: $(cat "$said")"
        sleep 0.02
    done
    kill "$server" "$upstream"
    wait "$server" "$upstream" 2>/dev/null
    started=''
}

counter() { # NAME; what is 0 is left out
    sed -n "s/^$1: //p" "$said" | grep . || echo 0
}

# ---- the arithmetic

# What is expected, of a forger who tries each port once before any again. $1: ports, $2: letters,
# $3: 1 asked once or 2, $4: datagrams in each wait. With waits that hold many datagrams a port, the
# sixteen wrong guesses end them; else the true answer does.
expected() {
    awk -v ports="$1" -v letters="$2" -v asked="$3" -v n="$4" '
        # From `have` answers, `anew` times begun anew and `wrong` guesses on: guesses, and the chance.
        function guess(have, anew, wrong,    key) {
            key = have SUBSEP anew SUBSEP wrong
            if (key in cost) return
            cost[key] = 1; chance[key] = 0
            if (have + 1 == asked) chance[key] += p
            else follow(key, p, have + 1, anew, 0)
            if (wrong < 15) follow(key, 1 - p, have, anew, wrong + 1)
            else if (anew < 3) follow(key, 1 - p, have, anew + 1, 0)
        }
        function follow(key, share, have, anew, wrong,    next_key) {
            guess(have, anew, wrong)
            next_key = have SUBSEP anew SUBSEP wrong
            cost[key] += share * cost[next_key]; chance[key] += share * chance[next_key]
        }
        BEGIN {
            p = 1 / 2 ^ letters
            if (n == 0) { guess(0, 0, 0); print ports * cost[0, 0, 0] / chance[0, 0, 0]; exit }
            q = n < ports ? n / ports : 1; q *= p      # the lie comes before the truth
            each = n * (1 - q) + n * q / 2             # datagrams in a wait
            if (asked == 1) { print each / q; exit }
            for (anew = 3; anew >= 0; anew--) {        # lie, lie: believed; truth, truth: the end
                c = 2 * each + 2 * q * (1 - q) * c_next
                b = q * q + 2 * q * (1 - q) * b_next
                c_next = c; b_next = b
            }
            print c / b
        }'
}

# Datagrams for each lie, of so many sent and believed: the price, and from where to where it is with
# 95 % (Byar). None believed: what it is more than.
price() {
    awk -v sent="$1" -v n="$2" 'BEGIN {
        high = (n + 1) * (1 - 1 / (9 * (n + 1)) + 1.96 / (3 * sqrt(n + 1))) ^ 3
        if (n == 0) { printf "- > %.3g\n", sent / high; exit }
        low = n * (1 - 1 / (9 * n) - 1.96 / (3 * sqrt(n))) ^ 3
        printf "%.4g %.3g-%.3g\n", sent / n, sent / high, sent / low }'
}

# ---- rows

# row WORDS LETTERS PORTS DELAY OPTION...: the forger at work, with what is in $forger and $local.
row() {
    words=$1 letters=$2 ports=$3 delay=$4
    # shellcheck disable=SC2086
    start_servers "$delay" 32768 $((32767 + ports)) $local
    out=$dir/forged
    # shellcheck disable=SC2086
    inside forger taskset -c "$load_cpu" build/release/forger --server 198.51.100.1 \
        --upstream 192.0.2.6 --asker 192.0.2.5 --letters "$letters" --ports "$ports" \
        --seconds "$s" $forger >"$out" || die "the forger: $(cat "$out")"
    stop_servers
    sent=$(value sent "$out") believed=$(value believed "$out") failures=$(value failures "$out")
    wrong=$(counter upstream_discarded_wrong_question) anew=$(counter upstream_begun_anew)
    forger='' local=''
    echo "# $words, letters $letters, ports $ports: $(cat "$out")"
    sed -n 's/^upstream_/#   &/p' "$said"
    check "$words, letters $letters: the forger knew the IDs" \
        [ $(($(counter upstream_discarded_wrong_id) * 100)) -le $((wrong + believed)) ]
}

# tell PRICE-OF EXPECTED FITS: a line of the table. Without FITS, - where the truth came, too.
tell() {
    awk -v words="$words" -v letters="$letters" -v ports="$ports" -v sent="$sent" -v wrong="$wrong" \
        -v believed="$believed" -v price="$(price "$1" "$believed")" -v expected="$2" -v fits="$3" '
        function one_in(n, of) { return n > 0 ? sprintf("1/%.4g", of / n) : "-" }
        BEGIN {
            split(price, p, " ")
            if (fits == "-") reached = right = "-"
            else { reached = one_in(wrong + fits, sent); right = one_in(fits, wrong + fits) }
            printf "%-22s %7d %6d %8d %9s %8s %8d %9s %-19s %9.4g\n", words, letters, ports, sent,
                reached, right, believed, p[1], p[1] == "-" ? "more than " p[3] : p[2], expected
        }' >>"$dir/table"
}

# Of the guesses that reached a socket as many fit as there are spellings, within five standard deviations.
fits_as_expected() { # FITS
    awk -v fits="$1" -v wrong="$wrong" -v letters="$letters" 'BEGIN {
        p = 1 / 2 ^ letters; n = fits + wrong
        off = 5 * sqrt(n * p * (1 - p)) + 1
        printf "%d fit of %d, expected %.1f +- %.1f\n", fits, n, n * p, off
        exit !(n > 0 && fits >= n * p - off && fits <= n * p + off) }'
}

# NIB-8.29 and 8.31: sixteen wrong guesses each time, and the fourth time it is Server failure. A fetch that
# ended otherwise has left fewer behind.
begun_anew() {
    echo "$wrong wrong, $anew times anew, $failures failures, $believed believed"
    full=$((16 * (anew + failures))) lookups=$(value lookups "$out")
    [ "$failures" -gt 0 ] && [ "$anew" -ge $((3 * failures)) ] && [ "$anew" -le $((3 * lookups)) ] &&
        [ "$wrong" -ge "$full" ] && [ "$wrong" -le $((full + 15 * (lookups - failures + 1))) ]
}

plain() {
    local='--mix-case never' forger='--plain --lies 1'
    row "plain" 24 28232 200
    check "plain letters: a lie is believed" [ "$believed" -gt 0 ]
    each_wait=$(value wait "$out")
    tell "$sent" "$(expected 28232 0 1 "$each_wait")" "$believed"
}

mixed() {
    row "mixed" 24 28232 200
    check "24 letters of random case: no lie is believed" [ "$believed" -eq 0 ]
    each_wait=$(value wait "$out")
    tell "$sent" "$(expected 28232 24 1 "$each_wait")" "$believed"
    row "mixed, asked twice" 0 28232 200
    tell "$sent" "$(expected 28232 0 2 "$each_wait")" -
}

# What a guess is worth that reaches the socket: so few ports that many do. The upstream is silent.
few() {
    for letters in 1 2 4 6 9; do
        row "few, asked twice" "$letters" 4 3600000
        fits=$(counter upstream_answers)
        check "letters $letters: as many guesses fit as there are spellings" fits_as_expected "$fits"
        tell $(((wrong + fits) * ports)) "$(expected 4 "$letters" 2 0)" "$fits"
    done
    row "few" 12 4 3600000
    check "letters 12: as many guesses fit as there are spellings" fits_as_expected "$believed"
    check "sixteen wrong guesses begin a fetch anew, three times, then it fails" begun_anew
    tell $(((wrong + believed) * ports)) "$(expected 4 12 1 0)" "$believed"
}

# What it is worth to ask twice, where a wait holds fewer datagrams than it takes.
twice() {
    for letters in 0 1; do
        forger='--rate 25000'
        row "slowly, asked twice" "$letters" 1000 20
        tell "$sent" "$(expected 1000 "$letters" 2 500)" -
    done
}

[ $# -gt 0 ] || set -- plain mixed few twice
forger='' local=''
if ! command -v ip >/dev/null; then
    skip forge "ip is not there"
elif ! make_hosts 2>"$dir/hosts"; then
    skip forge "no namespaces here: $(tail -n 1 "$dir/hosts")"
else
    printf 'record_no,name,type,result,ttl,static\n,1,NS,ns.1,None,1\n,ns.1,A,192.0.2.6,None,1\n' \
        >"$dir/records"
    for one in "$@"; do
        case $one in
        plain | mixed | few | twice) "$one" ;;
        *) die "$one: plain, mixed, few or twice" ;;
        esac
    done
    printf '%-22s %7s %6s %8s %9s %8s %8s %9s %-19s %9s\n' letters "in name" ports sent reached \
        fits believed price "with 95 %" computed | cat - "$dir/table" | sed 's/^/# /'
fi
finish
