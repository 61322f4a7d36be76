# Out of `tshark -T json -J 'nibdns icmp icmpv6'`: the frames that have a nibdns layer, with that layer
# alone. The rest differs between versions of Wireshark, and so does whether what an ICMP error
# quotes lies beside the ICMP layer or inside it.
BEGIN { print "[" }
/^    "_index":/ { frame++ }
indent == "" && /^ *"nibdns": \{/ {
    printf "%s{\n  \"frame\": %d,\n  \"nibdns\": {\n", n++ ? ",\n" : "", frame
    indent = substr($0, 1, match($0, /"/) - 1)
    next
}
indent != "" && substr($0, 1, length(indent) + 1) == indent "}" { printf "  }\n}"; indent = "" }
indent != "" { print substr($0, length(indent) - 1) }
END { print "\n]" }
