#!/bin/sh
# Three local servers behind nginx (its stream module), one of them killed under load and started
# again: how many questions were lost, and for how long. The servers keep nothing that must be
# shared, so any UDP load balancer will do. Installs Debian's nginx where it is missing (as root),
# starts none of its services, ends what it started.
#   [RATE=2000 SECONDS_EACH=5 PORT=25900 ...] tools/stress/balance.sh
# RATE: questions a second, without retries; each part of the story takes SECONDS_EACH.
set -u
# shellcheck source=tools/bench/common.sh
. tools/bench/common.sh
PATH=$PATH:/usr/sbin:/sbin
rate=${RATE:-2000} each=${SECONDS_EACH:-5} port=${PORT:-25900}
module=/usr/lib/nginx/modules/ngx_stream_module.so
server_cpu=0-$(($(nproc) - 1))

# One answer ends a question. A server that refuses one, or has no answer in 300 ms, is left alone
# for a second; then one question tries it again.
configure() {
    cat >"$dir/nginx.conf" <<END
load_module $module;
daemon off;
user root;
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/nginx.log error;
events { worker_connections 8192; }
stream {
    upstream local_servers {
        server 127.0.0.1:$((port + 1)) max_fails=1 fail_timeout=1s;
        server 127.0.0.1:$((port + 2)) max_fails=1 fail_timeout=1s;
        server 127.0.0.1:$((port + 3)) max_fails=1 fail_timeout=1s;
    }
    server {
        listen 127.0.0.1:$port udp;
        proxy_pass local_servers;
        proxy_requests 1;
        proxy_responses 1;
        proxy_timeout 300ms;
    }
}
END
}

local_server() { # NUMBER
    ours "$bin/localserver" --quiet --listen "127.0.0.1:$((port + $1))" --upstream-port "$upstream"
}

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# The load, in pieces of 0.2 s: a line each, when it ended, how many were answered and lost, status.
questions() {
    while [ ! -e "$dir/over" ]; do
        began=$(now_ms)
        load "$dir/piece" "127.0.0.1:$port" --names "$dir/1000.names" --rate "$rate" \
            --seconds 0.2 --warmup 0 --timeout 400
        status=$?
        echo "$((began + 200)) $(value answers "$dir/piece") $(value lost "$dir/piece") $status"
    done >"$dir/pieces"
}

# What each client with its usual retries gets, one after the other: status and milliseconds.
clients() {
    while [ ! -e "$dir/over" ]; do
        began=$(now_ms)
        "$bin/client" --quiet --server "127.0.0.1:$port" --timeout 400 shop.amazone.com 2>/dev/null
        echo "$began $? $(($(now_ms) - began))"
        sleep 0.02
    done >"$dir/clients"
}

# part WORDS FROM TO: a row of the table, in milliseconds of now_ms.
part() {
    awk -v words="$1" -v from="$2" -v to="$3" '
        $1 < from || $1 >= to { next }
        FILENAME ~ /pieces$/ {
            sent += $2 + $3; lost += $3
            if ($3 > 0) last = $1 - from
        }
        FILENAME ~ /clients$/ { asked++; found += $2 == 0; if ($3 > worst) worst = $3 }
        END {
            printf "%-22s %9d %5d  %-14s %8d %7d %8d ms\n", words, sent, lost,
                lost == 0 ? "-" : sprintf("until %.1f s", last / 1000), asked, found, worst
        }' "$dir/pieces" "$dir/clients"
}

[ -f "$module" ] && command -v nginx >/dev/null || install_packages nginx-light libnginx-mod-stream
names 1000
ours "$bin/amazoneserver" --quiet --listen 127.0.0.1:0 --records "$dir/1000" --ttl 86400
upstream=${at##*:}
for one in 3 2 1; do local_server $one; done
victim=$pid
configure
nginx -c "$dir/nginx.conf" -p "$dir" -e "$dir/nginx.log" &
started="$started $!"
until "$bin/client" --quiet --timeout 100 --server "127.0.0.1:$port" shop.amazone.com 2>/dev/null; do
    kill -0 $! 2>/dev/null || die "nginx: $(cat "$dir/nginx.log")"
    sleep 0.1
done
questions &
asking=$!
clients &
asking="$asking $!"
start=$(now_ms)
sleep "$each"
kill -KILL "$victim"
killed=$(now_ms)
wait "$victim" 2>/dev/null
sleep "$each"
local_server 1
back=$(now_ms)
sleep "$each"
: >"$dir/over"
# shellcheck disable=SC2086
wait $asking
end=$(now_ms)

echo "$(uname -sr), $(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg): nginx in front of three" \
    "local servers, $rate questions a second without retries; beside them a client with its retries"
printf '%-22s %9s %5s  %-14s %8s %7s %11s\n' '' questions lost '' lookups found 'the longest'
part 'all three there' "$start" "$killed"
part 'one killed' "$killed" "$back"
part 'all three again' "$back" "$end"
awk '$4 == 1 { wrong++ } END { if (wrong) print wrong " pieces with a wrong answer"; exit wrong > 0 }' "$dir/pieces"
