#!/bin/sh
# The layers hold, and the check would see it if they did not: each fault is put into a copy.
set -u
${MAKE:-make} --no-print-directory -s all || exit 1
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
objects=$PWD/build/release
check=$PWD/tools/check/floors.sh
"$check" "$objects/libnibdns.a"
status=$?

# seen WHAT PATTERN [OBJECTS]: the check of the copy complains of that.
seen() {
    if (cd "$dir" && "$check" "${3:-$objects}/libnibdns.a") | grep -q "^not ok.*$2"; then
        echo "ok - $1 would be seen"
    else
        echo "not ok - $1 would be seen"
        status=1
    fi
}
fresh() { rm -rf "$dir/src" "$dir/include" && cp -r src include "$dir"; }
compile() { ${CC:-cc} -std=c11 -Iinclude -Isrc/programs -c "$1" -o "$2"; }

# An include, at the end of a file, that has no business there.
while read -r file name what; do
    fresh
    echo "#include \"$name\"" >>"$dir/$file"
    seen "$what" "$file.*$name"
done <<'END'
src/core/cursor.c nibdns/message.h an include from a layer above in the logic
include/nibdns/rr.h nibdns/table.h an include from a layer above in a header
src/core/message.c nibdns/os/clock.h an include of the system in the logic
src/os/posix/queue.c nibdns/os/server.h an include of the event loop in a queue
src/programs/common/rows.c nibsim/run.h an include of a program in what all have in common
src/programs/nibsim/base/net.c nibsim/nodes/client.h an include of a part in a program's base
src/programs/nibsim/nodes/client.c nibbench/base/clock.h an include of another program
src/programs/nibbench/load/net.c nibbench/commands.h an include of a command in a part
src/programs/nibpcap/ladder/svg.c nibpcap/make/make.h an include of a part in its sibling
src/programs/nibsim/base/world.h nibsim/base/sim.h a circle of headers
END

# A call that has no business there.
fresh
mkdir "$dir/objects"
cp -r "$objects/libnibdns.a" "$objects/src" "$dir/objects"
echo 'long time(long *); long nib_now(void); long nib_now(void) { return time(0); }' >"$dir/clock.c"
compile "$dir/clock.c" "$dir/clock.o" && ar r "$dir/objects/libnibdns.a" "$dir/clock.o" 2>/dev/null
seen "a call of time() in the logic" time "$dir/objects"
{ cat src/programs/nibsim/base/model.c
  echo 'extern void sim_world_make(void); void circle(void); void circle(void) { sim_world_make(); }'
} >"$dir/model.c"
compile "$dir/model.c" "$dir/objects/src/programs/nibsim/base/model.o"
seen "a circle of sources" "model.c needs .*generate.c" "$dir/objects"
exit "$status"
