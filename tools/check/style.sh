#!/bin/sh
# The tree is clean under its own clang-format and clang-tidy configurations.
set -u
status=0
files=$(git ls-files '*.c' '*.h')
# shellcheck disable=SC2086
clang-format --dry-run -Werror $files || status=1
# What is for WebAssembly alone, no native compiler understands.
for file in $(git ls-files 'src/*.c' ':!src/programs/page/wasm'); do
    clang-tidy --quiet "$file" -- -std=c11 -Iinclude -Isrc/programs -Itests 2>/dev/null | grep -E 'warning:|error:' && status=1
done
exit "$status"
