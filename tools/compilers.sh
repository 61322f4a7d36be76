#!/bin/sh
# Builds everything with each compiler and C library that is there; a warning is an error.
set -u
status=0
for flavour in release clang musl; do
    case $flavour in clang) tool=clang ;; musl) tool=musl-gcc ;; *) tool=${CC:-cc} ;; esac
    if ! command -v "$tool" >/dev/null; then
        echo "ok - builds with $tool # SKIP it is not installed"
    elif make --no-print-directory -s "flavour-$flavour" >"build/$flavour.log" 2>&1; then
        echo "ok - builds with $tool without a warning"
    else
        echo "not ok - builds with $tool without a warning"
        sed 's/^/    /' "build/$flavour.log" | head -20
        status=1
    fi
done
exit "$status"
