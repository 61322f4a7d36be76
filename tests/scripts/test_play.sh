#!/bin/sh
# make run, lab and demo, in TAP: what they say when a port is taken, that they leave alone what another
# run has written, and that Ctrl-C, the prompt's end and panes end well. A terminal is played by tmux.
# Needs the programs' usual ports: in a network of its own where it may have one. From the project's root.
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL
if [ -z "${PLAY_TEST-}" ] && unshare -n ip link set lo up 2>/dev/null; then
    # shellcheck disable=SC2016
    PLAY_TEST=yes exec unshare -n sh -c 'ip link set lo up && exec "$0"' "$0"
fi
root=$PWD
tmp=$(mktemp -d) || exit 2
socket=nibdns-test-$$
t() { tmux -L "$socket" "$@"; }
pid=''
trap 'kill $pid 2>/dev/null; t kill-server 2>/dev/null; rm -rf "$tmp"' EXIT
mkdir "$tmp/tree" && cp -r bin "$tmp/tree" && cd "$tmp/tree" || exit 2
for entry in Makefile README.md proto src include tests pcap tools; do
    ln -s "$root/$entry" "$entry"
done
why=$tmp/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
export LC_ALL=C.UTF-8
m="make --no-print-directory -o bin/client -o bin/localserver -o bin/amazoneserver"

# ---- a port that is taken ----

mkdir -p build/run
for file in amazoneserver localserver; do
    for kind in txt err pcap; do echo "of another run" >build/run/$file.$kind; done
done
bin/amazoneserver --quiet --listen 127.0.0.1:22000 2>"$tmp/other" &
pid=$!
until grep -q listening "$tmp/other"; do
    kill -0 $pid 2>/dev/null || { echo "1..0 # SKIP port 22000 is in use"; exit 0; }
    sleep 0.05
done
refuses() { # TARGET: one line of ours, and make's own that it failed
    $m "$1" </dev/null >"$tmp/said" 2>&1 && return 1
    cat "$tmp/said"
    [ "$(grep -vc '^make' "$tmp/said")" -eq 1 ] && grep -q '127.0.0.1:22000.*in use' "$tmp/said"
}
untouched() {
    for file in build/run/*; do
        [ "$(cat "$file")" = "of another run" ] || { echo "$file"; return 1; }
    done
    kill -0 $pid
}
for target in run demo; do
    check "make $target says in a line that a port is taken" refuses $target
    check "make $target leaves the other run and its files alone" untouched
done

# ---- a terminal ----

screen() { t capture-pane -p >"$tmp/screen" 2>&1; cat "$tmp/screen"; }
sees() { # PATTERN on the screen, within 10 s
    tries=0
    until screen | grep -q "$1"; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || { cat "$tmp/screen"; return 1; }
        sleep 0.1
    done
}
on_terminal() { t -f /dev/null new-session -d -x 100 -y 30 "trap : INT; $m $1; echo status \$?; sleep 60"; }
end_terminal() { t kill-server 2>/dev/null; sleep 0.2; }
if command -v tmux >/dev/null; then
    on_terminal lab
    check "make lab says in a line that a port is taken" sees '22000.*in use'
    end_terminal
fi
kill $pid
wait $pid 2>/dev/null
if ! command -v tmux >/dev/null; then
    skip "what they do on a terminal" "tmux is not installed"
    finish
    exit
fi
no_complaint() { sees 'status' && ! grep -q 'make:' "$tmp/screen"; }
none_left() { ! grep -E ' 0100007F:(5208|55F0) ' /proc/net/udp; } # ports 21000, 22000
on_terminal run
check "make run comes to the prompt" sees 'Enter the hostname'
t send-keys C-c
check "Ctrl-C ends make run without a complaint of make's" no_complaint
end_terminal
on_terminal run
sees 'Enter the hostname' >/dev/null
t send-keys quit Enter
check "quit ends it with status 0" sees 'status 0'
end_terminal
on_terminal tree
check "make tree comes to the prompt" sees 'Enter the hostname'
t send-keys store.amazone.com Enter
check "a name two referrals and an alias away is found" sees 'Record found: store.amazone.com -> 192.0.2.80'
t send-keys quit Enter
check "quit ends make tree with status 0" sees 'status 0'
end_terminal
on_terminal demo
check "make demo plays the first case" sees 'Case 1'
t send-keys C-c
check "Ctrl-C ends make demo without a complaint of make's" no_complaint
end_terminal
on_terminal lab
check "make lab shows the prompt" sees 'Enter the hostname'
check "each pane is named" sees 'local server, port 21000.*amazone server, port 22000'
check "the line of status is whole" sees 'Ctrl-b c: another client .*quit: end'
t send-keys shop.amazone.com Enter
check "a lookup shows in the servers' tables" sees '^4,shop.amazone.com,A,3.33.147.88,[0-9]*,0.*│'
t send-keys quit Enter
check "quit ends all with status 0" sees 'status 0'
end_terminal
check "no server is left" none_left
finish
