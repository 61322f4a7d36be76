#!/bin/sh
# A picture of Wireshark's window with the dissector and its profile, in a display of its own. Not for CI:
# it differs with the version of Wireshark and the fonts.
#
#   screenshot.sh [--size WxH] [--keys "KEY ..."] CAPTURE OUT.png
#
# --keys are pressed first, as xdotool names them: each `ctrl+Down` selects the next frame, `alt+s`
# opens the menu Statistics; `at:X,Y` clicks there. Needs wireshark, Xvfb, openbox, xdotool and ImageMagick; pngquant makes the
# picture smaller where it is there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
size=1400x800 keys=

fail() {
    echo "screenshot.sh: $1" >&2
    exit 2
}

while [ $# -gt 2 ]; do
    case $1 in
    --size) size=$2 ;;
    --keys) keys=$2 ;;
    *) fail "what is $1?" ;;
    esac
    shift 2
done
[ $# -eq 2 ] || fail "usage: screenshot.sh [--size WxH] [--keys \"KEY ...\"] CAPTURE OUT.png"
for tool in wireshark Xvfb openbox xdotool import; do
    command -v "$tool" >/dev/null || fail "$tool is not installed"
done

# A home of its own, for no preference of yours is to be in the picture. Wireshark 4.4 and later load no Lua
# for root, so it runs as nobody then.
home=$(mktemp -d)
pids=
end() {
    for pid in $pids; do
        kill "$pid" 2>/dev/null || :
    done
    wait
    rm -rf "$home"
}
trap end EXIT
mkdir "$home/tools" && cp -r "$here" "$home/tools" && cp "$here/../nibdns.lua" "$home/tools"
cp "$1" "$home/$(basename "$1")"
unprivileged=
if [ "$(id -u)" -eq 0 ]; then
    unprivileged="setpriv --reuid=65534 --regid=65534 --clear-groups"
    chown -R 65534:65534 "$home"
fi
chmod 700 "$home"
unset XDG_CONFIG_HOME XDG_CONFIG_DIRS WIRESHARK_CONFIG_DIR WIRESHARK_PLUGIN_DIR
as_nobody() { $unprivileged env HOME="$home" XDG_RUNTIME_DIR="$home" LC_ALL=C.UTF-8 "$@"; }

# -displayfd says which number was free.
mkfifo "$home/display"
Xvfb -screen 0 "${size}x24" -displayfd 3 3>"$home/display" 2>/dev/null &
pids=$!
read -r number <"$home/display"
DISPLAY=:$number
export DISPLAY
openbox >/dev/null 2>&1 &
pids="$! $pids"

as_nobody "$home/tools/wireshark/install-dissector.sh" >/dev/null
as_nobody tee "$home/.config/wireshark/recent_common" >/dev/null <<END
gui.geometry_main_x: 0
gui.geometry_main_y: 0
gui.geometry_main_width: ${size%x*}
gui.geometry_main_height: ${size#*x}
END
as_nobody wireshark -C nibdns -r "$home/$(basename "$1")" >"$home/said" 2>&1 &
pids="$! $pids"
window=$(timeout 60 xdotool search --sync --onlyvisible --name "^$(basename "$1")" | tail -n 1)
[ -n "$window" ] || fail "no window came: $(tail -n 3 "$home/said")"
xdotool windowactivate --sync "$window" windowsize --sync "$window" "${size%x*}" "${size#*x}" \
    windowmove "$window" 0 0
sleep 2
for key in $keys; do
    case $key in
    at:*) xdotool mousemove "$(expr "$key" : 'at:\([0-9]*\)')" "${key#*,}" click 1 ;;
    *) xdotool key "$key" ;;
    esac
    sleep 1
done
import -window root "$home/picture.png"
if command -v pngquant >/dev/null; then
    pngquant --force --output "$home/picture.png" 64 "$home/picture.png"
fi
cp "$home/picture.png" "$2"
