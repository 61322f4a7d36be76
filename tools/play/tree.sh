#!/bin/sh
# A tree of servers on this machine: top-level domains, amazone.com, eu.amazone.com below it, and a
# local server that knows the top alone; then the client's prompt. When the client ends, so do they. The
# exit status is the client's. Further arguments are the client's.
set -u
. tools/play/servers.sh
trap stop_servers EXIT
trap : INT # Ctrl-C is the client's to answer
trap 'exit 143' TERM
trap 'exit 129' HUP

records=tools/play/tree
start top amazoneserver --listen 127.0.0.2 --zone com --zone edu --records "$records/top.records" &&
    start amazone amazoneserver --listen 127.0.0.3 --zone amazone.com --records "$records/amazone.records" &&
    start eu amazoneserver --listen 127.0.0.4 --zone eu.amazone.com --records "$records/eu.records" &&
    start local localserver --records "$records/local.records" || exit 2
cat >&2 <<END
Four servers run: com and edu on 127.0.0.2, amazone.com on 127.0.0.3, eu.amazone.com on 127.0.0.4, and the
local server, which knows the first alone. Watch what it learns from another terminal:
    tail -f $dir/local.txt
Its packets are in $dir/local.pcap: bin/nibpcap ladder $dir/local.pcap draws the walk
(amazone, amazone 2 and amazone 3 there are the three on 127.0.0.2, 3 and 4).
Names: www.eu.amazone.com store.amazone.com shop.amazone.com www.csusm.edu

END
bin/client "$@"
