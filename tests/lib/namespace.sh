# shellcheck shell=sh
# For scripts that need ports of fixed numbers: they source this first, and run in a network
# namespace of their own, where ports are free and nothing leaves. $dir is a folder of theirs; what
# they start with run() ends with them.
if [ -z "${IN_NAMESPACE:-}" ]; then
    for try in "unshare -n" "unshare -rn"; do
        # shellcheck disable=SC2086
        IN_NAMESPACE=1 $try true 2>/dev/null && IN_NAMESPACE=1 exec $try "$0" "$@"
    done
    echo "ok 1 - ${0##*/} # SKIP no network namespace can be made"
    echo "1..1"
    exit 0
fi
ip link set lo up || exit 2
dir=$(mktemp -d) || exit 2
# shellcheck disable=SC2034
why=$dir/why
started=
stop_all() {
    # shellcheck disable=SC2086
    [ -z "$started" ] || kill -CONT $started 2>/dev/null
    # shellcheck disable=SC2086
    [ -z "$started" ] || kill $started 2>/dev/null
    wait
}
trap 'stop_all; rm -rf "$dir"' EXIT
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
have() { command -v "$1" >/dev/null 2>&1; }
run() { # COMMAND...: in the background; $! is its process
    "$@" >>"$dir/log" 2>&1 &
    started="$started $!"
}
until_true() { # COMMAND...: within ten seconds
    i=0
    until "$@" >"$dir/until" 2>&1; do
        i=$((i + 1))
        [ "$i" -lt 100 ] || { cat "$dir/until"; return 1; }
        sleep 0.1
    done
}
