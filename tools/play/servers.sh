# shellcheck shell=sh
# Read by run.sh, lab.sh, demo.sh and tree.sh: starts servers and ends them again. Their tables,
# messages and captures go to $dir, under each server's name. What stands there from another run is
# left alone until the new server has its port: that run may be on.

dir=build/run
started=''

# start NAME PROGRAM OPTION...: returns once it listens; says why and fails otherwise.
start() {
    name=$1 program=$2
    shift 2
    new=$dir/new.$$
    mkdir -p "$dir" || return 1
    : >"$new.err"
    "bin/$program" --write "$new.pcap" "$@" >"$new.txt" 2>"$new.err" </dev/null &
    pid=$!
    tries=0
    until grep -q 'Server listening' "$new.err"; do
        tries=$((tries + 1))
        if ! kill -0 "$pid" 2>/dev/null || [ "$tries" -gt 100 ]; then
            kill "$pid" 2>/dev/null
            wait "$pid" 2>/dev/null
            cat "$new.err" >&2
            rm -f "$new".*
            return 1
        fi
        sleep 0.05
    done
    started="$pid $started"
    for kind in err txt pcap; do
        mv "$new.$kind" "$dir/$name.$kind"
    done
}

# The two of the course, with further options for both.
start_servers() {
    start amazoneserver amazoneserver "$@" && start localserver localserver "$@"
}

stop_servers() {
    for pid in $started; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    started=''
}
