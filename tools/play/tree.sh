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

records=build/run/tree
mkdir -p "$records" || exit 2
table() { # FILE, its records on standard input
    { echo record_no,name,type,result,ttl,static; sed 's/^/,/; s/$/,None,1/'; } >"$records/$1"
}
table top <<END
amazone.com,NS,ns.amazone.com
ns.amazone.com,A,127.0.0.3
www.csusm.edu,A,144.37.5.45
my.csusm.edu,A,144.37.5.150
END
table amazone <<END
shop.amazone.com,A,3.33.147.88
cloud.amazone.com,A,15.197.140.28
store.amazone.com,CNAME,www.eu.amazone.com
eu.amazone.com,NS,ns.eu.amazone.com
ns.eu.amazone.com,A,127.0.0.4
END
table eu <<END
www.eu.amazone.com,A,192.0.2.80
END
table local <<END
com,NS,ns.top
edu,NS,ns.top
ns.top,A,127.0.0.2
END
start top amazoneserver --listen 127.0.0.2 --zone com --zone edu --records "$records/top" &&
    start amazone amazoneserver --listen 127.0.0.3 --zone amazone.com --records "$records/amazone" &&
    start eu amazoneserver --listen 127.0.0.4 --zone eu.amazone.com --records "$records/eu" &&
    start local localserver --records "$records/local" || exit 2
cat >&2 <<END
Four servers run: com and edu on 127.0.0.2, amazone.com on 127.0.0.3, eu.amazone.com on 127.0.0.4, and the
local server, which knows the first alone. Watch what it learns from another terminal:
    tail -f $dir/local.txt
Its packets are in $dir/local.pcap: bin/nibpcap ladder $dir/local.pcap draws the walk.
Names: www.eu.amazone.com store.amazone.com shop.amazone.com www.csusm.edu

END
bin/client "$@"
