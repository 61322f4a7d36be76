#!/bin/sh
# Starts both servers, then asks at the client's prompt; when the client ends, so do they. The exit
# status is the client's. Further arguments are the client's.
set -u
. tools/play/servers.sh
trap stop_servers EXIT
trap : INT # Ctrl-C is the client's to answer
trap 'exit 143' TERM
trap 'exit 129' HUP
start_servers || exit 2
cat >&2 <<END
Both servers run. Watch their tables from another terminal:
    tail -f $dir/localserver.txt
    tail -f $dir/amazoneserver.txt
Their packets are in $dir/localserver.pcap, for bin/nibpcap or Wireshark.
Names: www.csusm.edu my.csusm.edu shop.amazone.com cloud.amazone.com

END
bin/client "$@"
