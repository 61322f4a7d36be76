# growth.awk -v kind=KIND -v n=N: a capture of N datagrams for text2pcap, 10 us apart, of which each is
# another one of what a network can have many of:
#   sources       a query from an address of its own, as a flood with random sources is
#   names         one socket asks for a name of its own, with one ID
#   pairs         a query and its answer, one socket, IDs counted up
#   herd          half of them requests to the local server, then as many queries upstream, the last first
#   shared        half of them requests for one name, then as many queries upstream for it
#   unsolicited   a response that nobody asked for, from an address of its own
#   retries       the same query, 2 ms apart
#   duplicates    a query, and its answer ever after, 2 ms apart
function hex(value, octets,    text) {
    text = sprintf("%0" (2 * octets) "x", value)
    return text
}
function text_of(s,    i, out) {
    out = hex(length(s), 1)
    for (i = 1; i <= length(s); i++)
        out = out hex(index(ascii, substr(s, i, 1)) + 31, 1)
    return out
}
function query(id, name) { return hex(id, 4) "08" text_of(name) }
function response(id, name) {
    return hex(id, 4) "18" text_of(name) "08" text_of(name) "0000003c" text_of("1.2.3.4")
}
function datagram(from, from_port, to, to_port, octets,    len, us, packet, i) {
    len = length(octets) / 2
    packet = "4500" hex(28 + len, 2) "0000400040110000" hex(from, 4) hex(to, 4) \
        hex(from_port, 2) hex(to_port, 2) hex(8 + len, 2) "0000" octets
    us = sent++ * (kind ~ /^(retries|duplicates)$/ ? 2000 : 10)
    printf "%02d:%02d:%02d.%06d\n0000", us / 3600000000, us / 60000000 % 60, us / 1000000 % 60, us % 1000000
    for (i = 1; i < length(packet); i += 2)
        printf " %s", substr(packet, i, 2)
    print ""
}
function stranger(i) { return 16777216 + i * 40503 % 65536 * 65536 + int(i / 65536) }
BEGIN {
    for (i = 32; i < 127; i++)
        ascii = ascii sprintf("%c", i)
    client = 167772161; server = 167772162; amazone = 167772163
    for (i = 0; i < n; i++) {
        name = sprintf("n%d.example", i)
        half = n / 2
        if (kind == "sources") datagram(stranger(i), 40001, server, 21000, query(0, "www.example"))
        if (kind == "names") datagram(client, 40001, server, 21000, query(0, name))
        if (kind == "pairs" && i % 2 == 0) datagram(client, 40001, server, 21000, query(i / 2, name))
        if (kind == "pairs" && i % 2 == 1)
            datagram(server, 21000, client, 40001, response((i - 1) / 2, sprintf("n%d.example", i - 1)))
        if (kind ~ /^(herd|shared)$/) {
            if (i < half) datagram(client, 1024 + i, server, 21000, query(i, kind == "herd" ? name : "www.example"))
            else datagram(server, 1024 + i, amazone, 22000,
                query(i, kind == "herd" ? sprintf("n%d.example", n - 1 - i) : "www.example"))
        }
        if (kind == "unsolicited") datagram(stranger(i), 22000, client, 40001, response(0, "www.example"))
        if (kind == "retries" || (kind == "duplicates" && i == 0))
            datagram(client, 40001, server, 21000, query(0, "www.example"))
        if (kind == "duplicates" && i > 0)
            datagram(server, 21000, client, 40001, response(0, "www.example"))
    }
}
