#!/bin/sh
# The completions of bash and zsh, made of what the programs say to --help: generate.sh bash|zsh BIN
# PROGRAM... takes nibdns.bash.in or _nibdns.in to standard output, with @TABLES@, @PROGRAMS@ and
# @TYPES@ filled in. BIN is the folder of the programs.
set -eu
shell=$1 bin=$2
shift 2
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What is typed: installed, each program's name begins with nib.
typed() { case $1 in nib*) echo "$1" ;; *) echo "nibdns-$1" ;; esac; }

commands_of() { # PROGRAM; none has `COMMAND` in its usage
    "$bin/$1" --help | awk -v program="$1" '
        NR == 1 { if ($3 != "COMMAND") exit }
        $0 ~ "^  " program " " { word = $2; sub(/^ +[^ ]+ +[^ ]+ +/, ""); print word "\t" $0 }'
}

# What --help says of each option, a line each: letter, name, value, words.
options_of() { # PROGRAM [COMMAND]
    "$bin/$1" ${2:+"$2"} --help | awk -v OFS='\t' '
        /^  (-[A-Za-z], |    )--[a-z]/ {
            letter = substr($0, 3, 1) == "-" ? substr($0, 4, 1) : ""
            line = substr($0, 9)
            name = value = line
            sub(/[ ].*/, "", name)
            sub(/  .*/, "", value)
            if (!sub(/^[^ ]+ /, "", value)) value = ""
            sub(/^.*[^ ]  +/, "", line)
            print letter == "" ? "." : letter, name, value == "" ? "." : value, line
        }'
}

# The words of the usage that are no options and no values of options, in their order.
operands_of() { # PROGRAM [COMMAND]
    "$bin/$1" ${2:+"$2"} --help | awk '
        NR > 1 && !/^       / { exit }
        { line = substr($0, 8)
          sub(/  .*/, "", line)
          gsub(/[^A-Za-z -]/, "", line)
          n = split(line, word, " ")
          for (i = 1; i <= n; i++)
              if (word[i] ~ /^(NAME|TYPE|FILE|TEXT)$/ && word[i - 1] !~ /^-/ && !seen[word[i]]++)
                  print word[i] }'
}

each() { # CALL PROGRAM...: with each program, and each of its commands
    call=$1
    shift
    for program; do
        "$call" "$program" ""
        commands_of "$program" | cut -f 1 | while read -r command; do
            "$call" "$program" "$command"
        done
    done
}

# ---- bash: the options one a word; one that takes a value has = and what kind ----

bash_row() { # PROGRAM COMMAND
    printf '    %s)\n        echo "' "$1${2:+-$2}"
    # shellcheck disable=SC2086
    options_of "$1" $2 | awk -F '\t' '
        { kind = $3
          if (kind == ".") kind = ""
          else if (kind == "ADDR[:PORT]") kind = $2 == "listen" ? "=listen" : "=addr"
          else if (kind ~ /^FILE\./) kind = "=" substr(kind, 6)
          else if (kind == "FILE") kind = "=any"
          else if (kind == "PID" || kind == "TYPE") kind = "=" tolower(kind)
          else if (kind ~ /\|/) kind = "=" kind
          else kind = "="
          if ($1 != ".") printf "%s-%s%s", gap, $1, kind
          if ($1 != ".") gap = " "
          printf "%s--%s%s", gap, $2, kind
          gap = " " }'
    printf '"\n        ;;\n'
}

bash_operands() { # PROGRAM COMMAND
    [ -n "$2" ] || [ -z "$(commands_of "$1")" ] || return 0
    # shellcheck disable=SC2086
    operands_of "$1" $2 | awk -v what="$1${2:+-$2}" '
        { kind = tolower($1); if (kind == "file") kind = "pcap"; if (kind == "text") kind = "any"
          print "    " what "-" NR ") echo " kind " ;;" }'
}

# shellcheck disable=SC2016
bash_tables() {
    echo '# The options of a program and its command, one a word; one that takes a value has = and what kind.'
    echo '_nibdns_options() {'
    echo '    case $1 in'
    each bash_row "$@"
    printf '    esac\n}\n\n_nibdns_commands() {\n    case $1 in\n'
    for program; do
        words=$(commands_of "$program" | cut -f 1 | tr '\n' ' ')
        [ -z "$words" ] || printf '    %s) echo "%s" ;;\n' "$program" "${words% }"
    done
    printf '    esac\n}\n\n# What kind the n-th word is that is no option and no value of one.\n'
    printf '_nibdns_operands() {\n    case $1-$2 in\n'
    each bash_operands "$@"
    printf '    esac\n}\n'
}

