#!/bin/sh
# join.sh MODULE.wasm: the page in one file, on standard output. A line of page.html that is a comment
# `<!-- what -->` is replaced by what it names.
set -eu
cd "$(dirname "$0")"
case $1 in
/*) module=$1 ;;
*) module=$OLDPWD/$1 ;;
esac
scripts='module history stage messages octets ladder player lessons link main'
lessons='five-cases retry failover tree shared cname forged malformed'

put_lessons() {
    for name in $lessons; do
        if [ -f "lessons/$name.txt" ]; then
            echo "lesson $name"
            cat "lessons/$name.txt"
        fi
    done
}

while IFS= read -r line; do
    case $line in
    '<!-- style -->') cat view/page.css ;;
    '<!-- script -->') for name in $scripts; do cat "view/$name.js"; done ;;
    '<!-- lessons -->') put_lessons ;;
    '<!-- module -->') base64 <"$module" | tr -d '\n' ;;
    *) printf '%s\n' "$line" ;;
    esac
done <view/page.html
