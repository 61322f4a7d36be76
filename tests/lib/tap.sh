# shellcheck shell=sh
# TAP for the scripts that test something. They source it with $why a file of theirs, for what the
# command of the moment says.
n=0 failed=0
: >"$why"

verdict() { # a status, and what should be so
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        tail -n 40 "$why" | tr -c '\n\t -~' '?' | sed 's/^/    # /'
        failed=$((failed + 1))
    fi
    : >"$why"
}

check() { # what should be so, and the command that says so
    claim=$1
    shift
    "$@" >"$why" 2>&1
    verdict $? "$claim"
}

succeeded() { # what should be so, and is when the command before this one succeeded
    verdict $? "$1"
}

skip() { # what is not tried, and why
    n=$((n + 1))
    echo "ok $n - $1 # SKIP $2"
}

finish() { # the last command of all: its status is the script's
    echo "1..$n"
    [ "$failed" -eq 0 ]
}
