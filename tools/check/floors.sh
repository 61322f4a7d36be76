#!/bin/sh
# The layers of the house hold (src/README.md):
#   - the archive of layers 0 to 4 needs nothing of libc but what moves and compares memory, so the
#     logic knows no clock, no socket, no heap and no stdio;
#   - no file includes from a layer above its own.
# Run where include/ and src/ are; the first argument is the archive.
set -u
archive=$1
allowed='memcpy|memmove|memset|memcmp|memchr|strlen|__stack_chk_fail|__memcpy_chk|__memset_chk|_GLOBAL_OFFSET_TABLE_'
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
status=0

# Lines on standard input are faults; without any, what the argument says is so.
judge() {
    if faults=$(grep .); then
        printf '%s\n' "$faults" | sed 's/^/not ok - /'
        status=1
    else
        echo "ok - $1"
    fi
}

# What some object of the archive needs and none of them has.
nm -g "$archive" | awk '$1 == "U" { need[$2] = 1 } NF == 3 && $2 != "U" { have[$3] = 1 }
    END { for (s in need) if (!(s in have)) print s }' | sort >"$work/needs"
grep -Evx "$allowed" "$work/needs" | sed 's/^/the logic needs what it must not: /' >"$work/foreign"
judge "the logic needs only: $(tr '\n' ' ' <"$work/needs")" <"$work/foreign"

# A header says its layer in its first lines ("Layer N"). A source has the layer of the header whose
# name begins its own, else of a private header that it includes.
# shellcheck disable=SC2046
awk '
    function base(path) { sub(/.*\//, "", path); sub(/\.[ch]$/, "", path); return path }
    FNR == 1 { files[++n] = FILENAME; is_file[FILENAME] = 1 }
    FNR <= 6 && !(FILENAME in says) && match($0, /Layer [0-9]/) {
        says[FILENAME] = substr($0, RSTART + 6, 1)
    }
    /^#include "/ { split($0, part, "\""); includes[FILENAME] = includes[FILENAME] " " part[2] }
    function layer_of(file,   stem, h, mine) {
        if (file in says || file ~ /\.h$/)
            return says[file]
        for (stem = base(file); stem != ""; sub(/_?[^_]*$/, "", stem))
            for (h = 1; h <= n; h++)
                if (files[h] ~ /\.h$/ && base(files[h]) == stem &&
                    (file ~ /^src\/os\//) == (files[h] ~ /\/os\//))
                    return says[files[h]]
        h = split(includes[file], mine, " ")
        for (; h > 0; h--)
            if (is_private(file, mine[h]))
                return says[beside(file, mine[h])]
        return ""
    }
    function folder(file) { sub(/[^\/]*$/, "", file); return file }
    function beside(from, name,   path) { # the file that a private include names
        path = folder(from) name
        while (sub(/[^\/]+\/\.\.\//, "", path))
            ;
        return path
    }
    function is_private(from, name) { return beside(from, name) in is_file }
    function resolve(from, name) {
        return is_private(from, name) ? beside(from, name) : "include/" name
    }
    END {
        for (i = 1; i <= n; i++) {
            own = layer_of(files[i])
            if (own == "")
                print files[i] " does not say its layer"
            count = split(includes[files[i]], list, " ")
            for (k = 1; own != "" && k <= count; k++) {
                other = layer_of(resolve(files[i], list[k]))
                if (other == "" || other > own)
                    print files[i] " (layer " own ") includes " list[k] " (layer " \
                        (other == "" ? "unknown" : other) ")"
            }
        }
    }' $(find include src/core src/os -name '*.[ch]' | sort) >"$work/layers"
judge "every file includes only from its own layer and those below" <"$work/layers"
exit "$status"