# ---- zsh: a function a program and command ----

zsh_row() { # PROGRAM COMMAND
    [ -n "$2" ] || [ -z "$(commands_of "$1")" ] || return 0
    printf '_nibdns_%s() {\n  _arguments -s' "$1${2:+_$2}"
    # shellcheck disable=SC2086
    options_of "$1" $2 | awk -F '\t' -v q="'" '
        function quoted(text) {
            gsub(/\[/, "\\[", text); gsub(/\]/, "\\]", text); gsub(/:/, "\\:", text)
            gsub(q, q "\\" q q, text)
            return text }
        { words = quoted($4); value = $3; action = ""
          if (value == "ADDR[:PORT]") action = $2 == "listen" ? "_nibdns_listen" : "_nibdns_addr"
          else if (value == "FILE.pcap") action = "_nibdns_pcap"
          else if (value ~ /^FILE\./) action = "_files -g \"*." substr(value, 6) "(-.)\""
          else if (value == "FILE") action = "_files"
          else if (value == "PID") action = "_pids"
          else if (value == "TYPE") action = "_nibdns_type"
          else if (value ~ /\|/) { action = value; gsub(/\|/, " ", action); action = "(" action ")" }
          takes = value != "."
          long = "--" $2 (takes ? "=" : "")
          short = "-" $1 (takes ? "+" : "")
          alone = $2 == "help" || $2 == "version" || $2 == "promises"
          many = $4 ~ /may be given again/
          head = alone ? "(- *)" : many ? "*" : $1 == "." ? "" : "(-" $1 " --" $2 ")"
          spec = "[" words "]" (takes ? ":" quoted(tolower(value)) ":" action : "")
          if ($1 == ".") printf " \\\n    %s%s%s%s%s", q, head, long, spec, q
          else printf " \\\n    %s%s%s{%s,%s}%s%s%s", q, head, q, short, long, q, spec, q }'
    # shellcheck disable=SC2086
    operands_of "$1" $2 | awk -v q="'" '
        { kind = tolower($1)
          action = kind == "file" ? "_nibdns_pcap" : kind == "text" ? "_files" : "_nibdns_" kind
          printf " \\\n    %s%d:%s:%s%s", q, NR, kind, action, q }'
    printf '\n}\n\n'
}

# shellcheck disable=SC2016
zsh_tables() {
    each zsh_row "$@"
    printf '_nibdns_of() {\n  case $1 in\n'
    for program; do
        printf '  %s)' "$(typed "$program")"
        if [ -n "$(commands_of "$program")" ]; then
            printf '\n    _nibdns_with_commands %s' "$program"
            commands_of "$program" | awk -F '\t' -v q="'" '
                { gsub(/[\\ :,]/, "\\\\&", $2); gsub(q, q "\\" q q, $2)
                  printf " \\\n      %s%s:%s%s", q, $1, $2, q }'
            printf '\n    ;;\n'
        else
            printf ' _nibdns_%s ;;\n' "$program"
        fi
    done
    printf '  esac\n}\n'
}

case $shell in
bash)
    template=$here/nibdns.bash.in
    bash_tables "$@" >"$work/tables"
    names=$(for program; do
        printf '%s ' "$(typed "$program")" "bin/$program" "./bin/$program"
    done)
    ;;
zsh)
    template=$here/_nibdns.in
    zsh_tables "$@" >"$work/tables"
    names=$(for program; do printf '%s ' "$(typed "$program")"; done)
    ;;
esac
types=$("$bin/client" --help | sed -n 's/^TYPE is one of \([A-Z0-9, ]*\);.*/\1/p' | tr -d ,)
[ -n "$types" ] || { echo "$0: client --help names no types" >&2 && exit 1; }
awk -v tables="$work/tables" -v names="${names% }" -v types="$types" '
    $0 == "@TABLES@" { while ((getline line <tables) > 0) print line; next }
    { sub(/@PROGRAMS@/, names); sub(/@TYPES@/, types); print }' "$template"
