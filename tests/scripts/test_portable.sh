#!/bin/sh
# The build for systems without epoll, recvmmsg() and sendmmsg() does all that the other one does, in
# TAP: it is made under the sanitizers into build/portable/, then the tests of whole programs run
# against it. Run from the project's root, behind `make check`.
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL
bin=build/portable/bin
why=$(mktemp) || exit 2
trap 'rm -f "$why"' EXIT
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
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
finish
