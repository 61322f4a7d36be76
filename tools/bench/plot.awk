# A picture of what an answer costs against the number of names, from the table of peers.sh:
#   tools/bench/peers.sh 10 1000 100000 1000000 >table && awk -f tools/bench/plot.awk table >cost.svg
# Readable on light and dark ground; the thin strokes are the lowest and the highest round.

BEGIN {
    width = 760; height = 420; left = 56; right = 116; top = 44; bottom = 52
    label["ours"] = "nibdns"; label["nsd"] = "NSD"; label["knot"] = "Knot"; label["echo"] = "bare echo"
    label["runs"] = "echo in runs"
    label["unbound"] = "Unbound"; label["dnsmasq"] = "dnsmasq"
}

# case names ratio [..] cpu [min-max] ...; an echo has "-" for its ratio. The cached cases are others.
$1 ~ /^[a-z]+[.][0-9]+$/ && $2 > 0 {
    who = $1
    sub(/[.].*/, "", who)
    at = $3 == "-" ? 4 : 5
    split(substr($(at + 1), 2), range, /[]-]/)
    if (!(who in count)) series[++n] = who
    i = ++count[who]
    names[who, i] = $2; cpu[who, i] = $at; low[who, i] = range[1]; high[who, i] = range[2]
    if (!least || $2 < least) least = $2
    if ($2 > most) most = $2
    if (range[2] > top_cpu) top_cpu = range[2]
}

function log10(v) { return log(v) / log(10) }
function x(v) { return left + (width - left - right) * (log10(v) - first) / (last - first) }
function y(v) { return height - bottom - (height - top - bottom) * v / scale }
function power(e) { return e < 3 ? 10 ^ e : e < 6 ? 10 ^ (e - 3) ",000" : 10 ^ (e - 6) ",000,000" }

function style() {
    print "<style>"
    print "text{font:13px system-ui,sans-serif;fill:#3d444d}.title{font-size:15px;font-weight:600}"
    print ".grid{stroke:#8c959f;stroke-opacity:.35;stroke-width:1}.line{fill:none;stroke-width:2}"
    print ".range{stroke-width:1.2;stroke-opacity:.6}.echo,.runs{stroke-dasharray:5 4}.ours{stroke-width:3}"
    print "g.ours{color:#2f81f7}g.nsd{color:#d1762a}g.knot{color:#8a63d2}g.dnsmasq{color:#2da44e}"
    print "g.unbound{color:#cf4a5a}g.echo,g.runs{color:#818b98}"
    print "g text{fill:currentColor;font-weight:600}"
    print "path,.range{stroke:currentColor}circle{fill:currentColor}"
    print "@media(prefers-color-scheme:dark){text{fill:#d1d7e0}}"
    print "</style>"
}

function grid(    e, v) {
    for (v = 0; v <= scale; v++) {
        printf "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>\n", left,
            width - right, y(v), y(v)
        printf "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n", left - 8, y(v) + 4, v
    }
    for (e = first; e <= last; e++)
        printf "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x(10 ^ e),
            height - bottom + 20, power(e)
    printf "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">names</text>\n",
        (left + width - right) / 2, height - 10
    printf "<text class=\"title\" x=\"%d\" y=\"22\">CPU time an answer, in microseconds</text>\n", left - 28
}

# Where the labels at the right go: beside the last point, at least a line apart.
function place(    i, j, t, at) {
    for (i = 1; i <= n; i++) {
        at = cpu[series[i], count[series[i]]]
        label_y[series[i]] = y(at) + 4
        label_x[series[i]] = x(names[series[i], count[series[i]]]) + 10
    }
    for (i = 1; i <= n; i++)
        for (j = n; j > i; j--)
            if (label_y[series[j]] < label_y[series[j - 1]]) {
                t = series[j]; series[j] = series[j - 1]; series[j - 1] = t
            }
    for (i = 2; i <= n; i++)
        for (j = 1; j < i; j++)
            if (label_x[series[i]] == label_x[series[j]] && label_y[series[i]] < label_y[series[j]] + 16)
                label_y[series[i]] = label_y[series[j]] + 16
}

function draw(who,    i, path) {
    for (i = 1; i <= count[who]; i++)
        path = path sprintf("%s%.1f %.1f", i == 1 ? "M" : "L", x(names[who, i]), y(cpu[who, i]))
    printf "<g class=\"%s\">\n<path class=\"line %s\" d=\"%s\"/>\n", who, who, path
    for (i = 1; i <= count[who]; i++) {
        printf "<line class=\"range\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
            x(names[who, i]), x(names[who, i]), y(low[who, i]), y(high[who, i])
        printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>%s, %d names: %s us [%s-%s]</title></circle>\n",
            x(names[who, i]), y(cpu[who, i]), label[who], names[who, i], cpu[who, i], low[who, i],
            high[who, i]
    }
    printf "<text x=\"%.1f\" y=\"%.1f\">%s</text>\n</g>\n", label_x[who], label_y[who], label[who]
}

END {
    if (n == 0) {
        print "plot.awk: no rows like 'nsd.1000 ...' in the table" >"/dev/stderr"
        exit 2
    }
    first = int(log10(least) + 1e-9)
    last = int(log10(most) + 1 - 1e-9)
    if (last == first) last++
    scale = int(top_cpu) + 1
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\"", width, height
    print " aria-label=\"CPU time an answer against the number of names\">"
    style()
    grid()
    place()
    for (i = 1; i <= n; i++) draw(series[i])
    print "</svg>"
}
