#!/bin/sh
# The border around the logic holds, and the check would see it if it did not.
set -u
${MAKE:-make} --no-print-directory -s build/release/libnibdns.a || exit 1
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
tools/check/floors.sh build/release/libnibdns.a
status=$?
cp build/release/libnibdns.a "$dir/lib.a"
echo 'long time(long *); long nib_now(void); long nib_now(void) { return time(0); }' >"$dir/clock.c"
${CC:-cc} -c "$dir/clock.c" -o "$dir/clock.o" && ar r "$dir/lib.a" "$dir/clock.o" 2>/dev/null
if tools/check/floors.sh "$dir/lib.a" | grep -q '^not ok.*time'; then
    echo "ok - a call of time() in the logic would be seen"
else
    echo "not ok - a call of time() in the logic would be seen"
    status=1
fi
exit "$status"
