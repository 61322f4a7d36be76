# Makes mutants of C sources that clang-format has laid out: small faults, one a line of output, as
#     FILE <tab> LINE <tab> KIND <tab> THE LINE AS IT WOULD BE
# Works on one line at a time, inside functions only; comments, strings and macros stay as they are.

function emit(kind, text) { print FILENAME "\t" FNR "\t" kind "\t" text }

# The line with n octets at a place replaced.
function with(at, n, text) { return substr($0, 1, at - 1) text substr($0, at + n) }

# Every place where a word stands, literally, is one mutant.
function swap(kind, word, text,    from, at) {
    for (from = 1; (at = index(substr(mask, from), word)) > 0; from += at - 1 + length(word))
        emit(kind, with(from + at - 1, length(word), text))
}

# An operator stands between blanks, or at the end of a line.
function operator(kind, word, text,    n) {
    swap(kind, " " word " ", " " text " ")
    n = length(mask) - length(word)
    if (n > 0 && substr(mask, n) == " " word)
        emit(kind, substr($0, 1, n) text)
}

# What a fault must not touch becomes a blank of the same width.
function masked(    out, i, c, next_c, quote) {
    out = ""
    quote = ""
    for (i = 1; i <= length($0); i++) {
        c = substr($0, i, 1)
        next_c = substr($0, i + 1, 1)
        if (in_comment) {
            if (c == "*" && next_c == "/") { in_comment = 0; i++; out = out "\001" }
            out = out "\001"
        } else if (quote != "") {
            if (c == "\\") { i++; out = out "\001" }
            else if (c == quote) quote = ""
            out = out "\001"
        } else if (c == "/" && next_c == "*") {
            in_comment = 1
            i++
            out = out "\001\001"
        } else if (c == "/" && next_c == "/") {
            break
        } else if (c == "\"" || c == "'") {
            quote = c
            out = out "\001"
        } else
            out = out c
    }
    sub(/[ \001]+$/, "", out)
    return out
}

# The place behind the parenthesis that closes the one at a place, or 0.
function closes(at,    i, c, depth) {
    depth = 0
    for (i = at; i <= length(mask); i++) {
        c = substr(mask, i, 1)
        if (c == "(") depth++
        if (c == ")" && --depth == 0) return i + 1
    }
    return 0
}

function conditions(    at, end) {
    if (!match(mask, /(^|[ }])(if|while) \(/)) return
    at = RSTART + RLENGTH - 1
    end = closes(at)
    if (end > 0) emit("negated", with(at, end - at, "(!" substr($0, at, end - at) ")"))
}

# Numbers and limits, one more.
function constants(    from, rest, at, word) {
    if (gsub(/,/, ",", mask) > 6 || mask ~ /^ +(char|uint8_t) [a-z]+\[/) return # tables, buffers
    from = 1
    while (match(rest = substr(mask, from), /[A-Za-z0-9_]+/)) {
        at = from + RSTART - 1
        word = substr(rest, RSTART, RLENGTH)
        if (word ~ /^([0-9]+|0x[0-9a-f]+)u?$/ || word ~ /^NIB_[A-Z_]*_MAX$/)
            emit("one more", with(at, length(word), "(" word " + 1)"))
        from = at + length(word)
    }
}

function statements(    indent) {
    match(mask, /^ */)
    indent = substr($0, 1, RLENGTH)
    if (before ~ /[;{})]$|else$|:$|^$/) {
        if (mask ~ /^ +(\(void\))?[a-z][a-z_0-9>.-]*\(.*\);$/) emit("call dropped", indent ";")
        if (mask ~ /^ +\*?[a-z][][a-z_0-9>. +*-]* [-+|^&*]?= .*;$/ && mask !~ /^ +[a-z_0-9]+ [a-z*]/)
            emit("assignment dropped", indent ";")
    }
    if (mask ~ /^ +return true;$/) emit("return", indent "return false;")
    else if (mask ~ /^ +return (false|0|NULL);$/) emit("return", indent "return 1;")
    else if (mask ~ /^ +return .*;$/) emit("return", indent "return 0;")
    if (mask ~ /^ +continue;$/) emit("continue", indent "break;")
    if (mask ~ /^ +break;$/) emit("break", indent ";")
}

FNR == 1 { in_comment = 0; inside = 0; before = ""; macro = 0 }

{
    mask = masked()
    was_macro = macro
    macro = (mask ~ /^#/ || was_macro) && mask ~ /\\$/
    if (mask ~ /^#/ || was_macro) next
}
/^[^ }]/ && mask ~ /^(struct|enum|union) [a-z_]* ?\{/ { next }
mask ~ /^\{/ || (mask ~ /^[a-z].*= \{$/) { inside = 1; before = mask; next }
mask ~ /^}/ { inside = 0; next }
mask ~ /^[^ ]/ { before = mask; next }
inside && mask != "" {
    conditions()
    operator("limit", "<", "<="); operator("limit", "<=", "<")
    operator("limit", ">", ">="); operator("limit", ">=", ">")
    operator("equal", "==", "!="); operator("equal", "!=", "==")
    operator("logic", "&&", "||"); operator("logic", "||", "&&")
    operator("sign", "+", "-"); operator("sign", "-", "+")
    operator("sign", "+=", "-="); operator("sign", "-=", "+=")
    operator("bits", "&", "|"); operator("bits", "|", "&"); operator("bits", "^", "|")
    operator("shift", "<<", ">>"); operator("shift", ">>", "<<")
    operator("factor", "*", "+"); operator("factor", "/", "*"); operator("factor", "%", "/")
    swap("sign", "++", "--"); swap("sign", "--", "++")
    swap("not", "!(", "(")
    constants()
    statements()
    before = mask
}
