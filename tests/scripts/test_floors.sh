#!/bin/sh
# The layers hold, and the check would see it if they did not: each fault is put into a copy.
set -u
${MAKE:-make} --no-print-directory -s build/release/libnibdns.a || exit 1
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
archive=$PWD/build/release/libnibdns.a
check=$PWD/tools/check/floors.sh
"$check" "$archive"
status=$?

# seen WHAT PATTERN [ARCHIVE]: the check of the copy complains of that.
seen() {
    if (cd "$dir" && "$check" "${3:-$archive}") | grep -q "^not ok.*$2"; then
        echo "ok - $1 would be seen"
    else
        echo "not ok - $1 would be seen"
        status=1
    fi
}
fresh() { rm -rf "$dir/src" "$dir/include" && cp -r src include "$dir"; }

fresh
cp "$archive" "$dir/lib.a"
echo 'long time(long *); long nib_now(void); long nib_now(void) { return time(0); }' >"$dir/clock.c"
${CC:-cc} -c "$dir/clock.c" -o "$dir/clock.o" && ar r "$dir/lib.a" "$dir/clock.o" 2>/dev/null
seen "a call of time() in the logic" time "$dir/lib.a"
while read -r file line what; do
    fresh
    echo "#include \"$line\"" >>"$dir/$file"
    seen "$what" "$file.*$line"
done <<'END'
src/core/cursor.c nibdns/message.h an include from a layer above in the logic
include/nibdns/rr.h nibdns/table.h an include from a layer above in a header
src/core/message.c nibdns/os/clock.h an include of the system in the logic
src/os/queue.c nibdns/os/server.h an include of the event loop in a queue
END
exit "$status"
