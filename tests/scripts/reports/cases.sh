# shellcheck shell=sh disable=SC2154 # $dir and $port are test_reports.sh's
# A function for each line of list.txt, its hyphens as underscores: it succeeds when the outcome is
# right. What it starts, test_reports.sh ends.

switched_link() {
    mkdir -p "$dir/k8s/..1" "$dir/k8s/..2"
    zone www.example.org,A,192.0.2.1 >"$dir/k8s/..1/zone"
    zone www.example.org,A,192.0.2.2 >"$dir/k8s/..2/zone"
    ln -s ..1 "$dir/k8s/..data"
    ln -s ..data/zone "$dir/k8s/zone"
    serve amazoneserver --records "$dir/k8s/zone"
    says 192.0.2.1 ask www.example.org
    ln -s ..2 "$dir/k8s/..new" && mv -T "$dir/k8s/..new" "$dir/k8s/..data"
    reload && says 192.0.2.2 ask www.example.org
}

switched_folder() {
    mkdir -p "$dir/mount/..1/zones" "$dir/mount/..2/zones"
    zone www.example.org,A,192.0.2.1 >"$dir/mount/..1/zones/zone"
    zone www.example.org,A,192.0.2.2 >"$dir/mount/..2/zones/zone"
    ln -s ..1/zones "$dir/mount/zones"
    serve amazoneserver --records "$dir/mount/zones/zone"
    rm "$dir/mount/zones" && ln -s ..2/zones "$dir/mount/zones"
    reload && says 192.0.2.2 ask www.example.org
}

relative_path() {
    zone www.example.org,A,192.0.2.1 >"$dir/zone"
    serve_in "$dir" amazoneserver --records zone
    zone www.example.org,A,192.0.2.2 >"$dir/zone"
    reload && says 192.0.2.2 ask www.example.org
}

failed_reload() {
    zone www.example.org,A,192.0.2.1 >"$dir/zone"
    serve amazoneserver --records "$dir/zone"
    zone www.example.org,A,192.0.2.2 mail.example.org,A,192.0.2.999 >"$dir/zone"
    ! reload && hears 'zone:3: ' && says 192.0.2.1 ask www.example.org
}

asks_itself() {
    zone example.org,NS,ns.example.org ns.example.org,A,127.0.0.1 >"$dir/zone"
    fails 2 bin/localserver --listen 127.0.0.1:21999 --upstream-port 21999 --records "$dir/zone" &&
        one_line 'is this server itself'
}

# A local server that knows one domain, whose server is at $1.
local_for() {
    zone example.org,NS,ns.example.org ns.example.org,A,127.0.0.1 >"$dir/local"
    serve localserver --upstream-port "$1" --records "$dir/local" --timeout 200
}

after_outage() {
    zone www.example.org,A,192.0.2.1 >"$dir/zone"
    local_for 21998
    says 'Server failure' ask www.example.org
    front=$port
    serve_at 21998 amazoneserver --records "$dir/zone" && port=$front
    says 192.0.2.1 ask www.example.org
}

failure_kept() {
    local_for 21998
    says 'Server failure' ask www.example.org
    front=$port
    zone www.example.org,A,192.0.2.7 >"$dir/zone"
    serve_at 21998 amazoneserver --records "$dir/zone" && port=$front
    says 192.0.2.7 ask www.example.org && says 192.0.2.7 ask www.example.org
}

next_server() {
    zone www.example.org,A,192.0.2.1 >"$dir/zone"
    serve_at 21998 amazoneserver --records "$dir/zone"
    zone example.org,NS,ns1.example.org example.org,NS,ns2.example.org \
        ns1.example.org,A,192.0.2.250 ns2.example.org,A,127.0.0.1 >"$dir/local"
    ip route add 192.0.2.250/32 dev lo 2>"$why" # where there is a network at all: silence
    serve localserver --upstream-port 21998 --records "$dir/local" --timeout 100 --tries 2
    says 192.0.2.1 ask www.example.org
}

deaf_port() {
    began=$(date +%s%3N)
    says 'No answer' bin/client --short @127.0.0.1:21997 www.example.org
    [ $(($(date +%s%3N) - began)) -lt 900 ]
}

many_at_once() {
    zone www.example.org,A,192.0.2.1 >"$dir/zone"
    serve amazoneserver --records "$dir/zone"
    yes www.example.org A | head -n 500 >"$dir/names"
    bin/nibbench load --to "127.0.0.1:$port" --names "$dir/names" --window 256 --seconds 1 \
        --json >"$dir/load" 2>"$why"
    grep -q '"lost": *0[,}]' "$dir/load" || { cat "$dir/load" && false; }
}

alias_of_nothing() {
    zone alias.example.org,CNAME,real.example.org real.example.org,A,192.0.2.1 >"$dir/zone"
    serve_at 21998 amazoneserver --records "$dir/zone"
    local_for 21998
    says 'not found' ask alias.example.org AAAA && says 192.0.2.1 ask alias.example.org A &&
        says 192.0.2.1 ask real.example.org && says 'not found' ask real.example.org AAAA
}

alias_of_zero() {
    zone alias.example.org,CNAME,real.example.org real.example.org,A,192.0.2.1 >"$dir/zone"
    serve_at 21998 amazoneserver --ttl 0 --records "$dir/zone"
    local_for 21998
    says 192.0.2.1 ask alias.example.org && says 192.0.2.1 ask alias.example.org
    says '"ttl":0,' bin/client --json "@127.0.0.1:$port" alias.example.org
}

