# Read by run.sh, lab.sh and demo.sh: starts the two servers and ends them again.
# Their tables, messages and the local server's capture go to $dir.

dir=build/run
local_pid='' amazone_pid=''

# start NAME OPTIONS...: prints its process id once it listens; complains and fails otherwise.
start() {
    name=$1
    shift
    : >"$dir/$name.err"
    "bin/$name" "$@" >"$dir/$name.txt" 2>"$dir/$name.err" </dev/null &
    pid=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        if grep -q 'Server listening' "$dir/$name.err"; then
            started=$pid
            return 0
        fi
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    cat "$dir/$name.err" >&2
    return 1
}

start_servers() {
    mkdir -p "$dir"
    start amazoneserver --write "$dir/amazoneserver.pcap" && amazone_pid=$started || return 1
    start localserver --write "$dir/localserver.pcap" && local_pid=$started || return 1
}

stop_servers() {
    for pid in $local_pid $amazone_pid; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    local_pid='' amazone_pid=''
}
