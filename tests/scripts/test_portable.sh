#!/bin/sh
# The build without what Linux alone has (src/os/linux) does all that the other one does, in
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
is_portable() { # no call that Linux alone has
    ! nm -u "$bin/client" "$bin/localserver" "$bin/amazoneserver" | grep -E 'epoll|mmsg|prctl|syscall'
}
passes() {
    NIB_PORTABLE=1 NIB_BIN=$bin CMOCKA_MESSAGE_OUTPUT=TAP "build/test/tests/system/$1"
}
check "it builds without a warning" builds
check "it calls nothing that Linux alone has" is_portable
for name in test_programs_client test_programs_servers; do
    check "$name" passes "$name"
done
finish
