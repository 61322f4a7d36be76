#!/bin/sh
# The three programs side by side in tmux: the client's prompt below, the servers' tables above it.
# Ctrl-b c opens a second client; Ctrl-b arrows move between panes; quit the first client to end all.
set -u
command -v tmux >/dev/null || {
    echo "make lab needs tmux (on Debian: apt-get install tmux); make run works without" >&2
    exit 2
}
[ -t 0 ] && [ -t 1 ] || {
    echo "make lab needs a terminal; make run works without" >&2
    exit 2
}
. tools/servers.sh
mkdir -p "$dir"
socket=nibdns-lab-$$
t() { tmux -L "$socket" "$@"; }
t -f /dev/null new-session -d -s lab -n 'client' "bin/client; tmux -L $socket kill-server"
t set -g mouse on \; set -g pane-border-status top \; set -g status-left '' \; \
    set -g pane-border-format ' #{pane_title} ' \; set -g default-command 'bin/client' \; \
    set -g status-right 'Ctrl-b c: another client   Ctrl-b n: next window   quit: end'
t select-pane -t lab:0.0 -T 'client'
t split-window -v -b -l 65% -t lab:0.0 "bin/localserver --write $dir/localserver.pcap"
t select-pane -t lab:0.0 -T 'local server, port 21000'
t split-window -h -t lab:0.0 "bin/amazoneserver --write $dir/amazoneserver.pcap"
t select-pane -t lab:0.1 -T 'amazone server, port 22000'
t select-pane -t lab:0.2
t attach -t lab
