#!/bin/sh
# What the tests need beside a C compiler and make: installs it where it may, says what is missing
# otherwise. cmocka is needed; the others have tests that are skipped without them.
set -u
have_header() {
    echo "#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>" | ${CC:-cc} -E - >/dev/null 2>&1
}
missing=''
have_header || missing="$missing libcmocka-dev"
command -v tcpdump >/dev/null || missing="$missing tcpdump"
command -v tshark >/dev/null || missing="$missing tshark"
[ -z "$missing" ] && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
    echo "# installing$missing" >&2
    log=$(mktemp)
    # shellcheck disable=SC2086
    if { apt-get update && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
        rm -f "$log"
        exit 0
    fi
    tail -n 5 "$log" >&2
    rm -f "$log"
fi
if have_header; then
    echo "# some tests will be skipped; on Debian they need: apt-get install$missing" >&2
    exit 0
fi
echo "make test needs cmocka; on Debian: apt-get install$missing" >&2
exit 1
