#!/bin/sh
# The layers of the house hold (src/README.md):
#   - the archive of layers 0 to 4 needs nothing of libc but what moves and compares memory, so the
#     logic knows no clock, no socket, no heap and no stdio;
#   - no file includes from a layer above its own;
#   - in the programs includes run one way, main -> command -> part -> base -> common, siblings and
#     programs never include each other;
#   - no two files need each other, directly or through others, headers and sources alike.
# Run where include/ and src/ are; the argument is the archive, in the folder of a whole build.
set -u
archive=$1
allowed='memcpy|memmove|memset|memcmp|memchr|strlen|__stack_chk_fail|__memcpy_chk|__memset_chk|_GLOBAL_OFFSET_TABLE_'
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
status=0

# Lines on standard input are faults; without any, what the argument says is so.
report() {
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
report "the logic needs only: $(tr '\n' ' ' <"$work/needs")" <"$work/foreign"

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
report "every file includes only from its own layer and those below" <"$work/layers"

# A file's place in its program: 6 main, 5 command, 4 part, 3 base; 2 what all programs have in common.
# shellcheck disable=SC2046
awk '
    function rank_of(file, part,   n) {
        n = split(file, part, "/") # src programs PROGRAM [PART] FILE
        if (part[3] == "common")
            return 2
        if (n == 4)
            return file in is_main ? 6 : 5
        return n > 5 ? 0 : part[4] == "base" ? 3 : 4
    }
    function stem(file) { sub(/\.[ch]$/, "", file); return file }
    function siblings(file, a, other, b, rank) {
        if (rank == 4)
            return a[4] != b[4] && !is_ladder(a, b)
        return rank == 5 && (a[3] in has_base) && stem(file) != stem(other) && (stem(other) ".c") in is_file
    }
    # The page draws captures with the parts of nibpcap that know no file.
    function is_ladder(a, b) { return a[3] == "page" && b[3] == "nibpcap" && b[4] ~ /^(base|ladder)$/ }
    function fault(file, what) { print file " includes " what }
    FNR == 1 { is_file[FILENAME] = 1; if (split(FILENAME, p, "/") == 5 && p[4] == "base") has_base[p[3]] }
    /^int main\(/ { is_main[FILENAME] = 1 }
    /^#include "/ { split($0, p, "\""); n++; from[n] = FILENAME; name[n] = p[2] }
    END {
        for (i = 1; i <= n; i++) {
            if (name[i] ~ /^nibdns\//)
                continue
            file = from[i]
            other = "src/programs/" name[i]
            own = rank_of(file, a)
            rank = rank_of(other, b)
            if (!(other in is_file))
                fault(file, name[i] ", which is not in src/programs")
            else if (own == 0 || rank == 0)
                fault(file, name[i] ": one of them lies too deep")
            else if (a[3] != b[3] && rank != 2 && !is_ladder(a, b))
                fault(file, name[i] " of another program")
            else if (rank > own)
                fault(file, name[i] " from above")
            else if (rank == own && siblings(file, a, other, b, rank))
                fault(file, name[i] ", its sibling")
        }
    }' $(find src/programs -name '*.[ch]' | sort) >"$work/programs"
report "in the programs includes run one way" <"$work/programs"

# Prints what is left of a graph (`from to why` a line) when all that leads into no circle is gone.
circles() {
    awk '
        { from[NR] = $1; to[NR] = $2; why[NR] = $3; there[NR] = 1 }
        END {
            do {
                split("", out); split("", into); gone = 0
                for (i in there) { out[from[i]]++; into[to[i]]++ }
                for (i in there)
                    if (!(to[i] in out) || !(from[i] in into)) { delete there[i]; gone++ }
            } while (gone > 0)
            for (i = 1; i <= NR; i++)
                if (i in there && !seen[from[i], to[i]]++)
                    print "in a circle: " from[i] " needs " to[i] (why[i] == "" ? "" : ", for " why[i])
        }'
}

# shellcheck disable=SC2046
awk '
    { file = FILENAME }
    FNR == 1 { is_file[file] = 1 }
    /^#include "/ { split($0, p, "\""); n++; from[n] = file; name[n] = p[2] }
    END {
        for (i = 1; i <= n; i++) {
            near = from[i]
            sub(/[^\/]*$/, "", near)
            if ((near name[i]) in is_file) print from[i], near name[i]
            else if (("include/" name[i]) in is_file) print from[i], "include/" name[i]
            else if (("src/programs/" name[i]) in is_file) print from[i], "src/programs/" name[i]
        }
    }' $(find include src -name '*.h' | sort) | circles >"$work/headers"
report "no circle in the headers" <"$work/headers"

# A source needs the files that define what it calls.
objects=$(dirname "$archive")
find src -name '*.c' | sort | while read -r file; do
    [ ! -f "$objects/${file%.c}.o" ] || echo "$objects/${file%.c}.o"
done | xargs nm -A -g | sed "s,^$objects/\(.*\)\.o:,\1.c ," | awk '
    function program_of(file, part) {
        split(file, part, "/")
        return part[2] == "programs" && part[3] != "common" ? part[3] : ""
    }
    NF == 3 && $2 == "U" { n++; needs[n] = $1; symbol[n] = $3 }
    NF == 4 && $4 != "main" { defines[program_of($1), $4] = $1; count++ }
    END {
        for (i = 1; i <= n; i++) {
            other = defines[program_of(needs[i]), symbol[i]]
            if (other == "") other = defines["", symbol[i]]
            if (other != "" && other != needs[i]) print needs[i], other, symbol[i]
        }
    }' >"$work/needs_of"
[ -s "$work/needs_of" ] || echo "there are no objects in $objects" >"$work/calls"
circles <"$work/needs_of" >>"$work/calls"
report "no circle in the sources" <"$work/calls"
exit "$status"
