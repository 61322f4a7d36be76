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
. tools/play/servers.sh
mkdir -p "$dir"
socket=nibdns-lab-$$
t() { tmux -L "$socket" "$@"; }
# A server takes the hang-up of its terminal for a wish to reload: its end is asked for by name.
end() {
    for pid in $servers; do
        kill "$pid" 2>/dev/null
    done
    t kill-server 2>/dev/null
}
servers=''
trap end EXIT
trap 'exit 129' HUP
trap 'exit 143' TERM
t -f /dev/null new-session -d -s lab -n 'client' "bin/client; tmux -L $socket kill-server"
t set -g mouse on \; set -g pane-border-status top \; set -g status-left '' \; \
    set -g pane-border-format ' #{pane_title} ' \; set -g default-command 'bin/client' \; \
    set -g status-right 'Ctrl-b c: another client   Ctrl-b n: next window   quit: end'
t select-pane -t lab:0.0 -T 'client'
t split-window -v -b -l 65% -t lab:0.0 "exec bin/localserver --write $dir/localserver.pcap"
t select-pane -t lab:0.0 -T 'local server, port 21000'
t split-window -h -t lab:0.0 "exec bin/amazoneserver --write $dir/amazoneserver.pcap"
t select-pane -t lab:0.1 -T 'amazone server, port 22000'
t select-pane -t lab:0.2
servers=$(t list-panes -t lab:0 -F "#{pane_pid} #{pane_start_command}" | sed -n "s/ .*server --write.*//p")
t attach -t lab
