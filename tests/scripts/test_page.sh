#!/bin/sh
# The page: in node beside the programs, and in Chromium. Skipped, in a line, where the tools are not there.
cd "$(dirname "$0")/../.." || exit 2
for tool in clang wasm-ld node; do
    if ! command -v "$tool" >/dev/null; then
        echo "ok 1 - the page # SKIP no $tool"
        echo 1..1
        exit 0
    fi
done
if ! make --no-print-directory page all >&2; then
    echo "not ok 1 - make page"
    echo 1..1
    exit 1
fi
exec node tests/page/run.js
