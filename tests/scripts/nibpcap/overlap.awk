# Computes from a ladder's SVG where each text stands, and prints those that touch another one or leave
# the picture. Fonts have a fixed width: 0.62 em is more than any of them takes.
function unescape(text) {
    gsub(/&lt;/, "<", text)
    gsub(/&gt;/, ">", text)
    gsub(/&amp;/, "\\&", text)
    return text
}
function number(name) {
    match($0, name "=\"[0-9.-]+\"")
    return substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 3) + 0
}
/^<svg / { width = number("width"); height = number("height") }
/<text / {
    match($0, /class="[^"]*"/)
    class = substr($0, RSTART + 7, RLENGTH - 8)
    match($0, />[^<]*<\/text>/)
    text = unescape(substr($0, RSTART + 1, RLENGTH - 8))
    size = class ~ /role/ ? 13 : 11
    w = length(text) * size * 0.62
    n++
    left[n] = number(" x") - (class ~ /time/ ? w : w / 2)
    right[n] = left[n] + w
    bottom[n] = number(" y") + size * 0.25
    top[n] = bottom[n] - size
    words[n] = text
    if (left[n] < 0 || right[n] > width || top[n] < 0 || bottom[n] > height) {
        print "outside: " text
        bad = 1
    }
}
END {
    for (i = 1; i <= n; i++)
        for (k = i + 1; k <= n; k++)
            if (left[i] < right[k] && left[k] < right[i] && top[i] < bottom[k] && top[k] < bottom[i]) {
                print "overlap: " words[i] " / " words[k]
                bad = 1
            }
    if (n == 0) {
        print "no text"
        bad = 1
    }
    exit bad
}
