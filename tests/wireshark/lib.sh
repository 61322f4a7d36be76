# shellcheck shell=sh
# What run.sh and verdicts.sh share: where things are, tshark, captures out of hex. To be sourced with
# $here set to this folder; $tmp is made, and removed at the end.

top=$(cd "$here/../.." && pwd)
tshark=${TSHARK:-tshark}

# tshark may run as another user, who must be able to read what it is given and nothing else of ours.
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/home" && cp "$top/tools/nibdns.lua" "$tmp" && chmod -R a+rX "$tmp" && chmod 777 "$tmp/home"

# No plugin and no preference of the person who runs the tests.
unset XDG_CONFIG_HOME XDG_CONFIG_DIRS WIRESHARK_CONFIG_DIR WIRESHARK_PLUGIN_DIR
HOME=$tmp/home LC_ALL=C TZ=UTC
export HOME LC_ALL TZ

# Wireshark 4.4 and later load no Lua for root.
unprivileged=
if [ "$(id -u)" -eq 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null; then
    unprivileged="setpriv --reuid=65534 --regid=65534 --clear-groups"
fi

# tshark without the dissector, and with it. -Y nibdns on top makes a script that did not load an error.
plain_shark() { $unprivileged "$tshark" -n "$@"; }
shark() { plain_shark -X lua_script:"$tmp/nibdns.lua" "$@"; }

# Hex, a datagram a line, to what text2pcap reads. Every second one is marked as going back.
hex_dump='
{
    gsub(/[^0-9a-fA-F]/, "")
    printf "%s\n0000", NR % 2 ? "I" : "O"
    for (i = 1; i < length($0); i += 2)
        printf " %s", substr($0, i, 2)
    print ""
}'

# text_pcap FROM TO [OPTION ...]: a capture of IP packets. Link type 101 is bare IP.
text_pcap() {
    from=$1 to=$2
    shift 2
    text2pcap -q -F pcap -l 101 "$@" "$from" "$to" >"$tmp/text2pcap.log" 2>&1 && chmod a+r "$to"
}

# hex_pcap FROM TO PORTS: all datagrams in one direction.
hex_pcap() {
    awk "$hex_dump" "$1" | sed '/^[IO]$/d' >"$2.txt"
    text_pcap "$2.txt" "$2" -4 10.0.0.1,10.0.0.2 -u "$3"
}

# The same, every second datagram from the other side.
hex_pcap_both_ways() {
    awk "$hex_dump" "$1" >"$2.txt"
    text_pcap "$2.txt" "$2" -D -4 10.0.0.1,10.0.0.2 -u "$3"
}
