#!/bin/sh
# The border below the logic: the archive of layers 0 to 4 may need nothing of libc but what moves and
# compares memory, so it knows no clock, no socket, no heap and no stdio. And no file may include
# from a floor above its own.
set -u
archive=$1
allowed='memcpy|memmove|memset|memcmp|memchr|strlen|__stack_chk_fail|__memcpy_chk|__memset_chk|_GLOBAL_OFFSET_TABLE_'
status=0

# What some object of the archive needs and none of them has.
nm -g "$archive" | awk '$1 == "U" { need[$2] = 1 } NF == 3 && $2 != "U" { have[$3] = 1 }
    END { for (s in need) if (!(s in have)) print s }' | sort >"$archive.needs"
if grep -Evx "$allowed" "$archive.needs" >"$archive.foreign"; then
    echo "not ok - the logic needs what it must not: $(tr '\n' ' ' <"$archive.foreign")"
    status=1
else
    echo "ok - the logic needs only: $(tr '\n' ' ' <"$archive.needs")"
fi

# Each header says its floor in its first lines ("Floor N"); a source has its header's.
floor_of() {
    sed -n 's/.*Floor \([0-9]\).*/\1/p' "$1" | head -1
}
for file in include/nibdns/*.h include/nibdns/os/*.h src/core/*.c src/os/*.c; do
    case $file in
    src/core/*) header=include/nibdns/$(basename "$file" .c).h ;;
    src/os/worker.c | src/os/server*) header=include/nibdns/os/server.h ;;
    src/os/wait_*) header=include/nibdns/os/wait.h ;;
    src/os/udp_*) header=include/nibdns/os/udp.h ;;
    src/os/*) header=include/nibdns/os/$(basename "$file" .c).h ;;
    *) header=$file ;;
    esac
    [ -f "$header" ] || header=${header%_*}.h
    own=$(floor_of "$header")
    if [ -z "$own" ]; then
        echo "not ok - $header does not say its floor"
        status=1
        continue
    fi
    for included in $(sed -n 's/^#include "\(nibdns[^"]*\)".*/\1/p' "$file"); do
        floor=$(floor_of "include/$included")
        if [ "${floor:-9}" -gt "$own" ]; then
            echo "not ok - $file (floor $own) includes $included (floor ${floor:-unknown})"
            status=1
        fi
    done
done
[ "$status" -eq 0 ] && echo "ok - every file includes only from its own floor and those below"
exit "$status"
