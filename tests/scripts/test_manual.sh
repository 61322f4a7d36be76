#!/bin/sh
# What people read and type, in TAP: manual pages are clean and tell the same options as --help, and
# so do the completions of bash and zsh, which complete what they should. Run from the project's root.
set -u
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
why=$dir/why
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
have() { command -v "$1" >/dev/null 2>&1; }
bash_file=build/completion/nibdns.bash
zsh_file=build/completion/_nibdns
${MAKE:-make} --no-print-directory -s completions || exit 1

# ---- manual pages ----

lint() { mandoc -T lint -W warning "$1" >"$dir/lint" 2>&1 && ! grep . "$dir/lint"; }
for page in src/man/*.[1-8]; do
    if have mandoc; then
        check "$page is clean" lint "$page"
    else
        skip "$page is clean" "mandoc is not installed"
    fi
done
refers() { # every page of ours that the page names is there
    sed -n 's/^\.Xr \(nib[^ ]*\) \([1-8]\).*/\1.\2/p' "$1" | while read -r other; do
        [ -f "src/man/$other" ] || { echo "$other"; exit 1; }
    done
}
for page in src/man/*.[1-8]; do
    check "$page refers to pages that are there" refers "$page"
done

# ---- options: --help is what the others are held to ----

# Long ones wherever the text names them, short ones in the first column.
help_options() {
    "bin/$1" ${2:+"$2"} --help | awk '
        /^ +-/ { if (match($0, /^ +-[A-Za-z]/)) print substr($0, RSTART + RLENGTH - 2, 2) }
        { while (match($0, /--[a-z][a-z-]*/)) {
            print substr($0, RSTART, RLENGTH); $0 = substr($0, RSTART + RLENGTH) } }'
}
page_name() {
    case $1 in nib*) echo "$1" ;; *) echo "nibdns-$1" ;; esac
}
# Of the page, or of the part of it that is about the command.
page_options() {
    awk -v part="${2:+$1 $2}" '
        /^\.S[hs] / { here = substr($0, 5); in_part = part == "" || here == part }
        in_part && /^\.It Fl/ { for (i = 2; i < NF; i++) if ($i == "Fl") print "-" $(i + 1) }' \
        "src/man/$(page_name "$1")".[1-8]
    [ "$1" = nibpcap ] && printf '%s\n' -h --help -V --version
}
# Options and the names of their values, as `--tries n`.
help_values() {
    "bin/$1" ${2:+"$2"} --help | tr '[:upper:]' '[:lower:]' |
        sed -nE 's/^  (-[a-z], |    )(--[a-z-]+) ([^ ]+)  .*/\2 \3/p'
}
page_values() {
    awk -v part="${2:+$1 $2}" '
        /^\.S[hs] / { here = substr($0, 5); in_part = part == "" || here == part }
        in_part && /^\.It Fl/ && / (Ar|Cm) / {
            text = name = end = ""
            for (i = 2; i <= NF; i++)
                if ($i == "Fl") name = $(++i)
                else if ($i == "Op") { text = text "["; end = "]" }
                else if ($i !~ /^(Ar|Cm|Ns|,)$/) text = text $i
            print "-" name, text end }' "src/man/$(page_name "$1")".[1-8]
}
same_values() {
    help_values "$@" | sort -u >"$dir/help"
    page_values "$@" | sort -u >"$dir/there"
    diff "$dir/help" "$dir/there"
}
bash_options() {
    bash -c '. "$1"; for word in $(_nibdns_options "$2"); do echo "${word%%=*}"; done' - \
        "$bash_file" "$1${2:+-$2}"
}
zsh_options() {
    sed -n "/^_nibdns_$1${2:+_$2}() {/,/^}/p" "$zsh_file" | sed 's/\[[^]]*\]//' |
        grep -oE "(^|[^a-z-])--?[A-Za-z][a-z-]*" | grep -oE -e '--?[A-Za-z][a-z-]*$' |
        grep -vx -e -s -e -g | cat - "$dir/zsh_s"
}
same() { # WHERE PROGRAM [COMMAND]
    where=$1
    shift
    : >"$dir/zsh_s"
    case $* in client | "nibgate dns") echo -s >"$dir/zsh_s" ;; esac
    help_options "$@" | sort -u >"$dir/help"
    "${where}_options" "$@" | sort -u >"$dir/there"
    [ -s "$dir/help" ] && diff "$dir/help" "$dir/there"
}
all_same() {
    for where in page bash zsh; do
        case $where in
        page) what="the manual page" ;;
        *) what="the completion of $where" ;;
        esac
        if [ ! -x "bin/$1" ]; then
            skip "$* has the same options in --help and in $what" "bin/$1 is not built"
        elif [ "$where" = bash ] && ! have bash; then
            skip "$* has the same options in --help and in $what" "bash is not installed"
        else
            check "$* has the same options in --help and in $what" same "$where" "$@"
            [ "$where" = page ] && check "and the same names of values" same_values "$@"
        fi
    done
}
for program in client localserver amazoneserver nibsim; do
    all_same "$program"
