# awk -v out=PREFIX -f vectors.awk vectors.txt: the vectors that have octets, one a line, as
#   PREFIX.name, PREFIX.hex
#   PREFIX.verdicts    what verdicts.sh must say
#   PREFIX.result   what the typed fields must say: a, aaaa or not, cname, ns, miss

function code(type) {
    return type == "A" ? 8 : type == "AAAA" ? 4 : type == "CNAME" ? 2 : 1
}
function finish(    line, type, found) {
    if (f["name"] == "" || f["octets"] == "")
        return
    line = "invalid " f["rule"] " " f["at"]
    found = type = ""
    if (f["verdict"] == "valid") {
        line = "valid id=" f["id"] " flag=" f["flag"] " qtype=" code(f["qtype"]) " qname=" f["qname"]
        if (f["flag"] == 1) {
            type = f["atype"]
            found = f["outcome"] == "found"
            line = line " atype=" code(type) " aname=" f["aname"] " ttl=" f["ttl"] " result=" f["result"]
        }
    }
    print f["name"] >(out ".name")
    print f["octets"] >(out ".hex")
    print line >(out ".verdicts")
    printf "%s|%s|%s|%s|%s\n", found && type == "A" ? f["result"] : "", \
        found && type == "AAAA" ? "address" : "", found && type == "CNAME" ? f["result"] : "", \
        found && type == "NS" ? f["result"] : "", type != "" && !found ? "miss" : "" >(out ".result")
}
/^#/ { next }
/^$/ { finish(); split("", f); next }
{
    key = substr($0, 1, index($0, ":") - 1)
    value = substr($0, index($0, ":") + 2)
    if (key == "octets")
        gsub(/ /, "", value)
    f[key] = f[key] value
}
END { finish() }
