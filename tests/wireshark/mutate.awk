# awk -v seed=N -v count=N -f mutate.awk ../../proto/vectors.txt: datagrams in hex, one a line, the same
# for the same seed: the vectors' own with octets changed, cut out, added or joined, and pure noise.

function random(n) { # 0 to n - 1; arithmetic of our own, so that every awk gives the same
    state = (state * 16807) % 2147483647
    return state % n
}
function octet(    kind) {
    kind = random(8)
    return kind == 0 ? edges[random(n_edges)] : kind < 4 ? texts[random(n_texts)] : \
        sprintf("%02x", random(256))
}
function noise(n,    s) {
    while (n-- > 0)
        s = s octet()
    return s
}
function mutated(s,    len, at, kind) {
    len = length(s) / 2
    at = random(len + 1)
    if (len > 12 && random(2))
        at = random(12) # the fields at the front decide what the rest means
    kind = random(7)
    if (kind == 0)
        return substr(s, 1, 2 * at)
    if (kind == 1)
        return s noise(1 + random(4))
    if (kind == 2)
        return substr(s, 1, 2 * at) noise(1 + random(3)) substr(s, 2 * at + 1)
    if (kind == 3)
        return substr(s, 1, 2 * at) substr(s, 2 * (at + 1 + random(3)) + 1)
    if (kind == 4)
        return substr(s, 1, 2 * at) substr(vector[random(n)], 2 * at + 1)
    return substr(s, 1, 2 * at) octet() substr(s, 2 * at + 3)
}
# A response whose result looks much like an address.
function address(    s, i, n_parts) {
    n_parts = random(random(2) ? 9 : 17) + 1
    for (i = 0; i < n_parts; i++)
        s = s parts[random(n_parts_known)] (random(4) ? "3a" : "")
    if (random(2))
        sub(/3a$/, "", s)
    return "00000000140161" (random(3) ? "04" : "08") "016100000000" sprintf("%02x", length(s) / 2) s
}
BEGIN {
    state = seed % 2147483646 + 1
    n_edges = split("00 01 08 0f 10 11 12 14 18 1f 3f 40 7f 80 fd fe ff 1b 0a 0d", list, " ")
    for (i = 1; i <= n_edges; i++) edges[i - 1] = list[i]
    # the octets that names and addresses are made of, and those next to them in ASCII
    n_texts = split("2e 2d 5f 3a 30 31 32 35 36 39 61 66 67 41 46 7a 5a 2f 2c 40 5b 60 7b 25 20", list, " ")
    for (i = 1; i <= n_texts; i++) texts[i - 1] = list[i]
    # nothing, 0, 1, ffff, 00000, 255, 256, 1.2.3.4, 01.2.3.4, 1.2.3, a dot, a colon
    n_parts_known = split("- 30 31 66666666 3030303030 323535 323536 312e322e332e34 30312e322e332e34 312e322e33" \
        " 2e 3a", list, " ")
    for (i = 1; i <= n_parts_known; i++) parts[i - 1] = list[i] == "-" ? "" : list[i]
}
/^name:/ { n++ }
/^verdict: valid/ { valid[n_valid++] = n - 1 }
/^octets:/ { sub(/^octets: */, ""); gsub(/ /, ""); vector[n - 1] = vector[n - 1] $0 }
END {
    for (k = 0; k < count; k++) {
        s = vector[random(4) ? valid[random(n_valid)] : random(n)]
        if (!random(16))
            s = noise(random(64))
        if (!random(8))
            s = address()
        else
            for (i = random(3); i > 0; i--)
                s = mutated(s)
        print s
    }
}