done
for command in dump check ladder rerun replay make; do
    all_same nibpcap "$command"
done
for command in codec table load echo flood; do
    all_same nibbench "$command"
done
for command in dns nibdns; do
    all_same nibgate "$command"
done

# ---- completion in bash: the words typed, the last one being completed; what comes of it ----

complete_bash() {
    bash -c '. "$PWD/$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"
        COMP_POINT=${#COMP_LINE}; _nibdns 2>/dev/null; printf "%s\n" "${COMPREPLY[@]}"' - "$bash_file" "$@"
}
completes() { # WANT WORDS...
    want=$1
    shift
    got=$(complete_bash "$@" | sort | tr '\n' ' ')
    [ "$got" = "$want " ] || { echo "'$got' is not '$want '"; return 1; }
}
if have bash; then
    registered() { bash -c '. "$1"; complete -p nibdns-client bin/client nibpcap' - "$bash_file"; }
    check "bash completes the programs" registered
    check "a command" completes "replay rerun" nibpcap re
    check "an option" completes "--batch" nibdns-client --b
    check "an option behind an operand" completes "--records" bin/nibpcap rerun x.pcap --rec
    check "a type" completes "A AAAA" nibdns-client www.csusm.edu A
    check "a type in small letters behind an option and its value" \
        completes "cname" bin/client --tries 2 www.csusm.edu c
    check "a name" completes "my.csusm.edu" nibdns-client m
    check "a role behind =" completes "amazone" nibpcap rerun --as = a
    check "an address" completes "0.0.0.0" nibdns-localserver -l 0
    mkdir "$dir/files"
    touch "$dir/files/a.pcap" "$dir/files/b.txt" "$dir/files/c d.pcap"
    check "captures" completes "$dir/files/a.pcap $dir/files/c d.pcap" nibpcap dump "$dir/files/"
    check "a records file" \
        completes "$dir/files/b.txt" nibdns-localserver --records "$dir/files/b"
    check "nothing behind a number" completes "" nibdns-client --tries ""
else
    skip "completion in bash" "bash is not installed"
fi

# ---- completion in zsh: a line is typed in a terminal, Tab is pressed, the line is read ----

cat >"$dir/type.zsh" <<'END'
zmodload zsh/zpty
zpty shell "env TERM=dumb zsh -f -i"
zpty -w shell "PS1=; fpath=($2 \$fpath); autoload -Uz compinit; compinit -u -d $1/dump"
zpty -w shell "show() { print -r -- \"\$BUFFER\" >$1/line; BUFFER= }; zle -N show; bindkey ^X show"
zpty -w shell "print ready >$1/ready"
for i in {1..100}; do [[ -s $1/ready ]] && break; sleep 0.1; done
for line in ${(f)"$(<$1/typed)"}; do
    rm -f $1/line
    zpty -w -n shell "$line"$'\t\x18'
    for i in {1..50}; do [[ -s $1/line ]] && break; sleep 0.1; done
    cat $1/line 2>/dev/null || print
done
zpty -d shell
END
zsh_completes() {
    timeout 60 zsh -f "$dir/type.zsh" "$dir" "$PWD/build/completion" >"$dir/completed"
    diff "$dir/want" "$dir/completed"
}
if have zsh; then
    check "zsh reads the completion" zsh -n "$zsh_file"
    printf '%s\n' 'nibpcap lad' 'nibdns-client --ba' 'nibdns-client www.csusm.edu AA' \
        'nibdns-localserver --max-p' 'nibpcap rerun --as=am' 'nibbench load --wa' >"$dir/typed"
    printf '%s\n' 'nibpcap ladder ' 'nibdns-client --batch=' 'nibdns-client www.csusm.edu AAAA ' \
        'nibdns-localserver --max-pending=' 'nibpcap rerun --as=amazone ' \
        'nibbench load --warmup=' >"$dir/want"
    check "zsh completes commands, options, types and values" zsh_completes
else
    skip "completion in zsh" "zsh is not installed"
fi

finish
