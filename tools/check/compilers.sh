#!/bin/sh
# Builds everything with each compiler and C library that is there, in TAP; a warning is an error.
set -u
why=$(mktemp) || exit 2
trap 'rm -f "$why"' EXIT
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
for flavour in strict clang musl; do
    case $flavour in clang) tool=clang ;; musl) tool=musl-gcc ;; *) tool=${CC:-cc} ;; esac
    if command -v "$tool" >/dev/null; then
        check "builds with $tool without a warning" make --no-print-directory -s WERROR=-Werror "flavour-$flavour"
    else
        skip "builds with $tool" "it is not installed"
    fi
done
finish
