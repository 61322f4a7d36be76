#!/bin/sh
# The three programs side by side in tmux: the client's prompt below, the servers' tables above it.
# Ctrl-b c opens a second client; Ctrl-b arrows move between panes; quit the first client to end all.
# The exit status is the first client's.
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
start_servers --quiet || exit 2 # what is wrong is said here, before tmux has the terminal
stop_servers
socket=nibdns-lab-$$
t() { tmux -L "$socket" "$@"; }
# A server takes the hang-up of its terminal for a wish to reload: its end is asked for by name.
servers=''
end() {
    for pid in $servers; do
        kill "$pid" 2>/dev/null
    done
    t kill-server 2>/dev/null
    rm -f "$dir/$socket"
}
trap end EXIT
trap : INT
trap 'exit 129' HUP
trap 'exit 143' TERM
t -f /dev/null new-session -d -s lab -n client -x 120 -y 40 \
    "bin/client; echo \$? >$dir/$socket; tmux -L $socket kill-server"
t set -g mouse on \; set -g pane-border-status top \; set -g pane-border-format ' #{pane_title} ' \; \
    set -g status-left '' \; set -g status-right-length 70 \; \
    set -g status-right 'Ctrl-b c: another client   Ctrl-b n: next window   quit: end ' \; \
    bind c new-window -n 'another client' 'bin/client' '\;' select-pane -T 'another client'
t select-pane -t lab:0.0 -T client
t split-window -v -b -l 65% -t lab:0.0 "exec bin/localserver --write $dir/localserver.pcap"
t select-pane -t lab:0.0 -T 'local server, port 21000'
t split-window -h -t lab:0.0 "exec bin/amazoneserver --write $dir/amazoneserver.pcap"
t select-pane -t lab:0.1 -T 'amazone server, port 22000'
t set -p -t lab:0.0 remain-on-exit on \; set -p -t lab:0.1 remain-on-exit on \; select-pane -t lab:0.2
servers=$(t list-panes -t lab:0 -F "#{pane_pid} #{pane_start_command}" | sed -n "s/ .*server --write.*//p")
t attach -t lab
status=$(cat "$dir/$socket" 2>/dev/null)
exit "${status:-1}"
