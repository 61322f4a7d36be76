#!/bin/sh
# Puts the dissector and its profile where this user's Wireshark and tshark find them, or takes them
# away again (--uninstall). What else is in those folders stays. It minds HOME, XDG_CONFIG_HOME and
# WIRESHARK_CONFIG_DIR.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
profile=nibdns
files="preferences recent colorfilters dfilter_buttons"
dissector=$here/nibdns.lua # installed, they lie side by side
[ -f "$dissector" ] || dissector=$here/../nibdns.lua

usage() {
    echo "usage: install-dissector.sh [--uninstall]"
}

# The folder that tshark calls by that name; none when there is no tshark, or it has no such folder.
folder() {
    if command -v tshark >/dev/null 2>&1; then
        tshark -G folders 2>/dev/null | sed -n "s/^$1:[[:space:]]*//p" | head -n 1
    fi
}

config=$(folder "Personal configuration")
if [ -z "$config" ]; then
    config=${WIRESHARK_CONFIG_DIR:-${XDG_CONFIG_HOME:-$HOME/.config}/wireshark}
fi
plugins=$(folder "Personal Lua Plugins")
if [ -z "$plugins" ]; then
    plugins=$HOME/.local/lib/wireshark/plugins
fi

# A file of the profile that the user has changed since is kept beside ours.
put() {
    if [ -e "$2" ] && ! cmp -s "$1" "$2"; then
        if [ "${3-}" = keep ]; then
            cp -p "$2" "$2.before-nibdns"
            echo "kept       $2.before-nibdns"
        fi
    fi
    mkdir -p "$(dirname "$2")"
    cp "$1" "$2"
    chmod 644 "$2"
    echo "installed  $2"
}

drop() {
    if [ -e "$1" ]; then
        rm -f "$1"
        echo "removed    $1"
    fi
}

install_all() {
    put "$dissector" "$plugins/nibdns.lua"
    for file in $files; do
        put "$here/profile/$profile/$file" "$config/profiles/$profile/$file" keep
    done
    echo "Try: tshark -C $profile -r FILE.pcap, or in Wireshark Edit > Configuration Profiles > $profile"
    if [ "$(id -u)" -eq 0 ]; then
        echo "Wireshark 4.4 and later load no Lua plugin for root: use them as another user"
    fi
}

uninstall_all() {
    drop "$plugins/nibdns.lua"
    for file in $files; do
        drop "$config/profiles/$profile/$file"
    done
    if [ -d "$config/profiles/$profile" ] && ! rmdir "$config/profiles/$profile" 2>/dev/null; then
        echo "left       $config/profiles/$profile (it holds files that are not ours)"
    fi
}

case $#:${1-} in
0:) install_all ;;
1:--uninstall) uninstall_all ;;
1:--help) usage ;;
*) usage >&2; exit 2 ;;
esac