two_kinds() {
    zone www.example.org,A,192.0.2.1 WWW.example.org,CNAME,real.example.org >"$dir/one"
    zone WWW.example.org,CNAME,real.example.org www.example.org,A,192.0.2.1 >"$dir/other"
    fails 2 bin/amazoneserver --check --records "$dir/one" && one_line 'one:3: ' &&
        fails 2 bin/amazoneserver --check --records "$dir/other" && one_line 'other:3: '
}

zero_id() {
    serve localserver
    says '"id":0,' bin/client --json "@127.0.0.1:$port" www.csusm.edu
}

interface_name() {
    fails 2 bin/localserver --listen lo && one_line "'lo' is a host name; give an address"
}

zone_index() {
    zone www.example.org,A,192.0.2.1 localhost,AAAA,fe80::1%lo0 >"$dir/zone"
    fails 2 bin/amazoneserver --check --records "$dir/zone" && one_line 'zone:3: column 17: '
}

many_hyphens() {
    zone r4---sn-8pgbpohxqp5-ac5e.example.org,A,192.0.2.1 >"$dir/zone"
    serve amazoneserver --records "$dir/zone"
    says 192.0.2.1 ask r4---sn-8pgbpohxqp5-ac5e.example.org
}

killed_capture() {
    serve localserver --write "$dir/killed.pcap"
    says 144.37.5.45 ask www.csusm.edu
    kill -KILL "$pid"
    bin/nibpcap dump "$dir/killed.pcap" >"$dir/out" 2>"$dir/said"
    grep -q www.csusm.edu "$dir/out" && [ ! -s "$dir/said" ]
}

# The section, one interface whose snaplen and options are given, and one packet of raw IPv4 (link
# type 101) at the time that is given, high and low half: a query for a.b, 41 octets.
pcapng() { # SNAPLEN OPTIONS TIME
    section='\012\015\015\012\000\000\000\034\032\053\074\115\000\001\000\000\377\377\377\377\377\377\377\377\000\000\000\034'
    packet='\105\000\000\045\000\000\000\000\100\021\000\000\012\000\000\001\012\000\000\002\234\101\122\010\000\021\000\000\000\000\000\001\010\003\141\056\142'
    size=$(printf "$2" | wc -c)
    len=$(printf '\\%03o' $((20 + size)))
    printf "$section"
    printf "\\000\\000\\000\\001\\000\\000\\000$len\\000\\145\\000\\000$1$2\\000\\000\\000$len"
    printf '\000\000\000\006\000\000\000\110\000\000\000\000'"$3"'\000\000\000\045\000\000\000\045'
    printf "$packet"
    printf '\000\000\000\000\000\000\110'
}

no_snaplen() {
    pcapng '\377\377\377\377' '' '\000\000\000\000\000\000\000\001' >"$dir/snaplen.pcapng"
    says 'Query A a.b id 1' bin/nibpcap dump "$dir/snaplen.pcapng"
}

# if_tsresol 0x81: halves of a second. Time 3: 1.5 s.
binary_time() {
    resolution='\000\011\000\001\201\000\000\000\000\000\000\000'
    pcapng '\000\000\377\377' "$resolution" '\000\000\000\000\000\000\000\003' >"$dir/half.pcapng"
    TZ=UTC says '00:00:01.5' bin/nibpcap dump "$dir/half.pcapng"
}

cut_file() {
    bin/nibpcap dump pcap/real-retry.pcap >"$dir/whole" 2>"$why"
    printf '\001\002' | cat pcap/real-retry.pcap - >"$dir/cut.pcap"
    bin/nibpcap dump "$dir/cut.pcap" >"$dir/out" 2>"$dir/said"
    cmp "$dir/whole" "$dir/out" && grep -q "frame 6: the file ends inside a record header" "$dir/said"
}

giant_record() {
    head -c 24 pcap/real-retry.pcap >"$dir/giant.pcap"
    printf '\0\0\0\0\0\0\0\0\0\0\221\0\0\0\221\0' >>"$dir/giant.pcap"
    prlimit --as=100000000 bin/nibpcap dump "$dir/giant.pcap" >"$dir/out" 2>"$dir/said"
    grep -q 'frame 1' "$dir/said" && [ "$(wc -l <"$dir/said")" -eq 1 ]
}

capture() { # LINE...: a capture of them
    {
        echo 'host client 10.0.0.1:40001'
        echo 'host local 10.0.0.2:21000'
        printf '%s\n' "$@"
    } >"$dir/text" && bin/nibpcap make "$dir/text" -o "$dir/made.pcap"
}

same_again() {
    response='local > client response A a.b 1.2.3.4 ttl 60 id 1'
    capture '0 client > local query A a.b id 1' "0.1 $response" "0.2 $response" "0.3 $response" \
        "0.4 $response"
    says duplicate bin/nibpcap ladder "$dir/made.pcap"
    [ "$(grep -c duplicate "$dir/said")" -ge 3 ]
}

other_traffic() {
    capture '0 frame 45 00 00 14' '0.1 client > local query A a.b id 1' '0.2 frame 60' \
        '0.3 local > client response A a.b 1.2.3.4 ttl 60 id 1' '0.4 frame ff ff ff ff'
    says 'Query A a.b id 1' bin/nibpcap dump "$dir/made.pcap" &&
        says 'Response A a.b 1.2.3.4' bin/nibpcap dump "$dir/made.pcap" &&
        says a.b bin/nibpcap ladder "$dir/made.pcap"
}

no_terminal() {
    setsid bin/nibpcap ladder pcap/real-retry.pcap >"$dir/without" 2>"$why" </dev/null
    cmp "$dir/without" pcap/real-retry.ladder
}

first_counts() {
    capture '0 client > local query A a.b id 1' '0.000010 client > local query A a.b id 1' \
        '0.5 local > client response A a.b 1.2.3.4 ttl 60 id 1'
    says '500' bin/nibpcap check "$dir/made.pcap"
}
