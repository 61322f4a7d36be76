#!/bin/sh
# The build for systems without epoll, recvmmsg() and sendmmsg() does all that the other one does, in
# TAP: it is made under the sanitizers into build/portable/, then the tests of whole programs run
# against it. Run from the project's root, behind `make check`.
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL
bin=build/portable/bin
log=$(mktemp) || exit 2
trap 'rm -f "$log"' EXIT
n=0 failed=0
check() { # what should be so, and the command that says so
    n=$((n + 1))
    words=$1
    shift
    if "$@" >"$log" 2>&1; then
        echo "ok $n - $words"
    else
        echo "not ok $n - $words"
        grep -v '^ok ' "$log" | head -n 25 | sed 's/^/    # /'
        failed=$((failed + 1))
    fi
}
builds() { make --no-print-directory -s PORTABLE=1 "$bin/client" "$bin/localserver" "$bin/amazoneserver"; }
needs_neither() { # of the system calls that it does without
    ! nm -u "$bin/localserver" "$bin/amazoneserver" | grep -E 'epoll|mmsg'
}
passes() {
    NIB_BIN=$bin CMOCKA_MESSAGE_OUTPUT=TAP "build/test/$1"
}
check "it builds without a warning" builds
check "it calls neither epoll nor recvmmsg nor sendmmsg" needs_neither
for name in test_programs_client test_programs_servers; do
    check "$name" passes "$name"
done
echo "1..$n"
[ "$failed" -eq 0 ]
